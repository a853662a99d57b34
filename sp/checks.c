#include "sp/checks.h"

#include <string.h>

#include "sp/xml.h"

#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"
#define BEARER "urn:oasis:names:tc:SAML:2.0:cm:bearer"
#define FORMAT_ENTITY "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

/* Refusals here carry only the sentence: sp_checks_run puts the row's name in front. */
static gboolean refuse(GError **error, const char *why, const char *what)
{
    g_autofree char *quoted = sp_xml_quote(what);
    g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "%s %s", why, quoted);
    return FALSE;
}

static gboolean equals(const xmlNode *node, const char *attribute, const char *wanted, GError **error)
{
    g_autofree char *value = sp_xml_attribute(node, attribute);
    return g_strcmp0(value, wanted) == 0 || refuse(error, attribute, value);
}

/* --- times ---------------------------------------------------------------------------------------------------------------- */

static gboolean digits(const char **p, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!g_ascii_isdigit(**p)) return FALSE;
        *value = *value * 10 + (**p - '0');
    }
    return TRUE;
}

gboolean sp_time_parse(const char *text, gint64 *seconds)
{
    static const char after[] = "--T::";
    int part[6];
    const char *p = text;
    for (int i = 0; i < 6; i++) {
        if (!digits(&p, i == 0 ? 4 : 2, &part[i])) return FALSE;
        if (i < 5 && *p++ != after[i]) return FALSE;
    }
    if (*p == '.') {
        p++;
        if (!g_ascii_isdigit(*p)) return FALSE;
        for (int i = 0; i < 12 && g_ascii_isdigit(*p); i++) p++;
    }
    if (strcmp(p, "Z") != 0) return FALSE;
    g_autoptr(GDateTime) time = g_date_time_new_utc(part[0], part[1], part[2], part[3], part[4], part[5]);
    if (time == NULL) return FALSE;
    *seconds = g_date_time_to_unix(time);
    return TRUE;
}

enum when { NO_TIME, BAD_TIME, A_TIME };

static enum when time_of(const xmlNode *node, const char *attribute, gint64 *seconds)
{
    g_autofree char *text = sp_xml_attribute(node, attribute);
    if (text == NULL) return NO_TIME;
    return sp_time_parse(text, seconds) ? A_TIME : BAD_TIME;
}

/* NODE's ATTRIBUTE is a time that has not come yet, give or take the skew; REQUIRED: it must be there. */
static gboolean still_to_come(const xmlNode *node, const char *attribute, gboolean required, const struct sp_want *want,
                              GError **error)
{
    gint64 at = 0;
    enum when when = time_of(node, attribute, &at);
    if (when == NO_TIME && !required) return TRUE;
    if (when != A_TIME) return refuse(error, "no usable time in", attribute);
    return want->now - want->skew < at || refuse(error, "past:", attribute);
}

/* ... is a time that is not in the future. */
static gboolean has_come(const xmlNode *node, const char *attribute, gboolean required, const struct sp_want *want,
                         GError **error)
{
    gint64 at = 0;
    enum when when = time_of(node, attribute, &at);
    if (when == NO_TIME && !required) return TRUE;
    if (when != A_TIME) return refuse(error, "no usable time in", attribute);
    return at <= want->now + want->skew || refuse(error, "in the future:", attribute);
}

/* --- the parts ------------------------------------------------------------------------------------------------------------ */

static const xmlNode *subject(const struct sp_seen *seen)
{
    return sp_xml_child(seen->assertion, SP_NS_ASSERTION, "Subject");
}

static const xmlNode *confirmation(const struct sp_seen *seen)
{
    return sp_xml_child(subject(seen), SP_NS_ASSERTION, "SubjectConfirmation");
}

static const xmlNode *confirmation_data(const struct sp_seen *seen)
{
    return sp_xml_child(confirmation(seen), SP_NS_ASSERTION, "SubjectConfirmationData");
}

static const xmlNode *conditions(const struct sp_seen *seen)
{
    return sp_xml_child(seen->assertion, SP_NS_ASSERTION, "Conditions");
}

/* --- the checks, in the order of SAML core and of the web browser SSO profile (4.1.4.3) ----------------------------------- */

/* Core 2.3.3, 3.2.2: Version is "2.0". */
static gboolean version_of_response(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    return equals(seen->response, "Version", "2.0", error);
}

static gboolean version(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return version_of_response(seen, want, error) && equals(seen->assertion, "Version", "2.0", error);
}

/* Core 2.3.3, 3.2.2: both have an ID; the assertion's is spent once. */
static gboolean id(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    g_autofree char *of_response = sp_xml_attribute(seen->response, "ID");
    g_autofree char *of_assertion = sp_xml_attribute(seen->assertion, "ID");
    if (of_response == NULL) return refuse(error, "missing in the", "Response");
    return of_assertion != NULL || refuse(error, "missing in the", "Assertion");
}

static gboolean one_issuer(const xmlNode *node, const char *idp, GError **error)
{
    const xmlNode *issuer = sp_xml_child(node, SP_NS_ASSERTION, "Issuer");
    g_autofree char *format = sp_xml_attribute(issuer, "Format");
    g_autofree char *text = sp_xml_text(issuer);
    if (issuer == NULL || sp_xml_count(node, SP_NS_ASSERTION, "Issuer") != 1)
        return refuse(error, "not one in the", (const char *)node->name);
    if (format != NULL && strcmp(format, FORMAT_ENTITY) != 0) return refuse(error, "Format", format);
    return sp_xml_text_is(issuer, idp) || refuse(error, "another than was asked:", text);
}

/* Profile 4.1.4.2: the Issuer of both is the IdP that was asked. */
static gboolean issuer_of_response(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return one_issuer(seen->response, want->idp, error);
}

static gboolean issuer(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return issuer_of_response(seen, want, error) && one_issuer(seen->assertion, want->idp, error);
}

/* Core 2.3.3, 3.2.2: IssueInstant, not in the future. (How old is said by the conditions.) */
static gboolean instant_of_response(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return has_come(seen->response, "IssueInstant", TRUE, want, error);
}

static gboolean issue_instant(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return instant_of_response(seen, want, error) && has_come(seen->assertion, "IssueInstant", TRUE, want, error);
}

/* Core 3.2.2, bindings 3.5.5.2: Destination is where it arrived. */
static gboolean destination(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    return equals(seen->response, "Destination", seen->destination, error);
}

/* Core 3.2.2.1: the top-level status is Success. */
static gboolean status(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    const xmlNode *top = sp_xml_child(seen->response, SP_NS_PROTOCOL, "Status");
    const xmlNode *code = sp_xml_child(top, SP_NS_PROTOCOL, "StatusCode");
    if (sp_xml_count(seen->response, SP_NS_PROTOCOL, "Status") != 1 || code == NULL
        || sp_xml_count(top, SP_NS_PROTOCOL, "StatusCode") != 1)
        return refuse(error, "not one", "StatusCode");
    return equals(code, "Value", SUCCESS, error);
}

/* Profile 4.1.4.2: a Subject; at most one plain NameID in it. */
static gboolean subject_(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    const xmlNode *who = subject(seen);
    if (sp_xml_count(seen->assertion, SP_NS_ASSERTION, "Subject") != 1) return refuse(error, "not one", "Subject");
    if (sp_xml_count(who, SP_NS_ASSERTION, "NameID") > 1 || sp_xml_child(who, SP_NS_ASSERTION, "BaseID") != NULL)
        return refuse(error, "more than one", "NameID");
    const xmlNode *name = sp_xml_child(who, SP_NS_ASSERTION, "NameID");
    g_autofree char *text = sp_xml_text(name);
    if (name == NULL) return TRUE;
    return (sp_xml_first_element(name) == NULL && text[0] != '\0' && strlen(text) <= 1024)
           || refuse(error, "no usable NameID", text);
}

/* Profile 4.1.4.2, 4.1.4.3: one bearer confirmation with data, without NotBefore. */
static gboolean subject_confirmation(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    if (sp_xml_count(subject(seen), SP_NS_ASSERTION, "SubjectConfirmation") != 1)
        return refuse(error, "not one", "SubjectConfirmation");
    if (!equals(confirmation(seen), "Method", BEARER, error)) return FALSE;
    if (sp_xml_count(confirmation(seen), SP_NS_ASSERTION, "SubjectConfirmationData") != 1)
        return refuse(error, "not one", "SubjectConfirmationData");
    g_autofree char *not_before = sp_xml_attribute(confirmation_data(seen), "NotBefore");
    return not_before == NULL || refuse(error, "NotBefore in SubjectConfirmationData:", not_before);
}

/* Profile 4.1.4.3: Recipient is our assertion consumer service. */
static gboolean recipient(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    return equals(confirmation_data(seen), "Recipient", seen->destination, error);
}

/* Profile 4.1.4.3: an answer to our request, said by the response and by the confirmation. */
static gboolean response_to(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return equals(seen->response, "InResponseTo", want->request_id, error);
}

static gboolean in_response_to(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return response_to(seen, want, error) && equals(confirmation_data(seen), "InResponseTo", want->request_id, error);
}

/* Core 2.5.1: one Conditions, and nothing in it that we don't understand: such an assertion is "indeterminate". */
static gboolean conditions_(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    static const char *const known[] = { "AudienceRestriction", "OneTimeUse", "ProxyRestriction", NULL };
    if (sp_xml_count(seen->assertion, SP_NS_ASSERTION, "Conditions") != 1) return refuse(error, "not one", "Conditions");
    for (const xmlNode *c = sp_xml_first_element(conditions(seen)); c != NULL; c = sp_xml_next_element(c))
        if (!sp_xml_is(c, SP_NS_ASSERTION, (const char *)c->name) || !g_strv_contains(known, (const char *)c->name))
            return refuse(error, "one that we don't understand:", (const char *)c->name);
    return TRUE;
}

static gboolean names_us(const xmlNode *restriction, const char *entity_id)
{
    SP_XML_EACH(a, restriction, SP_NS_ASSERTION, "Audience")
        if (sp_xml_text_is(a, entity_id)) return TRUE;
    return FALSE;
}

/* Core 2.5.1.4: at least one restriction, and we are in every one. */
static gboolean audience(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    (void)want;
    const xmlNode *r = sp_xml_child(conditions(seen), SP_NS_ASSERTION, "AudienceRestriction");
    if (r == NULL) return refuse(error, "no", "AudienceRestriction");
    for (; r != NULL; r = sp_xml_next(r, SP_NS_ASSERTION, "AudienceRestriction")) {
        g_autofree char *text = sp_xml_text(r);
        if (!names_us(r, seen->entity_id)) return refuse(error, "we are not in", text);
    }
    return TRUE;
}

/* Core 2.5.1.2: checked where it is there. */
static gboolean not_before(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return has_come(conditions(seen), "NotBefore", FALSE, want, error);
}

/* Core 2.5.1.2, profile 4.1.4.3: an end in both places, not reached. */
static gboolean not_on_or_after(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return still_to_come(conditions(seen), "NotOnOrAfter", TRUE, want, error)
           && still_to_come(confirmation_data(seen), "NotOnOrAfter", TRUE, want, error);
}

/* Core 2.7.2: an AuthnStatement with a time that is not in the future. */
static gboolean authn_statement(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    const xmlNode *s = sp_xml_child(seen->assertion, SP_NS_ASSERTION, "AuthnStatement");
    if (s == NULL) return refuse(error, "no", "AuthnStatement");
    for (; s != NULL; s = sp_xml_next(s, SP_NS_ASSERTION, "AuthnStatement"))
        if (!has_come(s, "AuthnInstant", TRUE, want, error)) return FALSE;
    return TRUE;
}

/* Core 2.7.2: where the IdP says until when, it must not be over. */
static gboolean session_not_on_or_after(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    SP_XML_EACH(s, seen->assertion, SP_NS_ASSERTION, "AuthnStatement")
        if (!still_to_come(s, "SessionNotOnOrAfter", FALSE, want, error)) return FALSE;
    return TRUE;
}

/* Core 3.3.2.2.1: of the contexts that were asked for, exactly one of them. The first statement is the one that is read. */
static gboolean context(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    if (want->contexts == NULL || want->contexts[0] == NULL) return TRUE;
    const xmlNode *statement = sp_xml_child(seen->assertion, SP_NS_ASSERTION, "AuthnStatement");
    const xmlNode *how = sp_xml_child(statement, SP_NS_ASSERTION, "AuthnContext");
    const xmlNode *ref = sp_xml_child(how, SP_NS_ASSERTION, "AuthnContextClassRef");
    g_autofree char *class = sp_xml_text(ref);
    if (class != NULL && sp_xml_count(how, SP_NS_ASSERTION, "AuthnContextClassRef") == 1
        && sp_xml_first_element(ref) == NULL && g_strv_contains(want->contexts, class))
        return TRUE;
    g_autofree char *quoted = sp_xml_quote(class);
    g_set_error(error, SP_ERROR, SP_ERROR_CONTEXT, "another than was asked: %s", quoted);
    return FALSE;
}

const struct sp_check sp_checks[] = {
    { "version", version },
    { "id", id },
    { "issuer", issuer },
    { "issue-instant", issue_instant },
    { "destination", destination },
    { "status", status },
    { "subject", subject_ },
    { "subject-confirmation", subject_confirmation },
    { "recipient", recipient },
    { "in-response-to", in_response_to },
    { "conditions", conditions_ },
    { "audience", audience },
    { "not-before", not_before },
    { "not-on-or-after", not_on_or_after },
    { "authn-statement", authn_statement },
    { "session-not-on-or-after", session_not_on_or_after },
    { "context", context }, /* the last: its refusal is explained, so all else must be right */
    { NULL, NULL },
};

/* What of it a Response alone can be held to. */
static const struct sp_check response_checks[] = {
    { "version", version_of_response },
    { "issuer", issuer_of_response },
    { "issue-instant", instant_of_response },
    { "destination", destination },
    { "in-response-to", response_to },
    { NULL, NULL },
};

static gboolean run(const struct sp_check *check, const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    for (; check->name != NULL; check++) {
        if (check->ok(seen, want, error)) continue;
        g_prefix_error(error, "%s: ", check->name);
        return FALSE;
    }
    return TRUE;
}

gboolean sp_checks_run(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    return run(sp_checks, seen, want, error);
}

gboolean sp_checks_no_context(const struct sp_seen *seen, const struct sp_want *want, GError **error)
{
    if (!run(response_checks, seen, want, error)) return FALSE;
    gboolean asked = want->contexts != NULL && want->contexts[0] != NULL;
    if (asked) g_set_error(error, SP_ERROR, SP_ERROR_CONTEXT, "no-context: the IdP cannot log in as it was asked");
    else g_set_error(error, SP_ERROR, SP_ERROR_REFUSED, "status: NoAuthnContext, though none was asked for");
    return FALSE;
}
