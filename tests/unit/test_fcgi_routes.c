/* The table of routes: what each row demands, and how paths find their row. */
#include <glib.h>
#include <string.h>

#include "fcgi/routes.h"

static const struct route *
find(Exchange *x, enum http_method method, const char *path, guint *allowed)
{
    return routes_find(x, method, path, HTTP_PORT_MAIN, allowed);
}

/* The contract names the exceptions: SAML's own endpoints and OCSP. */
static void
every_post_demands_a_token_but_those_the_contract_names(void)
{
    static const char *const without[] = { "/saml/acs", "/saml/slo", "/ocsp", "/ocsp/", NULL };
    guint posts = 0;
    for (gsize i = 0; i < routes_count; i++) {
        if (routes[i].method != HTTP_POST)
            continue;
        posts++;
        g_assert_cmpint(routes[i].csrf == ROUTE_NO_CSRF, ==, g_strv_contains(without, routes[i].path));
        g_assert_cmpuint(routes[i].body, >, 0);
        /* A file is read only of whom the route admits. */
        g_assert_cmpuint(routes[i].body, <=, routes[i].form == ROUTE_FILE ? 5000000 : 400000);
        g_assert_true(routes[i].form != ROUTE_FILE || routes[i].who == ROUTE_OFFICER);
    }
    g_assert_cmpuint(posts, >, 10);
}

static void
everything_of_a_person_demands_the_login(void)
{
    for (gsize i = 0; i < routes_count; i++)
        if (g_str_has_prefix(routes[i].path, "/certificates") || g_str_has_prefix(routes[i].path, "/account"))
            g_assert_cmpint(routes[i].who, ==, ROUTE_PERSON);
}

static void
a_path_finds_its_row(void)
{
    Exchange x = { 0 };
    guint allowed;
    const struct route *row = find(&x, HTTP_POST, "/certificates/31/revoke", &allowed);
    g_assert_nonnull(row);
    g_assert_cmpstr(row->path, ==, "/certificates/:n/revoke");
    g_assert_cmpint(x.number, ==, 31);
    row = find(&x, HTTP_GET, "/pickup/dG9rZW4_-x", &allowed);
    g_assert_cmpstr(row->path, ==, "/pickup/:t");
    g_assert_cmpstr(x.name, ==, "dG9rZW4_-x");
    row = find(&x, HTTP_GET, "/ocsp/MEUw/Qj+B%2F", &allowed);
    g_assert_cmpstr(row->path, ==, "/ocsp/*");
    g_assert_cmpstr(x.name, ==, "MEUw/Qj+B%2F");
    g_free((char *)x.name);
}

static void
what_is_no_number_and_no_name_is_missing(void)
{
    static const char *const paths[] = { "/certificates/0", "/certificates/01", "/certificates/-1", "/certificates/1x",
                                         "/certificates/1234567890123456789", "/certificates/", "/certificates/1/",
                                         "/pickup/", "/pickup/a.b", "/pickup/a%20", "/crl/../x", "/crl/.crl", "//", "/nothing",
                                         "/certificates/1/nothing", "/static/a/b" };
    Exchange x = { 0 };
    guint allowed;
    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_assert_null(find(&x, HTTP_GET, paths[i], &allowed));
        g_assert_cmpuint(allowed, ==, 0);
    }
    g_free((char *)x.name);
}

static void
a_known_path_says_which_methods_it_has(void)
{
    Exchange x = { 0 };
    guint allowed;
    g_assert_null(find(&x, HTTP_OTHER, "/certificates", &allowed));
    g_assert_cmpuint(allowed, ==, HTTP_GET | HTTP_POST);
    g_assert_null(find(&x, HTTP_GET, "/logout", &allowed));
    g_assert_cmpuint(allowed, ==, HTTP_POST);
    g_assert_null(find(&x, HTTP_POST, "/", &allowed));
    g_assert_cmpuint(allowed, ==, HTTP_GET);
}

static void
each_port_has_its_own_pages(void)
{
    Exchange x = { 0 };
    guint allowed;
    g_assert_true(routes_find(&x, HTTP_GET, "/check", HTTP_PORT_MAIN, &allowed) !=
                  routes_find(&x, HTTP_GET, "/check", HTTP_PORT_CLIENT, &allowed));
    g_assert_nonnull(routes_find(&x, HTTP_GET, "/check", HTTP_PORT_CLIENT, &allowed));
    g_assert_null(routes_find(&x, HTTP_GET, "/certificates", HTTP_PORT_CLIENT, &allowed));
    g_assert_null(routes_find(&x, HTTP_GET, "/certificates", HTTP_PORT_PUBLISH, &allowed));
    g_assert_nonnull(routes_find(&x, HTTP_GET, "/crl/client-0.crl", HTTP_PORT_PUBLISH, &allowed));
    g_free((char *)x.name);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/routes/every POST demands a token but those the contract names",
                    every_post_demands_a_token_but_those_the_contract_names);
    g_test_add_func("/routes/everything of a person demands the login", everything_of_a_person_demands_the_login);
    g_test_add_func("/routes/a path finds its row", a_path_finds_its_row);
    g_test_add_func("/routes/what is no number and no name is missing", what_is_no_number_and_no_name_is_missing);
    g_test_add_func("/routes/a known path says which methods it has", a_known_path_says_which_methods_it_has);
    g_test_add_func("/routes/each port has its own pages", each_port_has_its_own_pages);
    return g_test_run();
}
