-- Keys that never get a certificate again, whoever asks: of certificates that were revoked as compromised (in the transaction
-- of the revocation), and those that an operator names.
create table blocked_key (
    spki_sha256 bytea primary key check (length(spki_sha256) = 32),   -- SHA-256 of the SubjectPublicKeyInfo
    why         text not null check (why in ('revoked', 'operator')),
    note        text not null default '' check (length(note) <= 200),
    blocked_at  timestamptz not null default now()
);

create function blocked_key_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'key-kept' using errcode = 'IK000';
end $$;
create trigger blocked_key_is_kept before update or delete or truncate on blocked_key
    for each statement execute function blocked_key_is_kept();

create function certificate_blocks_key() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- Whatever a row holds for its key, the revocation must not fail on it.
    insert into blocked_key (spki_sha256, why, note)
        select new.spki_sha256, 'revoked', new.issuer || ' ' || new.serial where length(new.spki_sha256) = 32
        on conflict (spki_sha256) do nothing;
    return null;
end $$;
create trigger certificate_blocks_key after insert or update of reason on certificate
    for each row when (new.reason = 'keyCompromise') execute function certificate_blocks_key();

insert into blocked_key (spki_sha256, why, note)
    select distinct on (spki_sha256) spki_sha256, 'revoked', issuer || ' ' || serial from certificate
    where reason = 'keyCompromise' and length(spki_sha256) = 32 order by spki_sha256, revoked_at;

revoke execute on function blocked_key_is_kept, certificate_blocks_key from public;
grant select on blocked_key to inkan_signer;
