-- What the signer is about to sign, committed before it signs: so a certificate that nobody knows of cannot come to be. Where the
-- signer breaks off, another of its processes ends the intent: by its log it knows whether the signature was made.
create table intent (
    id          bigint generated always as identity primary key,
    issuer      text not null references issuer,
    serial      text not null check (serial ~ '^[0-9a-f]{38,40}$'),
    request     bigint not null references request,
    pickup      bigint not null references pickup,
    log         text not null,                -- which log shows the signature,
    log_at      bigint not null,              -- after this byte
    tbs         bytea,                        -- TBSCertificate; once stored it is in the certificate
    spki_sha256 bytea not null,
    key_kind    text not null,
    predecessor text,
    state       text not null default 'intended' check (state in ('intended', 'stored', 'revoked', 'void')),
    made_at     timestamptz not null default now(),
    ended_at    timestamptz,
    unique (issuer, serial),
    check ((state = 'intended') = (ended_at is null)),
    check (tbs is not null or state in ('stored', 'revoked'))
);
create unique index intent_open on intent (pickup, log) where state = 'intended';
create index intent_open_key on intent (spki_sha256) where state = 'intended';
create index intent_of_request on intent (request);

create function intent_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.state in ('stored', 'revoked')
       or (new.issuer, new.serial, new.request, new.pickup, new.spki_sha256)
          is distinct from (old.issuer, old.serial, old.request, old.pickup, old.spki_sha256) then
        raise exception 'intent-kept' using errcode = 'IK000';
    end if;
    return new;
end $$;
create trigger intent_is_kept before update or delete on intent for each row execute function intent_is_kept();

-- May this pickup have a certificate now? Its row and the request's must be locked or shared before.
create function pickup_is_open(p_pickup bigint) returns boolean language sql stable as $$
    select k.ended is null and k.locked_at is null and k.collected_at is null and k.cycle = r.cycle
           and r.state in ('ready', 'renew_ready')
    from pickup k join request r on r.number = k.request where k.id = p_pickup
$$;

-- The insert waits for whoever holds request or pickup for an end, a revocation or a new PIN; only the look after it is final.
create function intent_begin(p_issuer text, p_serial text, p_request bigint, p_pickup bigint, p_log text, p_log_at bigint, p_tbs bytea,
                             p_spki bytea, p_key_kind text, p_predecessor text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint;
begin
    insert into intent (issuer, serial, request, pickup, log, log_at, tbs, spki_sha256, key_kind, predecessor)
        values (p_issuer, p_serial, p_request, p_pickup, p_log, p_log_at, p_tbs, p_spki, p_key_kind, p_predecessor) returning id into n;
    if not coalesce(pickup_is_open(p_pickup), false)
       or not exists (select from pickup where id = p_pickup and request = p_request) then
        perform refuse('pickup');
    end if;
    return n;
end $$;

-- The certificate of an intent, with its audit row: 'stored', or 'revoked' at once where the pickup ended meanwhile, has another
-- certificate, or the key was blocked: it was signed, so it has a row, but nobody gets it. An intent that is ended says how.
create function intent_store(p_id bigint, p_der bytea, p_subject text, p_fingerprint bytea, p_log_id text)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare n intent; k pickup; r request; blocked boolean; why text;
begin
    select * into n from intent where id = p_id for update;
    if not found then perform refuse('intent'); end if;
    if n.state <> 'intended' then return n.state; end if;
    if position(n.tbs in p_der) = 0 then perform refuse('intent-bytes'); end if;
    -- The request first, then the pickup: the same order as request_step.
    select * into r from request where number = n.request for key share;
    select * into k from pickup where id = n.pickup for no key update;
    blocked := exists (select from blocked_key where spki_sha256 = n.spki_sha256);
    if blocked then
        why := 'keyCompromise';
    elsif not pickup_is_open(k.id) or exists (select from certificate where pickup = k.id and revoked_at is null) then
        why := 'cessationOfOperation';
    end if;
    insert into certificate (issuer, serial, request, pickup, shard, der, subject, spki_sha256, fingerprint, not_before, not_after,
                             key_kind, predecessor, revoked_at, reason, revoked_by)
        values (n.issuer, n.serial, n.request, n.pickup, 0, p_der, p_subject, n.spki_sha256, p_fingerprint, k.not_before,
                k.not_after, n.key_kind, n.predecessor, case when why is not null then date_trunc('second', now()) end, why,
                case when why is not null then 'signer: never delivered' end);
    perform audit('signer', r.institution, n.request, 'issue', '', p_log_id,
                  jsonb_strip_nulls(jsonb_build_object('issuer', n.issuer, 'serial', n.serial, 'revoked', why)));
    if why is not null then insert into job (kind, issuer) values ('publish', n.issuer); end if;
    update intent set state = case when why is null then 'stored' else 'revoked' end, ended_at = now(), tbs = null where id = p_id;
    return case when why is null then 'stored' else 'revoked' end;
end $$;

-- It was never signed.
create function intent_void(p_id bigint) returns void language sql security definer set search_path = public, pg_temp as $$
    update intent set state = 'void', ended_at = now() where id = p_id and state = 'intended'
$$;

-- A certificate comes to be by an intent alone.
revoke insert on certificate from inkan_signer;
grant select on intent to inkan_signer;
revoke execute on function intent_is_kept, pickup_is_open, intent_begin, intent_store, intent_void from public;
grant execute on function intent_begin, intent_store, intent_void to inkan_signer;
