/*
 * der: the little of DER (X.690) that certificates, CRLs and OCSP need, written into and read from bytes. libcrypto's objects
 * cost ten times a P-256 signature to build; what is written here is read back by libcrypto in the linter, the tests and the
 * fuzzers, and what is read here is compared with it.
 */
#ifndef CA_DER_H
#define CA_DER_H

#include <glib.h>

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_IMPLICIT(n) (0x80 | (n))    /* context-specific, primitive */
#define DER_CONTEXT(n) (0xa0 | (n))     /* context-specific, constructed */

/* --- Writing: appends to a GByteArray ------------------------------------------------------------------------------------- */

/* An element whose content is written next; der_end puts the length in. Nested as they stand. */
guint der_begin(GByteArray *out, int tag) G_GNUC_WARN_UNUSED_RESULT;
void der_end(GByteArray *out, guint begun);

void der_raw(GByteArray *out, const void *bytes, size_t size);     /* ready DER */
void der_raw_bytes(GByteArray *out, GBytes *bytes);
void der_element(GByteArray *out, int tag, const void *content, size_t size);
void der_text(GByteArray *out, int tag, const char *text);
void der_bit_string(GByteArray *out, const void *bytes, size_t size); /* whole bytes */
void der_named_bits(GByteArray *out, unsigned bits); /* bit n of the standard is 1 << n; DER drops zeroes at the end */
void der_true(GByteArray *out);
void der_integer(GByteArray *out, gint64 value);                   /* not negative */
void der_unsigned(GByteArray *out, const void *magnitude, size_t size); /* INTEGER, not negative; at least one byte */
gboolean der_integer_hex(GByteArray *out, const char *hex);        /* positive; FALSE if it is not hex or empty */
gboolean der_oid(GByteArray *out, const char *dotted);             /* FALSE if it is none */
void der_time(GByteArray *out, gint64 when);                       /* RFC 5280 section 4.1.2.5: UTCTime until 2049 */
void der_generalized_time(GByteArray *out, gint64 when);

/* Tag and length of SIZE content bytes into HEAD (6 bytes are enough); returns how many it took. */
size_t der_head(unsigned char *head, int tag, size_t size);
/* The 13 (UTCTime) or 15 digits and Z of WHEN into TEXT; returns their number and sets *TAG. */
size_t der_time_text(char text[16], gint64 when, gboolean generalized, int *tag);

/* --- Reading: a cursor over borrowed bytes. Every function is FALSE (and moves nothing) at what is not strict DER --------- */

struct der {
    const unsigned char *p;
    size_t n;
};

struct der der_of(GBytes *bytes);
/* The next element must have TAG: its content goes to CONTENT (may be NULL), IN moves past it. */
gboolean der_take(struct der *in, int tag, struct der *content);
/* Any tag: sets *TAG; WHOLE (may be NULL) gets tag and length too. */
gboolean der_take_any(struct der *in, int *tag, struct der *content, struct der *whole);
/* Is the next one of TAG? */
gboolean der_next_is(const struct der *in, int tag);
gboolean der_is(const struct der *content, const void *bytes, size_t size);
/* A non-negative INTEGER: content without the zero in front; at least one byte. */
gboolean der_take_unsigned(struct der *in, struct der *magnitude);
/* UTCTime or GeneralizedTime as RFC 5280 allows them: seconds, Z, no fraction. */
gboolean der_take_time(struct der *in, gint64 *when);

#endif
