#include "sp/entity.h"

#include <string.h>

#include "db/reading.h"
#include "sp/checks.h"
#include "sp/keys.h"
#include "sp/person.h"

#define TEXT_LONGEST 300    /* characters of a name or of the keywords of one language */
#define NAMES_MOST 32       /* that a search looks at */
#define REST_LONGEST 8192   /* bytes of keywords and domains that a search looks at */
#define ENTITY_CATEGORY "http://macedir.org/entity-category"
#define HIDE "http://refeds.org/category/hide-from-discovery"

gboolean sp_entity_valid_until(const xmlNode *node, gint64 *until)
{
    gint64 own = 0;
    g_autofree char *text = sp_xml_attribute(node, "validUntil");
    if (text == NULL) return TRUE;
    if (!sp_time_parse(text, &own)) return FALSE;
    *until = MIN(*until, own);
    return TRUE;
}

gboolean sp_entity_is_idp(const xmlNode *entity)
{
    return sp_xml_child(entity, SP_NS_METADATA, "IDPSSODescriptor") != NULL;
}

/* --- text ----------------------------------------------------------------------------------------------------------------- */

/* One line, bounded, without what hides or turns text: a name in a list must be what it seems. */
static char *clean(const char *text)
{
    GString *out = g_string_new(NULL);
    gboolean gap = FALSE;
    int n = 0;
    for (const char *p = text; *p != '\0' && n < TEXT_LONGEST; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        gboolean space = g_unichar_isspace(c) || g_unichar_iscntrl(c);
        if (!space && sp_xml_hides(c)) continue;
        if (!space && gap && out->len > 0) g_string_append_c(out, ' ');
        if (!space) g_string_append_unichar(out, c), n++;
        gap = space;
    }
    return g_string_free(out, FALSE);
}

/* Something, without space and characters that cannot be seen. */
static gboolean one_word(const char *text, size_t longest)
{
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        if (g_unichar_isspace(g_utf8_get_char(p)) || sp_xml_hides(g_utf8_get_char(p))) return FALSE;
    return text[0] != '\0' && strlen(text) <= longest;
}

static char *clean_text(const xmlNode *node)
{
    g_autofree char *text = sp_xml_text(node);
    return clean(text != NULL ? text : "");
}

/* Is NODE's xml:lang LANGUAGE, or a variety of it ("en-GB")? */
static gboolean speaks(const xmlNode *node, const char *language)
{
    xmlChar *value = xmlGetNsProp((xmlNode *)node, (const xmlChar *)"lang", XML_XML_NAMESPACE);
    const char *lang = value != NULL ? (const char *)value : "";
    size_t n = strlen(language);
    gboolean same = g_ascii_strncasecmp(lang, language, n) == 0 && (lang[n] == '\0' || lang[n] == '-');
    xmlFree(value);
    return same;
}

/* The child NAME of PARENT in LANGUAGE (NULL: the first in any); "" for none. */
static char *localized(const xmlNode *parent, const char *ns, const char *name, const char *language)
{
    SP_XML_EACH(node, parent, ns, name)
        if (language == NULL || speaks(node, language)) return clean_text(node);
    return g_strdup("");
}

static const xmlNode *ui_info(const xmlNode *role)
{
    return sp_xml_child(sp_xml_child(role, SP_NS_METADATA, "Extensions"), SP_NS_MDUI, "UIInfo");
}

static char *name_in(const xmlNode *entity, const xmlNode *role, const char *language)
{
    char *name = localized(ui_info(role), SP_NS_MDUI, "DisplayName", language);
    if (name[0] != '\0') return name;
    g_free(name);
    return localized(sp_xml_child(entity, SP_NS_METADATA, "Organization"), SP_NS_METADATA, "OrganizationDisplayName", language);
}

static char *host_of(const char *url)
{
    const char *start = strstr(url, "://");
    start = start != NULL ? start + 3 : url;
    g_autofree char *host = g_strndup(start, strcspn(start, "/:?#"));
    return clean(host);
}

static void read_names(DbIdp *idp, const xmlNode *entity, const xmlNode *role)
{
    g_autofree char *en = name_in(entity, role, "en"), *ja = name_in(entity, role, "ja"), *any = name_in(entity, role, NULL);
    g_autofree char *host = host_of(idp->entity_id);
    const char *fallback = any[0] != '\0' ? any : host[0] != '\0' ? host : idp->entity_id;
    idp->name_en = g_strdup(en[0] != '\0' ? en : ja[0] != '\0' ? ja : fallback);
    idp->name_ja = g_strdup(ja[0] != '\0' ? ja : idp->name_en);
}

/* All keywords of all languages; '+' stands for a space inside one. */
static char *read_keywords(const xmlNode *role)
{
    GString *all = g_string_new(NULL);
    for (const xmlNode *node = sp_xml_child(ui_info(role), SP_NS_MDUI, "Keywords"); node != NULL && all->len < 4096;
         node = sp_xml_next(node, SP_NS_MDUI, "Keywords")) {
        g_autofree char *text = clean_text(node);
        g_strdelimit(text, "+", ' ');
        g_string_append_printf(all, "%s%s", all->len > 0 ? " " : "", text);
    }
    return g_string_free(all, FALSE);
}

/* --- logos ---------------------------------------------------------------------------------------------------------------- */

static int number_in(const xmlNode *node, const char *name)
{
    g_autofree char *text = sp_xml_attribute(node, name);
    return text != NULL ? (int)CLAMP(g_ascii_strtoll(text, NULL, 10), 0, 10000) : 0;
}

/* The less the better: 32 to 400 pixels high, between a square and twice as wide as high, as near to 80 as may be; of the page's
   language, or of none. */
static int logo_fault(const xmlNode *node, const char *language)
{
    int width = number_in(node, "width"), height = number_in(node, "height");
    gboolean any = xmlHasNsProp((xmlNode *)node, (const xmlChar *)"lang", XML_XML_NAMESPACE) == NULL;
    int fault = speaks(node, language) ? 0 : any ? 10 : 500;
    if (width == 0 || height == 0) return fault + 300;
    if (height < 32) fault += 400 + (32 - height);
    if (height > 400) fault += 200;
    if (width < height) fault += 100 * height / width - 100;
    if (width > 2 * height) fault += 50 * width / height - 100;
    return fault + MIN(ABS(height - 80), 150);
}

/* The URL without the line ends that a long data: URL has in a file; "" where we would not fetch it. */
static char *logo_url(const xmlNode *node)
{
    g_autofree char *text = sp_xml_text(node);
    g_auto(GStrv) parts = g_strsplit_set(text != NULL ? g_strstrip(text) : "", " \t\r\n", -1);
    gboolean data = parts[0] != NULL && g_ascii_strncasecmp(parts[0], "data:image/", 11) == 0;
    g_autofree char *url = data ? g_strjoinv("", parts) : g_strdup(parts[0] != NULL && parts[1] == NULL ? parts[0] : "");
    gboolean https = g_ascii_strncasecmp(url, "https://", 8) == 0 && strlen(url) <= 2048;
    gboolean good = (https || (data && strlen(url) <= SP_ENTITY_LOGO_LONGEST)) && strpbrk(url, "\"'<>\\") == NULL
                    && one_word(url, G_MAXINT);
    return good ? g_steal_pointer(&url) : g_strdup("");
}

static char *best_logo(const xmlNode *role, const char *language)
{
    char *best = g_strdup("");
    int least = G_MAXINT;
    SP_XML_EACH(node, ui_info(role), SP_NS_MDUI, "Logo") {
        g_autofree char *url = logo_url(node);
        int fault = logo_fault(node, language);
        if (fault >= least || url[0] == '\0') continue;
        g_free(best);
        best = g_steal_pointer(&url);
        least = fault;
    }
    return best;
}

/* One URL, or two where Japanese and English pages have each their own. Only noted here: who shows it decides what is fetched. */
static char *read_logo(const xmlNode *role)
{
    g_autofree char *ja = best_logo(role, "ja"), *en = best_logo(role, "en");
    return strcmp(ja, en) == 0 ? g_steal_pointer(&ja) : g_strconcat(ja, " ", en, NULL);
}

/* --- scopes, contact, category -------------------------------------------------------------------------------------------- */

static void add_scopes(const xmlNode *holder, GPtrArray *literal, GPtrArray *regexps)
{
    const xmlNode *extensions = sp_xml_child(holder, SP_NS_METADATA, "Extensions");
    SP_XML_EACH(node, extensions, SP_NS_SHIBMD, "Scope") {
        g_autofree char *scope = sp_xml_text(node), *regexp = sp_xml_attribute(node, "regexp");
        gboolean is_regexp = g_strcmp0(regexp, "true") == 0 || g_strcmp0(regexp, "1") == 0;
        GPtrArray *list = is_regexp ? regexps : literal;
        if (!one_word(scope, SP_ENTITY_SCOPE_LONGEST) || list->len >= SP_ENTITY_SCOPES_MOST) continue;
        g_ptr_array_add(list, g_steal_pointer(&scope));
    }
}

static char **as_list(GPtrArray *array)
{
    g_ptr_array_add(array, NULL);
    return (char **)g_ptr_array_free(array, FALSE);
}

static void read_scopes(DbIdp *idp, const xmlNode *entity, const xmlNode *role)
{
    GPtrArray *literal = g_ptr_array_new(), *regexps = g_ptr_array_new();
    add_scopes(role, literal, regexps);
    add_scopes(entity, literal, regexps); /* older metadata has them there */
    idp->scopes = as_list(literal);
    idp->scope_regexps = as_list(regexps);
}

static char *mail_of(const xmlNode *contact)
{
    g_autofree char *text = sp_xml_text(sp_xml_child(contact, SP_NS_METADATA, "EmailAddress"));
    const char *mail = text == NULL ? "" : g_ascii_strncasecmp(text, "mailto:", 7) == 0 ? text + 7 : text;
    return g_strdup(sp_mail_ok(mail) ? mail : "");
}

/* Who can mend attributes: the technical contact, else support, else whoever is named. */
static void read_contact(DbIdp *idp, const xmlNode *entity)
{
    static const char *const kinds[] = { "technical", "support", "administrative" };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        SP_XML_EACH(node, entity, SP_NS_METADATA, "ContactPerson") {
            if (!sp_xml_attribute_is(node, "contactType", kinds[i])) continue;
            g_autofree char *mail = mail_of(node);
            if (mail[0] == '\0') continue;
            g_autofree char *given = clean_text(sp_xml_child(node, SP_NS_METADATA, "GivenName"));
            g_autofree char *sur = clean_text(sp_xml_child(node, SP_NS_METADATA, "SurName"));
            g_autofree char *both = g_strconcat(given, " ", sur, NULL);
            idp->contact_name = clean(both);
            idp->contact_mail = g_steal_pointer(&mail);
            return;
        }
    }
    idp->contact_name = g_strdup("");
    idp->contact_mail = g_strdup("");
}

static gboolean is_hidden(const xmlNode *entity)
{
    const xmlNode *extensions = sp_xml_child(entity, SP_NS_METADATA, "Extensions");
    const xmlNode *all = sp_xml_child(extensions, SP_NS_MDATTR, "EntityAttributes");
    SP_XML_EACH(a, all, SP_NS_ASSERTION, "Attribute") {
        if (!sp_xml_attribute_is(a, "Name", ENTITY_CATEGORY)) continue;
        SP_XML_EACH(v, a, SP_NS_ASSERTION, "AttributeValue")
            if (sp_xml_text_is(v, HIDE)) return TRUE;
    }
    return FALSE;
}

/* --- endpoints, keys, text ------------------------------------------------------------------------------------------------ */

/* The first endpoint of that kind and binding. We send browsers there: only https. */
static gboolean has_redirect(const xmlNode *role, const char *name)
{
    SP_XML_EACH(node, role, SP_NS_METADATA, name) {
        if (!sp_xml_attribute_is(node, "Binding", SP_BINDING_REDIRECT)) continue;
        g_autofree char *location = sp_xml_attribute(node, "Location");
        return location != NULL && g_ascii_strncasecmp(location, "https://", 8) == 0 && strlen(location) <= 2048
               && strpbrk(location, "\"'<> \\\n\r\t") == NULL;
    }
    return FALSE;
}

static gboolean declares(const xmlNode *node, const xmlChar *prefix)
{
    for (const xmlNs *ns = node->nsDef; ns != NULL; ns = ns->next)
        if (xmlStrcmp(ns->prefix, prefix) == 0) return TRUE;
    return FALSE;
}

/* The element's text with every namespace that it inherits, so that it stands alone. */
static char *standalone(xmlNode *entity)
{
    xmlNs **inherited = xmlGetNsList(entity->doc, entity);
    for (xmlNs **ns = inherited; ns != NULL && *ns != NULL; ns++)
        if (!declares(entity, (*ns)->prefix)) xmlNewNs(entity, (*ns)->href, (*ns)->prefix);
    xmlFree(inherited);
    xmlBuffer *buffer = xmlBufferCreate();
    xmlOutputBuffer *out = xmlOutputBufferCreateBuffer(buffer, NULL);
    xmlNodeDumpOutput(out, entity->doc, entity, 0, 0, "UTF-8");
    xmlOutputBufferClose(out);
    char *text = g_strndup((const char *)xmlBufferContent(buffer), (gsize)xmlBufferLength(buffer));
    xmlBufferFree(buffer);
    return text;
}

/* Names of all languages, keywords, domains and hosts. */
static char *search_text(const DbIdp *idp, const xmlNode *entity, const xmlNode *role)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) rest = g_string_new(idp->keywords);
    g_autofree char *host = host_of(idp->entity_id), *domains = g_strjoinv(" ", idp->scopes);
    const xmlNode *hints = sp_xml_child(sp_xml_child(role, SP_NS_METADATA, "Extensions"), SP_NS_MDUI, "DiscoHints");
    g_ptr_array_add(names, g_strdup(idp->name_en));
    g_ptr_array_add(names, g_strdup(idp->name_ja));
    SP_XML_EACH(n, ui_info(role), SP_NS_MDUI, "DisplayName")
        if (names->len < NAMES_MOST) g_ptr_array_add(names, clean_text(n));
    SP_XML_EACH(n, sp_xml_child(entity, SP_NS_METADATA, "Organization"), SP_NS_METADATA, "OrganizationDisplayName")
        if (names->len < NAMES_MOST) g_ptr_array_add(names, clean_text(n));
    g_string_append_printf(rest, " %s %s", domains, host);
    for (const xmlNode *n = sp_xml_child(hints, SP_NS_MDUI, "DomainHint"); n != NULL && rest->len < REST_LONGEST;
         n = sp_xml_next(n, SP_NS_MDUI, "DomainHint")) {
        g_autofree char *text = clean_text(n);
        g_string_append_printf(rest, " %s", text);
    }
    g_ptr_array_add(names, NULL);
    return db_reading_text((const char *const *)names->pdata, rest->str);
}

static const char *unfit(const xmlNode *entity, const xmlNode *role, const char *entity_id, gint64 until, gint64 now)
{
    if (entity_id == NULL || !one_word(entity_id, SP_ENTITY_ID_LONGEST)) return "it has no usable entityID";
    if (role == NULL) return "it is no IdP that speaks SAML 2.0 (IDPSSODescriptor)";
    if (until <= now) return "its validUntil is over";
    if (!has_redirect(role, "SingleSignOnService")) return "it has no SingleSignOnService by HTTP-Redirect at an https address";
    return sp_keys_idp_has_one(entity) ? NULL : "it has no usable certificate for signing (RSA of 2048 bits or more, or EC)";
}

DbIdp *sp_entity_read(xmlNode *entity, gint64 latest, gint64 now, const char **why)
{
    const xmlNode *role = sp_keys_idp_role(entity);
    g_autofree char *entity_id = sp_xml_attribute(entity, "entityID");
    gint64 until = latest;
    if (!sp_entity_valid_until(entity, &until) || (role != NULL && !sp_entity_valid_until(role, &until))) {
        *why = "its validUntil is no time";
        return NULL;
    }
    *why = unfit(entity, role, entity_id, until, now);
    if (*why != NULL) return NULL;
    g_autoptr(DbIdp) idp = g_new0(DbIdp, 1);
    idp->entity_id = g_steal_pointer(&entity_id);
    idp->valid_until = until;
    read_names(idp, entity, role);
    idp->keywords = read_keywords(role);
    idp->logo = read_logo(role);
    read_scopes(idp, entity, role);
    read_contact(idp, entity);
    idp->hidden = is_hidden(entity);
    idp->slo = has_redirect(role, "SingleLogoutService");
    idp->search = search_text(idp, entity, role);
    idp->xml = standalone(entity);
    if (strlen(idp->xml) <= SP_ENTITY_XML_LONGEST) return g_steal_pointer(&idp);
    *why = "its text is too long";
    return NULL;
}
