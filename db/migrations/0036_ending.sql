-- Certificates that end soon, and the mail by which an officer reminds their owners: one to each person, at most one in so many days
-- for each certificate. Who wants no reminders gets none from here either (the last one, a day before the end, comes in any case).

create table ending_mail (
    request bigint primary key references request,
    sent_at timestamptz not null
);

-- What would become of each certificate that ends within p_days and has no successor yet: mail, off (its owner wants none), recent
-- (reminded less than p_pause days ago), today (it ends today: too late for a mail). p_numbers null: all of the institution.
create function ending_fates(p_institution bigint, p_numbers bigint[], p_days integer, p_pause integer, p_now timestamptz)
returns table (number bigint, person bigint, not_after timestamptz, fate text)
language sql stable security definer set search_path = public, pg_temp as $$
    select r.number, r.person, r.not_after,
        case when not p.notices then 'off'
             when m.sent_at > p_now - make_interval(days => p_pause) then 'recent'
             when (r.not_after at time zone s.time_zone)::date <= (p_now at time zone s.time_zone)::date then 'today'
             else 'mail' end
        from request r join person p on p.id = r.person cross join service s left join ending_mail m on m.request = r.number
        where r.institution = p_institution and r.state in ('collected', 'renewing', 'renew_ready')
        and r.not_after > p_now and r.not_after < p_now + make_interval(days => p_days)
        and (p_numbers is null or r.number = any (p_numbers))
$$;

-- Mails the owners: to the address of the certificate that ends first, with a list of all that are meant where there are several.
-- One officer of an institution at a time, so that no owner is mailed twice. Returns how many mails and for how many certificates.
create function desk_remind(p_institution bigint, p_numbers bigint[], p_days integer, p_pause integer, p_actor text, p_address text,
                            p_log_id text, out mails integer, out certificates integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare due bigint[]; zone text;
begin
    perform pg_advisory_xact_lock(hashtext('ending_mail'), p_institution::integer);
    select time_zone into zone from service;
    select array_agg(f.number) into due from ending_fates(p_institution, p_numbers, p_days, p_pause, now()) f where fate = 'mail';
    certificates := coalesce(cardinality(due), 0);
    mails := 0;
    if certificates = 0 then perform refuse('state'); end if;
    insert into ending_mail select unnest(due), now() on conflict (request) do update set sent_at = excluded.sent_at;
    insert into event (actor, institution, request, what, address, log_id, detail)
        select p_actor, p_institution, number, 'remind', coalesce(p_address, ''), coalesce(p_log_id, ''),
               jsonb_build_object('by', 'officer', 'from', state, 'to', state)
        from request where number = any (due) order by number;
    insert into outbox (request, cycle, event, recipient, detail)
        select (array_agg(number order by not_after, number))[1], (array_agg(cycle order by not_after, number))[1], 'renewal-due',
               (array_agg(mail order by not_after, number))[1],
               jsonb_build_object('event', 'desk', 'days', (min(not_after) at time zone zone)::date - (now() at time zone zone)::date)
               || case when count(*) = 1 then '{}'::jsonb
                       else jsonb_build_object('items', jsonb_agg(jsonb_build_object('kind', state, 'number', number, 'n', 1, 'type', type,
                                'memo', memo, 'at', extract(epoch from not_after)::bigint) order by not_after, number)) end
        from request where number = any (due) group by person;
    get diagnostics mails = row_count;
end $$;

revoke execute on function ending_fates, desk_remind from public;
grant execute on function ending_fates, desk_remind to inkan_portal;
grant select on ending_mail to inkan_portal;
