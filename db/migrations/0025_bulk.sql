-- Bulk (C4): a file of lines is looked at as a whole before any of it is done, then carried out line by line. What a kind of file
-- does is one function, bulk_KIND(batch, cells, do): the dry run and the act are the same code, so that they cannot differ.

create table batch (
    id          bigint generated always as identity primary key,
    institution bigint not null references institution,
    kind        text not null check (kind ~ '^[a-z][a-z0-9_]{0,30}$'),
    name        text not null check (length(name) <= 200),               -- of the file, as the browser said it
    sha256      bytea not null check (length(sha256) = 32),
    lines       integer not null,
    state       text not null default 'checked' check (state in ('checked', 'started', 'done', 'withdrawn')),
    made_by     bigint not null references person,
    made_at     timestamptz not null default now(),
    started_by  bigint references person,
    started_at  timestamptz,
    actor       text not null default '',                                -- of the audit rows, from the start on
    address     text not null default '',
    ended_at    timestamptz
);
-- The same file leads to the batch that it made, unless that was withdrawn.
create unique index batch_stands on batch (institution, kind, sha256) where state <> 'withdrawn';
create index batch_of_institution on batch (institution, id desc);
create index batch_running on batch (id) where state = 'started';

-- fate: will (be done), skip (it is so already), bad (cannot be done); then done, failed, or left (the batch was withdrawn).
create table batch_line (
    batch    bigint not null references batch,
    line     integer not null,                                           -- of the file, from 1
    cells    jsonb not null,                                             -- column: text
    fate     text not null check (fate in ('will', 'skip', 'bad', 'done', 'failed', 'left')),
    reason   text not null default '',                                   -- one word
    field    text not null default '',                                   -- the column that it is about
    key      text not null default '',                                   -- what two lines of a file may not both be about
    request  bigint references request,
    at       timestamptz,
    primary key (batch, line)
);
create index batch_line_waiting on batch_line (batch, line) where fate = 'will';
create index batch_line_of_request on batch_line (request) where request is not null;

create type bulk_fate as (fate text, reason text, field text, key text, request bigint);

-- --- The kinds --------------------------------------------------------------------------------------------------------------

-- The request that a line names by its number, by a serial (of any certificate of it; several where digits can be read in two
-- ways), or by both, of the batch's institution. 0: there is none, -1: the two do not belong together.
create function bulk_request(p_batch batch, p_cells jsonb) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare by_number bigint; by_serial bigint;
begin
    if p_cells ? 'number' then
        select number into by_number from request
            where number = (p_cells ->> 'number')::bigint and institution = p_batch.institution;
        if not found then return 0; end if;
    end if;
    if p_cells ? 'serial' then
        select q.number into by_serial from issuer i cross join unnest(string_to_array(p_cells ->> 'serial', ' ')) s (serial)
            cross join lateral (select request from certificate where issuer = i.name and serial = s.serial) c
            join request q on q.number = c.request
            where q.institution = p_batch.institution limit 1;
        if not found then return 0; end if;
    end if;
    if by_number <> by_serial then return -1; end if;
    return coalesce(by_number, by_serial, 0);
end $$;

-- Certificates of the request are revoked; what nobody has collected yet is withdrawn.
create function bulk_revoke(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint := bulk_request(p_batch, p_cells); s text; event text; detail jsonb;
    field text := case when p_cells ? 'number' then 'number' else 'serial' end;
begin
    if n = 0 then return ('bad', 'unknown', field, '', null)::bulk_fate; end if;
    if n < 0 then return ('bad', 'other', 'serial', '', null)::bulk_fate; end if;
    if p_do then
        select state into s from request where number = n for update;
    else
        select state into s from request where number = n;
    end if;
    event := case when s in ('collected', 'renewing', 'renew_ready') then 'revoke'
                  when s in ('applied', 'approval', 'ready') then 'withdraw' end;
    if event is null then
        return ('skip', case when s in ('revoking', 'revoked') then 'revoked' else 'ended' end, '', '', n)::bulk_fate;
    end if;
    if p_do then
        detail := jsonb_build_object('reason', p_cells ->> 'reason', 'batch', p_batch.id);
        if p_cells ? 'note' then detail := detail || jsonb_build_object('note', p_cells ->> 'note'); end if;
        perform request_step(n, event, p_batch.actor, p_batch.address, 'batch-' || p_batch.id, detail, null, null);
    end if;
    return (case when p_do then 'done' else 'will' end, event, '', 'request ' || n, n)::bulk_fate;
end $$;

-- --- A batch ------------------------------------------------------------------------------------------------------------------

create function batch_counts(p_batch bigint) returns jsonb language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(jsonb_object_agg(fate, n), '{}') from
        (select fate, count(*) as n from batch_line where batch = p_batch group by fate) c
$$;

-- Keeps a file's lines, each {"n": line, "c": {column: text}} with "bad" and "field" where it cannot be read, and looks at all of
-- them. fresh is false where the same file stands already: then nothing is done and id is the earlier one's.
create function batch_keep(p_institution bigint, p_kind text, p_name text, p_sha256 bytea, p_person bigint, p_lines text[],
                           p_actor text, p_address text, p_log_id text, out id bigint, out fresh boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch;
begin
    if to_regprocedure(format('bulk_%s(batch, jsonb, boolean)', p_kind)) is null then perform refuse('kind'); end if;
    insert into batch (institution, kind, name, sha256, lines, made_by)
        values (p_institution, p_kind, p_name, p_sha256, cardinality(p_lines), p_person)
        on conflict (institution, kind, sha256) where state <> 'withdrawn' do nothing returning * into b;
    fresh := found;
    if not fresh then
        select o.id into id from batch o where institution = p_institution and kind = p_kind and sha256 = p_sha256
            and state <> 'withdrawn';
        if not found then perform refuse('state'); end if; -- withdrawn at this very moment
        return;
    end if;
    id := b.id;
    insert into batch_line (batch, line, cells, fate, reason, field)
        select b.id, (e ->> 'n')::integer, coalesce(e -> 'c', '{}'), 'bad', e ->> 'bad', coalesce(e ->> 'field', '')
        from unnest(p_lines) l cross join lateral (select l::jsonb as e) j where e ? 'bad';
    execute format('insert into batch_line (batch, line, cells, fate, reason, field, key, request)'
        ' select $1.id, (e ->> ''n'')::integer, e -> ''c'', f.fate, f.reason, f.field, f.key, f.request'
        ' from unnest($2) l cross join lateral (select l::jsonb as e) j'
        ' cross join lateral %I($1, e -> ''c'', false) f where not e ? ''bad''', 'bulk_' || p_kind) using b, p_lines;
    update batch_line l set fate = 'skip', reason = 'twice' from
        (select line, row_number() over (partition by key order by line) as place from batch_line
         where batch = b.id and fate = 'will' and key <> '') d
        where l.batch = b.id and l.line = d.line and d.place > 1;
    perform audit(p_actor, p_institution, null, 'batch-check', p_address, p_log_id, jsonb_build_object('batch', b.id, 'kind', p_kind,
        'sha256', encode(p_sha256, 'hex'), 'lines', b.lines, 'counts', batch_counts(b.id)));
end $$;

-- What was checked is to be done, by whom. p_institution null: an operator.
create function batch_start(p_institution bigint, p_batch bigint, p_person bigint, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch;
begin
    select * into b from batch where id = p_batch and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if b.state <> 'checked' or not exists (select from batch_line where batch = p_batch and fate = 'will') then
        perform refuse('state');
    end if;
    update batch set state = 'started', started_by = p_person, started_at = now(), actor = p_actor, address = coalesce(p_address, '')
        where id = p_batch;
    perform audit(p_actor, b.institution, null, 'batch-start', p_address, p_log_id,
                  jsonb_build_object('batch', p_batch, 'kind', b.kind, 'counts', batch_counts(p_batch)));
    perform pg_notify('inkan_batch', '');
end $$;

-- What is not done yet is left undone. A line that is being carried out ends first.
create function batch_withdraw(p_institution bigint, p_batch bigint, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch;
begin
    select * into b from batch where id = p_batch and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if b.state not in ('checked', 'started') then perform refuse('state'); end if;
    update batch set state = 'withdrawn', ended_at = now() where id = p_batch;
    update batch_line set fate = 'left', reason = '' where batch = p_batch and fate = 'will';
    perform audit(p_actor, b.institution, null, 'batch-withdraw', p_address, p_log_id,
                  jsonb_build_object('batch', p_batch, 'kind', b.kind, 'counts', batch_counts(p_batch)));
end $$;

-- The next line to carry out, locked: others pass it over, and with a process that dies the lock is gone and the line waits again.
-- 0 where there is none now; batches that have nothing left are done then.
create function batch_take(out batch bigint, out line integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch;
begin
    select w.batch, w.line into batch, line from batch o join batch_line w on w.batch = o.id and w.fate = 'will'
        where o.state = 'started' order by o.id, w.line limit 1 for update of w skip locked;
    if found then return; end if;
    batch := 0;
    line := 0;
    for b in update batch o set state = 'done', ended_at = now() where o.state = 'started'
        and not exists (select from batch_line w where w.batch = o.id and w.fate = 'will') returning o.* loop
        perform audit(b.actor, b.institution, null, 'batch-done', b.address, 'batch-' || b.id,
                      jsonb_build_object('batch', b.id, 'kind', b.kind, 'counts', batch_counts(b.id)));
    end loop;
end $$;

-- Carries out one line, once: what it does and that it is done are one transaction. A rule that says no is the line's fate.
create function batch_run(p_batch bigint, p_line integer) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare b batch; l batch_line; f bulk_fate;
begin
    select * into b from batch where id = p_batch and state = 'started';
    if not found then return; end if;
    select * into l from batch_line where batch = p_batch and line = p_line and fate = 'will' for update;
    if not found then return; end if;
    begin
        execute format('select f.* from %I($1, $2, true) f', 'bulk_' || b.kind) into f using b, l.cells;
    exception when sqlstate 'IK000' then
        f := ('failed', sqlerrm, '', '', l.request)::bulk_fate;
    end;
    update batch_line set fate = case f.fate when 'bad' then 'failed' else f.fate end, reason = f.reason, field = f.field,
        request = coalesce(f.request, l.request), at = now() where batch = p_batch and line = p_line;
end $$;

-- A line that fails for a reason that is no rule of ours does not stand in the way of the others for ever.
create function batch_give_up(p_batch bigint, p_line integer) returns void
language sql security definer set search_path = public, pg_temp as $$
    update batch_line set fate = 'failed', reason = 'broken', at = now() where batch = p_batch and line = p_line and fate = 'will'
$$;

revoke execute on function bulk_request, bulk_revoke, batch_counts, batch_keep, batch_start, batch_withdraw, batch_take, batch_run, batch_give_up
    from public;
grant execute on function batch_keep, batch_start, batch_withdraw, batch_take, batch_run, batch_give_up to inkan_portal;
grant select on batch, batch_line to inkan_portal;
