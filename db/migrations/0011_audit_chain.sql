-- The audit as a chain: each event once, in an order of its own, each hash over the one before. Who changes, takes away or slips
-- in a row must make all later hashes anew, and those are signed by the signer, whose log has them too.

-- No foreign keys here: what they point at is never deleted, so they would cost time at each event and keep nothing.

-- What waits for its place.
create table event_unchained (event bigint primary key);

create table event_chain (
    seq   bigint primary key check (seq > 0),
    event bigint not null unique,
    hash  bytea not null check (length(hash) = 32)
);
create table event_head (
    seq  bigint primary key,
    hash bytea not null check (length(hash) = 32),
    at   timestamptz not null,
    cms  bytea not null                  -- RFC 5652, over the text of ca/head.h
);
create trigger event_chain_is_kept before update or delete or truncate on event_chain execute function event_is_kept();
create trigger event_head_is_kept before update or delete or truncate on event_head execute function event_is_kept();

create function event_is_queued() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into event_unchained values (new.id);
    return null;
end $$;
create trigger event_is_queued after insert on event for each row execute function event_is_queued();
insert into event_unchained select id from event;

-- What is hashed, and exported as it is: jsonb writes the same text for the same value.
create function event_text(e event, p_seq bigint) returns text language sql stable as $$
    select jsonb_build_object('seq', p_seq, 'id', e.id, 'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                              'actor', e.actor, 'institution', e.institution, 'request', e.request, 'what', e.what,
                              'address', e.address, 'log_id', e.log_id, 'detail', e.detail)::text
$$;

-- One transaction at a time, on all nodes; who comes second has nothing to do. Returns how many events have their place now.
create function chain_events(p_most integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare e event; s bigint; h bytea; n integer := 0;
begin
    if not pg_try_advisory_xact_lock(hashtext('event_chain')) then return 0; end if;
    select seq, hash into s, h from event_chain order by seq desc limit 1;
    s := coalesce(s, 0);
    h := coalesce(h, decode(repeat('00', 32), 'hex'));
    for e in select event.* from event_unchained u join event on event.id = u.event order by u.event limit p_most loop
        s := s + 1;
        h := sha256(h || convert_to(event_text(e, s), 'UTF8'));
        insert into event_chain (seq, event, hash) values (s, e.id, h);
        delete from event_unchained where event = e.id;
        n := n + 1;
    end loop;
    return n;
end $$;

revoke execute on function event_is_queued, event_text, chain_events from public;
grant execute on function chain_events to inkan_worker;
grant select on event_chain to inkan_portal, inkan_worker, inkan_signer;
grant select on event_head to inkan_portal, inkan_signer;
grant insert on event_head to inkan_signer;
