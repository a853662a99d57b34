/*
 * messages: the words of one language, read from messages/LANGUAGE.xml:
 *
 *     <messages language="en">
 *         <m key="front.title">Certificates for {institution}</m>
 *
 * {name} is filled by the template that uses the message; <b>, <code>, <kbd> and <br/> may stand in it. Line breaks in the
 * file are no spaces between Japanese characters. Keys are unique; a key used twice is an error.
 */
#ifndef WEB_MESSAGES_H
#define WEB_MESSAGES_H

#include <glib.h>
#include <libxml/tree.h>

typedef struct messages Messages;

Messages *messages_load(const char *file, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void messages_free(Messages *messages);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Messages, messages_free)

/* The element <m> of KEY with its spaces in order, borrowed; NULL when there is none. */
xmlNode *messages_node(const Messages *messages, const char *key);
/* Its text without markup, borrowed; NULL when there is none. */
const char *messages_text(const Messages *messages, const char *key);
/* All keys, sorted, borrowed strings; the array is the caller's. */
GPtrArray *messages_keys(const Messages *messages) G_GNUC_WARN_UNUSED_RESULT;

#endif
