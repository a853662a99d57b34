#include "ra/saml_rollover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ca/key.h"
#include "ca/selfsigned.h"
#include "ra/error.h"

/* Long-lived, as saml2int advises: the dates of these certificates mean nothing, but some products look at them. */
#define CERTIFICATE_YEARS 10
#define YEAR (365 * 86400)

/* --- looking for -------------------------------------------------------------------------------------------------------------- */

static RaSamlEntry *
marked(const GPtrArray *entries, enum ra_saml_mark mark)
{
    for (guint i = 0; i < entries->len; i++) {
        RaSamlEntry *entry = entries->pdata[i];
        if (entry->mark == mark)
            return entry;
    }
    return NULL;
}

static RaSamlEntry *
of_key(const GPtrArray *entries, GBytes *key_id)
{
    for (guint i = 0; i < entries->len; i++) {
        RaSamlEntry *entry = entries->pdata[i];
        if (g_bytes_equal(entry->key_id, key_id))
            return entry;
    }
    return NULL;
}

/* The new key of a role; NULL: none is there. */
static RaSamlEntry *
next_key(const struct ra_saml_role *role)
{
    const RaSamlEntry *certificate = marked(role->certificates, RA_SAML_NEXT);
    return certificate ? of_key(role->keys, certificate->key_id) : marked(role->keys, RA_SAML_NEXT);
}

static RaSamlEntry *
current(const struct ra_saml_role *role)
{
    RaSamlEntry *certificate = marked(role->certificates, RA_SAML_IN_USE);
    return certificate ? certificate : role->certificates->pdata[0];
}

/* --- reading -------------------------------------------------------------------------------------------------------------- */

static gboolean
apart(const struct ra_saml_role *role, const char *why, GError **error)
{
    g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "%s and %s do not go together: %s", role->key_file, role->certificate_file, why);
    return FALSE;
}

/* What a person wrote has no marks: then the first is in use. */
static gboolean
complete(struct ra_saml_role *role, gboolean signs, GError **error)
{
    const RaSamlEntry *first = role->keys->pdata[0];
    RaSamlEntry *certificate = current(role);
    if (!of_key(role->keys, certificate->key_id))
        return apart(role, "the certificate in use has no key", error);
    if (signs && !of_key(role->certificates, first->key_id))
        return apart(role, "the first key, which signs, has no certificate", error);
    if (certificate->mark == RA_SAML_NO_MARK) {
        certificate->mark = RA_SAML_IN_USE;
        certificate->since = certificate->info->not_before;
    }
    return TRUE;
}

static gboolean
read_role(struct ra_saml_role *role, gboolean signs, GError **error)
{
    role->keys = ra_saml_file_keys(role->key_file, error);
    role->certificates = role->keys ? ra_saml_file_certificates(role->certificate_file, error) : NULL;
    return role->certificates && complete(role, signs, error);
}

/* The signing certificates' file is written last by each step, so it says where we are. */
static void
find_phase(RaSamlRollover *r)
{
    const struct ra_saml_role *signing = &r->roles[RA_SAML_SIGNING];
    const RaSamlEntry *next = marked(signing->certificates, RA_SAML_NEXT);
    r->since = 0;
    if (next) {
        r->phase = RA_SAML_STARTED;
        r->since = next->since;
    } else if (marked(signing->certificates, RA_SAML_BEFORE)) {
        r->phase = RA_SAML_SWITCHED;
        r->since = current(signing)->since;
    } else {
        gboolean prepared = next_key(signing) || next_key(&r->roles[RA_SAML_DECRYPTION]);
        r->phase = prepared ? RA_SAML_PREPARED : RA_SAML_QUIET;
    }
}

/* Each role's lists are written by themselves: one file for both would lose half of them. */
static gboolean
files_differ(const RaSamlRollover *r, GError **error)
{
    const struct ra_saml_role *a = &r->roles[RA_SAML_SIGNING], *b = &r->roles[RA_SAML_DECRYPTION];
    if (strcmp(a->key_file, b->key_file) != 0 && strcmp(a->certificate_file, b->certificate_file) != 0)
        return TRUE;
    g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "signing and decryption need files of their own, [saml] names %s for both",
                strcmp(a->key_file, b->key_file) == 0 ? a->key_file : a->certificate_file);
    return FALSE;
}

/* On the folder of the signing key: the files themselves are replaced. */
static gboolean
take_lock(RaSamlRollover *r, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(r->roles[RA_SAML_SIGNING].key_file);
    r->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->lock >= 0 && flock(r->lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    if (r->lock >= 0 && errno == EWOULDBLOCK)
        g_set_error(error, RA_ERROR, RA_ERROR_CONFLICT, "%s: another `inkan saml` is at work here", folder);
    else
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "%s: %s", folder, g_strerror(errno));
    return FALSE;
}

static char *
host_of(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    return g_strndup(host && *host ? host : "inkan", 64); /* X.520's bound of a CN */
}

RaSamlRollover *
ra_saml_rollover_read(const Settings *settings, GError **error)
{
    g_autoptr(RaSamlRollover) r = g_new0(RaSamlRollover, 1);
    r->roles[RA_SAML_SIGNING] = (struct ra_saml_role){ "signing", settings_text(settings, "saml", "signing_key"),
                                                       settings_text(settings, "saml", "signing_certificate"), NULL, NULL };
    r->roles[RA_SAML_DECRYPTION] = (struct ra_saml_role){ "decryption", settings_text(settings, "saml", "decryption_key"),
                                                          settings_text(settings, "saml", "decryption_certificate"), NULL, NULL };
    r->wait = settings_number(settings, "saml", "rollover_wait");
    r->common_name = host_of(settings_text(settings, "service", "url"));
    r->lock = -1;
    if (!files_differ(r, error) || !take_lock(r, error))
        return NULL;
    for (int i = 0; i < RA_SAML_ROLES; i++)
        if (!read_role(&r->roles[i], i == RA_SAML_SIGNING, error))
            return NULL;
    find_phase(r);
    return g_steal_pointer(&r);
}

void
ra_saml_rollover_free(RaSamlRollover *r)
{
    if (!r)
        return;
    for (int i = 0; i < RA_SAML_ROLES; i++) {
        g_clear_pointer(&r->roles[i].keys, g_ptr_array_unref);
        g_clear_pointer(&r->roles[i].certificates, g_ptr_array_unref);
    }
    if (r->lock >= 0)
        close(r->lock);
    g_free(r->common_name);
    g_free(r);
}

gint64
ra_saml_rollover_due(const RaSamlRollover *r)
{
    return r->phase == RA_SAML_STARTED || r->phase == RA_SAML_SWITCHED ? r->since + r->wait : 0;
}

/* --- changing lists ----------------------------------------------------------------------------------------------------------- */

static void
mark(RaSamlEntry *entry, enum ra_saml_mark as, gint64 now)
{
    if (entry->mark == as)
        return;
    entry->mark = as;
    entry->since = now;
}

/* FIRST to the front, in use; the others behind it, or gone. */
static void
put_first(GPtrArray *entries, RaSamlEntry *first, gboolean alone, gint64 now)
{
    guint at = 0;
    g_ptr_array_find(entries, first, &at);
    g_ptr_array_steal_index(entries, at);
    if (alone)
        g_ptr_array_set_size(entries, 0);
    for (guint i = 0; i < entries->len; i++)
        mark(entries->pdata[i], RA_SAML_BEFORE, now);
    g_ptr_array_insert(entries, 0, first);
    mark(first, RA_SAML_IN_USE, now);
}

static gboolean
write_keys(const struct ra_saml_role *role, GError **error)
{
    return ra_saml_file_write(role->key_file, role->keys, error);
}

static gboolean
write_certificates(const struct ra_saml_role *role, GError **error)
{
    return ra_saml_file_write(role->certificate_file, role->certificates, error);
}

/* The key of the certificate in use first; the others behind it, or gone. */
static gboolean
order_keys(struct ra_saml_role *role, const RaSamlEntry *certificate, gboolean alone, gint64 now, GError **error)
{
    put_first(role->keys, of_key(role->keys, certificate->key_id), alone, now);
    return write_keys(role, error);
}

static gboolean
wrong_turn(const RaSamlRollover *r, GError **error)
{
    static const char *const words[] = {
        [RA_SAML_QUIET] = "no change is under way: begin with `inkan saml rollover start`",
        [RA_SAML_PREPARED] = "the new keys are not published yet: go on with `inkan saml rollover start`",
        [RA_SAML_STARTED] = "a change has been started: go on with `inkan saml rollover switch`",
        [RA_SAML_SWITCHED] = "the new keys are in use: go on with `inkan saml rollover finish`",
    };
    g_set_error_literal(error, RA_ERROR, RA_ERROR_CONFLICT, words[r->phase]);
    return FALSE;
}

/* --- the steps ------------------------------------------------------------------------------------------------------------ */

static RaSamlEntry *
make_key(gint64 now, GError **error)
{
    g_autoptr(Secret) pkcs8 = ca_key_make(CA_KEY_RSA3072, error);
    g_autoptr(Secret) pem = pkcs8 ? ca_plain_pem(pkcs8, error) : NULL;
    GBytes *id = pem ? ca_plain_key_id(pem, error) : NULL;
    if (!id)
        return NULL;
    RaSamlEntry *entry = g_new0(RaSamlEntry, 1);
    *entry = (RaSamlEntry){ RA_SAML_NEXT, now, g_steal_pointer(&pem), id, NULL };
    return entry;
}

static gboolean
prepare_role(struct ra_saml_role *role, gint64 now, GError **error)
{
    if (next_key(role))
        return TRUE;
    RaSamlEntry *key = make_key(now, error);
    if (!key)
        return FALSE;
    mark(of_key(role->keys, current(role)->key_id), RA_SAML_IN_USE, current(role)->since);
    g_ptr_array_add(role->keys, key);
    return write_keys(role, error);
}

gboolean
ra_saml_rollover_prepare(RaSamlRollover *r, gint64 now, GError **error)
{
    if (r->phase != RA_SAML_QUIET && r->phase != RA_SAML_PREPARED)
        return wrong_turn(r, error);
    for (int i = 0; i < RA_SAML_ROLES; i++)
        if (!prepare_role(&r->roles[i], now, error))
            return FALSE;
    find_phase(r);
    return TRUE;
}

static gboolean
publish_role(const RaSamlRollover *r, struct ra_saml_role *role, gint64 now, GError **error)
{
    RaSamlEntry *key = next_key(role);
    if (of_key(role->certificates, key->key_id))
        return TRUE;
    g_autofree char *name = g_strdup_printf("%.50s %s", r->common_name, role->name);
    g_autoptr(GBytes) der = ca_self_signed(key->pem, name, now, now + CERTIFICATE_YEARS * (gint64)YEAR, error);
    g_autofree char *pem = der ? ca_certificate_pem(der) : NULL;
    CaCertificateInfo *info = der ? ca_certificate_read(pem, strlen(pem), error) : NULL;
    if (!info)
        return FALSE;
    RaSamlEntry *entry = g_new0(RaSamlEntry, 1);
    *entry = (RaSamlEntry){ RA_SAML_NEXT, now, secret_from_text(pem), g_bytes_ref(key->key_id), info };
    g_ptr_array_add(role->certificates, entry);
    return write_certificates(role, error);
}

/* Encryption first: the signing certificates say that the step is done. */
gboolean
ra_saml_rollover_publish(RaSamlRollover *r, gint64 now, GError **error)
{
    if (r->phase != RA_SAML_PREPARED)
        return wrong_turn(r, error);
    gboolean ok = publish_role(r, &r->roles[RA_SAML_DECRYPTION], now, error) &&
                  publish_role(r, &r->roles[RA_SAML_SIGNING], now, error);
    find_phase(r);
    return ok;
}

/* The certificate whose turn it is, or which had it in a step that was cut short. */
static RaSamlEntry *
turn_of(const struct ra_saml_role *role)
{
    RaSamlEntry *next = marked(role->certificates, RA_SAML_NEXT);
    return next ? next : current(role);
}

gboolean
ra_saml_rollover_switch(RaSamlRollover *r, gint64 now, GError **error)
{
    struct ra_saml_role *signing = &r->roles[RA_SAML_SIGNING], *decryption = &r->roles[RA_SAML_DECRYPTION];
    if (r->phase != RA_SAML_STARTED)
        return wrong_turn(r, error);
    RaSamlEntry *signs = turn_of(signing), *decrypts = turn_of(decryption);
    if (!of_key(signing->keys, signs->key_id) || !of_key(decryption->keys, decrypts->key_id)) {
        g_set_error(error, RA_ERROR, RA_ERROR_INPUT, "%s: a new certificate is published whose key is not there; copy the key files",
                    signing->key_file);
        return FALSE;
    }
    if (!order_keys(signing, signs, FALSE, now, error))
        return FALSE;
    put_first(decryption->certificates, decrypts, TRUE, now);
    put_first(signing->certificates, signs, FALSE, now);
    gboolean ok = write_certificates(decryption, error) && order_keys(decryption, decrypts, FALSE, now, error) &&
                  write_certificates(signing, error);
    find_phase(r);
    return ok;
}

gboolean
ra_saml_rollover_finish(RaSamlRollover *r, gint64 now, GError **error)
{
    struct ra_saml_role *signing = &r->roles[RA_SAML_SIGNING], *decryption = &r->roles[RA_SAML_DECRYPTION];
    if (r->phase != RA_SAML_SWITCHED)
        return wrong_turn(r, error);
    gboolean ok = order_keys(decryption, current(decryption), TRUE, now, error) &&
                  order_keys(signing, current(signing), TRUE, now, error);
    if (!ok)
        return FALSE;
    put_first(signing->certificates, current(signing), TRUE, now);
    ok = write_certificates(signing, error);
    find_phase(r);
    return ok;
}
