#include "ca/ceremony.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/carried.h"
#include "ca/ceremony_parts.h"
#include "db/issuer.h"

#define PASSPHRASE_SHORTEST 8
#define NAME_LONGEST 50      /* with the longest of our endings a common name has 64 characters at most */
#define YEARS_LONGEST 50
#define ROOT_CRL_DAYS 365
#define OID_ANY_POLICY "2.5.29.32.0"

static const char *const client_use[] = { CA_OID_CLIENT_AUTH, CA_OID_OCSP_SIGNING, NULL };
static const char *const smime_use[] = { CA_OID_EMAIL_PROTECTION, CA_OID_OCSP_SIGNING, NULL };

/* OCSP delegates included: some verifiers want each purpose in every CA above. */
static const struct ceremony_kind issuing[] = {
    { "client", "Client CA", client_use },
    { "smime", "S/MIME CA", smime_use },
};

const struct ceremony_kind *
ceremony_kind_of(const char *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(issuing); i++)
        if (strcmp(issuing[i].type, type) == 0)
            return &issuing[i];
    return NULL;
}

static const char *const client_usage[] = { "digitalSignature", "keyEncipherment", NULL };
static const char *const smime_usage[] = { "digitalSignature", "nonRepudiation", "keyEncipherment", NULL };
static const char *const client_extended[] = { CA_OID_CLIENT_AUTH, NULL };
static const char *const smime_extended[] = { CA_OID_EMAIL_PROTECTION, NULL };
/* RSA first: every system imports it, and the keymaker has it ready. */
static const char *const kinds[] = { "rsa2048", "rsa3072", "rsa4096", "p256", "p384", NULL };

/*
 * The profiles. The ones whose common name is the mail address alone are dormant (what the service behind the researcher's
 * portal moved to in 2023): an operator who wants them sets their valid_from, and from then on new requests take them.
 */
static const struct profile {
    const char *name, *type, *of, *subject; /* OF: which CA signs it */
    const char *const *usage, *const *extended;
    gboolean dormant;
    int months[4];
} profiles[] = {
    { "client", "client", "client", "dn", client_usage, client_extended, FALSE, { 52, 25, 13 } },
    { "officer", "officer", "client", "dn", client_usage, client_extended, FALSE, { 25 } },
    { "smime", "smime", "smime", "dn", smime_usage, smime_extended, FALSE, { 52, 25, 13 } },
    { "smime-mail", "smime", "smime", "mail", smime_usage, smime_extended, TRUE, { 52, 25, 13 } },
};

void
ceremony_defaults(struct ceremony_plan *plan)
{
    *plan = (struct ceremony_plan){ .name = "Inkan", .root_kind = CA_KEY_P384, .issuing_kind = CA_KEY_P256, .root_years = 25,
                                    .issuing_years = 15 };
}

const char *
ceremony_warning(const char *type, int length)
{
    if (strcmp(type, "smime") == 0 && length > 27) /* 27 months are 825 days or a few less */
        return "An S/MIME certificate of more than 825 days is for a private CA only: public ones may not run longer.";
    return NULL;
}

static gboolean
input(GError **error, const char *what)
{
    g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "plan: %s", what);
    return FALSE;
}

static gboolean
plan_ok(const struct ceremony_plan *plan, GError **error)
{
    if (!plan->passphrase || secret_size(plan->passphrase) < PASSPHRASE_SHORTEST)
        return input(error, "the passphrase has less than 8 characters");
    if (!plan->name || !*plan->name || g_utf8_strlen(plan->name, -1) > NAME_LONGEST)
        return input(error, "the name has 1 to 50 characters");
    if (plan->root_years < 1 || plan->root_years > YEARS_LONGEST || plan->issuing_years < 1)
        return input(error, "a root is valid for 1 to 50 years");
    if (plan->issuing_years > plan->root_years)
        return input(error, "an issuing CA may not end after its root");
    if (!plan->publish_url || !*plan->publish_url)
        return input(error, "publish_url is needed, it goes into every certificate");
    if (ca_validity_end(plan->now, 12, plan->time_zone) == 0)
        return input(error, "time_zone is not known on this machine");
    return TRUE;
}

/* --- key files ------------------------------------------------------------------------------------------------------------ */

static gboolean
file_error(GError **error, const char *file)
{
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "file: %s: %s", file, g_strerror(errno));
    return FALSE;
}

static gboolean
write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return TRUE;
}

/* Whoever runs the ceremony, the key is for the process that owns the folder. */
static gboolean
fill(int fd, const char *text, const struct stat *folder)
{
    if (geteuid() == 0 && fchown(fd, folder->st_uid, folder->st_gid) != 0)
        return FALSE;
    return write_all(fd, text) && fsync(fd) == 0;
}

/* Written aside, synced, renamed, and the folder synced: there whole, or not at all. Never over another file. */
static gboolean
write_key(const char *folder, const char *file, const char *text, GError **error)
{
    g_autofree char *aside = g_strdup_printf("%s.new", file);
    struct stat about;
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0 || fstat(directory, &about) != 0) {
        file_error(error, folder);
        if (directory >= 0)
            close(directory);
        return FALSE;
    }
    g_unlink(aside); /* of a ceremony that was killed */
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gboolean ok = fd >= 0 && fill(fd, text, &about);
    ok = (fd < 0 || close(fd) == 0) && ok;
    ok = ok && renameat2(AT_FDCWD, aside, AT_FDCWD, file, RENAME_NOREPLACE) == 0 && fsync(directory) == 0;
    if (!ok)
        file_error(error, file);
    if (!ok && fd >= 0)
        g_unlink(aside);
    close(directory);
    return ok;
}

CaSigningKey *
ceremony_key(const struct ceremony_plan *plan, const char *folder, const char *name, enum ca_key_kind kind, GError **error)
{
    g_autofree char *base = g_strdup_printf("%s.pem", name), *file = g_build_filename(folder, base, NULL);
    if (!g_file_test(file, G_FILE_TEST_EXISTS) && !ca_signing_key_in_token(folder, name)) {
        g_autoptr(Secret) pkcs8 = ca_key_make(kind, error);
        g_autofree char *pem = pkcs8 ? ca_signing_key_pem(pkcs8, plan->passphrase, error) : NULL;
        if (!pem || !write_key(folder, file, pem, error))
            return NULL;
    }
    return ca_signing_key_find(folder, name, plan->passphrase, &plan->token, error);
}

gboolean
ceremony_make_folder(const char *folder, GError **error)
{
    return g_mkdir_with_parents(folder, 0700) == 0 || file_error(error, folder);
}

gboolean
ceremony_put(const char *file, const char *text, GError **error)
{
    g_autoptr(GError) why = NULL;
    const GFileSetContentsFlags whole = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;
    if (g_file_set_contents_full(file, text, -1, whole, 0644, &why))
        return TRUE;
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "file: %s", why->message);
    return FALSE;
}

gboolean
ceremony_write(const char *folder, const char *base, const char *text, GError **error)
{
    g_autofree char *file = g_build_filename(folder, base, NULL);
    return ceremony_put(file, text, error);
}

/* --- certificates --------------------------------------------------------------------------------------------------------- */

struct made {
    CaIssuer *root; /* ready to sign */
    GBytes *issuing[G_N_ELEMENTS(issuing)];
};

static void
made_clear(struct made *made)
{
    ca_issuer_free(made->root);
    for (size_t i = 0; i < G_N_ELEMENTS(issuing); i++)
        g_clear_pointer(&made->issuing[i], g_bytes_unref);
}

const char *
ceremony_root_folder(const struct ceremony_plan *plan)
{
    return plan->root_keys ? plan->root_keys : plan->keys;
}

CaIssuer *
ceremony_new_root(const struct ceremony_plan *plan, GError **error)
{
    const char *folder = ceremony_root_folder(plan);
    g_autofree char *serial = ca_serial_new(), *name = g_strdup_printf("%s Root CA", plan->name);
    const struct ca_authority what = {
        .serial = serial, .not_before = plan->now - CEREMONY_BACKDATED,
        .not_after = ca_validity_end(plan->now, 12 * plan->root_years, plan->time_zone),
        .country = plan->country, .organization = plan->organization, .common_name = name, .path_length = 1,
    };
    g_autoptr(CaSigningKey) key = ceremony_key(plan, folder, "root", plan->root_kind, error);
    g_autoptr(GBytes) root = key ? ca_root_build(&what, key, error) : NULL;
    return root ? ca_issuer_new(root, key, error) : NULL;
}

GBytes *
ceremony_new_issuing(const struct ceremony_plan *plan, const struct ca_authority *authority, GBytes *spki, const CaIssuer *root,
                     GError **error)
{
    g_autofree char *serial = ca_serial_new();
    g_autofree char *crl = g_strdup_printf("%s/crl/root-0.crl", plan->publish_url);
    g_autofree char *aia = g_strdup_printf("%s/ca/root.cer", plan->publish_url);
    struct ca_authority what = *authority;
    what.serial = serial;
    what.not_before = MAX(plan->now - CEREMONY_BACKDATED, ca_issuer_not_before(root));
    what.not_after = ca_validity_end(plan->now, 12 * plan->issuing_years, plan->time_zone);
    what.crl_url = crl;
    what.issuer_url = aia;
    return ca_issuing_build(&what, spki, root, error);
}

static GBytes *
make_issuing(const struct ceremony_plan *plan, const struct ceremony_kind *kind, const CaIssuer *root, GError **error)
{
    static const char *const any[] = { OID_ANY_POLICY, NULL };
    g_autoptr(CaSigningKey) key = ceremony_key(plan, plan->keys, kind->type, plan->issuing_kind, error);
    if (!key)
        return NULL;
    g_autoptr(GBytes) spki = ca_signing_key_public(key);
    g_autofree char *name = g_strdup_printf("%s %s", plan->name, kind->title);
    const struct ca_authority what = {
        .country = plan->country, .organization = plan->organization, .common_name = name,
        .policies = plan->client_policies || plan->smime_policies ? any : NULL, .extended = kind->use,
    };
    return ceremony_new_issuing(plan, &what, spki, root, error);
}

static gboolean
make_all(const struct ceremony_plan *plan, struct made *made, GError **error)
{
    const char *folder = ceremony_root_folder(plan);
    if (!ceremony_make_folder(plan->keys, error) || !ceremony_make_folder(folder, error))
        return FALSE;
    made->root = ceremony_new_root(plan, error);
    if (!made->root)
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(issuing); i++)
        if (!(made->issuing[i] = make_issuing(plan, &issuing[i], made->root, error)))
            return FALSE;
    return TRUE;
}

/* --- rows ----------------------------------------------------------------------------------------------------------------- */

gboolean
ceremony_new_crls(const struct ceremony_plan *plan, const CaIssuer *root, gint64 number, gint64 from, const GArray *revoked,
                  GBytes *crls[2], gint64 *to, GError **error)
{
    g_autofree char *url = g_strdup_printf("%s/crl/root-0.crl", plan->publish_url);
    const struct ca_revoked *entries = revoked ? (const struct ca_revoked *)(gpointer)revoked->data : NULL;
    *to = MIN(from + ROOT_CRL_DAYS * 86400, ca_issuer_not_after(root));
    for (int i = 0; i < 2; i++) {
        const struct ca_crl what = { number, from, *to, i == 0 ? NULL : url };
        crls[i] = ca_crl_build(root, &what, entries, revoked ? revoked->len : 0, error);
    }
    return crls[0] && crls[1];
}

gboolean
ceremony_put_crls(Db *db, gint64 number, gint64 from, gint64 to, GBytes *const crls[2], GError **error)
{
    for (int i = 0; i < 2; i++)
        if (!db_crl_put(db, "root", i - 1, number, from, to, crls[i], error))
            return FALSE;
    g_autoptr(GArray) shards = db_crl_mark(db, "root", number, error);
    return shards != NULL;
}

/* What the CRL before listed is listed for ever. */
static gboolean
listed_before(Db *db, const CaIssuer *root, GArray **revoked, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GBytes) crl = db_crl_get(db, "root", -1, &why);
    if (why)
        g_propagate_error(error, g_steal_pointer(&why));
    else if (crl)
        *revoked = ca_crl_entries(crl, ca_issuer_certificate(root), NULL, error);
    else
        *revoked = g_array_new(FALSE, FALSE, sizeof(struct ca_revoked));
    return *revoked != NULL;
}

static gboolean
put_root_crl(Db *db, const struct ceremony_plan *plan, const CaIssuer *root, GError **error)
{
    g_autoptr(GArray) revoked = NULL;
    GBytes *crls[2] = { NULL, NULL };
    gint64 number, before, to;
    gboolean found;
    if (!db_crl_lock(db, "root", &found, &number, &before, error) || !listed_before(db, root, &revoked, error))
        return FALSE;
    gint64 from = MAX(plan->now, before);
    gboolean ok = ceremony_new_crls(plan, root, number + 1, from, revoked, crls, &to, error) &&
                  ceremony_put_crls(db, number + 1, from, to, crls, error);
    g_clear_pointer(&crls[0], g_bytes_unref);
    g_clear_pointer(&crls[1], g_bytes_unref);
    return ok;
}

gboolean
ceremony_put_issuer(Db *db, const char *name, const char *parent, GBytes *certificate, GError **error)
{
    const DbIssuer row = { .name = (char *)name, .key_name = (char *)name, .parent = (char *)parent,
                           .certificate = certificate };
    return db_issuer_insert(db, &row, error);
}

gboolean
ceremony_put_profiles(Db *db, const struct ceremony_plan *plan, const char *type, const char *issuer, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(profiles); i++)
        for (const int *months = profiles[i].months; *months; months++) {
            const struct profile *p = &profiles[i];
            g_autofree char *name = g_strdup_printf("%s-%d", p->name, *months);
            const struct db_profile row = {
                .name = name, .type = p->type, .issuer = issuer, .subject = p->subject, .months = *months,
                .key_usage = p->usage, .extended = p->extended, .key_kinds = kinds, .dormant = p->dormant,
                .policies = strcmp(p->type, "smime") == 0 ? plan->smime_policies : plan->client_policies,
            };
            if (strcmp(p->of, type) == 0 && !db_profile_insert(db, &row, error))
                return FALSE;
        }
    return TRUE;
}

static gboolean
put_all(Db *db, const struct ceremony_plan *plan, const struct made *made, GError **error)
{
    if (!ceremony_put_issuer(db, "root", NULL, ca_issuer_certificate(made->root), error))
        return FALSE;
    for (size_t i = 0; i < G_N_ELEMENTS(issuing); i++)
        if (!ceremony_put_issuer(db, issuing[i].type, "root", made->issuing[i], error) ||
            !ceremony_put_profiles(db, plan, issuing[i].type, issuing[i].type, error))
            return FALSE;
    return put_root_crl(db, plan, made->root, error) && db_issuer_audit(db, "ca-init", "root", NULL, "", error);
}

static gboolean
in_transaction(Db *db, const struct ceremony_plan *plan, const struct made *made, GError **error)
{
    gboolean ok = db_begin(db, error) && put_all(db, plan, made, error) && db_commit(db, error);
    db_rollback(db);
    return ok;
}

/* --- the report ----------------------------------------------------------------------------------------------------------- */

gboolean
ceremony_tell(GString *report, const char *name, GBytes *der, GError **error)
{
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
    if (!info)
        return FALSE;
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(info->not_after);
    g_autofree char *day = g_date_time_format(end, "%Y-%m-%d");
    g_string_append_printf(report, "%s: %s, valid until %s, key %s\n  SHA-256 %s\n", name, info->subject, day, info->key,
                           info->fingerprint);
    return TRUE;
}

static gboolean
report_one(GString *report, const char *folder, const char *name, GBytes *der, GError **error)
{
    gboolean token = ca_signing_key_in_token(folder, name);
    if (!ceremony_tell(report, name, der, error))
        return FALSE;
    g_string_append_printf(report, "  key in %s%s/%s.%s\n", token ? "the token that is named in " : "", folder, name,
                           token ? "pkcs11" : "pem");
    return TRUE;
}

static char *
report_of(const struct ceremony_plan *plan, const struct made *made, GError **error)
{
    g_autoptr(GString) report = g_string_new(NULL);
    if (!report_one(report, ceremony_root_folder(plan), "root", ca_issuer_certificate(made->root), error))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(issuing); i++)
        if (!report_one(report, plan->keys, issuing[i].type, made->issuing[i], error))
            return NULL;
    if (ca_signing_key_in_token(ceremony_root_folder(plan), "root"))
        g_string_append(report, "Take the token of the root's key away from this machine; it is needed again within a year, for "
                                "the root's next CRL.\n");
    else
        g_string_append_printf(report, "Take %s/root.pem away from this machine, in two copies; it is needed again within a year, "
                               "for the root's next CRL.\n", ceremony_root_folder(plan));
    g_string_append_printf(report, "%s Profile smime-52 is such a one.\n", ceremony_warning("smime", 52));
    g_string_append(report, "The profiles smime-mail-* (the subject is the mail address) sleep; `inkan profile set NAME --from now` wakes one.\n");
    return g_string_free(g_steal_pointer(&report), FALSE);
}

/* Beside its key, for the day when the folder is on a machine without the database. */
static gboolean
write_root(const struct ceremony_plan *plan, const CaIssuer *root, GError **error)
{
    g_autofree char *pem = ca_certificate_pem(ca_issuer_certificate(root));
    return ceremony_write(ceremony_root_folder(plan), "root.crt", pem, error);
}

char *
ceremony_init(Db *db, const struct ceremony_plan *plan, GError **error)
{
    struct made made = { 0 };
    char *report = NULL;

    if (!plan_ok(plan, error))
        return NULL;
    g_autoptr(GPtrArray) before = db_issuer_list(db, error);
    if (!before)
        return NULL;
    if (before->len) {
        g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "exists: there are issuers already");
        return NULL;
    }
    if (make_all(plan, &made, error) && in_transaction(db, plan, &made, error) && write_root(plan, made.root, error))
        report = report_of(plan, &made, error);
    made_clear(&made);
    return report;
}

/* --- the root's next CRL -------------------------------------------------------------------------------------------------- */

static CaIssuer *
load_root(Db *db, const struct ceremony_plan *plan, GError **error)
{
    g_autoptr(GPtrArray) rows = db_issuer_list(db, error);
    for (guint i = 0; rows && i < rows->len; i++) {
        const DbIssuer *row = rows->pdata[i];
        if (strcmp(row->name, "root") != 0)
            continue;
        g_autoptr(CaSigningKey) key = ca_signing_key_find(ceremony_root_folder(plan), "root", plan->passphrase, &plan->token, error);
        return key ? ca_issuer_new(row->certificate, key, error) : NULL;
    }
    if (rows)
        g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "issuer: there is no root yet");
    return NULL;
}

gboolean
ceremony_root_crl(Db *db, const struct ceremony_plan *plan, GError **error)
{
    g_autoptr(CaIssuer) root = load_root(db, plan, error);
    if (!root || !db_begin(db, error))
        return FALSE;
    gboolean ok = put_root_crl(db, plan, root, error) && db_issuer_audit(db, "root-crl", "root", NULL, "", error) &&
                  db_commit(db, error);
    db_rollback(db);
    return ok;
}
