#include "ra/error.h"

#include <string.h>

#include "ca/error.h"
#include "db/db.h"

G_DEFINE_QUARK(inkan-ra-error, ra_error)

const char *
ra_error_rule(const GError *error)
{
    static char word[64];
    word[0] = '\0';
    if (error && error->domain == RA_ERROR) {
        size_t length = strcspn(error->message, ": ");
        g_strlcpy(word, error->message, MIN(length + 1, sizeof word));
    }
    return word;
}

/* Words of the database and the signer that are not policy. */
static const struct { const char *word; enum ra_error code; const char *rule; } words[] = {
    { "request", RA_ERROR_NOT_FOUND, "request" },
    { "state", RA_ERROR_CONFLICT, "state" },
    { "decided", RA_ERROR_CONFLICT, "decided" },
    { "proposed", RA_ERROR_CONFLICT, "proposed" },
    { "proposal-ended", RA_ERROR_CONFLICT, "proposal-ended" },
    { "ended", RA_ERROR_CONFLICT, "ended" },
    { "pickup", RA_ERROR_CONFLICT, "pickup" },
    { "certificate", RA_ERROR_CONFLICT, "certificate" },
    { "other-key", RA_ERROR_CONFLICT, "other-key" },
    { "code", RA_ERROR_NOT_FOUND, "code" },
    { "officer-has-one", RA_ERROR_CONFLICT, "officer-has-one" },
    { "renew-early", RA_ERROR_CONFLICT, "renew-early" },
    { "reason", RA_ERROR_INPUT, "reason" },
    { "note", RA_ERROR_INPUT, "note" },
    { "refusal", RA_ERROR_INPUT, "refusal-missing" },
    { "csr-long", RA_ERROR_INPUT, "csr-long" },
    { "csr-private", RA_ERROR_INPUT, "csr-private" },
    { "csr-two", RA_ERROR_INPUT, "csr-two" },
    { "csr-form", RA_ERROR_INPUT, "csr-form" },
    { "csr-proof", RA_ERROR_INPUT, "csr-proof" },
    { "csr-algorithm", RA_ERROR_INPUT, "csr-algorithm" },
    { "key-kind", RA_ERROR_INPUT, "key-kind" },
    { "key-weak", RA_ERROR_INPUT, "key-weak" },
    { "key-used", RA_ERROR_INPUT, "key-used" },
    { "key-compromised", RA_ERROR_INPUT, "key-compromised" },
    { "password", RA_ERROR_INPUT, "password-characters" },
    { "role", RA_ERROR_BROKEN, "role" },
    { "changed", RA_ERROR_CONFLICT, "changed" },
    { "session", RA_ERROR_CONFLICT, "session" },
    { "field", RA_ERROR_BROKEN, "field" },
};

static gboolean
is_word(const char *word, const char *message)
{
    size_t length = strlen(word);
    return strncmp(word, message, length) == 0 && strchr(": ", message[length]) != NULL;
}

/* MESSAGE: "word" or "word: sentence". What is no word of ours is a rule of policy. */
static GError *
from_word(const char *message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (is_word(words[i].word, message))
            return g_error_new(RA_ERROR, (gint)words[i].code, "%s: %s", words[i].rule, message);
    return g_error_new_literal(RA_ERROR, RA_ERROR_REFUSED, message);
}

static GError *
from_db(const GError *error)
{
    switch ((enum db_error)error->code) {
    case DB_ERROR_REFUSED: return from_word(error->message);
    case DB_ERROR_DOWN: return g_error_new(RA_ERROR, RA_ERROR_DOWN, "database: %s", error->message);
    case DB_ERROR_CONFLICT: return g_error_new(RA_ERROR, RA_ERROR_CONFLICT, "busy: %s", error->message);
    case DB_ERROR_BROKEN: break;
    }
    return g_error_new(RA_ERROR, RA_ERROR_BROKEN, "database: %s", error->message);
}

static GError *
from_ca(const GError *error)
{
    switch ((enum ca_error)error->code) {
    case CA_ERROR_REFUSED:
    case CA_ERROR_INPUT: return from_word(error->message);
    case CA_ERROR_DOWN: return g_error_new(RA_ERROR, RA_ERROR_DOWN, "signer: %s", error->message);
    case CA_ERROR_BROKEN: break;
    }
    return g_error_new(RA_ERROR, RA_ERROR_BROKEN, "authority: %s", error->message);
}

gboolean
ra_error_from(GError **error)
{
    if (!error || !*error || (*error)->domain == RA_ERROR)
        return FALSE;
    GError *ours;
    if ((*error)->domain == DB_ERROR)
        ours = from_db(*error);
    else if ((*error)->domain == CA_ERROR)
        ours = from_ca(*error);
    else
        ours = g_error_new(RA_ERROR, RA_ERROR_BROKEN, "inner: %s", (*error)->message);
    g_error_free(*error);
    *error = ours;
    return FALSE;
}
