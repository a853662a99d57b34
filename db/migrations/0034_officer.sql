-- Officers with a certificate of their own (C1, C8): registered by an operator, who hands the PIN over; they come in on the port that
-- asks for a certificate. Such a certificate goes through the life of every other, as a request of type 'officer' on a person's row
-- that no login can ever mean. What it is good for stands in the rows here and never in what it says.

-- A registration. One that lives for each person's row; an ended one stays, for who looks back.
create table officer (
    id            bigint generated always as identity primary key,
    institution   bigint not null references institution,
    person        bigint not null references person,
    role          text not null check (role in ('revoker', 'officer', 'operator')),
    registered_at timestamptz not null default now(),
    registered_by text not null,
    ended_at      timestamptz,
    ended_by      text,
    check ((ended_at is null) = (ended_by is null))
);
create unique index officer_alive on officer (person) where ended_at is null;
create index officer_of_person on officer (person);
create index officer_of_institution on officer (institution, id);

-- Their rows in person say that they come by no IdP.
alter table institution_idp add constraint institution_idp_is_one check (entity_id <> 'urn:inkan:officer');

alter table profile drop constraint profile_type_check;
alter table profile add constraint profile_type_check check (type in ('client', 'smime', 'officer'));
insert into profile (name, type, months, issuer, subject, key_usage, extended, policies, key_kinds)
    select 'officer-25', 'officer', 25, f.issuer, 'dn', f.key_usage, f.extended, f.policies, f.key_kinds
    from profile_now('client', 25) f where f.id is not null;

-- --- Requests ---------------------------------------------------------------------------------------------------------------

-- The rule that forbids an officer's certificate, as a word; null where none does. One at a time: a new one after the old one's end.
create function officer_refusal(p_person bigint, p_months integer, p_mail text, p_renewal boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution;
begin
    if not exists (select from officer where person = p_person and ended_at is null) then return 'officer'; end if;
    select * into p from person where id = p_person;
    select * into i from institution where id = p.institution;
    if p.common_name is null then return 'name'; end if;
    if not p_mail = any (p.mails) then return 'mail'; end if;
    if not mail_domain_allowed(p_mail, i.mail_domains) then return 'mail-domain'; end if;
    if (profile_now('officer', p_months)).id is null then return 'profile'; end if;
    if not p_renewal and exists (select from request where person = p_person
                                 and state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed')) then
        return 'officer-has-one';
    end if;
    return null;
end $$;

-- As in 0019; an officer's own certificate has rules of its own, and an officer's row nothing but that.
create or replace function request_refusal(p_person bigint, p_type text, p_months integer, p_mail text, p_renewal boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; f profile; active bigint;
begin
    if p_type = 'officer' then return officer_refusal(p_person, p_months, p_mail, p_renewal); end if;
    select * into p from person where id = p_person;
    if not found then return 'person'; end if;
    if p.idp = 'urn:inkan:officer' then return 'type'; end if;
    select * into i from institution where id = p.institution;
    if not p_type = any (i.types) then return 'type'; end if;
    if not p_months = any (i.months) then return 'months'; end if;
    if certificate_name(p, i.name_form) is null then return 'name'; end if;
    if not p_mail = any (p.mails) then return 'mail'; end if;
    if not mail_domain_allowed(p_mail, i.mail_domains) then return 'mail-domain'; end if;
    f := profile_now(p_type, p_months);
    if f.id is null then return 'profile'; end if;
    if f.subject = 'mail' and length(p_mail) > 64 then return 'mail-long'; end if;
    if p_renewal then return null; end if;
    select count(*) into active from request
        where person = p_person and state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed');
    if active >= i.max_active then return 'cap'; end if;
    if f.max_active is not null then
        select count(*) into active from request r join profile q on q.id = r.profile
            where r.person = p_person and q.name = f.name and r.state not in ('revoking', 'revoked', 'expired', 'refused', 'lapsed');
        if active >= f.max_active then return 'cap-profile'; end if;
    end if;
    return null;
end $$;

-- The organisation is the institution's, the unit says what it is; that an officer was registered is the approval.
create function request_fill_officer() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; rule text;
begin
    select * into p from person where id = new.person for no key update;
    rule := officer_refusal(new.person, new.months, new.mail, false);
    if rule is not null then perform refuse(rule); end if;
    select * into i from institution where id = p.institution;
    if session_user <> current_user then new.applied_at := now(); end if;
    new.institution := i.id;
    new.profile := (profile_now('officer', new.months)).id;
    new.state := 'applied';
    new.cycle := 1;
    new.cycle_at := date_trunc('second', new.applied_at);
    new.cycle_end := validity_end(new.applied_at, new.months);
    new.not_before := new.cycle_at;
    new.not_after := new.cycle_end;
    new.country := i.country;
    new.locality := i.locality;
    new.organization := i.organization;
    new.unit := 'Officer certificate';
    new.common_name := p.common_name;
    return new;
end $$;
drop trigger request_fill on request;
create trigger request_fill before insert on request for each row when (new.type <> 'officer') execute function request_fill();
create trigger request_fill_officer before insert on request for each row when (new.type = 'officer')
    execute function request_fill_officer();

-- Who fills in a form may insert a request, but none of an officer: those come by the functions below alone. Runs as who inserts.
create function request_by_operator() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if not pg_has_role(current_user, (select relowner from pg_class where oid = 'public.request'::regclass), 'member') then
        perform refuse('type');
    end if;
    return new;
end $$;
create trigger request_by_operator before insert on request for each row when (new.type = 'officer')
    execute function request_by_operator();

-- URL and PIN travel apart: an officer's PIN goes into no mail, whatever the institution's policy is.
create function pickup_of_officer() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from request where number = new.request and type = 'officer') then perform refuse('pin-mail'); end if;
    return new;
end $$;
create trigger pickup_of_officer before insert or update of pin_mail on pickup for each row when (new.pin_mail)
    execute function pickup_of_officer();
create trigger mail_of_officer before insert on outbox for each row when (new.event = 'pin') execute function pickup_of_officer();

-- --- What operators do ------------------------------------------------------------------------------------------------------

-- Of a session by certificate: the certificate's fingerprint and its request. It counts on the port that asks for it, and there only.
alter table session
    add column certificate bytea check (length(certificate) = 32),
    add column request     bigint references request,
    add constraint session_of_certificate check ((certificate is null) = (request is null));
create index session_by_request on session (request) where request is not null;

-- "operator:7", or "operator-certificate:31" by the request of the certificate that was presented.
create function session_actor(p_session bytea) returns text language plpgsql stable security definer set search_path = public, pg_temp as $$
declare s session;
begin
    select * into s from session where id_hash = p_session and role <> 'person' and expires_at > now();
    if not found then perform refuse('session'); end if;
    return case when s.request is null then replace(s.role, 'revoker', 'officer') || ':' || s.person
                else replace(s.role, 'revoker', 'officer') || '-certificate:' || s.request end;
end $$;

-- By whom an operator's act is signed: whoever is not the owner shows the hash of an operator's session.
create function operator_actor(p_session bytea, p_actor text) returns text language plpgsql stable security definer
set search_path = public, pg_temp as $$
begin
    if session_user = current_user then return p_actor; end if;
    if not exists (select from session where id_hash = p_session and role = 'operator' and expires_at > now()) then
        perform refuse('session');
    end if;
    return session_actor(p_session);
end $$;

-- A certificate for who is registered; the request's number.
create function officer_certify(p_officer bigint, p_session bytea, p_actor text, p_address text, p_log_id text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare o officer; n bigint; length integer; actor text := operator_actor(p_session, p_actor);
begin
    select * into o from officer where id = p_officer for no key update;
    if not found then perform refuse('request'); end if;
    if o.ended_at is not null then perform refuse('state'); end if;
    select months into length from profile where type = 'officer' and valid_from <= now() and (valid_to is null or valid_to > now())
        order by valid_from desc, id desc limit 1;
    if not found then perform refuse('profile'); end if;
    insert into request (person, type, months, mail) select o.person, 'officer', length, mails[1] from person where id = o.person
        returning number into n;
    perform audit(actor, o.institution, n, 'apply', p_address, p_log_id, jsonb_build_object('officer', o.id, 'role', o.role));
    return n;
end $$;

-- Registers somebody and applies for the certificate; the officer's number. Of one address there is one registration at a time.
create function officer_register(p_institution bigint, p_name text, p_name_ja text, p_mail text, p_role text, p_session bytea,
                                 p_actor text, p_address text, p_log_id text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare i institution; who bigint; id_ bigint; actor text := operator_actor(p_session, p_actor);
begin
    select * into i from institution where id = p_institution;
    if not found then perform refuse('institution'); end if;
    if p_name is null or p_name !~ '^[!-~]([ -~]{0,62}[!-~])?$' then perform refuse('officer-name'); end if;
    if p_role is null or not p_role = any ('{revoker,officer,operator}') then perform refuse('officer-role'); end if;
    if not coalesce(mail_domain_allowed(p_mail, i.mail_domains), false) then perform refuse('mail-domain'); end if;
    insert into person as p (institution, idp, identifier, display_name, display_name_ja, common_name, mails)
        values (i.id, 'urn:inkan:officer', lower(p_mail), p_name, coalesce(p_name_ja, ''), p_name, array[p_mail])
        on conflict (institution, idp, identifier) do update set display_name = excluded.display_name,
            display_name_ja = excluded.display_name_ja, common_name = excluded.common_name, mails = excluded.mails
        returning id into who;
    if exists (select from officer where person = who and ended_at is null) then perform refuse('officer-registered'); end if;
    insert into officer (institution, person, role, registered_by) values (i.id, who, p_role, actor) returning id into id_;
    perform audit(actor, i.id, null, 'officer-register', p_address, p_log_id,
                  jsonb_build_object('officer', id_, 'person', who, 'name', p_name, 'mail', p_mail, 'role', p_role));
    perform officer_certify(id_, p_session, p_actor, p_address, p_log_id);
    return id_;
end $$;

-- A registration ends: the certificate is revoked, what is not collected withdrawn, who is in goes out.
create function officer_end(p_officer bigint, p_note text, p_session bytea, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare o officer; n bigint; s text; actor text := operator_actor(p_session, p_actor);
    detail jsonb := jsonb_strip_nulls(jsonb_build_object('reason', 'cessationOfOperation', 'note', nullif(p_note, '')));
begin
    select * into o from officer where id = p_officer for no key update;
    if not found then perform refuse('request'); end if;
    if o.ended_at is not null then perform refuse('state'); end if;
    for n in select number from request where person = o.person
        and state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready') order by number loop
        select state into s from request where number = n for update;
        if s in ('collected', 'renewing', 'renew_ready') then
            perform request_step(n, 'revoke', actor, p_address, p_log_id, detail, null, null);
        elsif s in ('applied', 'approval', 'ready') then
            perform request_step(n, 'withdraw', actor, p_address, p_log_id, detail, null, null);
        end if;
    end loop;
    update officer set ended_at = now(), ended_by = actor where id = o.id;
    delete from session where person = o.person and certificate is not null;
    perform audit(actor, o.institution, null, 'officer-end', p_address, p_log_id,
                  detail || jsonb_build_object('officer', o.id, 'person', o.person, 'role', o.role));
end $$;

-- The PIN was shown to an operator, for the sheet that is handed over.
create function officer_sheet(p_officer bigint, p_number bigint, p_session bytea, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare o officer; actor text := operator_actor(p_session, p_actor);
begin
    select * into o from officer where id = p_officer;
    if not found then perform refuse('request'); end if;
    perform audit(actor, o.institution, p_number, 'officer-sheet', p_address, p_log_id, jsonb_build_object('officer', o.id));
end $$;

-- --- What officers do -------------------------------------------------------------------------------------------------------

-- Renewed by presenting the certificate, from four weeks before its end. P_FINGERPRINT: of the one that was presented.
create function officer_renew(p_fingerprint bytea, p_session bytea, p_address text, p_log_id text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint; r request; tz text;
begin
    select c.request into n from session s join certificate c on c.fingerprint = s.certificate and c.request = s.request
        where s.id_hash = p_session and s.certificate = p_fingerprint and s.expires_at > now() and c.revoked_at is null
        and c.not_after > now();
    if not found then perform refuse('session'); end if;
    select * into r from request where number = n for update;
    select time_zone into tz from service;
    if (r.not_after at time zone tz)::date - (now() at time zone tz)::date > 28 then perform refuse('renew-early'); end if;
    perform request_step(n, 'renew', session_actor(p_session), p_address, p_log_id, '{}', null, null);
    return n;
end $$;

revoke execute on function officer_refusal, request_fill_officer, request_by_operator, pickup_of_officer, session_actor, operator_actor,
    officer_certify, officer_register, officer_end, officer_sheet, officer_renew from public;
grant execute on function officer_certify, officer_register, officer_end, officer_sheet, officer_renew to inkan_portal;
grant select on officer to inkan_portal, inkan_signer;
