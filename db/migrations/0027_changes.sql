-- Changes (H5): what an IdP says of a person at a login is compared with what the person's certificates say, and handled by the
-- rule of the institution. And whom nobody has seen for long.

-- --- The rules --------------------------------------------------------------------------------------------------------------

-- warn: the owner is told, and the helpdesk; re-issue: the owner is asked to replace it, and reminded; revoke: after change_days.
alter table institution
    add column on_name_change text not null default 'warn'
        check (on_name_change in ('nothing', 'warn', 're-issue', 'revoke')),
    add column on_mail_change text not null default 'warn'
        check (on_mail_change in ('nothing', 'warn', 're-issue', 'revoke')),
    add column on_affiliation_change text not null default 'warn'
        check (on_affiliation_change in ('nothing', 'warn', 're-issue', 'revoke')),
    add column change_days integer not null default 14 check (change_days between 0 and 365);
insert into institution_field values ('on_name_change'), ('on_mail_change'), ('on_affiliation_change'), ('change_days');

-- --- Names ------------------------------------------------------------------------------------------------------------------

-- A name is the same in another case, width or order of its words: an IdP that writes it otherwise has not renamed anybody.
create function name_key(p_name text) returns text language sql immutable parallel safe as $$
    select array_to_string(array(select w from unnest(string_to_array(desk_words(p_name), ' ')) w order by w), ' ')
$$;

-- Does a certificate with this name name somebody else by now? Both forms of the name are the person's, whichever the institution
-- puts into certificates. Where the IdP sends no name that may stand in one, nothing can be said.
create function name_changed(p person, p_name text) returns boolean language sql stable as $$
    select case when p.common_name is null or p_name in (p.common_name, p.display_name_ja) then false
                else name_key(p_name) not in (name_key(p.common_name), name_key(p.display_name_ja)) end
$$;

-- The name that a renewal of a certificate of this name gives instead; null: the same again. With the rule 'nothing' it stays.
create function renewed_name(p_person bigint, p_name text) returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select certificate_name(p, i.name_form) from person p join institution i on i.id = p.institution
        where p.id = p_person and i.on_name_change <> 'nothing' and name_changed(p, p_name)
$$;

-- cycle_name: the name of the certificate that this renewal is for; null: as before. common_name is that of the certificate in hand.
-- affiliation: what the person was when this was applied for; null: it was before this was kept.
alter table request
    add column cycle_name text,
    add column affiliation text[];

create function request_is_made() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    select affiliation into new.affiliation from person where id = new.person;
    return new;
end $$;
create trigger request_is_made before insert on request for each row execute function request_is_made();

-- A renewal takes the person's name as it is then; it becomes the request's with the certificate that has it, and so do affiliations,
-- unless by rule whoever has lost one may not keep certificates. A trigger, because several steps lead here, and it is the same for all.
create function request_is_renewed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.cycle > old.cycle then
        new.cycle_name := renewed_name(new.person, old.common_name);
    elsif new.not_before <> old.not_before then
        new.common_name := coalesce(new.cycle_name, new.common_name);
        new.cycle_name := null;
        select case when i.on_affiliation_change = 'revoke' then old.affiliation else p.affiliation end into new.affiliation
            from person p join institution i on i.id = p.institution where p.id = new.person;
    elsif new.state not in ('renewing', 'renew_ready') then
        new.cycle_name := null;
    end if;
    return new;
end $$;
create trigger request_is_renewed before update on request for each row
    when (new.cycle > old.cycle or new.not_before <> old.not_before or new.cycle_name is not null) execute function request_is_renewed();

-- --- Changes that were seen -------------------------------------------------------------------------------------------------

-- A change stands until it is taken back by the IdP, until no certificate is concerned any more, or until somebody has dealt with it;
-- so long it is not reported again. kind: name, mail (the certificate has the address in it), contact (only our mails go to it),
-- affiliation.
create table change (
    id          bigint generated always as identity primary key,
    institution bigint not null references institution,
    person      bigint not null references person,
    kind        text not null check (kind in ('name', 'mail', 'contact', 'affiliation')),
    old_value   text not null,           -- of affiliations those that were lost
    new_value   text not null,
    rule        text not null check (rule in ('warn', 're-issue', 'revoke')),  -- as it was when the change was seen
    state       text not null default 'open' check (state in ('open', 'reverted', 'over', 'dismissed', 'revoked')),
    seen_at     timestamptz not null default now(),
    due_at      timestamptz,             -- rule revoke: when it is carried out
    mail_at     timestamptz,             -- when the owner is reminded; null: not again
    mails       integer not null default 0,
    known       boolean not null default false,  -- the owner has read it and wants to see it no more
    ended_at    timestamptz,
    note        text not null default ''
);
create unique index change_stands on change (person, kind, old_value) where state in ('open', 'dismissed');
create index change_open on change (institution, id) where state = 'open';
create index change_due on change (least(due_at, mail_at)) where state = 'open';

-- The requests whose certificate in hand a change is about.
create function change_requests(c change) returns setof request language sql stable as $$
    select r.* from request r join profile f on f.id = r.profile
        where r.person = c.person and r.state in ('collected', 'renewing', 'renew_ready')
        and case c.kind when 'name' then f.subject = 'dn' and r.common_name = c.old_value
                        when 'mail' then r.mail = c.old_value and (r.type = 'smime' or f.subject = 'mail')
                        when 'contact' then r.mail = c.old_value and not (r.type = 'smime' or f.subject = 'mail')
                        else coalesce(r.affiliation && string_to_array(c.old_value, ', '), r.not_before < c.seen_at) end
$$;

-- Tells the owner, at the address of the newest of these requests; where the address is what changed, at the new one too. No mail of
-- this kind has a URL that opens anything (A13).
create function change_tell(c change) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; p person; i institution; detail jsonb;
begin
    select * into r from change_requests(c) q order by q.number desc limit 1;
    if not found then return; end if;
    select * into p from person where id = c.person;
    select * into i from institution where id = c.institution;
    select jsonb_build_object('event', 'change-' || c.kind, 'kind', c.kind, 'old', c.old_value, 'new', c.new_value, 'rule', c.rule,
                              'due', date_part('epoch', c.due_at)::bigint, 'n', count(*),
                              'numbers', array_to_string((array_agg(q.number order by q.number desc))[:10], ' '))
        into detail from change_requests(c) q;
    insert into outbox (request, cycle, event, recipient, detail)
        select r.number, r.cycle, 'change', m, jsonb_strip_nulls(detail) from (
            select r.mail where c.kind in ('mail', 'contact') or r.mail = any (p.mails) or p.mails = '{}'
            union select (select m from unnest(p.mails) with ordinality u(m, n)
                          order by mail_domain_allowed(m, i.mail_domains) desc, n limit 1)
                  where c.kind in ('mail', 'contact') or not r.mail = any (p.mails)) a(m)
        where m is not null;
    update change set mails = mails + 1 where id = c.id;
end $$;

-- When a reminder follows the mail that was sent at p_now: by rule re-issue after a week, then every four weeks; before a revocation
-- three days ahead, once.
create function change_next_mail(c change, p_now timestamptz) returns timestamptz language sql stable as $$
    select case c.rule when 're-issue' then p_now + case when c.mails < 2 then interval '7 days' else interval '28 days' end
                       when 'revoke' then case when c.due_at - interval '3 days' > p_now then c.due_at - interval '3 days' end end
$$;

create function change_ended(c change, p_state text, p_note text, p_actor text, p_address text, p_log_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update change set state = p_state, ended_at = now(), note = coalesce(p_note, '') where id = c.id;
    perform audit(p_actor, c.institution, null, 'change-' || p_state, p_address, p_log_id,
                  jsonb_strip_nulls(jsonb_build_object('change', c.id, 'person', c.person, 'kind', c.kind, 'old', c.old_value,
                                                       'new', c.new_value, 'note', nullif(p_note, ''))));
end $$;

-- Called by each login, after the person's row says what the IdP sends now; p_roles: the affiliations before. An IdP that sends none
-- of an attribute any more may have been set up anew: that is never a reason to revoke or replace, it is warned of.
create function person_compare(p_person bigint, p_roles text[], p_address text, p_log_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; c change; f record; actor text := 'person:' || p_person;
    lost text[]; back boolean := false; seen bigint;
begin
    select * into p from person where id = p_person;
    select * into i from institution where id = p.institution;
    for c in select * from change o where o.person = p_person and o.state in ('open', 'dismissed') for update loop
        if (case c.kind when 'name' then not name_changed(p, c.old_value)
                        when 'affiliation' then string_to_array(c.old_value, ', ') <@ p.affiliation
                        else lower(c.old_value) in (select lower(m) from unnest(p.mails) m) end) then
            perform change_ended(c, 'reverted', '', actor, p_address, p_log_id);
            back := back or c.kind = 'affiliation';
        end if;
    end loop;
    -- Of certificates from before this was kept, what the login before had is all that is known.
    lost := array(select distinct v from (
        select unnest(coalesce(q.affiliation, case when back then '{}' else p_roles end)) as v from request q
        where q.person = p_person and q.state in ('collected', 'renewing', 'renew_ready')) r where v <> all (p.affiliation) order by v);
    for f in
        with alive as materialized (
            select distinct q.common_name, q.mail, o.subject = 'dn' as named, q.type = 'smime' or o.subject = 'mail' as inside
            from request q join profile o on o.id = q.profile
            where q.person = p_person and q.state in ('collected', 'renewing', 'renew_ready')),
        gone as (select mail, bool_or(inside) as inside from alive
                 where lower(mail) not in (select lower(m) from unnest(p.mails) m) group by mail)
        select 'name' as kind, d.common_name as was, certificate_name(p, i.name_form) as says, i.on_name_change as rule
            from (select distinct common_name from alive where named) d where name_changed(p, d.common_name)
        union all
        select case when inside then 'mail' else 'contact' end, mail, array_to_string(array(select m from unnest(p.mails) m order by m), ', '),
            case when not inside and i.on_mail_change <> 'nothing' then 'warn' else i.on_mail_change end from gone
        union all
        select 'affiliation', array_to_string(lost, ', '), array_to_string(array(select v from unnest(p.affiliation) v order by v), ', '),
            i.on_affiliation_change where lost <> '{}'
    loop
        continue when f.rule = 'nothing';
        if f.says = '' then f.rule := 'warn'; end if;
        -- What stands and has gone on changing is a change anew.
        insert into change as o (institution, person, kind, old_value, new_value, rule, due_at)
            values (p.institution, p_person, f.kind, f.was, f.says, f.rule,
                    case when f.rule = 'revoke' then now() + make_interval(days => i.change_days) end)
            on conflict (person, kind, old_value) where state in ('open', 'dismissed')
            do update set new_value = excluded.new_value, rule = excluded.rule, due_at = excluded.due_at, state = 'open',
                known = false, seen_at = now(), ended_at = null, note = '' where o.new_value <> excluded.new_value
            returning * into c;
        continue when not found;
        perform audit(actor, p.institution, null, 'change-seen', p_address, p_log_id, jsonb_build_object('change', c.id,
                      'person', p_person, 'kind', c.kind, 'old', c.old_value, 'new', c.new_value, 'rule', c.rule));
        perform change_tell(c);
        update change set mail_at = change_next_mail(c, now()) where id = c.id;
        seen := c.id;
        -- One more was lost, or some came back: the newest says it all.
        for c in select * from change o where o.person = p_person and o.kind = 'affiliation' and f.kind = 'affiliation'
            and o.state = 'open' and o.id <> seen loop
            perform change_ended(c, 'over', '', actor, p_address, p_log_id);
        end loop;
    end loop;
end $$;

-- The worker's share of one change, when its time has come: what it did, or null where nothing was to do.
create function change_run(p_change bigint, p_now timestamptz) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare c change; n bigint;
begin
    select * into c from change where id = p_change and state = 'open' for update skip locked;
    if not found then return null; end if;
    if not exists (select from change_requests(c)) then
        perform change_ended(c, 'over', '', 'worker', '', '');
        return 'over';
    elsif c.rule = 'revoke' and c.due_at <= p_now then
        for n in select number from change_requests(c) order by number loop
            perform request_step(n, 'revoke', 'worker', '', '', jsonb_build_object('reason', 'affiliationChanged', 'change', c.id),
                                 null, null);
        end loop;
        perform change_ended(c, 'revoked', '', 'worker', '', '');
        return 'revoked';
    elsif c.mail_at <= p_now then
        perform change_tell(c);
        select * into c from change where id = p_change;
        update change set mail_at = change_next_mail(c, p_now) where id = p_change;
        return 'told';
    end if;
    return null;
end $$;

-- An officer's acts: dismiss (with a note; the same change is not reported again) and mail. p_institution null: an operator.
create function change_act(p_institution bigint, p_change bigint, p_act text, p_note text, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare c change;
begin
    select * into c from change where id = p_change and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if c.state <> 'open' or not exists (select from change_requests(c)) then perform refuse('state'); end if;
    if p_act = 'dismiss' then
        perform change_ended(c, 'dismissed', p_note, p_actor, p_address, p_log_id);
    elsif p_act = 'mail' then
        perform change_tell(c);
        perform audit(p_actor, c.institution, null, 'change-mailed', p_address, p_log_id,
                      jsonb_build_object('change', c.id, 'person', c.person, 'kind', c.kind));
    else
        perform refuse('what');
    end if;
end $$;

-- The owner has read a warning. What will be done by rule stays in sight.
create function change_known(p_person bigint, p_change bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update change set known = true where id = p_change and person = p_person and rule = 'warn' and state = 'open';
    if not found then perform refuse('request'); end if;
end $$;

-- The rule 'revoke' is carried out by the worker.
update request_transition set who = '{portal,worker}' where event = 'revoke';

-- --- Whom nobody has seen ---------------------------------------------------------------------------------------------------

-- People by their last login, for one institution after the other.
create index person_seen on person (institution, seen_at, id);

-- Who was asked whether the certificates are still in use, and when last.
create table absence (
    person   bigint primary key references person,
    asked_at timestamptz not null default now()
);

-- Each of these people is asked by one mail, at the address of the newest certificate: by logging in one says that it is in use.
-- All or nobody; refused where one of them is another institution's, or has nothing to ask about. p_institution null: an operator.
create function absent_ask(p_institution bigint, p_persons bigint[], p_actor text, p_address text, p_log_id text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; r record;
begin
    for p in select * from person where id = any (p_persons) and (p_institution is null or institution = p_institution)
        order by id loop
        select max(number) as number, count(*) as n, (array_agg(number order by number desc))[:10] as numbers into r from request
            where person = p.id and state in ('collected', 'renewing', 'renew_ready');
        if r.n = 0 then perform refuse('state'); end if;
        insert into absence values (p.id) on conflict (person) do update set asked_at = now();
        insert into outbox (request, cycle, event, recipient, detail)
            select number, cycle, 'in-use', mail, jsonb_build_object('event', 'in-use', 'kind', 'absent', 'n', r.n,
                'seen', date_part('epoch', p.seen_at)::bigint, 'numbers', array_to_string(r.numbers, ' '))
            from request where number = r.number;
        perform audit(p_actor, p.institution, r.number, 'in-use-asked', p_address, p_log_id,
                      jsonb_build_object('person', p.id, 'n', r.n));
        p_persons := array_remove(p_persons, p.id);
    end loop;
    if p_persons <> '{}' then perform refuse('request'); end if;
end $$;

-- --- Mails ------------------------------------------------------------------------------------------------------------------

-- Two words more, whatever the others are by now; what is there has been held against the old rule, and is not read again.
do $$
declare rule text := pg_get_constraintdef(oid) from pg_constraint where conname = 'outbox_event_check' and conrelid = 'outbox'::regclass;
begin
    alter table outbox drop constraint outbox_event_check;
    execute 'alter table outbox add constraint outbox_event_check '
        || replace(replace(rule, ' NOT VALID', ''), 'ARRAY[', 'ARRAY[''change''::text, ''in-use''::text, ') || ' not valid';
end $$;

revoke execute on function name_key, name_changed, renewed_name, request_is_made, request_is_renewed, change_requests, change_tell, change_next_mail,
    change_ended, person_compare, change_run, change_act, change_known, absent_ask from public;
grant execute on function renewed_name, person_compare, change_act, change_known, change_requests, absent_ask to inkan_portal;
grant execute on function change_run, change_requests to inkan_worker;
grant select on change to inkan_portal, inkan_worker;
grant select on absence to inkan_portal;
