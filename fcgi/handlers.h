/*
 * handlers: the functions that the table of routes names, one file for each part of the portal. Each answers X, whose demands
 * (who, CSRF, bounds) have been kept already.
 */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/portal.h"

/* front.c */
void front_page(Exchange *x);
void language_ja(Exchange *x);
void language_en(Exchange *x);
void static_file(Exchange *x);
/* about.c: what others read about this service */
void saml_metadata(Exchange *x);
void own_logo(Exchange *x);
void privacy_page(Exchange *x);
/* discovery.c */
void discovery_page(Exchange *x);
void logo_file(Exchange *x);
/* login.c */
void login_start(Exchange *x);
/* needs.c */
void needs_page(Exchange *x);
/* arrival.c */
void saml_acs(Exchange *x);
/* logout.c */
void logout(Exchange *x);
void logged_out(Exchange *x);
void saml_slo(Exchange *x);
/* certificates.c: the list and applying */
void certificates_list(Exchange *x);
void certificates_apply(Exchange *x);
void certificates_resume(Exchange *x);
void certificate_accepted(Exchange *x);
/* certificate.c: one request */
void certificate_detail(Exchange *x);
void certificate_memo(Exchange *x);
void certificate_renew(Exchange *x);
void certificate_revoke(Exchange *x);
void certificate_withdraw(Exchange *x);
void certificate_new_pin(Exchange *x);
void certificate_resend(Exchange *x);
/* code.c: the revocation code */
void certificate_code(Exchange *x);
void revoke_page(Exchange *x);
void revoke_by_code(Exchange *x);
void revoke_done(Exchange *x);
/* lost.c */
void certificate_lost(Exchange *x);
/* pickup.c */
void pickup_return(Exchange *x);
void pickup_page(Exchange *x);
void pickup_pin(Exchange *x);
void pickup_download(Exchange *x);
void pickup_code(Exchange *x);
void pickup_done(Exchange *x);
/* account.c */
void account_page(Exchange *x);
void account_notices(Exchange *x);
/* publish.c */
void publish_ca(Exchange *x);
void publish_servers(Exchange *x);
void publish_server_file(Exchange *x);
void publish_certificate(Exchange *x);
void publish_crl(Exchange *x);
/* ocsp.c */
void publish_ocsp_get(Exchange *x);
void publish_ocsp_post(Exchange *x);
/* check.c */
void check_page(Exchange *x);
void check_home(Exchange *x);
void check_elsewhere(Exchange *x);
/* health.c */
void health(Exchange *x);
void metrics(Exchange *x);
/* helpdesk.c: start and find */
void helpdesk(Exchange *x);
void helpdesk_find(Exchange *x);
void helpdesk_table(Exchange *x);
void helpdesk_missing(Exchange *x);
/* helpdesk_ending.c */
void helpdesk_ending(Exchange *x);
void helpdesk_ending_table(Exchange *x);
void helpdesk_ending_mail(Exchange *x);
/* helpdesk_statistics.c */
void helpdesk_statistics(Exchange *x);
void helpdesk_statistics_table(Exchange *x);
/* helpdesk_person.c */
void helpdesk_person(Exchange *x);
void helpdesk_revoke(Exchange *x);
/* helpdesk_apply.c */
void helpdesk_apply(Exchange *x);
/* helpdesk_proposal.c */
void helpdesk_proposals(Exchange *x);
void helpdesk_proposal(Exchange *x);
void helpdesk_confirm(Exchange *x);
void helpdesk_decline(Exchange *x);
void helpdesk_withdraw(Exchange *x);
/* helpdesk_audit.c */
void helpdesk_audit(Exchange *x);
void helpdesk_audit_table(Exchange *x);
void helpdesk_audit_lines(Exchange *x);
void helpdesk_history(Exchange *x);
/* helpdesk_request.c */
void helpdesk_request(Exchange *x);
void helpdesk_approve(Exchange *x);
void helpdesk_refuse(Exchange *x);
void helpdesk_new_pin(Exchange *x);
void helpdesk_resend(Exchange *x);
/* helpdesk_listing.c: all certificates as a table */
void helpdesk_everything(Exchange *x);
/* helpdesk_bulk.c: files with a line for each certificate */
void helpdesk_bulk(Exchange *x);
void helpdesk_bulk_upload(Exchange *x);
void helpdesk_batch(Exchange *x);
void helpdesk_batch_table(Exchange *x);
void helpdesk_batch_start(Exchange *x);
void helpdesk_batch_withdraw(Exchange *x);
void helpdesk_batch_pins(Exchange *x);
/* helpdesk_policy.c */
void helpdesk_institutions(Exchange *x);
void helpdesk_policy(Exchange *x);
void helpdesk_policy_form(Exchange *x);
void helpdesk_policy_change(Exchange *x);
void helpdesk_renew(Exchange *x);
/* radar.c */
void account_change_known(Exchange *x);
/* helpdesk_radar.c: changes at login, people whom nobody has seen */
void helpdesk_changes(Exchange *x);
void helpdesk_change_mail(Exchange *x);
void helpdesk_change_dismiss(Exchange *x);
void helpdesk_absent(Exchange *x);
void helpdesk_absent_table(Exchange *x);
void helpdesk_absent_act(Exchange *x);
/* door.c: officers by certificate come and go */
void door_login(Exchange *x);
void door_logout(Exchange *x);
/* helpdesk_own.c: such an officer's own certificate */
void helpdesk_own_page(Exchange *x);
void helpdesk_own_renew(Exchange *x);
/* helpdesk_officers.c: officers by certificate */
void helpdesk_officers(Exchange *x);
void helpdesk_officer_new(Exchange *x);
void helpdesk_officer_add(Exchange *x);
void helpdesk_officer_page(Exchange *x);
void helpdesk_officer_sheet(Exchange *x);
void helpdesk_officer_certificate(Exchange *x);
void helpdesk_officer_end(Exchange *x);

#endif
