#include "web/functions.h"

#include <libxml/xpathInternals.h>
#include <libxslt/extensions.h>
#include <libxslt/xsltInternals.h>
#include <libxslt/xsltutils.h>
#include <string.h>

#include "web/error.h"

struct words {
    const Messages *messages;
    gboolean japanese;
    const char *day, *moment, *zone_other;
    const char *months[12];
};

struct instant {
    int year, month, day, hour, minute, second;
    char zone[7]; /* +09:00, or Z */
};

static gboolean need(const Messages *messages, const char *key, const char **text, GError **error)
{
    *text = messages_text(messages, key);
    if (*text == NULL)
        g_set_error(error, WEB_ERROR, WEB_ERROR_INPUT, "the message '%s' is missing", key);
    return *text != NULL;
}

Words *words_new(const Messages *messages, const char *language, GError **error)
{
    g_autoptr(Words) words = g_new0(Words, 1);
    words->messages = messages;
    words->japanese = strcmp(language, "ja") == 0;
    if (!need(messages, "format.day", &words->day, error) || !need(messages, "format.moment", &words->moment, error) ||
        !need(messages, "format.zone.other", &words->zone_other, error))
        return NULL;
    for (int i = 0; i < 12; i++) {
        g_autofree char *key = g_strdup_printf("format.month.%d", i + 1);
        if (!need(messages, key, &words->months[i], error))
            return NULL;
    }
    return g_steal_pointer(&words);
}

void words_free(Words *words)
{
    g_free(words);
}

static int number(const char *text, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!g_ascii_isdigit(text[i]))
            return -1;
        value = value * 10 + text[i] - '0';
    }
    return value;
}

/* 2026-11-24T17:15:41+09:00 */
static gboolean read_instant(const char *text, struct instant *at)
{
    if (strnlen(text, 26) < 19 || strlen(text) > 25 || text[4] != '-' || text[7] != '-' || text[10] != 'T')
        return FALSE;
    *at = (struct instant){.year = number(text, 4),       .month = number(text + 5, 2),   .day = number(text + 8, 2),
                           .hour = number(text + 11, 2),  .minute = number(text + 14, 2), .second = number(text + 17, 2)};
    g_strlcpy(at->zone, text + 19, sizeof at->zone);
    return at->year >= 0 && at->month >= 1 && at->month <= 12 && at->day >= 1 && at->hour >= 0 && at->minute >= 0 && at->second >= 0;
}

/* Days since 1 March of the year 0, by the civil calendar. */
static gint64 day_number(const struct instant *at)
{
    gint64 year = at->month <= 2 ? at->year - 1 : at->year;
    gint64 month = (at->month + 9) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + at->day - 1;
}

/* Seconds, the offset taken off, so that instants of two offsets can be compared. */
static gint64 seconds(const struct instant *at)
{
    gint64 offset = 0;
    if ((at->zone[0] == '+' || at->zone[0] == '-') && strlen(at->zone) == 6)
        offset = (number(at->zone + 1, 2) * 60 + number(at->zone + 4, 2)) * (at->zone[0] == '-' ? -60 : 60);
    return ((day_number(at) * 24 + at->hour) * 60 + at->minute) * 60 + at->second - offset;
}

/* The words of FORMAT with {year}, {month}, {month-name}, {day}, {date}, {time}, {zone}, {offset} filled in. */
struct filling {
    const char *name, *value;
};

static void fill(GString *out, const char *format, const struct filling *fillings, size_t n)
{
    while (*format != 0) {
        const char *end = *format == '{' ? strchr(format, '}') : NULL;
        if (end == NULL) {
            g_string_append_c(out, *format++);
            continue;
        }
        for (size_t i = 0; i < n; i++)
            if (strlen(fillings[i].name) == (size_t)(end - format - 1) &&
                strncmp(fillings[i].name, format + 1, strlen(fillings[i].name)) == 0)
                g_string_append(out, fillings[i].value);
        format = end + 1;
    }
}

static void add_day(GString *out, const Words *words, const struct instant *at)
{
    char year[12], month[12], day[12];
    g_snprintf(year, sizeof year, "%d", at->year);
    g_snprintf(month, sizeof month, "%d", at->month);
    g_snprintf(day, sizeof day, "%d", at->day);
    const struct filling fillings[] = {
        {"year", year}, {"month", month}, {"day", day}, {"month-name", words->months[at->month - 1]}};
    fill(out, words->day, fillings, G_N_ELEMENTS(fillings));
}

static void add_zone(GString *out, const Words *words, const struct instant *at)
{
    char key[40];
    g_snprintf(key, sizeof key, "format.zone.%s", at->zone);
    const char *known = messages_text(words->messages, key);
    const struct filling fillings[] = {{"offset", at->zone[0] == 'Z' ? "" : at->zone}};
    if (known != NULL)
        g_string_append(out, known);
    else
        fill(out, words->zone_other, fillings, 1);
}

/* --- XPath functions -------------------------------------------------------------------------------------------------- */

static const Words *words_of(xmlXPathParserContext *ctxt)
{
    return xsltXPathGetTransformContext(ctxt)->_private;
}

static gboolean arity(xmlXPathParserContext *ctxt, int given, int wanted)
{
    if (given != wanted)
        xmlXPathSetArityError(ctxt);
    return given == wanted;
}

static void give(xmlXPathParserContext *ctxt, const char *text)
{
    valuePush(ctxt, xmlXPathNewCString(text));
}

static void give_string(xmlXPathParserContext *ctxt, GString *text)
{
    valuePush(ctxt, xmlXPathNewCString(text->str));
    g_string_free(text, TRUE);
}

static const char *look_up(xmlXPathParserContext *ctxt, char **key)
{
    xmlChar *value = xmlXPathPopString(ctxt);
    xmlChar *prefix = xmlXPathPopString(ctxt);
    *key = g_strconcat((const char *)prefix, (const char *)value, NULL);
    xmlFree(value);
    xmlFree(prefix);
    return messages_text(words_of(ctxt)->messages, *key);
}

static void f_message(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 2))
        return;
    g_autofree char *key = NULL;
    const char *text = look_up(ctxt, &key);
    if (text == NULL) {
        xsltTransformContext *transform = xsltXPathGetTransformContext(ctxt);
        xsltTransformError(transform, NULL, NULL, "no message '%s'\n", key);
        transform->state = XSLT_STATE_STOPPED;
    }
    give(ctxt, text != NULL ? text : "");
}

static void f_has(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 2))
        return;
    g_autofree char *key = NULL;
    valuePush(ctxt, xmlXPathNewBoolean(look_up(ctxt, &key) != NULL));
}

static const char *attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
        if (strcmp((const char *)a->name, name) == 0 && a->children != NULL)
            return (const char *)a->children->content;
    return NULL;
}

static void f_name(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 1))
        return;
    xmlNodeSet *set = xmlXPathPopNodeSet(ctxt);
    const xmlNode *node = set != NULL && set->nodeNr > 0 && set->nodeTab[0]->type == XML_ELEMENT_NODE ? set->nodeTab[0] : NULL;
    const char *japanese = node != NULL ? attribute(node, "name-ja") : NULL;
    const char *plain = node != NULL ? attribute(node, "name") : NULL;
    gboolean take = japanese != NULL && *japanese != 0 && (words_of(ctxt)->japanese || plain == NULL);
    give(ctxt, take ? japanese : plain != NULL ? plain : "");
    xmlXPathFreeNodeSet(set);
}

static gboolean pop_instant(xmlXPathParserContext *ctxt, struct instant *at)
{
    xmlChar *text = xmlXPathPopString(ctxt);
    gboolean good = text != NULL && read_instant((const char *)text, at);
    xmlFree(text);
    return good;
}

static void f_day(xmlXPathParserContext *ctxt, int n)
{
    struct instant at;
    if (!arity(ctxt, n, 1))
        return;
    GString *out = g_string_new(NULL);
    if (pop_instant(ctxt, &at))
        add_day(out, words_of(ctxt), &at);
    give_string(ctxt, out);
}

static void f_moment(xmlXPathParserContext *ctxt, int n)
{
    struct instant at;
    if (!arity(ctxt, n, 1))
        return;
    GString *out = g_string_new(NULL);
    if (pop_instant(ctxt, &at)) {
        const Words *words = words_of(ctxt);
        g_autoptr(GString) date = g_string_new(NULL), zone = g_string_new(NULL);
        char clock[16];
        g_snprintf(clock, sizeof clock, "%02d:%02d", at.hour % 100, at.minute % 100);
        add_day(date, words, &at);
        add_zone(zone, words, &at);
        const struct filling fillings[] = {{"date", date->str}, {"time", clock}, {"zone", zone->str}};
        fill(out, words->moment, fillings, G_N_ELEMENTS(fillings));
    }
    give_string(ctxt, out);
}

static void f_clock(xmlXPathParserContext *ctxt, int n)
{
    struct instant at;
    char clock[16] = "";
    if (!arity(ctxt, n, 1))
        return;
    if (pop_instant(ctxt, &at))
        g_snprintf(clock, sizeof clock, "%02d:%02d:%02d", at.hour % 100, at.minute % 100, at.second % 100);
    give(ctxt, clock);
}

static void f_days(xmlXPathParserContext *ctxt, int n)
{
    struct instant from, until;
    if (!arity(ctxt, n, 2))
        return;
    gboolean good = pop_instant(ctxt, &until);
    good = pop_instant(ctxt, &from) && good;
    valuePush(ctxt, xmlXPathNewFloat(good ? (double)(day_number(&until) - day_number(&from)) : 0));
}

static void f_life(xmlXPathParserContext *ctxt, int n)
{
    struct instant from, until, now;
    if (!arity(ctxt, n, 3))
        return;
    gboolean good = pop_instant(ctxt, &now);
    good = pop_instant(ctxt, &until) && good;
    good = pop_instant(ctxt, &from) && good;
    gint64 whole = good ? seconds(&until) - seconds(&from) : 0;
    gint64 over = whole > 0 ? CLAMP((seconds(&now) - seconds(&from)) * 100 / whole, 0, 100) : 0;
    valuePush(ctxt, xmlXPathNewFloat((double)over));
}

static void f_pairs(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 1))
        return;
    xmlChar *hex = xmlXPathPopString(ctxt);
    GString *out = g_string_new(NULL);
    for (const char *c = (const char *)hex; *c != 0; c++) {
        if (c != (const char *)hex && (c - (const char *)hex) % 2 == 0)
            g_string_append_c(out, ':');
        g_string_append_c(out, g_ascii_toupper(*c));
    }
    xmlFree(hex);
    give_string(ctxt, out);
}

static void f_groups(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 2))
        return;
    int size = (int)xmlXPathPopNumber(ctxt);
    xmlChar *text = xmlXPathPopString(ctxt);
    GString *out = g_string_new(NULL);
    int i = 0;
    for (const char *c = (const char *)text; *c != 0; c = g_utf8_next_char(c), i++) {
        if (i > 0 && size > 0 && i % size == 0)
            g_string_append_c(out, ' ');
        g_string_append_unichar(out, g_utf8_get_char(c));
    }
    xmlFree(text);
    give_string(ctxt, out);
}

static void f_query(xmlXPathParserContext *ctxt, int n)
{
    if (!arity(ctxt, n, 1))
        return;
    xmlChar *text = xmlXPathPopString(ctxt);
    g_autofree char *escaped = g_uri_escape_string((const char *)text, NULL, FALSE);
    xmlFree(text);
    give(ctxt, escaped);
}

static void f_initial(xmlXPathParserContext *ctxt, int n)
{
    char first[7] = "";
    if (!arity(ctxt, n, 1))
        return;
    xmlChar *text = xmlXPathPopString(ctxt);
    if (text[0] != 0)
        first[g_unichar_to_utf8(g_unichar_toupper(g_utf8_get_char((const char *)text)), first)] = 0;
    xmlFree(text);
    give(ctxt, first);
}

void functions_register(void)
{
    static const struct {
        const char *name;
        xmlXPathFunction function;
    } functions[] = {
        {"message", f_message}, {"has", f_has},       {"name", f_name},   {"day", f_day},       {"moment", f_moment},
        {"clock", f_clock},     {"days", f_days},     {"life", f_life},   {"pairs", f_pairs},   {"groups", f_groups},
        {"query", f_query},     {"initial", f_initial},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++)
        xsltRegisterExtModuleFunction(BAD_CAST functions[i].name, BAD_CAST FUNCTIONS_NAMESPACE, functions[i].function);
}
