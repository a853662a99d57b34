-- Federation metadata at scale, and MDQ as the other kind of source.

-- Of a source: what it is, and what the next fetch needs to know of the last good copy.
alter table metadata_source
    add column kind        text not null default 'aggregate' check (kind in ('aggregate', 'mdq', 'manual')),
    add column location    text not null default '',      -- where it is fetched from, for people who read the status
    add column skipped     integer not null default 0,    -- entities of the last good copy that could not be used
    add column changed     integer not null default 0,    -- rows that the last good copy wrote or took away
    add column pin         bytea not null default '',     -- by what the last good copy was judged: another pin, another judgement
    add column etag        text not null default '',
    add column modified    text not null default '',      -- Last-Modified, as the server wrote it
    add column asked_at    timestamptz;                   -- the last time that the server answered, also 'not modified'
update metadata_source set kind = 'manual' where name = 'manual';

-- A copy ends as a whole with its source's valid_until. So a row's own is only what the entity, or a group that it stands in,
-- says beyond that ('infinity': nothing): a new copy whose entities did not change touches one row, that of the source.
-- hash: of all that was read of the entity; what is alike is not written again.
alter table idp add column hash bytea not null default '';

-- Descriptors are most of the bytes, and their compression most of the time of writing them. Where the server was built without
-- lz4 it keeps its own way.
do $$ begin
    alter table idp alter column xml set compression lz4;
exception when feature_not_supported or invalid_parameter_value then
    null;
end $$;

-- MDQ: one row for each entity that an institution has and each source that is asked for it.
create table idp_fetch (
    source     text not null references metadata_source,
    entity_id  text not null,
    etag       text not null default '',
    modified   text not null default '',
    pin        bytea not null default '',
    fetched_at timestamptz,                   -- the last good answer: the entity, 'not modified', or 'there is none'
    absent     boolean not null default false, -- the last good answer was 'there is none'
    due_at     timestamptz not null default '-infinity',
    failed_at  timestamptz,
    error      text not null default '',
    primary key (source, entity_id)
);
create index idp_fetch_due on idp_fetch (due_at);

-- The worker asks for an IdP's metadata as soon as an institution has it, and forgets it when none has.
create trigger institution_idp_tell after insert or delete or update on institution_idp
    for each statement execute function tell('inkan_idp');

grant select, insert, update, delete on idp_fetch to inkan_worker;
