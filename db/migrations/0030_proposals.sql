-- Two officers for one act (C7), and officers who apply on behalf of a person (C3). What an institution's two_officers names becomes
-- a proposal; another officer confirms it, and the act is carried out in the transaction of that confirmation.

-- Who stands behind an actor of the audit: the person's number, whatever the role was ('officer:7' and 'operator:7' are one human);
-- other actors are themselves.
create function actor_who(p_actor text) returns text language sql immutable parallel safe as $$
    select case when p_actor ~ '^[a-z]+:[0-9]+$' then split_part(p_actor, ':', 2) else p_actor end
$$;

create table proposal (
    id            bigint generated always as identity primary key,
    institution   bigint not null references institution,
    kind          text not null check (kind in ('revoke-many', 'approve', 'new-pin', 'apply', 'renew')),
    person        bigint not null references person,        -- whom it is about
    request       bigint references request,
    detail        jsonb not null default '{}',              -- reason, numbers (none: everything); type, months, memo, mail
    note          text not null check (words_fit(note)),
    proposer      text not null,
    proposed_at   timestamptz not null default now(),
    ends_at       timestamptz not null,
    state         text not null default 'open' check (state in ('open', 'done', 'declined', 'withdrawn', 'ended')),
    decided_by    text,
    decided_at    timestamptz,
    decision      text not null default '' check (words_fit(decision)),
    check ((request is not null) = (kind in ('approve', 'new-pin', 'renew'))),
    check ((state = 'open') = (decided_at is null) and (state = 'open') = (decided_by is null)),
    -- The rule itself: nobody is the second officer of the own proposal, in whatever role and by whatever program.
    constraint proposal_two_officers check (state not in ('done', 'declined') or actor_who(decided_by) <> actor_who(proposer)),
    constraint proposal_own check (state <> 'withdrawn' or actor_who(decided_by) = actor_who(proposer))
);
create index proposal_waits on proposal (institution, id) where state = 'open';
create index proposal_ends on proposal (ends_at) where state = 'open';
create index proposal_decided on proposal (institution, decided_at) where state <> 'open';
-- One at a time about the same thing. Several applications for one person are several things.
create unique index proposal_once on proposal (kind, person, coalesce(request, 0)) where state = 'open' and kind <> 'apply';

-- What was proposed stays as it was, is decided once, and is never forgotten.
create function proposal_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'open' and new.state <> 'open'
       and (new.institution, new.kind, new.person, new.request, new.detail, new.note, new.proposer, new.proposed_at, new.ends_at)
           is not distinct from
           (old.institution, old.kind, old.person, old.request, old.detail, old.note, old.proposer, old.proposed_at, old.ends_at) then
        return new;
    end if;
    raise exception 'proposal-kept' using errcode = 'IK000';
end $$;
create trigger proposal_is_kept before update or delete on proposal for each row execute function proposal_is_kept();

create function proposal_audit(p proposal, p_what text, p_actor text, p_words text, p_address text, p_log_id text)
returns void language sql as $$
    select audit(p_actor, p.institution, p.request, p_what, p_address, p_log_id, jsonb_strip_nulls(jsonb_build_object(
        'proposal', p.id, 'act', p.kind, 'person', p.person, 'proposer', p.proposer, 'note', nullif(p_words, ''),
        'reason', p.detail -> 'reason', 'numbers', p.detail -> 'numbers')))
$$;

-- P_DAYS null: the caller has no way to propose, so the act is refused.
create function proposal_add(p_kind text, p_person bigint, p_request bigint, p_detail jsonb, p_note text, p_actor text,
                             p_address text, p_log_id text, p_days bigint)
returns bigint language plpgsql as $$
declare p proposal;
begin
    if p_days is null then perform refuse('two-officers'); end if;
    if not words_fit(coalesce(p_note, '')) then perform refuse('note'); end if;
    insert into proposal (institution, kind, person, request, detail, note, proposer, ends_at)
        select institution, p_kind, p_person, p_request, jsonb_strip_nulls(p_detail), coalesce(p_note, ''), p_actor,
               now() + make_interval(days => p_days::integer) from person where id = p_person
        on conflict do nothing returning * into p;
    if not found then perform refuse('proposed'); end if;
    perform proposal_audit(p, 'propose', p_actor, p.note, p_address, p_log_id);
    return p.id;
end $$;

create function two_officers_for(p_institution bigint, p_act text) returns boolean language sql stable as $$
    select p_act = any (two_officers) from institution where id = p_institution
$$;

-- --- What is carried out. P_MORE goes into the audit row of the act: who proposed it. ---------------------------------------

create function desk_revoke_with(p_institution bigint, p_person bigint, p_numbers bigint[], p_memo text, p_detail jsonb, p_actor text,
                                 p_address text, p_log_id text, out revoked integer, out withdrawn integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint; s text;
begin
    revoked := 0;
    withdrawn := 0;
    if not exists (select from person where id = p_person and (p_institution is null or institution = p_institution)) then
        perform refuse('request');
    end if;
    for n in select number from request where person = p_person and (p_institution is null or institution = p_institution)
        and (p_numbers is null or number = any (p_numbers)) and (p_memo is null or memo = p_memo)
        and state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready') order by number loop
        -- The state under the lock decides: another act may have come first.
        select state into s from request where number = n for update;
        if s in ('collected', 'renewing', 'renew_ready') then
            perform request_step(n, 'revoke', p_actor, p_address, p_log_id, p_detail, null, null);
            revoked := revoked + 1;
        elsif s in ('applied', 'approval', 'ready') then
            perform request_step(n, 'withdraw', p_actor, p_address, p_log_id, p_detail, null, null);
            withdrawn := withdrawn + 1;
        end if;
    end loop;
    if revoked + withdrawn = 0 then perform refuse('state'); end if;
end $$;

-- As in 0015, in one officer's hands; for other functions, no role's door any more.
create or replace function desk_revoke(p_institution bigint, p_person bigint, p_numbers bigint[], p_memo text, p_reason text,
                                       p_note text, p_actor text, p_address text, p_log_id text, out revoked integer,
                                       out withdrawn integer)
language sql security definer set search_path = public, pg_temp as $$
    select * from desk_revoke_with(p_institution, p_person, p_numbers, p_memo,
                                   jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'note', nullif(p_note, ''))),
                                   p_actor, p_address, p_log_id)
$$;

-- One request: approve, refuse, renew, or what the worker is asked for (new-pin, which unlocks too, and resend). The words that come
-- with a refusal are its reason and go to the owner, with the mail of the step; with every other act they are a note, for officers
-- alone. Where the step itself mails nothing that says so, the owner hears of the officer's act by a mail of its own.
create function desk_act_with(p_institution bigint, p_number bigint, p_event text, p_words text, p_more jsonb, p_actor text,
                              p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare words text := nullif(p_words, ''); said text := p_event; locked boolean;
begin
    perform from request where number = p_number and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if not coalesce(words_fit(words), true) then perform refuse('note'); end if;
    if p_event = 'refuse' then
        if words is null then perform refuse('refusal'); end if;
        perform request_step(p_number, p_event, p_actor, p_address, p_log_id, jsonb_build_object('refusal', words), null, null);
    elsif p_event in ('approve', 'renew') then
        perform request_step(p_number, p_event, p_actor, p_address, p_log_id,
                             jsonb_strip_nulls(jsonb_build_object('note', words)) || p_more, null, null);
    elsif p_event in ('new-pin', 'resend') then
        select bool_or(locked_at is not null) into locked from pickup where request = p_number and ended is null and collected_at is null;
        if p_event = 'new-pin' and locked then said := 'unlock'; end if;
        perform pickup_ask(p_number, p_event, p_actor, p_address, p_log_id);
    else
        perform refuse('what');
    end if;
    if p_event in ('new-pin', 'renew') then
        perform queue_mail(p_number, 'officer-act', jsonb_build_object('event', said), null);
    end if;
end $$;

-- A certificate for a person, by an officer: every rule of the institution holds as for the person's own application (the row's
-- trigger), the URL goes to the person's mailbox, and no PIN to the officer. A profile that asks for a kind of login refuses: the
-- person has not logged in for this.
create function desk_apply_with(p_person bigint, p_type text, p_months bigint, p_memo text, p_mail text, p_words text, p_more jsonb,
                                p_actor text, p_address text, p_log_id text)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint; home bigint;
begin
    if not coalesce(words_fit(nullif(p_words, '')), true) or not words_fit(p_memo) then perform refuse('note'); end if;
    insert into request (person, type, months, memo, mail) values (p_person, p_type, p_months, p_memo, p_mail)
        returning number, institution into n, home;
    perform audit(p_actor, home, n, 'apply', p_address, p_log_id,
                  jsonb_strip_nulls(jsonb_build_object('note', nullif(p_words, ''))) || p_more);
    perform queue_mail(n, 'officer-act', '{"event": "apply"}', null);
    return n;
end $$;

-- --- The doors: an act, or its proposal where the institution wants two officers ---------------------------------------------

-- Certificates of one device, and so each single one, never wait: a stolen laptop must not find the second officer at lunch. The
-- owner (an actor 'person:N') needs nobody.
create function officer_revoke(p_institution bigint, p_person bigint, p_numbers bigint[], p_memo text, p_reason text, p_note text,
                               p_actor text, p_address text, p_log_id text, p_days bigint, out revoked integer,
                               out withdrawn integer, out proposal bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare home bigint; devices bigint;
begin
    select institution into home from person where id = p_person and (p_institution is null or institution = p_institution);
    if not found then perform refuse('request'); end if;
    if p_actor not like 'person:%' and p_memo is null and two_officers_for(home, 'revoke-many') then
        select count(distinct memo) into devices from request where person = p_person
            and (p_numbers is null or number = any (p_numbers))
            and state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready');
        if devices > 1 then
            if p_reason is null or not p_reason = any ('{keyCompromise,superseded,cessationOfOperation,affiliationChanged,unspecified}') then
                perform refuse('reason');
            end if;
            revoked := 0;
            withdrawn := 0;
            proposal := proposal_add('revoke-many', p_person, null, jsonb_build_object('reason', p_reason, 'numbers', to_jsonb(p_numbers)),
                                     p_note, p_actor, p_address, p_log_id, p_days);
            return;
        end if;
    end if;
    select d.revoked, d.withdrawn into revoked, withdrawn
        from desk_revoke(p_institution, p_person, p_numbers, p_memo, p_reason, p_note, p_actor, p_address, p_log_id) d;
end $$;

-- Returns the proposal; null where the act is done.
create function officer_act(p_institution bigint, p_number bigint, p_event text, p_words text, p_actor text, p_address text,
                            p_log_id text, p_days bigint)
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; act text := case p_event when 'renew' then 'apply' else p_event end;
begin
    select * into r from request where number = p_number and (p_institution is null or institution = p_institution);
    if not found then perform refuse('request'); end if;
    if act in ('approve', 'new-pin', 'apply') and two_officers_for(r.institution, act) then
        if not exists (select from request_transition where state = r.state and event = p_event) then perform refuse('state'); end if;
        return proposal_add(p_event, r.person, p_number, '{}', p_words, p_actor, p_address, p_log_id, p_days);
    end if;
    perform desk_act_with(p_institution, p_number, p_event, p_words, '{}', p_actor, p_address, p_log_id);
    return null;
end $$;

create function officer_apply(p_institution bigint, p_person bigint, p_type text, p_months bigint, p_memo text, p_mail text,
                              p_words text, p_actor text, p_address text, p_log_id text, p_days bigint, out number bigint,
                              out proposal bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare home bigint; rule text;
begin
    select institution into home from person where id = p_person and (p_institution is null or institution = p_institution);
    if not found then perform refuse('request'); end if;
    if not two_officers_for(home, 'apply') then
        number := desk_apply_with(p_person, p_type, p_months, p_memo, p_mail, p_words, '{}', p_actor, p_address, p_log_id);
        return;
    end if;
    -- What would be refused in the end is refused now.
    rule := coalesce(request_refusal(p_person, p_type, p_months::integer, p_mail, false),
                     assurance_refusal(profile_now(p_type, p_months::integer), '', '{}'));
    if rule is not null then perform refuse(rule); end if;
    if not words_fit(p_memo) then perform refuse('note'); end if;
    proposal := proposal_add('apply', p_person, null,
        jsonb_build_object('type', p_type, 'months', p_months, 'memo', p_memo, 'mail', p_mail), p_words, p_actor, p_address, p_log_id, p_days);
end $$;

-- --- Deciding ----------------------------------------------------------------------------------------------------------------

-- The proposal under its lock, still open; whoever comes second finds it decided.
create function proposal_take(p_institution bigint, p_id bigint) returns proposal language plpgsql as $$
declare p proposal;
begin
    select * into p from proposal where id = p_id and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if p.state <> 'open' then perform refuse('decided'); end if;
    if p.ends_at <= now() then perform refuse('proposal-ended'); end if;
    return p;
end $$;

-- Carries it out; NUMBER is the request that an application made.
create function proposal_confirm(p_institution bigint, p_id bigint, p_words text, p_actor text, p_address text, p_log_id text,
                                 out number bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare p proposal := proposal_take(p_institution, p_id); more jsonb;
begin
    if actor_who(p_actor) = actor_who(p.proposer) then perform refuse('same-officer'); end if;
    update proposal set state = 'done', decided_by = p_actor, decided_at = now(), decision = coalesce(p_words, '') where id = p_id;
    perform proposal_audit(p, 'confirm', p_actor, p_words, p_address, p_log_id);
    more := jsonb_build_object('proposal', p.id, 'proposer', p.proposer);
    number := p.request;
    if p.kind = 'revoke-many' then
        perform desk_revoke_with(p.institution, p.person,
            (select array_agg(n::bigint) from jsonb_array_elements_text(p.detail -> 'numbers') n), null,
            jsonb_strip_nulls(jsonb_build_object('reason', p.detail -> 'reason', 'note', nullif(p.note, ''))) || more,
            p_actor, p_address, p_log_id);
    elsif p.kind = 'apply' then
        number := desk_apply_with(p.person, p.detail ->> 'type', (p.detail ->> 'months')::bigint, p.detail ->> 'memo',
                                  p.detail ->> 'mail', p.note, more, p_actor, p_address, p_log_id);
    else
        perform desk_act_with(p.institution, p.request, p.kind, p.note, more, p_actor, p_address, p_log_id);
    end if;
end $$;

create function proposal_decline(p_institution bigint, p_id bigint, p_words text, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p proposal := proposal_take(p_institution, p_id);
begin
    if actor_who(p_actor) = actor_who(p.proposer) then perform refuse('same-officer'); end if;
    if coalesce(p_words, '') = '' then perform refuse('refusal'); end if;
    update proposal set state = 'declined', decided_by = p_actor, decided_at = now(), decision = p_words where id = p_id;
    perform proposal_audit(p, 'decline', p_actor, p_words, p_address, p_log_id);
end $$;

create function proposal_withdraw(p_institution bigint, p_id bigint, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare p proposal := proposal_take(p_institution, p_id);
begin
    if actor_who(p_actor) <> actor_who(p.proposer) then perform refuse('other-officer'); end if;
    update proposal set state = 'withdrawn', decided_by = p_actor, decided_at = now() where id = p_id;
    perform proposal_audit(p, 'proposal-withdrawn', p_actor, '', p_address, p_log_id);
end $$;

-- The worker ends what nobody has decided; returns how many.
create function proposal_end(p_now timestamptz, p_most bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare p proposal; n bigint := 0;
begin
    for p in select * from proposal where state = 'open' and ends_at <= p_now order by ends_at limit p_most for update skip locked loop
        update proposal set state = 'ended', decided_by = 'worker', decided_at = now() where id = p.id;
        perform proposal_audit(p, 'proposal-ended', 'worker', '', '', '');
        n := n + 1;
    end loop;
    return n;
end $$;

drop function desk_act;
revoke execute on function desk_revoke from inkan_portal;
revoke execute on function actor_who, proposal_is_kept, proposal_audit, proposal_add, two_officers_for, desk_revoke_with, desk_revoke,
    desk_act_with, desk_apply_with, officer_revoke, officer_act, officer_apply, proposal_take, proposal_confirm, proposal_decline,
    proposal_withdraw, proposal_end from public;
grant select on proposal to inkan_portal;
grant execute on function actor_who, officer_revoke, officer_act, officer_apply, proposal_confirm, proposal_decline, proposal_withdraw
    to inkan_portal;
grant execute on function proposal_end to inkan_worker;
