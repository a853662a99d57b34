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

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    log_setup("test", LOG_LEVEL_INFO);
    g_test_add_func("/log/hostile text stays on its line", hostile_text_stays_on_its_line);
    g_test_add_func("/log/the level and the id are kept", the_level_and_the_id_are_kept);
    return g_test_run();
}
