/*
 * cluster_authority: a real authority for tests: `ca init` on a private PostgreSQL, and the signer, the responder and the
 * keymaker as processes of the test.
 */
#ifndef TESTS_CLUSTER_AUTHORITY_H
#define TESTS_CLUSTER_AUTHORITY_H

#include "tests/integration/cluster_ra.h"

typedef struct authority Authority;

/* A world whose database has no issuers yet gets them; all three processes are started. */
Authority *authority_new(World *world);
/* The same where the issuers came another way. */
Authority *authority_run(World *world);
void authority_free(Authority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Authority, authority_free)

/* WHICH: "signer", "responder", "keymaker". Stop is by SIGKILL. */
void authority_start(Authority *authority, const char *which);
void authority_stop(Authority *authority, const char *which);
int authority_pid(const Authority *authority, const char *which);

#endif
