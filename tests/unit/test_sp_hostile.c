/*
 * Every message that tests/hostile/make.py makes: the hostile ones are refused by exactly the check they are named after, the
 * benign ones pass and their values are read as sent; in this process and in a confined child alike.
 */
#include "sp/attributes.h"
#include "sp/carry.h"
#include "sp/checks.h"
#include "sp/opener.h"
#include "sp/person.h"
#include "sp/request.h"
#include "tests/unit/sp_fixture.h"

struct line {
    char *file, *verdict, *check, *values, *klass;
};

static SpService *service;
static SpOpener *opener;
static SpRequest *request;
static char *idp_xml;
static GPtrArray *lines;

/* Both ways; what the confined child found is returned. */
static SpIdentity *verify_twice(const char *base64, const struct sp_want *want, GError **error)
{
    g_autoptr(GError) here = NULL, confined = NULL;
    g_autoptr(SpIdentity) direct = sp_response_verify(service, base64, strlen(base64), want, &here);
    SpIdentity *identity = sp_opener_response(opener, base64, strlen(base64), want, &confined);
    g_assert_cmpstr(here != NULL ? here->message : "", ==, confined != NULL ? confined->message : "");
    if (direct != NULL && identity != NULL) {
        g_autoptr(GBytes) one = sp_carry_identity(direct), other = sp_carry_identity(identity);
        g_assert_true(g_bytes_equal(one, other));
        g_assert_cmpstr(direct->saml, ==, identity->saml);
    }
    if (confined != NULL) g_propagate_error(error, g_steal_pointer(&confined));
    return identity;
}

static SpIdentity *verify(const char *file, GError **error)
{
    g_autofree char *path = g_build_filename("messages", file, NULL);
    size_t n = 0;
    g_autofree char *bytes = fixture_read(path, &n);
    g_autofree char *base64 = g_str_has_suffix(file, ".b64") ? g_strdup(bytes) : g_base64_encode((guchar *)bytes, n);
    static const char *const asked[] = {
        "https://refeds.org/profile/mfa", "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI", NULL,
    };
    const struct sp_want want = {
        .idp = FIXTURE_IDP, .idp_xml = idp_xml, .request_id = request->request_id, .saml = request->saml,
        .now = FIXTURE_NOW, .skew = SP_SKEW, .contexts = strstr(file, "context") != NULL ? asked : NULL,
    };
    return verify_twice(base64, &want, error);
}

static SpPerson *person_of(const SpIdentity *identity, GError **error)
{
    static const char *const scopes[] = { "example.ac.jp", NULL };
    static const char *const regexps[] = { "^.+\\.example\\.ac\\.jp$", NULL };
    const struct sp_person_rule rule = { "eduPersonPrincipalName", FIXTURE_SP, scopes, regexps };
    return sp_person_new(identity, &rule, error);
}

static void values_are_as_sent(const SpIdentity *identity, const char *values)
{
    g_auto(GStrv) pairs = g_strsplit(values, "|", -1);
    for (char **pair = pairs; *pair != NULL; pair++) {
        g_auto(GStrv) sides = g_strsplit(*pair, "=", 2);
        g_autofree char *joined = g_strjoinv(",", (char **)sp_identity_values(identity, sides[0]));
        g_assert_cmpstr(joined, ==, sides[1]);
    }
}

static void passes(gconstpointer data)
{
    const struct line *line = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) identity = verify(line->file, &error);
    g_assert_no_error(error);
    if (identity == NULL) return;
    g_assert_cmpstr(identity->idp, ==, FIXTURE_IDP);
    g_assert_cmpstr(identity->assertion_id, ==, "_assertion1");
    g_assert_cmpstr(identity->session_index, ==, "_session1");
    values_are_as_sent(identity, line->values);
    g_autoptr(SpPerson) person = person_of(identity, &error);
    g_assert_no_error(error);
    g_assert_nonnull(person);
}

static void is_refused_as(const struct line *line, enum sp_error code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) identity = verify(line->file, &error);
    g_assert_null(identity);
    g_assert_error(error, SP_ERROR, (gint)code);
    if (error == NULL) return;
    g_test_message("%s", error->message);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, line->check);
}

static void is_refused(gconstpointer data)
{
    is_refused_as(data, SP_ERROR_REFUSED);
}

static void is_explained(gconstpointer data)
{
    is_refused_as(data, SP_ERROR_CONTEXT);
}

static void misses_an_attribute(gconstpointer data)
{
    const struct line *line = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(SpIdentity) identity = verify(line->file, &error);
    g_assert_no_error(error);
    if (identity == NULL) return;
    g_autoptr(SpPerson) person = person_of(identity, &error);
    g_assert_null(person);
    g_assert_error(error, SP_ERROR, SP_ERROR_MISSING);
    if (error == NULL) return;
    g_test_message("%s", error->message);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, line->check);
}

/* Each row of the table of checks has at least one hostile message of its name. */
static void every_check_has_its_message(void)
{
    for (const struct sp_check *check = sp_checks; check->name != NULL; check++) {
        gboolean found = FALSE;
        for (guint i = 0; i < lines->len && !found; i++)
            found = strcmp(((struct line *)g_ptr_array_index(lines, i))->check, check->name) == 0;
        if (!found) g_error("no hostile message for the check '%s'", check->name);
    }
}

static int count_class(const char *klass)
{
    int n = 0;
    for (guint i = 0; i < lines->len; i++) {
        const struct line *line = g_ptr_array_index(lines, i);
        n += strcmp(line->verdict, "passes") != 0 && strcmp(line->klass, klass) == 0;
    }
    return n;
}

/* README.md is what a reviewer reads instead of the messages (`make.py index` makes its table). */
static void the_index_counts_what_is_there(void)
{
    g_autofree char *text = NULL;
    int hostile = 0, benign = 0;
    g_autoptr(GHashTable) classes = g_hash_table_new(g_str_hash, g_str_equal);
    g_assert_true(g_file_get_contents("tests/hostile/README.md", &text, NULL, NULL));
    for (guint i = 0; i < lines->len; i++) {
        const struct line *line = g_ptr_array_index(lines, i);
        if (strcmp(line->verdict, "passes") == 0) {
            benign++;
            continue;
        }
        hostile++;
        g_hash_table_add(classes, line->klass);
        g_autofree char *row = g_strdup_printf("\n| %s | %d | ", line->klass, count_class(line->klass));
        if (strstr(text, row) == NULL) g_error("tests/hostile/README.md has no row '%s'", row + 1);
    }
    g_autofree char *sum = g_strdup_printf("%d hostile messages in %u classes, %d benign", hostile, g_hash_table_size(classes),
                                           benign);
    if (strstr(text, sum) == NULL) g_error("tests/hostile/README.md does not say '%s'", sum);
    g_assert_true(hostile >= 200 && g_hash_table_size(classes) >= 20 && benign >= 30);
}

static void line_free(gpointer data)
{
    struct line *line = data;
    g_free(line->file);
    g_free(line->verdict);
    g_free(line->check);
    g_free(line->values);
    g_free(line->klass);
    g_free(line);
}

static void read_lines(void)
{
    g_autofree char *text = fixture_read("expected", NULL);
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    lines = g_ptr_array_new_with_free_func(line_free);
    for (char **one = all; *one != NULL && **one != '\0'; one++) {
        g_auto(GStrv) part = g_strsplit(*one, "\t", -1);
        g_assert_cmpint(g_strv_length(part), ==, 5);
        struct line *line = g_new0(struct line, 1);
        line->file = g_strdup(part[0]);
        line->verdict = g_strdup(part[1]);
        line->check = g_strdup(part[2]);
        line->values = g_strdup(part[3]);
        line->klass = g_strdup(part[4]);
        g_ptr_array_add(lines, line);
    }
}

static void add_line(gpointer data, gpointer unused)
{
    static const struct { const char *verdict; void (*run)(gconstpointer); } verdicts[] = {
        { "passes", passes }, { "refused", is_refused }, { "missing", misses_an_attribute },
        { "explained", is_explained },
    };
    struct line *line = data;
    g_autofree char *stem = g_strndup(line->file, strlen(line->file) - 4);
    g_autofree char *name = g_strdup_printf("/response/%s %s", line->verdict, g_strdelimit(stem, "-.", ' '));
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(verdicts); i++)
        if (strcmp(verdicts[i].verdict, line->verdict) == 0) g_test_add_data_func(name, line, verdicts[i].run);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    fixture_start(&argc, &argv);
    g_test_set_nonfatal_assertions(); /* one failing message does not hide the others */
    service = fixture_service();
    idp_xml = fixture_read("idp.xml", NULL);
    opener = sp_opener_spawn(service, &error);
    g_assert_no_error(error);
    request = sp_request_new(service, FIXTURE_IDP, idp_xml, "state", SP_NAME_ID_ANY, &error);
    g_assert_no_error(error);
    fixture_make("messages", request->request_id);
    read_lines();
    g_ptr_array_foreach(lines, add_line, NULL);
    g_test_add_func("/response/every check has its hostile message", every_check_has_its_message);
    g_test_add_func("/response/the index counts what is there", the_index_counts_what_is_there);
    int status = g_test_run();
    g_ptr_array_unref(lines);
    g_free(idp_xml);
    sp_request_free(request);
    sp_opener_free(opener);
    sp_service_free(service);
    return fixture_end(status);
}
