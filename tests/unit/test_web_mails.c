/* Every sample mail: subject, both languages, what may never stand together, and how text is laid out. RENDER_DIR=FOLDER also
   writes them there. */
#include <glib.h>
#include <libxml/parser.h>
#include <string.h>

#include "web/text.h"
#include "web/web.h"

#define DOCUMENTS "tests/web/documents"
#define PIN "8k353R4ttZ4sj7C6"
#define TOKEN "dG9rZW4t"
#define RULE "\n------------------------------------------------------------------------\n"

static Web *web;

struct letter {
    char *name, *event;
    WebMail *mail;
};
static GPtrArray *letters;

static void letter_free(gpointer data)
{
    struct letter *letter = data;
    g_free(letter->name);
    g_free(letter->event);
    web_mail_free(letter->mail);
    g_free(letter);
}

static WebMail *render(xmlDoc *document)
{
    g_autoptr(GError) error = NULL;
    WebMail *mail = web_mail_render(web, document, &error);
    g_assert_no_error(error);
    g_assert_nonnull(mail);
    return mail;
}

static xmlDoc *read_source(const char *file)
{
    g_autofree char *path = g_build_filename(DOCUMENTS, file, NULL);
    xmlDoc *document = xmlReadFile(path, NULL, XML_PARSE_NONET);
    g_assert_nonnull(document);
    return document;
}

static void keep(const struct letter *letter)
{
    const char *folder = g_getenv("RENDER_DIR");
    if (folder == NULL)
        return;
    g_autofree char *path = g_strdup_printf("%s/%s.txt", folder, letter->name);
    g_autofree char *text = g_strdup_printf("%s\n\n%s", letter->mail->subject, letter->mail->body);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void load(void)
{
    g_autoptr(GDir) dir = g_dir_open(DOCUMENTS, 0, NULL);
    g_assert_nonnull(dir);
    letters = g_ptr_array_new_with_free_func(letter_free);
    for (const char *file; (file = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_prefix(file, "mail-"))
            continue;
        xmlDoc *document = read_source(file);
        xmlChar *event = xmlGetProp(xmlDocGetRootElement(document), BAD_CAST "event");
        struct letter *letter = g_new0(struct letter, 1);
        letter->name = g_strndup(file, strlen(file) - 4);
        letter->event = g_strdup((const char *)event);
        letter->mail = render(document);
        g_ptr_array_add(letters, letter);
        keep(letter);
        xmlFree(event);
        xmlFreeDoc(document);
    }
    g_assert_cmpuint(letters->len, >=, 11);
}

#define each_letter(letter)                                                                                                    \
    for (guint i_ = 0; i_ < letters->len; i_++)                                                                                \
        for (const struct letter *letter = letters->pdata[i_]; letter != NULL; letter = NULL)

static gboolean has_japanese(const char *text)
{
    for (; *text != 0; text = g_utf8_next_char(text))
        if (g_unichar_get_script(g_utf8_get_char(text)) == G_UNICODE_SCRIPT_HIRAGANA)
            return TRUE;
    return FALSE;
}

static int columns(const char *line)
{
    int n = 0;
    for (; *line != 0; line = g_utf8_next_char(line))
        n += g_unichar_iswide(g_utf8_get_char(line)) ? 2 : 1;
    return n;
}

static void every_event_has_a_mail(void)
{
    static const char *const events[] = {"ready",         "pin",           "collected", "revoked",  "renewal-due", "expired",
                                         "pickup-locked", "pickup-ending", "lapsed",    "approval", "refused",
                                         "digest"};
    for (size_t e = 0; e < G_N_ELEMENTS(events); e++) {
        gboolean found = FALSE;
        each_letter(letter)
            found = found || strcmp(letter->event, events[e]) == 0;
        if (!found)
            g_error("no sample of '%s'", events[e]);
    }
}

/* The digest goes to a helpdesk and is about many. */
static gboolean about_request(const struct letter *letter)
{
    return strcmp(letter->event, "digest") != 0;
}

static void subject_begins_with_the_number(void)
{
    each_letter(letter)
    {
        g_assert_true(g_str_has_prefix(letter->mail->subject, about_request(letter) ? "[Inkan #31] " : "[Inkan] "));
        g_assert_null(strpbrk(letter->mail->subject, "\r\n"));
        g_assert_nonnull(strstr(letter->mail->subject, " / "));
        g_assert_true(g_utf8_validate(letter->mail->subject, -1, NULL));
    }
}

static void japanese_first_then_english(void)
{
    each_letter(letter)
    {
        const char *rule = strstr(letter->mail->body, RULE);
        g_assert_nonnull(rule);
        g_autofree char *ja = g_strndup(letter->mail->body, (gsize)(rule - letter->mail->body));
        const char *en = rule + strlen(RULE);
        g_assert_true(has_japanese(ja));
        /* The memo and the person's name may be Japanese anywhere; our own words in English are not. */
        if (about_request(letter)) { /* to its owner, who is told whom to ask */
            g_assert_nonnull(strstr(ja, "鏡 花子 様"));
            g_assert_nonnull(strstr(en, "For: Hanako Kagami"));
            g_assert_nonnull(strstr(ja, "helpdesk@kagami.example"));
            g_assert_nonnull(strstr(en, "helpdesk@kagami.example"));
        }
        g_assert_null(strstr(letter->mail->body, "{"));
        g_assert_true(g_str_has_suffix(en, "\n"));
    }
}

static void pin_and_url_never_meet(void)
{
    each_letter(letter)
    {
        gboolean pin = strstr(letter->mail->body, PIN) != NULL, url = strstr(letter->mail->body, TOKEN) != NULL;
        g_assert_false(pin && url);
        g_assert_cmpint(pin, ==, strcmp(letter->event, "pin") == 0);
        g_assert_cmpint(url, ==, strcmp(letter->event, "ready") == 0);
        g_assert_null(strstr(letter->mail->subject, PIN));
    }
}

static void lines_are_short_and_urls_whole(void)
{
    each_letter(letter)
    {
        g_auto(GStrv) lines = g_strsplit(letter->mail->body, "\n", -1);
        for (int l = 0; lines[l] != NULL; l++) {
            const char *url = strstr(lines[l], "https://");
            if (url != NULL && url != lines[l])
                g_error("%s: a URL shares its line: %s", letter->name, lines[l]);
            if (url == NULL && columns(lines[l]) > TEXT_COLUMNS + TEXT_OVERHANG)
                g_error("%s: a line of %d columns: %s", letter->name, columns(lines[l]), lines[l]);
            g_assert_false(g_str_has_suffix(lines[l], " "));
        }
    }
}

static void a_memo_begins_no_line_of_its_own(void)
{
    xmlDoc *document = read_source("mail-ready.xml");
    xmlSetProp(xmlDocGetRootElement(document), BAD_CAST "memo", BAD_CAST "x\nhttps://evil.example/\r\n<b>&amp;");
    g_autoptr(WebMail) mail = render(document);
    g_assert_null(strstr(mail->body, "\nhttps://evil"));
    g_assert_nonnull(strstr(mail->body, "<b>&amp;")); /* plain text: nothing is escaped */
    xmlFreeDoc(document);
}

/* What an officer wrote is quoted: none of its lines, also where it wraps, can pass for a line of the service. */
static void a_refusal_s_words_are_quoted(void)
{
    g_autoptr(WebDocument) document = read_source("mail-refused-why.xml");
    g_autoptr(WebMail) mail = render(document);
    g_auto(GStrv) lines = g_strsplit(mail->body, "\n", -1);
    int quoted = 0;
    for (char **line = lines; *line != NULL; line++) {
        quoted += g_str_has_prefix(*line, "> ");
        g_assert_true(g_str_has_prefix(*line, "> ") || strstr(*line, "student card") == NULL);
    }
    g_assert_cmpint(quoted, ==, 4); /* two lines in each language's frame */
}

static void a_mail_nobody_knows_is_an_error(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WebDocument) document = web_document_new("mail");
    web_set(web_document_root(document), "event", "gossip");
    g_assert_null(web_mail_render(web, document, &error));
    g_assert_error(error, WEB_ERROR, WEB_ERROR_BROKEN);
}

/* --- layout -------------------------------------------------------------------------------------------------------------- */

static void assert_wrapped(const char *text, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    text_wrap(out, text, "", "  ");
    g_assert_cmpstr(out->str, ==, expected);
}

#define NINES(n) "123456789 123456789 123456789 123456789 123456789 123456789 123456789 " n
#define GOJUON "あいうえおかきくけこあいうえおかきくけこあいうえおかきくけこあいうえお" /* 70 columns */

static void words_wrap_at_72_columns(void)
{
    assert_wrapped("", "\n");
    assert_wrapped("short", "short\n");
    assert_wrapped(NINES("12 afterwards"), NINES("12\n  afterwards\n"));
    assert_wrapped(NINES("123 afterwards"), "123456789 123456789 123456789 123456789 123456789 123456789 123456789\n"
                                            "  123 afterwards\n");
    assert_wrapped("https://a.example/123456789-123456789-123456789-123456789-123456789-123456789-123456789 words",
                   "https://a.example/123456789-123456789-123456789-123456789-123456789-123456789-123456789\n  words\n");
}

static void japanese_wraps_between_characters_but_not_before_a_full_stop(void)
{
    /* 36 wide characters fill a line; where the 37th is the full stop, the one before it goes along. */
    assert_wrapped(GOJUON "か。つぎ", GOJUON "\n  か。つぎ\n");
    assert_wrapped(GOJUON "「つぎ」", GOJUON "\n  「つぎ」\n");
}

static void no_line_is_one_character(void)
{
    assert_wrapped(GOJUON "か。", GOJUON "か。\n");
    assert_wrapped(GOJUON "かき。", GOJUON "かき。\n");
    assert_wrapped(NINES("it. Do"), NINES("it. Do\n"));
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_test_init(&argc, &argv, NULL);
    web = web_new("web", &error);
    g_assert_no_error(error);
    load();
    g_test_add_func("/mails/every event has a mail", every_event_has_a_mail);
    g_test_add_func("/mails/the subject begins with the request's number", subject_begins_with_the_number);
    g_test_add_func("/mails/Japanese comes first, then English", japanese_first_then_english);
    g_test_add_func("/mails/PIN and URL are never in the same mail", pin_and_url_never_meet);
    g_test_add_func("/mails/lines are short, URLs whole and alone", lines_are_short_and_urls_whole);
    g_test_add_func("/mails/a memo begins no line of its own", a_memo_begins_no_line_of_its_own);
    g_test_add_func("/mails/a refusal's words are quoted", a_refusal_s_words_are_quoted);
    g_test_add_func("/mails/a mail that nobody knows is an error", a_mail_nobody_knows_is_an_error);
    g_test_add_func("/text/words wrap at 72 columns", words_wrap_at_72_columns);
    g_test_add_func("/text/Japanese wraps between characters, not before a full stop",
                    japanese_wraps_between_characters_but_not_before_a_full_stop);
    g_test_add_func("/text/no line is one character alone", no_line_is_one_character);
    int status = g_test_run();
    g_ptr_array_unref(letters);
    web_free(web);
    return status;
}
