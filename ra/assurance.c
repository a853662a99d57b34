#include "ra/assurance.h"

#include <string.h>

#define URI_LONGEST 512
#define ITEMS_MOST  20 /* the table's check */
#define CLASSES     "urn:oasis:names:tc:SAML:2.0:ac:classes:"

const struct ra_preset ra_context_presets[] = {
    { "refeds-mfa", "https://refeds.org/profile/mfa", "two factors (REFEDS MFA Profile)" },
    { "refeds-sfa", "https://refeds.org/profile/sfa", "one good factor (REFEDS SFA Profile)" },
    { "gakunin-aal2", "https://www.gakunin.jp/profile/AAL2", "two factors (GakuNin AAL2)" },
    { "password", CLASSES "PasswordProtectedTransport", "a password over TLS" },
    { "x509", CLASSES "X509", "a client certificate" },
    { NULL, NULL, NULL },
};

const struct ra_preset ra_assurance_presets[] = {
    { "refeds-unique", "https://refeds.org/assurance/ID/unique", "the identifier means one natural person (REFEDS RAF)" },
    { "iap-low", "https://refeds.org/assurance/IAP/low", "identity proofing low (REFEDS RAF)" },
    { "iap-medium", "https://refeds.org/assurance/IAP/medium", "identity proofing medium (REFEDS RAF)" },
    { "iap-high", "https://refeds.org/assurance/IAP/high", "identity proofing high (REFEDS RAF)" },
    { "iap-local", "https://refeds.org/assurance/IAP/local-enterprise", "good enough for the institution itself (REFEDS RAF)" },
    { "cappuccino", "https://refeds.org/assurance/profile/cappuccino", "REFEDS RAF profile Cappuccino" },
    { "espresso", "https://refeds.org/assurance/profile/espresso", "REFEDS RAF profile Espresso" },
    { "gakunin-ial2", "https://www.gakunin.jp/profile/IAL2", "identity proofing IAL2 (GakuNin)" },
    { NULL, NULL, NULL },
};

const char *
ra_preset_word(const struct ra_preset *presets, const char *uri)
{
    for (; presets->word; presets++)
        if (strcmp(presets->uri, uri) == 0)
            return presets->word;
    return "";
}

/* The URI that ITEM stands for: borrowed; NULL: neither a word nor a URI. */
static const char *
uri_of(const struct ra_preset *presets, const char *item)
{
    for (; presets->word; presets++)
        if (strcmp(presets->word, item) == 0)
            return presets->uri;
    for (const char *c = item; *c; c++)
        if (!g_ascii_isgraph(*c) || strchr("\"'\\<>{}|", *c))
            return NULL;
    return strchr(item, ':') > item && strlen(item) <= URI_LONGEST ? item : NULL;
}

static char *
item_of(const struct ra_preset *presets, const char *text, gboolean alternatives)
{
    g_auto(GStrv) parts = g_strsplit(text, alternatives ? "|" : ",", -1);
    if (!parts[0])
        return NULL;
    for (char **part = parts; *part; part++) {
        const char *uri = uri_of(presets, g_strstrip(*part));
        if (!uri)
            return NULL;
        if (uri != *part) {
            g_free(*part);
            *part = g_strdup(uri);
        }
    }
    return g_strjoinv("|", parts);
}

char **
ra_preset_list(const struct ra_preset *presets, const char *text, gboolean alternatives, char **wrong)
{
    g_auto(GStrv) items = g_strsplit(text, ",", -1);
    for (guint i = 0; items[i]; i++) {
        char *item = i < ITEMS_MOST ? item_of(presets, items[i], alternatives) : NULL;
        if (!item) {
            *wrong = g_strdup(items[i]);
            return NULL;
        }
        g_free(items[i]);
        items[i] = item;
    }
    return g_steal_pointer(&items);
}
