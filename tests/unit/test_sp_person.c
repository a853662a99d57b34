/*
 * From attributes to a person: identifiers by rule, scopes, names, mail addresses, and what is told when something is missing.
 */
#include <glib.h>
#include <libxml/parser.h>
#include <string.h>

#include "sp/attributes.h"
#include "sp/error.h"
#include "sp/person.h"
#include "sp/service.h"
#include "sp/xml.h"

#define IDP "https://idp.example.ac.jp/idp"
#define SP "https://portal.example.ac.jp/saml/metadata"

static const char *const scopes[] = { "example.ac.jp", NULL };
static const char *const regexps[] = { "^[a-z]+\\.example\\.ac\\.jp$", "(((a+)+)+)+$", "(broken", NULL };

static struct sp_person_rule rule_of(const char *identifier)
{
    return (struct sp_person_rule){ identifier, SP, scopes, regexps };
}

/* An identity with attributes given as "name=value|name=value"; a value with '<' is XML. */
static SpIdentity *identity_of(const char *attributes)
{
    g_autoptr(GString) xml = g_string_new("<saml:Assertion xmlns:saml='" SP_NS_ASSERTION "'><saml:AttributeStatement>");
    g_auto(GStrv) pairs = g_strsplit(attributes, "|", -1);
    for (char **pair = pairs; *pair != NULL && **pair != '\0'; pair++) {
        g_auto(GStrv) sides = g_strsplit(*pair, "=", 2);
        const struct sp_attribute_known *known = sp_attribute_find(sides[0]);
        g_autofree char *value = strchr(sides[1], '<') != NULL ? g_strdup(sides[1]) : g_markup_escape_text(sides[1], -1);
        g_string_append_printf(xml, "<saml:Attribute Name='%s'><saml:AttributeValue>%s</saml:AttributeValue></saml:Attribute>",
                               known != NULL ? known->oid : sides[0], value);
    }
    g_string_append(xml, "</saml:AttributeStatement></saml:Assertion>");
    g_autoptr(GError) error = NULL;
    g_autoptr(SpXml) doc = xmlReadMemory(xml->str, (int)xml->len, NULL, NULL, XML_PARSE_NONET);
    SpIdentity *identity = g_new0(SpIdentity, 1);
    identity->idp = g_strdup(IDP);
    identity->name_id = g_strdup("");
    identity->name_id_format = g_strdup("");
    identity->name_qualifier = g_strdup("");
    identity->sp_name_qualifier = g_strdup("");
    identity->attributes = sp_attributes_read(xmlDocGetRootElement(doc), IDP, SP, &error);
    g_assert_no_error(error);
    return identity;
}

static SpPerson *person_of(const char *identifier, const char *attributes, GError **error)
{
    const struct sp_person_rule rule = rule_of(identifier);
    g_autoptr(SpIdentity) identity = identity_of(attributes);
    return sp_person_new(identity, &rule, error);
}

#define REST "mail=a@example.ac.jp|displayName=Hanako Kagami"

static void the_identifier_follows_the_rule(void)
{
    static const struct { const char *rule, *attributes, *identifier; } cases[] = {
        { "subject-id", "subject-id=Hanako@Example.ac.jp|" REST, "hanako@example.ac.jp" },
        { "pairwise-id", "pairwise-id=ABC123=@example.ac.jp|" REST, "abc123=@example.ac.jp" },
        { "eduPersonPrincipalName", "eduPersonPrincipalName=hanako@lab.example.ac.jp|" REST, "hanako@lab.example.ac.jp" },
        { "eduPersonTargetedID", "eduPersonTargetedID=<saml:NameID Format='" SP_FORMAT_PERSISTENT "'>aB1=</saml:NameID>|" REST,
          "aB1=" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SpPerson) person = person_of(cases[i].rule, cases[i].attributes, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(person->identifier, ==, cases[i].identifier);
    }
}

static void another_identifier_than_the_rule_s_does_not_count(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(person_of("subject-id", "eduPersonPrincipalName=hanako@example.ac.jp|" REST, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_MISSING);
    g_assert_cmpstr(error->message, ==, "subject-id: the attribute (urn:oasis:names:tc:SAML:attribute:subject-id) is not sent");
}

static char *by_name_id(const char *format, const char *qualifier, const char *sp_qualifier)
{
    const struct sp_person_rule rule = rule_of("persistent");
    g_autoptr(SpIdentity) identity = identity_of(REST);
    g_free(identity->name_id);
    identity->name_id = g_strdup("Zq1x=");
    g_free(identity->name_id_format);
    identity->name_id_format = g_strdup(format);
    g_free(identity->name_qualifier);
    identity->name_qualifier = g_strdup(qualifier);
    g_free(identity->sp_name_qualifier);
    identity->sp_name_qualifier = g_strdup(sp_qualifier);
    g_autoptr(SpPerson) person = sp_person_new(identity, &rule, NULL);
    return person != NULL ? g_strdup(person->identifier) : NULL;
}

static void a_persistent_name_id_is_ours_and_the_idp_s(void)
{
    static const struct { const char *format, *qualifier, *sp_qualifier, *identifier; } cases[] = {
        { SP_FORMAT_PERSISTENT, "", "", "Zq1x=" }, { SP_FORMAT_PERSISTENT, IDP, SP, "Zq1x=" },
        { SP_FORMAT_PERSISTENT, "https://other.example/", SP, NULL },
            { SP_FORMAT_PERSISTENT, IDP, "https://other.example/", NULL },
        { "urn:oasis:names:tc:SAML:2.0:nameid-format:transient", IDP, SP, NULL }, { "", "", "", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *identifier = by_name_id(cases[i].format, cases[i].qualifier, cases[i].sp_qualifier);
        g_assert_cmpstr(identifier, ==, cases[i].identifier);
    }
}

static void scopes_match_whole_or_not(void)
{
    static const struct { const char *scope; gboolean ok; } cases[] = {
        { "example.ac.jp", TRUE }, { "EXAMPLE.ac.jp", TRUE }, { "lab.example.ac.jp", TRUE }, { "", FALSE }, { "ac.jp", FALSE },
        { "evilexample.ac.jp", FALSE }, { "example.ac.jp.evil", FALSE }, { "lab.example.ac.jp.evil", FALSE },
        { "a.b.example.ac.jp", FALSE }, { "lab.example.ac.jp\n", FALSE }, { "lab.example-ac.jp", FALSE },
            { "evil\nlab.example.ac.jp", FALSE },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) g_assert_true(sp_scope_ok(cases[i].scope, scopes, regexps) == cases[i].ok);
    g_assert_false(sp_scope_ok("example.ac.jp", NULL, NULL));
}

/* A pattern of the metadata that backtracks without end costs a bounded time and matches nothing. */
/* Patterns come from the metadata of thousands of IdPs: none of them may hold a process. */
static void a_slow_pattern_ends(void)
{
    static const char *const bombs[] = { "(((a+)+)+)+$", "(a|aa)+$", "(a*)*b", "(?:a?){400}a{400}", "((((a{1,90}){1,90}){1,90}){1,90})b",
                                         "(?R)?a", "a{65535}{65535}{65535}", "(a(?1)?)+b", NULL };
    g_autofree char *text = g_strnfill(100000, 'a');
    text[99999] = '!';
    gint64 start = g_get_monotonic_time();
    g_assert_false(sp_scope_ok(text, scopes, regexps));
    g_assert_false(sp_scope_ok(text, NULL, bombs));
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_USEC_PER_SEC);
}

static void a_pattern_has_512_bytes_at_most(void)
{
    g_autofree char *fits = g_strnfill(512, 'a'), *text = g_strnfill(513, 'a');
    const char *const patterns[] = { fits, NULL }, *const longer[] = { text, NULL };
    g_assert_true(sp_scope_ok(fits, NULL, patterns));
    g_assert_false(sp_scope_ok(text, NULL, longer));
}

/* A pattern is about the whole scope, also one that tries to end the brackets around it. */
static void a_pattern_cannot_leave_its_anchors(void)
{
    static const char *const patterns[] = { "x)|(?:.*", "kagami|minato", "^kagami$|^minato$", "a\\.jp\n", "(?m)^b\\.jp$", NULL };
    static const char *const bad[] = { "evil.example", "kagami.evil", "evil.minato", "xkagami", "a.jp\nx", "x\nb.jp\ny", "b.jp\n", NULL };
    static const char *const good[] = { "kagami", "minato", "MINATO", "b.jp", NULL };
    for (int i = 0; bad[i] != NULL; i++) g_assert_false(sp_scope_ok(bad[i], NULL, patterns));
    for (int i = 0; good[i] != NULL; i++) g_assert_true(sp_scope_ok(good[i], NULL, patterns));
}

static void names_are_taken_from_what_is_there(void)
{
    static const struct { const char *attributes, *display, *ja, *common; } cases[] = {
        { "displayName=Hanako Kagami", "Hanako Kagami", "", "Hanako Kagami" },
        { "displayName=Hanako  Kagami |jaDisplayName=鏡 花子", "Hanako Kagami", "鏡 花子", "Hanako Kagami" },
        { "displayName=鏡 花子|givenName=Hanako|sn=Kagami", "Hanako Kagami", "鏡 花子", "Hanako Kagami" },
        { "displayName=鏡 花子", "鏡 花子", "鏡 花子", NULL },
        { "displayName=鏡 花子|displayName=Hanako Kagami", "Hanako Kagami", "鏡 花子", "Hanako Kagami" },
        { "jaDisplayName=鏡 花子", "鏡 花子", "鏡 花子", NULL },
        { "givenName=Hanako|sn=Kagami", "Hanako Kagami", "", "Hanako Kagami" },
        { "givenName=Hanako|sn=Kagami|displayName=José García", "Hanako Kagami", "José García", "Hanako Kagami" },
        { "displayName=1234567890123456789012345678901234567890123456789012345678901234",
          "1234567890123456789012345678901234567890123456789012345678901234", "",
          "1234567890123456789012345678901234567890123456789012345678901234" },
        { "displayName=12345678901234567890123456789012345678901234567890123456789012345",
          "12345678901234567890123456789012345678901234567890123456789012345", "", NULL },
        { "displayName=evil\xe2\x80\xaename|givenName=Hanako|sn=Kagami", "Hanako Kagami", "", "Hanako Kagami" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *all = g_strconcat("subject-id=a@example.ac.jp|mail=a@example.ac.jp|", cases[i].attributes, NULL);
        g_autoptr(SpPerson) person = person_of("subject-id", all, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(person->display_name, ==, cases[i].display);
        g_assert_cmpstr(person->display_name_ja, ==, cases[i].ja);
        g_assert_cmpstr(person->common_name, ==, cases[i].common);
    }
}

static void half_a_name_is_none(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(person_of("subject-id", "subject-id=a@example.ac.jp|mail=a@example.ac.jp|sn=Kagami", &error));
    g_assert_cmpstr(error->message, ==, "displayName: the attribute (urn:oid:2.16.840.1.113730.3.1.241) is not sent");
}

static void mail_addresses_have_a_shape(void)
{
    g_autofree char *local64 = g_strnfill(64, 'a'), *local65 = g_strnfill(65, 'a');
    g_autofree char *ok64 = g_strconcat(local64, "@example.jp", NULL), *bad65 = g_strconcat(local65, "@example.jp", NULL);
    const char *const good[] = { "a@b.jp", "a.b+c_d-e@sub.example.ac.jp", "dots..here.@docomo.example",
                                 "A!#$%&'*/=?^`{|}~@x.y", ok64, NULL };
    const char *const bad[] = { "", "a", "@", "a@", "@b.jp", "a@b", "a@@b.jp", "a@b@c.jp", "a b@c.jp", "a@b .jp", "a@b.jp\n",
                                "\na@b.jp",
                                "a@b..jp", "a@.b.jp", "a@b.jp.", "a@-b.jp", "a@b-.jp", "a@b_c.jp", "\"a\"@b.jp", "a,b@c.jp",
                                    "a;b@c.jp", "<a@b.jp>",
                                "a(x)@b.jp", "a\\b@c.jp", "日@b.jp", "a@日.jp", "a@[127.0.0.1]", "a@b.jp\x7f", "a\x01@b.jp",
                                    bad65, NULL };
    for (int i = 0; good[i] != NULL; i++) g_assert_true(sp_mail_ok(good[i]));
    for (int i = 0; bad[i] != NULL; i++) g_assert_false(sp_mail_ok(bad[i]));
}

static void a_mail_address_has_254_bytes_at_most(void)
{
    for (int total = 254; total <= 255; total++) {
        g_autofree char *label = g_strnfill(60, 'd'), *last = g_strnfill((gsize)(total - 2 - 4 * 61), 'e');
        g_autofree char *mail = g_strdup_printf("a@%s.%s.%s.%s.%s", label, label, label, label, last);
        g_assert_cmpint(strlen(mail), ==, total);
        g_assert_true(sp_mail_ok(mail) == (total == 254));
    }
}

static void usable_values_are_kept_and_the_others_left_out(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpPerson) person = person_of("subject-id",
        "subject-id=a@example.ac.jp|displayName=A|mail=Bad Address|mail=One@EXAMPLE.ac.jp|mail=One@example.ac.jp|"
        "mail=two@example.ac.jp|"
        "eduPersonScopedAffiliation=faculty@example.ac.jp|eduPersonScopedAffiliation=staff@other.ac.jp|"
        "eduPersonScopedAffiliation=member|"
        "eduPersonEntitlement=urn:x:officer|eduPersonAssurance=https://refeds.org/assurance|o=Kagami University|ou=Physics|"
        "jaOrganizationName=鏡大学|jaOrganizationalUnitName=物理学科", &error);
    g_assert_no_error(error);
    const struct { char **list; const char *joined; } lists[] = {
        { person->mails, "One@example.ac.jp two@example.ac.jp" }, { person->affiliations, "faculty@example.ac.jp" },
        { person->entitlements, "urn:x:officer" }, { person->assurances, "https://refeds.org/assurance" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *joined = g_strjoinv(" ", lists[i].list);
        g_assert_cmpstr(joined, ==, lists[i].joined);
    }
    g_assert_cmpstr(person->organization, ==, "Kagami University");
    g_assert_cmpstr(person->organization_ja, ==, "鏡大学");
    g_assert_cmpstr(person->unit, ==, "Physics");
    g_assert_cmpstr(person->unit_ja, ==, "物理学科");
}

static const struct sp_need *need(const GArray *needs, const char *name)
{
    for (guint i = 0; i < needs->len; i++)
        if (strcmp(g_array_index(needs, struct sp_need, i).name, name) == 0) return &g_array_index(needs, struct sp_need, i);
    g_error("no row for %s", name);
}

static void a_page_can_show_sent_against_needed(void)
{
    const struct sp_person_rule rule = rule_of("eduPersonPrincipalName");
    g_autoptr(SpIdentity) identity = identity_of("eduPersonPrincipalName=a@other.ac.jp|mail=no address|givenName=Hanako");
    g_autoptr(GArray) needs = sp_person_needs(identity, &rule);
    const struct { const char *name; gboolean required; enum sp_need_state state; const char *reason; } rows[] = {
        { "eduPersonPrincipalName", TRUE, SP_NEED_REFUSED, "scope" }, { "mail", TRUE, SP_NEED_REFUSED, "shape" },
        { "displayName", TRUE, SP_NEED_MISSING, "" }, { "givenName", TRUE, SP_NEED_GOOD, "" },
            { "o", FALSE, SP_NEED_MISSING, "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct sp_need *row = need(needs, rows[i].name);
        g_assert_true(row->required == rows[i].required);
        g_assert_cmpint(row->state, ==, rows[i].state);
        g_assert_cmpstr(row->reason, ==, rows[i].reason);
        g_assert_true(g_str_has_prefix(row->oid, "urn:oid:"));
    }
    g_autoptr(SpIdentity) named = identity_of("displayName=Hanako");
    g_autoptr(GArray) better = sp_person_needs(named, &rule);
    g_assert_false(need(better, "givenName")->required);
}

static void each_value_is_judged_by_itself(void)
{
    const struct sp_person_rule rule = rule_of("subject-id");
    g_autofree char *a254 = g_strnfill(254, 'a'), *long_mail = g_strconcat(a254, "@b.jp", NULL);
    g_autofree char *a1024 = g_strnfill(1024, 'a'), *long_id = g_strconcat(a1024, "@example.ac.jp", NULL);
    const struct { const char *name, *value, *reason; } cases[] = {
        { "subject-id", "hanako@example.ac.jp", "" }, { "subject-id", "hanako@other.ac.jp", "scope" },
        { "subject-id", "hanako", "shape" },          { "subject-id", long_id, "long" },
        { "subject-id", "a@other.ac.jp@example.ac.jp", "shape" }, { "eduPersonPrincipalName", "a@example.ac.jp@other.ac.jp", "shape" },
        { "mail", "hanako@anywhere.example", "" },    { "mail", "no address", "shape" },
        { "mail", long_mail, "long" },                { "displayName", "Hanako", "" },
        { "displayName", "evil\xe2\x80\xaename", "shape" }, { "urn:x:unknown", "anything", "" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpstr(sp_person_judge(cases[i].name, cases[i].value, &rule), ==, cases[i].reason);
}

static void an_attribute_without_a_value_for_us_is_told_from_one_that_was_not_sent(void)
{
    const struct sp_person_rule rule = rule_of("eduPersonTargetedID");
    g_autoptr(SpIdentity) other = identity_of("mail=|eduPersonTargetedID=<saml:NameID "
        "Format='urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' SPNameQualifier='https://another.example'>x</saml:NameID>");
    g_autoptr(GArray) needs = sp_person_needs(other, &rule);
    g_assert_cmpstr(need(needs, "eduPersonTargetedID")->reason, ==, "empty");
    g_assert_cmpint(need(needs, "eduPersonTargetedID")->state, ==, SP_NEED_REFUSED);
    g_assert_cmpstr(need(needs, "mail")->reason, ==, "empty");
    g_assert_cmpint(need(needs, "displayName")->state, ==, SP_NEED_MISSING);
}

static void what_may_be_seen_over_a_shoulder_is_little(void)
{
    static const struct { const char *name, *value, *mask; } cases[] = {
        { "subject-id", "hanako@example.ac.jp", "ha…@example.ac.jp" },
        { "subject-id", "hana@example.ac.jp", "…@example.ac.jp" }, /* half of a short one would be too much */
        { "subject-id", "a@b@example.ac.jp", "…@example.ac.jp" },
        { "pairwise-id", "8a7f6b5c4d@example.ac.jp", "8a…@example.ac.jp" },
        { "eduPersonPrincipalName", "no-scope", "no…" },
        { "eduPersonTargetedID", "c0ffee00", "c0f…" },
        { "NameID (persistent)", "abc", "…" },
        { "mail", "hanako@example.ac.jp", "h…@example.ac.jp" },
        { "mail", "ab@example.ac.jp", "…@example.ac.jp" },
        { "mail", "鏡花子さん", "鏡…" },
        { "mail", "", "…" },
        { "displayName", "Hanako Kagami", NULL },
        { "eduPersonEntitlement", "urn:x:officer", NULL },
        { "urn:x:unknown", "anything", NULL },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *mask = sp_person_mask(cases[i].name, cases[i].value);
        g_assert_cmpstr(mask, ==, cases[i].mask);
    }
}

static void an_identity_can_be_explained_again_from_what_was_kept(void)
{
    static const char *const mails[] = { "a@example.ac.jp", "b@example.ac.jp", NULL }, *const other[] = { "v", NULL };
    const struct sp_person_rule rule = rule_of("persistent");
    g_autoptr(SpIdentity) identity = sp_identity_kept(IDP, "opaque", SP_FORMAT_PERSISTENT);
    sp_identity_add(identity, "mail", mails);
    sp_identity_add(identity, "urn:x:unknown", other);
    g_autoptr(GArray) needs = sp_person_needs(identity, &rule);
    g_assert_cmpint(need(needs, "NameID (persistent)")->state, ==, SP_NEED_GOOD);
    g_assert_cmpint(need(needs, "mail")->state, ==, SP_NEED_GOOD);
    g_assert_true(sp_identity_has(identity, "mail") && !sp_identity_has(identity, "sn"));
    g_autofree char *json = sp_identity_json(identity);
    g_assert_cmpstr(json, ==, "{\"mail\":[\"a@example.ac.jp\",\"b@example.ac.jp\"],\"urn:x:unknown\":[\"v\"]}");
}

static void json_is_escaped_and_has_each_name_once(void)
{
    g_autoptr(SpIdentity) identity = identity_of("mail=a@example.ac.jp|mail=b@example.ac.jp|"
        "displayName=Q \"x\" \\ \x7f y|urn:x:unknown=鏡|mail=c@example.ac.jp");
    g_autofree char *json = sp_identity_json(identity);
    g_assert_cmpstr(json, ==, "{\"mail\":[\"a@example.ac.jp\",\"b@example.ac.jp\",\"c@example.ac.jp\"],"
                              "\"displayName\":[\"Q \\\"x\\\" \\\\ \\u007f y\"],\"urn:x:unknown\":[\"鏡\"]}");
}

static void known_attributes_are_found_by_both_names(void)
{
    for (const struct sp_attribute_known *known = sp_attributes_known; known->name != NULL; known++) {
        g_assert_true(sp_attribute_find(known->name) == known);
        g_assert_true(sp_attribute_find(known->oid) == known);
    }
    g_assert_cmpstr(sp_attribute_find("urn:oid:1.3.6.1.4.1.32264.1.1.3")->name, ==, "jaDisplayName");
    g_assert_cmpstr(sp_attribute_find("urn:oid:1.3.6.1.4.1.32264.1.1.4")->name, ==, "jaOrganizationName");
    g_assert_cmpstr(sp_attribute_find("urn:oid:1.3.6.1.4.1.32264.1.1.5")->name, ==, "jaOrganizationalUnitName");
    g_assert_null(sp_attribute_find("urn:oid:1.2.3"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(sp_start(NULL));
    g_test_add_func("/person/the identifier follows the rule", the_identifier_follows_the_rule);
    g_test_add_func("/person/another identifier than the rule's does not count",
                    another_identifier_than_the_rule_s_does_not_count);
    g_test_add_func("/person/a persistent NameID is ours and the IdP's", a_persistent_name_id_is_ours_and_the_idp_s);
    g_test_add_func("/person/scopes match whole or not", scopes_match_whole_or_not);
    g_test_add_func("/person/a slow pattern ends", a_slow_pattern_ends);
    g_test_add_func("/person/a pattern has 512 bytes at most", a_pattern_has_512_bytes_at_most);
    g_test_add_func("/person/a pattern cannot leave its anchors", a_pattern_cannot_leave_its_anchors);
    g_test_add_func("/person/names are taken from what is there", names_are_taken_from_what_is_there);
    g_test_add_func("/person/half a name is none", half_a_name_is_none);
    g_test_add_func("/person/mail addresses have a shape", mail_addresses_have_a_shape);
    g_test_add_func("/person/a mail address has 254 bytes at most", a_mail_address_has_254_bytes_at_most);
    g_test_add_func("/person/usable values are kept, the others left out", usable_values_are_kept_and_the_others_left_out);
    g_test_add_func("/person/a page can show sent against needed", a_page_can_show_sent_against_needed);
    g_test_add_func("/person/each value is judged by itself", each_value_is_judged_by_itself);
    g_test_add_func("/person/an attribute without a value for us is told from one that was not sent",
                    an_attribute_without_a_value_for_us_is_told_from_one_that_was_not_sent);
    g_test_add_func("/person/what may be seen over a shoulder is little", what_may_be_seen_over_a_shoulder_is_little);
    g_test_add_func("/person/an identity can be explained again from what was kept",
                    an_identity_can_be_explained_again_from_what_was_kept);
    g_test_add_func("/person/JSON is escaped and has each name once", json_is_escaped_and_has_each_name_once);
    g_test_add_func("/person/known attributes are found by both names", known_attributes_are_found_by_both_names);
    return g_test_run();
}
