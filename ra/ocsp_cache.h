/*
 * ocsp_cache: OCSP answers in the memory of one process, by issuer, serial and hash. Bounded: two generations of at most N
 * answers; where the younger is full, the elder goes, but for what was asked for meanwhile. Whether an answer still holds is
 * the caller's to judge.
 */
#ifndef RA_OCSP_CACHE_H
#define RA_OCSP_CACHE_H

#include "ra/ocsp.h"

typedef struct ra_ocsp_cache RaOcspCache;

/* N: of one generation, at least 1. */
RaOcspCache *ra_ocsp_cache_new(guint n) G_GNUC_WARN_UNUSED_RESULT;
void ra_ocsp_cache_free(RaOcspCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaOcspCache, ra_ocsp_cache_free)

/* Borrowed, until the next call of another function here. NULL: there is none. */
RaOcspAnswer *ra_ocsp_cache_find(RaOcspCache *cache, const char *issuer, const char *serial, const char *hash);
/* Puts one in, instead of an older one; borrowed likewise. DER is referenced. */
RaOcspAnswer *ra_ocsp_cache_put(RaOcspCache *cache, const char *issuer, const char *serial, const char *hash, GBytes *der,
                                gint64 this_update, gint64 next_update);
/* WHAT: "ISSUER SERIAL", as inkan_status says it; all of that certificate, or of anything else nothing. */
void ra_ocsp_cache_forget(RaOcspCache *cache, const char *what);
void ra_ocsp_cache_clear(RaOcspCache *cache);
guint ra_ocsp_cache_size(const RaOcspCache *cache);

/* For an answer that is in no cache. */
void ra_ocsp_answer_clear(RaOcspAnswer *answer);

#endif
