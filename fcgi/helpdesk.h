/*
 * helpdesk: what the officers' pages share. One file of handlers for each part: helpdesk.c (start, find), helpdesk_person.c (a person,
 * revoking), helpdesk_apply.c (applying for a person), helpdesk_request.c (one request), helpdesk_proposal.c (what waits for a
 * second officer), helpdesk_policy.c (institutions), helpdesk_statistics.c. The table of routes has let in officers only.
 */
#ifndef FCGI_HELPDESK_H
#define FCGI_HELPDESK_H

#include "fcgi/portal.h"
#include "ra/proposal.h"

/* Who asks, with what is in reach by the session's role. */
RaOfficer helpdesk_officer(const Exchange *x);
/* May the officer do more than look and revoke? */
gboolean helpdesk_may_act(const Exchange *x);
/* A request as <row>. */
void helpdesk_row(const Exchange *x, WebNode *parent, const RaDeskRow *row);
/* A person's names, identifier, addresses and institution on NODE. */
void helpdesk_person_facts(const Exchange *x, WebNode *node, const RaDeskPerson *person);
/* A proposal as <proposal>. */
void helpdesk_proposal_facts(const Exchange *x, WebNode *parent, const char *name, const RaProposal *proposal);
/* What was refused beside FIELD by RULE; with a note's bound. */
void helpdesk_problem(WebNode *root, const char *field, const char *rule);
/* The institutions that an operator may choose from, CHOSEN marked; none for an officer, who has one. FALSE with ERROR. */
gboolean helpdesk_choices(Exchange *x, WebNode *root, gint64 chosen, GError **error);
/* Answers with a table (web/tsv.h) to be saved as NAME. TEXT is taken. */
void helpdesk_send_table(Exchange *x, const char *name, GString *text);
/* The beginning of such a table. */
#define HELPDESK_TABLE "\xef\xbb\xbf" /* a byte order mark: a spreadsheet takes Japanese without one for Shift_JIS */
/* Midnight of the day that the query's date field NAME has, DAYS later; 0 where it is none. */
gint64 helpdesk_day(const Exchange *x, const char *name, int days);
/* A moment as a cell of a table. */
void helpdesk_tsv_time(const Exchange *x, GString *out, gint64 seconds);
/* A PIN in groups of four signs, each with its kind: the page says how it is read aloud. */
void helpdesk_pin(WebNode *root, const char *pin);
/* What was just done, as describe_done for these pages. */
const char *helpdesk_done(const Exchange *x);

/* A moment as a cell of a table; empty for 0. */
void helpdesk_tsv_time(const Exchange *x, GString *out, gint64 seconds);
#endif
