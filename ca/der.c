#include "ca/der.h"

#include <string.h>
#include <time.h>

/* --- Writing -------------------------------------------------------------------------------------------------------------- */

size_t der_head(unsigned char *head, int tag, size_t size)
{
    size_t n = 0;

    g_assert(size <= G_MAXUINT32);
    head[n++] = (unsigned char)tag;
    if (size < 0x80) {
        head[n++] = (unsigned char)size;
        return n;
    }
    int bytes = size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffff ? 3 : 4;
    head[n++] = (unsigned char)(0x80 | bytes);
    for (int i = bytes - 1; i >= 0; i--)
        head[n++] = (unsigned char)(size >> (8 * i));
    return n;
}

guint der_begin(GByteArray *out, int tag)
{
    unsigned char head[2] = { (unsigned char)tag, 0 };

    g_byte_array_append(out, head, 2);
    return out->len;
}

void der_end(GByteArray *out, guint begun)
{
    unsigned char head[6];
    size_t size = out->len - begun;
    size_t more = der_head(head, out->data[begun - 2], size) - 2;

    if (more > 0) { /* room for one length byte was left; the content moves up where more are needed */
        g_byte_array_set_size(out, out->len + (guint)more);
        memmove(out->data + begun + more, out->data + begun, size);
    }
    memcpy(out->data + begun - 2, head, 2 + more);
}

void der_raw(GByteArray *out, const void *bytes, size_t size)
{
    g_byte_array_append(out, bytes, (guint)size);
}

void der_raw_bytes(GByteArray *out, GBytes *bytes)
{
    gsize n;
    const void *p = g_bytes_get_data(bytes, &n);

    der_raw(out, p, n);
}

void der_element(GByteArray *out, int tag, const void *content, size_t size)
{
    unsigned char head[6];

    der_raw(out, head, der_head(head, tag, size));
    der_raw(out, content, size);
}

void der_text(GByteArray *out, int tag, const char *text)
{
    der_element(out, tag, text, strlen(text));
}

void der_bit_string(GByteArray *out, const void *bytes, size_t size)
{
    static const unsigned char unused = 0;
    unsigned char head[6];

    der_raw(out, head, der_head(head, DER_BIT_STRING, size + 1));
    der_raw(out, &unused, 1);
    der_raw(out, bytes, size);
}

void der_named_bits(GByteArray *out, unsigned bits)
{
    unsigned char content[3] = { 0 };
    int last = 0;

    for (int i = 0; i < 16; i++) {
        if (bits >> i & 1) {
            content[1 + i / 8] |= (unsigned char)(0x80 >> i % 8);
            last = i + 1;
        }
    }
    content[0] = (unsigned char)((8 - last % 8) % 8);
    der_element(out, DER_BIT_STRING, content, 1 + (size_t)(last + 7) / 8);
}

void der_true(GByteArray *out)
{
    static const unsigned char yes = 0xff;

    der_element(out, DER_BOOLEAN, &yes, 1);
}

void der_integer(GByteArray *out, gint64 value)
{
    unsigned char content[8];

    g_assert(value >= 0);
    for (int i = 0; i < 8; i++)
        content[i] = (unsigned char)(value >> (56 - 8 * i));
    der_unsigned(out, content, sizeof content);
}

void der_unsigned(GByteArray *out, const void *magnitude, size_t size)
{
    static const unsigned char zero = 0;
    const unsigned char *p = magnitude;
    unsigned char head[6];
    gboolean sign;

    while (size > 1 && *p == 0) {
        p++;
        size--;
    }
    sign = (*p & 0x80) != 0;
    der_raw(out, head, der_head(head, DER_INTEGER, size + sign));
    if (sign)
        der_raw(out, &zero, 1);
    der_raw(out, p, size);
}

gboolean der_integer_hex(GByteArray *out, const char *hex)
{
    unsigned char content[64];
    size_t digits = strlen(hex), n = 0;

    if (digits == 0 || digits % 2 != 0 || digits > 128)
        return FALSE;
    for (size_t i = 0; i < digits; i += 2) {
        int high = g_ascii_xdigit_value(hex[i]), low = g_ascii_xdigit_value(hex[i + 1]);
        if (high < 0 || low < 0)
            return FALSE;
        content[n++] = (unsigned char)(high << 4 | low);
    }
    der_unsigned(out, content, n);
    return TRUE;
}

static void oid_arc(GByteArray *out, guint64 arc)
{
    unsigned char bytes[10];
    int n = 10;

    do {
        n--;
        bytes[n] = (unsigned char)((arc & 0x7f) | (n == 9 ? 0 : 0x80));
        arc >>= 7;
    } while (arc > 0);
    der_raw(out, bytes + n, (size_t)(10 - n));
}

static gboolean take_arc(const char **text, guint64 *arc)
{
    char *end;

    if (!g_ascii_isdigit(**text))
        return FALSE;
    *arc = g_ascii_strtoull(*text, &end, 10);
    *text = end;
    return *arc <= G_MAXUINT32;
}

gboolean der_oid(GByteArray *out, const char *dotted)
{
    guint start = out->len, begun = der_begin(out, DER_OID);
    guint64 first, arc;
    const char *p = dotted;
    gboolean ok = take_arc(&p, &first) && first <= 2 && *p++ == '.' && take_arc(&p, &arc) && (first == 2 || arc < 40);

    if (ok)
        oid_arc(out, first * 40 + arc); /* X.690 section 8.19.4: the first two share one number */
    while (ok && *p == '.') {
        p++;
        ok = take_arc(&p, &arc);
        if (ok)
            oid_arc(out, arc);
    }
    if (!ok || *p != '\0') {
        g_byte_array_set_size(out, start);
        return FALSE;
    }
    der_end(out, begun);
    return TRUE;
}

static void two(char *out, int value)
{
    out[0] = (char)('0' + value / 10);
    out[1] = (char)('0' + value % 10);
}

/* Days since 1970 to a civil date; GDateTime does the same at fifty times the cost, which a CRL of a million entries feels. */
static void civil(gint64 days, int *year, int *month, int *day)
{
    gint64 z = days + 719468, era = z / 146097;             /* eras of 400 years from 1 March of year 0 */
    int of_era = (int)(z - era * 146097);
    int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * y + y / 4 - y / 100);
    int m = (5 * of_year + 2) / 153;                        /* March is 0 */

    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = (int)(era * 400) + y + (*month <= 2);
}

size_t der_time_text(char text[16], gint64 when, gboolean generalized, int *tag)
{
    gint64 seconds = when % 86400;
    int year, month, day;
    char *p = text;

    g_assert(when >= 0 && when < G_GINT64_CONSTANT(253402300800)); /* 1970 to 9999 */
    civil(when / 86400, &year, &month, &day);
    generalized |= year >= 2050;
    if (generalized) {
        two(p, year / 100);
        p += 2;
    }
    two(p, year % 100);
    two(p + 2, month);
    two(p + 4, day);
    two(p + 6, (int)(seconds / 3600));
    two(p + 8, (int)(seconds / 60 % 60));
    two(p + 10, (int)(seconds % 60));
    p[12] = 'Z';
    *tag = generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME;
    return generalized ? 15 : 13;
}

void der_time(GByteArray *out, gint64 when)
{
    char text[16];
    int tag;
    size_t n = der_time_text(text, when, FALSE, &tag);

    der_element(out, tag, text, n);
}

void der_generalized_time(GByteArray *out, gint64 when)
{
    char text[16];
    int tag;
    size_t n = der_time_text(text, when, TRUE, &tag);

    der_element(out, tag, text, n);
}

/* --- Reading -------------------------------------------------------------------------------------------------------------- */

struct der der_of(GBytes *bytes)
{
    struct der in;

    in.p = g_bytes_get_data(bytes, &in.n);
    return in;
}

gboolean der_take_any(struct der *in, int *tag, struct der *content, struct der *whole)
{
    size_t head = 2, size;

    if (in->n < 2 || (in->p[0] & 0x1f) == 0x1f) /* tags above 30 occur nowhere here */
        return FALSE;
    size = in->p[1];
    if (size >= 0x80) {
        size_t bytes = size & 0x7f;
        if (bytes == 0 || bytes > 4 || in->n < 2 + bytes || in->p[2] == 0) /* indefinite, absurd, or with zeroes in front */
            return FALSE;
        size = 0;
        for (size_t i = 0; i < bytes; i++)
            size = size << 8 | in->p[2 + i];
        if (size < 0x80)
            return FALSE;
        head += bytes;
    }
    if (size > in->n - head)
        return FALSE;
    *tag = in->p[0];
    if (content)
        *content = (struct der){ in->p + head, size };
    if (whole)
        *whole = (struct der){ in->p, head + size };
    in->p += head + size;
    in->n -= head + size;
    return TRUE;
}

gboolean der_next_is(const struct der *in, int tag)
{
    return in->n > 0 && in->p[0] == tag;
}

gboolean der_take(struct der *in, int tag, struct der *content)
{
    int seen;

    return der_next_is(in, tag) && der_take_any(in, &seen, content, NULL);
}

gboolean der_is(const struct der *content, const void *bytes, size_t size)
{
    return content->n == size && (size == 0 || memcmp(content->p, bytes, size) == 0);
}

gboolean der_take_unsigned(struct der *in, struct der *magnitude)
{
    struct der before = *in, content;

    if (!der_take(in, DER_INTEGER, &content) || content.n == 0 || (content.p[0] & 0x80) != 0
        || (content.n > 1 && content.p[0] == 0 && content.p[1] < 0x80)) {
        *in = before;
        return FALSE;
    }
    if (content.n > 1 && content.p[0] == 0) {
        content.p++;
        content.n--;
    }
    *magnitude = content;
    return TRUE;
}

static gboolean two_digits(const unsigned char *p, int least, int most, int *value)
{
    if (!g_ascii_isdigit(p[0]) || !g_ascii_isdigit(p[1]))
        return FALSE;
    *value = (p[0] - '0') * 10 + (p[1] - '0');
    return *value >= least && *value <= most;
}

gboolean der_take_time(struct der *in, gint64 *when)
{
    struct der before = *in, text;
    int tag, century = 0, year;
    struct tm tm = { 0 };

    if (!der_take_any(in, &tag, &text, NULL)
        || !((tag == DER_UTC_TIME && text.n == 13) || (tag == DER_GENERALIZED_TIME && text.n == 15))
        || text.p[text.n - 1] != 'Z' || (text.n == 15 && !two_digits(text.p, 19, 99, &century)))
        goto no;
    text.p += text.n - 13;
    if (!two_digits(text.p, 0, 99, &year) || !two_digits(text.p + 2, 1, 12, &tm.tm_mon)
        || !two_digits(text.p + 4, 1, 31, &tm.tm_mday) || !two_digits(text.p + 6, 0, 23, &tm.tm_hour)
        || !two_digits(text.p + 8, 0, 59, &tm.tm_min) || !two_digits(text.p + 10, 0, 59, &tm.tm_sec))
        goto no;
    tm.tm_mon--;
    tm.tm_year = tag == DER_UTC_TIME ? year + (year < 50 ? 100 : 0) : (century - 19) * 100 + year;
    *when = timegm(&tm);
    return TRUE;
no:
    *in = before;
    return FALSE;
}
