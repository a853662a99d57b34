-- OCSP answers kept ready: signed ahead by a responder and shared by all nodes. Each process may keep
-- copies in memory; inkan_status says which certificate's state has changed, in the transaction of the change.
create table ocsp_response (
    issuer      text not null,
    serial      text not null,
    hash        text not null check (hash in ('sha1', 'sha256')),  -- by which the question names the issuer
    this_update timestamptz not null,
    next_update timestamptz not null,
    der         bytea not null,
    primary key (issuer, serial, hash),
    foreign key (issuer, serial) references certificate,
    check (next_update > this_update)
);
create index ocsp_response_ending on ocsp_response (next_update);
create index ocsp_response_newest on ocsp_response (issuer, this_update);

-- Keeps an answer, unless the certificate's state is another by now. The row's lock makes it one order with a revocation: that
-- comes after and takes the answer away, or came before and the answer is not kept. A newer answer stays.
create function ocsp_keep(p_issuer text, p_serial text, p_hash text, p_revoked boolean, p_this bigint, p_next bigint, p_der bytea)
returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from certificate where issuer = p_issuer and serial = p_serial and (revoked_at is not null) = p_revoked for share;
    if not found then return false; end if;
    insert into ocsp_response as o (issuer, serial, hash, this_update, next_update, der)
        values (p_issuer, p_serial, p_hash, to_timestamp(p_this), to_timestamp(p_next), p_der)
        on conflict (issuer, serial, hash) do update
        set this_update = excluded.this_update, next_update = excluded.next_update, der = excluded.der
        where o.this_update < excluded.this_update;
    return true;
end $$;

create function certificate_tells() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        delete from ocsp_response where issuer = new.issuer and serial = new.serial;
    end if;
    perform pg_notify('inkan_status', new.issuer || ' ' || new.serial);
    return null;
end $$;
create trigger certificate_comes after insert on certificate for each row execute function certificate_tells();
create trigger certificate_tells after update of revoked_at on certificate for each row
    when (new.revoked_at is distinct from old.revoked_at) execute function certificate_tells();

-- A certificate's shard is decided with its intent.
alter table intent add column shard integer not null default 0 check (shard >= 0);
drop function intent_begin(text, text, bigint, bigint, text, bigint, bytea, bytea, text, text);
create function intent_begin(p_issuer text, p_serial text, p_request bigint, p_pickup bigint, p_log text, p_log_at bigint, p_tbs bytea,
                             p_spki bytea, p_key_kind text, p_predecessor text, p_shard bigint)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint;
begin
    insert into intent (issuer, serial, request, pickup, log, log_at, tbs, spki_sha256, key_kind, predecessor, shard)
        values (p_issuer, p_serial, p_request, p_pickup, p_log, p_log_at, p_tbs, p_spki, p_key_kind, p_predecessor, p_shard::integer)
        returning id into n;
    if not coalesce(pickup_is_open(p_pickup), false)
       or not exists (select from pickup where id = p_pickup and request = p_request) then
        perform refuse('pickup');
    end if;
    return n;
end $$;

create or replace function intent_store(p_id bigint, p_der bytea, p_subject text, p_fingerprint bytea, p_log_id text)
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
        values (n.issuer, n.serial, n.request, n.pickup, n.shard, p_der, p_subject, n.spki_sha256, p_fingerprint, k.not_before,
                k.not_after, n.key_kind, n.predecessor, case when why is not null then date_trunc('second', now()) end, why,
                case when why is not null then 'signer: never delivered' end);
    perform audit('signer', r.institution, n.request, 'issue', '', p_log_id,
                  jsonb_strip_nulls(jsonb_build_object('issuer', n.issuer, 'serial', n.serial, 'revoked', why)));
    if why is not null then insert into job (kind, issuer) values ('publish', n.issuer); end if;
    update intent set state = case when why is null then 'stored' else 'revoked' end, ended_at = now(), tbs = null where id = p_id;
    return case when why is null then 'stored' else 'revoked' end;
end $$;

revoke execute on function ocsp_keep, certificate_tells, intent_begin from public;
grant execute on function intent_begin to inkan_signer;
grant execute on function ocsp_keep to inkan_responder;
grant select on ocsp_response to inkan_portal, inkan_worker;
grant select, delete on ocsp_response to inkan_responder;
