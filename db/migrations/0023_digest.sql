-- The digest: what an institution's helpdesk should look at, in one mail a day or a week; nothing when there is nothing.

alter table institution add column digest text not null default 'off' check (digest in ('off', 'daily', 'weekly'));
insert into institution_field values ('digest');

-- Whoever puts in the row of a period sends its mail: once, however many workers there are and whatever becomes of them.
create table digest (
    institution bigint not null references institution,
    period      date not null,              -- the day, or the Monday of the week
    made_at     timestamptz not null,
    outbox      bigint references outbox,   -- null: there was nothing to say
    primary key (institution, period)
);

-- New rows only: the old ones have kept the rule before, and nobody waits for millions of them to be looked at.
alter table outbox drop constraint outbox_event_check;
alter table outbox add constraint outbox_event_check
    check (event in ('ready', 'pin', 'collected', 'revoked', 'renewal-due', 'expired', 'pickup-locked', 'pickup-ending', 'lapsed',
                     'approval', 'refused', 'officer-act', 'digest')) not valid;

-- What was revoked since a moment. Small: most certificates never are.
create index certificate_revoked_at on certificate (revoked_at) where revoked_at is not null;

-- Whose digest is due at a moment: from p_hour o'clock of the day, in the service's time zone; a week's from its Monday on. Where
-- nobody worked then, later.
create function digest_due(p_now timestamptz, p_hour integer) returns table (institution bigint, period date)
language sql stable security definer set search_path = public, pg_temp as $$
    select d.id, d.period from (
        select i.id, case i.digest when 'weekly' then date_trunc('week', day)::date else day::date end as period
        from institution i cross join service s
        cross join lateral (select date_trunc('day', p_now at time zone s.time_zone - make_interval(hours => p_hour)) as day) t
        where i.digest <> 'off' and i.helpdesk_mail <> '') d
    where not exists (select from digest g where g.institution = d.id and g.period = d.period)
$$;

-- What there is to say: the first ten of each kind, and how many there are (n). A certificate that was never in anybody's hands
-- is not spoken of.
create function digest_items(p_institution bigint, p_since timestamptz, p_now timestamptz)
returns table (kind text, n bigint, number bigint, at timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
    select k.kind, k.n, k.number, k.at from (
        select 'approval' as kind, 1 as place, count(*) over () as n, number, applied_at as at, row_number() over (order by number) as rank
            from request where institution = p_institution and state = 'approval'
        union all
        select 'locked', 2, count(*) over (), q.number, k.locked_at, row_number() over (order by k.locked_at desc, q.number)
            from pickup k join request q on q.number = k.request and q.cycle = k.cycle
            where k.locked_at is not null and k.ended is null and q.state in ('ready', 'renew_ready') and q.institution = p_institution
        union all
        select 'mail', 3, count(*) over (), q.number, o.created_at, row_number() over (order by q.number desc)
            from outbox o join request q on q.number = o.request and q.cycle = o.cycle
            where o.state = 'failed' and o.event = 'ready' and q.state in ('ready', 'renew_ready') and q.institution = p_institution
            and not exists (select from outbox l where l.request = o.request and l.cycle = o.cycle and l.event = 'ready' and l.id > o.id)
        union all
        select 'revoked', 4, count(*) over (), q.number, max(c.revoked_at), row_number() over (order by max(c.revoked_at) desc, q.number)
            from certificate c join request q on q.number = c.request join pickup k on k.id = c.pickup
            where c.revoked_at > p_since and c.revoked_at <= p_now and k.collected_at is not null and q.institution = p_institution
            group by q.number
        union all
        select 'ending', 5, count(*) over (), number, not_after, row_number() over (order by not_after, number)
            from request where institution = p_institution and state = 'collected' and not_after > p_now
            and not_after < p_now + interval '28 days'
    ) k where k.rank <= 10 order by k.place, k.rank
$$;

-- Makes the digest of a period: the mail's number; null where somebody was first or there is nothing to say.
create function digest_make(p_institution bigint, p_period date, p_now timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare i institution; since timestamptz; items jsonb; mail bigint;
begin
    select * into i from institution where id = p_institution;
    select max(made_at) into since from digest where institution = p_institution;
    since := coalesce(since, p_now - case i.digest when 'weekly' then interval '7 days' else interval '1 day' end);
    insert into digest (institution, period, made_at) values (p_institution, p_period, p_now) on conflict do nothing;
    if not found then return null; end if;
    select jsonb_agg(jsonb_build_object('kind', d.kind, 'n', d.n, 'number', d.number, 'type', r.type, 'memo', r.memo,
               'at', extract(epoch from d.at)::bigint, 'name', p.display_name, 'name_ja', p.display_name_ja))
        into items from digest_items(p_institution, since, p_now) d join request r on r.number = d.number join person p on p.id = r.person;
    if items is null then return null; end if;
    insert into outbox (event, recipient, detail) values ('digest', i.helpdesk_mail,
        jsonb_build_object('institution', p_institution, 'since', extract(epoch from since)::bigint, 'items', items))
        returning id into mail;
    update digest set outbox = mail where institution = p_institution and period = p_period;
    perform audit('worker', p_institution, null, 'digest', '', '', jsonb_build_object('period', p_period));
    return mail;
end $$;

revoke execute on function digest_due, digest_items, digest_make from public;
grant execute on function digest_due, digest_make to inkan_worker;
