/*
 * transcript: what was done in a key ceremony, as a text that can be printed and signed by witnesses, and checked later. Each step
 * carries the hash of the one before it (the first: of the file's head), so that nothing can be changed, left out or put in between
 * without changing the last hash, which is on the signed paper. No secret goes into it.
 *
 * A step, its lines in this order, the words as they are, ended by an empty line:
 *
 *     == step 2
 *     before   HEX        hash of step 1
 *     date     …
 *     who      …
 *     program  …
 *     command  …
 *     result   …          further lines of it begin with nine spaces
 *     hash     HEX        SHA-256 of the lines above, from "== step"
 */
#ifndef CA_TRANSCRIPT_H
#define CA_TRANSCRIPT_H

#include <glib.h>

#include "ca/error.h"

#define CA_TRANSCRIPT_LONGEST (4 << 20) /* bytes */

struct ca_transcript_step {
    const char *date, *who, *program, *command; /* one line each; control characters become '?' */
    const char *result;                         /* lines */
};

typedef struct ca_transcript {
    guint steps;
    char *last;  /* hash of the last step, or of the head where there is none; hex */
    char *first_date, *last_date;
} CaTranscript;
void ca_transcript_free(CaTranscript *transcript);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CaTranscript, ca_transcript_free)

/* Checks all of it. Anybody's bytes. CA_ERROR_INPUT "transcript" with the number of the step that does not fit. */
CaTranscript *ca_transcript_read(const char *text, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The text of STEP after TRANSCRIPT (NULL: of a new file, head and all). */
char *ca_transcript_step(const CaTranscript *transcript, const struct ca_transcript_step *step) G_GNUC_WARN_UNUSED_RESULT;

/* Adds STEP to FILE (mode 0600 where it is new), synced. A file that does not check is not added to. CA_ERROR_BROKEN names it. */
gboolean ca_transcript_add(const char *file, const struct ca_transcript_step *step, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Which OpenSSL this is, as it says of itself. */
const char *ca_transcript_library(void);

#endif
