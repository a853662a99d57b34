/*
 * ending: what ends soon and has no successor yet: the list, and the mail to its owners by which an officer reminds them. Each
 * owner gets one mail; about each certificate one in [mail] remind_days at most; who turned reminders off gets none from here.
 */
#ifndef RA_ENDING_H
#define RA_ENDING_H

#include "db/ending.h"
#include "ra/officer.h"

#define RA_ENDING_PAGE 50

/* Beside each row of a list: when an officer last mailed about it (0: never), and does its owner want reminders? */
typedef struct ra_ending {
    GPtrArray *rows;   /* RaDeskRow * */
    gint64 *told;
    gboolean *notices;
    gint64 next_end, next_number; /* where the next page begins; 0: there is none */
} RaEnding;
void ra_ending_free(RaEnding *ending);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaEnding, ra_ending_free)

/* Within DAYS, the next end first, after END and NUMBER (0: from the start). INSTITUTION: an operator's choice, 0 for all. */
struct ra_ending_query { gint64 institution, days, end, number; };
RaEnding *ra_ending_list(RaContext *ctx, const RaOfficer *officer, const struct ra_ending_query *query, gint64 now, int limit,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NUMBERS NULL: all that end within DAYS. */
gboolean ra_ending_count(RaContext *ctx, gint64 institution, const char *const *numbers, gint64 days, gint64 now,
                         struct db_ending_sums *sums, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* FORM as in ra/request.h. CONFLICT "state" where nobody is left to mail. */
gboolean ra_ending_remind(RaContext *ctx, const RaOfficer *officer, gint64 institution, const char *const *numbers, gint64 days,
                          const struct ra_form *form, char **location, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
