#include "ca/signer.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "ca/confine.h"
#include "ca/desk.h"
#include "db/issuer.h"
#include "db/log.h"
#include "db/prefork.h"

#define MOST_CALLERS 256
#define MOST_FILES 512 /* callers, the database, the log, names of hosts */
#define SILENT_SECONDS 5
#define PASSPHRASE_LONGEST 1024
#define RECONCILE (10 * G_USEC_PER_SEC)
#define HEAD (G_USEC_PER_SEC / 2)
#define LOAD_AGAIN (5 * G_USEC_PER_SEC) /* unlocking a key takes 0.3 s, so nobody can have it tried at will */

/* --- errors --------------------------------------------------------------------------------------------------------------- */

gboolean
signer_fail(GError *db_error, GError **error)
{
    static const enum ca_error codes[] = {
        [DB_ERROR_DOWN] = CA_ERROR_DOWN,
        [DB_ERROR_CONFLICT] = CA_ERROR_DOWN,
        [DB_ERROR_REFUSED] = CA_ERROR_REFUSED,
        [DB_ERROR_BROKEN] = CA_ERROR_BROKEN,
    };
    if (db_error->domain == DB_ERROR)
        g_set_error_literal(error, CA_ERROR, (gint)codes[db_error->code], db_error->message);
    else
        g_propagate_error(error, g_error_copy(db_error));
    return FALSE;
}

gboolean
signer_refuse(GError **error, const char *rule, const char *why)
{
    g_set_error(error, CA_ERROR, CA_ERROR_REFUSED, "%s: %s", rule, why);
    return FALSE;
}

/* --- the log against the database ----------------------------------------------------------------------------------------- */

static gboolean
log_is_in_database(Signer *signer, GError **error)
{
    g_autoptr(GPtrArray) pairs = signer_log_newest(signer->log, error);
    if (!pairs)
        return FALSE;
    for (guint i = 0; i < pairs->len; i += 2) {
        g_autoptr(GError) why = NULL;
        gboolean exists;
        if (!db_certificate_exists(signer->db, pairs->pdata[i], pairs->pdata[i + 1], &exists, &why))
            return signer_fail(why, error);
        if (!exists) {
            g_set_error(error, CA_ERROR, CA_ERROR_DOWN,
                        "log-ahead: %s names certificate %s of %s, which the database does not have: it lost what it had "
                        "committed. Nothing is signed until that row is back (`inkan ca reconcile --mend`); if another database is meant, "
                        "move the file away",
                        signer_log_file(signer->log), (char *)pairs->pdata[i + 1], (char *)pairs->pdata[i]);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean
signer_begin(Signer *signer, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (!db_begin(signer->db, &why))
        return signer_fail(why, error);
    if (db_wait(signer->db, 0)) /* we listen to nothing, so this is TRUE for a new connection alone */
        signer->compared = FALSE;
    signer->compared = signer->compared || log_is_in_database(signer, error);
    if (!signer->compared)
        db_rollback(signer->db);
    return signer->compared;
}

/* --- keys ----------------------------------------------------------------------------------------------------------------- */

/* Of the folder, a file or in a token; the name comes from a row, so it may not lead elsewhere. */
static CaSigningKey *
load_key(const Signer *signer, const char *key_name, const Secret *passphrase, GError **error)
{
    const Settings *s = signer->settings;
    const struct ca_token token = { settings_text(s, "signer", "pkcs11_module"), settings_text(s, "signer", "pkcs11_pin_file") };
    if (!*key_name || *key_name == '.' || strchr(key_name, '/')) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "issuer.key_name '%s' is no file name", key_name);
        return NULL;
    }
    if (signer->files_only && ca_signing_key_in_token(settings_text(s, "signer", "keys"), key_name)) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "key-token: %s.pkcs11 is new, and this process is confined to keys in files: "
                    "reload the signer (SIGHUP, systemctl reload)", key_name);
        return NULL;
    }
    return ca_signing_key_find(settings_text(s, "signer", "keys"), key_name, passphrase, &token, error);
}

static void
load_issuer(Signer *signer, const DbIssuer *row, const Secret *passphrase)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CaSigningKey) key = load_key(signer, row->key_name, passphrase, &error);
    CaIssuer *issuer = key ? ca_issuer_new(row->certificate, key, &error) : NULL;
    if (issuer)
        g_hash_table_insert(signer->issuers, g_strdup(row->name), issuer);
    else
        log_error("key-not-loaded", error);
}

/* Loads what is not loaded yet: the issuing ones. A root's key is not on this machine, or should not be. */
static gboolean
load_issuers(Signer *signer, const GPtrArray *rows, GError **error)
{
    g_autoptr(Secret) passphrase = crypto_read_secret_file(settings_text(signer->settings, "signer", "passphrase_file"),
                                                           PASSPHRASE_LONGEST, error);
    if (!passphrase)
        return FALSE;
    secret_chomp(passphrase);
    for (guint i = 0; i < rows->len; i++) {
        const DbIssuer *row = rows->pdata[i];
        if (row->parent && !g_hash_table_contains(signer->issuers, row->name))
            load_issuer(signer, row, passphrase);
    }
    return TRUE;
}

static gboolean
is_issuing(const GPtrArray *rows, const char *name)
{
    for (guint i = 0; i < rows->len; i++) {
        const DbIssuer *row = rows->pdata[i];
        if (strcmp(row->name, name) == 0)
            return row->parent != NULL;
    }
    return FALSE;
}

const CaIssuer *
signer_issuer(Signer *signer, const char *name, GError **error)
{
    const CaIssuer *issuer = g_hash_table_lookup(signer->issuers, name);
    gint64 now = g_get_monotonic_time();
    if (issuer)
        return issuer;
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) rows = db_issuer_list(signer->db, &why);
    if (!rows) {
        signer_fail(why, error);
        return NULL;
    }
    if (!is_issuing(rows, name)) {
        signer_refuse(error, "issuer", "no issuing CA has this name");
        return NULL;
    }
    if (now >= signer->load_after) {
        gboolean ok = load_issuers(signer, rows, error);
        issuer = g_hash_table_lookup(signer->issuers, name);
        signer->load_after = issuer ? 0 : now + LOAD_AGAIN;
        if (!ok)
            return NULL;
    }
    if (!issuer)
        g_set_error(error, CA_ERROR, CA_ERROR_DOWN, "the key of issuer %s is not loaded, see the signer's log", name);
    return issuer;
}

/* --- who may ask what ----------------------------------------------------------------------------------------------------- */

static gboolean
user_of(const Settings *settings, const char *key, unsigned *uid, GError **error)
{
    const char *name = settings_text(settings, "signer", key);
    const struct passwd *user = *name ? getpwnam(name) : NULL;
    if (*name && !user) {
        g_set_error(error, CA_ERROR, CA_ERROR_BROKEN, "[signer] %s: there is no user '%s'", key, name);
        return FALSE;
    }
    *uid = user ? user->pw_uid : geteuid();
    return TRUE;
}

gboolean
signer_peers_read(const Settings *settings, struct signer_peers *peers, GError **error)
{
    return user_of(settings, "portal_user", &peers->portal, error) && user_of(settings, "worker_user", &peers->worker, error) &&
           user_of(settings, "responder_user", &peers->responder, error);
}

gboolean
signer_peers_may(const struct signer_peers *peers, unsigned uid, enum wire_kind kind)
{
    gboolean portal = uid == peers->portal, worker = uid == peers->worker, responder = uid == peers->responder;
    switch (kind) {
    case WIRE_PING: return portal || worker || responder || uid == 0; /* root may ask whether we are well: `inkan ca status` */
    case WIRE_SIGN: return portal;
    case WIRE_PUBLISH: return worker;
    case WIRE_RESPONDER: return responder;
    case WIRE_OCSP:
    case WIRE_TAKE:
    case WIRE_DONE:
    case WIRE_CERTIFICATE:
    case WIRE_STATUS:
    case WIRE_KEY:
    case WIRE_FAILED: return FALSE;
    }
    return FALSE;
}

/* --- the process ---------------------------------------------------------------------------------------------------------- */

struct child {
    Signer signer;
    struct signer_peers peers;
};

static gboolean
may(unsigned uid, enum wire_kind kind, gpointer data)
{
    struct child *child = data;
    return signer_peers_may(&child->peers, uid, kind);
}

/* Is everything there that signing needs? The list of issuers is small. */
static gboolean
is_well(Signer *signer, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GPtrArray) rows = db_issuer_list(signer->db, &why);
    if (!rows)
        return signer_fail(why, error);
    for (guint i = 0; i < rows->len; i++) {
        const DbIssuer *row = rows->pdata[i];
        if (row->parent && !signer_issuer(signer, row->name, error))
            return FALSE;
    }
    return TRUE;
}

static void
answer(Caller *caller, enum wire_kind kind, GBytes *bytes, const GError *error)
{
    WireMessage message = { .kind = kind, .bytes = bytes };
    if (!error) {
        desk_answer(caller, &message);
        return;
    }
    if (g_error_matches(error, CA_ERROR, CA_ERROR_REFUSED) || g_error_matches(error, CA_ERROR, CA_ERROR_INPUT))
        log_write(LOG_LEVEL_WARNING, "refused", "msg", error->message, NULL);
    else if (!log_is_away("database"))
        log_error("not-done", error);
    desk_answer_error(caller, error);
}

static void
asked(Caller *caller, const WireMessage *question, gpointer data)
{
    Signer *signer = &((struct child *)data)->signer;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) der = NULL;

    switch (question->kind) {
    case WIRE_PING:
        answer(caller, WIRE_DONE, NULL, is_well(signer, &error) ? NULL : error);
        break;
    case WIRE_SIGN:
        der = signer_issue(signer, question->number, question->text, question->bytes, now, &error);
        answer(caller, WIRE_CERTIFICATE, der, error);
        break;
    case WIRE_PUBLISH:
        answer(caller, WIRE_DONE, NULL, signer_publish(signer, question->text, question->number == 1, now, &error) ? NULL : error);
        break;
    case WIRE_RESPONDER:
        der = signer_delegate(signer, question->text, question->bytes, now, &error);
        answer(caller, WIRE_CERTIFICATE, der, error);
        break;
    case WIRE_OCSP:
    case WIRE_TAKE:
    case WIRE_DONE:
    case WIRE_CERTIFICATE:
    case WIRE_STATUS:
    case WIRE_KEY:
    case WIRE_FAILED: break; /* sent away by may() */
    }
}

static gboolean
prepare(struct child *child, const Settings *settings, GError **error)
{
    Signer *signer = &child->signer;
    signer->settings = settings;
    signer->db = db_new(settings_text(settings, "database", "signer"));
    signer->issuers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)ca_issuer_free);
    signer->log = signer_log_open(settings_text(settings, "signer", "log_file"), error);
    return signer->log && signer_peers_read(settings, &child->peers, error);
}

static void
clear(struct child *child)
{
    g_clear_pointer(&child->signer.witness, signer_witness_free);
    g_clear_pointer(&child->signer.issuers, g_hash_table_unref);
    g_clear_pointer(&child->signer.db, db_free);
    g_clear_pointer(&child->signer.log, signer_log_close);
}

/* What a killed process of this machine left half done. */
static void
reconcile(Signer *signer)
{
    g_autoptr(GError) error = NULL;
    const char *log = signer_log_name(signer->log, g_get_real_time() / G_USEC_PER_SEC, &error);
    if (!log || !signer_reconcile(signer, log, &error))
        log_error("not-reconciled", error);
}

/* The modules of tokens load what they need, when they need it, write files of their own, make threads: with them the wide
   confinement alone, which the master has already. */
static gboolean
confine(Signer *signer, GError **error)
{
    g_autoptr(GPtrArray) tokens = ca_signing_keys_in_tokens(settings_text(signer->settings, "signer", "keys"));
    if (tokens->len > 0 || strcmp(settings_text(signer->settings, "signer", "confinement"), "wide") == 0)
        return TRUE;
    signer->files_only = TRUE;
    return ca_confine_strict("inkan-signer", MOST_FILES, FALSE, error);
}

/* The audit's newest link; by whichever process comes first. */
static void
sign_head(Signer *signer)
{
    g_autoptr(GError) error = NULL;
    if (!signer_head(signer, g_get_real_time() / G_USEC_PER_SEC, &error) && !log_is_away("database"))
        log_error("no-head", error);
}

static void
serve(struct child *child, int listening)
{
    const struct desk_rules rules = { MOST_CALLERS, SILENT_SECONDS, may, asked, NULL, child };
    g_autoptr(Desk) desk = desk_new(listening, &rules);
    g_autoptr(GError) error = NULL;

    /* Unlocking takes its time: before the first question, not during it. What is not there yet is tried when asked for. */
    if (!is_well(&child->signer, &error))
        log_error("not-ready", error);
    else
        log_write(LOG_LEVEL_INFO, "ready", NULL);
    for (gint64 due = 0, head_due = 0; !prefork_stopping(); desk_round(desk, NULL, 0, 500)) {
        gint64 now = g_get_monotonic_time();
        if (now >= due) {
            reconcile(&child->signer);
            due = now + RECONCILE;
        }
        if (now >= head_due) {
            sign_head(&child->signer);
            head_due = now + HEAD;
        }
    }
}

int
signer_run(gpointer data)
{
    const struct signer_process *process = data;
    g_autoptr(GError) error = NULL;
    struct child child = { 0 };

    crypto_start();
    g_autoptr(Settings) settings = settings_load(process->settings_file, &error);
    gboolean ok = settings && prepare(&child, settings, &error) && confine(&child.signer, &error);
    if (ok)
        serve(&child, process->listening);
    else
        log_error("not-started", error);
    clear(&child);
    return ok ? 0 : 1;
}
