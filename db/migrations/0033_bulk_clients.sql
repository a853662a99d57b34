-- Bulk: the layout that the service of S002 publishes for client certificates. Its holders are persons of the institution who need
-- never have logged in: the officer's file says who they are, and the PIN comes to them from the officer's hand, as it does there.

-- Such a person has no IdP (idp ''), so no login is ever taken for it, and no login changes it; the identifier is the address. Whoever
-- logs in later is a person of their own.
create function bulk_person(p_batch batch, p_cells jsonb) returns person
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; was person; address text := lower(p_cells ->> 'mail'); whole text := coalesce(p_cells ->> 'name', p_cells ->> 'cn');
    ascii boolean := whole ~ '^[ -~]*$';
begin
    select * into was from person where institution = p_batch.institution and idp = '' and identifier = address for no key update;
    insert into person (institution, idp, identifier, display_name, display_name_ja, common_name, mails, affiliation)
        values (p_batch.institution, '', address, case when ascii then whole else p_cells ->> 'cn' end, case when ascii then '' else whole end,
                p_cells ->> 'cn', array[p_cells ->> 'mail'], array_remove(array[p_cells ->> 'affiliation'], null))
        on conflict (institution, idp, identifier) do update set display_name = excluded.display_name,
            display_name_ja = excluded.display_name_ja, common_name = excluded.common_name, mails = excluded.mails,
            affiliation = excluded.affiliation
        returning * into p;
    if was.id is null or (was.display_name, was.display_name_ja, was.common_name, was.mails, was.affiliation)
        is distinct from (p.display_name, p.display_name_ja, p.common_name, p.mails, p.affiliation) then
        perform audit(p_batch.actor, p_batch.institution, null, 'person-by-file', p_batch.address, 'batch-' || p_batch.id,
            jsonb_build_object('batch', p_batch.id, 'person', p.id, 'mail', p_cells ->> 'mail', 'common_name', p.common_name,
                               'was', was.common_name));
    end if;
    return p;
end $$;

create function bulk_clients_line(p_batch batch, i institution, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; n integer; f bulk_fate; validity integer; kind text := case p_cells ->> 'profile' when '5' then 'client' else 'smime' end;
begin
    -- The first of the institution's validities for which there is a profile: the layout has no column for it.
    select m into validity from unnest(i.months) with ordinality u (m, place) where (profile_now(kind, m)).id is not null
        order by place limit 1;
    -- Who has logged in is known better than a file can say: the names must agree.
    select count(*) into n from person where institution = i.id and idp <> '' and id in (select person from person_key
        where institution = i.id and key = desk_fold(p_cells ->> 'mail') collate "C") and lower(p_cells ->> 'mail') in (select lower(m) from unnest(mails) m);
    if n > 1 then return ('bad', 'several', 'mail', '', null)::bulk_fate; end if;
    if n = 1 then
        select * into p from person where institution = i.id and idp <> '' and id in (select person from person_key
            where institution = i.id and key = desk_fold(p_cells ->> 'mail') collate "C") and lower(p_cells ->> 'mail') in (select lower(m) from unnest(mails) m);
    else
        p := bulk_person(p_batch, p_cells);
    end if;
    if certificate_name(p, i.name_form) is distinct from p_cells ->> 'cn' then
        return ('bad', 'subject-cn', 'subject', '', null)::bulk_fate;
    end if;
    f := bulk_apply(p_batch, p.id, kind, coalesce(validity, 0), coalesce(p_cells ->> 'file', ''),
                    (select m from unnest(p.mails) m where lower(m) = lower(p_cells ->> 'mail') limit 1),
                    case when p_cells ? 'ou' then unit_for(i, p_cells ->> 'ou', true) end, p_do);
    if f.key <> '' then f.key := concat_ws(' ', 'mail', lower(p_cells ->> 'mail'), kind, p_cells ->> 'file'); end if;
    return f;
end $$;

-- What the subject says must be what the certificate will say, which is made from the institution's own row. The dry run makes the
-- person, too, and takes that back.
create function bulk_clients(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare i institution; f bulk_fate;
begin
    select * into i from institution where id = p_batch.institution;
    if p_cells ->> 'pickup' = '2' then return ('bad', 'together', 'pickup', '', null)::bulk_fate; end if;
    if p_cells ->> 'o' <> i.organization then return ('bad', 'subject-o', 'subject', '', null)::bulk_fate; end if;
    if p_cells ->> 'l' <> i.locality then return ('bad', 'subject-l', 'subject', '', null)::bulk_fate; end if;
    if p_cells ->> 'c' <> i.country then return ('bad', 'subject-c', 'subject', '', null)::bulk_fate; end if;
    -- As unit_for would have it of an officer's file.
    if p_cells ? 'ou' and (p_cells ->> 'ou') is distinct from i.unit and not p_cells ->> 'ou' = any (i.units) then
        return ('bad', 'subject-ou', 'subject', '', null)::bulk_fate;
    end if;
    -- What the row of a person could not hold.
    if p_cells ->> 'cn' !~ '^[ -~]{1,64}$' then return ('bad', 'subject-cn', 'subject', '', null)::bulk_fate; end if;
    if not mail_domain_allowed(p_cells ->> 'mail', i.mail_domains) then return ('bad', 'mail-domain', 'mail', '', null)::bulk_fate; end if;
    if p_do then return bulk_clients_line(p_batch, i, p_cells, true); end if;
    begin
        f := bulk_clients_line(p_batch, i, p_cells, false);
        raise exception using errcode = 'IK001';
    exception when sqlstate 'IK001' then null;
    end;
    return f;
end $$;

-- The requests of a batch whose owners cannot log in and have not collected yet: only their PIN goes by the officer's hand.
create function batch_pins(p_institution bigint, p_batch bigint)
returns table (number bigint, person bigint, name text, name_ja text, mail text, file text, until timestamptz)
language sql stable security definer set search_path = public, pg_temp as $$
    select r.number, p.id, p.display_name, p.display_name_ja, r.mail, r.memo, k.expires_at
    from batch b join batch_line l on l.batch = b.id join request r on r.number = l.request join person p on p.id = r.person
    join pickup k on k.request = r.number and k.cycle = r.cycle
    where b.id = p_batch and (p_institution is null or b.institution = p_institution) and l.fate = 'done' and p.idp = ''
        and r.state in ('ready', 'renew_ready') and k.ended is null and k.pin_sealed is not null order by l.line
$$;

revoke execute on function bulk_person, bulk_clients_line, bulk_clients, batch_pins from public;
grant execute on function batch_pins to inkan_portal;
