/*
 * radar: what people's IdPs say otherwise than their certificates do, handled by their institution's rules, and people whom nobody
 * has seen for long (H5). At a login it is ra/person.c that looks.
 */
#ifndef RA_RADAR_H
#define RA_RADAR_H

#include "db/radar.h"
#include "ra/officer.h"

typedef DbRadarChange RaRadarChange; /* fields in db/radar.h */
typedef DbAbsent RaAbsent;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaRadarChange, db_radar_change_free)

/* RaRadarChange *: what a person should do something about, or wait for. */
GPtrArray *ra_radar_of_person(RaContext *ctx, gint64 person, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The owner wants to see a warning no more. CONFLICT or NOT_FOUND where it is none of theirs, or no warning. */
gboolean ra_radar_known(RaContext *ctx, const struct ra_who *who, gint64 change, const struct ra_form *form, char **location,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- officers: as in ra/officer.h ------------------------------------------------------------------------------------- */

#define RA_RADAR_PAGE 20
#define RA_RADAR_MOST 99    /* so far changes are counted for the start page */
#define RA_ABSENT_PAGE 50

/* RaRadarChange *, below id BEFORE (0: from the newest). INSTITUTION: an operator's choice, 0 for all. */
GPtrArray *ra_radar_list(RaContext *ctx, const RaOfficer *officer, gint64 institution, gint64 before, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* How many, up to RA_RADAR_MOST; -1 with ERROR. */
gint64 ra_radar_count(RaContext *ctx, const RaOfficer *officer, gint64 institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;
RaRadarChange *ra_radar_get(RaContext *ctx, const RaOfficer *officer, gint64 change, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* WHAT: "dismiss" (INPUT "note" where there is none: a change that is put away has its reason), "mail". */
gboolean ra_radar_act(RaContext *ctx, const RaOfficer *officer, gint64 change, const char *what, const char *note,
                      const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* RaAbsent *: not seen for MONTHS, least recently first, after KEY and PERSON (0: from the start). INPUT "months" for what is no
   choice. */
struct ra_absent_query { gint64 months, institution, key, person; };
extern const gint64 ra_absent_months[]; /* the choices, 0 at the end */
#define RA_ABSENT_MONTHS 12             /* what is asked for where nothing is */
GPtrArray *ra_radar_absent(RaContext *ctx, const RaOfficer *officer, const struct ra_absent_query *query, gint64 now, int limit,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* PERSONS: decimal text. Each is asked by mail whether the certificates are in use; or everything of theirs is revoked and withdrawn,
   as ra_officer_revoke does. All of it or nothing. */
gboolean ra_radar_ask(RaContext *ctx, const RaOfficer *officer, const char *const *persons, const struct ra_form *form,
                      char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean ra_radar_revoke(RaContext *ctx, const RaOfficer *officer, const char *const *persons, const char *reason,
                         const char *note, const struct ra_form *form, char **location, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* --- the worker's rounds ---------------------------------------------------------------------------------------------- */

/* What is due by rule: reminders, revocations. FALSE with ERROR. */
gboolean ra_radar_run(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Changes that are about nothing any more. */
gboolean ra_radar_tidy(RaContext *ctx, gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
