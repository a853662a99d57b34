/* The text of mails: headers that any reader takes, whatever words are in them. */
#include <string.h>

#include "ra/error.h"
#include "ra/letter.h"
#include "ra/mail.h"
#include "ra/mailer.h"

#include <curl/curl.h>

static struct ra_letter
plain(void)
{
    return (struct ra_letter){ .from = "noreply@inkan.example",
                               .from_name = "Inkan",
                               .to = "a@kagami.example",
                               .subject = "[Inkan #12] Hello",
                               .body = "こんにちは\n-- \nHello\n",
                               .message_id = "42@inkan.example",
                               .event = "ready",
                               .date = 1795508141 };
}

/* What a reader makes of an encoded header: words decoded, folding taken out. */
static char *
decoded(const char *header)
{
    GString *out = g_string_new(NULL);
    gboolean after_word = FALSE;
    while (*header) {
        const char *end;
        if (g_str_has_prefix(header, "=?UTF-8?B?") && (end = strstr(header, "?="))) {
            g_autofree char *text = g_strndup(header + 10, (gsize)(end - header - 10));
            gsize size = 0;
            g_autofree guchar *bytes = g_base64_decode(text, &size);
            g_string_append_len(out, (const char *)bytes, (gssize)size);
            header = end + 2;
            after_word = TRUE;
        } else if (g_str_has_prefix(header, "\r\n ")) {
            header += 3;
            if (!after_word || !g_str_has_prefix(header, "=?UTF-8?B?"))
                g_string_append_c(out, ' ');
        } else {
            after_word = FALSE;
            g_string_append_c(out, *header++);
        }
    }
    return g_string_free(out, FALSE);
}

static void
lines_are_short(const char *header, size_t first)
{
    g_auto(GStrv) lines = g_strsplit(header, "\r\n", -1);
    for (int i = 0; lines[i]; i++) {
        g_assert_cmpint(strlen(lines[i]) + (i == 0 ? first : 0), <=, 76);
        g_assert_null(strpbrk(lines[i], "\r\n"));
    }
}

static void
subjects_come_back_as_they_were(void)
{
    static const char *const subjects[] = {
        "[Inkan #12] Collect your certificate by 3 December",
        "[Inkan #12] 12月3日までに証明書を取得してください / Collect your certificate by 3 December",
        "[Inkan #1234567890] 研究室のノートパソコンのクライアント証明書がまもなく有効期限を迎えます。更新の申請をお願いいたします。",
        "=?UTF-8?B?x?=",
        "印",
        "a",
        "𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家𠮷野家",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_autofree char *header = ra_letter_encode(subjects[i], 9);
        g_autofree char *back = decoded(header);
        g_assert_cmpstr(back, ==, subjects[i]);
        lines_are_short(header, 9);
    }
}

static void
every_length_folds_well(void)
{
    g_autoptr(GString) japanese = g_string_new("["), english = g_string_new("a");
    for (int n = 0; n < 120; n++) {
        for (size_t first = 0; first < 50; first += 7) {
            g_autofree char *header = ra_letter_encode(japanese->str, first);
            g_autofree char *back = decoded(header);
            g_assert_cmpstr(back, ==, japanese->str);
            lines_are_short(header, first);
            g_autofree char *folded = ra_letter_encode(english->str, first);
            g_autofree char *whole = decoded(folded);
            g_assert_cmpstr(whole, ==, english->str);
        }
        g_string_append(japanese, n % 3 ? "鑑" : "x");
        g_string_append(english, n % 5 ? "b" : " ");
    }
}

static void
the_letter_has_what_readers_want(void)
{
    struct ra_letter letter = plain();
    g_autofree char *text = ra_letter_compose(&letter, NULL);
    static const char *const lines[] = {
        "Date: Tue, 24 Nov 2026 08:15:41 +0000\r\n",
        "From: \"Inkan\"\r\n <noreply@inkan.example>\r\n",
        "To: <a@kagami.example>\r\n",
        "Message-ID: <42@inkan.example>\r\n",
        "Subject: [Inkan #12] Hello\r\n",
        "X-Inkan-Event: ready\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: text/plain; charset=UTF-8\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (!strstr(text, lines[i]))
            g_test_message("%s in\n%s", lines[i], text);
        g_assert_nonnull(strstr(text, lines[i]));
    }
    const char *body = strstr(text, "\r\n\r\n") + 4;
    gsize size = 0;
    g_autofree guchar *back = g_base64_decode(body, &size);
    g_assert_cmpint(size, ==, strlen(letter.body));
    g_assert_cmpmem(back, size, letter.body, strlen(letter.body));
    for (const char *c = text; *c; c++)
        g_assert_true(*c != '\n' || c[-1] == '\r');
}

static void
long_bodies_come_back(void)
{
    struct ra_letter letter = plain();
    g_autoptr(GString) body = g_string_new(NULL);
    for (int n = 0; n < 400; n++) {
        letter.body = body->str;
        g_autofree char *text = ra_letter_compose(&letter, NULL);
        const char *encoded = strstr(text, "\r\n\r\n") + 4;
        g_autofree char *copy = g_strdup(encoded);
        gsize size = 0;
        g_auto(GStrv) lines = g_strsplit(copy, "\r\n", -1);
        for (int i = 0; lines[i]; i++)
            g_assert_cmpint(strlen(lines[i]), <=, 76);
        g_autofree guchar *back = g_base64_decode(encoded, &size);
        g_assert_cmpmem(back, size, body->str, body->len);
        g_string_append_c(body, (char)('a' + n % 26));
    }
}

static void
header_injection_is_refused(void)
{
    const struct { const char *what; size_t field; const char *value; } cases[] = {
        { "subject", G_STRUCT_OFFSET(struct ra_letter, subject), "x\r\nBcc: b@evil.example" },
        { "subject", G_STRUCT_OFFSET(struct ra_letter, subject), "x\nBcc: b@evil.example" },
        { "subject", G_STRUCT_OFFSET(struct ra_letter, subject), "\xff" },
        { "name", G_STRUCT_OFFSET(struct ra_letter, from_name), "x\r\ny" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "a@b\r\nX: y" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "a@b>,<c@d" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "a b@c" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "a@b@c" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "@b" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "a@" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "" },
        { "to", G_STRUCT_OFFSET(struct ra_letter, to), "花子@kagami.example" },
        { "from", G_STRUCT_OFFSET(struct ra_letter, from), "nobody" },
        { "message", G_STRUCT_OFFSET(struct ra_letter, message_id), "1\n@x" },
        { "event", G_STRUCT_OFFSET(struct ra_letter, event), "ready\nX: y" },
        { "body", G_STRUCT_OFFSET(struct ra_letter, body), "\xc3" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct ra_letter letter = plain();
        g_autoptr(GError) error = NULL;
        G_STRUCT_MEMBER(const char *, &letter, cases[i].field) = cases[i].value;
        g_test_message("%s %s", cases[i].what, cases[i].value);
        g_assert_null(ra_letter_compose(&letter, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
    }
}

static void
a_sender_s_name_may_be_anything(void)
{
    struct ra_letter letter = plain();
    letter.from_name = "Inkan \"Seals\" \\ 印鑑";
    g_autofree char *text = ra_letter_compose(&letter, NULL);
    g_assert_nonnull(strstr(text, "From: =?UTF-8?B?"));
    letter.from_name = "Inkan \"Seals\" \\";
    g_autofree char *quoted = ra_letter_compose(&letter, NULL);
    g_assert_nonnull(strstr(quoted, "From: \"Inkan \\\"Seals\\\" \\\\\"\r\n <noreply@inkan.example>\r\n"));
    letter.from_name = "";
    g_autofree char *bare = ra_letter_compose(&letter, NULL);
    g_assert_nonnull(strstr(bare, "From: <noreply@inkan.example>\r\n"));
}

static void
an_outcome_says_what_comes_next(void)
{
    static const struct { CURLcode code; long reply; const char *stage; enum ra_mail_fate fate; } cases[] = {
        { CURLE_OK, 250, "", RA_MAIL_SENT },
        { CURLE_COULDNT_CONNECT, 0, "", RA_MAIL_AWAY },
        { CURLE_COULDNT_RESOLVE_HOST, 0, "", RA_MAIL_AWAY },
        { CURLE_OPERATION_TIMEDOUT, 0, "", RA_MAIL_LATER },
        { CURLE_SEND_ERROR, 451, "RCPT failed: 451", RA_MAIL_LATER },
        { CURLE_SEND_ERROR, 550, "RCPT failed: 550", RA_MAIL_NEVER },
        { CURLE_SEND_ERROR, 550, "MAIL failed: 550", RA_MAIL_MISCONFIGURED },
        { CURLE_SEND_ERROR, 530, "MAIL failed: 530", RA_MAIL_MISCONFIGURED },
        { CURLE_WEIRD_SERVER_REPLY, 554, "", RA_MAIL_NEVER },
        { CURLE_WEIRD_SERVER_REPLY, 452, "", RA_MAIL_LATER },
        { CURLE_USE_SSL_FAILED, 454, "STARTTLS denied", RA_MAIL_MISCONFIGURED },
        { CURLE_PEER_FAILED_VERIFICATION, 220, "", RA_MAIL_MISCONFIGURED },
        { CURLE_LOGIN_DENIED, 535, "", RA_MAIL_MISCONFIGURED },
        { CURLE_GOT_NOTHING, 0, "", RA_MAIL_LATER },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_assert_cmpint(ra_mailer_judge((int)cases[i].code, cases[i].reply, cases[i].stage), ==, cases[i].fate);
    }
}

static void
pauses_double_up_to_an_hour(void)
{
    static const gint64 wanted[] = { 30, 60, 120, 240, 480, 960, 1920, 3600, 3600 };
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        g_assert_cmpint(ra_mail_pause((gint64)i + 1, 30), ==, wanted[i]);
    g_assert_cmpint(ra_mail_pause(0, 30), ==, 30);
    g_assert_cmpint(ra_mail_pause(1000000, 3600), ==, 3600);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/letter/subjects come back as they were", subjects_come_back_as_they_were);
    g_test_add_func("/letter/every length folds well", every_length_folds_well);
    g_test_add_func("/letter/it has what readers want", the_letter_has_what_readers_want);
    g_test_add_func("/letter/long bodies come back", long_bodies_come_back);
    g_test_add_func("/letter/values with line ends and strange addresses are refused", header_injection_is_refused);
    g_test_add_func("/letter/a sender's name may be anything", a_sender_s_name_may_be_anything);
    g_test_add_func("/mailer/an outcome says what comes next", an_outcome_says_what_comes_next);
    g_test_add_func("/mail/pauses double up to an hour", pauses_double_up_to_an_hour);
    return g_test_run();
}
