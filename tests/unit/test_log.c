/* Log lines stay one line each, whatever they say. */
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "db/log.h"

static char *
logged(void (*what)(void))
{
    int ends[2], before = dup(STDERR_FILENO);
    char text[4096] = "";
    g_assert_cmpint(pipe(ends), ==, 0);
    dup2(ends[1], STDERR_FILENO);
    what();
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    return g_strndup(text, n > 0 ? (gsize)n : 0);
}

static void
write_hostile(void)
{
    log_write(LOG_LEVEL_WARNING, "login-refused", "msg", "a\nb event=forged \"x\" \xff\x1b[31m", "nothing", NULL, NULL);
}

static void
hostile_text_stays_on_its_line(void)
{
    g_autofree char *line = logged(write_hostile);
    g_assert_cmpstr(strchr(line, '\n'), ==, "\n"); /* the only one, at the end */
    g_assert_nonnull(strstr(line, "warning event=login-refused msg=\"a\\u000ab event=forged \\\"x\\\" \\xff\\u001b[31m\""));
    g_assert_null(strstr(line, "nothing="));
}

static void
write_two_levels(void)
{
    log_set_id("4f1c90ab");
    log_write(LOG_LEVEL_DEBUG, "quiet", NULL);
    log_write(LOG_LEVEL_INFO, "loud", "request", "12", NULL);
    log_set_id("");
}

static void
the_level_and_the_id_are_kept(void)
{
    g_autofree char *line = logged(write_two_levels);
    g_assert_null(strstr(line, "quiet"));
    g_assert_nonnull(strstr(line, " info id=4f1c90ab event=loud request=12\n"));
}

static void
what_is_away_is_told_once_and_each_minute(void)
{
    struct log_spell spell = { 0 };
    const gint64 second = G_USEC_PER_SEC, began = 1000 * second;
    guint told = 0;
    for (int n = 0; n < 3600; n++) /* ten a second for six minutes */
        told += log_spell_due(&spell, began + n * second / 10);
    g_assert_cmpuint(told, ==, 6);
    g_assert_cmpint(spell.since, ==, began);
    g_assert_cmpuint(spell.times, ==, 3600);
}

static void
go_and_come_back(void)
{
    for (int n = 0; n < 5; n++)
        log_away("database", "connection refused");
    g_assert_true(log_is_away("database"));
    g_assert_false(log_is_away("signer"));
    log_back("database");
    log_back("database");
    g_assert_false(log_is_away("database"));
}

static void
it_is_told_when_it_is_back(void)
{
    log_stays();
    g_autofree char *lines = logged(go_and_come_back);
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);
    g_assert_cmpuint(g_strv_length(each), ==, 3);
    g_assert_true(g_str_has_suffix(each[0], " error event=database-away msg=\"connection refused\""));
    g_assert_nonnull(strstr(each[1], " warning event=database-back since=20"));
    g_assert_true(g_str_has_suffix(each[1], " times=5"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_INFO);
    g_test_add_func("/log/hostile text stays on its line", hostile_text_stays_on_its_line);
    g_test_add_func("/log/the level and the id are kept", the_level_and_the_id_are_kept);
    g_test_add_func("/log/what is away is told once and each minute", what_is_away_is_told_once_and_each_minute);
    g_test_add_func("/log/it is told when it is back", it_is_told_when_it_is_back);
    return g_test_run();
}
