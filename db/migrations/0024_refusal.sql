-- An officer who refuses a request says why, and its owner reads that; and which acts of an institution's officers need two of them.

-- What is in it is carried out only once another officer has confirmed it: revoke-many (certificates of one person that are not all
-- of one device; one certificate and one device never wait), approve, new-pin, apply (and renew) on behalf of a person.
alter table institution add column two_officers text[] not null default '{}'
    check (two_officers <@ '{revoke-many,approve,new-pin,apply}');
insert into institution_field values ('two_officers');

-- One line of somebody's own words: what breaks a line, controls a terminal or turns the reading direction is no part of it.
create function words_fit(p_text text) returns boolean language sql immutable parallel safe as $$
    select length(p_text) <= 200 and p_text !~ '[[:cntrl:]\u0080-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
$$;

-- As in 0015. The words that come with a refusal are its reason and go to the owner, with the mail of the step; with every other act
-- they are a note, for officers alone.
create or replace function desk_act(p_institution bigint, p_number bigint, p_event text, p_note text, p_actor text, p_address text,
                                    p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare words text := nullif(p_note, ''); locked boolean;
begin
    perform from request where number = p_number and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if not coalesce(words_fit(words), true) then perform refuse('note'); end if;
    if p_event = 'refuse' then
        if words is null then perform refuse('refusal'); end if;
        perform request_step(p_number, p_event, p_actor, p_address, p_log_id, jsonb_build_object('refusal', words), null, null);
    elsif p_event = 'approve' then
        perform request_step(p_number, p_event, p_actor, p_address, p_log_id,
                             jsonb_strip_nulls(jsonb_build_object('note', words)), null, null);
    elsif p_event in ('new-pin', 'resend') then
        select bool_or(locked_at is not null) into locked from pickup where request = p_number and ended is null and collected_at is null;
        perform pickup_ask(p_number, p_event, p_actor, p_address, p_log_id);
    else
        perform refuse('what');
    end if;
    if p_event = 'new-pin' then
        perform queue_mail(p_number, 'officer-act', jsonb_build_object('event', case when locked then 'unlock' else p_event end), null);
    end if;
end $$;

-- As in 0002; who waits for an officer's approval is told so.
create or replace function request_follow() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.state = 'applied' then insert into job (kind, request) values ('issue', new.number); end if;
    if new.state = 'approval' then perform queue_mail(new.number, 'approval', null, null); end if;
    return null;
end $$;

revoke execute on function words_fit from public;
