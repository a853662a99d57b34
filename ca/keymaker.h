/*
 * keymaker: makes people's keys, away from the processes that serve pages. It keeps RSA-2048 keys ready in locked memory;
 * other kinds are made when asked for. Each key is handed out once.
 *
 * ca_keymaker_run is the life of one process under prefork (count 1): niced, listening at SOCKET with mode 0600, answering only
 * processes of its own user. Every key is made in a child of it, so that taking a ready one never waits behind another.
 */
#ifndef CA_KEYMAKER_H
#define CA_KEYMAKER_H

#include <glib.h>

#include "ca/key.h"

/* POOL: how many RSA-2048 keys are kept ready, 0 for none. Runs until prefork_stopping(); returns an exit status. */
int ca_keymaker_run(const char *socket, int pool);

/* One new key, PKCS#8 DER, the caller's. Waits up to 30 s where it has to be made. CA_ERROR_DOWN: the keymaker is away (tried
   for 2 s, because it may just be starting again). */
Secret *ca_keymaker_take(const char *socket, enum ca_key_kind kind, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
