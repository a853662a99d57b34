/*
 * ocsp: OCSP answers for relying parties, most of them from memory. An answer without a nonce is looked up in this process's
 * memory, then in the rows that the responder keeps (ocsp_response), and only then asked for. inkan_status tells of each
 * certificate whose state changes, so its answers are forgotten at once; while nothing can be heard, nothing is remembered.
 *
 * What must be signed for one who asks alone (a nonce, several certificates at once) is bounded: [responder] live a second for
 * each process. Beyond it a nonce is passed over, as RFC 6960 allows: nobody else waits for whoever sends many.
 */
#ifndef RA_OCSP_H
#define RA_OCSP_H

#include "ra/context.h"

typedef struct ra_ocsp_answer {
    GBytes *der;
    gint64 this_update, next_update; /* 0: it is for this one question, nobody may keep it */
    char *head;                      /* the caller's own, made when it is first sent; NULL at first, freed with the answer */
} RaOcspAnswer;

/* REQUEST: DER, from anybody. Borrowed from CTX, until the next call; HEAD may be set. NULL with ERROR: DOWN, the responder is away
   and nothing is kept. */
RaOcspAnswer *ra_ocsp_answer(RaContext *ctx, GBytes *request, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What CTX holds for it. */
void ra_ocsp_free(struct ra_ocsp *ocsp);

#endif
