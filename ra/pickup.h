/*
 * The pickup: the one-time page behind the mailed URL. TOKEN is the last part of that URL, PIN what the person typed (spaces
 * and line ends in it are ignored). Where the PIN is mailed, WHO must be the owner: REFUSED "login" (nobody is logged in) or
 * "owner" (somebody else), before any guess is counted.
 */
#ifndef RA_PICKUP_H
#define RA_PICKUP_H

#include "db/pickup.h"
#include "ra/apple.h"
#include "ra/context.h"

enum ra_pickup_state {
    RA_PICKUP_WAITING,   /* to be collected */
    RA_PICKUP_COLLECTED, /* the same bytes can be fetched again, until keep_until */
    RA_PICKUP_LOCKED,    /* five wrong PINs; the owner can ask for a new one */
    RA_PICKUP_LAPSED,    /* nobody came in time */
    RA_PICKUP_ENDED,     /* over: 'I have it', erased, withdrawn or revoked (row->ended says which) */
};

typedef struct ra_pickup {
    enum ra_pickup_state state;
    DbPickup *row; /* fields in db/pickup.h: request, cycle, person, type, months, memo, names, pin_mail, tries_left, … */
} RaPickup;
void ra_pickup_free(RaPickup *pickup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPickup, ra_pickup_free)

/* What the page says; writes nothing. NULL with ERROR: NOT_FOUND. Doesn't ask who looks: see ra_pickup_admit. */
RaPickup *ra_pickup_look(RaContext *ctx, const char *token, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May WHO use it? FALSE with REFUSED "login" or "owner". */
gboolean ra_pickup_admit(const RaPickup *pickup, const struct ra_who *who, GError **error) G_GNUC_WARN_UNUSED_RESULT;

enum ra_pickup_answer { RA_PICKUP_RIGHT, RA_PICKUP_WRONG, RA_PICKUP_IS_LOCKED, RA_PICKUP_IS_ENDED };
/* One guess, counted over all processes. LEFT: tries that remain. FALSE with ERROR (NOT_FOUND, REFUSED, DOWN …). */
gboolean ra_pickup_try(RaContext *ctx, const struct ra_who *who, const char *token, const char *pin,
                       enum ra_pickup_answer *answer, int *left, GError **error) G_GNUC_WARN_UNUSED_RESULT;

struct ra_delivery_wish {
    const char *password; /* NULL or "": the PIN is the password of the PKCS#12 too; otherwise as ra/password.h has it */
    const char *device;   /* NULL or "": not said; otherwise a name of ra/device.h, which chooses the encoding */
    const char *encoding; /* NULL or "": the device's, without one modern; "modern"; "older" */
    const char *key_kind; /* NULL or "": the profile's first; otherwise one that it allows ("rsa2048", "p256", …) */
    const char *csr;      /* NULL or "": the key is made here; otherwise a PKCS#10 (PEM or base64), and the answer is the chain */
    const char *key_origin; /* with a CSR: "browser" where the page's own script says that it made the key; otherwise "csr" */
    const char *format;   /* NULL, "" or "p12": as it is; "mobileconfig": the same PKCS#12 in a signed profile (ra/apple.h) */
    const struct ra_apple_words *words; /* of that profile; never NULL where FORMAT asks for it */
};

typedef struct ra_delivery {
    enum ra_pickup_answer answer; /* the rest is filled for RIGHT only */
    int left;                     /* tries that remain, for WRONG */
    GBytes *bytes;
    char *content_type;           /* application/x-pkcs12, RA_APPLE_TYPE, or application/pem-certificate-chain for a CSR */
    char *file_name;              /* inkan-N.p12, inkan-N.mobileconfig or inkan-N.pem */
    gint64 request;
} RaDelivery;
void ra_delivery_free(RaDelivery *delivery);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaDelivery, ra_delivery_free)

/*
 * The whole delivery: the PIN checked and counted, key, certificate, PKCS#12, 'collected'; or, once collected, the same bytes
 * again. The first success decides: later wishes are ignored. NULL with ERROR: INPUT (the wish), DOWN (nothing is lost; the
 * next try goes on where this one stopped), REFUSED (the signer's rule), CONFLICT. The wish is checked after the PIN.
 */
RaDelivery *ra_pickup_deliver(RaContext *ctx, const struct ra_who *who, const char *token, const char *pin,
                              const struct ra_delivery_wish *wish, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* 'I have it': nothing can be fetched any more. TRUE also when it has ended so before. CONFLICT "pickup" before the
   delivery. */
gboolean ra_pickup_done(RaContext *ctx, const struct ra_who *who, const char *token, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
