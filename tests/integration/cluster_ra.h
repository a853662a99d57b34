/*
 * cluster_ra: what the tests of the ra room share: a private PostgreSQL, a settings file with a service secret, an institution
 * with a person, contexts as the portal and the worker have them.
 */
#ifndef TESTS_CLUSTER_RA_H
#define TESTS_CLUSTER_RA_H

#include "db/settings.h"
#include "ra/context.h"
#include "tests/integration/cluster.h"

typedef struct world {
    Cluster *cluster;
    char *folder;         /* settings, secret, sockets; taken away at the end */
    char *file;           /* the settings file */
    Settings *settings;
    RaContext *portal, *worker;
    gint64 institution, person, other; /* OTHER: somebody else of the same institution */
} World;

/* EXTRA: lines put into the settings, "group key=value" each, or NULL. */
World *world_new(const char *extra);
/* The same with the service's row but without issuers and profiles, for a real authority (cluster_authority.h). */
World *world_new_bare(const char *extra);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* A context of ROLE in a process of its own (after fork). */
RaContext *world_context(const World *world, const char *role);

/* Runs CHILD in N processes at the same moment; it returns an exit status, and the sum of those that are not 0 comes back. */
int world_together(int n, int (*child)(int i, gpointer data), gpointer data);

/* SQL with %N for a number, as cluster_int. */
gint64 world_int(World *world, const char *format, gint64 number);
char *world_text(World *world, const char *format, gint64 number);
void world_do(World *world, const char *format, gint64 number);

/* Applies for one as PERSON and lets the worker make its pickup; the number. */
gint64 world_ready(World *world, gint64 person, const char *type, gint64 months);
/* The token in the mail 'ready' that waits, and the PIN. */
Secret *world_token(World *world, gint64 number);
Secret *world_pin(World *world, gint64 number);
/* Without a signer: a certificate row as the signer would add it, and the pickup collected; the serial. The caller's. */
char *world_collect(World *world, gint64 number);

#endif
