-- The policy of an institution, field by field: read as text, changed through one door, which keeps what was there before in the
-- audit (C7). The portal's role still has no update of an institution; what it may call asks for an operator's session.

-- The fields there are: columns of institution, and 'idps', which are the rows of institution_idp. A migration that adds such a column
-- adds its line here; ra/policy.c says what may stand in it.
create table institution_field (name text primary key);
insert into institution_field values
    ('name_ja'), ('country'), ('locality'), ('organization'), ('unit'), ('mail_domains'), ('types'), ('months'), ('approval'),
    ('pin_mail'), ('grace_days'), ('max_active'), ('identifier'), ('helpdesk_name'), ('helpdesk_mail'), ('helpdesk_phone'),
    ('password_rule'), ('name_form'), ('idps');

-- One more with each change, so that who changes what somebody else changed meanwhile is told instead of overwriting it.
alter table institution add column version bigint not null default 1;

-- What was changed, newest last, for the page that shows it; few rows of many.
create index event_of_policy on event (institution, id) where what = 'institution-changed';

-- One field as text: of a list each value on a line of its own, nothing is ''.
create function institution_value(i institution, p_field text) returns text language sql stable as $$
    select case when p_field = 'idps'
        then coalesce((select string_agg(entity_id, E'\n' order by entity_id collate "C") from institution_idp where institution = i.id), '')
        else (select case jsonb_typeof(v)
                  when 'array' then coalesce((select string_agg(e, E'\n' order by n)
                                              from jsonb_array_elements_text(v) with ordinality as x (e, n)), '')
                  when 'boolean' then case when v = 'true' then 'yes' else 'no' end
                  else coalesce(v #>> '{}', '') end
              from (select to_jsonb(i) -> p_field) as t (v)) end
$$;

-- Only institution_change calls it, which has looked the field up.
create function institution_put(p_institution bigint, p_field text, p_value text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare list text[] := string_to_array(p_value, E'\n'); kind text; needed boolean;
begin
    if p_field = 'idps' then
        delete from institution_idp where institution = p_institution and entity_id <> all (list);
        insert into institution_idp (entity_id, institution) select distinct e, p_institution from unnest(list) e on conflict do nothing;
        if exists (select from institution_idp where entity_id = any (list) and institution <> p_institution) then
            perform refuse('idp-taken');
        end if;
        return;
    end if;
    select format_type(atttypid, atttypmod), attnotnull into kind, needed from pg_attribute
        where attrelid = 'public.institution'::regclass and attname = p_field;
    execute format('update institution set %I = %s::%s where id = $2', p_field,
                   case when kind like '%[]' then 'string_to_array($1, E''\n'')' when needed then '$1' else 'nullif($1, '''')' end, kind)
        using p_value, p_institution;
end $$;

-- Changes what differs, all or nothing, and writes down what was and what is, with the version that it makes. P_VERSION: what the
-- values were chosen by; another one by now is refused ('changed'); null: whatever it is (the operator's command). Whoever is not the
-- owner shows the hash of an operator's session, by whom the act is then signed, whatever the caller says. Returns the version.
create function institution_change(p_institution bigint, p_version bigint, p_fields text[], p_values text[], p_session bytea,
                                   p_actor text, p_address text, p_log_id text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare i institution; actor text := p_actor; was text; detail jsonb := '{}';
begin
    if session_user <> current_user then
        select 'operator:' || person into actor from session where id_hash = p_session and role = 'operator' and expires_at > now();
        if not found then perform refuse('session'); end if;
    end if;
    select * into i from institution where id = p_institution for no key update;
    if not found then perform refuse('institution'); end if;
    if i.version <> p_version then perform refuse('changed'); end if;
    if cardinality(p_fields) <> cardinality(p_values) then perform refuse('field'); end if;
    for k in 1 .. cardinality(p_fields) loop
        if not exists (select from institution_field where name = p_fields[k]) then perform refuse('field'); end if;
        was := institution_value(i, p_fields[k]);
        continue when was = p_values[k];
        perform institution_put(p_institution, p_fields[k], p_values[k]);
        detail := detail || jsonb_build_object(p_fields[k], jsonb_build_object('old', was, 'new', p_values[k]));
    end loop;
    if detail = '{}' then return i.version; end if;
    update institution set version = i.version + 1 where id = p_institution;
    perform audit(actor, p_institution, null, 'institution-changed', p_address, p_log_id,
                  detail || jsonb_build_object('version', jsonb_build_object('old', i.version, 'new', i.version + 1)));
    return i.version + 1;
end $$;

revoke execute on function institution_value, institution_put, institution_change from public;
grant execute on function institution_value, institution_change to inkan_portal;
grant select on institution_field to inkan_portal;
