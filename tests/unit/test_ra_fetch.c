/* Which addresses are of this network, so that nothing that a stranger wrote makes the worker knock there. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "ra/error.h"
#include "ra/fetch.h"

static gboolean
inside(const char *text)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return ra_fetch_is_inside((const struct sockaddr *)&v4);
    g_assert_cmpint(inet_pton(AF_INET6, text, &v6.sin6_addr), ==, 1);
    return ra_fetch_is_inside((const struct sockaddr *)&v6);
}

static void
addresses_inside_are_known(void)
{
    static const char *const all[] = {
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255",
        "192.168.0.1", "192.168.255.255", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "198.18.0.1",
        "198.19.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1",
        "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378::1", "100::1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_test_message("%s", all[i]);
        g_assert_true(inside(all[i]));
    }
}

static void
addresses_outside_are_let_through(void)
{
    static const char *const all[] = {
        "8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:db9::1", "2400:4000::1", "2606:4700::1111",
        "64:ff9b::808:808", "2002:808:808::1",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        g_test_message("%s", all[i]);
        g_assert_false(inside(all[i]));
    }
}

static void
another_family_is_inside(void)
{
    const struct sockaddr_un local = { .sun_family = AF_UNIX, .sun_path = "/run/x" };
    g_assert_true(ra_fetch_is_inside((const struct sockaddr *)&local));
}

static void
a_stranger_cannot_name_an_address_inside(void)
{
    static const char *const urls[] = { "https://127.0.0.1:1/x", "https://localhost:1/x", "https://[::1]:1/x", "https://0x7f.1:1/",
                                        "https://2130706433:1/", "https://[::ffff:7f00:1]:1/" };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_test_message("%s", urls[i]);
        g_assert_null(ra_fetch(&(struct ra_fetch){ .url = urls[i], .most = 1000, .seconds = 5 }, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
        g_assert_nonnull(strstr(error->message, "inside this network"));
    }
}

static void
only_https_is_fetched(void)
{
    static const char *const urls[] = { "http://127.0.0.1:1/x", "file:///etc/hostname", "ftp://127.0.0.1/", "", "//x/y", "gopher://x/" };
    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(ra_fetch(&(struct ra_fetch){ .url = urls[i], .most = 1000, .seconds = 5, .inside = TRUE }, &error));
        g_assert_error(error, RA_ERROR, RA_ERROR_INPUT);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fetch/addresses inside are known", addresses_inside_are_known);
    g_test_add_func("/fetch/addresses outside are let through", addresses_outside_are_let_through);
    g_test_add_func("/fetch/another family is inside", another_family_is_inside);
    g_test_add_func("/fetch/a stranger cannot name an address inside", a_stranger_cannot_name_an_address_inside);
    g_test_add_func("/fetch/only https is fetched", only_https_is_fetched);
    return g_test_run();
}
