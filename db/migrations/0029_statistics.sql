-- Statistics: how many were applied for, collected, renewed, revoked in a month, and how many end in one; per institution and type.
--
-- Counted as it happens: triggers on the three tables write one small row a step into statistic_step, whichever door the step came
-- by, in the step's own transaction; the worker adds those rows up into statistic and takes them away in one transaction, so each
-- counts once, and whoever reads both tables in one statement sees every step that is committed. Counting the raw rows for a page
-- instead would read millions of them: tests/bench/README.md has the figures.
--
--   applied    a request, by when it was made
--   collected  a first certificate that somebody has fetched, by when
--   renewed    a further one of the same request, by when it was fetched
--   revoked    a certificate that somebody had fetched, by when it was revoked; each once
--   replaced   the same, where the service did it because its successor was fetched (grace_days)
--   active     a request whose certificate is in use, by the month in which that ends: taken away when it ends otherwise

create table statistic (
    institution bigint not null references institution,
    month       date not null,
    what        text not null check (what in ('applied', 'collected', 'renewed', 'revoked', 'replaced', 'active')),
    type        text not null,
    n           bigint not null,
    primary key (institution, month, what, type)
) with (fillfactor = 50);

-- What waits to be added up.
create table statistic_step (
    institution bigint not null,
    type        text not null,
    what        text not null,
    at          timestamptz not null,
    n           integer not null
);

-- The month of a moment in the service's time zone, by its first day.
create function service_month(p_at timestamptz) returns date language sql stable as $$
    select date_trunc('month', p_at at time zone s.time_zone)::date from service s
$$;

create view statistic_now as
    select institution, month, what, type, n from statistic
    union all
    select institution, public.service_month(at), what, type, n from statistic_step;

create function statistic_of_request() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare alive constant text[] := '{collected,renewing,renew_ready}';
begin
    if tg_op = 'INSERT' then
        insert into statistic_step values (new.institution, new.type, 'applied', new.applied_at, 1);
    elsif old.state = any (alive) then
        insert into statistic_step values (old.institution, old.type, 'active', old.not_after, -1);
    end if;
    if new.state = any (alive) then
        insert into statistic_step values (new.institution, new.type, 'active', new.not_after, 1);
    end if;
    return null;
end $$;
create trigger statistic_of_request after insert on request for each row execute function statistic_of_request();
create trigger statistic_of_change after update on request for each row
    when (old.not_after is distinct from new.not_after
          or (old.state in ('collected', 'renewing', 'renew_ready')) <> (new.state in ('collected', 'renewing', 'renew_ready')))
    execute function statistic_of_request();

create function statistic_of_pickup() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into statistic_step select institution, type, case when new.cycle = 1 then 'collected' else 'renewed' end, new.collected_at, 1
        from request where number = new.request;
    return null;
end $$;
create trigger statistic_of_pickup after insert on pickup for each row
    when (new.collected_at is not null) execute function statistic_of_pickup();
create trigger statistic_of_collection after update on pickup for each row
    when (old.collected_at is null and new.collected_at is not null) execute function statistic_of_pickup();

-- What nobody ever had is revoked too (its key was lost, its pickup came to nothing, only the signer's log knew it), but is no
-- revocation to count. Those are the words that the functions which do so leave behind.
create function certificate_was_fetched(p_revoked_by text) returns boolean language sql immutable as $$
    select p_revoked_by !~ '^(pickup ended:|key lost |signer: never delivered|operator: only in the log)'
$$;

create function statistic_of_certificate() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into statistic_step
        select r.institution, r.type, case when new.reason = 'superseded' and new.revoked_by = 'worker' then 'replaced' else 'revoked' end,
               new.revoked_at, 1
        from pickup k join request r on r.number = k.request where k.id = new.pickup and k.collected_at is not null
            and certificate_was_fetched(new.revoked_by);
    return null;
end $$;
create trigger statistic_of_revocation after update on certificate for each row
    when (old.revoked_at is null and new.revoked_at is not null) execute function statistic_of_certificate();

-- The same from the rows themselves: to fill the table, to fill it anew, and to compare.
create function statistic_count() returns table (institution bigint, month date, what text, type text, n bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    with steps as (
        select institution, 'applied' as what, type, applied_at as at, count(*) as n from request group by 1, 3, 4
        union all
        select institution, 'active', type, not_after, count(*) from request where state in ('collected', 'renewing', 'renew_ready') group by 1, 3, 4
        union all
        select r.institution, case when k.cycle = 1 then 'collected' else 'renewed' end, r.type, k.collected_at, 1
            from pickup k join request r on r.number = k.request where k.collected_at is not null
        union all
        select r.institution, case when c.reason = 'superseded' and c.revoked_by = 'worker' then 'replaced' else 'revoked' end, r.type,
               c.revoked_at, 1
            from certificate c join pickup k on k.id = c.pickup join request r on r.number = k.request
            where c.revoked_at is not null and k.collected_at is not null
            and certificate_was_fetched(c.revoked_by)
    )
    select steps.institution, date_trunc('month', at at time zone s.time_zone)::date, what, type, sum(n)::bigint
        from steps cross join service s group by 1, 2, 3, 4
$$;

-- Adds up at most so many steps; how many it was. One worker at a time: who comes second leaves it to the first.
create function statistic_fold(p_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare folded integer;
begin
    if not pg_try_advisory_xact_lock(hashtext('statistic')) then return 0; end if;
    with taken as (
        delete from statistic_step where ctid = any (array(select ctid from statistic_step limit p_most)) returning *
    ), sums as (
        select institution, service_month(at) as month, what, type, sum(taken.n) as n, count(*) as steps from taken group by 1, 2, 3, 4
    ), kept as (
        insert into statistic select institution, month, what, type, n from sums
            on conflict (institution, month, what, type) do update set n = statistic.n + excluded.n
    )
    select coalesce(sum(steps), 0) into folded from sums;
    return folded;
end $$;

-- Counts all of it anew. A step that is committed meanwhile is in its tables and here, or in neither: one statement looks at both.
create function statistic_rebuild() returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare rows_ bigint;
begin
    perform pg_advisory_xact_lock(hashtext('statistic'));
    delete from statistic;
    with gone as (delete from statistic_step)
    insert into statistic select institution, month, what, type, n from statistic_count();
    get diagnostics rows_ = row_count;
    return rows_;
end $$;

revoke execute on function service_month, certificate_was_fetched, statistic_of_request, statistic_of_pickup, statistic_of_certificate, statistic_count,
    statistic_fold, statistic_rebuild from public;
grant execute on function service_month to inkan_portal;
grant execute on function statistic_fold to inkan_worker;
grant select on statistic, statistic_step, statistic_now to inkan_portal;

select statistic_rebuild();
