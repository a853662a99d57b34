#include "ra/term.h"

#include <string.h>

#define SHA256_DIGITS 64
#define SHA1_DIGITS 40
#define SERIAL_MOST 40    /* digits of 20 bytes, RFC 5280 4.1.2.2 */
#define SERIAL_LEAST 30   /* fewer hex digits than a serial of ours can have: it would have to begin with five bytes of zero */
#define DECIMAL_MOST 49   /* digits of 2^160 */
#define NUMBER_MOST 15

static char *
tidy(const char *text)
{
    g_autofree char *bounded = g_strndup(text ? text : "", RA_TERM_LONGEST);
    g_autofree char *valid = g_utf8_make_valid(bounded, -1);
    char *plain = g_utf8_normalize(valid, -1, G_NORMALIZE_NFKC);
    return g_strstrip(plain);
}

static gint64
request_number(const char *text)
{
    static const char *const before[] = { "#", "no.", "no", "申請番号", "申請", "request" };
    g_autofree char *lower = g_utf8_strdown(text, -1);
    const char *rest = lower;
    for (gsize i = 0; i < G_N_ELEMENTS(before); i++)
        if (g_str_has_prefix(rest, before[i])) {
            rest += strlen(before[i]);
            break;
        }
    rest += strspn(rest, " #.:");
    gsize digits = strspn(rest, "0123456789");
    return digits > 0 && digits <= NUMBER_MOST && rest[digits] == '\0' ? g_ascii_strtoll(rest, NULL, 10) : 0;
}

/* The digits of TEXT without what tools put between them, lower case; NULL where it has anything else. */
static char *
hex_digits(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = g_ascii_strncasecmp(text, "0x", 2) == 0 ? text + 2 : text; *c; c++)
        if (g_ascii_isxdigit(*c))
            g_string_append_c(out, g_ascii_tolower(*c));
        else if (!strchr(" :-.", *c))
            return NULL;
    return g_strdup(out->str);
}

/* As certificate.serial has it: whole bytes, without the bytes of zero that DER or a tool puts in front. */
static char *
serial_of(const char *hex)
{
    hex += strspn(hex, "0");
    gsize n = strlen(hex);
    return n >= SERIAL_LEAST && n <= SERIAL_MOST ? g_strconcat(n % 2 ? "0" : "", hex, NULL) : NULL;
}

/* A decimal number in hex, by long multiplication: no type of C holds 160 bits. */
static char *
hex_of_decimal(const char *digits)
{
    guint8 bytes[24] = { 0 };
    for (; *digits; digits++) {
        guint carry = (guint)(*digits - '0');
        for (gsize i = sizeof bytes; i > 0; i--) {
            carry += bytes[i - 1] * 10u;
            bytes[i - 1] = (guint8)carry;
            carry >>= 8;
        }
    }
    GString *out = g_string_new(NULL);
    for (gsize i = 0; i < sizeof bytes; i++)
        g_string_append_printf(out, "%02x", bytes[i]);
    return g_string_free(out, FALSE);
}

static void
take_serials(RaTerm *term, const char *hex)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();
    g_autofree char *serial = serial_of(hex);
    if (serial)
        g_strv_builder_add(list, serial);
    if (strspn(hex, "0123456789") == strlen(hex) && strlen(hex) <= DECIMAL_MOST) {
        g_autofree char *converted = hex_of_decimal(hex);
        g_autofree char *other = serial_of(converted);
        if (other)
            g_strv_builder_add(list, other);
    }
    term->serials = g_strv_builder_end(list);
}

RaTerm *
ra_term_read(const char *text)
{
    RaTerm *term = g_new0(RaTerm, 1);
    term->text = tidy(text);
    term->number = request_number(term->text);
    g_autofree char *hex = hex_digits(term->text);
    take_serials(term, hex ? hex : "");
    if (hex && strlen(hex) == SHA256_DIGITS)
        term->fingerprint = g_strdup(hex);
    if (hex && strlen(hex) == SHA1_DIGITS)
        term->sha1 = g_strdup(hex);
    term->words = *term->text && *term->text != '#' && !term->serials[0] && !term->fingerprint && !term->sha1;
    return term;
}

void
ra_term_free(RaTerm *term)
{
    if (!term)
        return;
    g_free(term->text);
    g_strfreev(term->serials);
    g_free(term->fingerprint);
    g_free(term->sha1);
    g_free(term);
}
