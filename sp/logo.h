/*
 * sp/logo: a logo that metadata points to, drawn anew. PNG or JPEG goes in; what comes out is a PNG of our own making.
 *
 * Why drawn anew, and not looked at and passed on: a picture that passes every check of its structure still carries bytes that an
 * outsider chose to the decoder of each browser. Here the decoders run in a confined child (job LOGO, sp/opener.h), which can
 * answer a size and that many pixels and nothing else; whatever a hole in them is worth, what comes of it is an ugly picture. The
 * caller counts the pixels and encodes them. So no metadata, no profile, no animation and no second meaning of a file gets
 * through either, and logos are small.
 */
#ifndef SP_LOGO_H
#define SP_LOGO_H

#include "sp/opener.h"

#define SP_LOGO_LONGEST (200 * 1024) /* bytes of a picture that is opened */
#define SP_LOGO_SIDE 1500            /* pixels of its longer side */
#define SP_LOGO_WIDTH 192            /* what is drawn is no larger than this: twice the place it has on a page */
#define SP_LOGO_HEIGHT 96

/* Opens PICTURE in a child of OPENER; the PNG to show, the caller's. NULL with SP_ERROR_REFUSED ("logo: …", or what became of the
   child) where it is none, SP_ERROR_AWAY where there is no opener. */
GBytes *sp_logo_draw(SpOpener *opener, GBytes *picture, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* --- the two halves of it -------------------------------------------------------------------------------------------------- */

/* Red, green, blue, alpha, row by row; the caller's (g_byte_array_unref PIXELS). */
typedef struct {
    int width, height;
    GByteArray *pixels;
} SpPixels;
void sp_pixels_clear(SpPixels *pixels);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SpPixels, sp_pixels_clear)

/* In the child: decodes and shrinks. FALSE with ERROR, SP_ERROR_REFUSED "logo: …". */
gboolean sp_logo_read(const guchar *bytes, size_t n, SpPixels *out, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* In the caller: the PNG. NULL where PIXELS are not what they say. The same pixels give the same bytes. */
GBytes *sp_logo_write(const SpPixels *pixels) G_GNUC_WARN_UNUSED_RESULT;

/* The job itself. */
gboolean sp_job_logo(const struct sp_job *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
