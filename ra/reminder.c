#include "ra/reminder.h"

#include <string.h>

#define LINE_MOST 75 /* RFC 5545 3.1: bytes of a line without its end */

/* RFC 5545 3.3.11. */
static char *
escaped(const char *text)
{
    GString *out = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        if (g_unichar_iscntrl(g_utf8_get_char(c)))
            continue;
        if (strchr("\\;,", *c))
            g_string_append_c(out, '\\');
        g_string_append_len(out, c, g_utf8_next_char(c) - c);
    }
    return g_string_free(out, FALSE);
}

/* One content line, folded between characters. */
static void
add(GString *out, const char *name, const char *value)
{
    g_autofree char *line = g_strconcat(name, value, NULL);
    gsize column = 0;
    for (const char *c = line; *c; c = g_utf8_next_char(c)) {
        gsize n = (gsize)(g_utf8_next_char(c) - c);
        if (column + n > LINE_MOST) {
            g_string_append(out, "\r\n ");
            column = 1;
        }
        g_string_append_len(out, c, (gssize)n);
        column += n;
    }
    g_string_append(out, "\r\n");
}

static void
add_time(GString *out, const char *name, GDateTime *time, const char *format)
{
    g_autofree char *text = g_date_time_format(time, format);
    add(out, name, text);
}

static void
add_alarm(GString *out, const char *before, const char *summary)
{
    add(out, "BEGIN:", "VALARM");
    add(out, "ACTION:", "DISPLAY");
    add(out, "TRIGGER:", before);
    add(out, "DESCRIPTION:", summary);
    add(out, "END:", "VALARM");
}

char *
ra_reminder_text(const struct ra_reminder *reminder, GTimeZone *zone)
{
    GString *out = g_string_new(NULL);
    g_autofree char *summary = escaped(reminder->summary);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(reminder->now), utc = g_date_time_new_from_unix_utc(reminder->end);
    g_autoptr(GDateTime) day = g_date_time_to_timezone(utc, zone), after = g_date_time_add_days(day, 1);

    add(out, "BEGIN:", "VCALENDAR");
    add(out, "VERSION:", "2.0");
    add(out, "PRODID:", "-//Inkan//certificate reminders//EN");
    add(out, "METHOD:", "PUBLISH");
    add(out, "BEGIN:", "VEVENT");
    add(out, "UID:", reminder->uid);
    add_time(out, "DTSTAMP:", now, "%Y%m%dT%H%M%SZ");
    add_time(out, "DTSTART;VALUE=DATE:", day, "%Y%m%d");
    add_time(out, "DTEND;VALUE=DATE:", after, "%Y%m%d");
    add(out, "SUMMARY:", summary);
    add(out, "URL:", reminder->url);
    add(out, "TRANSP:", "TRANSPARENT");
    add_alarm(out, "-P7D", summary);
    add_alarm(out, "-P1D", summary);
    add(out, "END:", "VEVENT");
    add(out, "END:", "VCALENDAR");
    return g_string_free(out, FALSE);
}
