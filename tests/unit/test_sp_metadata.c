/*
 * Federation metadata: aggregates of tests/hostile/make_metadata.py are refused by the check they are named after or give so
 * many IdPs; what is read of an IdP; one entity alone, by MDQ and by hand.
 */
#include "sp/keys.h"
#include "tests/unit/metadata_fixture.h"
#include "tests/unit/sp_fixture.h"

#define MONTH (30 * 86400)
#define NOW FIXTURE_NOW

static char *pem;

static GBytes *aggregate(const char *name)
{
    g_autofree char *path = g_build_filename("aggregates", name, NULL);
    size_t n = 0;
    char *text = fixture_read(path, &n);
    return g_bytes_new_take(text, n);
}

static struct sp_metadata_want want_of(enum sp_metadata_kind kind)
{
    return (struct sp_metadata_want){ .kind = kind, .certificates = pem, .now = NOW, .longest = MONTH };
}

static MetadataFound *read_aggregate(const char *name, GError **error)
{
    g_autoptr(GBytes) bytes = aggregate(name);
    const struct sp_metadata_want want = want_of(SP_METADATA_AGGREGATE);
    return metadata_find(bytes, &want, error);
}

static MetadataFound *read_by_hand(const char *text, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    const struct sp_metadata_want want = { .kind = SP_METADATA_BY_HAND, .now = NOW };
    return metadata_find(bytes, &want, error);
}

/* --- aggregates ----------------------------------------------------------------------------------------------------------- */

static void aggregate_is_judged(gconstpointer data)
{
    char *const *line = data; /* file, verdict, check, count, skipped */
    g_autoptr(GError) error = NULL;
    g_autoptr(MetadataFound) found = read_aggregate(line[0], &error);
    if (strcmp(line[1], "passes") == 0) {
        g_assert_no_error(error);
        for (guint i = 0; i < found->skipped->len; i++) g_test_message("%s", (char *)found->skipped->pdata[i]);
        g_assert_cmpint(found->idps->len, ==, g_ascii_strtoll(line[3], NULL, 10));
        g_assert_cmpint(found->skipped->len, ==, g_ascii_strtoll(line[4], NULL, 10));
        g_assert_cmpint(found->head.valid_until, ==, 1796083200); /* 2026-12-01 */
        return;
    }
    g_assert_null(found);
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_test_message("%s", error->message);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, line[2]);
}

static void an_idp_is_read_whole(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MetadataFound) found = read_aggregate("ok--comments-and-cdata-added.xml", &error);
    g_assert_no_error(error);
    const DbIdp *idp = g_ptr_array_index(found->idps, 0);
    g_assert_cmpstr(idp->entity_id, ==, "https://idp1.example.ac.jp/idp");
    g_assert_cmpstr(idp->name_en, ==, "University 1");
    g_assert_cmpstr(idp->name_ja, ==, "第1大学");
    g_assert_cmpstr(idp->keywords, ==, "physics high energy");
    g_assert_cmpstr(idp->logo, ==, "https://idp1.example.ac.jp/logo.png");
    g_assert_cmpstr(idp->scopes[0], ==, "u1.ac.jp");
    g_assert_cmpstr(idp->contact_name, ==, "Taro Suzuki");
    g_assert_cmpstr(idp->contact_mail, ==, "admin@u1.ac.jp");
    g_assert_true(idp->slo);
    g_assert_false(idp->hidden);
    g_assert_nonnull(strstr(idp->search, "u1.ac.jp"));
    g_assert_null(strstr(idp->xml, "<!--"));
    g_assert_null(strstr(idp->xml, "CDATA"));
    g_assert_cmpint(idp->valid_until, ==, 0); /* it ends with the whole */
}

/* What is stored stands alone: all namespaces declared, usable for a login. */
static void a_stored_descriptor_stands_alone(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MetadataFound) found = read_aggregate("ok--nested.xml", &error);
    const DbIdp *idp = g_ptr_array_index(found->idps, 2);
    g_assert_cmpint(idp->valid_until, ==, 1795996800); /* of the group that it stands in: 2026-11-30 */
    g_autoptr(MetadataFound) again = read_by_hand(idp->xml, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(((DbIdp *)g_ptr_array_index(again->idps, 0))->name_ja, ==, "第3大学");
}

static void an_idp_without_names_gets_its_organizations_or_host(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = fixture_read("idp.xml", NULL);
    g_autoptr(MetadataFound) found = read_by_hand(xml, &error);
    g_assert_no_error(error);
    const DbIdp *idp = g_ptr_array_index(found->idps, 0);
    g_assert_cmpstr(idp->name_en, ==, "idp.example.ac.jp");
    g_assert_cmpstr(idp->name_ja, ==, "idp.example.ac.jp");
    g_assert_cmpstr(idp->scope_regexps[0], ==, "^.+\\.example\\.ac\\.jp$");
    g_assert_cmpint(found->head.valid_until, ==, G_MAXINT64);
}

static void a_wrong_file_by_hand_is_told_in_words(void)
{
    static const struct { const char *text, *words; } cases[] = {
        { "not xml", "xml: not well-formed" },
        { "<x/>", "metadata: the file is no EntityDescriptor" },
        { "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='https://x.example/'/>",
          "metadata: it is no IdP that speaks SAML 2.0 (IDPSSODescriptor)" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(read_by_hand(cases[i].text, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
        g_assert_cmpstr(error->message, ==, cases[i].words);
    }
}

static void several_pinned_certificates_may_be_given(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *other = fixture_read("foreign.crt", NULL), *both = g_strconcat(other, pem, NULL);
    g_autoptr(GBytes) bytes = aggregate("ok--two.xml");
    struct sp_metadata_want want = want_of(SP_METADATA_AGGREGATE);
    want.certificates = both;
    g_autoptr(MetadataFound) found = metadata_find(bytes, &want, &error);
    g_assert_no_error(error);
    g_assert_cmpint(found->idps->len, ==, 2);
    want.certificates = other;
    g_assert_null(metadata_find(bytes, &want, NULL));
    want.certificates = "no PEM";
    g_assert_null(metadata_find(bytes, &want, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
}

/* --- one entity (MDQ) ----------------------------------------------------------------------------------------------------- */

static MetadataFound *read_entity(const char *file, const char *entity_id, GError **error)
{
    g_autoptr(GBytes) bytes = aggregate(file);
    struct sp_metadata_want want = want_of(SP_METADATA_ENTITY);
    want.entity_id = entity_id;
    return metadata_find(bytes, &want, error);
}

static void an_answer_is_the_entity_that_was_asked_for(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MetadataFound) found = read_entity("ok--one-entity.xml", "https://idp1.example.ac.jp/idp", &error);
    g_assert_no_error(error);
    g_assert_cmpint(found->idps->len, ==, 1);
    g_assert_cmpint(found->head.cache, ==, 6 * 3600);
    g_assert_null(read_entity("ok--one-entity.xml", "https://idp2.example.ac.jp/idp", &error));
    g_assert_cmpstr(error->message, ==, "entity: not the one that was asked for");
    g_clear_error(&error);
    g_assert_null(read_entity("ok--two.xml", "https://idp1.example.ac.jp/idp", &error));
    g_assert_cmpstr(error->message, ==, "structure: not one EntityDescriptor");
    g_clear_error(&error);
    g_assert_null(read_entity("unsigned--only-an-entity-is-signed.xml", "https://idp1.example.ac.jp/idp", &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
}

static void a_duration_is_read_as_xml_schema_has_it(void)
{
    static const struct { const char *text; gint64 seconds; } cases[] = {
        { "PT6H", 21600 }, { "P1D", 86400 }, { "P1DT1M", 86460 }, { "PT1H30M5.5S", 5405 }, { "P1M", 2629746 }, { "P0D", 0 },
        { "-P1D", 0 }, { "", 0 }, { "P", 0 }, { "6H", 0 }, { "PT6X", 0 }, { "P1H", 0 }, { "PTH", 0 }, { "P1D1D", 0 }, { "PT1M1H", 0 },
        { "PT99999999999999999999S", 100000 }, { "P1Y2M3DT4H5M6S", 31556952 + 2 * 2629746 + 3 * 86400 + 4 * 3600 + 306 },
    };
    g_autofree char *xml = fixture_read("idp.xml", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *with = g_strdup_printf(" cacheDuration=\"%s\" entityID=", cases[i].text);
        g_auto(GStrv) parts = g_strsplit(xml, " entityID=", 2);
        g_autofree char *text = g_strjoinv(with, parts);
        g_autoptr(MetadataFound) found = read_by_hand(text, &error);
        g_assert_no_error(error);
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(found->head.cache, ==, cases[i].seconds);
    }
}

static GPtrArray *add_aggregates(void)
{
    g_autofree char *text = fixture_read("expected-metadata", NULL);
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (char **one = all; *one != NULL && **one != '\0'; one++) {
        char **line = g_strsplit(*one, "\t", -1);
        g_autofree char *stem = g_strndup(line[0], strlen(line[0]) - 4);
        g_autofree char *name = g_strdup_printf("/metadata/aggregate %s %s", line[1], g_strdelimit(stem, "-.", ' '));
        g_ptr_array_add(lines, line);
        g_test_add_data_func(name, line, aggregate_is_judged);
    }
    return lines;
}

int main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    const char *make[] = { "/usr/bin/python3", "tests/hostile/make_metadata.py", fixture_folder, NULL };
    fixture_run(make);
    g_assert_true(sp_start(NULL));
    pem = fixture_read("federation.crt", NULL);
    GPtrArray *lines = add_aggregates();
    g_test_add_func("/metadata/an IdP is read whole", an_idp_is_read_whole);
    g_test_add_func("/metadata/a stored descriptor stands alone", a_stored_descriptor_stands_alone);
    g_test_add_func("/metadata/an IdP without names gets its host's", an_idp_without_names_gets_its_organizations_or_host);
    g_test_add_func("/metadata/a wrong file by hand is told in words", a_wrong_file_by_hand_is_told_in_words);
    g_test_add_func("/metadata/several pinned certificates may be given", several_pinned_certificates_may_be_given);
    g_test_add_func("/metadata/an answer is the entity that was asked for", an_answer_is_the_entity_that_was_asked_for);
    g_test_add_func("/metadata/a duration is read as XML Schema has it", a_duration_is_read_as_xml_schema_has_it);
    int status = g_test_run();
    g_ptr_array_unref(lines);
    g_free(pem);
    return fixture_end(status);
}
