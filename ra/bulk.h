/*
 * bulk: what officers have done to many certificates at once, by a file with a line for each (C4). A file is read and looked
 * at as a whole first (the dry run: every line's fate before any of it is done), then started, then carried out line by line,
 * each in a transaction of its own, by the process that calls ra_bulk_carry_next. The same file sent again leads to the batch
 * it made.
 *
 * A kind of file is a row of ra_bulk_kinds (ra/bulk_kinds.c) and one function of the database,
 *
 *     bulk_KIND(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate    -- security definer, granted to nobody
 *
 * which says a line's fate and, with p_do, brings it about; batch_keep calls it for the dry run, batch_run for the act, so the
 * two cannot differ. It takes the institution from p_batch, never from the cells, locks what it changes, and raises IK000 with
 * a word (refuse) where a rule says no while it is done. bulk_fate: fate 'will' ('done' with p_do), 'skip' (it is so already:
 * this is what makes a line idempotent) or 'bad'; reason, a word with the message desk.bulk.why.WORD; field, the column that
 * it is about; key, what no two lines of a file may both be about ('' for anything); request. Its audit rows take
 * p_batch.actor, p_batch.address and the log id 'batch-ID', and have 'batch' in their detail; its steps mail the owner.
 */
#ifndef RA_BULK_H
#define RA_BULK_H

#include "db/bulk.h"
#include "ra/officer.h"
#include "ra/sheet.h"

/* --- kinds ---------------------------------------------------------------------------------------------------------------- */

enum ra_bulk_form {
    RA_BULK_TEXT,    /* at most MOST characters */
    RA_BULK_NUMBER,  /* of a request */
    RA_BULK_SERIAL,  /* in any notation; handed on as certificate.serial has it, two with a space where it can be read so */
    RA_BULK_MONTHS,
    RA_BULK_WORD,    /* one of WORDS */
    RA_BULK_MAIL,
    RA_BULK_UNUSED,  /* must be empty */
    RA_BULK_DROPPED, /* read and forgotten: it is in no table of ours */
};
enum ra_bulk_need { RA_BULK_MAY, RA_BULK_MUST, RA_BULK_EITHER /* one at least of those */ };

struct ra_bulk_column {
    const char *name;
    enum ra_bulk_form form;
    enum ra_bulk_need need;
    guint most;
    const char *const *words; /* NULL-terminated */
};

struct ra_bulk_kind {
    const char *name;
    const struct ra_bulk_column *columns; /* in the order of the layout where there is no header */
    guint n;
    gboolean headed;    /* the first line has the columns' names, in any order */
    gboolean shift_jis; /* the file may be that */
    /* More cells for bulk_KIND, made from the line's (by column, NULL: none): ", \"name\": \"value\"" each; or why not, with
       the column that it is about. NULL: none. */
    const char *(*derive)(char *const *cells, GString *more, const char **field);
};

extern const struct ra_bulk_kind ra_bulk_kinds[];
extern const gsize ra_bulk_kinds_count;
/* NULL: none of ours. */
const struct ra_bulk_kind *ra_bulk_kind(const char *name);
/* What the form says about a cell: NULL, or a word ("long", "number", "serial", "months", "word", "mail", "unused"). *TAKEN:
   the cell as it is handed on, the caller's; NULL where it is empty or dropped. */
const char *ra_bulk_cell(const struct ra_bulk_column *column, const char *cell, char **taken);

/* The parts of a subject as S002's layout writes it: CN, OU (any number), O, L, C, parted by commas. Text of the parts in
   their order, the caller's (g_strfreev), each with its type in front ("OU=Library"); NULL: it is none. */
char **ra_bulk_subject(const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* --- batches -------------------------------------------------------------------------------------------------------------- */

typedef DbBatch RaBatch;         /* db/bulk.h */
typedef DbBatchLine RaBatchLine;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaBatch, db_batch_free)

#define RA_BULK_PAGE 50 /* lines or batches on a page */
#define RA_BULK_NAME_MOST 200

struct ra_bulk_file {
    const char *kind, *name;
    const char *bytes;
    gsize size;
    gint64 institution; /* an operator's choice; an officer's own counts */
};
/* Why a whole file is refused: INPUT with the rule "kind", "institution", "empty", "lines" (too many), "size", "header" (it
   cannot be read), "column" (VALUE is none), "column-twice", "column-missing" (VALUE is). LINE 0: not about a line. VALUE is
   the caller's. */
typedef struct { int line; char *value; } RaBulkProblem;

/* Reads the file and looks at each line. Returns the batch; *FRESH is FALSE where that very file stood already, and nothing
   was done. 0 with ERROR and PROBLEM. */
gint64 ra_bulk_upload(RaContext *ctx, const RaOfficer *officer, const struct ra_bulk_file *file, gboolean *fresh,
                      RaBulkProblem *problem, GError **error) G_GNUC_WARN_UNUSED_RESULT;

RaBatch *ra_bulk_get(RaContext *ctx, const RaOfficer *officer, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *ra_bulk_list(RaContext *ctx, const RaOfficer *officer, gint64 before, int limit, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* RaBatchLine * with the cells of the kind's columns; FATE "" for any (what is no fate is refused: INPUT). */
GPtrArray *ra_bulk_lines(RaContext *ctx, const RaOfficer *officer, const RaBatch *batch, const char *fate, gint64 after,
                         int limit,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* FORM as in ra/request.h. REFUSED "second" where the institution wants another officer to start it than the one who sent the
   file (DbBatch's second says it before). */
gboolean ra_bulk_start(RaContext *ctx, const RaOfficer *officer, gint64 id, const struct ra_form *form, char **location,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* What is not done yet stays undone. */
gboolean ra_bulk_withdraw(RaContext *ctx, const RaOfficer *officer, gint64 id, const struct ra_form *form, char **location,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The PINs that go to their owners by the officer's hand: EACH is called for every request of the batch whose owner cannot log
   in and has not collected yet; PIN is wiped afterwards. That they were shown is in the audit before any is. How many, or -1
   with ERROR. */
typedef DbBatchPin RaBatchPin;
typedef void (*RaBulkPin)(const RaBatchPin *of, const char *pin, gpointer data);
gint64 ra_bulk_pins(RaContext *ctx, const RaOfficer *officer, const RaBatch *batch, RaBulkPin each, gpointer data,
                    GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Carries out one line of a started batch, of the portal's role: it may what officers do by hand. FALSE without ERROR: nothing
   waits. A line whose failure is no rule of ours is tried again, the third time it is given up. */
gboolean ra_bulk_carry_next(RaContext *ctx, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
