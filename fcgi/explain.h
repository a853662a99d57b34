/*
 * explain: what an IdP sent against what is needed, as several pages tell it (tests/web/documents/README.md).
 */
#ifndef FCGI_EXPLAIN_H
#define FCGI_EXPLAIN_H

#include "fcgi/page.h"
#include "ra/institution.h"
#include "sp/discovery.h"
#include "sp/person.h"

/* The rule by which INSTITUTION takes persons from IDP; borrows from both. IDP NULL: one that is not in the metadata now. */
struct sp_person_rule explain_rule(const Exchange *x, const RaInstitution *institution, const SpIdp *idp);

/* <idp/>, with its technical contact, and <sp/>. */
void explain_parties(const Exchange *x, WebNode *root, const SpIdp *idp);

enum explain_values {
    EXPLAIN_MASKED, /* identifiers and addresses only masked: the page may be sent on as a picture */
    EXPLAIN_FULL,   /* both: the person's own page shows the rest on demand */
};
/* <need/> for each attribute that we know, then <other/> for those sent besides. */
void explain_needs(WebNode *root, const SpIdentity *identity, const struct sp_person_rule *rule, enum explain_values values);
/* <missing/> for each that keeps the person out. */
void explain_missing(WebNode *root, const SpIdentity *identity, const struct sp_person_rule *rule);
/* <need/> for each attribute, without saying what came. IDENTIFIER: the institution's rule; NULL: not known, so all are shown. */
void explain_wanted(WebNode *root, const char *identifier);
/* <wanted/> for each authentication context. */
void explain_contexts(WebNode *root, char **contexts);

#endif
