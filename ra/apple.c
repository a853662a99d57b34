#include "ra/apple.h"

#include <string.h>

#include "ca/certificate.h"
#include "ca/cms.h"
#include "ra/error.h"

/* --- identifiers ------------------------------------------------------------------------------------------------------------ */

/* https://inkan.example.ac.jp:8443/ → jp.ac.example.inkan */
static char *
turned_host(const char *url)
{
    const char *begin = strstr(url, "://");
    begin = begin ? begin + strlen("://") : url;
    g_autofree char *host = g_strndup(begin, strcspn(begin, ":/"));
    g_auto(GStrv) parts = g_strsplit(host, ".", -1);
    GString *turned = g_string_new(NULL);
    for (guint n = g_strv_length(parts); n > 0; n--)
        g_string_append_printf(turned, "%s%s", turned->len ? "." : "", parts[n - 1]);
    return g_string_free(turned, FALSE);
}

/*
 * A device takes a profile of the same identifier for a newer form of what it has and puts it in its place. So a repeat of the
 * same pickup replaces itself, and a renewal stands beside what it renews: the old key must stay for mail that was encrypted to it.
 */
static char *
identifier(const struct ra_apple *apple, const char *part)
{
    g_autofree char *host = turned_host(apple->url);
    return g_strdup_printf("%s.inkan.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "%s%s", host, apple->request, apple->cycle,
                           *part ? "." : "", part);
}

/* RFC 9562 version 8: the first bytes of a SHA-256 of the identifier. */
static char *
uuid(const char *name)
{
    g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    hex[12] = '8';
    hex[16] = "89ab"[g_ascii_xdigit_value(hex[16]) & 3];
    g_autofree char *text = g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return g_ascii_strup(text, -1);
}

/* --- the property list ------------------------------------------------------------------------------------------------------ */

/* Characters that XML cannot hold are left out; a memo may have any. */
static char *
escaped(const char *text)
{
    g_autoptr(GString) kept = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);
        if (u >= 0x20 && u != 0x7f && u != 0xfffe && u != 0xffff)
            g_string_append_unichar(kept, u);
    }
    return g_markup_escape_text(kept->str, (gssize)kept->len);
}

static void
add_text(GString *list, const char *key, const char *text)
{
    g_autofree char *safe = escaped(text);
    g_string_append_printf(list, "<key>%s</key><string>%s</string>\n", key, safe);
}

static void
add_data(GString *list, const char *key, GBytes *bytes)
{
    gsize size = 0;
    const guchar *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_base64_encode(data, size);
    g_string_append_printf(list, "<key>%s</key><data>%s</data>\n", key, text);
}

/* What every payload, and the whole, has. */
static void
add_head(GString *list, const struct ra_apple *apple, const char *type, const char *part, const char *name)
{
    g_autofree char *id = identifier(apple, part), *unique = uuid(id);
    add_text(list, "PayloadType", type);
    add_text(list, "PayloadIdentifier", id);
    add_text(list, "PayloadUUID", unique);
    add_text(list, "PayloadDisplayName", name);
    g_string_append(list, "<key>PayloadVersion</key><integer>1</integer>\n");
}

/* Without a key Password: the device asks for it. */
static void
add_pkcs12(GString *list, const struct ra_apple *apple)
{
    g_string_append(list, "<dict>\n");
    add_head(list, apple, "com.apple.security.pkcs12", "certificate", apple->friendly_name);
    add_text(list, "PayloadCertificateFileName", apple->file_name);
    add_data(list, "PayloadContent", apple->pkcs12);
    g_string_append(list, "</dict>\n");
}

static gboolean
add_authority(GString *list, const struct ra_apple *apple, GBytes *der, gboolean is_root, GError **error)
{
    gsize size = 0;
    const void *bytes = g_bytes_get_data(der, &size);
    g_autoptr(CaCertificateInfo) info = ca_certificate_read(bytes, size, error);
    if (!info)
        return FALSE;
    const char *name = info->common_name ? info->common_name : info->subject;
    g_autofree char *part = g_strdup_printf("ca-%.16s", info->fingerprint);
    g_autofree char *file = g_strconcat(part, ".cer", NULL);
    g_string_append(list, "<dict>\n");
    add_head(list, apple, is_root ? "com.apple.security.root" : "com.apple.security.pkcs1", part, name);
    add_text(list, "PayloadCertificateFileName", file);
    add_data(list, "PayloadContent", der);
    g_string_append(list, "</dict>\n");
    return TRUE;
}

GBytes *
ra_apple_list(const struct ra_apple *apple, GError **error)
{
    g_autoptr(GString) list = g_string_new(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
        "<plist version=\"1.0\">\n<dict>\n");
    g_autofree char *name = g_strdup_printf("%s: %s", apple->words->service, apple->friendly_name);
    add_head(list, apple, "Configuration", "", name);
    add_text(list, "PayloadDescription", apple->words->description);
    add_text(list, "PayloadOrganization", apple->words->organization);
    add_text(list, "PayloadScope", "User"); /* on a Mac: this person's keychain, no administrator */
    g_string_append(list, "<key>PayloadContent</key><array>\n");
    add_pkcs12(list, apple);
    for (guint i = 0; i < apple->chain->len; i++)
        if (!add_authority(list, apple, apple->chain->pdata[i], i + 1 == apple->chain->len, error))
            return NULL;
    g_string_append(list, "</array>\n</dict>\n</plist>\n");
    gsize size = list->len;
    return g_bytes_new_take(g_string_free(g_steal_pointer(&list), FALSE), size);
}

/* --- signed ------------------------------------------------------------------------------------------------------------------ */

gboolean
ra_apple_offered(const Settings *settings)
{
    return *settings_text(settings, "pickup", "profile_key") && *settings_text(settings, "pickup", "profile_certificate");
}

GBytes *
ra_apple_sign(const Settings *settings, GBytes *list, gint64 at, GError **error)
{
    GBytes *signature = ca_cms_sign(list, settings_text(settings, "pickup", "profile_key"),
                                    settings_text(settings, "pickup", "profile_certificate"), at, error);
    if (!signature)
        ra_error_from(error);
    return signature;
}
