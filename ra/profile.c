#include "ra/profile.h"

#include <string.h>

#include "ca/certificate.h"
#include "ca/ceremony.h"
#include "db/event.h"
#include "db/issuer.h"
#include "db/json.h"

#define OID_SHAPE "^[0-2](\\.(0|[1-9][0-9]{0,17}))+$" /* the table's check too */
#define LIST_MOST 20
#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define OID_ANY_PURPOSE "2.5.29.37.0"

/* --- may there be such a row? --------------------------------------------------------------------------------------------- */

static const char *const types[] = { "client", "smime", "officer", NULL };
static const char *const subjects[] = { "dn", "mail", NULL };
static const char *const usages[] = { "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
                                      "keyAgreement", NULL };
static const char *const kinds[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", NULL };

/* CA/Browser Forum S/MIME 7.1.2.3 f; anyExtendedKeyUsage and a server's purpose have no place in a person's certificate either. */
static const char *const never[] = { OID_SERVER_AUTH, OID_CODE_SIGNING, OID_TIME_STAMPING, OID_ANY_PURPOSE,
                                     CA_OID_OCSP_SIGNING, NULL };

static gboolean
name_ok(const DbProfile *p)
{
    return g_regex_match_simple("^[a-z][a-z0-9.-]{0,62}$", p->name, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
type_ok(const DbProfile *p)
{
    return g_strv_contains(types, p->type);
}

static gboolean
subject_ok(const DbProfile *p)
{
    return g_strv_contains(subjects, p->subject) && (strcmp(p->subject, "mail") != 0 || strcmp(p->type, "smime") == 0);
}

static gboolean
months_ok(const DbProfile *p)
{
    return p->months >= 1 && p->months <= 120;
}

static gboolean
words_ok(char *const *list, const char *const *allowed)
{
    for (char *const *word = list; *word; word++)
        if (!g_strv_contains(allowed, *word))
            return FALSE;
    return list[0] != NULL;
}

static gboolean
usage_ok(const DbProfile *p)
{
    return words_ok(p->key_usage, usages);
}

static gboolean
kinds_ok(const DbProfile *p)
{
    return words_ok(p->key_kinds, kinds);
}

static gboolean
oids_ok(char *const *list)
{
    guint n = 0;
    for (; list[n]; n++)
        if (!g_regex_match_simple(OID_SHAPE, list[n], G_REGEX_DOLLAR_ENDONLY, 0))
            return FALSE;
    return n <= LIST_MOST;
}

static gboolean
policies_ok(const DbProfile *p)
{
    return oids_ok(p->policies);
}

static gboolean
extended_ok(const DbProfile *p)
{
    const char *needed = strcmp(p->type, "smime") == 0 ? CA_OID_EMAIL_PROTECTION : CA_OID_CLIENT_AUTH;
    for (const char *const *oid = never; *oid; oid++)
        if (g_strv_contains((const char *const *)p->extended, *oid))
            return FALSE;
    return oids_ok(p->extended) && g_strv_contains((const char *const *)p->extended, needed);
}

/* An RSA key cannot agree, so a row that takes RSA keys needs another usage besides. */
static gboolean
usage_is_left(const DbProfile *p)
{
    gboolean rsa = FALSE;
    for (char **kind = p->key_kinds; *kind; kind++)
        rsa = rsa || g_str_has_prefix(*kind, "rsa");
    return !rsa || strcmp(p->key_usage[0], "keyAgreement") != 0 || p->key_usage[1];
}

static gboolean
cap_ok(const DbProfile *p)
{
    return p->max_active >= 0 && p->max_active <= 1000000;
}

static const struct {
    gboolean (*ok)(const DbProfile *);
    const char *why;
} rules[] = {
    { name_ok, "a name has up to 63 of a-z 0-9 . - and begins with a letter" },
    { type_ok, "--type: client, smime or officer" },
    { months_ok, "--months: 1 to 120" },
    { subject_ok, "--subject: dn, or for S/MIME mail" },
    { usage_ok, "--key-usage: of digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement, at least one" },
    { kinds_ok, "--key-kinds: of rsa2048, rsa3072, rsa4096, p256, p384, at least one" },
    { extended_ok, "--extended: dotted OIDs, 20 at most; clientAuth (1.3.6.1.5.5.7.3.2) in a client's or an officer's, emailProtection "
                   "(1.3.6.1.5.5.7.3.4) in S/MIME's; never a server's, code signing, time stamping, OCSP signing, any purpose" },
    { policies_ok, "--policy: dotted OIDs, 20 at most" },
    { usage_is_left, "an RSA key cannot agree on keys: --key-usage needs more than keyAgreement, or --key-kinds no RSA" },
    { cap_ok, "--max-active: 1 to 1000000, or none" },
};

static char *
issuer_wrong(RaContext *ctx, const DbProfile *p, gint64 from, GError **error)
{
    g_autoptr(GPtrArray) issuers = db_issuer_list(ctx->db, error);
    for (guint i = 0; issuers && i < issuers->len; i++) {
        const DbIssuer *issuer = issuers->pdata[i];
        if (strcmp(issuer->name, p->issuer) != 0)
            continue;
        gsize size;
        const void *der = g_bytes_get_data(issuer->certificate, &size);
        g_autoptr(CaCertificateInfo) info = ca_certificate_read(der, size, error);
        if (!info)
            return NULL;
        if (!issuer->parent)
            return g_strdup_printf("--issuer: %s is a root, which signs no person's certificate", p->issuer);
        if (ca_validity_end(from, (int)p->months, settings_text(ctx->settings, "service", "time_zone")) > info->not_after)
            return g_strdup_printf("--issuer: %s itself ends before certificates of %" G_GINT64_FORMAT " months would", p->issuer,
                                   p->months);
        return NULL;
    }
    return issuers ? g_strdup_printf("--issuer: there is no CA '%s'; `inkan ca status` shows all", p->issuer) : NULL;
}

char *
ra_profile_wrong(RaContext *ctx, const DbProfile *profile, gint64 from, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (!rules[i].ok(profile))
            return g_strdup(rules[i].why);
    return issuer_wrong(ctx, profile, from, error);
}

const char *
ra_profile_warning(const DbProfile *profile)
{
    return ceremony_warning(profile->type, (int)profile->months);
}

/* --- audit events --------------------------------------------------------------------------------------------------------- */

static void
add_list(GString *out, const char *name, char **list)
{
    g_string_append_printf(out, ", \"%s\": ", name);
    db_json_list(out, (const char *const *)list);
}

static void
add_change(GString *out, const char *name, char **was, char **is)
{
    g_string_append_printf(out, ", \"%s\": {\"old\": ", name);
    db_json_list(out, (const char *const *)was);
    g_string_append(out, ", \"new\": ");
    db_json_list(out, (const char *const *)is);
    g_string_append_c(out, '}');
}

static GString *
detail_of(const DbProfile *p)
{
    GString *text = g_string_new("{\"profile\": ");
    db_json_text(text, p->name);
    g_string_append_printf(text, ", \"id\": %" G_GINT64_FORMAT, p->id);
    return text;
}

/* DETAIL is taken. */
static gboolean
audit(RaContext *ctx, const char *what, GString *detail, GError **error)
{
    g_string_append_c(detail, '}');
    g_autofree char *text = g_string_free(detail, FALSE);
    const struct db_audit event = { .actor = "operator", .what = what, .detail = text };
    return db_event_audit(ctx->db, &event, error);
}

static gboolean
audit_row(RaContext *ctx, const char *what, const DbProfile *p, GError **error)
{
    GString *text = detail_of(p);
    g_string_append_printf(text, ", \"type\": \"%s\", \"months\": %" G_GINT64_FORMAT ", \"issuer\": \"%s\", \"subject\": \"%s\""
                           ", \"max_active\": %" G_GINT64_FORMAT, p->type, p->months, p->issuer, p->subject, p->max_active);
    add_list(text, "key_usage", p->key_usage);
    add_list(text, "extended", p->extended);
    add_list(text, "policies", p->policies);
    add_list(text, "key_kinds", p->key_kinds);
    return audit(ctx, what, text, error);
}

/* --- the acts ------------------------------------------------------------------------------------------------------------- */

static gboolean
is_over(const DbProfile *p, const DbProfile *by, gint64 at, gint64 now)
{
    gint64 from = at == DB_PROFILE_NOW ? now : at;
    return strcmp(p->type, by->type) == 0 && p->months == by->months && p->id != by->id && p->valid_from && p->valid_from <= from
           && (!p->valid_to || p->valid_to > from);
}

/* The rows in whose place PROFILE comes at AT, ended then; NULL with ERROR. */
static GPtrArray *
end_others(RaContext *ctx, const DbProfile *profile, gint64 at, GError **error)
{
    g_autoptr(GPtrArray) all = db_profile_list(ctx->db, NULL, FALSE, error);
    g_autoptr(GPtrArray) ended = g_ptr_array_new_with_free_func((GDestroyNotify)db_profile_free);
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    for (guint i = 0; all && i < all->len; i++) {
        DbProfile *p = all->pdata[i];
        if (at == DB_PROFILE_NEVER || !is_over(p, profile, at, now))
            continue;
        if (!db_profile_end(ctx->db, p->id, at, error) || !audit(ctx, "profile-ended", detail_of(p), error))
            return NULL;
        g_ptr_array_add(ended, g_steal_pointer(&all->pdata[i]));
    }
    return all ? g_steal_pointer(&ended) : NULL;
}

static gboolean
close_act(RaContext *ctx, gboolean ok, GError **error)
{
    ok = ok && db_commit(ctx->db, error);
    db_rollback(ctx->db);
    return ok;
}

gboolean
ra_profile_add(RaContext *ctx, const DbProfile *profile, gint64 at, GPtrArray **ended, GError **error)
{
    DbProfile made = *profile;
    *ended = NULL;
    gboolean ok = db_begin(ctx->db, error) && db_profile_add(ctx->db, profile, at, &made.id, error)
                  && audit_row(ctx, "profile-added", &made, error) && (*ended = end_others(ctx, &made, at, error));
    return close_act(ctx, ok, error);
}

gboolean
ra_profile_begin(RaContext *ctx, const DbProfile *profile, gint64 at, GPtrArray **ended, GError **error)
{
    *ended = NULL;
    gboolean ok = db_begin(ctx->db, error) && db_profile_begin(ctx->db, profile->id, at, error)
                  && audit_row(ctx, "profile-begins", profile, error) && (*ended = end_others(ctx, profile, at, error));
    return close_act(ctx, ok, error);
}

gboolean
ra_profile_end(RaContext *ctx, const DbProfile *profile, gint64 at, GError **error)
{
    gboolean ok = db_begin(ctx->db, error) && db_profile_end(ctx->db, profile->id, at, error)
                  && audit(ctx, "profile-ended", detail_of(profile), error);
    return close_act(ctx, ok, error);
}

static gboolean
ask_one(RaContext *ctx, const DbProfile *was, const struct ra_profile_change *change, GError **error)
{
    DbProfile is = *was;
    is.contexts = change->contexts ? change->contexts : was->contexts;
    is.assurance = change->assurance ? change->assurance : was->assurance;
    is.max_active = change->max_active >= 0 ? change->max_active : was->max_active;
    if (!db_profile_ask(ctx->db, &is, error))
        return FALSE;
    GString *text = detail_of(was);
    add_change(text, "contexts", was->contexts, is.contexts);
    add_change(text, "assurance", was->assurance, is.assurance);
    if (is.max_active != was->max_active)
        g_string_append_printf(text, ", \"max_active\": {\"old\": %" G_GINT64_FORMAT ", \"new\": %" G_GINT64_FORMAT "}",
                               was->max_active, is.max_active);
    return audit(ctx, "profile-changed", text, error);
}

gboolean
ra_profile_ask(RaContext *ctx, const GPtrArray *rows, const struct ra_profile_change *change, GError **error)
{
    gboolean ok = db_begin(ctx->db, error);
    for (guint i = 0; ok && i < rows->len; i++)
        ok = ask_one(ctx, rows->pdata[i], change, error);
    return close_act(ctx, ok, error);
}
