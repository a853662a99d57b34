/*
 * refusal: the pages of a login that was refused. Until the whole message is verified there is one face for everything; after
 * that a refusal explains itself.
 */
#ifndef FCGI_REFUSAL_H
#define FCGI_REFUSAL_H

#include "fcgi/arrival.h"

/* One face for all that was refused before the message was verified; the log says which check. */
void refusal_generic(Exchange *x, const GError *error);
/* An attribute is missing or of no use. Needs identity, idp, institution. */
void refusal_attributes(Exchange *x, const struct arrival *a, const GError *error);
/* The IdP logged in another way than it was asked for, or said that it cannot (SP_ERROR_CONTEXT). Needs idp, login. */
void refusal_context(Exchange *x, const struct arrival *a, const GError *error);
/* A login that was to step up brought another person back. */
void refusal_person(Exchange *x, const struct arrival *a);
/* The IdP belongs to no institution any more. */
void refusal_institution(Exchange *x, const struct arrival *a);

#endif
