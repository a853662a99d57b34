/*
 * sp/strict: from bytes of an outsider to a tree: a scanner of our own looks at the bytes, then libxml2 parses them (no
 * network, no DTD, no entity), and the two must have seen the same elements and attributes.
 *
 * Refused, with the name of the check in front of the message: base64, bytes (too many), utf-8, xml (not well-formed), dtd,
 * entity, cdata, comment, processing-instruction, depth, elements, attributes, duplicate-id.
 */
#ifndef SP_STRICT_H
#define SP_STRICT_H

#include "sp/error.h"
#include "sp/xml.h"

/* A real response has 150 elements, 12 levels, at most 8 attributes an element. */
#define SP_STRICT_BYTES 196608   /* what SP_RESPONSE_LONGEST of base64 can hold */
#define SP_STRICT_DEPTH 32
#define SP_STRICT_ELEMENTS 4000
#define SP_STRICT_ATTRIBUTES 32  /* of one element, namespace declarations included */
#define SP_STRICT_ID 256         /* bytes of an ID */

/* The document is the caller's. Besides the above: attributes called ID (in any case, of any namespace) are unique and NCNames
   of ASCII, and no element has two attributes with the same local name (libraries differ in which one they take). */
SpXml *sp_strict_parse(const char *bytes, size_t n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Base64 to bytes (the caller's, NUL-terminated besides): the alphabet, padding at the end, CR and LF between, nothing else;
   at most MOST characters. */
char *sp_strict_base64(const char *text, size_t n, size_t most, size_t *out_n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#endif
