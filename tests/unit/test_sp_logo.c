/* Logos: what is a picture is drawn anew, small; what is none, too large or broken is refused. */
#include <string.h>

#include <png.h>

#include "sp/error.h"
#include "sp/logo.h"

#define FOLDER "tests/fuzz/corpus/logo/"

/* --- pictures ------------------------------------------------------------------------------------------------------------- */

/* A PNG of W × H: left half red, right half blue with ALPHA. */
static GBytes *
png(guint w, guint h, guchar alpha)
{
    png_image image = { .version = PNG_IMAGE_VERSION, .width = w, .height = h, .format = PNG_FORMAT_RGBA };
    g_autofree guchar *pixels = g_malloc0((gsize)w * h * 4);
    for (gsize i = 0; i < (gsize)w * h; i++) {
        gboolean left = i % w < w / 2;
        pixels[i * 4] = left ? 255 : 0;
        pixels[i * 4 + 2] = left ? 0 : 255;
        pixels[i * 4 + 3] = left ? 255 : alpha;
    }
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    guchar *out = g_malloc(size);
    g_assert_cmpint(png_image_write_to_memory(&image, out, &size, 0, pixels, 0, NULL), !=, 0);
    return g_bytes_new_take(out, size);
}

static GBytes *
file(const char *name)
{
    g_autofree char *path = g_strconcat(FOLDER, name, NULL);
    char *text = NULL;
    gsize n = 0;
    g_assert_true(g_file_get_contents(path, &text, &n, NULL));
    return g_bytes_new_take(text, n);
}

static gboolean
reads(GBytes *bytes, SpPixels *out, GError **error)
{
    gsize n = 0;
    const guchar *data = g_bytes_get_data(bytes, &n);
    return sp_logo_read(data, n, out, error);
}

static const guchar *
pixel(const SpPixels *p, int x, int y)
{
    return p->pixels->data + (y * p->width + x) * 4;
}

static void
refused(GBytes *bytes, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_auto(SpPixels) pixels = { 0 };
    g_assert_false(reads(bytes, &pixels, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, why));
    g_assert_null(pixels.pixels);
}

/* --- tests ---------------------------------------------------------------------------------------------------------------- */

static void
a_small_picture_stays_as_it_is(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(SpPixels) pixels = { 0 };
    g_autoptr(GBytes) bytes = png(80, 60, 255);
    g_assert_true(reads(bytes, &pixels, &error));
    g_assert_cmpint(pixels.width, ==, 80);
    g_assert_cmpint(pixels.height, ==, 60);
    g_assert_cmpmem(pixel(&pixels, 0, 0), 4, "\xff\x00\x00\xff", 4);
    g_assert_cmpmem(pixel(&pixels, 79, 59), 4, "\x00\x00\xff\xff", 4);
}

static void
a_large_one_is_shrunk_and_keeps_its_shape(void)
{
    static const struct { guint w, h; int width, height; } cases[] = {
        { 1500, 750, 192, 96 }, { 1500, 1500, 96, 96 }, { 1500, 10, 192, 1 }, { 10, 1500, 1, 96 }, { 193, 96, 192, 95 },
        { 192, 96, 192, 96 },   { 192, 97, 190, 96 },   { 1000, 400, 192, 76 },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(SpPixels) pixels = { 0 };
        g_autoptr(GBytes) bytes = png(cases[i].w, cases[i].h, 255);
        g_assert_true(reads(bytes, &pixels, &error));
        g_assert_cmpint(pixels.width, ==, cases[i].width);
        g_assert_cmpint(pixels.height, ==, cases[i].height);
        g_assert_cmpint(pixels.pixels->len, ==, cases[i].width * cases[i].height * 4);
        if (pixels.width > 2)
            g_assert_cmpmem(pixel(&pixels, 0, 0), 4, "\xff\x00\x00\xff", 4);
    }
}

static void
what_cannot_be_seen_has_no_colour(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(SpPixels) pixels = { 0 };
    g_autoptr(GBytes) bytes = png(385, 192, 0); /* the middle column is half red, half invisible blue */
    g_assert_true(reads(bytes, &pixels, &error));
    g_assert_cmpmem(pixel(&pixels, pixels.width - 1, 5), 4, "\x00\x00\x00\x00", 4);
    for (int x = 0; x < pixels.width; x++)
        g_assert_cmpint(pixel(&pixels, x, 5)[2], ==, 0);
}

static void
kinds_of_pictures_that_federations_have_are_read(void)
{
    static const char *const names[] = { "gray.png", "palette.png", "interlaced.png", "sixteen-bit.png", "gray-alpha.png", "plain.jpg",
                                         "progressive.jpg", "gray.jpg" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(SpPixels) pixels = { 0 };
        g_autoptr(GBytes) bytes = file(names[i]);
        g_test_message("%s", names[i]);
        gboolean ok = reads(bytes, &pixels, &error);
        g_assert_no_error(error);
        g_assert_true(ok);
        g_autoptr(GBytes) drawn = sp_logo_write(&pixels);
        g_assert_nonnull(drawn);
    }
}

static void
what_is_no_picture_is_refused(void)
{
    static const struct { const char *bytes; gsize n; const char *why; } cases[] = {
        { "", 0, "neither" },
        { "<svg xmlns='http://www.w3.org/2000/svg'/>", 41, "neither" },
        { "GIF89a\x10\x00\x10\x00", 10, "neither" },
        { "RIFF\x24\x00\x00\x00WEBPVP8 ", 16, "neither" },
        { "<script>alert(1)</script>", 25, "neither" },
        { "\x89PNG\r\n\x1a\n", 8, "neither" },
        { "\x89PNG\r\n\x1a\nrubbish after it", 24, "no PNG" },
        { "\xff\xd8\xff\xe0rubbish after it", 20, "JPEG is broken" },
        { "\xff\xd8\xff\xd9", 4, "JPEG is broken" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(cases[i].bytes, cases[i].n);
        refused(bytes, cases[i].why);
    }
}

static void
size_is_bounded(void)
{
    static const struct { guint w, h; const char *why; } cases[] = {
        { 1501, 20, "too many pixels" }, { 20, 1501, "too many pixels" }, { 7, 100, "too small" }, { 100, 7, "too small" }, { 1, 1, "too small" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = png(cases[i].w, cases[i].h, 255);
        refused(bytes, cases[i].why);
    }
    g_autofree guchar *much = g_malloc0(SP_LOGO_LONGEST + 1);
    g_autoptr(GBytes) small = png(80, 60, 255);
    gsize n = 0;
    memcpy(much, g_bytes_get_data(small, &n), 100);
    g_autoptr(GBytes) large = g_bytes_new(much, SP_LOGO_LONGEST + 1);
    refused(large, "too large");
}

/* A header that promises 4 billion pixels, and one whose data are cut off or changed. */
static void
broken_ones_are_refused(void)
{
    g_autoptr(GBytes) good = png(80, 60, 255);
    gsize n = 0;
    const guchar *data = g_bytes_get_data(good, &n);
    for (gsize cut = 1; cut < n - 12; cut++) {
        g_auto(SpPixels) pixels = { 0 };
        g_assert_false(sp_logo_read(data, cut, &pixels, NULL));
    }
    for (gsize at = 8; at < n - 12; at++) {
        g_auto(SpPixels) pixels = { 0 };
        g_autofree guchar *other = g_memdup2(data, n);
        other[at] ^= 0x55;
        if (sp_logo_read(other, n, &pixels, NULL)) /* in a chunk that does not matter */
            g_assert_cmpint(pixels.pixels->len, ==, pixels.width * pixels.height * 4);
    }
}

static void
what_is_drawn_carries_nothing_else(void)
{
    g_autoptr(GError) error = NULL;
    g_auto(SpPixels) pixels = { 0 };
    g_autoptr(GBytes) bytes = file("text-and-tail.png"); /* a comment, and HTML after its end */
    gsize n = 0;
    g_assert_nonnull(memmem(g_bytes_get_data(bytes, &n), g_bytes_get_size(bytes), "<script>", 8));
    g_assert_true(reads(bytes, &pixels, &error));
    g_autoptr(GBytes) drawn = sp_logo_write(&pixels), again = sp_logo_write(&pixels);
    const guchar *out = g_bytes_get_data(drawn, &n);
    g_assert_null(memmem(out, n, "script", 6));
    g_assert_null(memmem(out, n, "tEXt", 4));
    g_assert_cmpmem(out + n - 12, 12, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
    g_assert_true(g_bytes_equal(drawn, again));
}

static void
pixels_that_do_not_add_up_are_not_written(void)
{
    static const struct { int w, h; guint n; } cases[] = { { 2, 2, 15 }, { 2, 2, 17 }, { 0, 2, 0 }, { 193, 1, 772 }, { 1, 97, 388 }, { -1, -1, 4 } };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(SpPixels) pixels = { cases[i].w, cases[i].h, g_byte_array_new() };
        g_byte_array_set_size(pixels.pixels, cases[i].n);
        memset(pixels.pixels->data ? pixels.pixels->data : (guchar *)"", 0, cases[i].n);
        g_assert_null(sp_logo_write(&pixels));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/logo/a small picture stays as it is", a_small_picture_stays_as_it_is);
    g_test_add_func("/logo/a large one is shrunk and keeps its shape", a_large_one_is_shrunk_and_keeps_its_shape);
    g_test_add_func("/logo/what cannot be seen has no colour", what_cannot_be_seen_has_no_colour);
    g_test_add_func("/logo/kinds of pictures that federations have are read", kinds_of_pictures_that_federations_have_are_read);
    g_test_add_func("/logo/what is no picture is refused", what_is_no_picture_is_refused);
    g_test_add_func("/logo/size is bounded", size_is_bounded);
    g_test_add_func("/logo/broken ones are refused", broken_ones_are_refused);
    g_test_add_func("/logo/what is drawn carries nothing else", what_is_drawn_carries_nothing_else);
    g_test_add_func("/logo/pixels that do not add up are not written", pixels_that_do_not_add_up_are_not_written);
    return g_test_run();
}
