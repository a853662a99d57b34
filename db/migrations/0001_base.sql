-- The tables of Inkan. Constraints and functions here carry the rules that must never break; the programs are not the only
-- guard. Times are timestamptz; days are reckoned in service.time_zone. Refusals are raised with SQLSTATE IK000 and a message
-- that is one word (the rule), which db/db.h hands on as DB_ERROR_REFUSED.

create table service (
    one        boolean primary key default true check (one),
    time_zone  text not null
);

-- The end of a validity: 23:59:59, in the service's time zone, of the day of FROM_AT plus MONTHS by calendar.
create function validity_end(from_at timestamptz, months integer) returns timestamptz
language sql stable as $$
    select (((from_at at time zone s.time_zone)::date + make_interval(months => months))::date + time '23:59:59')
           at time zone s.time_zone
    from service s
$$;

-- --- Who: institutions, their IdPs, persons -------------------------------------------------------------------------------

create table institution (
    id             bigint generated always as identity primary key,
    name           text not null unique check (length(name) between 1 and 200),
    name_ja        text not null default '',
    country        text not null default 'JP' check (country ~ '^[A-Z]{2}$'),
    locality       text not null default 'Academe' check (locality ~ '^[ -~]{1,64}$'),
    organization   text not null check (organization ~ '^[ -~]{1,64}$'),
    unit           text check (unit ~ '^[ -~]{1,64}$'),
    mail_domains   text[] not null default '{}',          -- lower case; one with a leading dot allows everything below it
    types          text[] not null default '{client,smime}' check (types <@ '{client,smime}'),
    months         integer[] not null default '{52,25,13}' check (months <@ '{52,25,13}'),
    approval       boolean not null default false,
    pin_mail       boolean not null default true,
    grace_days     integer check (grace_days between 0 and 3650),  -- null: a renewed certificate runs out by itself
    max_active     integer not null default 20 check (max_active between 1 and 1000000),
    identifier     text not null default 'subject-id'
                   check (identifier in ('subject-id', 'pairwise-id', 'eduPersonPrincipalName', 'eduPersonTargetedID', 'persistent')),
    helpdesk_name  text not null default '',
    helpdesk_mail  text not null default '',
    helpdesk_phone text not null default ''
);

create table institution_idp (
    entity_id    text primary key check (length(entity_id) between 1 and 1024),
    institution  bigint not null references institution
);

create table person (
    id              bigint generated always as identity primary key,
    institution     bigint not null references institution,
    idp             text not null,
    identifier      text not null check (length(identifier) between 1 and 1024),
    display_name    text not null,
    display_name_ja text not null default '',
    common_name     text check (common_name ~ '^[ -~]{1,64}$'),   -- null: the IdP sends no name in ASCII
    mails           text[] not null default '{}',
    affiliation     text[] not null default '{}',
    language        text not null default 'ja' check (language in ('ja', 'en')),
    notices         boolean not null default true,
    first_seen      timestamptz not null default now(),
    seen_at         timestamptz not null default now(),
    unique (institution, idp, identifier)
);

-- --- The authority: issuers, profiles, CRLs ---------------------------------------------------------------------------------

create table issuer (
    name        text primary key check (name ~ '^[a-z][a-z0-9-]{0,30}$'),   -- in URLs: /ca/NAME.cer, /crl/NAME.crl
    parent      text references issuer,                                    -- null for a root
    certificate bytea not null,                                            -- DER
    key_name    text not null,                                             -- file name in the signer's key folder
    crl_number  bigint not null default 0,
    created_at  timestamptz not null default now()
);

create table profile (
    id          bigint generated always as identity primary key,
    name        text not null,
    type        text not null check (type in ('client', 'smime')),
    months      integer not null check (months between 1 and 120),
    issuer      text not null references issuer,
    subject     text not null default 'dn' check (subject in ('dn', 'mail')),  -- dn: C L O OU 'No N' CN; mail: CN = address only
    key_usage   text[] not null,
    extended    text[] not null,                                           -- extended key usage, dotted OIDs
    policies    text[] not null default '{}',                              -- certificate policies, dotted OIDs
    key_kinds   text[] not null default '{rsa2048,rsa3072,rsa4096,p256,p384}',  -- the first is made by default
    valid_from  timestamptz not null default now(),
    valid_to    timestamptz,
    unique (name, valid_from)
);

create table crl (
    issuer      text not null references issuer,
    shard       integer not null check (shard >= -1),                      -- -1: the full CRL
    number      bigint not null,
    this_update timestamptz not null,
    next_update timestamptz not null,
    der         bytea not null,
    primary key (issuer, shard)
);

create function crl_only_rises() returns trigger language plpgsql as $$
begin
    if new.number <= old.number or new.this_update < old.this_update then
        raise exception 'crl-order' using errcode = 'IK000';
    end if;
    return new;
end $$;
create trigger crl_only_rises before update on crl for each row execute function crl_only_rises();

-- --- Requests, pickups, certificates ------------------------------------------------------------------------------------------

create table request_transition (
    state       text not null,
    event       text not null,
    next_state  text not null,
    mail        text,            -- the mail to the owner that the step queues
    who         text[] not null, -- who may make it: portal, worker (role names without inkan_)
    primary key (state, event)
);

insert into request_transition (state, event, next_state, mail, who) values
    ('approval',    'approve',    'applied',     null,            '{portal}'),
    ('approval',    'refuse',     'refused',     'refused',       '{portal}'),
    ('approval',    'withdraw',   'lapsed',      'lapsed',        '{portal}'),
    ('applied',     'withdraw',   'lapsed',      'lapsed',        '{portal}'),
    ('applied',     'pin-issued', 'ready',       'ready',         '{worker}'),
    ('ready',       'withdraw',   'lapsed',      'lapsed',        '{portal}'),
    ('ready',       'lapse',      'lapsed',      'lapsed',        '{worker}'),
    ('ready',       'ending',     'ready',       'pickup-ending', '{worker}'),
    ('ready',       'lock',       'ready',       'pickup-locked', '{portal}'),
    ('ready',       'new-pin',    'ready',       null,            '{worker}'),
    ('ready',       'resend',     'ready',       'ready',         '{worker}'),
    ('ready',       'collect',    'collected',   'collected',     '{portal}'),
    ('collected',   'renew',      'renewing',    null,            '{portal}'),
    ('collected',   'revoke',     'revoking',    null,            '{portal}'),
    ('collected',   'expire',     'expired',     'expired',       '{worker}'),
    ('collected',   'remind',     'collected',   'renewal-due',   '{worker}'),
    ('renewing',    'pin-issued', 'renew_ready', 'ready',         '{worker}'),
    ('renewing',    'withdraw',   'collected',   'lapsed',        '{portal}'),
    ('renewing',    'revoke',     'revoking',    null,            '{portal}'),
    ('renewing',    'remind',     'renewing',    'renewal-due',   '{worker}'),
    ('renew_ready', 'withdraw',   'collected',   'lapsed',        '{portal}'),
    ('renew_ready', 'lapse',      'collected',   'lapsed',        '{worker}'),
    ('renew_ready', 'ending',     'renew_ready', 'pickup-ending', '{worker}'),
    ('renew_ready', 'lock',       'renew_ready', 'pickup-locked', '{portal}'),
    ('renew_ready', 'new-pin',    'renew_ready', null,            '{worker}'),
    ('renew_ready', 'resend',     'renew_ready', 'ready',         '{worker}'),
    ('renew_ready', 'collect',    'collected',   'collected',     '{portal}'),
    ('renew_ready', 'revoke',     'revoking',    null,            '{portal}'),
    ('renew_ready', 'remind',     'renew_ready', 'renewal-due',   '{worker}'),
    ('revoking',    'published',  'revoked',     'revoked',       '{worker}');

create table request (
    number        bigint generated always as identity primary key,
    person        bigint not null references person,
    institution   bigint not null references institution,
    profile       bigint not null references profile,
    type          text not null,
    months        integer not null,
    memo          text not null default '' check (length(memo) <= 200),
    mail          text not null check (length(mail) between 3 and 254),
    state         text not null check (state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready',
                                                 'revoking', 'revoked', 'expired', 'refused', 'lapsed')),
    applied_at    timestamptz not null default now(),  -- of the request; never changes
    cycle         integer not null default 1,          -- 1 for the issue, one more for each renewal
    cycle_at      timestamptz not null,                -- when this cycle was applied for: notBefore
    cycle_end     timestamptz not null,                -- notAfter of this cycle
    not_before    timestamptz not null,                -- of the certificate in hand; planned until one is collected
    not_after     timestamptz not null,
    country       text not null,
    locality      text not null,
    organization  text not null,
    unit          text,
    common_name   text not null
);
-- One person's list comes from the index alone.
create index request_of_person on request (person, number desc)
    include (type, months, state, applied_at, not_before, not_after, memo, cycle);
create index request_waiting on request (state, number) where state in ('applied', 'approval', 'renewing', 'revoking');
create index request_ending on request (not_after) where state in ('collected', 'renewing', 'renew_ready');

create table pickup (
    id            bigint generated always as identity primary key,
    request       bigint not null references request,
    cycle         integer not null,
    not_before    timestamptz not null,
    not_after     timestamptz not null,
    token_hash    bytea not null unique check (length(token_hash) = 32),
    pin_salt      bytea not null,
    pin_hash      bytea,                               -- null once erased
    pin_sealed    bytea,                               -- until collected; associated data 'pickup:REQUEST:CYCLE'
    pin_mail      boolean not null,                    -- the institution's policy when it was made
    tries         integer not null default 0,
    locked_at     timestamptz,
    new_pin_at    timestamptz,                         -- a new PIN was asked for and is not there yet
    resend_at     timestamptz,                         -- a new URL was asked for and is not there yet
    key_kind      text,
    key_locked    bytea,                               -- PKCS#8 under the PIN, from 'key made' to 'collected'
    pkcs12        bytea,                               -- from 'collected' to erasure; the chain in PEM where a CSR was sent
    content_type  text,
    own_password  boolean not null default false,      -- the PKCS#12 has a password of the person's own, not the PIN
    made_at       timestamptz not null default now(),
    expires_at    timestamptz not null,                -- uncollected by then: lapses
    ending_mailed boolean not null default false,
    collected_at  timestamptz,
    keep_until    timestamptz,                         -- the same bytes can be fetched until then
    ended_at      timestamptz,
    ended         text check (ended in ('done', 'erased', 'lapse', 'withdraw', 'revoke')),
    unique (request, cycle),
    check (ended is null or (key_locked is null and pkcs12 is null and pin_hash is null and pin_sealed is null))
);
create index pickup_open on pickup (expires_at) where ended is null;
create index pickup_of_renewal on pickup (collected_at) where cycle > 1 and collected_at is not null;

create table certificate (
    issuer        text not null references issuer,
    serial        text not null check (serial ~ '^[0-9a-f]{38,40}$'),
    request       bigint not null references request,
    pickup        bigint not null references pickup,
    shard         integer not null default 0,
    der           bytea not null,
    subject       text not null,                       -- RFC 4514 order turned round, as pages show it
    spki_sha256   bytea not null,
    fingerprint   bytea not null,                      -- SHA-256 of der
    not_before    timestamptz not null,
    not_after     timestamptz not null,
    key_kind      text not null,
    signed_at     timestamptz not null default now(),
    predecessor   text,                                -- serial of the certificate that a renewal replaces
    revoked_at    timestamptz,
    reason        text check (reason in ('keyCompromise', 'superseded', 'cessationOfOperation', 'affiliationChanged', 'unspecified')),
    revoked_by    text,
    published     bigint,                              -- number of the first CRL that carried the revocation
    primary key (issuer, serial),
    check ((revoked_at is null) = (reason is null))
);
create index certificate_of_request on certificate (request, signed_at desc);
-- A pickup gives one certificate: another is possible only after the first was revoked.
create unique index certificate_one_per_pickup on certificate (pickup) where revoked_at is null;
create index certificate_revoked on certificate (issuer, shard) where revoked_at is not null;
create index certificate_unpublished on certificate (issuer) where revoked_at is not null and published is null;
create index certificate_by_fingerprint on certificate (fingerprint);
create index certificate_by_key on certificate (spki_sha256);

-- A revocation is never undone, a certificate never changed or forgotten.
create function certificate_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'certificate-kept' using errcode = 'IK000';
    end if;
    if (old.revoked_at is not null and (new.revoked_at is distinct from old.revoked_at or new.reason is distinct from old.reason))
       or (old.published is not null and new.published is distinct from old.published)
       or (new.der, new.request, new.pickup, new.not_before, new.not_after, new.shard)
          is distinct from (old.der, old.request, old.pickup, old.not_before, old.not_after, old.shard) then
        raise exception 'certificate-kept' using errcode = 'IK000';
    end if;
    return new;
end $$;
create trigger certificate_is_kept before update or delete on certificate for each row execute function certificate_is_kept();

-- --- Jobs, mails, audit -------------------------------------------------------------------------------------------------------

create table job (
    id        bigint generated always as identity primary key,
    kind      text not null check (kind in ('issue', 'new-pin', 'resend', 'publish')),
    request   bigint references request,
    issuer    text references issuer,
    run_at    timestamptz not null default now(),
    tries     integer not null default 0,
    error     text not null default ''
);
create index job_due on job (run_at, id);
create index job_of_request on job (request) where request is not null;

create table outbox (
    id          bigint generated always as identity primary key,
    request     bigint references request,
    cycle       integer not null default 1,
    event       text not null check (event in ('ready', 'pin', 'collected', 'revoked', 'renewal-due', 'expired', 'pickup-locked',
                                               'pickup-ending', 'lapsed', 'approval', 'refused', 'officer-act')),
    recipient   text not null,
    message_id  text not null unique default gen_random_uuid()::text,  -- the local part; the domain is a setting
    detail      jsonb not null default '{}',
    sealed      bytea,                    -- the URL's token or the PIN, until sent; associated data 'mail:REQUEST:CYCLE'
    state       text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
    tries       integer not null default 0,
    created_at  timestamptz not null default now(),
    next_at     timestamptz not null default now(),
    sent_at     timestamptz,
    error       text not null default '',
    check (state = 'waiting' or sealed is null)
);
create index outbox_due on outbox (next_at, id) where state = 'waiting';
create index outbox_of_request on outbox (request, id);

create table notice (
    request bigint not null references request,
    cycle   integer not null,
    days    integer not null,
    sent_at timestamptz not null default now(),
    primary key (request, cycle, days)
);

create table event (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    actor       text not null,            -- person:N, officer:N, operator, worker, signer, holder (URL and PIN, no login), outsider
    institution bigint references institution,
    request     bigint references request,
    what        text not null,
    address     text not null default '', -- where it came from
    log_id      text not null default '', -- the id of the log lines
    detail      jsonb not null default '{}'
);
create index event_of_request on event (request, id) where request is not null;

create function event_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'event-kept' using errcode = 'IK000';
end $$;
create trigger event_is_kept before update or delete or truncate on event execute function event_is_kept();

-- --- The rows behind the portal's cookies ---------------------------------------------------------------------------------------

create table session (
    id_hash       bytea primary key check (length(id_hash) = 32),
    person        bigint not null references person,
    role          text not null default 'person' check (role in ('person', 'officer', 'operator')),
    idp           text not null,
    name_id       text not null default '',
    session_index text not null default '',
    saml          text not null default '',   -- what the library needs for logout
    attributes    jsonb not null default '{}', -- what the IdP sent, for 'what my IdP sent'
    context       text not null default '',   -- AuthnContextClassRef
    created_at    timestamptz not null default now(),
    seen_at       timestamptz not null default now(),
    expires_at    timestamptz not null
);
create index session_of_subject on session (idp, name_id);
create index session_expiry on session (expires_at);

create table login (
    key_hash    bytea primary key check (length(key_hash) = 32),  -- of the RelayState
    cookie_hash bytea not null,
    idp         text not null,
    request_id  text not null,
    saml        text not null,
    return_to   text not null default '',
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index login_expiry on login (expires_at);

create table assertion_seen (
    idp   text not null,
    id    text not null,
    until timestamptz not null,
    primary key (idp, id)
);
create index assertion_seen_expiry on assertion_seen (until);

-- A form that creates something is spent once; sent again, it leads to the same place.
create table form_used (
    key_hash  bytea primary key check (length(key_hash) = 32),
    person    bigint not null references person,
    location  text not null default '',
    used_at   timestamptz not null default now()
);
create index form_used_expiry on form_used (used_at);

-- --- Federation metadata ----------------------------------------------------------------------------------------------------------

create table metadata_source (
    name         text primary key,
    priority     integer not null,           -- the lower wins where two sources have the same entity
    refreshed_at timestamptz,
    valid_until  timestamptz,
    entities     integer not null default 0,
    error        text not null default '',
    failed_at    timestamptz
);

create table idp (
    source        text not null references metadata_source,
    entity_id     text not null,
    xml           text not null,             -- its EntityDescriptor, as verified
    name_en       text not null default '',
    name_ja       text not null default '',
    keywords      text not null default '',
    logo          text not null default '',
    scopes        text[] not null default '{}',
    scope_regexps text[] not null default '{}',
    contact_name  text not null default '',
    contact_mail  text not null default '',
    hidden        boolean not null default false,
    slo           boolean not null default false,
    search        text not null default '',  -- lower-case names, keywords, domains
    valid_until   timestamptz not null,
    primary key (source, entity_id)
);
create index idp_by_entity on idp (entity_id);
