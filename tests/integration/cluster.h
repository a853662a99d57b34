/*
 * cluster: a private PostgreSQL for one test program, with the migrations applied and fixtures made by SQL.
 *
 * The server (tests/cluster) lives in a new folder under /tmp, as user postgres when the test runs as root, and ends with the
 * test program, however that ends; fsync is off. Nobody is asked for a password, so a test can be any role. Everything here
 * ends the test with a message when it fails, but cluster_try.
 *
 * Programs: tests/integration/test_NAME.c and tests/unit/test_NAME.c are both linked with this file.
 */
#ifndef TESTS_CLUSTER_H
#define TESTS_CLUSTER_H

#include <glib.h>

typedef struct cluster Cluster;

/* Starts one (about 2 s), so take one for the whole program; cluster_free ends it (as does the end of the process). */
Cluster *cluster_new(void);
/* The same without tables. */
Cluster *cluster_new_empty(void);
void cluster_free(Cluster *cluster);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cluster, cluster_free)

/* libpq connection string for ROLE: "portal", "worker", "signer", "responder", "owner" or "superuser" (postgres). Borrowed. */
const char *cluster_conninfo(const Cluster *cluster, const char *role);
/* The folder of the server's socket (for PGHOST); the superuser is postgres, the database inkan. Borrowed. */
const char *cluster_folder(const Cluster *cluster);

/* Runs SQL (one or more statements) as the superuser, to whom no grant matters. */
void cluster_do(Cluster *cluster, const char *sql);
/* The same for one value: the first column of the first row of the last statement; NULL/0 where there is none. */
char *cluster_text(Cluster *cluster, const char *sql);
gint64 cluster_int(Cluster *cluster, const char *sql);
/* Runs SQL as ROLE in a transaction that is rolled back. Returns NULL where it works, else "SQLSTATE message", the caller's. */
char *cluster_try(Cluster *cluster, const char *role, const char *sql);

/* The rows that nearly every test needs, once: service (Asia/Tokyo), issuers root, client and smime (with bytes that are no
   certificate: what signs needs `inkan ca init` or ca_root_build), a dated profile for both types and 52, 25, 13 months. */
void cluster_base(Cluster *cluster);
/* An institution NAME that allows everything, mails below DOMAIN, with one IdP; returns its id. */
gint64 cluster_institution(Cluster *cluster, const char *name, const char *domain, const char *idp);
/* A person of it with the name "Hanako Kagami" and the address IDENTIFIER@(the institution's first domain); returns the id. */
gint64 cluster_person(Cluster *cluster, gint64 institution, const char *identifier);
/* What that person applies for; returns the request's number. */
gint64 cluster_request(Cluster *cluster, gint64 person, const char *type, int months);

#endif
