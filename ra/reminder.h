/*
 * reminder: the last day of a certificate as an iCalendar event (RFC 5545), attached to the mails that say it ends: whole day, two
 * alarms, busy for nobody. The same uid again replaces what a calendar has from an earlier mail.
 */
#ifndef RA_REMINDER_H
#define RA_REMINDER_H

#include <glib.h>

struct ra_reminder {
    const char *uid;           /* id@domain, ASCII */
    const char *summary, *url; /* UTF-8; control characters are left out */
    gint64 now, end;           /* seconds; END: the certificate's last second */
};

/* The calendar with CRLF line ends, none longer than 75 bytes; ZONE: in which END's day is meant. The caller's. */
char *ra_reminder_text(const struct ra_reminder *reminder, GTimeZone *zone) G_GNUC_WARN_UNUSED_RESULT;

#endif
