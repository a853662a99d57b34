/* How a file names a key in a PKCS#11 token: ca/token.h. */
#include <string.h>

#include "ca/token.h"

static void a_key_is_named_for_the_engine_and_for_people(void)
{
    static const struct {
        const char *text, *uri, *where;
    } cases[] = {
        { "pkcs11:token=Inkan;object=client", "pkcs11:token=Inkan;object=client;type=private", "key object 'client' in token 'Inkan'" },
        { "pkcs11:object=a;type=private;token=T", "pkcs11:object=a;type=private;token=T", "key object 'a' in token 'T'" },
        { "pkcs11:serial=4f%20a;id=%01%ff", "pkcs11:serial=4f%20a;id=%01%ff;type=private", "key id '%01%ff' in serial '4f a'" },
        { "pkcs11:token=T;manufacturer=M;object=o;id=%02", "pkcs11:token=T;manufacturer=M;object=o;id=%02;type=private",
          "key object 'o', id '%02' in token 'T', manufacturer 'M'" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaTokenUri) uri = ca_token_uri_read(cases[i].text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(uri->uri, ==, cases[i].uri);
        g_assert_cmpstr(uri->where, ==, cases[i].where);
    }
}

static void what_is_no_such_name_is_refused_and_never_repeated(void)
{
    static const char *const cases[] = {
        "", "pkcs11", "pkcs11:", "PKCS11:token=T;object=secret", "/secret/key.pem", "pkcs11:token=T", "pkcs11:object=secret",
        "pkcs11:token=T;object=secret;", "pkcs11:token=T;token=T;object=secret", "pkcs11:token=T;object=", "pkcs11:token;object=secret",
        "pkcs11:token=T;object=secret;type=public", "pkcs11:token=T;object=secret;slot-id=3", "pkcs11:token=T;object=secret\n",
        "pkcs11:token=T;object=secret?pin-value=secret", "pkcs11:token=T;object=secret%", "pkcs11:token=T;object=secret%zz",
        "pkcs11:token=secret;id=%1", "pkcs11:token=secret;id=%zz", "pkcs11:token=T;object=secret%ff",
        "pkcs11:token=T;object=a b", "pkcs11:token=T;object=secret%00", "pkcs11:token=T;object=s\xc3\xa9" "cret",
        "pkcs11:token=T;object=secret;pin-value=secret", "pkcs11:token=T;object=secret;module-path=/secret.so",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CaTokenUri) uri = ca_token_uri_read(cases[i], &error);
        if (uri)
            g_test_message("taken: %s", cases[i]);
        g_assert_null(uri);
        g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
        g_assert_null(strstr(error->message, "secret"));
    }
}

static void one_that_is_too_long_is_refused(void)
{
    g_autofree char *name = g_strnfill(1100, 'a'), *text = g_strconcat("pkcs11:token=T;object=", name, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_null(ca_token_uri_read(text, &error));
    g_assert_error(error, CA_ERROR, CA_ERROR_BROKEN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/token/a key is named for the engine and for people", a_key_is_named_for_the_engine_and_for_people);
    g_test_add_func("/token/what is no such name is refused and never repeated", what_is_no_such_name_is_refused_and_never_repeated);
    g_test_add_func("/token/one that is too long is refused", one_that_is_too_long_is_refused);
    return g_test_run();
}
