/*
 * What a process hands to ra's functions: made once in each child process after fork, never shared.
 */
#ifndef RA_CONTEXT_H
#define RA_CONTEXT_H

#include "ca/crypto.h"
#include "db/db.h"
#include "db/settings.h"
#include "web/web.h"

typedef struct ra_context {
    Db *db;                      /* owned; connects lazily */
    const Settings *settings;    /* borrowed */
    Keyring *keyring;            /* owned; NULL where it was not asked for */
    GTimeZone *zone;             /* owned; [service] time_zone */
    const Web *web;              /* borrowed, for the words of mails; NULL in the portal's own use of ra */
    GPtrArray *transitions;      /* owned; the steps there are, read on first use */
    struct ra_ocsp *ocsp;        /* owned; what ra/ocsp.h keeps in memory, NULL before its first use */
    GPtrArray *authorities;      /* owned; RaAuthority *, as last read (ra/publish.h) */
} RaContext;

/*
 * ROLE: whose connection string of [database] is used: "portal", "worker" or "owner". WITH_SECRET: load the keyring of
 * [service] secret_file (portal's page processes and the worker; not the publishing pool). Fails only for a bad secret file, or a time zone that this
 * machine does not have: it is read here, once, so that no mail depends on a file that can just be opened.
 */
RaContext *ra_context_new(const Settings *settings, const char *role, gboolean with_secret, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
void ra_context_free(RaContext *ctx);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaContext, ra_context_free)

/* Who acts, from where: part of every act's audit row. The log's id (db/log.h) goes along by itself. And how that person is
   logged in, which a profile may ask for: NULL and 0 where it is not known. All borrowed. */
struct ra_who {
    gint64 person;       /* 0: nobody is logged in (pickup by URL and PIN) */
    const char *address; /* the client's address, may be NULL */
    const char *context; /* AuthnContextClassRef */
    gint64 authn_at;     /* when the IdP checked who it is */
    const char *const *assurance; /* eduPersonAssurance */
};

/* Is the database there? For /healthz. */
gboolean ra_context_alive(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
