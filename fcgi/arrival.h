/*
 * arrival: the way back, POST /saml/acs. An answer is judged step by step: the pending login that it names, the message, the
 * person; then login, assertion, person and session are settled in one transaction.
 */
#ifndef FCGI_ARRIVAL_H
#define FCGI_ARRIVAL_H

#include "fcgi/portal.h"
#include "ra/institution.h"
#include "sp/discovery.h"
#include "sp/person.h"
#include "sp/response.h"

/* What the answer to one login is judged by, filled in this order; NULL: not known (yet). */
struct arrival {
    GBytes *key_hash;
    DbLogin *login;
    SpIdp *idp;
    SpIdentity *identity;
    SpPerson *person;
    RaInstitution *institution;
    gboolean another; /* than the one whose login was to step up */
    Secret *session;  /* the new id */
};

#endif
