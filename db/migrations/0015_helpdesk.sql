-- The helpdesk: who may look for whom, how people and requests are found among ten million, and the doors for an officer's acts.
-- Every function takes the officer's institution (null: an operator, who sees all) and keeps to it by itself.

-- 'revoker': an officer who may look and revoke, nothing else (S002 has such a role for branches).
alter table session drop constraint session_role_check;
alter table session add constraint session_role_check check (role in ('person', 'revoker', 'officer', 'operator'));

-- --- Finding people ---------------------------------------------------------------------------------------------------------

-- Words of a name however they are typed: width and case alike, accents dropped, katakana as hiragana, the long vowel mark
-- dropped; what parts words becomes a space. Rules in SQL, so that an index, a trigger and a question can never differ.
create function desk_words(p_text text) returns text language sql immutable parallel safe as $$
    select trim(regexp_replace(translate(
        normalize(regexp_replace(normalize(lower(normalize(p_text, NFKC)), NFKD), '[\u0300-\u036f]', '', 'g'), NFC),
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶー',
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ'),
        '[\s.,:;!?''"`()<>/\\|_+*&#=~\[\]{}\u2010-\u2015\u2018-\u201f\u3001\u3002\u30fb\u301c-]+', ' ', 'g'))
$$;

-- As keys are stored and asked for: without the spaces, so that 鏡花子 and 鏡 花子, sato.hanako and Sato Hanako are one.
create function desk_fold(p_text text) returns text language sql immutable parallel safe as $$
    select left(replace(desk_words(p_text), ' ', ''), 64)
$$;

-- What a person is found by, each from its beginning: the words of each name in every turn (family or given name first), a name
-- in kanji or kana from each of its characters, identifier and addresses.
create function desk_keys(p person) returns setof text language plpgsql stable as $$
declare name text; words text[]; whole text;
begin
    foreach name in array array[p.display_name, p.display_name_ja, coalesce(p.common_name, '')] loop
        words := string_to_array(desk_words(name), ' ');
        for i in 1 .. least(cardinality(words), 8) loop
            return next left(array_to_string(words[i:] || words[:i - 1], ''), 64);
        end loop;
        whole := desk_fold(name);
        if whole ~ '[\u3040-\u30ff\u3400-\u9fff]' then
            for i in 2 .. least(length(whole), 20) loop return next substr(whole, i); end loop;
        end if;
    end loop;
    return next desk_fold(p.identifier);
    return query select desk_fold(m) from unnest(p.mails) m;
end $$;

create table person_key (
    institution bigint not null,
    key         text not null collate "C",
    person      bigint not null references person,
    primary key (institution, key, person)
);
create index person_key_of_person on person_key (person, key);

create function person_is_keyed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from person_key where person = new.id;
    insert into person_key (institution, key, person)
        select distinct new.institution, k, new.id from desk_keys(new) k where k <> '';
    return null;
end $$;
create trigger person_is_keyed_first after insert on person for each row execute function person_is_keyed();
-- Most logins bring nothing new.
create trigger person_is_keyed after update on person for each row
    when ((old.institution, old.identifier, old.display_name, old.display_name_ja, old.common_name, old.mails)
          is distinct from (new.institution, new.identifier, new.display_name, new.display_name_ja, new.common_name, new.mails))
    execute function person_is_keyed();
insert into person_key (institution, key, person)
    select distinct p.institution, k, p.id from person p cross join lateral desk_keys(p) k where k <> '';

-- --- Finding requests -------------------------------------------------------------------------------------------------------

create index request_desk_end on request (institution, not_after, number);
create index request_desk_state on request (institution, state, not_after, number);
create index request_desk_memo on request (institution, desk_fold(memo) collate "C", number) where memo <> '';
create index pickup_locked on pickup (request) where locked_at is not null and ended is null;
create index outbox_failed on outbox (request, cycle) where state = 'failed' and event = 'ready';

-- --- Acting -----------------------------------------------------------------------------------------------------------------

-- Everything of a person (p_numbers and p_memo null), what has that memo, or those numbers: certificates are revoked, and what is
-- not collected yet is withdrawn, since its URL may lie on the lost device. One act, all or nothing; each request has its own
-- audit row with reason and note, and its owner the mails of these steps. Returns how many of each.
create function desk_revoke(p_institution bigint, p_person bigint, p_numbers bigint[], p_memo text, p_reason text, p_note text,
                            p_actor text, p_address text, p_log_id text, out revoked integer, out withdrawn integer)
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint; s text; detail jsonb := jsonb_strip_nulls(jsonb_build_object('reason', p_reason, 'note', nullif(p_note, '')));
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
            perform request_step(n, 'revoke', p_actor, p_address, p_log_id, detail, null, null);
            revoked := revoked + 1;
        elsif s in ('applied', 'approval', 'ready') then
            perform request_step(n, 'withdraw', p_actor, p_address, p_log_id, detail, null, null);
            withdrawn := withdrawn + 1;
        end if;
    end loop;
    if revoked + withdrawn = 0 then perform refuse('state'); end if;
end $$;

-- One request: approve, refuse, or what the worker is asked for (new-pin, which unlocks too, and resend). Where the step itself
-- mails nothing that says so, the owner hears of the officer's act by a mail of its own.
create function desk_act(p_institution bigint, p_number bigint, p_event text, p_note text, p_actor text, p_address text, p_log_id text)
returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare detail jsonb := jsonb_strip_nulls(jsonb_build_object('note', nullif(p_note, '')));
begin
    perform from request where number = p_number and (p_institution is null or institution = p_institution) for update;
    if not found then perform refuse('request'); end if;
    if p_event in ('approve', 'refuse') then
        perform request_step(p_number, p_event, p_actor, p_address, p_log_id, detail, null, null);
    elsif p_event in ('new-pin', 'resend') then
        perform pickup_ask(p_number, p_event, p_actor, p_address, p_log_id);
    else
        perform refuse('what');
    end if;
    if p_event = 'new-pin' then
        perform queue_mail(p_number, 'officer-act', jsonb_build_object('event', p_event), null);
    end if;
end $$;

revoke execute on function desk_words, desk_fold, desk_keys, person_is_keyed, desk_revoke, desk_act from public;
grant execute on function desk_words, desk_fold, desk_revoke, desk_act to inkan_portal;
-- The index over memos is kept by whoever changes a request.
grant execute on function desk_words, desk_fold to inkan_worker;
grant select on person_key to inkan_portal;
