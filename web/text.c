#include "web/text.h"

#include <string.h>

static int width(gunichar c)
{
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static gboolean closes(gunichar c)
{
    GUnicodeBreakType type = g_unichar_break_type(c);
    return type == G_UNICODE_BREAK_CLOSE_PUNCTUATION || type == G_UNICODE_BREAK_CLOSE_PARENTHESIS ||
           type == G_UNICODE_BREAK_NON_STARTER || type == G_UNICODE_BREAK_CONDITIONAL_JAPANESE_STARTER ||
           type == G_UNICODE_BREAK_EXCLAMATION || type == G_UNICODE_BREAK_POSTFIX;
}

/* May a line end after BEFORE and the next begin with AFTER? (A space at the break is dropped.) */
static gboolean can_break(gunichar before, gunichar after)
{
    if (after == ' ' || before == ' ')
        return after != ' ';
    if (!g_unichar_iswide(before) && !g_unichar_iswide(after))
        return FALSE;
    return g_unichar_break_type(before) != G_UNICODE_BREAK_OPEN_PUNCTUATION && !closes(after);
}

static int columns(const char *text)
{
    int sum = 0;
    for (; *text != 0; text = g_utf8_next_char(text))
        sum += width(g_utf8_get_char(text));
    return sum;
}

void text_wrap(GString *out, const char *text, const char *first, const char *rest)
{
    const char *prefix = first;
    while (*text == ' ')
        text++;
    do {
        int used = columns(prefix), left = used + columns(text);
        int most = left <= TEXT_COLUMNS + TEXT_OVERHANG ? left : TEXT_COLUMNS;
        const char *c = text, *cut = NULL;
        gunichar before = 0;
        while (*c != 0 && *c != '\n') {
            gunichar u = g_utf8_get_char(c);
            if (c > text && can_break(before, u))
                cut = c;
            if (used + width(u) > most && u != ' ' && cut != NULL)
                break;
            used += width(u);
            before = u;
            c = g_utf8_next_char(c);
        }
        const char *end = *c == 0 || *c == '\n' ? c : cut;
        g_autofree char *line = g_strchomp(g_strndup(text, (gsize)(end - text)));
        g_string_append_printf(out, "%s%s\n", prefix, line);
        text = end;
        while (*text == ' ' || *text == '\n')
            text++;
        prefix = rest;
    } while (*text != 0);
}

static char *content_of(const xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    char *text = g_strdup((const char *)content);
    xmlFree(content);
    /* A line end in a value (a memo, a name) must not begin a line of its own. */
    for (char *c = text; *c != 0; c++)
        if (*c == '\r' || *c == '\n' || *c == '\t')
            *c = ' ';
    return g_strstrip(text);
}

char *text_subject(const xmlNode *root)
{
    for (const xmlNode *node = root->children; node != NULL; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "subject") == 0)
            return content_of(node);
    return NULL;
}

static void blank_line(GString *out)
{
    if (out->len > 0 && !g_str_has_suffix(out->str, "\n\n"))
        g_string_append_c(out, '\n');
}

static void add(GString *out, const xmlNode *node, const char *before)
{
    const char *name = (const char *)node->name;
    gboolean tight = (strcmp(name, "fact") == 0 || strcmp(name, "li") == 0) && strcmp(name, before) == 0;
    g_autofree char *text = content_of(node);
    if (strcmp(name, "subject") == 0)
        return;
    if (!tight)
        blank_line(out);
    if (strcmp(name, "url") == 0) {
        g_string_append_printf(out, "%s\n", text);
    } else if (strcmp(name, "code") == 0) {
        g_string_append_printf(out, "    %s\n", text);
    } else if (strcmp(name, "li") == 0) {
        text_wrap(out, text, "- ", "  ");
    } else if (strcmp(name, "quote") == 0) {
        text_wrap(out, text, "> ", "> ");
    } else if (strcmp(name, "fact") == 0) {
        text_wrap(out, text, "", "    ");
    } else {
        text_wrap(out, text, "", "");
    }
}

void text_body(GString *out, const xmlNode *root)
{
    const char *before = "";
    for (const xmlNode *node = root->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        add(out, node, before);
        before = (const char *)node->name;
    }
}
