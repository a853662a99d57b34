-- As in 0011, and whoever gives places to events is told at once: the audit is whole a moment after the act.
create or replace function event_is_queued() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into event_unchained values (new.id);
    perform pg_notify('inkan_event', '');
    return null;
end $$;
