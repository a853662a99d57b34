-- Who looked for a pickup's certificate before another process stored it, and begins only afterwards, must look again: else a second
-- one is signed, which nobody gets (it would be stored as revoked at once).
create or replace function intent_begin(p_issuer text, p_serial text, p_request bigint, p_pickup bigint, p_log text, p_log_at bigint,
                                        p_tbs bytea, p_spki bytea, p_key_kind text, p_predecessor text, p_shard bigint)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint;
begin
    -- Waits for whoever ends an intent of this pickup just now; what that one stored is seen by the statements below.
    insert into intent (issuer, serial, request, pickup, log, log_at, tbs, spki_sha256, key_kind, predecessor, shard)
        values (p_issuer, p_serial, p_request, p_pickup, p_log, p_log_at, p_tbs, p_spki, p_key_kind, p_predecessor, p_shard::integer)
        returning id into n;
    if not coalesce(pickup_is_open(p_pickup), false)
       or not exists (select from pickup where id = p_pickup and request = p_request) then
        perform refuse('pickup');
    end if;
    if exists (select from certificate where pickup = p_pickup and revoked_at is null) then
        raise exception 'the pickup has its certificate' using errcode = 'unique_violation';
    end if;
    return n;
end $$;
