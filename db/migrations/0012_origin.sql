-- Who made the key of a certificate. That no other copy of it exists is the person's claim; the service knows its own keys, and
-- how a request came that it did not make: 'csr' sent by the person, 'browser' by the page's own script. Null: never collected.
alter table certificate
    add column key_origin text check (key_origin in ('service', 'csr', 'browser'));

update certificate c set key_origin = case k.content_type when 'application/x-pkcs12' then 'service' else 'csr' end
    from pickup k where k.id = c.pickup and k.collected_at is not null and k.content_type is not null;

-- As in 0001; and where the key was made is said once.
create or replace function certificate_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'certificate-kept' using errcode = 'IK000';
    end if;
    if (old.revoked_at is not null and (new.revoked_at is distinct from old.revoked_at or new.reason is distinct from old.reason))
       or (old.published is not null and new.published is distinct from old.published)
       or (old.key_origin is not null and new.key_origin is distinct from old.key_origin)
       or (new.der, new.request, new.pickup, new.not_before, new.not_after, new.shard)
          is distinct from (old.der, old.request, old.pickup, old.not_before, old.not_after, old.shard) then
        raise exception 'certificate-kept' using errcode = 'IK000';
    end if;
    return new;
end $$;

-- As in 0002, with where the key was made.
drop function pickup_collect(bigint, bytea, bytea, text, boolean, text, text, text, text);
create function pickup_collect(p_pickup bigint, p_pin_hash bytea, p_bytes bytea, p_content_type text, p_own_password boolean,
                               p_key_origin text, p_serial text, p_actor text, p_address text, p_log_id text)
returns bytea language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; n bigint; tz text;
begin
    select request into n from pickup where id = p_pickup;
    perform from request where number = n for update;
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.locked_at is not null or p.pin_hash <> p_pin_hash then perform refuse('pickup'); end if;
    if p.collected_at is not null then return p.pkcs12; end if;
    update certificate set key_origin = p_key_origin where pickup = p.id and serial = p_serial and revoked_at is null;
    if not found then perform refuse('certificate'); end if;
    select time_zone into tz from service;
    update pickup set pkcs12 = p_bytes, content_type = p_content_type, own_password = p_own_password, key_locked = null, pin_sealed = null,
        collected_at = now(), new_pin_at = null, resend_at = null,
        keep_until = (((now() at time zone tz)::date + 1) + time '23:59:59') at time zone tz
        where id = p_pickup;
    perform request_step(p.request, 'collect', p_actor, p_address, p_log_id,
                         jsonb_build_object('serial', p_serial, 'key_origin', p_key_origin), null, null);
    return p_bytes;
end $$;
revoke execute on function pickup_collect from public;
grant execute on function pickup_collect to inkan_portal;
