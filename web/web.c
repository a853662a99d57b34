#include "web/web.h"

#include <libxslt/extensions.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xslt.h>
#include <libxslt/xsltutils.h>
#include <string.h>

#include "web/files.h"
#include "web/functions.h"
#include "web/html.h"
#include "web/messages.h"
#include "web/template.h"
#include "web/text.h"

G_DEFINE_QUARK(inkan-web-error-quark, web_error)

const char *const web_languages[] = {"ja", "en", NULL};
enum { LANGUAGES = 2 };

/* Between the Japanese and the English half of a mail. Not "-- ": what follows that is a signature to mail programs. */
static const char rule[] = "\n------------------------------------------------------------------------\n\n";

struct language {
    Messages *messages;
    Words *words;
    Template *pages, *mails;
    char *last_resort;
};

struct web {
    Files *files;
    xsltSecurityPrefs *security;
    struct language languages[LANGUAGES];
    char *digest;
};

static void language_clear(struct language *language)
{
    template_free(language->pages);
    template_free(language->mails);
    words_free(language->words);
    messages_free(language->messages);
    g_free(language->last_resort);
}

void web_free(Web *web)
{
    if (web == NULL)
        return;
    for (int i = 0; i < LANGUAGES; i++)
        language_clear(&web->languages[i]);
    if (web->security != NULL)
        xsltFreeSecurityPrefs(web->security);
    files_free(web->files);
    g_free(web->digest);
    g_free(web);
}

static int language_index(const char *language)
{
    for (int i = 0; web_languages[i] != NULL; i++)
        if (g_strcmp0(web_languages[i], language) == 0)
            return i;
    return 0;
}

/* A template reads and writes nothing but its document and its result. */
static xsltSecurityPrefs *forbid_all(void)
{
    static const xsltSecurityOption options[] = {XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE, XSLT_SECPREF_CREATE_DIRECTORY,
                                                 XSLT_SECPREF_READ_NETWORK, XSLT_SECPREF_WRITE_NETWORK};
    xsltSecurityPrefs *prefs = xsltNewSecurityPrefs();
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid);
    return prefs;
}

static void collect(void *data, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void collect(void *data, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_vprintf(data, format, args);
    va_end(args);
}

/* Applies TEMPLATE; the result is freed by xmlFreeDoc. */
static xmlDoc *transform(const Web *web, const struct language *language, const Template *template, WebDocument *document,
                         GError **error)
{
    g_autoptr(GString) said = g_string_new(NULL);
    xsltTransformContext *context = xsltNewTransformContext(template->sheet, document);
    if (context == NULL) {
        g_set_error(error, WEB_ERROR, WEB_ERROR_BROKEN, "no transform context");
        return NULL;
    }
    context->_private = language->words;
    xsltSetTransformErrorFunc(context, said, collect);
    xsltSetCtxtSecurityPrefs(web->security, context);
    xmlDoc *result = xsltApplyStylesheetUser(template->sheet, document, NULL, NULL, NULL, context);
    gboolean good = result != NULL && context->state == XSLT_STATE_OK;
    xsltFreeTransformContext(context);
    if (good)
        return result;
    const xmlNode *root = xmlDocGetRootElement(document);
    g_set_error(error, WEB_ERROR, WEB_ERROR_BROKEN, "document '%s': %s", root != NULL ? (const char *)root->name : "", said->str);
    if (result != NULL)
        xmlFreeDoc(result);
    return NULL;
}

static char *render(const Web *web, const struct language *language, WebDocument *document, GError **error)
{
    xmlDoc *result = transform(web, language, language->pages, document, error);
    if (result == NULL)
        return NULL;
    char *page = html_page(result, language->pages->chunks);
    xmlFreeDoc(result);
    return page;
}

static gboolean make_last_resort(Web *web, struct language *language, GError **error)
{
    g_autoptr(WebDocument) document = web_document_new("error");
    WebNode *root = web_document_root(document), *frame = web_add(root, "frame");
    web_set_number(root, "status", 503);
    web_set(root, "why", "broken");
    web_set(frame, "version", "");
    web_set(frame, "request-id", "");
    web_set(web_add(frame, "service"), "name", messages_text(language->messages, "frame.product"));
    language->last_resort = render(web, language, document, error);
    return language->last_resort != NULL;
}

static gboolean load_words(struct language *language, const char *folder, const char *name, GError **error)
{
    g_autofree char *file = g_strdup_printf("%s/messages/%s.xml", folder, name);
    language->messages = messages_load(file, error);
    if (language->messages == NULL)
        return FALSE;
    language->words = words_new(language->messages, name, error);
    if (language->words == NULL)
        g_prefix_error(error, "%s: ", file);
    return language->words != NULL;
}

static gboolean load_templates(Web *web, const char *folder, struct language *language, const struct language *other,
                               GError **error)
{
    g_autofree char *pages = g_build_filename(folder, "pages", NULL), *mails = g_build_filename(folder, "mails", NULL);
    language->pages = template_load(pages, language->messages, other->messages, web->files, TRUE, error);
    if (language->pages == NULL)
        return FALSE;
    language->mails = template_load(mails, language->messages, other->messages, web->files, FALSE, error);
    return language->mails != NULL && make_last_resort(web, language, error);
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Of the files in FOLDER/NAME. */
static void digest_folder(GChecksum *sum, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *file; dir != NULL && (file = g_dir_read_name(dir)) != NULL;)
        g_ptr_array_add(files, g_build_filename(path, file, NULL));
    g_ptr_array_sort(files, by_name);
    for (guint i = 0; i < files->len; i++) {
        g_autofree char *content = NULL;
        gsize size = 0;
        if (g_file_get_contents(files->pdata[i], &content, &size, NULL))
            g_checksum_update(sum, (const guchar *)content, (gssize)size);
    }
}

static char *digest_all(const char *folder)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    static const char *const folders[] = {"messages", "pages", "static"};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        digest_folder(sum, folder, folders[i]);
    return g_strdup(g_checksum_get_string(sum));
}

Web *web_new(const char *folder, GError **error)
{
    g_autoptr(Web) web = g_new0(Web, 1);
    g_autofree char *files = g_build_filename(folder, "static", NULL);
    functions_register();
    web->security = forbid_all();
    web->digest = digest_all(folder);
    web->files = files_load(files, error);
    if (web->files == NULL)
        return NULL;
    for (int i = 0; i < LANGUAGES; i++)
        if (!load_words(&web->languages[i], folder, web_languages[i], error))
            return NULL;
    for (int i = 0; i < LANGUAGES; i++)
        if (!load_templates(web, folder, &web->languages[i], &web->languages[(i + 1) % LANGUAGES], error))
            return NULL;
    return g_steal_pointer(&web);
}

char *web_page(const Web *web, WebDocument *document, const char *language, GError **error)
{
    return render(web, &web->languages[language_index(language)], document, error);
}

const char *web_digest(const Web *web)
{
    return web->digest;
}

const char *web_last_resort(const Web *web, const char *language)
{
    return web->languages[language_index(language)].last_resort;
}

void web_mail_free(WebMail *mail)
{
    if (mail == NULL)
        return;
    g_free(mail->subject);
    g_free(mail->body);
    g_free(mail);
}

WebMail *web_mail_render(const Web *web, WebDocument *document, GError **error)
{
    g_autoptr(GString) body = g_string_new(NULL);
    char *subjects[LANGUAGES] = {NULL};
    gboolean good = TRUE;
    for (int i = 0; good && i < LANGUAGES; i++) {
        const struct language *language = &web->languages[i];
        g_autoptr(GString) half = g_string_new(NULL);
        xmlDoc *result = transform(web, language, language->mails, document, error);
        const xmlNode *root = result != NULL ? xmlDocGetRootElement(result) : NULL;
        subjects[i] = root != NULL ? text_subject(root) : NULL;
        good = subjects[i] != NULL;
        if (good)
            text_body(half, root);
        else if (result != NULL)
            g_set_error(error, WEB_ERROR, WEB_ERROR_BROKEN, "a mail without a subject");
        g_string_append_printf(body, "%s%s", i > 0 ? rule : "", half->str);
        if (result != NULL)
            xmlFreeDoc(result);
    }
    WebMail *mail = NULL;
    if (good) {
        xmlChar *number = xmlGetNoNsProp(xmlDocGetRootElement(document), BAD_CAST "number");
        mail = g_new(WebMail, 1);
        mail->subject = g_strdup_printf("[Inkan%s%s] %s / %s", number != NULL ? " #" : "", number != NULL ? (const char *)number : "",
                                        subjects[0], subjects[1]);
        mail->body = g_strdup(body->str);
        xmlFree(number);
    }
    for (int i = 0; i < LANGUAGES; i++)
        g_free(subjects[i]);
    return mail;
}

const char *web_message(const Web *web, const char *language, const char *key)
{
    return messages_text(web->languages[language_index(language)].messages, key);
}

GBytes *web_static(const Web *web, const char *name, const char **type)
{
    GBytes *bytes = files_get(web->files, name, type);
    return bytes != NULL ? g_bytes_ref(bytes) : NULL;
}

const char *web_static_name(const Web *web, const char *file)
{
    return files_name(web->files, file);
}
