#include "ra/mailer.h"

#include <curl/curl.h>
#include <string.h>

#include "ca/crypto.h"
#include "ra/error.h"

#define CONNECT_SECONDS 10L
#define SEND_SECONDS 30L
#define WORDS_MOST 200 /* of a server's reply, for the request's page */

struct ra_mailer {
    CURL *curl;
    char *url, *from;
    Secret *password;
    char stage[CURL_ERROR_SIZE]; /* libcurl's words */
    char reply[WORDS_MOST + 1];  /* the server's last refusal */
};

/* A password in a file ends with its first line. */
static gboolean
read_password(RaMailer *mailer, const char *file, GError **error)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) why = NULL;
    if (!*file)
        return TRUE;
    if (!g_file_get_contents(file, &text, &size, &why)) {
        g_set_error(error, RA_ERROR, RA_ERROR_BROKEN, "mail-password: [mail] password_file: %s", why->message);
        return FALSE;
    }
    text[strcspn(text, "\r\n")] = '\0';
    mailer->password = secret_from_text(text);
    crypto_wipe(text, size);
    return TRUE;
}

static size_t
take_reply(char *line, size_t size, size_t n, void *data)
{
    RaMailer *mailer = data;
    size_t length = MIN(size * n, (size_t)WORDS_MOST);
    if (length == 0 || (*line != '4' && *line != '5'))
        return size * n; /* consent, or the answer to the QUIT that follows a refusal */
    memcpy(mailer->reply, line, length);
    mailer->reply[length] = '\0';
    return size * n;
}

static void
set_up(RaMailer *mailer, const Settings *settings)
{
    const char *ca_file = settings_text(settings, "mail", "ca_file");
    const char *user = settings_text(settings, "mail", "user");
    CURL *curl = mailer->curl;
    curl_easy_setopt(curl, CURLOPT_URL, mailer->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL); /* TRY would let a man in the middle strip it */
    if (*ca_file)
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    if (*user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, mailer->password ? secret_text(mailer->password) : "");
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mailer->from);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, SEND_SECONDS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, mailer->stage);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_reply);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, mailer);
}

RaMailer *
ra_mailer_new(const Settings *settings, GError **error)
{
    g_autoptr(RaMailer) mailer = g_new0(RaMailer, 1);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(mailer->curl = curl_easy_init())) {
        g_set_error_literal(error, RA_ERROR, RA_ERROR_BROKEN, "mail: libcurl does not start");
        return NULL;
    }
    if (!read_password(mailer, settings_text(settings, "mail", "password_file"), error))
        return NULL;
    /* The path of the URL is the name that EHLO gives. */
    g_autofree char *server = g_strdup(settings_text(settings, "mail", "server"));
    if (g_str_has_suffix(server, "/"))
        server[strlen(server) - 1] = '\0';
    mailer->url = g_strdup_printf("%s/%s", server, settings_text(settings, "mail", "message_domain"));
    mailer->from = g_strdup_printf("<%s>", settings_text(settings, "mail", "from"));
    set_up(mailer, settings);
    return g_steal_pointer(&mailer);
}

void
ra_mailer_free(RaMailer *mailer)
{
    if (!mailer)
        return;
    if (mailer->curl)
        curl_easy_cleanup(mailer->curl);
    secret_free(mailer->password);
    g_free(mailer->url);
    g_free(mailer->from);
    g_free(mailer);
}

struct upload {
    const char *text;
    size_t left;
};

static size_t
give_text(char *buffer, size_t size, size_t n, void *data)
{
    struct upload *upload = data;
    size_t length = MIN(size * n, upload->left);
    memcpy(buffer, upload->text, length);
    upload->text += length;
    upload->left -= length;
    return length;
}

enum ra_mail_fate
ra_mailer_judge(int curl, long reply, const char *stage)
{
    static const struct { int curl; enum ra_mail_fate fate; } plain[] = {
        { CURLE_OK, RA_MAIL_SENT },
        { CURLE_COULDNT_CONNECT, RA_MAIL_AWAY },
        { CURLE_COULDNT_RESOLVE_HOST, RA_MAIL_AWAY },
        { CURLE_USE_SSL_FAILED, RA_MAIL_MISCONFIGURED },
        { CURLE_PEER_FAILED_VERIFICATION, RA_MAIL_MISCONFIGURED },
        { CURLE_SSL_CACERT_BADFILE, RA_MAIL_MISCONFIGURED },
        { CURLE_SSL_CERTPROBLEM, RA_MAIL_MISCONFIGURED },
        { CURLE_LOGIN_DENIED, RA_MAIL_MISCONFIGURED },
        { CURLE_UNSUPPORTED_PROTOCOL, RA_MAIL_MISCONFIGURED },
        { CURLE_URL_MALFORMAT, RA_MAIL_MISCONFIGURED },
    };
    /* RFC 4954 6, RFC 3207 4: the server wants a login or TLS; no mail's fault. */
    static const long ours[] = { 530, 534, 535, 538 };
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++)
        if (plain[i].curl == curl)
            return plain[i].fate;
    for (size_t i = 0; i < G_N_ELEMENTS(ours); i++)
        if (ours[i] == reply)
            return RA_MAIL_MISCONFIGURED;
    if (reply >= 500 && reply < 600)
        return g_str_has_prefix(stage, "MAIL") ? RA_MAIL_MISCONFIGURED : RA_MAIL_NEVER; /* MAIL: it doesn't like the sender */
    return RA_MAIL_LATER;
}

/* The server's line where it refused, else libcurl's; without control characters. */
static char *
words(const RaMailer *mailer, CURLcode code, long reply)
{
    const char *said = reply != 0 && *mailer->reply ? mailer->reply : *mailer->stage ? mailer->stage : curl_easy_strerror(code);
    char *text = g_utf8_make_valid(said, -1);
    for (char *c = text; *c; c++)
        if ((guchar)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return g_strstrip(text);
}

enum ra_mail_fate
ra_mailer_send(RaMailer *mailer, const char *to, const char *text, char **why)
{
    struct upload upload = { text, strlen(text) };
    g_autofree char *recipient = g_strdup_printf("<%s>", to);
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    long reply = 0;

    *mailer->stage = *mailer->reply = '\0';
    curl_easy_setopt(mailer->curl, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(mailer->curl, CURLOPT_READFUNCTION, give_text);
    curl_easy_setopt(mailer->curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(mailer->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload.left);
    CURLcode code = curl_easy_perform(mailer->curl);
    curl_easy_getinfo(mailer->curl, CURLINFO_RESPONSE_CODE, &reply);
    curl_easy_setopt(mailer->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    if (why)
        *why = code == CURLE_OK ? NULL : words(mailer, code, reply);
    return ra_mailer_judge((int)code, reply, mailer->stage);
}
