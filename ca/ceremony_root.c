/* The root on a machine of its own: no database, no network; files come and go. */
#include <string.h>

#include "ca/carried.h"
#include "ca/ceremony_parts.h"

#define OID_ANY_POLICY "2.5.29.32.0"
#define WEAKEST_REVOCATION "unspecified"

static gboolean
refuse(GError **error, const char *word, const char *why)
{
    g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "%s: %s", word, why);
    return FALSE;
}

static GBytes *
read_file(const char *folder, const char *base, GError **error)
{
    g_autofree char *file = g_build_filename(folder, base, NULL), *text = NULL;
    g_autoptr(GError) why = NULL;
    gsize size;
    if (g_file_get_contents(file, &text, &size, &why))
        return g_bytes_new_take(g_steal_pointer(&text), size);
    g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "file: %s", why->message);
    return NULL;
}

static CaCarried *
carried_of(GBytes *bytes, GError **error)
{
    return ca_carried_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

/* The one certificate of a file. */
static GBytes *
certificate_of(GBytes *bytes, GError **error)
{
    g_autoptr(CaCarried) carried = carried_of(bytes, error);
    if (!carried)
        return NULL;
    if (carried->certificates->len > 0)
        return g_bytes_ref(carried->certificates->pdata[0]);
    g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "carried: no certificate in it");
    return NULL;
}

static CaIssuer *
load_root(const struct ceremony_plan *plan, GError **error)
{
    const char *folder = ceremony_root_folder(plan);
    g_autoptr(GBytes) file = read_file(folder, "root.crt", error);
    g_autoptr(GBytes) root = file ? certificate_of(file, error) : NULL;
    if (!root) {
        g_prefix_error(error, "%s/root.crt must hold the root's certificate (PUBLISH_URL/ca/root.cer): ", folder);
        return NULL;
    }
    g_autoptr(CaSigningKey) key = ca_root_check(root, plan->now, error)
                                      ? ca_signing_key_find(folder, "root", plan->passphrase, &plan->token, error) : NULL;
    return key ? ca_issuer_new(root, key, error) : NULL;
}

/* --- the CRL -------------------------------------------------------------------------------------------------------------- */

struct edition {
    gint64 number, from, to;
    GArray *revoked; /* struct ca_revoked */
};

/* The full CRL of FILE, if its number is above what EDITION knows. */
static gboolean
take_up(struct edition *edition, GBytes *file, const CaIssuer *root, GError **error)
{
    g_autoptr(CaCarried) carried = carried_of(file, error);
    for (guint i = 0; carried && i < carried->crls->len; i++) {
        g_autofree char *shard = NULL;
        g_autoptr(GArray) entries = ca_crl_entries(carried->crls->pdata[i], ca_issuer_certificate(root), &shard, error);
        struct ca_crl what;
        if (!entries || !ca_crl_read(carried->crls->pdata[i], &what, NULL, error))
            return FALSE;
        if (shard || what.number <= edition->number)
            continue;
        g_clear_pointer(&edition->revoked, g_array_unref);
        edition->revoked = g_steal_pointer(&entries);
        edition->number = what.number;
        edition->from = MAX(edition->from, what.this_update);
    }
    if (carried && carried->crls->len == 0)
        g_set_error(error, CA_ERROR, CA_ERROR_INPUT, "carried: no CRL in it");
    return carried && carried->crls->len > 0;
}

static gboolean
know_before(struct edition *edition, const struct ceremony_plan *plan, GBytes *previous, const CaIssuer *root, GError **error)
{
    g_autofree char *kept = g_build_filename(ceremony_root_folder(plan), "root.crl", NULL);
    if (g_file_test(kept, G_FILE_TEST_EXISTS)) {
        g_autoptr(GBytes) file = read_file(ceremony_root_folder(plan), "root.crl", error);
        if (!file || !take_up(edition, file, root, error))
            return FALSE;
    }
    if (previous && !take_up(edition, previous, root, error))
        return FALSE;
    return edition->number > 0 ||
           refuse(error, "previous", "this folder has no root.crl: give the newest one, PUBLISH_URL/crl/root.crl, or its number and what "
                                     "was revoked would be lost");
}

static gboolean
add_revoked(struct edition *edition, const struct ceremony_plan *plan, GBytes *revoke, const char *reason, const CaIssuer *root,
            GString *report, GError **error)
{
    g_autoptr(GBytes) der = certificate_of(revoke, error);
    struct ca_revoked entry = { .at = plan->now };
    enum ca_reason why;
    if (!der)
        return FALSE;
    if (!ca_reason_parse(reason ? reason : WEAKEST_REVOCATION, &why))
        return refuse(error, "reason", "allowed: keyCompromise, affiliationChanged, superseded, cessationOfOperation, unspecified");
    if (!ca_certificate_issued_by(der, ca_issuer_certificate(root)) || g_bytes_equal(der, ca_issuer_certificate(root)))
        return refuse(error, "chain", "this root did not issue the certificate that is to be revoked");
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(g_bytes_get_data(der, NULL), g_bytes_get_size(der), error);
    if (!info)
        return FALSE;
    for (guint i = 0; i < edition->revoked->len; i++)
        if (strcmp(g_array_index(edition->revoked, struct ca_revoked, i).serial, info->serial) == 0)
            return refuse(error, "exists", "it is revoked already");
    entry.reason = (unsigned char)why;
    g_strlcpy(entry.serial, info->serial, sizeof entry.serial);
    g_array_append_val(edition->revoked, entry);
    g_string_append_printf(report, "revoked: %s, serial %s, %s\n  SHA-256 %s\n", info->subject, info->serial, ca_reason_name(why),
                           info->fingerprint);
    return TRUE;
}

/* Signed, and kept in the root's folder before anybody gets it: its number is never given twice. */
static char *
make_crl(struct edition *edition, const struct ceremony_plan *plan, const CaIssuer *root, GString *report, GError **error)
{
    g_autoptr(GPtrArray) both = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    GBytes *crls[2] = { NULL, NULL };
    gboolean ok = ceremony_new_crls(plan, root, edition->number + 1, MAX(plan->now, edition->from), edition->revoked, crls,
                                    &edition->to, error);
    for (int i = 0; i < 2; i++)
        if (crls[i])
            g_ptr_array_add(both, crls[i]);
    g_autofree char *pem = ok ? ca_crls_pem(both) : NULL;
    if (!pem || !ceremony_write(ceremony_root_folder(plan), "root.crl", pem, error))
        return NULL;
    g_autoptr(GDateTime) until = g_date_time_new_from_unix_utc(edition->to);
    g_autofree char *day = g_date_time_format(until, "%Y-%m-%d");
    g_string_append_printf(report, "the root's CRL %" G_GINT64_FORMAT ", %u revoked, the next one before %s\n", edition->number + 1,
                           edition->revoked ? edition->revoked->len : 0, day);
    return g_steal_pointer(&pem);
}

char *
ceremony_sign_crl(const struct ceremony_plan *plan, GBytes *previous, GBytes *revoke, const char *reason, char **report, GError **error)
{
    struct edition edition = { 0 };
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(CaIssuer) root = load_root(plan, error);
    gboolean ok = root && know_before(&edition, plan, previous, root, error) &&
                  (!revoke || add_revoked(&edition, plan, revoke, reason, root, said, error));
    char *pem = ok ? make_crl(&edition, plan, root, said, error) : NULL;
    g_clear_pointer(&edition.revoked, g_array_unref);
    if (pem)
        *report = g_string_free(g_steal_pointer(&said), FALSE);
    return pem;
}

/* --- the root itself ------------------------------------------------------------------------------------------------------ */

char *
ceremony_root(const struct ceremony_plan *plan, GError **error)
{
    const char *folder = ceremony_root_folder(plan);
    g_autofree char *file = g_build_filename(folder, "root.crt", NULL);
    struct edition first = { 0 };
    g_autoptr(GString) report = g_string_new(NULL);
    if (g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "exists: there is a root already, %s", file);
        return NULL;
    }
    g_autoptr(CaIssuer) root = ceremony_make_folder(folder, error) ? ceremony_new_root(plan, error) : NULL;
    if (!root || !ceremony_tell(report, "root", ca_issuer_certificate(root), error))
        return NULL;
    g_autofree char *crl = make_crl(&first, plan, root, report, error), *pem = ca_certificate_pem(ca_issuer_certificate(root));
    /* The certificate last: with it the root is there. A folder that a kill left without it begins again with the same key. */
    if (!crl || !ceremony_write(folder, "root.crt", pem, error))
        return NULL;
    return g_string_free(g_steal_pointer(&report), FALSE);
}

/* --- an issuing CA ----------------------------------------------------------------------------------------------------------- */

static CaAuthorityRequest *
request_of(GBytes *bytes, GError **error)
{
    return ca_authority_request_read(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

char *
ceremony_look(const struct ceremony_plan *plan, GBytes *bytes, char **fingerprint, GError **error)
{
    g_autoptr(CaAuthorityRequest) request = request_of(bytes, error);
    if (!request)
        return NULL;
    g_autoptr(GDateTime) end = g_date_time_new_from_unix_utc(ca_validity_end(plan->now, 12 * plan->issuing_years, plan->time_zone));
    g_autofree char *day = g_date_time_format(end, "%Y-%m-%d"), *purposes = g_strjoinv(" ", request->extended);
    *fingerprint = g_strdup(request->fingerprint);
    return g_strdup_printf("request for an issuing CA: %s%s%s%s%s%sCN=%s\n  key %s, proven; to be valid until %s\n  purposes %s\n"
                           "  pointers to %s/crl/root-0.crl and %s/ca/root.cer\n  SHA-256 of the request %s\n",
                           *request->country ? "C=" : "", request->country, *request->country ? ", " : "",
                           *request->organization ? "O=" : "", request->organization, *request->organization ? ", " : "",
                           request->common_name, ca_key_kind_name(request->csr->kind), day, purposes, plan->publish_url,
                           plan->publish_url, request->fingerprint);
}

char *
ceremony_sign(const struct ceremony_plan *plan, GBytes *bytes, char **report, GError **error)
{
    static const char *const any[] = { OID_ANY_POLICY, NULL };
    g_autoptr(CaAuthorityRequest) request = request_of(bytes, error);
    g_autoptr(CaIssuer) root = request ? load_root(plan, error) : NULL;
    if (!root)
        return NULL;
    const struct ca_authority what = {
        .country = request->country, .organization = request->organization, .common_name = request->common_name, .policies = any,
        .extended = (const char *const *)request->extended,
    };
    g_autoptr(GBytes) der = ceremony_new_issuing(plan, &what, request->csr->spki, root, error);
    g_autoptr(GString) said = g_string_new(NULL);
    g_autoptr(GPtrArray) chain = g_ptr_array_new();
    if (!der || !ceremony_tell(said, "signed", der, error))
        return NULL;
    g_string_append_printf(said, "  for the request with SHA-256 %s\n", request->fingerprint);
    g_ptr_array_add(chain, der);
    g_ptr_array_add(chain, ca_issuer_certificate(root));
    *report = g_string_free(g_steal_pointer(&said), FALSE);
    return ca_chain_pem(chain);
}
