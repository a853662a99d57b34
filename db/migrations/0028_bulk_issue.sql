-- Bulk, the other kinds of files: renew, issue for persons who are known, and the layout that the service of S002 publishes for client
-- certificates, whose holders may never have logged in. And what two officers must do together, they do with a file, too.

-- --- Renewing -----------------------------------------------------------------------------------------------------------------

create function bulk_renew(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint := bulk_request(p_batch, p_cells); r request; rule text;
    field text := case when p_cells ? 'number' then 'number' else 'serial' end;
begin
    if n = 0 then return ('bad', 'unknown', field, '', null)::bulk_fate; end if;
    if n < 0 then return ('bad', 'other', 'serial', '', null)::bulk_fate; end if;
    if p_do then
        select * into r from request where number = n for update;
    else
        select * into r from request where number = n;
    end if;
    if r.state in ('renewing', 'renew_ready') then return ('skip', 'renewing', '', '', n)::bulk_fate; end if;
    if r.state <> 'collected' then return ('bad', 'state', '', '', n)::bulk_fate; end if;
    -- Collected since, by another file that said the same: once a day is meant.
    if r.cycle > 1 and r.not_before = r.cycle_at and r.cycle_at > now() - interval '1 day' then
        return ('skip', 'renewed', '', '', n)::bulk_fate;
    end if;
    if r.not_after <= now() then return ('bad', 'expired', '', '', n)::bulk_fate; end if;
    -- A renewal keeps what was applied for; the column only says that the officer knows it.
    if (p_cells ->> 'months')::integer <> r.months then return ('bad', 'months-other', 'months', '', n)::bulk_fate; end if;
    rule := coalesce(request_refusal(r.person, r.type, r.months, r.mail, true), assurance_refusal(profile_now(r.type, r.months), '', '{}'));
    if rule is not null then return ('bad', rule, '', '', n)::bulk_fate; end if;
    if p_do then
        perform request_step(n, 'renew', p_batch.actor, p_batch.address, 'batch-' || p_batch.id,
                             jsonb_build_object('batch', p_batch.id), null, null);
    end if;
    return (case when p_do then 'done' else 'will' end, 'renew', '', 'request ' || n, n)::bulk_fate;
end $$;

-- --- Issuing ------------------------------------------------------------------------------------------------------------------

-- One request for that person, unless there is such a one alive: of the same type with the same memo. An officer who issues has
-- approved. p_unit: the certificate's own OU, which the caller has held against the institution's; null: the institution's.
create function bulk_apply(p_batch batch, p_person bigint, p_type text, p_months integer, p_memo text, p_mail text, p_unit text,
                           p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint; rule text; key text := concat_ws(' ', 'person', p_person, p_type, p_memo);
begin
    -- As request_fill does, so that two files with the same line do not both find that there is none.
    if p_do then perform from person where id = p_person for no key update; end if;
    select number into n from request where person = p_person and type = p_type and memo = p_memo and mail = p_mail
        and state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready') order by number desc limit 1;
    if found then return ('skip', 'has-one', '', '', n)::bulk_fate; end if;
    rule := coalesce(request_refusal(p_person, p_type, p_months, p_mail, false),
                     assurance_refusal(profile_now(p_type, p_months), '', '{}'));
    if rule is not null then return ('bad', rule, '', '', null)::bulk_fate; end if;
    if p_do then
        insert into request (person, type, months, memo, mail) values (p_person, p_type, p_months, p_memo, p_mail) returning number into n;
        if p_unit is not null then update request set unit = p_unit where number = n; end if;
        perform audit(p_batch.actor, p_batch.institution, n, 'apply', p_batch.address, 'batch-' || p_batch.id,
                      jsonb_build_object('batch', p_batch.id));
        if (select state from request where number = n) = 'approval' then
            perform request_step(n, 'approve', p_batch.actor, p_batch.address, 'batch-' || p_batch.id,
                                 jsonb_build_object('batch', p_batch.id), null, null);
        end if;
    end if;
    return (case when p_do then 'done' else 'will' end, 'issue', '', key, n)::bulk_fate;
end $$;

-- Persons of an institution by an address or an identifier, exactly; the index over what people are found by narrows them first.
create function bulk_persons(p_institution bigint, p_identifier text, p_mail text) returns setof person
language sql stable security definer set search_path = public, pg_temp as $$
    select p.* from person p where p.institution = p_institution
        and p.id in (select person from person_key where institution = p_institution and key = desk_fold(coalesce(p_identifier, p_mail)) collate "C")
        and (p_identifier is null or p.identifier = p_identifier)
        and (p_mail is null or lower(p_mail) in (select lower(m) from unnest(p.mails) m))
        order by p.id limit 2
$$;

create function bulk_issue(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; n integer; i institution; address text; field text := case when p_cells ? 'identifier' then 'identifier' else 'mail' end;
begin
    select count(*) into n from bulk_persons(p_batch.institution, p_cells ->> 'identifier', p_cells ->> 'mail');
    if n = 0 then return ('bad', 'nobody', field, '', null)::bulk_fate; end if;
    if n > 1 then return ('bad', 'several', field, '', null)::bulk_fate; end if;
    select * into p from bulk_persons(p_batch.institution, p_cells ->> 'identifier', p_cells ->> 'mail');
    select * into i from institution where id = p_batch.institution;
    -- The address as the IdP writes it; without one in the line, the only one that may be in a certificate.
    select min(m), count(*) into address, n from unnest(p.mails) m
        where case when p_cells ? 'mail' then lower(m) = lower(p_cells ->> 'mail') else mail_domain_allowed(m, i.mail_domains) end;
    if n = 0 then return ('bad', 'mail-domain', 'mail', '', null)::bulk_fate; end if;
    if n > 1 and not p_cells ? 'mail' then return ('bad', 'mail-choice', 'mail', '', null)::bulk_fate; end if;
    return bulk_apply(p_batch, p.id, p_cells ->> 'type', (p_cells ->> 'months')::integer, coalesce(p_cells ->> 'memo', ''), address, null, p_do);
end $$;

-- --- Two officers ---------------------------------------------------------------------------------------------------------------

-- Does the institution want that who starts such a batch is another officer than who sent the file?
create function batch_second(b batch) returns boolean language sql stable security definer set search_path = public, pg_temp as $$
    select case when b.kind in ('issue', 'renew', 'clients') then 'apply' else 'revoke-many' end = any (two_officers)
    from institution where id = b.institution
$$;

create or replace function batch_start(p_institution bigint, p_batch bigint, p_person bigint, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch;
begin
    select * into b from batch where id = p_batch and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if b.state <> 'checked' or not exists (select from batch_line where batch = p_batch and fate = 'will') then
        perform refuse('state');
    end if;
    if b.made_by = p_person and batch_second(b) then perform refuse('second'); end if;
    update batch set state = 'started', started_by = p_person, started_at = now(), actor = p_actor, address = coalesce(p_address, '')
        where id = p_batch;
    perform audit(p_actor, b.institution, null, 'batch-start', p_address, p_log_id,
                  jsonb_build_object('batch', p_batch, 'kind', b.kind, 'counts', batch_counts(p_batch)));
    perform pg_notify('inkan_batch', '');
end $$;

revoke execute on function bulk_renew, bulk_apply, bulk_persons, bulk_issue, batch_second from public;
grant execute on function batch_second to inkan_portal;
