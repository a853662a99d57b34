#include "ca/ceremony.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/certificate.h"
#include "ca/crl.h"
#include "db/issuer.h"

#define PUBLIC_SMIME_DAYS 825 /* CA/Browser Forum S/MIME Baseline Requirements, section 6.3.2 */
#define ROOT_CRL_DAYS     366

static const int months_offered[] = { 52, 25, 13 };

void
ceremony_defaults(struct ceremony_plan *plan)
{
    *plan = (struct ceremony_plan){ .name = "Inkan", .root_kind = CA_KEY_P384, .issuing_kind = CA_KEY_P256, .root_years = 25,
                                    .issuing_years = 15 };
}

const char *
ceremony_warning(const char *type, int months)
{
    if (strcmp(type, "smime") != 0 || months * 365 / 12 <= PUBLIC_SMIME_DAYS)
        return NULL;
    return "S/MIME certificates of so many months are for a private CA: public ones may run 825 days at most.";
}

/* --- key files --- */

static gboolean
make_folder(const char *folder, GError **error)
{
    if (g_mkdir_with_parents(folder, 0700) == 0)
        return TRUE;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "folder %s: %s", folder, g_strerror(errno));
    return FALSE;
}

static gboolean
write_key(const char *file, const Secret *passphrase, enum ca_key_kind kind, GError **error)
{
    g_autoptr(Secret) pkcs8 = ca_key_make(kind, error);
    g_autofree char *pem = pkcs8 ? ca_signing_key_pem(pkcs8, passphrase, error) : NULL;
    g_autoptr(GError) why = NULL;
    if (!pem)
        return FALSE;
    if (g_file_set_contents_full(file, pem, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &why))
        return TRUE;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "key file %s: %s", file, why->message);
    return FALSE;
}

/* The key NAME of FOLDER, made if it is not there: a ceremony that was cut short goes on with the keys it had made. */
static CaSigningKey *
key_of(const struct ceremony_plan *plan, const char *folder, const char *name, enum ca_key_kind kind, GError **error)
{
    g_autofree char *base = g_strconcat(name, ".pem", NULL);
    g_autofree char *file = g_build_filename(folder, base, NULL);
    if (!g_file_test(file, G_FILE_TEST_EXISTS) &&
        (!make_folder(folder, error) || !write_key(file, plan->passphrase, kind, error)))
        return NULL;
    return ca_signing_key_load(file, plan->passphrase, error);
}

static const char *
root_folder(const struct ceremony_plan *plan)
{
    return plan->root_keys ? plan->root_keys : plan->keys;
}

/* --- certificates --- */

static gint64
end_after(const struct ceremony_plan *plan, int years)
{
    return ca_validity_end(plan->now, years * 12, plan->time_zone);
}

static char *
at(const struct ceremony_plan *plan, const char *folder, const char *name, const char *ending)
{
    return g_strconcat(plan->publish_url, folder, name, ending, NULL);
}

static GBytes *
make_root(const struct ceremony_plan *plan, const CaSigningKey *key, GError **error)
{
    g_autofree char *serial = ca_serial_new(), *name = g_strconcat(plan->name, " Root CA", NULL);
    const struct ca_authority what = { .serial = serial, .not_before = plan->now, .not_after = end_after(plan, plan->root_years),
                                       .country = plan->country, .organization = plan->organization, .common_name = name,
                                       .path_length = 1 };
    return ca_root_build(&what, key, error);
}

static GBytes *
make_issuing(const struct ceremony_plan *plan, const char *title, const char *extended, const CaSigningKey *key,
             const CaIssuer *root, GError **error)
{
    g_autofree char *serial = ca_serial_new(), *name = g_strconcat(plan->name, title, NULL);
    g_autofree char *crl = at(plan, "/crl/", "root", ".crl"), *issuer = at(plan, "/ca/", "root", ".cer");
    /* OCSP signing too: what is issued below includes the responder's own certificate. */
    const char *const usages[] = { extended, CA_OID_OCSP_SIGNING, NULL };
    const struct ca_authority what = { .serial = serial, .not_before = plan->now,
                                       .not_after = end_after(plan, plan->issuing_years), .country = plan->country,
                                       .organization = plan->organization, .common_name = name, .extended = usages,
                                       .crl_url = crl, .issuer_url = issuer };
    g_autoptr(GBytes) spki = ca_signing_key_public(key);
    return ca_issuing_build(&what, spki, root, error);
}

static GBytes *
make_root_crl(const CaIssuer *root, gint64 number, gint64 this_update, gint64 *next, GError **error)
{
    *next = MIN(this_update + ROOT_CRL_DAYS * 86400, ca_issuer_not_after(root));
    const struct ca_crl what = { .number = number, .this_update = this_update, .next_update = *next };
    return ca_crl_build(root, &what, NULL, 0, error);
}

/* --- rows --- */

static const struct line {
    const char *name, *type, *title, *extended, *usages[4];
} lines[] = {
    { "client", "client", " Client CA", CA_OID_CLIENT_AUTH, { "digitalSignature", "keyEncipherment", NULL } },
    { "smime", "smime", " S/MIME CA", CA_OID_EMAIL_PROTECTION,
      { "digitalSignature", "nonRepudiation", "keyEncipherment", NULL } },
};

static gboolean
insert_profile(Db *db, const struct line *line, const char *subject, int months, const char *const *policies, GError **error)
{
    gboolean mail = strcmp(subject, "mail") == 0;
    g_autofree char *name = g_strdup_printf("%s%s-%d", line->type, mail ? "-mail" : "", months);
    const char *const extended[] = { line->extended, NULL };
    /* The first is made by default: what every system that people have can import. */
    static const char *const kinds[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", NULL };
    const struct db_profile profile = { .name = name, .type = line->type, .issuer = line->name, .subject = subject,
                                        .months = months, .key_usage = line->usages, .extended = extended,
                                        .policies = policies, .key_kinds = kinds, .dormant = mail };
    return db_profile_insert(db, &profile, error);
}

static gboolean
insert_profiles(Db *db, const struct ceremony_plan *plan, GError **error)
{
    static const char *const none[] = { NULL };
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        gboolean smime = strcmp(lines[i].type, "smime") == 0;
        const char *const *policies = smime ? plan->smime_policies : plan->client_policies;
        for (gsize m = 0; m < G_N_ELEMENTS(months_offered); m++) {
            if (!insert_profile(db, &lines[i], "dn", months_offered[m], policies ? policies : none, error))
                return FALSE;
            if (smime && !insert_profile(db, &lines[i], "mail", months_offered[m], policies ? policies : none, error))
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean
insert_issuer(Db *db, const char *name, const char *parent, GBytes *certificate, GError **error)
{
    const DbIssuer row = { .name = (char *)name, .key_name = (char *)name, .parent = (char *)parent, .certificate = certificate };
    return db_issuer_insert(db, &row, error);
}

struct authority {
    GBytes *root, *issuing[G_N_ELEMENTS(lines)], *crl;
    gint64 crl_next;
};

static void
authority_clear(struct authority *a)
{
    g_clear_pointer(&a->root, g_bytes_unref);
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        g_clear_pointer(&a->issuing[i], g_bytes_unref);
    g_clear_pointer(&a->crl, g_bytes_unref);
}

static gboolean
store(Db *db, const struct ceremony_plan *plan, const struct authority *a, GError **error)
{
    gboolean found;
    gint64 number, this_update;
    gboolean ok = db_begin(db, error) && insert_issuer(db, "root", NULL, a->root, error);
    for (gsize i = 0; ok && i < G_N_ELEMENTS(lines); i++)
        ok = insert_issuer(db, lines[i].name, "root", a->issuing[i], error);
    ok = ok && insert_profiles(db, plan, error) &&
         db_crl_lock(db, "root", &found, &number, &this_update, error) && db_crl_mark(db, "root", 1, error) &&
         db_crl_put(db, "root", -1, 1, plan->now, a->crl_next, a->crl, error) && db_commit(db, error);
    db_rollback(db);
    return ok;
}

/* --- the ceremony --- */

static gboolean
plan_ok(const struct ceremony_plan *plan, GError **error)
{
    const char *wrong = NULL;
    if (!plan->passphrase || secret_size(plan->passphrase) < 8)
        wrong = "passphrase: at least 8 characters";
    else if (!plan->name || !*plan->name || strlen(plan->name) > 50)
        wrong = "name: 1 to 50 characters";
    else if (plan->root_years < 1 || plan->root_years > 50 || plan->issuing_years < 1 || plan->issuing_years > plan->root_years)
        wrong = "years: the root 1 to 50, the issuing CAs no longer than the root";
    else if (end_after(plan, plan->root_years) == 0)
        wrong = "time_zone: not known on this machine";
    else if (!plan->publish_url || !*plan->publish_url)
        wrong = "publish_url: needed, it goes into every certificate";
    if (wrong)
        g_set_error_literal(error, CA_ERROR, CA_ERROR_INPUT, wrong);
    return !wrong;
}

static gboolean
nothing_there(Db *db, GError **error)
{
    g_autoptr(GPtrArray) issuers = db_issuer_list(db, error);
    if (!issuers)
        return FALSE;
    if (issuers->len > 0)
        g_set_error_literal(error, CA_ERROR, CA_ERROR_REFUSED, "exists: there are issuers already");
    return issuers->len == 0;
}

static gboolean
make(const struct ceremony_plan *plan, struct authority *a, GError **error)
{
    g_autoptr(CaSigningKey) key = key_of(plan, root_folder(plan), "root", plan->root_kind, error);
    a->root = key ? make_root(plan, key, error) : NULL;
    g_autoptr(CaIssuer) root = a->root ? ca_issuer_new(a->root, key, error) : NULL;
    if (!root)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(CaSigningKey) issuing = key_of(plan, plan->keys, lines[i].name, plan->issuing_kind, error);
        if (issuing)
            a->issuing[i] = make_issuing(plan, lines[i].title, lines[i].extended, issuing, root, error);
        if (!a->issuing[i])
            return FALSE;
    }
    a->crl = make_root_crl(root, 1, plan->now, &a->crl_next, error);
    return a->crl != NULL;
}

static void
report_one(GString *report, const char *name, GBytes *der, const char *folder)
{
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), NULL);
    if (info)
        g_string_append_printf(report, "%s: %s\n  SHA-256 fingerprint %s\n  key %s, locked by the passphrase, in %s/%s.pem\n", name,
                               info->subject, info->fingerprint, info->key, folder, name);
}

static char *
report_of(const struct ceremony_plan *plan, const struct authority *a)
{
    GString *report = g_string_new(NULL);
    report_one(report, "root", a->root, root_folder(plan));
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        report_one(report, lines[i].name, a->issuing[i], plan->keys);
    for (gsize m = 0; m < G_N_ELEMENTS(months_offered); m++) {
        const char *warning = ceremony_warning("smime", months_offered[m]);
        if (warning)
            g_string_append_printf(report, "Profile smime-%d: %s\n", months_offered[m], warning);
    }
    g_string_append(report, "Take the root's key away to a safe place; it is needed for the root's CRL once a year "
                            "(inkan ca root-crl).\n");
    return g_string_free(report, FALSE);
}

char *
ceremony_init(Db *db, const struct ceremony_plan *plan, GError **error)
{
    struct authority a = { 0 };
    char *report = NULL;
    if (plan_ok(plan, error) && nothing_there(db, error) && make(plan, &a, error) && store(db, plan, &a, error))
        report = report_of(plan, &a);
    authority_clear(&a);
    return report;
}

/* --- the root's CRL --- */

static CaIssuer *
load_root(Db *db, const struct ceremony_plan *plan, GError **error)
{
    g_autofree char *file = g_build_filename(root_folder(plan), "root.pem", NULL);
    g_autoptr(CaSigningKey) key = ca_signing_key_load(file, plan->passphrase, error);
    g_autoptr(GPtrArray) issuers = key ? db_issuer_list(db, error) : NULL;
    for (guint i = 0; issuers && i < issuers->len; i++) {
        const DbIssuer *issuer = issuers->pdata[i];
        if (strcmp(issuer->name, "root") == 0)
            return ca_issuer_new(issuer->certificate, key, error);
    }
    if (issuers)
        g_set_error_literal(error, CA_ERROR, CA_ERROR_REFUSED, "issuer: there is no root; `inkan ca init` makes it");
    return NULL;
}

static gboolean
renew_root_crl(Db *db, const struct ceremony_plan *plan, const CaIssuer *root, GError **error)
{
    gboolean found;
    gint64 number, this_update, next;
    if (!db_crl_lock(db, "root", &found, &number, &this_update, error))
        return FALSE;
    this_update = MAX(this_update, plan->now);
    g_autoptr(GBytes) crl = make_root_crl(root, number + 1, this_update, &next, error);
    return crl && db_crl_mark(db, "root", number + 1, error) &&
           db_crl_put(db, "root", -1, number + 1, this_update, next, crl, error) && db_commit(db, error);
}

gboolean
ceremony_root_crl(Db *db, const struct ceremony_plan *plan, GError **error)
{
    g_autoptr(CaIssuer) root = load_root(db, plan, error);
    gboolean ok = root && db_begin(db, error) && renew_root_crl(db, plan, root, error);
    db_rollback(db);
    return ok;
}
