/* The reminder for a calendar: ra/reminder.h. */
#include <string.h>

#include "ra/reminder.h"

static char *
reminder_of(const char *summary)
{
    g_autoptr(GTimeZone) tokyo = g_time_zone_new_identifier("Asia/Tokyo");
    const struct ra_reminder r = { .uid = "0a1b@inkan.example", .summary = summary, .url = "https://portal.example/certificates/12",
                                   .now = 1795508141, .end = 1893423599 }; /* 2029-12-31 14:59:59 UTC */
    return ra_reminder_text(&r, tokyo);
}

static void
the_day_is_the_service_s_day(void)
{
    g_autofree char *text = reminder_of("[Inkan #12] Renew by 31 December");
    static const char *const lines[] = {
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "\r\nUID:0a1b@inkan.example\r\n", "\r\nDTSTAMP:20261124T081541Z\r\n",
        "\r\nDTSTART;VALUE=DATE:20291231\r\nDTEND;VALUE=DATE:20300101\r\n", "\r\nURL:https://portal.example/certificates/12\r\n",
        "\r\nTRIGGER:-P7D\r\n", "\r\nTRIGGER:-P1D\r\n", "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_nonnull(strstr(text, lines[i]));
}

/* Whatever words come: lines of at most 75 bytes, whole characters, and unfolded they say the same. */
static void
any_words_come_back(void)
{
    static const char *const words[] = { "印", "更新", "a", ",", ";", "\\", "\n", "\r\nBEGIN:VEVENT", "𠮷", " ", "\xff", "" };
    g_autoptr(GRand) rand = g_rand_new_with_seed(12);
    for (int round = 0; round < 500; round++) {
        g_autoptr(GString) summary = g_string_new(NULL), expected = g_string_new("\r\nSUMMARY:");
        for (int n = g_rand_int_range(rand, 0, 60); n > 0; n--)
            g_string_append(summary, words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
        g_autofree char *valid = g_utf8_make_valid(summary->str, -1);
        for (const char *c = valid; *c; c = g_utf8_next_char(c))
            if (*c != '\r' && *c != '\n')
                g_string_append_printf(expected, "%s%.*s", strchr("\\;,", *c) ? "\\" : "", (int)(g_utf8_next_char(c) - c), c);
        g_string_append(expected, "\r\n");
        g_autofree char *text = reminder_of(summary->str);
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
        for (char **line = lines; *line; line++) {
            g_assert_cmpuint(strlen(*line), <=, 75);
            g_assert_true(g_utf8_validate(*line, -1, NULL) && !strpbrk(*line, "\r\n"));
        }
        g_autoptr(GString) unfolded = g_string_new(text);
        g_string_replace(unfolded, "\r\n ", "", 0);
        g_assert_nonnull(strstr(unfolded->str, expected->str));
        g_assert_null(strstr(strstr(unfolded->str, "BEGIN:VEVENT") + 1, "\nBEGIN:VEVENT"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reminder/the day is the service's day", the_day_is_the_service_s_day);
    g_test_add_func("/reminder/any words come back", any_words_come_back);
    return g_test_run();
}
