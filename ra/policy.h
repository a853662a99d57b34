/*
 * policy: what an institution allows, as fields with bounds: one table for the command (`inkan institution set`) and the operators'
 * pages, so that the two never differ. A further column of institution is a line in this table, a line in institution_field (in its
 * migration), and its words in web/messages.
 *
 * A value is text: a list has a line for each of its values, "" is nothing, a flag is "yes" or "no".
 */
#ifndef RA_POLICY_H
#define RA_POLICY_H

#include "db/policy.h"
#include "ra/context.h"
#include "ra/officer.h"

enum ra_policy_kind {
    RA_POLICY_TEXT,    /* MOST characters of any script */
    RA_POLICY_ASCII,   /* LEAST to MOST printable ASCII characters */
    RA_POLICY_COUNTRY, /* two capital letters */
    RA_POLICY_MAIL,    /* an address, or none */
    RA_POLICY_WORD,    /* one of WORDS */
    RA_POLICY_FLAG,    /* yes or no */
    RA_POLICY_NUMBER,  /* LEAST to MOST */
    RA_POLICY_MAYBE,   /* the same, or none */
    RA_POLICY_RULE,    /* as in ra/password.h */
    RA_POLICY_WORDS,   /* lists from here on: of WORDS */
    RA_POLICY_NUMBERS, /* each LEAST to MOST */
    RA_POLICY_DOMAINS,
    RA_POLICY_NAMES,   /* each at most MOST characters of any script: names of organizational units */
    RA_POLICY_IDPS,
};
#define RA_POLICY_LIST_MOST 200 /* values of a list */

struct ra_policy_field {
    const char *name;   /* of the option and the form's field */
    const char *column; /* of institution, as institution_field has it */
    const char *group;  /* what is shown and changed together; a field's group stands beside its own kind in the table */
    enum ra_policy_kind kind;
    int least, most;
    const char *words;  /* with spaces; NULL */
    const char *meaning, *placeholder; /* for the command's help */
};
extern const struct ra_policy_field ra_policy_fields[];
extern const gsize ra_policy_count;

/* NULL: there is none. */
const struct ra_policy_field *ra_policy_field(const char *name);
/* The same by the name of its column. */
const struct ra_policy_field *ra_policy_column(const char *column);
gboolean ra_policy_is_list(const struct ra_policy_field *field);
/* "1 to 64 ASCII characters": what may stand in FIELD, for a sentence of the command. */
char *ra_policy_allowed(const struct ra_policy_field *field) G_GNUC_WARN_UNUSED_RESULT;
/* TEXT, as somebody wrote it, as a value: lists also with commas or spaces where no value can have such. NULL with INPUT, the word is
   the field's name, the rest what is allowed. */
char *ra_policy_read(const struct ra_policy_field *field, const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef DbPolicy RaPolicy; /* fields in db/policy.h */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPolicy, db_policy_free)
typedef DbPolicyPast RaPolicyPast;

RaPolicy *ra_policy_get(RaContext *ctx, gint64 institution, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *ra_policy_value(const RaPolicy *policy, const struct ra_policy_field *field);

/* What is to be changed: values by their fields. */
typedef struct ra_policy_draft RaPolicyDraft;
RaPolicyDraft *ra_policy_draft_new(void) G_GNUC_WARN_UNUSED_RESULT;
void ra_policy_draft_free(RaPolicyDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPolicyDraft, ra_policy_draft_free)
/* TEXT as for ra_policy_read, which judges it. A second one for the same field takes the first one's place. */
gboolean ra_policy_draft_add(RaPolicyDraft *draft, const struct ra_policy_field *field, const char *text, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;
/* The new value of FIELD, borrowed; NULL where it stays. */
const char *ra_policy_draft_value(const RaPolicyDraft *draft, const struct ra_policy_field *field);
/* Takes out what POLICY has already; FALSE: nothing is left. */
gboolean ra_policy_draft_reduce(RaPolicyDraft *draft, const RaPolicy *policy);

/* Who changes it: the owner's command (SESSION NULL), or an operator by the hash of the session. */
struct ra_policy_by { GBytes *session; const char *address; };
/* All of it or nothing, with the audit row, in the caller's transaction where there is one. VERSION 0: whatever it is now. CONFLICT
   "changed" where somebody else came first; REFUSED "idp-taken"; NOT_FOUND. */
gboolean ra_policy_apply(RaContext *ctx, gint64 institution, gint64 version, const RaPolicyDraft *draft,
                         const struct ra_policy_by *by, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Somebody else changed the policy since DRAFT's author saw it (PAST: from ra_policy_past, newest first): what the author left as it was
   then is taken out, so that it stays as it is now. */
void ra_policy_draft_merge(RaPolicyDraft *draft, const GPtrArray *past);
/* RaPolicyPast *: what made the versions after VERSION, newest first, at most LIMIT fields. */
GPtrArray *ra_policy_past(RaContext *ctx, gint64 institution, gint64 version, int limit, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define RA_POLICY_PAGE 20
/* Institutions by name, db/policy.h: DbPolicyRow *. */
GPtrArray *ra_policy_list(RaContext *ctx, const char *text, const char *after, gboolean *more, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/* What a change would do: before it and after it. */
typedef struct ra_policy_preview {
    struct db_policy_effect before, after;
    char *subject_before, *subject_after; /* of an example */
    GPtrArray *offers;                    /* DbPolicyOffer *, after it */
    GPtrArray *refused;                   /* DbPolicyRefused *, after it */
} RaPolicyPreview;
void ra_policy_preview_free(RaPolicyPreview *preview);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RaPolicyPreview, ra_policy_preview_free)
/* Makes the change in a transaction, asks the database what it then says, and takes the change back: nothing is judged twice.
   DRAFT NULL: what is so now, without effects. Errors as of ra_policy_apply. */
RaPolicyPreview *ra_policy_preview(RaContext *ctx, gint64 institution, gint64 version, const RaPolicyDraft *draft,
                                   const struct ra_policy_by *by, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* An operator's change by a form (ra/request.h), done once. */
gboolean ra_policy_change(RaContext *ctx, const RaOfficer *operator, gint64 institution, gint64 version, const RaPolicyDraft *draft,
                          const struct ra_policy_by *by, const struct ra_form *form, char **location, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

#endif
