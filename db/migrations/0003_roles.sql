-- Roles: one a process, each with what it needs and no more. They are of the cluster, so they may be there already.
-- Passwords are set by `inkan migrate` from the connection settings, never here.

do $$
declare r text;
begin
    foreach r in array '{inkan_portal,inkan_worker,inkan_signer,inkan_responder}'::text[] loop
        if not exists (select from pg_roles where rolname = r) then execute format('create role %I login', r); end if;
    end loop;
end $$;

revoke create on schema public from public;
revoke execute on all functions in schema public from public;
alter default privileges in schema public revoke execute on functions from public;
grant usage on schema public to inkan_portal, inkan_worker, inkan_signer, inkan_responder;
-- Used by checks, defaults and triggers of whoever writes.
grant execute on function validity_end, mail_domain_allowed, subject_text, profile_now, service_role, refuse, tell, crl_only_rises, certificate_is_kept,
    event_is_kept to inkan_portal, inkan_worker, inkan_signer, inkan_responder;

-- portal: reads; writes the rows behind its cookies; asks for steps through the doors. It may insert a request, but subject,
-- mail, type and state of a row are out of its reach; it cannot make a pickup, a PIN or a certificate.
grant select on service, institution, institution_idp, person, request, request_transition, pickup, certificate, issuer, profile,
    crl, event, idp, metadata_source, notice to inkan_portal;
grant select (id, request, cycle, event, recipient, state, tries, created_at, next_at, sent_at, error) on outbox to inkan_portal;
grant insert (person, type, months, memo, mail), update (memo) on request to inkan_portal;
grant insert (institution, idp, identifier, display_name, display_name_ja, common_name, mails, affiliation, language),
    update (display_name, display_name_ja, common_name, mails, affiliation, language, notices, seen_at) on person to inkan_portal;
grant select, insert, update, delete on session, login, assertion_seen, form_used to inkan_portal;
grant execute on function audit, request_step, request_refusal, pickup_try, pickup_keep_key, pickup_reopen, pickup_collect,
    pickup_done, pickup_ask to inkan_portal;

-- worker: jobs, mails, pickups and their ends, metadata.
grant select on service, institution, institution_idp, person, request, request_transition, pickup, certificate, issuer, profile,
    crl, event, idp, metadata_source, notice, job, outbox to inkan_worker;
grant update, delete on job to inkan_worker;
grant insert on job to inkan_worker;
grant update (state, tries, next_at, sent_at, error, sealed) on outbox to inkan_worker;
grant insert on pickup to inkan_worker;
grant update (token_hash, resend_at, ending_mailed) on pickup to inkan_worker;
grant insert on notice to inkan_worker;
grant select, insert, update, delete on idp, metadata_source to inkan_worker;
grant select, delete on session, login, assertion_seen, form_used to inkan_worker;
grant execute on function audit, request_step, request_hold, pickup_new_pin, pickup_erase, certificate_supersede to inkan_worker;

-- signer: reads what a certificate is made of, of a pickup only what decides whether it is open; adds certificates and CRLs.
-- It cannot revoke, nor make a request, a pickup or a PIN.
grant select on service, institution, request, certificate, issuer, profile, crl to inkan_signer;
grant select (id, institution) on person to inkan_signer;
grant select (id, request, cycle, not_before, not_after, token_hash, locked_at, expires_at, collected_at, ended) on pickup to inkan_signer;
grant insert on certificate to inkan_signer;
grant update (published) on certificate to inkan_signer;
grant update (crl_number) on issuer to inkan_signer;
grant insert, update on crl to inkan_signer;
grant execute on function audit to inkan_signer;

-- responder: what OCSP says, no more.
grant select on issuer to inkan_responder;
grant select (issuer, serial, not_after, revoked_at, reason) on certificate to inkan_responder;
