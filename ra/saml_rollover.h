/*
 * saml_rollover: new keys for SAML, in three steps with time between them, so that no login fails at any moment:
 *
 *     start    new keys are made; both certificates of each role are published; both decryption keys decrypt; the old key signs
 *       wait   until every IdP has read our metadata anew: they believe both, and encrypt to either
 *     switch   the new key signs; only the new encryption certificate is published; both still decrypt
 *       wait   until every IdP has read it anew: nobody encrypts to the old key any more
 *     finish   the old keys and certificates go
 *
 * All of the state is in the four files of [saml] (ra/saml_file.h), nothing beside them. Each file is replaced as a whole, and in
 * such an order that what the files say together works after each one: killed in between, a step is repeated and does the rest.
 * So several nodes need the same files, nothing else.
 */
#ifndef RA_SAML_ROLLOVER_H
#define RA_SAML_ROLLOVER_H

#include "db/settings.h"
#include "ra/saml_file.h"

enum ra_saml_phase {
    RA_SAML_QUIET,    /* no change under way */
    RA_SAML_PREPARED, /* new keys are there, their certificates are not published yet */
    RA_SAML_STARTED,
    RA_SAML_SWITCHED,
};

enum ra_saml_role_name { RA_SAML_SIGNING, RA_SAML_DECRYPTION, RA_SAML_ROLES };

struct ra_saml_role {
    const char *name;                          /* "signing", "decryption" */
    const char *key_file, *certificate_file;   /* borrowed from the settings */
    GPtrArray *keys, *certificates;            /* of RaSamlEntry * */
};

typedef struct {
    struct ra_saml_role roles[RA_SAML_ROLES];
    enum ra_saml_phase phase;
    gint64 since;         /* when the phase began; 0: not known */
    gint64 wait;          /* [saml] rollover_wait */
    char *common_name;    /* for new certificates: the service's host */
    int lock;
} RaSamlRollover;

/* Reads the four files and takes a lock that ends with ra_saml_rollover_free, so that two commands do not change them at once
   (RA_ERROR_CONFLICT). RA_ERROR_INPUT: a file cannot be read, or a certificate in use has no key. */
RaSamlRollover *ra_saml_rollover_read(const Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void ra_saml_rollover_free(RaSamlRollover *rollover);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaSamlRollover, ra_saml_rollover_free)

/* When the next step is safe: the phase's beginning and the wait; 0 where nothing is waited for. */
gint64 ra_saml_rollover_due(const RaSamlRollover *rollover);

/*
 * The steps. NOW goes into the files. RA_ERROR_CONFLICT: another step's turn. They do not ask for the time: the caller compares
 * with ra_saml_rollover_due. PREPARE is the first half of start, the keys without their certificates; between it and publish
 * whoever decrypts must have read the key files (a running portal does within a second; other nodes need a copy).
 */
gboolean ra_saml_rollover_prepare(RaSamlRollover *rollover, gint64 now, GError **error);
gboolean ra_saml_rollover_publish(RaSamlRollover *rollover, gint64 now, GError **error);
gboolean ra_saml_rollover_switch(RaSamlRollover *rollover, gint64 now, GError **error);
gboolean ra_saml_rollover_finish(RaSamlRollover *rollover, gint64 now, GError **error);

#endif
