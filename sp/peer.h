/*
 * sp/peer: this room's own view of a service and of the IdP it talks to; the only header with lasso's and xmlsec's types, for
 * service.c, request.c, response.c and logout.c.
 */
#ifndef SP_PEER_H
#define SP_PEER_H

#include <lasso/lasso.h>
#include <sys/types.h>
#include <time.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/keys.h>

#include "sp/error.h"
#include "sp/service.h"

/* Providers and keys are kept for so many IdPs: reading one costs 2 ms, a login 4. Least recently used goes first. */
#define SP_PEERS_MOST 32

/* What a file looked like when it was read. */
struct sp_stamp {
    char *file; /* NULL: none */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct sp_service {
    char *entity_id, *acs_url, *slo_url, *metadata;
    LassoServer *server;   /* holds the signing key, where there is one, and the decryption keys */
    GPtrArray *decryption; /* of xmlSecKey *, tried in order; may be empty */
    xmlSecKey *signing;    /* NULL: none */
    char *certificate;     /* of the signing key, base64; NULL: none */
    char *signed_metadata; /* NULL: not made yet */
    gint64 signed_at;
    struct sp_stamp stamps[4]; /* of the files it was made of */
    gint64 looked_at;          /* when they were last looked at */
    GPtrArray *peers; /* of struct sp_peer *, the last used first */
};

struct sp_peer {
    char *entity_id, *xml;
    GPtrArray *keys; /* sp/keys.h */
    LassoProvider *provider;
};

/* The IdP of that EntityDescriptor, and it alone known to service->server; borrowed until the next call. SP_ERROR_INPUT. */
const struct sp_peer *sp_peer_get(SpService *service, const char *entity_id, const char *xml, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* lasso's own log, in the program's own version that says nothing (sp/service.c). */
void lasso_log(GLogLevelFlags level, const char *filename, int line, const char *function, const char *format, ...);

/*
 * The same in two steps, for the opener, which parses no XML of others: a child finds the certificates (base64, sp/keys.h) of an
 * EntityDescriptor, and from these alone the opener makes the peer that sp_peer_get finds in the next children.
 */
GPtrArray *sp_peer_certificates(const char *entity_id, const char *xml, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean sp_peer_known(SpService *service, const char *entity_id, size_t entity_n, const char *xml, size_t xml_n);
gboolean sp_peer_learn(SpService *service, const char *entity_id, const char *xml, const char *const *certificates,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An empty list for sp_service.peers. */
GPtrArray *sp_peer_list(void);

/* Who is logged in, in lasso's terms: a session with one assertion that holds these verified values and no more. All but
   assertion_id, idp and name_id may be "". */
struct sp_peer_subject {
    const char *idp, *assertion_id, *name_id, *format, *name_qualifier, *sp_name_qualifier, *session_index;
};
LassoSession *sp_peer_session(const struct sp_peer_subject *subject) G_GNUC_WARN_UNUSED_RESULT;

/* The same as one line of text, to be kept with a session, and back. */
char *sp_peer_keep(const struct sp_peer_subject *subject) G_GNUC_WARN_UNUSED_RESULT;
LassoSession *sp_peer_kept(const char *text) G_GNUC_WARN_UNUSED_RESULT; /* NULL: not such a text */

/* g_autoptr for lasso's objects. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LassoServer, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LassoLogin, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LassoLogout, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LassoSession, g_object_unref)

/* FALSE and a message of lasso's for RC unless it is 0. CHECK: the word in front. */
gboolean sp_peer_lasso(int rc, enum sp_error code, const char *check, GError **error);

#endif
