/*
 * One bounded GET by https: how the worker fetches what somebody else wrote down (metadata, logos).
 *
 * The address is looked at after the name was resolved, at the moment of connecting, so that a name that changes its mind
 * between two look-ups gains nothing. A proxy is never used: it would resolve names for us, past that look.
 */
#ifndef RA_FETCH_H
#define RA_FETCH_H

#include <glib.h>
#include <sys/socket.h>

struct ra_fetch {
    const char *url;     /* https://… */
    size_t most;         /* bytes of the answer, decoded; more is refused as soon as it comes */
    int seconds;         /* for all of it, redirects too; connecting gets at most 10 of them */
    int redirects;       /* at most so many, to https only, and never to an address inside; 0: none */
    gboolean inside;     /* may the URL itself lie inside this network? Yes for what the operator wrote, no for strangers' */
    const char *ca_file; /* whom to trust instead of the system's list (PEM); NULL or "": the system's */
    const char *accept;  /* the Accept header; NULL or "": none */
    const char *etag, *modified; /* of the copy that we have: only a newer one is wanted (ra_fetch_newer); NULL or "": none */
};

/* The answer to WHAT, the caller's. NULL with ERROR: RA_ERROR_INPUT where the URL or the answer is not acceptable (too large, an
   address inside), RA_ERROR_NOT_FOUND where the server says that there is no such thing (404, 410), RA_ERROR_DOWN where it cannot
   be had now. */
GBytes *ra_fetch(const struct ra_fetch *what, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What a server says to one that has a copy. */
struct ra_fetched {
    GBytes *bytes;         /* NULL: what we have is the newest */
    char *etag, *modified; /* for the next time; "" where it names none */
};
void ra_fetched_clear(struct ra_fetched *fetched);

/* The same, conditional: into OUT, which is the caller's to clear in any case. */
gboolean ra_fetch_newer(const struct ra_fetch *what, struct ra_fetched *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is ADDRESS of this network (or of none): loopback, link-local, private, shared, multicast, reserved, or an IPv6 form of such a
   one? Anything but IPv4 and IPv6 is. */
gboolean ra_fetch_is_inside(const struct sockaddr *address);

#endif
