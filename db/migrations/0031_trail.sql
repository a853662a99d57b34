-- The audit as officers read it: an institution's events by day, by kind, by who did them; paged by the event's id, which rises with
-- time but for transactions that overlap.

create index event_desk on event (institution, id);
create index event_desk_what on event (institution, what, id);
create index event_desk_actor on event (actor, id);

-- The lowest id whose event is not before p_at, found by halves over the primary key, so that no index over times is needed; behind
-- the last one where there is none. To the minute or so: whoever asks takes a margin and looks at each row's time.
create function event_bound(p_at timestamptz) returns bigint language plpgsql stable as $$
declare lo bigint; hi bigint; mid bigint; t timestamptz;
begin
    select min(id), max(id) + 1 into lo, hi from event;
    if lo is null then return 0; end if;
    while lo < hi loop
        mid := lo + (hi - lo) / 2;
        select at into t from event where id >= mid order by id limit 1;
        if t < p_at then lo := mid + 1; else hi := mid; end if;
    end loop;
    return lo;
end $$;
revoke execute on function event_bound from public;
-- What is exported as JSON is the text that was hashed.
grant execute on function event_bound, event_text to inkan_portal;
