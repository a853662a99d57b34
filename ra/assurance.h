/*
 * assurance: short words for the identifiers of authentication contexts and of eduPersonAssurance values, for the `inkan`
 * command and for pages that know them by name. Any other URI can be asked for too.
 */
#ifndef RA_ASSURANCE_H
#define RA_ASSURANCE_H

#include <glib.h>

struct ra_preset {
    const char *word; /* "refeds-mfa" */
    const char *uri;
    const char *meaning;
};
/* Both end with a row without a word. */
extern const struct ra_preset ra_context_presets[], ra_assurance_presets[];

/* The word for a URI, "" for one without. Static text. */
const char *ra_preset_word(const struct ra_preset *presets, const char *uri);

/* A list as the operator writes it, words of PRESETS or URIs with commas between them (ALTERNATIVES: and '|' within an item),
   as the database keeps it. NULL: *WRONG is the first item that is neither (the caller's). */
char **ra_preset_list(const struct ra_preset *presets, const char *text, gboolean alternatives, char **wrong)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
