#include "ra/code.h"

#include <string.h>

#include "db/log.h"
#include "ra/act.h"
#include "ra/error.h"
#include "ra/term.h"

#define GROUP 4

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* --- the text of a code --------------------------------------------------------------------------------------------------- */

Secret *
ra_code_new(void)
{
    guint8 random[RA_CODE_SIGNS];
    Secret *code = secret_new(RA_CODE_SIGNS + RA_CODE_SIGNS / GROUP - 1);
    char *out = (char *)secret_bytes(code);
    crypto_random(random, sizeof random);
    for (gsize i = 0; i < RA_CODE_SIGNS; i++) {
        if (i > 0 && i % GROUP == 0)
            *out++ = '-';
        *out++ = alphabet[random[i] & 31];
    }
    crypto_wipe(random, sizeof random);
    return code;
}

/* What people put between the groups, or an input method does; a long vowel mark is what a Japanese keyboard has for a dash. */
static gboolean
between(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_SPACE_SEPARATOR || type == G_UNICODE_DASH_PUNCTUATION || type == G_UNICODE_FORMAT ||
           g_unichar_isspace(c) || c == 0x2212 || c == 0x30fc || c == 0xff70;
}

/* The sign of the alphabet that is meant; 0: none. */
static char
sign_of(gunichar c)
{
    if (c >= 0xff01 && c <= 0xff5e) /* full width */
        c -= 0xfee0;
    if (c == 0 || c > 0x7e)
        return 0;
    char sign = g_ascii_toupper((char)c);
    sign = sign == 'O' ? '0' : sign == 'I' || sign == 'L' ? '1' : sign;
    return strchr(alphabet, sign) ? sign : 0;
}

Secret *
ra_code_read(const char *typed)
{
    if (!typed || strlen(typed) > RA_CODE_LONGEST || !g_utf8_validate(typed, -1, NULL))
        return NULL;
    g_autoptr(Secret) code = secret_new(RA_CODE_SIGNS);
    gsize n = 0;
    for (const char *c = typed; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        if (between(u))
            continue;
        char sign = sign_of(u);
        if (!sign || n == RA_CODE_SIGNS)
            return NULL;
        secret_bytes(code)[n++] = (guint8)sign;
    }
    return n == RA_CODE_SIGNS ? g_steal_pointer(&code) : NULL;
}

/* Of a code as ra_code_read has it, for this request alone; CODE NULL: a hash that no code has, at the same cost. */
static GBytes *
hash_of(gint64 request, const Secret *code)
{
    g_autoptr(Secret) text = secret_new(128);
    char *out = (char *)secret_bytes(text);
    g_snprintf(out, 128, "inkan revocation code|%" G_GINT64_FORMAT "|%s", request,
               code ? secret_text(code) : "--------------------");
    return crypto_sha256(out, strlen(out));
}

/* --- handing out ---------------------------------------------------------------------------------------------------------- */

gint64
ra_code_made(RaContext *ctx, gint64 request)
{
    gint64 at = 0;
    g_autoptr(GError) error = NULL;
    if (!db_code_made(ctx->db, request, &at, &error) && !log_is_away("database"))
        log_error("revocation-code-unknown", error);
    return at;
}

struct giving {
    const struct ra_who *who;
    gint64 person;    /* 0: whoever holds the pickup */
    gboolean replace;
    Secret *code;     /* made, not shown yet */
    gboolean kept;
};

static gboolean
give(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    struct giving *giving = data;
    g_autofree char *actor = ra_actor(giving->who);
    g_autoptr(Secret) plain = ra_code_read(secret_text(giving->code));
    g_autoptr(GBytes) hash = hash_of(*number, plain);
    const struct db_code row = { .request = *number, .person = giving->person, .hash = hash, .replace = giving->replace,
                                 .actor = actor, .address = giving->who->address, .log_id = log_id() };
    return db_code_keep(ctx->db, &row, &giving->kept, error);
}

Secret *
ra_code_give(RaContext *ctx, const struct ra_who *who, gint64 request, gboolean replace, GError **error)
{
    g_autoptr(Secret) code = ra_code_new();
    struct giving giving = { .who = who, .replace = replace, .code = code };
    const struct ra_deed deed = { .who = who, .number = request, .act = give, .data = &giving };
    return ra_act(ctx, &deed, NULL, error) && giving.kept ? g_steal_pointer(&code) : NULL;
}

gboolean
ra_code_renew(RaContext *ctx, const struct ra_who *who, gint64 request, const struct ra_form *form, Secret **code,
              char **location, GError **error)
{
    g_autoptr(Secret) fresh = ra_code_new();
    struct giving giving = { .who = who, .person = who->person, .replace = TRUE, .code = fresh };
    const struct ra_deed deed = { .who = who, .form = form, .number = request, .act = give, .data = &giving };
    *code = NULL;
    if (!ra_act(ctx, &deed, location, error))
        return FALSE;
    if (giving.kept)
        *code = g_steal_pointer(&fresh);
    return TRUE;
}

/* --- using ---------------------------------------------------------------------------------------------------------------- */

static void
miss(GError **error)
{
    log_write(LOG_LEVEL_WARNING, "revocation-code-wrong", NULL);
    g_set_error_literal(error, RA_ERROR, RA_ERROR_NOT_FOUND, "code");
}

/* The hash that was typed, where it is the kept one; NULL with ERROR. Every miss goes the same way: one row, one hash, one
   compare. */
static GBytes *
matching(RaContext *ctx, const char *number, const char *typed, gint64 *request, GError **error)
{
    g_autoptr(RaTerm) term = ra_term_read(number);
    g_autoptr(Secret) code = ra_code_read(typed);
    g_autoptr(GBytes) guess = hash_of(term->number, code), kept = NULL, none = hash_of(0, NULL);
    if (!db_code_hash(ctx->db, term->number, &kept, error)) {
        ra_error_from(error);
        return NULL;
    }
    gboolean same = crypto_equal(guess, kept ? kept : none);
    *request = term->number;
    if (same && kept && code)
        return g_steal_pointer(&guess);
    miss(error);
    return NULL;
}

RaCodeTarget *
ra_code_target(RaContext *ctx, gint64 request, GError **error)
{
    g_autoptr(GError) why = NULL;
    RaCodeTarget *target = db_code_target(ctx->db, request, &why);
    if (target)
        return target;
    if (!why)
        g_set_error_literal(&why, RA_ERROR, RA_ERROR_NOT_FOUND, "request");
    g_propagate_error(error, g_steal_pointer(&why));
    ra_error_from(error);
    return NULL;
}

RaCodeTarget *
ra_code_look(RaContext *ctx, const char *number, const char *code, GError **error)
{
    gint64 request;
    g_autoptr(GBytes) hash = matching(ctx, number, code, &request, error);
    return hash ? ra_code_target(ctx, request, error) : NULL;
}

struct use {
    gint64 request;
    GBytes *hash;
    gboolean all;
    const char *reason, *address;
    enum ra_code_outcome outcome;
};

static gboolean
use_it(RaContext *ctx, gpointer data, gint64 *number, GError **error)
{
    static const char *const words[] = { [RA_CODE_DONE] = "done", [RA_CODE_ALREADY] = "already", [RA_CODE_ENDED] = "ended" };
    struct use *use = data;
    const struct db_code_use what = { .request = *number, .hash = use->hash, .all = use->all, .reason = use->reason,
                                      .address = use->address, .log_id = log_id() };
    g_autofree char *word = db_code_use(ctx->db, &what, error);
    for (gsize i = 0; word && i < G_N_ELEMENTS(words); i++)
        if (strcmp(word, words[i]) == 0)
            use->outcome = (enum ra_code_outcome)i;
    return word != NULL;
}

gboolean
ra_code_revoke(RaContext *ctx, const char *number, const char *code, gboolean all, const char *reason, const char *address,
               enum ra_code_outcome *outcome, GError **error)
{
    struct use use = { .all = all, .reason = reason, .address = address };
    const struct ra_who nobody = { .address = address };
    g_autoptr(GBytes) hash = matching(ctx, number, code, &use.request, error);
    if (!hash)
        return FALSE;
    if (!g_strv_contains(ra_revoke_reasons, reason)) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, "reason");
        return FALSE;
    }
    use.hash = hash;
    const struct ra_deed deed = { .who = &nobody, .number = use.request, .act = use_it, .data = &use };
    if (!ra_act(ctx, &deed, NULL, error))
        return FALSE;
    *outcome = use.outcome;
    return TRUE;
}
