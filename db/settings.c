#include "db/settings.h"

#include <string.h>

G_DEFINE_QUARK(inkan-settings-error, settings_error)

enum type { TEXT, CONNECTION, HTTPS, NUMBER, LIST, CHOICE };

static const struct row {
    const char *group, *key;
    enum type type;
    const char *fallback; /* NULL: must be given */
    gint64 least, most;   /* NUMBER: the value; TEXT: bytes */
    const char *choices;  /* CHOICE: words between '|' */
    const char *meaning;
} rows[] = {
    { "service", "name_en", TEXT, "Inkan certificates", 1, 100, NULL, "name of the service on English pages and in mails" },
    { "service", "name_ja", TEXT, "Inkan 証明書", 1, 100, NULL, "name of the service on Japanese pages and in mails" },
    { "service", "url", TEXT, NULL, 9, 200, NULL, "origin of the portal, https://host[:port], no slash at the end" },
    { "service", "client_url", TEXT, NULL, 9, 200, NULL, "origin of the port that asks for a client certificate" },
    { "service", "publish_url", TEXT, NULL, 8, 200, NULL, "plain http origin named in every certificate for CRL, OCSP and issuer" },
    { "service", "time_zone", TEXT, "Asia/Tokyo", 1, 64, NULL, "time zone of days and of the end of a validity" },
    { "service", "secret_file", TEXT, NULL, 1, 4096, NULL, "file of the service secret (inkan config secret makes a line)" },
    { "service", "share", TEXT, "/usr/share/inkan", 1, 4096, NULL, "folder that holds db/migrations and web" },
    { "service", "cookie_suffix", TEXT, "", 0, 32, NULL, "added to cookie names, where several portals share a host name" },
    { "service", "helpdesk_name", TEXT, "", 0, 100, NULL, "whom people ask whose institution names no helpdesk" },
    { "service", "helpdesk_mail", TEXT, "", 0, 254, NULL, "that helpdesk's mail address" },
    { "service", "helpdesk_phone", TEXT, "", 0, 64, NULL, "that helpdesk's telephone number" },
    { "service", "log_level", CHOICE, "info", 0, 0, "debug|info|warning|error", "what is less than that is not logged" },

    { "database", "portal", CONNECTION, "", 0, 1000, NULL, "libpq connection string of role inkan_portal; passwords by passfile=" },
    { "database", "worker", CONNECTION, "", 0, 1000, NULL, "the same of role inkan_worker" },
    { "database", "signer", CONNECTION, "", 0, 1000, NULL, "the same of role inkan_signer" },
    { "database", "responder", CONNECTION, "", 0, 1000, NULL, "the same of role inkan_responder" },
    { "database", "owner", CONNECTION, "", 0, 1000, NULL, "the same of the tables' owner; used by the inkan command alone" },

    { "portal", "socket", TEXT, "/run/inkan/portal.sock", 1, 100, NULL, "unix socket of the pages, for nginx" },
    { "portal", "publish_socket", TEXT, "/run/inkan/publish.sock", 1, 100, NULL, "unix socket of CRL, OCSP and issuers, for nginx" },
    { "portal", "processes", NUMBER, "8", 1, 1000, NULL, "processes that serve pages" },
    { "portal", "publish_processes", NUMBER, "2", 1, 1000, NULL, "processes that serve CRL, OCSP and issuers" },
    { "portal", "ocsp_cache", NUMBER, "8192", 1, 1000000, NULL, "OCSP answers that each publishing process keeps in memory, about 2 KiB each" },
    { "portal", "keymaker_socket", TEXT, "/run/inkan/keymaker.sock", 1, 100, NULL, "unix socket of the keymaker, private to the portal" },
    { "portal", "opener_socket", TEXT, "/run/inkan/opener.sock", 1, 100, NULL, "unix socket of the opener, private to the portal" },
    { "portal", "key_pool", NUMBER, "16", 0, 1000, NULL, "RSA keys kept ready" },
    { "portal", "pid_file", TEXT, "", 0, 4096, NULL, "where the master writes its process number" },
    { "portal", "session_idle", NUMBER, "1800", 60, 86400, NULL, "seconds without a page after which a login ends" },
    { "portal", "session_longest", NUMBER, "28800", 300, 604800, NULL, "seconds after which a login ends in any case" },
    { "portal", "login_lifetime", NUMBER, "900", 60, 3600, NULL, "seconds that a person may take at the IdP" },
    { "portal", "drain", NUMBER, "10", 0, 600, NULL, "seconds that pages may take to finish when the portal stops" },

    { "saml", "entity_id", TEXT, NULL, 1, 1024, NULL, "our entity id in the federation" },
    { "saml", "signing_key", TEXT, NULL, 1, 4096, NULL, "PEM file of the key that signs requests and logouts; the first one" },
    { "saml", "signing_certificate", TEXT, NULL, 1, 4096, NULL, "PEM file of its certificate; all of them are published" },
    { "saml", "decryption_key", TEXT, NULL, 1, 4096, NULL, "PEM file of the keys for encrypted assertions" },
    { "saml", "decryption_certificate", TEXT, NULL, 1, 4096, NULL, "PEM file of their certificates; all of them are published" },
    { "saml", "rollover_wait", NUMBER, "1209600", 0, 31536000, NULL, "seconds until every IdP has read our metadata anew" },
    { "saml", "description_en", TEXT, "Client and S/MIME certificates for researchers, by self-service", 0, 1000, NULL,
      "what the service does, in English, for our metadata" },
    { "saml", "description_ja", TEXT, "研究者が自分で申請・取得するクライアント証明書とS/MIME証明書", 0, 1000, NULL, "the same in Japanese" },
    { "saml", "keywords_en", TEXT, "certificate S/MIME client+certificate", 0, 500, NULL, "words, '+' for a space in one" },
    { "saml", "keywords_ja", TEXT, "証明書 電子証明書 S/MIME クライアント証明書", 0, 500, NULL, "the same in Japanese" },
    { "saml", "organization_en", TEXT, "", 0, 200, NULL, "who runs the service; empty: the service's name" },
    { "saml", "organization_ja", TEXT, "", 0, 200, NULL, "the same in Japanese" },
    { "saml", "organization_url", TEXT, "", 0, 1000, NULL, "their page; empty: the front page" },
    { "saml", "privacy_url", TEXT, "", 0, 1000, NULL, "privacy statement; empty: our own page /privacy" },
    { "saml", "logo", TEXT, "", 0, 1000, NULL, "https URL of a logo; empty: our own, /logo.png" },
    { "saml", "logo_width", NUMBER, "128", 1, 4096, NULL, "its width in pixels" },
    { "saml", "logo_height", NUMBER, "128", 1, 4096, NULL, "its height" },
    { "saml", "technical_name", TEXT, "", 0, 100, NULL, "whom IdPs' administrators ask; empty: the helpdesk" },
    { "saml", "technical_mail", TEXT, "", 0, 254, NULL, "their mail address; empty: the helpdesk's" },
    { "saml", "security_name", TEXT, "", 0, 100, NULL, "whom to tell of a security incident; empty: the technical contact" },
    { "saml", "security_mail", TEXT, "", 0, 254, NULL, "their mail address; empty: the technical contact's" },
    { "saml", "subject_id", CHOICE, "any", 0, 0, "any|subject-id|pairwise-id|none", "the subject identifier that we ask IdPs for" },
    { "saml", "entity_categories", LIST, "", 0, 20, NULL, "entity categories that the federation has granted, URIs" },
    { "saml", "assurance_certifications", LIST, "", 0, 20, NULL, "for instance https://refeds.org/sirtfi, URIs" },
    { "saml", "sources", LIST, "", 0, 20, NULL, "signed metadata, each NAME|URL or NAME|URL|CERTIFICATE_FILE; the first wins" },
    { "saml", "metadata_certificate", TEXT, "", 0, 4096, NULL, "PEM file of the pinned certificate of sources that name none" },
    { "saml", "metadata_ca_file", TEXT, "", 0, 4096, NULL, "PEM file to trust for the sources' https; empty: the system's" },
    { "saml", "metadata_refresh", NUMBER, "3600", 10, 86400, NULL, "seconds between two fetches of a source" },
    { "saml", "mdq_shortest", NUMBER, "300", 10, 86400, NULL, "seconds between two questions for one IdP by MDQ, at least" },
    { "saml", "metadata_longest", NUMBER, "2592000", 3600, 31536000, NULL, "seconds that validUntil may lie ahead at most" },
    { "saml", "discovery", HTTPS, "", 0, 1024, NULL, "https URL of the federation's discovery service; empty: our own page" },
    { "saml", "officer_entitlement", TEXT, "", 0, 1024, NULL, "eduPersonEntitlement value that makes an officer" },
    { "saml", "revoker_entitlement", TEXT, "", 0, 1024, NULL, "eduPersonEntitlement value that makes an officer who may only revoke" },
    { "saml", "operator_entitlement", TEXT, "", 0, 1024, NULL, "eduPersonEntitlement value that makes an operator" },
    { "saml", "operator_idps", LIST, "", 0, 100, NULL, "entity ids of the IdPs that may say so; empty: none" },

    { "worker", "processes", NUMBER, "2", 1, 100, NULL, "processes that take up jobs" },
    { "worker", "mail_processes", NUMBER, "2", 1, 100, NULL, "processes that send mails" },
    { "worker", "opener_socket", TEXT, "/run/inkan/worker-opener.sock", 1, 100, NULL,
      "unix socket of the worker's own opener, private to it" },
    { "worker", "pid_file", TEXT, "", 0, 4096, NULL, "where the master writes its process number" },

    { "mail", "server", TEXT, "smtp://localhost:587", 1, 300, NULL, "smtp://host:port; STARTTLS is demanded; or smtps://host:port" },
    { "mail", "ca_file", TEXT, "", 0, 4096, NULL, "PEM file to trust for the server; empty: the system's" },
    { "mail", "user", TEXT, "", 0, 254, NULL, "user name at the server; empty: none" },
    { "mail", "password_file", TEXT, "", 0, 4096, NULL, "file of that user's password" },
    { "mail", "from", TEXT, NULL, 3, 254, NULL, "sender's address" },
    { "mail", "from_name", TEXT, "Inkan", 0, 100, NULL, "sender's name" },
    { "mail", "message_domain", TEXT, NULL, 1, 200, NULL, "domain of Message-ID" },
    { "mail", "tries", NUMBER, "20", 1, 1000, NULL, "after so many tries a mail has failed" },
    { "mail", "backoff", NUMBER, "30", 1, 3600, NULL, "seconds before the second try; doubles, one hour at most" },
    { "mail", "digest_hour", NUMBER, "7", 0, 23, NULL, "hour of the day from which the digests to helpdesks are sent" },
    { "mail", "remind_days", NUMBER, "7", 1, 365, NULL, "days in which officers may remind of a certificate once by 'mail all'" },
    { "mail", "sign_key", TEXT, "", 0, 4096, NULL, "PEM file of the key that signs mails (S/MIME); empty: they are not signed" },
    { "mail", "sign_certificate", TEXT, "", 0, 4096, NULL, "PEM file of its certificate for the sender's address, then those above it" },

    { "signer", "socket", TEXT, "/run/inkan/signer.sock", 1, 100, NULL, "unix socket of the signer" },
    { "signer", "keys", TEXT, "/var/lib/inkan/keys", 1, 4096, NULL, "folder of the issuers' locked keys" },
    { "signer", "passphrase_file", TEXT, NULL, 1, 4096, NULL, "file of the passphrase that unlocks them" },
    { "signer", "pkcs11_module", TEXT, "", 0, 4096, NULL, "library that reaches the token of keys that are not files" },
    { "signer", "pkcs11_pin_file", TEXT, "", 0, 4096, NULL, "file of the token's PIN" },
    { "signer", "pid_file", TEXT, "", 0, 4096, NULL, "where the master writes its process number" },
    { "signer", "confinement", CHOICE, "strict", 0, 0, "strict|wide", "which system calls signer and responder keep; wide is for tokens" },
    { "signer", "processes", NUMBER, "2", 1, 100, NULL, "processes that sign" },
    { "signer", "portal_user", TEXT, "", 0, 64, NULL, "user whose processes may ask for certificates; empty: the signer's own" },
    { "signer", "worker_user", TEXT, "", 0, 64, NULL, "user whose processes may ask for CRLs; empty: the signer's own" },
    { "signer", "responder_user", TEXT, "", 0, 64, NULL, "user whose processes may ask for an OCSP delegate; empty: the signer's own" },
    { "signer", "log_file", TEXT, "/var/lib/inkan/signer.log", 1, 4096, NULL, "the signer's own append-only list of what it signed" },

    { "responder", "socket", TEXT, "/run/inkan/responder.sock", 1, 100, NULL, "unix socket of the OCSP responder" },
    { "responder", "pid_file", TEXT, "", 0, 4096, NULL, "where the master writes its process number" },
    { "responder", "live", NUMBER, "100", 0, 100000, NULL,
      "OCSP answers a second that each publishing process has signed for one who asks alone (with a nonce)" },
    { "responder", "days", NUMBER, "30", 1, 30, NULL, "days that the responder's certificate is valid; renewed at half" },

    { "pickup", "days", NUMBER, "30", 1, 365, NULL, "days in which a certificate must be collected" },
    { "pickup", "ending_days", NUMBER, "3", 1, 60, NULL, "days before that end when the owner is told" },
    { "pickup", "password_shortest", NUMBER, "8", 1, 64, NULL, "characters of an own password for the file, at least" },
    { "pickup", "password_longest", NUMBER, "64", 8, 64, NULL, "and at most" },
    { "pickup", "profile_key", TEXT, "", 0, 4096, NULL,
      "PEM file of the key that signs configuration profiles for Apple's devices; empty: none are given out" },
    { "pickup", "profile_certificate", TEXT, "", 0, 4096, NULL, "PEM file of its certificate, then those above it" },

    { "helpdesk", "proposal_days", NUMBER, "7", 1, 365, NULL, "days that a proposal waits for its second officer" },

    { "ca", "crl_hours", NUMBER, "48", 1, 720, NULL, "hours from a CRL's thisUpdate to its nextUpdate" },
    { "ca", "crl_shards", NUMBER, "1", 1, 1000, NULL, "CRLs over which an issuer's new certificates are spread; the old ones keep theirs" },
    { "ca", "crl_refresh", NUMBER, "3600", 10, 86400, NULL, "seconds after which a CRL is made anew without a revocation" },
};

struct settings {
    char *file;
    char *texts[G_N_ELEMENTS(rows)];
    gint64 numbers[G_N_ELEMENTS(rows)];
    char **lists[G_N_ELEMENTS(rows)];
};

static const struct row *
find_row(const char *group, const char *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].group, group) == 0 && strcmp(rows[i].key, key) == 0)
            return &rows[i];
    return NULL;
}

static char *
allowed(const struct row *row)
{
    switch (row->type) {
    case TEXT: return g_strdup_printf("a text of %d to %d bytes", (int)row->least, (int)row->most);
    case CONNECTION: return g_strdup_printf("a connection string without a password in it, at most %d bytes", (int)row->most);
    case HTTPS: return g_strdup_printf("an https:// URL without #%s, at most %d bytes", row->least ? "" : ", or nothing", (int)row->most);
    case NUMBER: return g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, row->least, row->most);
    case LIST: return g_strdup_printf("a list with ';' between its items, at most %d", (int)row->most);
    case CHOICE: return g_strdup_printf("one of %s", row->choices);
    }
    g_assert_not_reached();
}

static gboolean
refuse(const char *file, const struct row *row, const char *what, GError **error)
{
    g_autofree char *may = allowed(row);
    g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_VALUE, "%s: [%s] %s %s; allowed: %s (%s)", file, row->group, row->key, what,
                may, row->meaning);
    return FALSE;
}

static gboolean
number_of(const char *text, gint64 least, gint64 most, gint64 *out)
{
    return g_ascii_string_to_signed(text, 10, least, most, out, NULL);
}

static gboolean
choice_of(const char *text, const char *choices)
{
    g_auto(GStrv) words = g_strsplit(choices, "|", -1);
    return g_strv_contains((const char *const *)words, text);
}

/* Every process reads this file, also those that must know nothing: no secret stands in it. A password may be a key word, or
   stand in a URI before the '@'. */
static gboolean
holds_password(const char *text)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    for (const char *word = lower; (word = strstr(word, "password"));) {
        word += strlen("password");
        if (word[strspn(word, " \t")] == '=')
            return TRUE;
    }
    const char *authority = strstr(lower, "://");
    if (!authority)
        return FALSE;
    authority += strlen("://");
    const char *at = memchr(authority, '@', strcspn(authority, "/?"));
    return at && memchr(authority, ':', (size_t)(at - authority));
}

static gboolean
https_of(const char *text, gint64 least, gint64 most)
{
    if (!*text)
        return least == 0;
    for (const char *c = text; *c; c++)
        if (!g_ascii_isgraph(*c) || strchr("\"'<>\\#", *c))
            return FALSE;
    return g_str_has_prefix(text, "https://") && g_ascii_isalnum(text[8]) && (gint64)strlen(text) <= most;
}

static gboolean
take_value(Settings *settings, size_t i, const char *text, GError **error)
{
    const struct row *row = &rows[i];
    size_t length = strlen(text);

    settings->texts[i] = g_strdup(text);
    switch (row->type) {
    case TEXT:
        if ((gint64)length < row->least || (gint64)length > row->most)
            return refuse(settings->file, row, length ? "has a text too short or too long" : "is empty", error);
        return TRUE;
    case CONNECTION:
        if ((gint64)length > row->most)
            return refuse(settings->file, row, "is too long", error);
        return !holds_password(text) || refuse(settings->file, row, "holds a password, which belongs in a passfile", error);
    case HTTPS:
        return https_of(text, row->least, row->most) || refuse(settings->file, row, "is no such URL", error);
    case NUMBER:
        return number_of(text, row->least, row->most, &settings->numbers[i]) ||
               refuse(settings->file, row, "is not such a number", error);
    case LIST:
        settings->lists[i] = g_strsplit(text, ";", -1);
        for (char **item = settings->lists[i]; *item; item++)
            g_strstrip(*item);
        if (length && !*settings->lists[i][g_strv_length(settings->lists[i]) - 1]) { /* a ';' at the end */
            guint last = g_strv_length(settings->lists[i]) - 1;
            g_clear_pointer(&settings->lists[i][last], g_free);
        }
        return (gint64)g_strv_length(settings->lists[i]) <= row->most || refuse(settings->file, row, "has too many items", error);
    case CHOICE:
        return choice_of(text, row->choices) || refuse(settings->file, row, "is none of them", error);
    }
    g_assert_not_reached();
}

static gboolean
known_keys_only(GKeyFile *keys, const char *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(keys, NULL);
    for (char **group = groups; *group; group++) {
        g_auto(GStrv) names = g_key_file_get_keys(keys, *group, NULL, NULL);
        for (char **name = names; name && *name; name++)
            if (!find_row(*group, *name)) {
                g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_KEY,
                            "%s: [%s] %s is not a setting; `inkan config keys` lists all that are", file, *group, *name);
                return FALSE;
            }
    }
    return TRUE;
}

Settings *
settings_load(const char *file, GError **error)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(GError) why = NULL;
    if (!g_key_file_load_from_file(keys, file, G_KEY_FILE_NONE, &why)) {
        g_set_error(error, SETTINGS_ERROR, SETTINGS_ERROR_FILE, "%s: the settings cannot be read: %s", file, why->message);
        return NULL;
    }
    if (!known_keys_only(keys, file, error))
        return NULL;

    g_autoptr(Settings) settings = g_new0(Settings, 1);
    settings->file = g_strdup(file);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_key_file_get_string(keys, rows[i].group, rows[i].key, NULL);
        if (!text && !rows[i].fallback) {
            refuse(file, &rows[i], "is missing", error);
            return NULL;
        }
        if (!take_value(settings, i, text ? text : rows[i].fallback, error))
            return NULL;
    }
    return g_steal_pointer(&settings);
}

void
settings_free(Settings *settings)
{
    if (!settings)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_free(settings->texts[i]);
        g_strfreev(settings->lists[i]);
    }
    g_free(settings->file);
    g_free(settings);
}

static size_t
place(const char *group, const char *key, gboolean right_type)
{
    const struct row *row = find_row(group, key);
    if (!row || !right_type)
        g_error("setting [%s] %s is not in the table", group, key);
    return (size_t)(row - rows);
}

const char *
settings_text(const Settings *settings, const char *group, const char *key)
{
    return settings->texts[place(group, key, TRUE)];
}

gint64
settings_number(const Settings *settings, const char *group, const char *key)
{
    const struct row *row = find_row(group, key);
    return settings->numbers[place(group, key, row && row->type == NUMBER)];
}

const char *const *
settings_list(const Settings *settings, const char *group, const char *key)
{
    const struct row *row = find_row(group, key);
    return (const char *const *)settings->lists[place(group, key, row && row->type == LIST)];
}

char *
settings_describe(void)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *may = allowed(&rows[i]);
        g_string_append_printf(text, "[%s] %s\t%s\t%s\t%s\n", rows[i].group, rows[i].key,
                               rows[i].fallback ? rows[i].fallback : "(must be given)", may, rows[i].meaning);
    }
    return g_string_free(text, FALSE);
}
