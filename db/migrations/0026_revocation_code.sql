-- The revocation code of a request (H2): who has it revokes without a login, when the laptop is gone and the IdP is down. One a
-- request, for all its certificates, those of later renewals too; a new one ends the old one. 100 random bits, so the hash alone
-- guards it and guesses need no count.

create table revocation_code (
    request bigint primary key references request,
    hash    bytea not null check (length(hash) = 32),
    made_at timestamptz not null default now()
);

-- Keeps the hash of a new code. False where there is a code and it is not to be replaced. p_person null: whoever holds the pickup.
create function revocation_code_keep(p_number bigint, p_person bigint, p_hash bytea, p_replace boolean, p_actor text, p_address text,
                                     p_log_id text)
returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; had boolean;
begin
    select * into r from request where number = p_number for update;
    if not found or r.person <> coalesce(p_person, r.person) then perform refuse('request'); end if;
    if r.state not in ('collected', 'renewing', 'renew_ready') then perform refuse('state'); end if;
    had := exists (select from revocation_code where request = p_number);
    if had and not p_replace then return false; end if;
    insert into revocation_code (request, hash) values (p_number, p_hash)
        on conflict (request) do update set hash = excluded.hash, made_at = now();
    perform audit(p_actor, r.institution, p_number, case when had then 'code-replaced' else 'code-made' end, p_address, p_log_id, '{}');
    return true;
end $$;

-- Revokes by the code: the request's certificates, or with p_all everything of its owner that has the same memo. 'done'; 'already';
-- 'ended': nothing is left to revoke. Refused "code" where the hash is not the request's.
create function revocation_code_use(p_number bigint, p_hash bytea, p_all boolean, p_reason text, p_address text, p_log_id text)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare r request; actor constant text := 'revocation-code';
begin
    select * into r from request where number = p_number for update;
    if not exists (select from revocation_code where request = p_number and hash = p_hash) then perform refuse('code'); end if;
    if r.state in ('revoking', 'revoked') then return 'already'; end if;
    if r.state not in ('collected', 'renewing', 'renew_ready') then return 'ended'; end if;
    if p_all and r.memo <> '' then
        perform desk_revoke(null, r.person, null, r.memo, p_reason, '', actor, p_address, p_log_id);
        return 'done';
    end if;
    perform request_step(p_number, 'revoke', actor, p_address, p_log_id, jsonb_build_object('reason', p_reason), null, null);
    return 'done';
end $$;

revoke execute on function revocation_code_keep, revocation_code_use from public;
grant select on revocation_code to inkan_portal;
grant execute on function revocation_code_keep, revocation_code_use to inkan_portal;
