/* The machine that issues: asks for an issuing CA, takes what comes back, and goes over from one issuing CA to the next. */
#include <glib/gstdio.h>
#include <string.h>

#include "ca/carried.h"
#include "ca/ceremony_parts.h"
#include "db/issuer.h"

static gboolean refuse(GError **error, const char *word, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean
refuse(GError **error, const char *word, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "%s: %s", word, why);
    return FALSE;
}

static CaCertificateInfo *
info_of(GBytes *der, GError **error)
{
    return ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
}

static const DbIssuer *
issuer_named(const GPtrArray *issuers, const char *name)
{
    for (guint i = 0; i < issuers->len; i++)
        if (strcmp(((const DbIssuer *)issuers->pdata[i])->name, name) == 0)
            return issuers->pdata[i];
    return NULL;
}

static const DbIssuer *
root_of(const GPtrArray *issuers, GError **error)
{
    const DbIssuer *root = issuer_named(issuers, "root");
    if (!root)
        refuse(error, "root", "no root is installed yet: `inkan ca install root.crt`, or `inkan ca init` for all on one machine");
    return root;
}

static gboolean
subject_is_new(const GPtrArray *issuers, const char *subject, GError **error)
{
    for (guint i = 0; i < issuers->len; i++) {
        const DbIssuer *row = issuers->pdata[i];
        g_autoptr(CaCertificateInfo) info = info_of(row->certificate, error);
        if (!info)
            return FALSE;
        if (strcmp(info->subject, subject) == 0)
            return refuse(error, "subject", "issuer %s has the name %s already; two CAs of one name are told apart by nobody: give "
                          "another one with --common-name", row->name, subject);
    }
    return TRUE;
}

/* --- asking ------------------------------------------------------------------------------------------------------------------ */

static gboolean
name_ok(const GPtrArray *issuers, const char *name, GError **error)
{
    if (!g_regex_match_simple("^[a-z][a-z0-9-]{0,30}$", name, G_REGEX_DOLLAR_ENDONLY, 0))
        return refuse(error, "name", "a name is of a-z, 0-9 and -, 31 characters at most, and begins with a letter: client-2");
    return !issuer_named(issuers, name) || refuse(error, "exists", "there is an issuer %s already; choose another name", name);
}

/* The part NAME of a subject as ca_certificate_read writes it: "C=JP, O=…, CN=…". "" for none. */
static char *
part_of(const char *subject, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(subject, ", ", -1);
    g_autofree char *begin = g_strconcat(name, "=", NULL);
    for (char **part = parts; *part; part++)
        if (g_str_has_prefix(*part, begin))
            return g_strdup(*part + strlen(begin));
    return g_strdup("");
}

/* "Kagami Root CA" and client-2: "Kagami Client CA 2". */
static char *
common_name(const CaCertificateInfo *root, const struct ceremony_wish *wish, const struct ceremony_kind *kind)
{
    const char *number = wish->name + strlen(wish->name);
    g_autofree char *begin = g_str_has_suffix(root->common_name, "Root CA")
                                 ? g_strndup(root->common_name, strlen(root->common_name) - strlen("Root CA"))
                                 : g_strconcat(root->common_name, " ", NULL);
    while (number > wish->name && g_ascii_isdigit(number[-1]))
        number--;
    return g_strdup_printf("%s%s%s%s", begin, kind->title, *number ? " " : "", number);
}

static char *
make_request(const struct ceremony_plan *plan, const struct ceremony_wish *wish, const struct ca_authority *what, char **report,
             GError **error)
{
    g_autofree char *base = g_strconcat(wish->name, ".request", NULL);
    g_autoptr(CaSigningKey) key = ceremony_make_folder(plan->keys, error)
                                      ? ceremony_key(plan, plan->keys, wish->name, plan->issuing_kind, error) : NULL;
    g_autofree char *pem = key ? ca_authority_request_pem(what, key, error) : NULL;
    g_autoptr(CaAuthorityRequest) again = pem ? ca_authority_request_read(pem, strlen(pem), error) : NULL;
    if (!again || !ceremony_write(plan->keys, base, pem, error))
        return NULL;
    gboolean token = ca_signing_key_in_token(plan->keys, wish->name);
    *report = g_strdup_printf("request for issuer %s: CN=%s, key %s in %s%s/%s.%s\n  SHA-256 of the request %s\n", wish->name,
                              what->common_name, ca_key_kind_name(ca_signing_key_kind(key)),
                              token ? "the token that is named in " : "", plan->keys, wish->name, token ? "pkcs11" : "pem",
                              again->fingerprint);
    return g_steal_pointer(&pem);
}

char *
ceremony_request(Db *db, const struct ceremony_plan *plan, const struct ceremony_wish *wish, char **report, GError **error)
{
    const struct ceremony_kind *kind = ceremony_kind_of(wish->type);
    g_autoptr(GPtrArray) issuers = db_issuer_list(db, error);
    const DbIssuer *row = issuers ? root_of(issuers, error) : NULL;
    if (!row || !name_ok(issuers, wish->name, error))
        return NULL;
    if (!kind) {
        refuse(error, "type", "a type is client or smime");
        return NULL;
    }
    g_autoptr(CaCertificateInfo) root = info_of(row->certificate, error);
    if (!root)
        return NULL;
    g_autofree char *country = part_of(root->subject, "C"), *organization = part_of(root->subject, "O");
    g_autofree char *name = wish->common_name ? g_strdup(wish->common_name) : common_name(root, wish, kind);
    const struct ca_authority what = { .country = country, .organization = organization, .common_name = name, .extended = kind->use };
    g_autofree char *subject = g_strdup_printf("%s%s%s%s%s%sCN=%s", *country ? "C=" : "", country, *country ? ", " : "",
                                               *organization ? "O=" : "", organization, *organization ? ", " : "", name);
    return subject_is_new(issuers, subject, error) ? make_request(plan, wish, &what, report, error) : NULL;
}

/* --- certificates that came back ---------------------------------------------------------------------------------------------- */

struct install {
    Db *db;
    const struct ceremony_plan *plan;
    const char *confirmed;
    GPtrArray *issuers; /* DbIssuer *, as they were */
    GString *report;
};

static gboolean
install_root(struct install *in, GBytes *der, GError **error)
{
    g_autoptr(CaCertificateInfo) info = ca_root_check(der, in->plan->now, error) ? info_of(der, error) : NULL;
    if (!info)
        return FALSE;
    if (!in->confirmed || g_ascii_strcasecmp(in->confirmed, info->fingerprint) != 0)
        return refuse(error, "confirm", "the root %s has the SHA-256 %s. Compare it with the transcript of the machine that made it, not "
                      "with what was carried; if it is the same: --yes %s", info->subject, info->fingerprint, info->fingerprint);
    return ceremony_put_issuer(in->db, "root", NULL, der, error) && ceremony_tell(in->report, "root", der, error);
}

/* The name under which the certificate's key was asked for: of the request that lies beside the key. */
static char *
asked_for(const struct ceremony_plan *plan, GBytes *spki_sha256, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(plan->keys, 0, NULL);
    const char *base;
    while (dir && (base = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(plan->keys, base, NULL), *text = NULL;
        gsize size;
        if (!g_str_has_suffix(base, ".request") || !g_file_get_contents(file, &text, &size, NULL))
            continue;
        g_autoptr(CaAuthorityRequest) request = ca_authority_request_read(text, size, NULL);
        if (request && crypto_equal(request->csr->spki_sha256, spki_sha256))
            return g_strndup(base, strlen(base) - strlen(".request"));
    }
    refuse(error, "request", "no request in %s is for the key of this certificate: was `inkan ca request` run on this machine, with "
           "these settings?", plan->keys);
    return NULL;
}

static const char *
type_of(GBytes *der, GError **error)
{
    static const char *const types[] = { "client", "smime" };
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (ca_authority_has_purpose(der, ceremony_kind_of(types[i])->use[0]))
            return types[i];
    refuse(error, "purpose", "it may issue neither client nor S/MIME certificates");
    return NULL;
}

static gboolean
check_issuing(struct install *in, GBytes *der, const char *name, GError **error)
{
    const struct ceremony_plan *plan = in->plan;
    const DbIssuer *root = root_of(in->issuers, error);
    g_autoptr(CaSigningKey) key = root ? ca_signing_key_find(plan->keys, name, plan->passphrase, &plan->token, error) : NULL;
    if (!key)
        return FALSE;
    g_autoptr(GBytes) spki = ca_signing_key_public(key);
    g_autofree char *crl = g_strdup_printf("%s/crl/root-0.crl", plan->publish_url);
    g_autofree char *aia = g_strdup_printf("%s/ca/root.cer", plan->publish_url);
    g_autoptr(CaIssuer) usable = ca_authority_check(der, root->certificate, spki, crl, aia, plan->now, error)
                                     ? ca_issuer_new(der, key, error) : NULL; /* as the signer will take it */
    return usable != NULL;
}

static gboolean
install_issuing(struct install *in, GBytes *der, GError **error)
{
    g_autoptr(CaCertificateInfo) info = info_of(der, error);
    g_autofree char *name = info ? asked_for(in->plan, info->spki_sha256, error) : NULL;
    const char *type = name ? type_of(der, error) : NULL;
    gboolean any;
    if (!type || !name_ok(in->issuers, name, error) || !subject_is_new(in->issuers, info->subject, error) ||
        !check_issuing(in, der, name, error) || !ceremony_put_issuer(in->db, name, "root", der, error) ||
        !ceremony_tell(in->report, name, der, error) || !db_profile_any(in->db, type, &any, error))
        return FALSE;
    if (any)
        g_string_append_printf(in->report, "  it issues nothing yet: `inkan ca issue %s` lets it, now or from a day on\n", name);
    else
        g_string_append_printf(in->report, "  it issues all %s certificates from now on\n", type);
    return any || ceremony_put_profiles(in->db, in->plan, type, name, error);
}

static gboolean
is_installed(const struct install *in, GBytes *der)
{
    for (guint i = 0; i < in->issuers->len; i++)
        if (g_bytes_equal(((const DbIssuer *)in->issuers->pdata[i])->certificate, der))
            return TRUE;
    return FALSE;
}

static gboolean
install_certificate(struct install *in, GBytes *der, GError **error)
{
    gboolean root = ca_certificate_issued_by(der, der);
    if (root && in->issuers->len == 0)
        return install_root(in, der, error);
    if (root)
        return refuse(error, "root", "another root is installed here already");
    return install_issuing(in, der, error);
}

/* --- CRLs that came back --------------------------------------------------------------------------------------------------------- */

static gboolean
lists(const GArray *entries, const char *serial)
{
    for (guint i = 0; i < entries->len; i++)
        if (strcmp(g_array_index(entries, struct ca_revoked, i).serial, serial) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
nothing_is_missing(Db *db, GBytes *root, const GArray *entries, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) before = db_crl_get(db, "root", -1, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_autoptr(GArray) old = before ? ca_crl_entries(before, root, NULL, error) : NULL;
    for (guint i = 0; old && i < old->len; i++) {
        const char *serial = g_array_index(old, struct ca_revoked, i).serial;
        if (!lists(entries, serial))
            return refuse(error, "crl-entries", "serial %s is revoked in the CRL that is published and not in this one: a revocation is "
                          "never undone. Sign again with --previous and the published one", serial);
    }
    return !before || old;
}

static void
tell_revoked(struct install *in, const GArray *entries)
{
    for (guint i = 0; i < in->issuers->len; i++) {
        const DbIssuer *row = in->issuers->pdata[i];
        g_autoptr(CaCertificateInfo) info = info_of(row->certificate, NULL);
        if (row->parent && info && lists(entries, info->serial))
            g_string_append_printf(in->report, "  issuer %s is revoked: none of its certificates is good any more; let another one issue "
                                   "(`inkan ca request`, `inkan ca issue`) and tell the holders\n", row->name);
    }
}

/* The pair of a number: the full one and the one of the distribution point, in this order. */
static gboolean
pair_of(struct install *in, GPtrArray *crls, GBytes *root, GBytes *pair[2], struct ca_crl what[2], GError **error)
{
    g_autofree char *url = g_strdup_printf("%s/crl/root-0.crl", in->plan->publish_url);
    for (guint i = 0; i < crls->len; i++) {
        g_autofree char *shard = NULL;
        g_autoptr(GArray) entries = ca_crl_entries(crls->pdata[i], root, &shard, error);
        if (!entries)
            return FALSE;
        if (shard && strcmp(shard, url) != 0)
            return refuse(error, "crl-pointer", "a CRL is for the distribution point %s, certificates name %s", shard, url);
        pair[shard ? 1 : 0] = crls->pdata[i];
        if (!ca_crl_read(crls->pdata[i], &what[shard ? 1 : 0], NULL, error))
            return FALSE;
    }
    if (!pair[0] || !pair[1] || what[0].number != what[1].number || what[0].next_update != what[1].next_update)
        return refuse(error, "crl-pair", "a full CRL and one for the distribution point, of one number, belong in the file: as "
                                         "`inkan ca sign --crl` writes it");
    return TRUE;
}

static gboolean
install_crls(struct install *in, GPtrArray *crls, GError **error)
{
    const DbIssuer *root = root_of(in->issuers, error);
    GBytes *pair[2] = { NULL, NULL };
    struct ca_crl what[2] = { { 0 }, { 0 } };
    gint64 number, before;
    gboolean found;
    if (!root || !pair_of(in, crls, root->certificate, pair, what, error))
        return FALSE;
    g_autoptr(GArray) full = ca_crl_entries(pair[0], root->certificate, NULL, error);
    g_autoptr(GArray) shard = ca_crl_entries(pair[1], root->certificate, NULL, error);
    if (!full || !shard || !db_crl_lock(in->db, "root", &found, &number, &before, error))
        return FALSE;
    if (what[0].number <= number)
        return refuse(error, "crl-number", "its number %" G_GINT64_FORMAT " is not above the published one's, %" G_GINT64_FORMAT,
                      what[0].number, number);
    if (what[0].next_update <= in->plan->now || what[0].this_update < before)
        return refuse(error, "dates", "it has ended, or is older than the published one");
    if (!nothing_is_missing(in->db, root->certificate, full, error) || !nothing_is_missing(in->db, root->certificate, shard, error))
        return FALSE;
    g_string_append_printf(in->report, "the root's CRL %" G_GINT64_FORMAT " is published, %u revoked\n", what[0].number, full->len);
    tell_revoked(in, full);
    return ceremony_put_crls(in->db, what[0].number, what[0].this_update, what[0].next_update, pair, error);
}

/* --- all of it -------------------------------------------------------------------------------------------------------------------- */

static gboolean
install_all(struct install *in, const CaCarried *carried, GError **error)
{
    guint done = 0;
    for (guint i = 0; i < carried->certificates->len; i++) {
        if (is_installed(in, carried->certificates->pdata[i]))
            continue;
        if (!install_certificate(in, carried->certificates->pdata[i], error))
            return FALSE;
        done++;
    }
    if (carried->crls->len > 0 && !install_crls(in, carried->crls, error))
        return FALSE;
    if (done == 0 && carried->crls->len == 0)
        return refuse(error, "exists", "it is installed already");
    return db_issuer_audit(in->db, carried->crls->len > 0 ? "root-crl" : "ca-install", "root", NULL, "", error);
}

/* The requests that were answered are of no use any more. */
static void
tidy(const struct ceremony_plan *plan, Db *db)
{
    g_autoptr(GPtrArray) issuers = db_issuer_list(db, NULL);
    for (guint i = 0; issuers && i < issuers->len; i++) {
        g_autofree char *base = g_strconcat(((const DbIssuer *)issuers->pdata[i])->name, ".request", NULL);
        g_autofree char *file = g_build_filename(plan->keys, base, NULL);
        g_unlink(file);
    }
}

char *
ceremony_install(Db *db, const struct ceremony_plan *plan, GBytes *bytes, const char *confirmed, GError **error)
{
    g_autoptr(CaCarried) carried = ca_carried_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
    g_autoptr(GString) report = g_string_new(NULL);
    struct install in = { .db = db, .plan = plan, .confirmed = confirmed, .report = report };
    if (!carried || !db_begin(db, error))
        return NULL;
    g_autoptr(GPtrArray) issuers = db_issuer_list(db, error);
    in.issuers = issuers;
    gboolean ok = issuers && install_all(&in, carried, error) && db_commit(db, error);
    db_rollback(db);
    if (!ok)
        return NULL;
    tidy(plan, db);
    return g_string_free(g_steal_pointer(&report), FALSE);
}

/* --- from one issuing CA to the next ------------------------------------------------------------------------------------------- */

static gboolean
may_issue(Db *db, const GPtrArray *issuers, const DbIssuer *issuer, GError **error)
{
    const DbIssuer *root = root_of(issuers, error);
    g_autoptr(CaCertificateInfo) info = root ? info_of(issuer->certificate, error) : NULL;
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) crl = info ? db_crl_get(db, "root", -1, &why) : NULL;
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!crl)
        return info != NULL;
    g_autoptr(GArray) revoked = ca_crl_entries(crl, root->certificate, NULL, error);
    if (revoked && lists(revoked, info->serial))
        return refuse(error, "revoked", "issuer %s is revoked by the root's CRL", issuer->name);
    return revoked != NULL;
}

char *
ceremony_issue(Db *db, const struct ceremony_plan *plan, const char *name, gint64 from, const char *const *names, GError **error)
{
    g_autoptr(GPtrArray) issuers = db_issuer_list(db, error);
    const DbIssuer *issuer = issuers ? issuer_named(issuers, name) : NULL;
    const char *type = NULL;
    if (!issuers)
        return NULL;
    if (!issuer || !issuer->parent)
        refuse(error, "issuer", "there is no issuing CA %s; `inkan ca list` shows them", name);
    else if (from < plan->now + CEREMONY_AHEAD)
        refuse(error, "from", "it must be %d seconds ahead, so that no application falls between", CEREMONY_AHEAD);
    else if (may_issue(db, issuers, issuer, error))
        type = type_of(issuer->certificate, error);
    if (!type || !db_begin(db, error))
        return NULL;
    g_auto(GStrv) changed = db_profile_reissue(db, name, type, from, names, error);
    gboolean ok = changed && (*changed || refuse(error, "profile", "nothing is to be changed: %s issues these already, or there is no such "
                                                                   "profile of its type", name));
    ok = ok && db_issuer_audit(db, "ca-issue", name, NULL, "", error) && db_commit(db, error);
    db_rollback(db);
    g_autofree char *list = ok ? g_strjoinv(" ", changed) : NULL;
    return list ? g_strdup_printf("issuer %s issues, from the given moment on: %s\n", name, list) : NULL;
}
