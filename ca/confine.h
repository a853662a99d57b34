/*
 * confine: what signer, OCSP responder and keymaker never need is taken from them, so that a hole in them is not a hole in the
 * machine. Linux only: seccomp by libseccomp, resource limits.
 *
 * Three steps. ca_confine_start, first of all: nobody of the same user reads the process (no core, not dumpable, no new
 * privileges). ca_confine_wide: no program is started, no other process is read or traced, no socket but unix and internet, nothing
 * that changes the machine; children inherit it. ca_confine_strict, when start-up is over: a list of what remains. Files can be
 * read but not made, written or changed, but for what is open already (the log); no process, no memory that can be executed.
 *
 * A call that is refused is a line in the log with its number, and the end of the process: CA_CONFINE_REFUSED. Under
 * AddressSanitizer (tests only), whose own calls are many, the strict list is left out and tracing is not refused.
 */
#ifndef CA_CONFINE_H
#define CA_CONFINE_H

#include <glib.h>

/* Exit status of a process that tried what it may not: nothing else ends with it. */
#define CA_CONFINE_REFUSED 79

void ca_confine_start(void);
/* NAME is the log's. CA_ERROR_BROKEN "confinement" with what to do where the kernel gives no filter. Once in a process's ancestry. */
gboolean ca_confine_wide(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FILES: how many descriptors it may have at once. FORKS: it has children of its own, which are confined as it is. After
   ca_confine_wide or without. */
gboolean ca_confine_strict(const char *name, unsigned files, gboolean forks, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
