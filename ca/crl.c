#include "ca/crl.h"

#include <string.h>

#include "ca/der.h"
#include "ca/native.h"
#include "ca/sign.h"

static const struct {
    const char *name;
    enum ca_reason reason;
} reasons[] = {
    { "unspecified", CA_REASON_UNSPECIFIED },
    { "keyCompromise", CA_REASON_KEY_COMPROMISE },
    { "affiliationChanged", CA_REASON_AFFILIATION_CHANGED },
    { "superseded", CA_REASON_SUPERSEDED },
    { "cessationOfOperation", CA_REASON_CESSATION_OF_OPERATION },
};

gboolean ca_reason_parse(const char *name, enum ca_reason *reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (g_str_equal(reasons[i].name, name)) {
            *reason = reasons[i].reason;
            return TRUE;
        }
    }
    return FALSE;
}

const char *ca_reason_name(enum ca_reason reason)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].reason == reason)
            return reasons[i].name;
    return reasons[0].name;
}

/* --- Entries: written by hand, a million of them must cost less than their hash ------------------------------------------- */

enum { ENTRY_LONGEST = 64 };

/* Extensions { reasonCode { ENUMERATED } }; the last byte is the reason. */
static const unsigned char reason_extension[] = { 0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 0x15, 4, 3, 0x0a, 1, 0 };

/* Lower-case hexadecimal digits: the value, and 16 as the mark of a digit. */
static const unsigned char hex_values[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
};

/* INTEGER of a serial in hex to OUT; its length, 0 for what is no number above zero. The table takes serials of ours only; should
   a row hold another number all the same, its revocation is listed, and keeps nobody else's out of the list. */
static size_t write_serial(unsigned char *out, const char *hex)
{
    const unsigned char *in = (const unsigned char *)hex;
    size_t digits, n = 2;
    unsigned marks = 16;

    while (*in == '0' && (in[1] == '0' || strlen((const char *)in) % 2 != 0))
        in++;
    digits = strlen((const char *)in);
    if (digits == 0 || digits > 40)
        return 0;
    if (digits % 2 != 0) {
        marks &= hex_values[*in];
        out[n++] = hex_values[*in++] & 15;
    } else if (in[0] >= '8') { /* DER's sign */
        out[n++] = 0;
    }
    for (; in[0]; in += 2) {
        unsigned high = hex_values[in[0]], low = hex_values[in[1]];
        marks &= high & low;
        out[n++] = (unsigned char)(high << 4 | (low & 15));
    }
    out[0] = DER_INTEGER;
    out[1] = (unsigned char)(n - 2);
    return marks ? n : 0;
}

/* The date is worked out once a day of the list: lists are long, days few and neighbours alike. */
struct day {
    gint64 number; /* since 1970; -1: none yet */
    char text[16];
    size_t size;
    int tag;
};

static const char two_digits[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                 "4041424344454647484950515253545556575859";

static size_t write_time(unsigned char *out, gint64 at, struct day *day)
{
    int second = (int)(at % 86400);
    unsigned char *clock;

    if (at / 86400 != day->number) {
        day->number = at / 86400;
        day->size = der_time_text(day->text, day->number * 86400, FALSE, &day->tag);
    }
    out[0] = (unsigned char)day->tag;
    out[1] = (unsigned char)day->size;
    memcpy(out + 2, day->text, day->size);
    clock = out + 2 + day->size - 7; /* HHMMSSZ */
    memcpy(clock, two_digits + second / 3600 * 2, 2);
    memcpy(clock + 2, two_digits + second / 60 % 60 * 2, 2);
    memcpy(clock + 4, two_digits + second % 60 * 2, 2);
    return 2 + day->size;
}

/* Writes the entry to OUT (ENTRY_LONGEST bytes) and returns its length; 0 for a serial or time that is none of ours. */
static size_t write_entry(unsigned char *out, const struct ca_revoked *one, struct day *day)
{
    size_t n = write_serial(out + 2, one->serial) + 2;

    if (n == 2 || one->at < 0 || one->at >= G_GINT64_CONSTANT(253402300800))
        return 0;
    n += write_time(out + n, one->at, day);
    if (one->reason != CA_REASON_UNSPECIFIED) {
        memcpy(out + n, reason_extension, sizeof reason_extension);
        n += sizeof reason_extension;
        out[n - 1] = one->reason;
    }
    out[0] = DER_SEQUENCE;
    out[1] = (unsigned char)(n - 2);
    return n;
}

/* The largest head that SEQUENCE's length can need, so that entries are written once, where they stay. */
enum { HEAD = 6 };

static gboolean write_entries(GByteArray *out, const struct ca_revoked *revoked, size_t n, GError **error)
{
    struct day day = { .number = -1 };
    size_t at = out->len;

    g_byte_array_set_size(out, (guint)(at + n * ENTRY_LONGEST)); /* room for the longest, cut to what was needed */
    for (size_t i = 0; i < n; i++) {
        size_t size = write_entry(out->data + at, &revoked[i], &day);
        if (size == 0)
            return ca_fail(error, CA_ERROR_BROKEN, "crl-entry", "number %" G_GSIZE_FORMAT " has no serial or time", i);
        at += size;
    }
    g_byte_array_set_size(out, (guint)at);
    return TRUE;
}

/* --- The list ------------------------------------------------------------------------------------------------------------- */

static guint begin_extension(GByteArray *out, const char *oid, gboolean critical, guint *extension)
{
    *extension = der_begin(out, DER_SEQUENCE);
    der_text(out, DER_OID, oid);
    if (critical)
        der_true(out);
    return der_begin(out, DER_OCTET_STRING);
}

static void end_extension(GByteArray *out, guint extension, guint value)
{
    der_end(out, value);
    der_end(out, extension);
}

/* RFC 5280 section 5.2.5, critical: relying parties must not take one shard for the whole. */
static void write_distribution_point(GByteArray *out, const char *url)
{
    guint extension, value = begin_extension(out, "\x55\x1d\x1c", TRUE, &extension);
    guint point = der_begin(out, DER_SEQUENCE), name = der_begin(out, DER_CONTEXT(0)), full = der_begin(out, DER_CONTEXT(0));

    der_text(out, DER_IMPLICIT(6), url);
    der_end(out, full);
    der_end(out, name);
    der_end(out, point);
    end_extension(out, extension, value);
}

static void write_extensions(GByteArray *out, const struct ca_crl *what, const struct ca_signer *signer)
{
    guint tagged = der_begin(out, DER_CONTEXT(0)), list = der_begin(out, DER_SEQUENCE), extension, value, sequence;

    value = begin_extension(out, "\x55\x1d\x23", FALSE, &extension); /* authorityKeyIdentifier */
    sequence = der_begin(out, DER_SEQUENCE);
    der_element(out, DER_IMPLICIT(0), signer->key_id, signer->key_id_size);
    der_end(out, sequence);
    end_extension(out, extension, value);
    value = begin_extension(out, "\x55\x1d\x14", FALSE, &extension); /* cRLNumber */
    der_integer(out, what->number);
    end_extension(out, extension, value);
    if (what->shard_url)
        write_distribution_point(out, what->shard_url);
    der_end(out, list);
    der_end(out, tagged);
}

/* What stands before the entries. */
static void write_front(GByteArray *out, const struct ca_crl *what, const struct ca_signer *signer)
{
    der_integer(out, 1); /* v2 */
    der_raw(out, signer->algorithm->der, signer->algorithm->size);
    der_raw_bytes(out, signer->name);
    der_time(out, what->this_update);
    der_time(out, what->next_update);
}

/* Puts a head for what was written from FROM on into the HEAD bytes before it; returns where the element now begins. */
static guint close_before(GByteArray *out, int tag, guint from)
{
    unsigned char head[HEAD];
    size_t n = der_head(head, tag, out->len - from);

    memcpy(out->data + from - n, head, n);
    return from - (guint)n;
}

/*
 * The whole is built back to front where it must be: the entries are written into place, then the small front before them, then
 * the heads, each into room that was left. OUT: room, entries, back. Returns where the TBSCertList begins.
 */
static guint assemble(GByteArray *out, const struct ca_crl *what, const struct ca_signer *signer, guint entries)
{
    g_autoptr(GByteArray) front = g_byte_array_new();
    guint list = out->len > entries ? close_before(out, DER_SEQUENCE, entries) : entries; /* none revoked: the list is absent */

    write_extensions(out, what, signer);
    write_front(front, what, signer);
    g_assert(front->len + 3 * HEAD <= list);
    memcpy(out->data + list - front->len, front->data, front->len);
    return close_before(out, DER_SEQUENCE, list - front->len);
}

GBytes *ca_crl_build(const CaIssuer *issuer, const struct ca_crl *what, const struct ca_revoked *revoked, size_t n,
                     GError **error)
{
    const struct ca_signer *signer = ca_issuer_signer(issuer);
    guint room = 128 + 3 * HEAD + (guint)g_bytes_get_size(signer->name), begin;
    g_autoptr(GByteArray) out = NULL;
    g_autoptr(GBytes) all = NULL;

    if (what->number < 0 || what->this_update < 0 || what->next_update <= what->this_update || n > G_MAXINT32 / ENTRY_LONGEST
        || ca_issuer_is_responder(issuer)) {
        ca_fail(error, CA_ERROR_BROKEN, "crl", "number, times or size make no sense");
        return NULL;
    }
    out = g_byte_array_sized_new(room + (guint)n * ENTRY_LONGEST + 1024);
    g_byte_array_set_size(out, room);
    if (!write_entries(out, revoked, n, error))
        return NULL;
    begin = assemble(out, what, signer, room);
    if (!ca_signer_append(signer, out, begin, error))
        return NULL;
    begin = close_before(out, DER_SEQUENCE, begin);
    all = g_byte_array_free_to_bytes(g_steal_pointer(&out));
    return g_bytes_new_from_bytes(all, begin, g_bytes_get_size(all) - begin);
}

/* --- Reading -------------------------------------------------------------------------------------------------------------- */

static gboolean count_entries(struct der list, size_t *entries)
{
    for (*entries = 0; list.n > 0; (*entries)++)
        if (!der_take(&list, DER_SEQUENCE, NULL))
            return FALSE;
    return TRUE;
}

static gboolean read_number(struct der list, gint64 *number)
{
    struct der extension, oid, value, magnitude;

    *number = -1;
    while (list.n > 0) {
        if (!der_take(&list, DER_SEQUENCE, &extension) || !der_take(&extension, DER_OID, &oid))
            return FALSE;
        if (!der_is(&oid, "\x55\x1d\x14", 3))
            continue;
        if (!der_take(&extension, DER_OCTET_STRING, &value) || !der_take_unsigned(&value, &magnitude) || magnitude.n > 7)
            return FALSE;
        *number = 0;
        for (size_t i = 0; i < magnitude.n; i++)
            *number = *number << 8 | magnitude.p[i];
    }
    return *number >= 0;
}

static gboolean read_list(struct der in, struct ca_crl *what, size_t *entries)
{
    struct der crl, tbs, list, tagged, extensions;

    *entries = 0;
    if (!der_take(&in, DER_SEQUENCE, &crl) || in.n != 0 || !der_take(&crl, DER_SEQUENCE, &tbs)
        || !der_take(&tbs, DER_INTEGER, NULL) || !der_take(&tbs, DER_SEQUENCE, NULL) || !der_take(&tbs, DER_SEQUENCE, NULL)
        || !der_take_time(&tbs, &what->this_update) || !der_take_time(&tbs, &what->next_update))
        return FALSE;
    if (der_take(&tbs, DER_SEQUENCE, &list) && !count_entries(list, entries))
        return FALSE;
    return der_take(&tbs, DER_CONTEXT(0), &tagged) && tbs.n == 0 && der_take(&tagged, DER_SEQUENCE, &extensions)
           && read_number(extensions, &what->number);
}

gboolean ca_crl_read(GBytes *der, struct ca_crl *what, size_t *entries, GError **error)
{
    size_t n;

    memset(what, 0, sizeof *what);
    if (!read_list(der_of(der), what, entries ? entries : &n))
        return ca_fail(error, CA_ERROR_INPUT, "crl-form", "not a certificate revocation list of version 2 with a number");
    return TRUE;
}
