/*
 * statistics: numbers by month for officers (C5): applied for, collected, renewed, revoked, and what ends in the next twelve months.
 * What each of them counts is written in migration 0029. Months are those of the service's time zone.
 */
#ifndef RA_STATISTICS_H
#define RA_STATISTICS_H

#include "ra/officer.h"

enum ra_statistic { RA_APPLIED, RA_COLLECTED, RA_RENEWED, RA_REVOKED, RA_REPLACED, RA_ACTIVE, RA_STATISTICS };
enum { RA_CLIENT, RA_SMIME, RA_TYPES };
extern const char *const ra_statistic_words[RA_STATISTICS]; /* "applied" … */

/* Months by number: 12 times the year, plus 0 to 11. UNTIL is the one after the last. */
struct ra_months { gint64 from, until; };
/* The month of a moment; the first second of a month. */
gint64 ra_month_of(gint64 at, GTimeZone *zone);
gint64 ra_month_begins(gint64 month, GTimeZone *zone);
/* "12", "24", "36": so many months up to this one; "fy2026": from April of that year to March, no further than this month. FALSE: no
   such word, and RANGE is "12". */
gboolean ra_months_read(const char *word, gint64 now, GTimeZone *zone, struct ra_months *range);
/* The fiscal year that NOW is in: it begins with April. */
gint64 ra_fiscal_year(gint64 now, GTimeZone *zone);

struct ra_month { gint64 month, n[RA_STATISTICS][RA_TYPES]; };
/* MONTH is 0 where months are added up. */
struct ra_institution_month { gint64 institution; struct ra_month counts; };

typedef struct ra_statistics {
    GArray *months;       /* struct ra_month, each of the range */
    GArray *ending;       /* struct ra_month: this one and the eleven after it; RA_ACTIVE alone is meant */
    struct ra_month now;  /* this month's */
    gint64 active, soon;  /* in use; of those, how many end within 28 days */
} RaStatistics;
void ra_statistics_free(RaStatistics *statistics);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaStatistics, ra_statistics_free)

/* INSTITUTION: an operator's choice, 0 for all; an officer has the own one. */
RaStatistics *ra_statistics_read(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range,
                                 gint64 now, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* struct ra_institution_month of the institutions that have any number: months added up, with all that is active; or each month of
   the range, and of the next twelve for what ends. */
GArray *ra_statistics_sums(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
GArray *ra_statistics_table(RaContext *ctx, const RaOfficer *officer, gint64 institution, const struct ra_months *range, gint64 now,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The worker adds up what happened since; how many steps, -1 with ERROR. */
gint64 ra_statistics_fold(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
