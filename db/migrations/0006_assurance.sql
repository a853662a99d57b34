-- How a person must be logged in for a certificate, and how it was when it was applied for.

-- contexts: the AuthnContextClassRefs of which the login must have one, exactly; empty: any will do. assurance: values of
-- eduPersonAssurance that the IdP must send, all of them; one that names alternatives has '|' between them.
alter table profile
    add column contexts  text[] not null default '{}' check (cardinality(contexts) <= 20),
    add column assurance text[] not null default '{}' check (cardinality(assurance) <= 20);

-- What was seen of the login in which this cycle was applied for.
alter table request
    add column context   text not null default '' check (length(context) <= 1024),
    add column authn_at  timestamptz,
    add column assurance text[] not null default '{}' check (cardinality(assurance) <= 100);

alter table session
    add column authn_at  timestamptz,                  -- when the IdP says it has checked who this is
    add column assurance text[] not null default '{}'; -- eduPersonAssurance

-- A login that steps up: what the IdP was asked for, who must come back, and the session that the new one takes the place of.
alter table login
    add column contexts     text[] not null default '{}',
    add column person       bigint references person,
    add column session_hash bytea;

-- The word for what a login lacks that the profile wants: assurance (nothing can be done about it here) before context (which
-- another login mends); null where nothing is missing.
create function assurance_refusal(p_profile profile, p_context text, p_assurance text[])
returns text language plpgsql immutable as $$
declare wanted text;
begin
    foreach wanted in array coalesce(p_profile.assurance, '{}') loop
        if not string_to_array(wanted, '|') && coalesce(p_assurance, '{}') then return 'assurance'; end if;
    end loop;
    if cardinality(p_profile.contexts) > 0 and not coalesce(p_context, '') = any (p_profile.contexts) then
        return 'context';
    end if;
    return null;
end $$;

-- As in 0002, with the login held against the profile: whoever inserts the row.
create or replace function request_fill() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; rule text;
begin
    -- One application of a person at a time, so that the cap holds for simultaneous ones. No key update: foreign keys of rows
    -- that the transactions have added already (form_used) hold a share of the person's key, and would make them deadlock.
    select * into p from person where id = new.person for no key update;
    rule := request_refusal(new.person, new.type, new.months, new.mail, false);
    if rule is not null then perform refuse(rule); end if;
    rule := assurance_refusal(profile_now(new.type, new.months), new.context, new.assurance);
    if rule is not null then perform refuse(rule); end if;
    select * into i from institution where id = p.institution;

    if session_user <> current_user then new.applied_at := now(); end if;
    new.institution := i.id;
    new.profile := (profile_now(new.type, new.months)).id;
    new.state := case when i.approval then 'approval' else 'applied' end;
    new.cycle := 1;
    new.cycle_at := date_trunc('second', new.applied_at);
    new.cycle_end := validity_end(new.applied_at, new.months);
    new.not_before := new.cycle_at;
    new.not_after := new.cycle_end;
    new.country := i.country;
    new.locality := i.locality;
    new.organization := i.organization;
    new.unit := i.unit;
    new.common_name := p.common_name;
    return new;
end $$;

-- As in 0002, with a renewal's login held against the profile and kept with the request. What was seen comes in p_detail
-- (context, authn_at, assurance), so that the audit row keeps it too.
create or replace function request_step(p_number bigint, p_event text, p_actor text, p_address text, p_log_id text, p_detail jsonb,
                             p_sealed_url bytea, p_sealed_pin bytea)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; t request_transition; c certificate; rule text; open_cycle integer; f profile; values_seen text[];
begin
    select * into r from request where number = p_number for update;
    if not found then perform refuse('request'); end if;
    select * into t from request_transition where state = r.state and event = p_event;
    if not found then perform refuse('state'); end if;
    if session_user <> current_user and not service_role() = any (t.who) then perform refuse('role'); end if;

    case p_event
    when 'renew' then
        if r.not_after <= now() then perform refuse('ended'); end if;
        rule := request_refusal(r.person, r.type, r.months, r.mail, true);
        if rule is not null then perform refuse(rule); end if;
        f := profile_now(r.type, r.months);
        select coalesce(array_agg(v), '{}') into values_seen from jsonb_array_elements_text(p_detail -> 'assurance') v;
        rule := assurance_refusal(f, p_detail ->> 'context', values_seen);
        if rule is not null then perform refuse(rule); end if;
        update request set cycle = cycle + 1, cycle_at = date_trunc('second', now()), cycle_end = validity_end(now(), months),
            profile = f.id, context = coalesce(p_detail ->> 'context', ''), assurance = values_seen,
            authn_at = to_timestamp((p_detail ->> 'authn_at')::bigint) where number = p_number;
        insert into job (kind, request) values ('issue', p_number);
    when 'approve' then
        insert into job (kind, request) values ('issue', p_number);
    when 'withdraw', 'lapse' then
        perform pickup_end(p_number, r.cycle, p_event);
    when 'collect' then
        update request set not_before = cycle_at, not_after = cycle_end where number = p_number;
    when 'revoke' then
        -- A reason that is missing is refused too: null = any (…) is null, and so is its negation.
        if (p_detail ->> 'reason') is null or not (p_detail ->> 'reason')
            = any ('{keyCompromise,superseded,cessationOfOperation,affiliationChanged,unspecified}') then
            perform refuse('reason');
        end if;
        for open_cycle in select cycle from pickup where request = p_number and ended is null order by cycle loop
            perform pickup_end(p_number, open_cycle, 'revoke');
        end loop;
        -- Everything of the request that still runs, the predecessors of a renewal too: a lost laptop holds them all.
        for c in select * from certificate where request = p_number and revoked_at is null and not_after > now() loop
            perform certificate_revoke(c.issuer, c.serial, p_detail ->> 'reason', p_actor);
        end loop;
    else
        null;
    end case;

    update request set state = t.next_state where number = p_number;
    insert into event (actor, institution, request, what, address, log_id, detail)
        values (p_actor, r.institution, p_number, p_event, coalesce(p_address, ''), coalesce(p_log_id, ''),
                coalesce(p_detail, '{}') || jsonb_build_object('from', r.state, 'to', t.next_state));
    if t.mail is not null then
        perform queue_mail(p_number, t.mail, coalesce(p_detail, '{}') || jsonb_build_object('event', p_event),
                           case when t.mail = 'ready' then p_sealed_url end);
    end if;
    if p_sealed_pin is not null then perform queue_mail(p_number, 'pin', p_detail, p_sealed_pin); end if;
    return t.next_state;
end $$;

grant insert (context, authn_at, assurance) on request to inkan_portal;
revoke execute on function assurance_refusal from public;
grant execute on function assurance_refusal to inkan_portal;

-- A person's own history: what changed of name, mail, affiliation from one login to another.
create index event_of_person on event (actor, id) where what = 'person-changed';
