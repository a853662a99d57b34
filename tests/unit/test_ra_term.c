/* What somebody reads out over the telephone, by its looks. */
#include <glib.h>
#include <string.h>

#include "ra/term.h"

#define SERIAL "5a3c01d94e77b0f2a8836ddc10c29f4b7e6612ab"
#define DECIMAL "515147375143918204100215333724416377905178088107" /* of SERIAL, by python3 */

static void
a_request_is_meant_by_its_number(void)
{
    static const struct { const char *text; gint64 number; } rows[] = {
        { "12", 12 }, { "#12", 12 }, { " No 12 ", 12 }, { "no.12", 12 }, { "申請12", 12 }, { "申請番号 12", 12 }, { "Request 12", 12 },
        { "１２", 12 }, { "＃１２", 12 }, { "12a", 0 }, { "", 0 }, { "#", 0 }, { "-12", 0 }, { "1234567890123456", 0 },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(RaTerm) term = ra_term_read(rows[i].text);
        g_assert_cmpint(term->number, ==, rows[i].number);
    }
}

static void
a_serial_is_known_in_any_notation(void)
{
    static const char *const ways[] = {
        SERIAL, "5A3C01D94E77B0F2A8836DDC10C29F4B7E6612AB", "5a:3c:01:d9:4e:77:b0:f2:a8:83:6d:dc:10:c2:9f:4b:7e:66:12:ab",
        "5A 3C 01 D9 4E 77 B0 F2 A8 83 6D DC 10 C2 9F 4B 7E 66 12 AB", "0x" SERIAL, "00:" SERIAL, "5a3c01d94e77b0f2-a8836ddc10c29f4b-7e6612ab",
        DECIMAL, "５ａ３ｃ01d94e77b0f2a8836ddc10c29f4b7e6612ab",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(RaTerm) term = ra_term_read(ways[i]);
        g_assert_true(g_strv_contains((const char *const *)term->serials, SERIAL));
        g_assert_false(term->words);
    }
}

static void
a_serial_whose_first_digit_is_zero_keeps_it(void)
{
    g_autoptr(RaTerm) term = ra_term_read("A3C01D94E77B0F2A8836DDC10C29F4B7E6612AB");
    g_assert_cmpstr(term->serials[0], ==, "0a3c01d94e77b0f2a8836ddc10c29f4b7e6612ab");
}

static void
forty_digits_may_be_hex_or_decimal(void)
{
    g_autoptr(RaTerm) term = ra_term_read("1234567890123456789012345678901234567890");
    g_assert_cmpuint(g_strv_length(term->serials), ==, 2);
    g_assert_cmpstr(term->serials[0], ==, "1234567890123456789012345678901234567890");
    g_assert_cmpstr(term->serials[1], ==, "03a0c92075c0dbf3b8acbc5f96ce3f0ad2");
}

static void
a_fingerprint_has_sixty_four_digits(void)
{
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "x", 1);
    g_autofree char *upper = g_ascii_strup(hex, -1);
    g_autoptr(RaTerm) term = ra_term_read(upper);
    g_assert_cmpstr(term->fingerprint, ==, hex);
    g_assert_null(term->serials[0]);
}

static void
forty_digits_may_be_a_fingerprint_too(void)
{
    static const char *const ways[] = { SERIAL, "5A 3C 01 D9 4E 77 B0 F2 A8 83 6D DC 10 C2 9F 4B 7E 66 12 AB",
                                        "5A:3C:01:D9:4E:77:B0:F2:A8:83:6D:DC:10:C2:9F:4B:7E:66:12:AB" };
    for (gsize i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(RaTerm) term = ra_term_read(ways[i]);
        g_assert_cmpstr(term->sha1, ==, SERIAL);
    }
    g_autoptr(RaTerm) zeroes = ra_term_read("0000000000d94e77b0f2a8836ddc10c29f4b7e66");
    g_assert_cmpstr(zeroes->sha1, ==, "0000000000d94e77b0f2a8836ddc10c29f4b7e66");
    g_autoptr(RaTerm) shorter = ra_term_read(&SERIAL[1]);
    g_assert_null(shorter->sha1);
}

static void
everything_else_is_words(void)
{
    static const char *const words[] = { "鏡 花子", "hanako@kagami.example", "Dada", "laptop", "12" };
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(RaTerm) term = ra_term_read(words[i]);
        g_assert_true(term->words);
        g_assert_cmpstr(term->text, ==, words[i]);
    }
    g_autoptr(RaTerm) nothing = ra_term_read(NULL);
    g_assert_false(nothing->words);
    g_autoptr(RaTerm) broken = ra_term_read("a\xff\xfe");
    g_assert_true(g_utf8_validate(broken->text, -1, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/term/a request is meant by its number", a_request_is_meant_by_its_number);
    g_test_add_func("/term/a serial is known in any notation", a_serial_is_known_in_any_notation);
    g_test_add_func("/term/a serial whose first digit is zero keeps it", a_serial_whose_first_digit_is_zero_keeps_it);
    g_test_add_func("/term/forty digits may be hex or decimal", forty_digits_may_be_hex_or_decimal);
    g_test_add_func("/term/a fingerprint has sixty-four digits", a_fingerprint_has_sixty_four_digits);
    g_test_add_func("/term/forty digits may be a fingerprint too", forty_digits_may_be_a_fingerprint_too);
    g_test_add_func("/term/everything else is words", everything_else_is_words);
    return g_test_run();
}
