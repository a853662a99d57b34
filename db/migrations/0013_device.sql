-- Pickup for the device: the same PKCS#12 in a signed configuration profile, and an institution's own rules for passwords.

-- From the first time that it is asked for until the PKCS#12 goes: a signature made anew would differ, and a repeat must not.
alter table pickup add column mobileconfig bytea;
alter table pickup add check (mobileconfig is null or pkcs12 is not null);

-- ra/password.h says what may stand here; empty: the service's own bounds.
alter table institution add column password_rule text not null default '' check (length(password_rule) <= 200);

-- The first to commit one wins; the one that counts is returned.
create function pickup_keep_mobileconfig(p_pickup bigint, p_pin_hash bytea, p_bytes bytea)
returns bytea language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup;
begin
    select * into p from pickup where id = p_pickup for update;
    if not found or p.ended is not null or p.pkcs12 is null or p.locked_at is not null or p.pin_hash <> p_pin_hash
        or p.content_type <> 'application/x-pkcs12' then
        perform refuse('pickup');
    end if;
    if p.mobileconfig is not null then return p.mobileconfig; end if;
    update pickup set mobileconfig = p_bytes where id = p_pickup;
    return p_bytes;
end $$;
revoke execute on function pickup_keep_mobileconfig from public;
grant execute on function pickup_keep_mobileconfig to inkan_portal;

-- As in 0002, and the profile goes with the file.
create or replace function pickup_end(p_request bigint, p_cycle integer, p_why text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p pickup; c certificate;
begin
    update pickup set ended = p_why, ended_at = now(), key_locked = null, pkcs12 = null, mobileconfig = null, pin_hash = null,
        pin_sealed = null, new_pin_at = null, resend_at = null
        where request = p_request and cycle = p_cycle and ended is null returning * into p;
    if found and p.collected_at is null then
        for c in select * from certificate where pickup = p.id and revoked_at is null loop
            perform certificate_revoke(c.issuer, c.serial, 'cessationOfOperation', 'pickup ended: ' || p_why);
        end loop;
    end if;
end $$;
