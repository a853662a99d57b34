-- Whether certificates name people in ASCII, or in their own script where the IdP sends it.
alter table institution add column name_form text not null default 'ascii' check (name_form in ('ascii', 'native'));

-- What a certificate of this person says as its name; null: there is none that may stand in one. X.520 has 64 characters; what
-- controls a terminal or turns the reading direction the signer would refuse.
create function certificate_name(p person, p_form text) returns text language sql immutable as $$
    select case when p_form = 'native' and length(p.display_name_ja) between 1 and 64
                     and p.display_name_ja !~ '[[:cntrl:]\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
                then p.display_name_ja else p.common_name end
$$;

create or replace function request_refusal(p_person bigint, p_type text, p_months integer, p_mail text, p_renewal boolean)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; i institution; f profile; active bigint;
begin
    select * into p from person where id = p_person;
    if not found then return 'person'; end if;
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
    new.common_name := certificate_name(p, i.name_form);
    return new;
end $$;

revoke execute on function certificate_name from public;
grant execute on function certificate_name to inkan_portal;
