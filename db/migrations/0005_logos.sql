-- Logos of the IdPs that people choose from. Browsers get them from us, never from where metadata points: another host would learn
-- who looks at the page. Only the pictures of our institutions' IdPs are fetched.

-- What was drawn anew from a fetched picture, named by its SHA-256.
create table picture (
    name    text primary key check (name ~ '^[0-9a-f]{64}$'),
    bytes   bytea not null check (length(bytes) between 1 and 262144),   -- PNG
    made_at timestamptz not null default now()
);

-- Which picture an IdP has on the pages of a language, and when to look again.
create table logo (
    entity_id  text not null,
    language   text not null check (language in ('ja', 'en')),
    url_hash   bytea not null check (length(url_hash) = 32),   -- SHA-256 of the URL in metadata: another one is fetched at once
    picture    text references picture,                        -- null: none yet, or what came was no good
    fetched_at timestamptz,
    next_at    timestamptz not null,
    failures   integer not null default 0,
    error      text not null default '',
    primary key (entity_id, language)
);
create index logo_of_picture on logo (picture);

grant select on picture, logo to inkan_portal;
grant select, insert, update, delete on picture, logo to inkan_worker;
