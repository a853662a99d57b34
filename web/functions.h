/*
 * functions: what templates call as i:NAME() where XSLT alone is clumsy or slow: words chosen by data, dates, life bars.
 *
 *   i:message(PREFIX, VALUE)   the message PREFIX+VALUE without markup; a key that is not there ends the rendering
 *   i:has(PREFIX, VALUE)       is there such a message?
 *   i:name(NODES)              @name-ja in Japanese where there is one, else @name
 *   i:day(INSTANT)             2026年11月24日 / 24 November 2026
 *   i:moment(INSTANT)          the same with hours, minutes and time zone
 *   i:clock(INSTANT)           17:15:41
 *   i:days(FROM, UNTIL)        calendar days from one to the other, negative when past
 *   i:life(FROM, UNTIL, NOW)   0 to 100: how much of a life is over
 *   i:pairs(HEX)               9F:86:D0:…
 *   i:groups(TEXT, N)          text in groups of N, a space between
 *   i:query(TEXT)              escaped for the value of a query
 *   i:initial(TEXT)            its first character, upper case
 *
 * INSTANT is ISO 8601 as web_set_time writes it; what is none gives empty text (numbers: 0).
 */
#ifndef WEB_FUNCTIONS_H
#define WEB_FUNCTIONS_H

#include <glib.h>

#include "web/messages.h"

#define FUNCTIONS_NAMESPACE "urn:inkan:functions"

/* What the functions need of a language; hung on each transform context's _private. */
typedef struct words Words;

/* Borrows MESSAGES. WEB_ERROR_INPUT when one of the format messages is missing. */
Words *words_new(const Messages *messages, const char *language, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void words_free(Words *words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Words, words_free)

/* Makes the functions known to libxslt; once a process is enough, more do no harm. */
void functions_register(void);

#endif
