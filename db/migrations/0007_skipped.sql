-- IdPs of the last good copy that could not be used, and why: what an operator asks when somebody's IdP is not on the list.
create table metadata_skipped (
    source    text not null references metadata_source,
    entity_id text not null,
    why       text not null,
    primary key (source, entity_id)
);

grant select, insert, update, delete on metadata_skipped to inkan_worker;

-- The cacheDuration of the last answer: a later "not modified" does not say it again.
alter table idp_fetch add column cache integer not null default 0 check (cache >= 0);

-- For the metrics.
grant select on idp_fetch to inkan_portal;
