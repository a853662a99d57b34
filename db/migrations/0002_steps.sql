-- The doors: functions that run as the owner and are the only way to change states, pickups and revocations.

create function service_role() returns text language sql stable as $$
    select regexp_replace(session_user::text, '^inkan_', '')
$$;

create function refuse(rule text) returns void language plpgsql as $$
begin
    raise exception '%', rule using errcode = 'IK000';
end $$;

-- An audit row about something that is no step of a request (login, policy, import …). Part of the caller's transaction.
create function audit(p_actor text, p_institution bigint, p_request bigint, p_what text, p_address text, p_log_id text, p_detail jsonb)
returns void language sql security definer set search_path = public, pg_temp as $$
    insert into event (actor, institution, request, what, address, log_id, detail)
    values (p_actor, p_institution, p_request, p_what, coalesce(p_address, ''), coalesce(p_log_id, ''), coalesce(p_detail, '{}'))
$$;

-- plpgsql here and in profile_now: its plan is kept, where an SQL function that cannot be inlined is started anew at each call
-- (0.2 ms; a dashboard asks six times).
create function mail_domain_allowed(p_mail text, p_domains text[]) returns boolean language plpgsql immutable as $$
declare d text; host text := lower(split_part(p_mail, '@', 2));
begin
    foreach d in array coalesce(p_domains, '{}') loop
        if host = d or (left(d, 1) = '.' and right(host, length(d)) = d) then return true; end if;
    end loop;
    return false;
end $$;

-- The subject of a certificate as pages show it, and as the signer will write it.
create function subject_text(p_style text, p_country text, p_locality text, p_organization text, p_unit text, p_number text,
                             p_common_name text, p_mail text)
returns text language sql immutable as $$
    select case p_style when 'mail' then 'CN=' || p_mail
        else concat_ws(', ', 'C=' || p_country, 'L=' || p_locality, 'O=' || p_organization, 'OU=' || nullif(p_unit, ''),
                       'OU=No ' || p_number, 'CN=' || p_common_name) end
$$;

-- The profile in force for a type and a validity.
create function profile_now(p_type text, p_months integer) returns profile language plpgsql stable as $$
declare f profile;
begin
    select * into f from profile where type = p_type and months = p_months and valid_from <= now()
        and (valid_to is null or valid_to > now()) order by valid_from desc, id desc limit 1;
    return f;
end $$;

-- The rule that forbids such a certificate to a person today, as a word; null where none does. An application is held against
-- the cap; a renewal is not, since it adds no request.
create function request_refusal(p_person bigint, p_type text, p_months integer, p_mail text, p_renewal boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; active bigint;
begin
    select * into p from person where id = p_person;
    if not found then return 'person'; end if;
    select * into i from institution where id = p.institution;
    if not p_type = any (i.types) then return 'type'; end if;
    if not p_months = any (i.months) then return 'months'; end if;
    if p.common_name is null then return 'name'; end if;
    if not p_mail = any (p.mails) then return 'mail'; end if;
    if not mail_domain_allowed(p_mail, i.mail_domains) then return 'mail-domain'; end if;
    if (profile_now(p_type, p_months)).id is null then return 'profile'; end if;
    if p_renewal then return null; end if;
    select count(*) into active from request
        where person = p_person and state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed');
    if active >= i.max_active then return 'cap'; end if;
    return null;
end $$;

-- Every rule that an application must keep, whoever inserts the row; what only the database may decide is filled in here.
-- The caller gives person, type, months, memo, mail (and, the owner only, applied_at).
create function request_fill() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; rule text;
begin
    -- One application of a person at a time, so that the cap holds for simultaneous ones. No key update: foreign keys of rows
    -- that the transactions have added already (form_used) hold a share of the person's key, and would make them deadlock.
    select * into p from person where id = new.person for no key update;
    rule := request_refusal(new.person, new.type, new.months, new.mail, false);
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
create trigger request_fill before insert on request for each row execute function request_fill();

create function request_follow() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.state = 'applied' then insert into job (kind, request) values ('issue', new.number); end if;
    return null;
end $$;
create trigger request_follow after insert on request for each row execute function request_follow();

create function queue_mail(p_request bigint, p_event text, p_detail jsonb, p_sealed bytea)
returns void language sql security definer set search_path = public, pg_temp as $$
    insert into outbox (request, cycle, event, recipient, detail, sealed)
    select number, cycle, p_event, mail, coalesce(p_detail, '{}'), p_sealed from request where number = p_request
$$;

-- Revokes one certificate; nothing if it is already. Its issuer's CRL is made anew at once.
create function certificate_revoke(p_issuer text, p_serial text, p_reason text, p_by text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update certificate set revoked_at = date_trunc('second', now()), reason = p_reason, revoked_by = p_by
        where issuer = p_issuer and serial = p_serial and revoked_at is null;
    if found then insert into job (kind, issuer) values ('publish', p_issuer); end if;
end $$;
revoke execute on function certificate_revoke from public;

-- What a pickup still holds is dropped; a certificate that was signed for it but never delivered is revoked.
create function pickup_end(p_request bigint, p_cycle integer, p_why text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; c certificate;
begin
    update pickup set ended = p_why, ended_at = now(), key_locked = null, pkcs12 = null, pin_hash = null, pin_sealed = null,
        new_pin_at = null, resend_at = null
        where request = p_request and cycle = p_cycle and ended is null returning * into p;
    if found and p.collected_at is null then
        for c in select * from certificate where pickup = p.id and revoked_at is null loop
            perform certificate_revoke(c.issuer, c.serial, 'cessationOfOperation', 'pickup ended: ' || p_why);
        end loop;
    end if;
end $$;
revoke execute on function pickup_end from public;

-- The one door for a step of a request: next state, audit row and mail in the caller's transaction. Returns the next state.
-- p_detail goes to the audit row and, for the words of the mail, to the outbox (no secret may be in it); p_sealed_url and
-- p_sealed_pin are the sealed secrets of the mails 'ready' and 'pin'.
create function request_step(p_number bigint, p_event text, p_actor text, p_address text, p_log_id text, p_detail jsonb,
                             p_sealed_url bytea, p_sealed_pin bytea)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; t request_transition; c certificate; rule text; open_cycle integer;
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
        update request set cycle = cycle + 1, cycle_at = date_trunc('second', now()), cycle_end = validity_end(now(), months),
            profile = (profile_now(r.type, r.months)).id where number = p_number;
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

-- One guess at a pickup's PIN, counted under the row's lock over all processes. The caller hashes the guess with pin_salt.
-- Outcome: right, wrong, locked, ended or none (no such pickup); left_: tries that remain after this one.
create function pickup_try(p_token_hash bytea, p_pin_hash bytea, p_address text, p_log_id text, out outcome text, out left_ integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; r request; most constant integer := 5;
begin
    left_ := 0;
    -- The request first, then the pickup: the same order as request_step, so that the two never wait for each other.
    select q.* into r from request q join pickup k on k.request = q.number where k.token_hash = p_token_hash for update of q;
    if not found then outcome := 'none'; return; end if;
    select * into p from pickup where token_hash = p_token_hash for update;
    if not found then outcome := 'none'; return; end if;
    if p.ended is not null then outcome := 'ended'; return; end if;
    if p.locked_at is not null then outcome := 'locked'; return; end if;
    if p.collected_at is null and p.expires_at <= now() then outcome := 'ended'; return; end if;
    if p.collected_at is not null and p.keep_until <= now() then outcome := 'ended'; return; end if;
    if p.pin_hash = p_pin_hash then
        if p.tries > 0 then update pickup set tries = 0 where id = p.id; end if;
        outcome := 'right'; left_ := most; return;
    end if;
    update pickup set tries = tries + 1, locked_at = case when tries + 1 >= most then now() end where id = p.id;
    left_ := most - p.tries - 1;
    if left_ > 0 then outcome := 'wrong'; return; end if;
    outcome := 'locked';
    if r.state in ('ready', 'renew_ready') then
        perform request_step(p.request, 'lock', 'outsider', p_address, p_log_id, '{}', null, null);
    else -- already collected: only the repeat is locked
        insert into event (actor, institution, request, what, address, log_id)
            values ('outsider', r.institution, p.request, 'lock', coalesce(p_address, ''), coalesce(p_log_id, ''));
        perform queue_mail(p.request, 'pickup-locked', '{"collected": true}', null);
    end if;
end $$;

-- The key of a pickup, locked under its PIN: the first to commit one wins; the one that counts is returned.
create function pickup_keep_key(p_pickup bigint, p_pin_hash bytea, p_key_kind text, p_key_locked bytea)
returns bytea language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup;
begin
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.collected_at is not null or p.locked_at is not null or p.pin_hash <> p_pin_hash then
        perform refuse('pickup');
    end if;
    if p.key_locked is not null then return p.key_locked; end if;
    update pickup set key_locked = p_key_locked, key_kind = p_key_kind where id = p_pickup;
    return p_key_locked;
end $$;

-- A certificate was signed for a key that nobody holds any more (a CSR's, whose owner comes back with another): it is revoked
-- and the pickup starts over.
create function pickup_reopen(p_pickup bigint, p_pin_hash bytea, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; n bigint; c certificate;
begin
    select request into n from pickup where id = p_pickup;
    perform from request where number = n for update;
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.collected_at is not null or p.locked_at is not null or p.pin_hash <> p_pin_hash then
        perform refuse('pickup');
    end if;
    for c in select * from certificate where pickup = p.id and revoked_at is null loop
        perform certificate_revoke(c.issuer, c.serial, 'cessationOfOperation', 'key lost before it was delivered');
        perform audit(p_actor, (select institution from request where number = n), n, 'reopen', p_address, p_log_id,
                      jsonb_build_object('serial', c.serial));
    end loop;
    update pickup set key_locked = null, key_kind = null where id = p_pickup;
end $$;

-- 'Collected': the bytes are kept for a repeat, key and sealed PIN are dropped, the request steps on. The first to commit
-- decides; the bytes that count are returned.
create function pickup_collect(p_pickup bigint, p_pin_hash bytea, p_bytes bytea, p_content_type text, p_own_password boolean,
                               p_serial text, p_actor text, p_address text, p_log_id text)
returns bytea language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; n bigint; tz text;
begin
    select request into n from pickup where id = p_pickup;
    perform from request where number = n for update;
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.locked_at is not null or p.pin_hash <> p_pin_hash then perform refuse('pickup'); end if;
    if p.collected_at is not null then return p.pkcs12; end if;
    if not exists (select from certificate where pickup = p.id and serial = p_serial and revoked_at is null) then
        perform refuse('certificate');
    end if;
    select time_zone into tz from service;
    update pickup set pkcs12 = p_bytes, content_type = p_content_type, own_password = p_own_password, key_locked = null, pin_sealed = null,
        collected_at = now(), new_pin_at = null, resend_at = null,
        keep_until = (((now() at time zone tz)::date + 1) + time '23:59:59') at time zone tz
        where id = p_pickup;
    perform request_step(p.request, 'collect', p_actor, p_address, p_log_id, jsonb_build_object('serial', p_serial), null, null);
    return p_bytes;
end $$;

-- 'I have it': nothing can be fetched any more.
create function pickup_done(p_pickup bigint, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup;
begin
    select * into p from pickup where id = p_pickup for update;
    if not found or p.collected_at is null then perform refuse('pickup'); end if;
    if p.ended is not null then return; end if;
    perform pickup_end(p.request, p.cycle, 'done');
    perform audit(p_actor, (select institution from request where number = p.request), p.request, 'done', p_address, p_log_id, '{}');
end $$;

-- A person or officer asks for a new PIN or a new URL; the worker makes it. Only while the pickup waits to be collected.
create function pickup_ask(p_request bigint, p_what text, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare r request;
begin
    select * into r from request where number = p_request for update;
    if not found or r.state not in ('ready', 'renew_ready') then perform refuse('state'); end if;
    if p_what not in ('new-pin', 'resend') then perform refuse('what'); end if;
    if p_what = 'new-pin' then
        update pickup set new_pin_at = now() where request = p_request and cycle = r.cycle and ended is null;
    else
        update pickup set resend_at = now() where request = p_request and cycle = r.cycle and ended is null;
    end if;
    if not found then perform refuse('state'); end if;
    if not exists (select from job where request = p_request and kind = p_what) then
        insert into job (kind, request) values (p_what, p_request);
    end if;
    perform audit(p_actor, r.institution, p_request, 'ask-' || p_what, p_address, p_log_id, '{}');
end $$;

-- The worker's half of it. A key locked under the old PIN can never be opened again: it goes, and a certificate that was
-- signed for it is revoked, so that the pickup opens again.
create function pickup_new_pin(p_pickup bigint, p_salt bytea, p_hash bytea, p_sealed bytea)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; c certificate;
begin
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.collected_at is not null then perform refuse('pickup'); end if;
    for c in select * from certificate where pickup = p.id and revoked_at is null loop
        perform certificate_revoke(c.issuer, c.serial, 'cessationOfOperation', 'key lost with a new PIN');
    end loop;
    update pickup set pin_salt = p_salt, pin_hash = p_hash, pin_sealed = p_sealed, tries = 0, locked_at = null, new_pin_at = null,
        key_locked = null, key_kind = null where id = p_pickup;
end $$;

-- The worker holds a request while it makes a PIN or a URL for it, so that nobody asks, withdraws or revokes in between.
create function request_hold(p_number bigint) returns void language sql security definer set search_path = public, pg_temp as $$
    select from request where number = p_number for update
$$;

-- The worker drops what a pickup still keeps after its deadline; nothing if it is not over yet.
create function pickup_erase(p_request bigint, p_cycle integer, p_now timestamptz)
returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare r request;
begin
    select * into r from request where number = p_request for update;
    if not exists (select from pickup where request = p_request and cycle = p_cycle and ended is null
                   and collected_at is not null and keep_until <= p_now) then
        return false;
    end if;
    perform pickup_end(p_request, p_cycle, 'erased');
    perform audit('worker', r.institution, p_request, 'erased', '', '', '{}');
    return true;
end $$;

-- Revokes a certificate that a collected renewal replaced; false if it is revoked already.
create function certificate_supersede(p_issuer text, p_serial text)
returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare c certificate; r request;
begin
    select q.* into r from request q join certificate k on k.request = q.number
        where k.issuer = p_issuer and k.serial = p_serial for update of q;
    select * into c from certificate where issuer = p_issuer and serial = p_serial and revoked_at is null;
    if not found or not exists (select from pickup o join pickup n on n.request = o.request and n.cycle > o.cycle
                                where o.id = c.pickup and n.collected_at is not null) then
        return false;
    end if;
    perform certificate_revoke(p_issuer, p_serial, 'superseded', 'worker');
    perform audit('worker', r.institution, r.number, 'superseded', '', '', jsonb_build_object('serial', p_serial));
    return true;
end $$;

-- Wakes whoever waits for work.
create function tell() returns trigger language plpgsql as $$
begin
    perform pg_notify(tg_argv[0], '');
    return null;
end $$;
create trigger job_tell after insert on job for each statement execute function tell('inkan_job');
create trigger outbox_tell after insert on outbox for each statement execute function tell('inkan_mail');
