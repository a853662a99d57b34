-- As in 0015, with the name in full: the index over memos is made anew when a dump comes back, and pg_restore has an empty
-- search_path then.
create or replace function desk_fold(p_text text) returns text language sql immutable parallel safe as $$
    select left(replace(public.desk_words(p_text), ' ', ''), 64)
$$;
