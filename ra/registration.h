/*
 * registration: officers by certificate, as operators register them and hand their PIN over, and as such an officer renews (C8).
 * The acts ask for an operator's session (officer->session); their forms are as in ra/request.h.
 */
#ifndef RA_REGISTRATION_H
#define RA_REGISTRATION_H

#include "db/registration.h"
#include "ra/check.h"
#include "ra/officer.h"

typedef DbRegistration RaRegistration; /* fields in db/registration.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaRegistration, db_registration_free)

#define RA_REGISTRATION_PAGE 50
#define RA_REGISTRATION_RENEWABLE 28 /* days before its end, from which the certificate can be renewed */

extern const char *const ra_registration_roles[]; /* NULL-terminated, in the order of the page */

typedef struct db_registration_filter RaRegistrationFilter;
/* RaRegistration *, one more than a page where there is a next one. */
GPtrArray *ra_registration_list(RaContext *ctx, const RaRegistrationFilter *filter, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* NULL with ERROR: NOT_FOUND. */
RaRegistration *ra_registration_get(RaContext *ctx, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As the form sent it; borrowed. Blanks around a value do not count. */
typedef struct db_registration_new RaRegistrationNew;
/* What is wrong with it, as the field and the word that the page has for it; NULL: nothing that can be seen from here. FIELD:
   "institution", "name", "name_ja", "mail", "role". NULL with ERROR: the institution could not be read. */
const char *ra_registration_breaks(RaContext *ctx, const RaRegistrationNew *who, const char **field, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The field that ERROR of ra_registration_add is about; NULL: none. */
const char *ra_registration_field(const GError *error);
/* LOCATION's %N stands for the registration's number. REFUSED "officer-registered": the address has one. */
gboolean ra_registration_add(RaContext *ctx, const RaOfficer *operator, const RaRegistrationNew *who, const struct ra_form *form,
                             char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Another certificate. CONFLICT "officer-has-one", "state". */
gboolean ra_registration_apply(RaContext *ctx, const RaOfficer *operator, gint64 id, const struct ra_form *form, char **location,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Certificates are revoked, who is in goes out. CONFLICT "state": it has ended. INPUT "note". */
gboolean ra_registration_end(RaContext *ctx, const RaOfficer *operator, gint64 id, const char *note, const struct ra_form *form,
                             char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The PIN for the sheet; that it was shown is in the audit. NULL with ERROR: CONFLICT "pin" where there is none to show. */
Secret *ra_registration_sheet(RaContext *ctx, const RaOfficer *operator, const RaRegistration *registration, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- who presents a certificate ------------------------------------------------------------------------------------------- */

/* VERDICT: a name of ra/check.h where the certificate is not good; "personal" (good, and no officer's), "ended" (the registration),
   "works". Static text. REGISTRATION: with "works" only. */
typedef struct ra_presented {
    RaCheck *check;
    RaRegistration *registration;
    const char *verdict;
} RaPresented;
void ra_presented_free(RaPresented *presented);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPresented, ra_presented_free)
/* PEM and VERIFY as ra_check_certificate. NULL with ERROR only where the database is away. */
RaPresented *ra_registration_presented(RaContext *ctx, const char *pem, const char *verify, gint64 now, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The officer has come: whoever looks for people that were not seen for long does not find this one. */
gboolean ra_registration_seen(RaContext *ctx, const RaRegistration *registration, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Is REQUEST, an officer's, near enough to its end at NOW, and in a state that can be renewed? */
gboolean ra_registration_renewable(RaContext *ctx, const RaRequest *request, gint64 now);
/* By who presents the certificate of FINGERPRINT (hex), in OFFICER's session. CONFLICT "renew-early", "state", "session". */
gboolean ra_registration_renew(RaContext *ctx, const RaOfficer *officer, gint64 number, const char *fingerprint,
                               const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
