/*
 * The life of a request as its owner acts on it. Every function takes the person's number and answers NOT_FOUND alike for what
 * is missing and what is another person's. Acts are done at once or not at all: step, audit row and mail in one transaction.
 */
#ifndef RA_REQUEST_H
#define RA_REQUEST_H

#include "db/dashboard.h"
#include "db/event.h"
#include "db/outbox.h"
#include "db/profile.h"
#include "db/request.h"
#include "ra/context.h"
#include "ra/institution.h"
#include "ra/person.h"

typedef DbRequest RaRequest;        /* fields in db/request.h; freed by ra_request_free or g_autoptr(RaRequest) */
typedef DbDashboard RaDashboard;    /* db/dashboard.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaDashboard, db_dashboard_free)
typedef DbRequestRow RaRequestRow;
typedef DbMailState RaMailState;    /* db/outbox.h */
typedef DbEvent RaEvent;            /* db/event.h */
typedef DbPrevious RaPrevious;
#define ra_request_free db_request_free
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaRequest, db_request_free)

/*
 * A form that is spent once. LOCATION: where the browser is sent afterwards; "%N" stands for the request's number. The act and
 * the spending are one transaction; the same key again, also at the same moment in another process, does nothing and leads to
 * the first one's location. A refused act spends nothing. NULL where a form has no key.
 */
struct ra_form {
    GBytes *key_hash; /* 32 bytes */
    const char *location;
};

/* --- looking -------------------------------------------------------------------------------------------------------------- */

#define RA_REQUEST_PAGE 20
#define RA_REQUEST_MOST 1000
/* What PERSON's first page shows. ALL: revoked, expired, refused and lapsed ones too. LIMIT: RA_REQUEST_PAGE, or RA_REQUEST_MOST
   for everything on one page. */
RaDashboard *ra_request_dashboard(RaContext *ctx, gint64 person, gboolean all, gint64 before, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* Is there a profile in force for TYPE and that many MONTHS? */
gboolean ra_request_offers(const RaDashboard *shown, const char *type, const char *months);
/* Why the person could not apply for TYPE today with the first address and any validity there is: "name", "mail", "mail-domain",
   "profile", "cap"; NULL: nothing is in the way. What the database will say when it comes to it (request_refusal). Static text. */
const char *ra_request_blocked(const RaDashboard *shown, const char *type);
RaRequest *ra_request_get(RaContext *ctx, gint64 person, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does STATE allow EVENT ("renew", "revoke", "withdraw") to the owner? FALSE also where the steps cannot be read. */
gboolean ra_request_may(RaContext *ctx, const char *state, const char *event);
/* The same for one request at NOW: "renew", "revoke", "withdraw", "new-pin", "resend". */
gboolean ra_request_may_now(RaContext *ctx, const RaRequest *request, const char *event, gint64 now);
/* What the certificate in hand is at NOW: "none", "valid", "revoking", "revoked", "expired". Static text. */
const char *ra_request_certificate_state(const RaRequest *request, gint64 now);

/* The PIN for display; NULL with ERROR: CONFLICT "pin" where there is none to show (not made yet, or collected). */
Secret *ra_request_pin(RaContext *ctx, gint64 person, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* RaMailState *, newest first. */
GPtrArray *ra_request_mails(RaContext *ctx, gint64 person, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* RaPrevious *, newest first: certificates of the request before the one in hand. */
GPtrArray *ra_request_previous(RaContext *ctx, gint64 person, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What certificate PREVIOUS is at NOW, in the words of ra_request_certificate_state. */
const char *ra_previous_state(const RaPrevious *previous, gint64 now);
/* RaEvent *, oldest first: steps by their names (request_transition), and apply, memo, ask-new-pin, ask-resend, done, erased,
   superseded, reopen, lock. */
GPtrArray *ra_request_history(RaContext *ctx, gint64 person, gint64 number, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is asked of a login for that certificate; NULL without ERROR: there is no such profile now. */
typedef DbProfile RaProfile; /* fields in db/profile.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaProfile, db_profile_free)
RaProfile *ra_request_profile(RaContext *ctx, const char *type, gint64 months, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- applying ------------------------------------------------------------------------------------------------------------- */

/* As the form sent it; borrowed. MAIL NULL or "": the person's only address (INPUT "mail-choice" where there are several). */
struct ra_application {
    const char *type;
    gint64 months;
    const char *memo; /* NULL or "" for none; at most 200 characters, one line */
    const char *mail;
    const char *unit; /* NULL or "": the institution's own OU; otherwise one that it allows (REFUSED "unit") */
};

/* For the confirm page: what would be in the certificate. Refuses as the act itself would; for want of a stronger login
   (REFUSED "context", "assurance") last. */
typedef struct ra_preview {
    char *type, *mail, *memo, *subject; /* subject: "C=JP, L=…, …", with "No N" where the number is not known yet */
    char *common_name;
    gint64 months, not_before, not_after;
    gint64 old_not_after;               /* renewal: of the certificate in hand; otherwise 0 */
} RaPreview;
void ra_preview_free(RaPreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPreview, ra_preview_free)

RaPreview *ra_request_preview(RaContext *ctx, const struct ra_who *who, const struct ra_application *application, gint64 now,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* *LOCATION (the caller's) is where to send the browser, also where the form was spent before. FALSE with ERROR. */
gboolean ra_request_apply(RaContext *ctx, const struct ra_who *who, const struct ra_form *form,
                          const struct ra_application *application, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- acts on one request; FORM may be NULL, LOCATION then too ------------------------------------------------------------- */

RaPreview *ra_request_renew_preview(RaContext *ctx, const struct ra_who *who, gint64 number, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_request_renew(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* May it be revoked now, for that reason (NULL: none chosen yet)? For the confirm page. */
gboolean ra_request_revoke_check(RaContext *ctx, const struct ra_who *who, gint64 number, const char *reason, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_request_revoke(RaContext *ctx, const struct ra_who *who, gint64 number, const char *reason,
                           const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_request_withdraw(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form,
                             char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The worker makes the new PIN, or the new URL and its mail, in a moment. */
gboolean ra_request_new_pin(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form,
                            char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_request_resend(RaContext *ctx, const struct ra_who *who, gint64 number, const struct ra_form *form, char **location,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_request_memo(RaContext *ctx, const struct ra_who *who, gint64 number, const char *memo, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The reasons that a person may choose from, NULL-terminated, in the order of the page. */
extern const char *const ra_revoke_reasons[];

#endif
