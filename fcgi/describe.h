/*
 * describe: requests, certificates, pickups, mails and events as elements of a document, for the pages that share them. The
 * elements stand in tests/web/documents/README.md under 'Elements that several pages share'.
 */
#ifndef FCGI_DESCRIBE_H
#define FCGI_DESCRIBE_H

#include "fcgi/portal.h"
#include "ra/pickup.h"
#include "ra/request.h"

/* Each type that the institution has, with its form (ACT: what its key is made for), or what stands in the way. */
void describe_offers(const Exchange *x, WebNode *root, const RaDashboard *shown, const char *act);
/* A row of the dashboard, with what needs attention and the keys of the acts that it offers. */
void describe_row(const Exchange *x, WebNode *root, const RaRequestRow *row);
/* The request of a page of its own. Returns the element, so that the caller adds keys. */
WebNode *describe_request(const Exchange *x, WebNode *root, const RaRequest *request);
/* The acts that the request's state allows now, as …-key attributes of NODE. */
void describe_acts(const Exchange *x, WebNode *node, const RaRequest *request);
/* How the person was logged in when this was applied for, or its renewal; nothing where it is not known. */
void describe_login(const Exchange *x, WebNode *root, const RaRequest *request);
/* While a renewal is under way. */
void describe_renewal(const Exchange *x, WebNode *root, const RaRequest *request);
/* The certificate in hand; nothing where none is. */
void describe_certificate(const Exchange *x, WebNode *root, const RaRequest *request);
/* The certificates before it. */
void describe_previous(const Exchange *x, WebNode *root, const GPtrArray *previous);
/* The pickup of the newest issue or renewal; PIN NULL where there is none to show. */
void describe_pickup(const Exchange *x, WebNode *root, const RaRequest *request, const char *pin);
void describe_mails(const Exchange *x, WebNode *root, const GPtrArray *newest_first);
void describe_events(const Exchange *x, WebNode *root, const GPtrArray *events);

/* Is that end so near that it stands out, and a renewal is offered first? */
gboolean describe_ending(gint64 not_after, gint64 now);

/* What was just done, by the query of the 303 that led here; NULL: nothing, or no word of ours. */
const char *describe_done(const Exchange *x);

/* The act that a form key is made for: "renew:31". The caller's. */
char *describe_act(const char *act, gint64 number) G_GNUC_WARN_UNUSED_RESULT;

#endif
