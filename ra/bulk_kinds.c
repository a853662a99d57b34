#include "ra/bulk.h"

#include <string.h>

#include "db/json.h"
#include "ra/term.h"

#define MONTHS_MOST 120
#define MAIL_LONGEST 254
#define MEMO_MOST 200

static const char *const reasons[] = { "keyCompromise", "superseded", "cessationOfOperation", "affiliationChanged",
                                       "unspecified", NULL };

static const struct ra_bulk_column revoke_columns[] = {
    { "number", RA_BULK_NUMBER, RA_BULK_EITHER, 0, NULL },
    { "serial", RA_BULK_SERIAL, RA_BULK_EITHER, 0, NULL },
    { "reason", RA_BULK_WORD, RA_BULK_MUST, 0, reasons },
    { "note", RA_BULK_TEXT, RA_BULK_MAY, RA_NOTE_MOST, NULL },
};

static const struct ra_bulk_column renew_columns[] = {
    { "number", RA_BULK_NUMBER, RA_BULK_EITHER, 0, NULL },
    { "serial", RA_BULK_SERIAL, RA_BULK_EITHER, 0, NULL },
    { "months", RA_BULK_MONTHS, RA_BULK_MAY, 0, NULL },
};

static const char *const types[] = { "client", "smime", NULL };

static const struct ra_bulk_column issue_columns[] = {
    { "identifier", RA_BULK_TEXT, RA_BULK_EITHER, 1024, NULL },
    { "mail", RA_BULK_MAIL, RA_BULK_EITHER, 0, NULL },
    { "type", RA_BULK_WORD, RA_BULK_MUST, 0, types },
    { "months", RA_BULK_MONTHS, RA_BULK_MUST, 0, NULL },
    { "memo", RA_BULK_TEXT, RA_BULK_MAY, MEMO_MOST, NULL },
};

/* S002: the service's published layout, column by column. The file's access PIN is not taken: ours are made by the service. */
enum { SUBJECT = 0 };
static const char *const profiles[] = { "5", "7", NULL };
static const char *const pickups[] = { "1", "2", "3", NULL };
static const struct ra_bulk_column clients_columns[] = {
    [SUBJECT] = { "subject", RA_BULK_TEXT, RA_BULK_MUST, 250, NULL },
    { "profile", RA_BULK_WORD, RA_BULK_MUST, 0, profiles },
    { "pickup", RA_BULK_WORD, RA_BULK_MUST, 0, pickups },
    { "empty4", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "empty5", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "empty6", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "empty7", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "name", RA_BULK_TEXT, RA_BULK_MUST, 64, NULL },
    { "affiliation", RA_BULK_TEXT, RA_BULK_MAY, 64, NULL },
    { "mail", RA_BULK_MAIL, RA_BULK_MUST, 78, NULL },
    { "empty11", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "file", RA_BULK_TEXT, RA_BULK_MAY, 64, NULL },
    { "empty13", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "empty14", RA_BULK_UNUSED, RA_BULK_MAY, 0, NULL },
    { "pin", RA_BULK_DROPPED, RA_BULK_MAY, 0, NULL },
};

char **
ra_bulk_subject(const char *text)
{
    static const char *const order[] = { "CN=", "OU=", "O=", "L=", "C=" };
    g_auto(GStrv) parts = g_regex_split_simple(", *(?=(?:CN|OU|O|L|C)=)", text, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT);
    gsize next = 0;
    for (char **part = parts; *part; part++) {
        if (next == 1 && g_str_has_prefix(*part, "O="))
            next = 2; /* no OU, or no more */
        if (next >= G_N_ELEMENTS(order) || !g_str_has_prefix(*part, order[next]) || strpbrk(*part, "\\\"+<>;"))
            return NULL;
        const char *value = *part + strlen(order[next]);
        if (!*value || *value == ' ' || g_str_has_suffix(value, " ") || g_utf8_strlen(value, -1) > 64)
            return NULL;
        next += next != 1;
    }
    return next == G_N_ELEMENTS(order) ? g_steal_pointer(&parts) : NULL;
}

/* As cells of their own: cn, o, l, c, and ou where there is one; several are none of ours. */
static const char *
derive_subject(char *const *cells, GString *more, const char **field)
{
    g_auto(GStrv) parts = ra_bulk_subject(cells[SUBJECT]);
    *field = clients_columns[SUBJECT].name;
    if (!parts)
        return "subject";
    if (g_strv_length(parts) > 5)
        return "subject-ou";
    for (char **part = parts; *part; part++) {
        const char *equals = strchr(*part, '=');
        g_autofree char *name = g_ascii_strdown(*part, equals - *part);
        g_string_append(more, ", ");
        db_json_text(more, name);
        g_string_append(more, ": ");
        db_json_text(more, equals + 1);
    }
    return NULL;
}

static const char *const leaving[] = { "affiliationChanged", "cessationOfOperation", NULL };

static const struct ra_bulk_column leavers_columns[] = {
    { "identifier", RA_BULK_TEXT, RA_BULK_EITHER, 1024, NULL },
    { "mail", RA_BULK_MAIL, RA_BULK_EITHER, 0, NULL },
    { "last_day", RA_BULK_TEXT, RA_BULK_MAY, 10, NULL },
    { "reason", RA_BULK_WORD, RA_BULK_MAY, 0, leaving },
    { "note", RA_BULK_TEXT, RA_BULK_MAY, RA_NOTE_MOST, NULL },
};

/* A kind more is a row here and a function bulk_KIND of the database (ra/bulk.h). */
const struct ra_bulk_kind ra_bulk_kinds[] = {
    { "revoke", revoke_columns, G_N_ELEMENTS(revoke_columns), TRUE, FALSE, NULL },
    { "renew", renew_columns, G_N_ELEMENTS(renew_columns), TRUE, FALSE, NULL },
    { "issue", issue_columns, G_N_ELEMENTS(issue_columns), TRUE, FALSE, NULL },
    { "clients", clients_columns, G_N_ELEMENTS(clients_columns), FALSE, TRUE, derive_subject },
    { "leavers", leavers_columns, G_N_ELEMENTS(leavers_columns), TRUE, FALSE, NULL },
};
const gsize ra_bulk_kinds_count = G_N_ELEMENTS(ra_bulk_kinds);

const struct ra_bulk_kind *
ra_bulk_kind(const char *name)
{
    for (gsize i = 0; i < ra_bulk_kinds_count; i++)
        if (strcmp(ra_bulk_kinds[i].name, name) == 0)
            return &ra_bulk_kinds[i];
    return NULL;
}

/* --- cells ---------------------------------------------------------------------------------------------------------------- */

static const char *
take_number(const char *cell, gint64 most, const char *word, char **taken)
{
    guint64 value = 0;
    if (!g_ascii_string_to_unsigned(cell, 10, 1, (guint64)most, &value, NULL))
        return word;
    *taken = g_strdup_printf("%" G_GUINT64_FORMAT, value);
    return NULL;
}

static const char *
take_serial(const char *cell, char **taken)
{
    g_autoptr(RaTerm) term = ra_term_read(cell);
    if (!term->serials[0])
        return "serial";
    *taken = g_strjoinv(" ", term->serials);
    return NULL;
}

/* As far as a line of text can be one; whether it is the person's and in the domains is the database's to say. */
static gboolean
is_mail(const char *cell, gsize most)
{
    const char *at = strchr(cell, '@');
    if (!at || at == cell || !at[1] || strchr(at + 1, '@') || strlen(cell) > most)
        return FALSE;
    for (const char *c = cell; *c; c++)
        if (!g_ascii_isgraph(*c) || strchr("<>(),;:\\\"[]", *c))
            return FALSE;
    return TRUE;
}

const char *
ra_bulk_cell(const struct ra_bulk_column *column, const char *cell, char **taken)
{
    *taken = NULL;
    if (!*cell || column->form == RA_BULK_DROPPED)
        return NULL;
    switch (column->form) {
    case RA_BULK_NUMBER:
        return take_number(cell, G_MAXINT64 / 10, "number", taken);
    case RA_BULK_MONTHS:
        return take_number(cell, MONTHS_MOST, "months", taken);
    case RA_BULK_SERIAL:
        return take_serial(cell, taken);
    case RA_BULK_UNUSED:
        return "unused";
    case RA_BULK_WORD:
        if (!g_strv_contains(column->words, cell))
            return "word";
        break;
    case RA_BULK_MAIL:
        if (!is_mail(cell, column->most ? column->most : MAIL_LONGEST))
            return "mail-form";
        break;
    case RA_BULK_TEXT:
    case RA_BULK_DROPPED:
        if (g_utf8_strlen(cell, -1) > (glong)column->most)
            return "long";
        break;
    }
    *taken = g_strdup(cell);
    return NULL;
}
