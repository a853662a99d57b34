/*
 * sp/metadata_job: metadata read in a confined child (sp/opener.h, job METADATA): what goes in, what comes out, both ends.
 *
 * The child verifies all, then sends row after row, so that neither it nor the caller ever holds them all. A row is believed in
 * its form only: fields in bounds, text clean, XML valid UTF-8. What it says was decided by the child.
 */
#ifndef SP_METADATA_JOB_H
#define SP_METADATA_JOB_H

#include "sp/metadata.h"
#include "sp/opener.h"

/*
 * Limits of the child, for the row in sp/opener.c. 12,000 IdPs are 124 MB of XML (eduGAIN in 2026: 9,500 entities, 100 MB); reading
 * them takes 840 MB beside the file itself (measured, `make bench-metadata`: the tree is nearly seven times as large), so the largest
 * file that is let in, 256 MB, fits. It takes 4.5 s of a processor; a machine half as fast that is busy, and twice the file, still
 * have time. The wall clock also counts what the database takes meanwhile.
 */
#define SP_METADATA_MEMORY ((size_t)2048 * 1024 * 1024)
#define SP_METADATA_CPU 60
#define SP_METADATA_SECONDS 180
#define SP_METADATA_INPUT ((size_t)SP_METADATA_LONGEST + 65536)
#define SP_METADATA_OUTPUT ((size_t)2 * SP_METADATA_LONGEST) /* what is not XML in a row is less than that */

gboolean sp_metadata_job(const struct sp_job *job, GError **error);

/* As sp_metadata_take; a row is a record, borrowed for the call. */
struct sp_metadata_rows {
    gboolean (*head)(const struct sp_metadata_head *head, gpointer data, GError **error);
    gboolean (*row)(const guchar *row, gsize n, gpointer data, GError **error);
    gboolean (*skipped)(const char *entity_id, const char *why, gpointer data, GError **error);
};

/* As sp_metadata_split, in OPENER's child. BYTES gets a few hundred bytes at its end. SP_ERROR, or what ROWS said. */
gboolean sp_metadata_open(SpOpener *opener, GByteArray *bytes, const struct sp_metadata_want *want,
                          const struct sp_metadata_rows *rows, gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The row as fields, without hash; NULL with SP_ERROR_REFUSED "opener-answer". */
DbIdp *sp_metadata_row(const guchar *row, gsize n, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its entity id alone, as cheap as it can be; the caller's, "" where it is none. */
char *sp_metadata_row_name(const guchar *row, gsize n) G_GNUC_WARN_UNUSED_RESULT;

#endif
