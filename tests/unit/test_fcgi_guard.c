/* CSRF tokens, form keys, and what failures mean to people. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "db/db.h"
#include "fcgi/errors.h"
#include "fcgi/guard.h"
#include "fcgi/ocsp_path.h"
#include "ra/error.h"
#include "sp/error.h"

static Portal portal;
static Settings *settings;
static RaContext ra;

/* A settings file with what must be given, and a secret. */
static void
make_portal(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(folder, "inkan.conf", NULL), *secret = g_build_filename(folder, "secret", NULL);
    g_autoptr(Secret) line = keyring_new_line(0);
    const char *text = "[service]\nurl = https://localhost:8443\nclient_url = https://localhost:8444\n"
                       "publish_url = http://localhost:8445\nsecret_file = x\n"
                       "[saml]\nentity_id = e\nsigning_key = k\nsigning_certificate = c\ndecryption_key = k\n"
                       "decryption_certificate = c\n[mail]\nfrom = a@b.example\nmessage_domain = b.example\n"
                       "[signer]\npassphrase_file = p\n";
    g_assert_true(g_file_set_contents(file, text, -1, &error));
    g_assert_true(g_file_set_contents_full(secret, secret_text(line), -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
    settings = settings_load(file, &error);
    g_assert_no_error(error);
    ra.keyring = keyring_load(secret, &error);
    g_assert_no_error(error);
    portal = (Portal){ .settings = settings, .ra = &ra };
    g_unlink(file);
    g_unlink(secret);
}

/* One request of a browser: with a session of PERSON (0: none) whose id is ID, with COOKIES and the form BODY. */
static void
arrive(Exchange *x, HttpRequest *in, gint64 number, const char *id, const char *cookies, const char *body)
{
    memset(in, 0, sizeof *in);
    in->cookies = g_strdup(cookies);
    *x = (Exchange){ .portal = &portal, .in = in };
    http_response_init(&x->out);
    if (number) {
        x->session = g_new0(DbSession, 1);
        x->session->person = number;
        x->session_hash = crypto_sha256(id, strlen(id));
    }
    x->form = body ? form_parse(body, strlen(body)) : NULL;
}

static void
leave(Exchange *x, HttpRequest *in)
{
    exchange_clear(x);
    http_request_clear(in);
}

static char *
token_of(gint64 person, const char *id, const char *cookies)
{
    Exchange x;
    HttpRequest in;
    arrive(&x, &in, person, id, cookies, NULL);
    char *token = guard_csrf(&x);
    leave(&x, &in);
    return token;
}

static gboolean
passes(gint64 person, const char *id, const char *cookies, const char *token)
{
    Exchange x;
    HttpRequest in;
    g_autofree char *body = token ? g_strconcat("csrf=", token, NULL) : g_strdup("a=b");
    arrive(&x, &in, person, id, cookies, body);
    gboolean ok = guard_csrf_ok(&x);
    leave(&x, &in);
    return ok;
}

static void
a_token_is_its_session_s(void)
{
    g_autofree char *mine = token_of(1, "session a", ""), *next = token_of(1, "session b", "");
    g_assert_true(passes(1, "session a", "", mine));
    g_assert_false(passes(1, "session b", "", mine));
    g_assert_true(passes(1, "session b", "", next));
    g_assert_false(passes(0, NULL, "", mine));
    static const char *const made_up[] = { NULL, "", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
    for (gsize i = 0; i < G_N_ELEMENTS(made_up); i++)
        g_assert_false(passes(1, "session a", "", made_up[i]));
}

static void
without_a_session_it_is_the_browser_s(void)
{
    const char *one = "__Host-inkan-guest=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const char *other = "__Host-inkan-guest=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";
    g_autofree char *mine = token_of(0, NULL, one);
    g_assert_true(passes(0, NULL, one, mine));
    g_assert_false(passes(0, NULL, other, mine));
    g_assert_false(passes(0, NULL, "", mine));
    /* Whoever can plant a cookie still cannot make the token to it. */
    g_assert_false(passes(0, NULL, one, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
    /* And a browser without the cookie gets one. */
    Exchange x;
    HttpRequest in;
    arrive(&x, &in, 0, NULL, "", NULL);
    g_autofree char *token = guard_csrf(&x);
    g_assert_nonnull(strstr(x.out.headers->str, "Set-Cookie: __Host-inkan-guest="));
    leave(&x, &in);
}

static gboolean
key_fits(gint64 person, const char *act, const char *key)
{
    Exchange x;
    HttpRequest in;
    g_autofree char *body = g_strconcat("form_key=", key, NULL);
    arrive(&x, &in, person, "id", "", body);
    g_autoptr(GBytes) hash = guard_form_hash(&x, act);
    leave(&x, &in);
    return hash != NULL;
}

static void
a_form_key_is_its_person_s_and_its_act_s(void)
{
    Exchange x;
    HttpRequest in;
    arrive(&x, &in, 7, "id", "", NULL);
    g_autofree char *key = guard_form_key(&x, "renew:31"), *another = guard_form_key(&x, "renew:31");
    leave(&x, &in);
    g_assert_cmpstr(key, !=, another);
    g_assert_true(key_fits(7, "renew:31", key));
    g_assert_false(key_fits(8, "renew:31", key));
    g_assert_false(key_fits(7, "renew:3", key));
    g_assert_false(key_fits(7, "revoke:31", key));
    g_assert_false(key_fits(7, "renew:31", ""));
    g_assert_false(key_fits(7, "renew:31", "AAAA"));
    key[3] = key[3] == 'A' ? 'B' : 'A';
    g_assert_false(key_fits(7, "renew:31", key));
}

/* --- errors --- */

static void
every_failure_has_a_status_and_none_is_bare(void)
{
    static const struct { GQuark (*domain)(void); gint code; const char *message; int status; const char *why; } rows[] = {
        { ra_error_quark, RA_ERROR_NOT_FOUND, "request", 404, "missing" },
        { ra_error_quark, RA_ERROR_REFUSED, "cap", 422, NULL },
        { ra_error_quark, RA_ERROR_CONFLICT, "state", 409, NULL },
        { ra_error_quark, RA_ERROR_INPUT, "memo", 400, NULL },
        { ra_error_quark, RA_ERROR_DOWN, "database: away", 503, "down" },
        { ra_error_quark, RA_ERROR_DOWN, "signer: away", 503, "signer" },
        { ra_error_quark, RA_ERROR_BROKEN, "x", 500, "broken" },
        { db_error_quark, DB_ERROR_DOWN, "x", 503, "down" },
        { sp_error_quark, SP_ERROR_REFUSED, "audience: x", 403, "forbidden" },
        { g_markup_error_quark, 0, "of nobody's", 500, "broken" },
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_error_new_literal(rows[i].domain(), rows[i].code, rows[i].message);
        const struct errors_answer *answer = errors_answer(error);
        g_assert_cmpint(answer->status, ==, rows[i].status);
        g_assert_cmpstr(answer->why, ==, rows[i].why);
        g_assert_cmpint(answer->ours, ==, answer->status >= 500);
    }
    for (int code = RA_ERROR_NOT_FOUND; code <= RA_ERROR_BROKEN; code++) {
        g_autoptr(GError) error = g_error_new_literal(RA_ERROR, code, "x");
        g_assert_cmpint(errors_answer(error)->status == 500, ==, code == RA_ERROR_BROKEN);
    }
}

/* --- /ocsp/BASE64 --- */

static void
an_ocsp_path_is_read_as_clients_send_it(void)
{
    static const char *const good[] = { "+/+/MAA=", "%2B%2F%2b%2fMAA%3D", "+/+/MAA", "%2B/%2B/MAA=" };
    static const guchar bytes[] = { 0xfb, 0xff, 0xbf, 0x30, 0x00 };
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GBytes) der = ocsp_path_decode(good[i]);
        g_assert_nonnull(der);
        g_assert_cmpmem(g_bytes_get_data(der, NULL), g_bytes_get_size(der), bytes, sizeof bytes);
    }
    static const char *const bad[] = { "", "=", "A", "AAAAA", "AA=A", "AAAA=", "A===", "AA*A", "%zz", "%00", "AAAA AAAA", "-_-_" };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(ocsp_path_decode(bad[i]));
}

static void
an_ocsp_path_is_bounded(void)
{
    g_autofree guchar *bytes = g_malloc0(OCSP_REQUEST_LONGEST + 1);
    g_autofree char *most = g_base64_encode(bytes, OCSP_REQUEST_LONGEST), *over = g_base64_encode(bytes, OCSP_REQUEST_LONGEST + 1);
    g_autoptr(GBytes) whole = ocsp_path_decode(most);
    g_assert_cmpuint(g_bytes_get_size(whole), ==, OCSP_REQUEST_LONGEST);
    g_assert_null(ocsp_path_decode(over));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("inkan-guard-XXXXXX", &error);
    g_assert_no_error(error);
    crypto_start();
    make_portal(folder);
    g_test_add_func("/csrf/a token is its session's", a_token_is_its_session_s);
    g_test_add_func("/csrf/without a session it is the browser's", without_a_session_it_is_the_browser_s);
    g_test_add_func("/form key/is its person's and its act's", a_form_key_is_its_person_s_and_its_act_s);
    g_test_add_func("/errors/every failure has a status and none is bare", every_failure_has_a_status_and_none_is_bare);
    g_test_add_func("/ocsp path/is read as clients send it", an_ocsp_path_is_read_as_clients_send_it);
    g_test_add_func("/ocsp path/is bounded", an_ocsp_path_is_bounded);
    int status = g_test_run();
    keyring_free(ra.keyring);
    settings_free(settings);
    g_rmdir(folder);
    return status;
}
