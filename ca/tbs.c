#include "ca/tbs.h"

#include <string.h>

/* --- Names ---------------------------------------------------------------------------------------------------------------- */

enum { X520_LONGEST = 64 }; /* ub-common-name and its sisters, RFC 5280 appendix A.1; characters */

/* Characters that end a line or turn the reading direction make a name look like another. Joiners stay: emoji and Persian need
   them. */
static gboolean misleads(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0x2028 || c == 0x2029 || c == 0x200e || c == 0x200f || c == 0x061c
           || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gboolean text_ok(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL) || g_utf8_strlen(text, -1) > X520_LONGEST)
        return FALSE;
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        if (misleads(g_utf8_get_char(p)))
            return FALSE;
    return TRUE;
}

static gboolean part_ok(const struct ca_name_part *part)
{
    if (part->type == CA_NAME_C)
        return strlen(part->value) == 2 && g_ascii_isupper(part->value[0]) && g_ascii_isupper(part->value[1]);
    return text_ok(part->value);
}

static void name_part(GByteArray *out, const struct ca_name_part *part)
{
    const unsigned char oid[] = { DER_OID, 3, 0x55, 4, part->type };
    guint set = der_begin(out, DER_SET), sequence = der_begin(out, DER_SEQUENCE);

    der_raw(out, oid, sizeof oid);
    der_text(out, part->type == CA_NAME_C ? DER_PRINTABLE : DER_UTF8, part->value); /* section 4.1.2.4 */
    der_end(out, sequence);
    der_end(out, set);
}

GBytes *ca_name(const struct ca_name_part *parts, size_t n, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_sized_new(256);
    guint sequence = der_begin(out, DER_SEQUENCE);

    for (size_t i = 0; i < n; i++) {
        if (!parts[i].value || parts[i].value[0] == '\0')
            continue;
        if (!part_ok(&parts[i])) {
            ca_fail(error, CA_ERROR_REFUSED, "subject",
                    "attribute 2.5.4.%d is too long or has characters that may not be in it", parts[i].type);
            return NULL;
        }
        name_part(out, &parts[i]);
    }
    der_end(out, sequence);
    if (out->len == 2) {
        ca_fail(error, CA_ERROR_REFUSED, "subject", "nothing is in it");
        return NULL;
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

/* --- Extensions: a row each, in the order of RFC 5280 section 4.2 --------------------------------------------------------- */

struct source {
    const struct ca_tbs *what;
    const struct ca_signer *signer;
    const unsigned char *key_id;
};

static gboolean any(const char *const *list)
{
    return list && list[0];
}

static gboolean given(const char *text)
{
    return text && text[0] != '\0';
}

static gboolean write_authority_key_id(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);

    der_element(out, DER_IMPLICIT(0), s->signer->key_id, s->signer->key_id_size);
    der_end(out, sequence);
    return TRUE;
}

static gboolean write_subject_key_id(GByteArray *out, const struct source *s)
{
    der_element(out, DER_OCTET_STRING, s->key_id, CA_KEY_ID);
    return TRUE;
}

static gboolean write_key_usage(GByteArray *out, const struct source *s)
{
    der_named_bits(out, s->what->usage);
    return TRUE;
}

static gboolean write_policies(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);
    gboolean ok = TRUE;

    for (const char *const *oid = s->what->policies; *oid && ok; oid++) {
        guint policy = der_begin(out, DER_SEQUENCE);
        ok = der_oid(out, *oid);
        der_end(out, policy);
    }
    der_end(out, sequence);
    return ok;
}

static gboolean write_mail(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);

    der_text(out, DER_IMPLICIT(1), s->what->mail); /* rfc822Name */
    der_end(out, sequence);
    return TRUE;
}

static gboolean write_constraints(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);

    if (s->what->ca) { /* FALSE is the default, which DER leaves out */
        der_true(out);
        if (s->what->path_length >= 0)
            der_integer(out, s->what->path_length);
    }
    der_end(out, sequence);
    return TRUE;
}

static gboolean write_extended(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);
    gboolean ok = TRUE;

    for (const char *const *oid = s->what->extended; *oid && ok; oid++)
        ok = der_oid(out, *oid);
    der_end(out, sequence);
    return ok;
}

/* SEQUENCE { DistributionPoint { [0] { [0] fullName { [6] URI } } } } */
static gboolean write_crl_point(GByteArray *out, const struct source *s)
{
    guint points = der_begin(out, DER_SEQUENCE), point = der_begin(out, DER_SEQUENCE);
    guint name = der_begin(out, DER_CONTEXT(0)), full = der_begin(out, DER_CONTEXT(0));

    der_text(out, DER_IMPLICIT(6), s->what->crl_url);
    der_end(out, full);
    der_end(out, name);
    der_end(out, point);
    der_end(out, points);
    return TRUE;
}

static void write_method(GByteArray *out, unsigned char method, const char *url)
{
    const unsigned char oid[] = { DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, method };
    guint sequence = der_begin(out, DER_SEQUENCE);

    der_raw(out, oid, sizeof oid);
    der_text(out, DER_IMPLICIT(6), url);
    der_end(out, sequence);
}

static gboolean write_access(GByteArray *out, const struct source *s)
{
    guint sequence = der_begin(out, DER_SEQUENCE);

    if (given(s->what->ocsp_url))
        write_method(out, 1, s->what->ocsp_url);
    if (given(s->what->issuer_url))
        write_method(out, 2, s->what->issuer_url);
    der_end(out, sequence);
    return TRUE;
}

static gboolean write_no_check(GByteArray *out, const struct source *s)
{
    (void)s;
    der_element(out, DER_NULL, "", 0); /* RFC 6960 section 4.2.2.2.1 */
    return TRUE;
}

static gboolean always(const struct ca_tbs *what) { return what != NULL; }
static gboolean has_policies(const struct ca_tbs *what) { return any(what->policies); }
static gboolean has_mail(const struct ca_tbs *what) { return given(what->mail); }
static gboolean has_extended(const struct ca_tbs *what) { return any(what->extended); }
static gboolean has_crl(const struct ca_tbs *what) { return given(what->crl_url); }
static gboolean has_access(const struct ca_tbs *what) { return given(what->ocsp_url) || given(what->issuer_url); }
static gboolean has_no_check(const struct ca_tbs *what) { return what->no_check; }

static const struct {
    const char *oid;
    gboolean critical;
    gboolean (*wanted)(const struct ca_tbs *what);
    gboolean (*write)(GByteArray *out, const struct source *source); /* FALSE: an OID of the profile is none */
} extensions[] = {
    /* OID                   critical wanted        value */
    { "\x55\x1d\x23",         FALSE,  always,       write_authority_key_id },
    { "\x55\x1d\x0e",         FALSE,  always,       write_subject_key_id },
    { "\x55\x1d\x0f",         TRUE,   always,       write_key_usage },
    { "\x55\x1d\x20",         FALSE,  has_policies, write_policies },
    { "\x55\x1d\x11",         FALSE,  has_mail,     write_mail },
    { "\x55\x1d\x13",         TRUE,   always,       write_constraints },
    { "\x55\x1d\x25",         FALSE,  has_extended, write_extended },
    { "\x55\x1d\x1f",         FALSE,  has_crl,      write_crl_point },
    { "\x2b\x06\x01\x05\x05\x07\x01\x01", FALSE, has_access, write_access },
    { "\x2b\x06\x01\x05\x05\x07\x30\x01\x05", FALSE, has_no_check, write_no_check },
};

static gboolean write_extensions(GByteArray *out, const struct source *source, GError **error)
{
    guint tagged = der_begin(out, DER_CONTEXT(3)), sequence = der_begin(out, DER_SEQUENCE);

    for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
        guint extension, value;
        gboolean ok;

        if (!extensions[i].wanted(source->what))
            continue;
        extension = der_begin(out, DER_SEQUENCE);
        der_text(out, DER_OID, extensions[i].oid);
        if (extensions[i].critical)
            der_true(out);
        value = der_begin(out, DER_OCTET_STRING);
        ok = extensions[i].write(out, source);
        der_end(out, value);
        der_end(out, extension);
        if (!ok)
            return ca_fail(error, CA_ERROR_BROKEN, "profile", "an OID in it is none");
    }
    der_end(out, sequence);
    der_end(out, tagged);
    return TRUE;
}

/* --- The whole ------------------------------------------------------------------------------------------------------------ */

static gboolean write_tbs(GByteArray *out, const struct source *source, GError **error)
{
    static const unsigned char version3[] = { DER_CONTEXT(0), 3, DER_INTEGER, 1, 2 };
    const struct ca_tbs *what = source->what;
    guint tbs = der_begin(out, DER_SEQUENCE), validity;

    der_raw(out, version3, sizeof version3);
    /* Section 4.1.2.2: positive, 20 bytes with the zero that a first bit of 1 would need. */
    if (!what->serial || strlen(what->serial) > 40 || (strlen(what->serial) == 40 && g_ascii_xdigit_value(*what->serial) >= 8)
        || !der_integer_hex(out, what->serial))
        return ca_fail(error, CA_ERROR_BROKEN, "serial", "not up to 20 bytes in hex");
    der_raw(out, source->signer->algorithm->der, source->signer->algorithm->size);
    der_raw_bytes(out, source->signer->name);
    validity = der_begin(out, DER_SEQUENCE);
    der_time(out, what->not_before);
    der_time(out, what->not_after);
    der_end(out, validity);
    der_raw_bytes(out, what->subject);
    der_raw(out, what->key->spki.p, what->key->spki.n);
    if (!write_extensions(out, source, error))
        return FALSE;
    der_end(out, tbs);
    return TRUE;
}

GBytes *ca_tbs_write(const struct ca_tbs *what, const struct ca_signer *signer, GError **error)
{
    unsigned char key_id[CA_KEY_ID];
    struct source source = { what, signer, key_id };
    g_autoptr(GByteArray) out = g_byte_array_sized_new(2048);

    if (what->not_before < 0 || what->not_after < what->not_before || what->not_after >= G_GINT64_CONSTANT(253402300800)) {
        ca_fail(error, CA_ERROR_REFUSED, "validity", "it ends before it begins");
        return NULL;
    }
    ca_public_id(&what->key->bits, key_id);
    return write_tbs(out, &source, error) ? g_byte_array_free_to_bytes(g_steal_pointer(&out)) : NULL;
}

GBytes *ca_tbs_finish(GBytes *tbs, const struct ca_signer *signer, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_sized_new(2048);
    guint whole = der_begin(out, DER_SEQUENCE);

    der_raw_bytes(out, tbs);
    if (!ca_signer_append(signer, out, whole, error))
        return NULL;
    der_end(out, whole);
    return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

GBytes *ca_tbs_sign(const struct ca_tbs *what, const struct ca_signer *signer, GError **error)
{
    g_autoptr(GBytes) tbs = ca_tbs_write(what, signer, error);

    return tbs ? ca_tbs_finish(tbs, signer, error) : NULL;
}
