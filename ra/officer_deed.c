#include "ra/officer_deed.h"

#include "ra/error.h"

gboolean
ra_officer_perform(RaContext *ctx, RaAct how, struct ra_officer_deed *deed, gint64 number, char **location, GError **error)
{
    const struct ra_who who = { .person = deed->officer->person, .address = deed->officer->address };
    const struct ra_deed act = { .who = &who, .form = deed->form.key_hash ? &deed->form : NULL, .number = number, .act = how, .data = deed };
    return ra_act(ctx, &act, location, error);
}

gboolean
ra_officer_led(struct ra_officer_deed *deed, gint64 proposal, gint64 *number)
{
    if (proposal) {
        deed->form.location = "/helpdesk/proposals/%N?done=desk-proposed";
        *number = proposal;
    }
    return TRUE;
}

/* Breaks a line, controls a terminal or turns the reading direction; the database's words_fit says the same. */
static gboolean
disturbs(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

char *
ra_officer_words(const char *text, const char *field, GError **error)
{
    g_autofree char *words = g_strstrip(g_strdelimit(g_strdup(text ? text : ""), "\r\n\t", ' '));
    gboolean ok = g_utf8_validate(words, -1, NULL) && g_utf8_strlen(words, -1) <= RA_NOTE_MOST;
    for (const char *c = words; ok && *c; c = g_utf8_next_char(c))
        ok = !disturbs(g_utf8_get_char(c));
    if (ok)
        return g_steal_pointer(&words);
    g_set_error_literal(error, RA_ERROR, RA_ERROR_INPUT, field);
    return NULL;
}

gint64
ra_proposal_days(RaContext *ctx)
{
    return settings_number(ctx->settings, "helpdesk", "proposal_days");
}
