#include "sp/logo.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#include "sp/error.h"
#include "sp/record.h"

#define SMALLEST 8          /* pixels of a side: what is smaller is no logo but a counter of visitors */
#define SCANS_MOST 64       /* of a progressive JPEG: each costs a pass over the whole picture */
#define WARNINGS_MOST 20    /* of libjpeg; a picture with more is broken */
#define RECORD_LONGEST (SP_LOGO_WIDTH * SP_LOGO_HEIGHT * 4 + 64)

void sp_pixels_clear(SpPixels *pixels)
{
    g_clear_pointer(&pixels->pixels, g_byte_array_unref);
}

static gboolean refuse(GError **error, const char *why)
{
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "logo: %s", why);
    return FALSE;
}

static gboolean fits(guint width, guint height, GError **error)
{
    if (width < SMALLEST || height < SMALLEST) return refuse(error, "it is too small to be seen");
    return (width <= SP_LOGO_SIDE && height <= SP_LOGO_SIDE) || refuse(error, "it has too many pixels");
}

static void make_room(SpPixels *out, guint width, guint height)
{
    out->width = (int)width;
    out->height = (int)height;
    out->pixels = g_byte_array_sized_new(width * height * 4);
    g_byte_array_set_size(out->pixels, width * height * 4);
}

/* --- PNG ------------------------------------------------------------------------------------------------------------------ */

/* libpng's simplified interface: every kind of PNG as eight bits a channel, its errors as a return value. */
static gboolean read_png(const guchar *bytes, size_t n, SpPixels *out, GError **error)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    gboolean ok = png_image_begin_read_from_memory(&image, bytes, n) != 0;
    if (!ok) refuse(error, "it is no PNG that can be read");
    ok = ok && fits(image.width, image.height, error);
    if (ok) {
        image.format = PNG_FORMAT_RGBA;
        make_room(out, image.width, image.height);
        ok = png_image_finish_read(&image, NULL, out->pixels->data, 0, NULL) != 0 || refuse(error, "the PNG is broken");
    }
    png_image_free(&image);
    return ok;
}

/* --- JPEG ----------------------------------------------------------------------------------------------------------------- */

struct jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
};

static void jpeg_ends(j_common_ptr info)
{
    longjmp(((struct jpeg *)info->client_data)->out, 1);
}

static void jpeg_warns(j_common_ptr info, int level)
{
    if (level < 0 && ++info->err->num_warnings > WARNINGS_MOST) jpeg_ends(info);
}

static void jpeg_goes_on(j_common_ptr info)
{
    if (((j_decompress_ptr)info)->input_scan_number > SCANS_MOST) jpeg_ends(info);
}

static void jpeg_says_nothing(j_common_ptr info)
{
    (void)info;
}

static void jpeg_begin(struct jpeg *jpeg, const guchar *bytes, size_t n)
{
    jpeg->info.err = jpeg_std_error(&jpeg->errors);
    jpeg->info.client_data = jpeg;
    jpeg->errors.error_exit = jpeg_ends;
    jpeg->errors.emit_message = jpeg_warns;
    jpeg->errors.output_message = jpeg_says_nothing;
    jpeg->progress.progress_monitor = jpeg_goes_on;
    jpeg_create_decompress(&jpeg->info);
    jpeg->info.progress = &jpeg->progress;
    jpeg_mem_src(&jpeg->info, bytes, n);
}

static void jpeg_rows(struct jpeg *jpeg, SpPixels *out)
{
    while (jpeg->info.output_scanline < jpeg->info.output_height) {
        JSAMPROW row = out->pixels->data + (gsize)jpeg->info.output_scanline * (gsize)out->width * 4;
        jpeg_read_scanlines(&jpeg->info, &row, 1);
    }
}

/* The header, then the pixels. What libjpeg refuses jumps out of here; nothing of ours is between. */
static gboolean read_jpeg(const guchar *bytes, size_t n, SpPixels *out, GError **error)
{
    struct jpeg *jpeg = g_new0(struct jpeg, 1);
    volatile gboolean ok = FALSE; /* read after a jump */
    if (setjmp(jpeg->out) != 0) {
        (void)refuse(error, "the JPEG is broken");
    } else {
        jpeg_begin(jpeg, bytes, n);
        jpeg_read_header(&jpeg->info, TRUE);
        if (fits(jpeg->info.image_width, jpeg->info.image_height, error)) {
            jpeg->info.out_color_space = JCS_EXT_RGBA; /* alpha is filled with 255 */
            jpeg_start_decompress(&jpeg->info);
            make_room(out, jpeg->info.output_width, jpeg->info.output_height);
            jpeg_rows(jpeg, out);
            ok = TRUE;
        }
    }
    jpeg_destroy_decompress(&jpeg->info);
    g_free(jpeg);
    return ok;
}

/* --- shrinking ------------------------------------------------------------------------------------------------------------ */

/* The mean of the pixels of [X0, X1) × [Y0, Y1), colours weighted by their alpha: what cannot be seen has no colour. */
static void mean(const SpPixels *from, int x0, int x1, int y0, int y1, guchar *to)
{
    guint64 sums[3] = { 0 }, alpha = 0, count = (guint64)(x1 - x0) * (guint64)(y1 - y0);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            const guchar *p = from->pixels->data + ((gsize)y * (gsize)from->width + (gsize)x) * 4;
            for (int c = 0; c < 3; c++) sums[c] += (guint64)p[c] * p[3];
            alpha += p[3];
        }
    for (int c = 0; c < 3; c++) to[c] = alpha > 0 ? (guchar)((sums[c] + alpha / 2) / alpha) : 0;
    to[3] = (guchar)((alpha + count / 2) / count);
}

/* Into the place that a logo has, keeping its shape; a smaller one stays as it is. */
static void shrink(SpPixels *pixels)
{
    int w = pixels->width, h = pixels->height, width = w, height = h;
    if (w <= SP_LOGO_WIDTH && h <= SP_LOGO_HEIGHT) return;
    if ((gint64)w * SP_LOGO_HEIGHT > (gint64)h * SP_LOGO_WIDTH) {
        width = SP_LOGO_WIDTH;
        height = MAX(1, h * SP_LOGO_WIDTH / w);
    } else {
        height = SP_LOGO_HEIGHT;
        width = MAX(1, w * SP_LOGO_HEIGHT / h);
    }
    SpPixels small = { 0 };
    make_room(&small, (guint)width, (guint)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            mean(pixels, x * w / width, MAX((x + 1) * w / width, x * w / width + 1), y * h / height,
                 MAX((y + 1) * h / height, y * h / height + 1), small.pixels->data + ((gsize)y * (gsize)width + (gsize)x) * 4);
    sp_pixels_clear(pixels);
    *pixels = small;
}

gboolean sp_logo_read(const guchar *bytes, size_t n, SpPixels *out, GError **error)
{
    static const guchar png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' }, jpeg[] = { 0xff, 0xd8, 0xff };
    if (n > SP_LOGO_LONGEST) return refuse(error, "it is too large");
    /* By the first bytes; what a server or a URL calls it says nothing. */
    gboolean is_png = n > sizeof png && memcmp(bytes, png, sizeof png) == 0;
    gboolean is_jpeg = n > sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0;
    gboolean ok = is_png    ? read_png(bytes, n, out, error)
                  : is_jpeg ? read_jpeg(bytes, n, out, error)
                            : refuse(error, "it is neither PNG nor JPEG");
    if (ok) shrink(out);
    else sp_pixels_clear(out);
    return ok;
}

/* --- writing -------------------------------------------------------------------------------------------------------------- */

GBytes *sp_logo_write(const SpPixels *pixels)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGBA };
    if (pixels->width < 1 || pixels->width > SP_LOGO_WIDTH || pixels->height < 1 || pixels->height > SP_LOGO_HEIGHT
        || pixels->pixels->len != (guint)pixels->width * (guint)pixels->height * 4)
        return NULL;
    image.width = (png_uint_32)pixels->width;
    image.height = (png_uint_32)pixels->height;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    guchar *out = g_malloc(size);
    gboolean ok = png_image_write_to_memory(&image, out, &size, 0, pixels->pixels->data, 0, NULL) != 0;
    png_image_free(&image);
    if (ok) return g_bytes_new_take(g_realloc(out, size), size);
    g_free(out);
    return NULL;
}

/* --- the job, and who asks ------------------------------------------------------------------------------------------------ */

gboolean sp_job_logo(const struct sp_job *job, GError **error)
{
    g_auto(SpPixels) pixels = { 0 };
    if (!sp_logo_read(job->input, job->n, &pixels, error)) return FALSE;
    SpRecordWriter *record = sp_record_new(RECORD_LONGEST);
    sp_record_put_number(record, pixels.width);
    sp_record_put_number(record, pixels.height);
    sp_record_put_bytes(record, pixels.pixels->data, pixels.pixels->len);
    return sp_job_send(job, sp_record_take(record), error);
}

static gboolean take(const guchar *record, size_t n, gpointer data, GError **error)
{
    SpPixels *out = data;
    struct sp_record fields = sp_record_read(record, n);
    size_t size = 0;
    out->width = (int)sp_record_number(&fields, 1, SP_LOGO_WIDTH);
    out->height = (int)sp_record_number(&fields, 1, SP_LOGO_HEIGHT);
    const guchar *bytes = sp_record_bytes(&fields, SP_LOGO_WIDTH * SP_LOGO_HEIGHT * 4, &size);
    if (!sp_record_end(&fields) || bytes == NULL || size != (size_t)out->width * (size_t)out->height * 4 || out->pixels != NULL) {
        g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: the pixels are not as many as the child says");
        return FALSE;
    }
    out->pixels = g_byte_array_new();
    g_byte_array_append(out->pixels, bytes, (guint)size);
    return TRUE;
}

GBytes *sp_logo_draw(SpOpener *opener, GBytes *picture, GError **error)
{
    g_auto(SpPixels) pixels = { 0 };
    gsize n = 0;
    const guchar *bytes = g_bytes_get_data(picture, &n);
    if (n == 0 || n > SP_LOGO_LONGEST) {
        (void)refuse(error, n == 0 ? "it is empty" : "it is too large");
        return NULL;
    }
    if (!sp_opener_ask(opener, SP_JOB_LOGO, bytes, n, take, &pixels, error)) return NULL;
    GBytes *png = pixels.pixels != NULL ? sp_logo_write(&pixels) : NULL;
    if (png == NULL) g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "opener-answer: the child sent no pixels");
    return png;
}
