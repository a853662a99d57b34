-- Certificates are found by their SHA-1 too, which many systems still show as 'the' fingerprint. PostgreSQL has no sha1() of its own,
-- so the worker reckons it. A table beside certificate, since ten million of those would have to be written anew for a column.

create table certificate_sha1 (
    sha1    bytea not null check (length(sha1) = 20),
    request bigint not null,             -- no foreign key: requests are never deleted
    primary key (sha1, request)
);

-- New certificates wait here for the worker, for seconds.
create table certificate_new (
    issuer text not null,
    serial text not null,
    primary key (issuer, serial)
);
create function certificate_is_new() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into certificate_new values (new.issuer, new.serial) on conflict do nothing;
    return null;
end $$;
create trigger certificate_is_new after insert on certificate for each row execute function certificate_is_new();

-- How far the worker is among those that were there before.
create table certificate_walk (
    one    boolean primary key default true check (one),
    issuer text not null default '',
    serial text not null default '',
    ended  boolean not null default false
);
insert into certificate_walk default values;

revoke execute on function certificate_is_new from public;
grant select on certificate_sha1 to inkan_portal;
grant select, insert on certificate_sha1 to inkan_worker;
-- Update, which nobody makes use of, is what locking a row takes.
grant select, delete, update (issuer) on certificate_new to inkan_worker;
-- One worker at a time locks its row.
grant select, update (issuer, serial, ended) on certificate_walk to inkan_worker;
