-- Profiles as dated rows: what a row says is fixed from the moment it is in force, it ends once, and a certificate keeps the row
-- that it was made from. A request is signed by the row that was in force when it (or the renewal) was applied for, also after
-- that row's end: what was promised is kept. Who must stop that takes the type or the months from the institution.

alter table profile
    -- active certificates that one person may have of the profile (rows of its name), beside the institution's; null: no limit
    add column max_active integer check (max_active between 1 and 1000000),
    add constraint profile_name check (name ~ '^[a-z][a-z0-9.-]{0,62}$'),
    add constraint profile_key_usage check (cardinality(key_usage) > 0 and
        key_usage <@ '{digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment,keyAgreement}'),
    add constraint profile_key_kinds check (cardinality(key_kinds) > 0 and key_kinds <@ '{rsa2048,rsa3072,rsa4096,p256,p384}'),
    add constraint profile_extended check (cardinality(extended) <= 20 and
        array_to_string(extended, ' ', '-') ~ '^([0-2](\.(0|[1-9][0-9]{0,17}))+( |$))*$'),
    add constraint profile_policies check (cardinality(policies) <= 20 and
        array_to_string(policies, ' ', '-') ~ '^([0-2](\.(0|[1-9][0-9]{0,17}))+( |$))*$');

-- The issuer may change in place: the certificate's row says which it was.
create function profile_is_kept() returns trigger language plpgsql as $$
begin
    if (new.name, new.type, new.months, new.subject, new.key_usage, new.extended, new.policies, new.key_kinds, new.valid_from)
       is distinct from
       (old.name, old.type, old.months, old.subject, old.key_usage, old.extended, old.policies, old.key_kinds, old.valid_from)
       and (old.valid_from <= now() or exists (select from request where profile = old.id)) then
        raise exception 'profile-kept' using errcode = 'IK000';
    end if;
    if old.valid_to <= now() and new.valid_to is distinct from old.valid_to then
        raise exception 'profile-ended' using errcode = 'IK000';
    end if;
    return new;
end $$;
create trigger profile_is_kept before update on profile for each row execute function profile_is_kept();

-- Any whole number of months for which there is a profile: 61, for instance, is one more row.
alter table institution drop constraint institution_months_check;
alter table institution add constraint institution_months_check
    check (cardinality(months) <= 20 and 1 <= all (months) and 120 >= all (months));

-- --- Certificates -------------------------------------------------------------------------------------------------------------

-- 20 bytes, positive, or 19 where the first would be zero (RFC 5280 section 4.1.2.2): what a CRL can list.
alter table certificate drop constraint certificate_serial_check;
alter table certificate add constraint certificate_serial_check
    check (serial ~ '^([1-7][0-9a-f]|0[1-9a-f])[0-9a-f]{38}$' or serial ~ '^([1-9a-f][0-9a-f]|0[1-9a-f])[0-9a-f]{36}$');
alter table intent drop constraint intent_serial_check;
alter table intent add constraint intent_serial_check
    check (serial ~ '^([1-7][0-9a-f]|0[1-9a-f])[0-9a-f]{38}$' or serial ~ '^([1-9a-f][0-9a-f]|0[1-9a-f])[0-9a-f]{36}$');

-- The row that it was made from. Null: of before, and of a cycle whose profile is not known any more.
alter table certificate add column profile bigint references profile;
update certificate c set profile = r.profile from request r join pickup k on k.request = r.number and k.cycle = r.cycle
    where c.pickup = k.id;

create function certificate_profile() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        select r.profile into new.profile from request r join pickup k on k.request = r.number and k.cycle = r.cycle
            where k.id = new.pickup;
    elsif new.profile is distinct from old.profile then
        raise exception 'certificate-kept' using errcode = 'IK000';
    end if;
    return new;
end $$;
create trigger certificate_profile before insert or update of profile on certificate
    for each row execute function certificate_profile();

-- --- Applications -------------------------------------------------------------------------------------------------------------

-- As in 0002, with the profile's own cap, and the 64 characters (X.520) of an address that is to be the common name.
create or replace function request_refusal(p_person bigint, p_type text, p_months integer, p_mail text, p_renewal boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; f profile; active bigint;
begin
    select * into p from person where id = p_person;
    if not found then return 'person'; end if;
    select * into i from institution where id = p.institution;
    if not p_type = any (i.types) then return 'type'; end if;
    if not p_months = any (i.months) then return 'months'; end if;
    if p.common_name is null then return 'name'; end if;
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

revoke execute on function profile_is_kept, certificate_profile from public;
