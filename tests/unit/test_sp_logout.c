/*
 * Single logout: messages of tests/hostile/make_logout.py are refused by the check they are named after or pass; what we send
 * is signed with SHA-256 and says what it should.
 */
#include "sp/carry.h"
#include "sp/keys.h"
#include "sp/logout.h"
#include "sp/opener.h"
#include "sp/query.h"
#include "sp/request.h"
#include "sp/signature.h"
#include "tests/unit/sp_fixture.h"

static SpService *service;
static SpOpener *opener;
static char *idp_xml;

/* In this process, and in a confined child: with the same result. */
static SpLogoutMessage *verify(const struct sp_logout_input *input, const struct sp_logout_want *want, GError **error)
{
    g_autoptr(GError) confined = NULL, here = NULL;
    g_autofree char *issuer = sp_logout_issuer(input, &here), *there = sp_opener_logout_issuer(opener, input, &confined);
    g_autoptr(SpLogoutMessage) direct = issuer != NULL ? sp_logout_verify(service, input, want, &here) : NULL;
    SpLogoutMessage *message = there != NULL ? sp_opener_logout(opener, input, want, &confined) : NULL;
    g_assert_cmpstr(issuer, ==, there);
    g_assert_cmpstr(here != NULL ? here->message : "", ==, confined != NULL ? confined->message : "");
    if (direct != NULL && message != NULL) {
        g_autoptr(GBytes) one = sp_carry_message(direct), other = sp_carry_message(message);
        g_assert_true(g_bytes_equal(one, other));
    }
    if (confined != NULL) g_propagate_error(error, g_steal_pointer(&confined));
    return message;
}

static SpLogoutMessage *arrive(const char *file, GError **error)
{
    g_autofree char *path = g_build_filename("logout", file, NULL), *text = fixture_read(path, NULL);
    struct sp_logout_input input = { 0 };
    if (g_str_has_suffix(file, ".query")) input.query = text;
    else if (g_str_has_suffix(file, ".request")) input.saml_request = text;
    else input.saml_response = text;
    if (input.query == NULL) input.relay_state = "state";
    const struct sp_logout_want want = { FIXTURE_IDP, idp_xml, "_ours", FIXTURE_NOW, SP_SKEW };
    return verify(&input, &want, error);
}

static void message_is_judged(gconstpointer data)
{
    char *const *line = data; /* file, verdict, check */
    g_autoptr(GError) error = NULL;
    g_autoptr(SpLogoutMessage) message = arrive(line[0], &error);
    if (strcmp(line[1], "passes") == 0) {
        g_assert_no_error(error);
        g_assert_cmpstr(message->issuer, ==, FIXTURE_IDP);
        if (message->request) g_assert_cmpstr(message->name_id, ==, "_f1e2");
        else g_assert_true(message->success);
        return;
    }
    g_assert_null(message);
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_test_message("%s", error->message);
    g_autofree char *check = sp_error_check(error);
    g_assert_cmpstr(check, ==, line[2]);
}

static SpLogoutMessage *good(const char *file)
{
    g_autoptr(GError) error = NULL;
    SpLogoutMessage *message = arrive(file, &error);
    g_assert_no_error(error);
    return message;
}

/* What we put into a redirect: signed by our key with SHA-256. The XML is the caller's. */
static char *redirected(const char *url, const char *location, char **relay_state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *start = g_strconcat(location, "?", NULL), *pem = fixture_read("sp-signing.crt", NULL);
    g_assert_true(g_str_has_prefix(url, start));
    g_autoptr(SpQuery) query = sp_query_read(url + strlen(start), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(query->algorithm, ==, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256");
    g_autoptr(GPtrArray) keys = sp_keys_of_pem(pem, &error);
    g_assert_nonnull(sp_signature_verify_bytes(query->algorithm, query->octets, strlen(query->octets),
                                               (guchar *)query->signature, query->signature_n, keys, &error));
    g_assert_no_error(error);
    if (relay_state != NULL) *relay_state = g_steal_pointer(&query->relay_state);
    return g_steal_pointer(&query->xml);
}

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) g_error("'%s' is not in: %s", part, text);
}

static void a_request_is_read_with_its_sessions(void)
{
    g_autoptr(SpLogoutMessage) two = good("ok--two-session-indexes.query");
    g_assert_cmpstr(two->session_indexes[0], ==, "_session1");
    g_assert_cmpstr(two->session_indexes[1], ==, "_session2");
    g_assert_cmpstr(two->relay_state, ==, "state/1");
    g_autoptr(SpLogoutMessage) all = good("ok--no-session-index.query");
    g_assert_null(all->session_indexes[0]);
    g_autoptr(SpLogoutMessage) post = good("ok--post.request");
    g_assert_true(post->post && post->request);
    g_assert_cmpstr(post->session_indexes[0], ==, "_session1");
}

static void answers_success(const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *relay = NULL;
    g_autoptr(SpLogoutMessage) message = good(file);
    g_autoptr(SpLogoutSend) answer = sp_logout_answer(service, message, idp_xml, TRUE, FIXTURE_NOW, &error);
    g_assert_no_error(error);
    g_assert_null(answer->form);
    g_autofree char *xml = redirected(answer->url, "https://idp.example.ac.jp/slo", &relay);
    g_assert_cmpstr(relay, ==, message->relay_state);
    contains(xml, "InResponseTo=\"_logout1\"");
    contains(xml, "Destination=\"https://idp.example.ac.jp/slo\"");
    contains(xml, "IssueInstant=\"2026-11-24T08:00:00Z\"");
    contains(xml, ">" FIXTURE_SP "</");
    contains(xml, "Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"");
}

static void a_request_gets_a_signed_answer(void)
{
    answers_success("ok--redirect.query");
    answers_success("ok--no-session-index.query");
    answers_success("ok--two-session-indexes.query");
    answers_success("ok--post.request");
}

static void what_could_not_be_done_is_not_called_success(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SpLogoutMessage) message = good("ok--redirect.query");
    g_autoptr(SpLogoutSend) answer = sp_logout_answer(service, message, idp_xml, FALSE, FIXTURE_NOW, &error);
    g_assert_no_error(error);
    g_autofree char *xml = redirected(answer->url, "https://idp.example.ac.jp/slo", NULL);
    g_assert_null(strstr(xml, "status:Success"));
    contains(xml, "InResponseTo=\"_logout1\"");
}

static char *without_redirect(void)
{
    g_auto(GStrv) parts = g_strsplit(idp_xml,
                                     "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
                                     "Location=\"https://idp.example.ac.jp/slo\"/>", -1);
    g_assert_cmpint(g_strv_length(parts), ==, 2);
    return g_strjoinv("", parts);
}

static void an_idp_without_redirect_gets_a_signed_form(void)
{
    size_t n = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *only_post = without_redirect();
    g_autoptr(SpLogoutMessage) message = good("ok--post.request");
    g_autoptr(SpLogoutSend) answer = sp_logout_answer(service, message, only_post, TRUE, FIXTURE_NOW, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(answer->url, ==, "https://idp.example.ac.jp/slo");
    g_assert_cmpstr(answer->relay_state, ==, "state");
    g_autofree char *xml = (char *)g_base64_decode(answer->form, &n), *text = g_strndup(xml, n);
    contains(text, "xmldsig-more#rsa-sha256");
    contains(text, "status:Success");
    g_autofree char *path = fixture_path("answer.xml"), *certificate = fixture_path("sp-signing.crt");
    g_file_set_contents(path, text, -1, &error);
    const char *verify[] = { "xmlsec1", "--verify", "--pubkey-cert-pem", certificate, "--id-attr:ID",
                             "urn:oasis:names:tc:SAML:2.0:protocol:LogoutResponse", path, NULL };
    fixture_run(verify); /* somebody else's opinion */
}

/* --- started by us -------------------------------------------------------------------------------------------------------- */

static SpIdentity *log_in(void)
{
    g_autoptr(GError) error = NULL;
    size_t n = 0;
    g_autoptr(SpRequest) request = sp_request_new(service, FIXTURE_IDP, idp_xml, "state", SP_NAME_ID_ANY, &error);
    fixture_make("benign", request->request_id);
    g_autofree char *bytes = fixture_read("messages/ok--both-signed.xml", &n), *base64 = g_base64_encode((guchar *)bytes, n);
    const struct sp_want want = { .idp = FIXTURE_IDP, .idp_xml = idp_xml, .request_id = request->request_id,
                                  .saml = request->saml, .now = FIXTURE_NOW, .skew = SP_SKEW };
    SpIdentity *identity = sp_response_verify(service, base64, strlen(base64), &want, &error);
    g_assert_no_error(error);
    return identity;
}

static void a_login_can_be_logged_out(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *relay = NULL;
    g_autoptr(SpIdentity) identity = log_in();
    g_autoptr(SpService) another = fixture_service(); /* of another process, much later */
    g_autoptr(SpLogoutSend) start = sp_logout_start(another, FIXTURE_IDP, idp_xml, identity->saml, "back", &error);
    g_assert_no_error(error);
    g_assert_cmpint(strlen(identity->saml), <, 2000);
    g_autofree char *xml = redirected(start->url, "https://idp.example.ac.jp/slo", &relay);
    g_assert_cmpstr(relay, ==, "back");
    contains(xml, start->request_id);
    contains(xml, ">_f1e2</");
    contains(xml, ">_session1</");
    contains(xml, "nameid-format:transient");
}

/* An IdP that has only POST gets a form with the signed request. */
static void a_login_can_be_logged_out_by_a_form(void)
{
    size_t n = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *only_post = without_redirect();
    g_autoptr(SpIdentity) identity = log_in();
    g_autoptr(SpLogoutSend) start = sp_logout_start(service, FIXTURE_IDP, only_post, identity->saml, "back", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(start->url, ==, "https://idp.example.ac.jp/slo");
    g_assert_cmpstr(start->field, ==, "SAMLRequest");
    g_assert_cmpstr(start->relay_state, ==, "back");
    g_autofree char *xml = (char *)g_base64_decode(start->form, &n), *text = g_strndup(xml, n);
    contains(text, start->request_id);
    contains(text, "xmldsig-more#rsa-sha256");
    g_autofree char *path = fixture_path("request.xml"), *certificate = fixture_path("sp-signing.crt");
    g_file_set_contents(path, text, -1, &error);
    const char *verify_[] = { "xmlsec1", "--verify", "--pubkey-cert-pem", certificate, "--id-attr:ID",
                              "urn:oasis:names:tc:SAML:2.0:protocol:LogoutRequest", path, NULL };
    fixture_run(verify_);
}

static void where_there_is_no_logout_it_says_so(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *only_post = without_redirect();
    g_auto(GStrv) parts = g_strsplit(only_post, "bindings:HTTP-POST\" Location=\"https://idp.example.ac.jp/slo", -1);
    g_autofree char *neither = g_strjoinv("bindings:SOAP\" Location=\"https://idp.example.ac.jp/slo", parts);
    g_autoptr(SpIdentity) identity = log_in();
    const struct { const char *xml, *saml; } cases[] = {
        { neither, identity->saml }, { idp_xml, "" }, { idp_xml, "<not a session>" }, { idp_xml, "1|a|b||||||" },
        { idp_xml, "1|a|b|%00|||||" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_null(sp_logout_start(service, FIXTURE_IDP, cases[i].xml, cases[i].saml, NULL, &error));
        g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
        g_clear_error(&error);
    }
}

static void an_answer_to_nothing_is_refused(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fixture_read("logout/in-response-to--another.query", NULL);
    const struct sp_logout_input input = { .query = text };
    const struct sp_logout_want want = { FIXTURE_IDP, idp_xml, NULL, FIXTURE_NOW, SP_SKEW };
    g_assert_null(verify(&input, &want, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_REFUSED);
    g_assert_true(g_str_has_prefix(error->message, "in-response-to:"));
}

static void the_issuer_must_be_the_one_of_the_metadata(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fixture_read("logout/ok--redirect.query", NULL), *other = fixture_read("idp2.xml", NULL);
    const struct sp_logout_input input = { .query = text };
    const struct sp_logout_want want = { FIXTURE_IDP, other, NULL, FIXTURE_NOW, SP_SKEW };
    g_assert_null(verify(&input, &want, &error));
    g_assert_error(error, SP_ERROR, SP_ERROR_INPUT);
}

static GPtrArray *add_messages(void)
{
    g_autofree char *text = fixture_read("expected-logout", NULL);
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);
    GPtrArray *lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    for (char **one = all; *one != NULL && **one != '\0'; one++) {
        char **line = g_strsplit(*one, "\t", -1);
        g_autofree char *stem = g_strdelimit(g_strdup(line[0]), "-.", ' ');
        g_autofree char *name = g_strdup_printf("/logout/message %s %s", line[1], stem);
        g_ptr_array_add(lines, line);
        g_test_add_data_func(name, line, message_is_judged);
    }
    return lines;
}

int main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    const char *make[] = { "/usr/bin/python3", "tests/hostile/make_logout.py", fixture_folder, NULL };
    fixture_run(make);
    service = fixture_service();
    idp_xml = fixture_read("idp.xml", NULL);
    g_autoptr(GError) error = NULL;
    opener = sp_opener_spawn(service, &error);
    g_assert_no_error(error);
    GPtrArray *lines = add_messages();
    g_test_add_func("/logout/a request is read with its sessions", a_request_is_read_with_its_sessions);
    g_test_add_func("/logout/a request gets a signed answer", a_request_gets_a_signed_answer);
    g_test_add_func("/logout/what could not be done is not called success", what_could_not_be_done_is_not_called_success);
    g_test_add_func("/logout/an IdP without redirect gets a signed form", an_idp_without_redirect_gets_a_signed_form);
    g_test_add_func("/logout/a login can be logged out", a_login_can_be_logged_out);
    g_test_add_func("/logout/where there is no logout it says so", where_there_is_no_logout_it_says_so);
    g_test_add_func("/logout/a login can be logged out by a form", a_login_can_be_logged_out_by_a_form);
    g_test_add_func("/logout/an answer to nothing is refused", an_answer_to_nothing_is_refused);
    g_test_add_func("/logout/the issuer must be the one of the metadata", the_issuer_must_be_the_one_of_the_metadata);
    int status = g_test_run();
    g_ptr_array_unref(lines);
    g_free(idp_xml);
    sp_opener_free(opener);
    sp_service_free(service);
    return fixture_end(status);
}
