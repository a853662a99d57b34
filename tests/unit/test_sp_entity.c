/* What discovery takes from an EntityDescriptor: the logo that fits a list best, and everything that one may search for. */
#include "sp/entity.h"
#include "tests/unit/sp_fixture.h"

static char *certificate; /* base64 */

static DbIdp *
entity(const char *ui, const char *more)
{
    g_autofree char *text = g_strdup_printf(
        "<md:EntityDescriptor xmlns:md='urn:oasis:names:tc:SAML:2.0:metadata' xmlns:ds='http://www.w3.org/2000/09/xmldsig#'"
        " xmlns:mdui='urn:oasis:names:tc:SAML:metadata:ui' xmlns:shibmd='urn:mace:shibboleth:metadata:1.0'"
        " entityID='https://idp.example.ac.jp/idp'><md:IDPSSODescriptor"
        " protocolSupportEnumeration='urn:oasis:names:tc:SAML:2.0:protocol'><md:Extensions><mdui:UIInfo>%s</mdui:UIInfo>%s"
        "</md:Extensions><md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'"
        " Location='https://idp.example.ac.jp/sso'/></md:IDPSSODescriptor></md:EntityDescriptor>",
        ui, more, certificate);
    const char *why = NULL;
    xmlDoc *doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
    g_assert_nonnull(doc);
    DbIdp *idp = sp_entity_read(xmlDocGetRootElement(doc), FIXTURE_NOW + 1000, FIXTURE_NOW, &why);
    if (!idp)
        g_error("%s", why);
    xmlFreeDoc(doc);
    return idp;
}

static void
logo_is(const char *ui, const char *wanted)
{
    g_autoptr(DbIdp) idp = entity(ui, "");
    g_assert_cmpstr(idp->logo, ==, wanted);
}

#define LOGO(w, h, rest, url) "<mdui:Logo width='" w "' height='" h "'" rest ">" url "</mdui:Logo>"

static void
the_logo_that_fits_a_list_is_chosen(void)
{
    logo_is(LOGO("16", "16", "", "https://x.example/icon.png") LOGO("80", "60", "", "https://x.example/good.png")
                LOGO("1000", "800", "", "https://x.example/large.png"), "https://x.example/good.png");
    logo_is(LOGO("600", "60", "", "https://x.example/wide.png") LOGO("120", "80", "", "https://x.example/good.png"), "https://x.example/good.png");
    logo_is(LOGO("20", "60", "", "https://x.example/tall.png") LOGO("64", "64", "", "https://x.example/good.png"), "https://x.example/good.png");
    logo_is(LOGO("x", "-3", "", "https://x.example/odd.png") LOGO("64", "64", "", "https://x.example/good.png"), "https://x.example/good.png");
    logo_is(LOGO("16", "16", "", "https://x.example/only.png"), "https://x.example/only.png");
    logo_is("<mdui:Logo>https://x.example/plain.png</mdui:Logo>", "https://x.example/plain.png");
    logo_is("", "");
}

static void
each_language_may_have_its_own(void)
{
    logo_is(LOGO("80", "60", " xml:lang='ja'", "https://x.example/ja.png") LOGO("80", "60", " xml:lang='en'", "https://x.example/en.png"),
            "https://x.example/ja.png https://x.example/en.png");
    logo_is(LOGO("80", "60", " xml:lang='ja'", "https://x.example/ja.png") LOGO("80", "60", "", "https://x.example/any.png"),
            "https://x.example/ja.png https://x.example/any.png");
    logo_is(LOGO("80", "60", " xml:lang='fr'", "https://x.example/fr.png"), "https://x.example/fr.png");
}

static void
only_what_we_would_fetch_counts(void)
{
    static const char *const bad[] = { "http://x.example/a.png", "ftp://x.example/a.png", "javascript:alert(1)", "data:text/html;base64,AAAA",
                                       "https://x.example/a b.png", "https://x.example/a&quot;.png", "https://x.example/a&lt;.png", "" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *ui = g_strconcat("<mdui:Logo width='64' height='64'>", bad[i], "</mdui:Logo>", NULL);
        g_test_message("%s", bad[i]);
        logo_is(ui, "");
    }
    logo_is(LOGO("64", "64", "", " data:image/png;base64,AA\n  AA\n BB== "), "data:image/png;base64,AAAABB==");
    g_autofree char *much = g_strnfill(SP_ENTITY_LOGO_LONGEST, 'A');
    g_autofree char *long_one = g_strconcat("<mdui:Logo width='64' height='64'>data:image/png;base64,", much, "</mdui:Logo>", NULL);
    logo_is(long_one, "");
}

static void
names_readings_and_domains_are_searched(void)
{
    g_autoptr(DbIdp) idp = entity(
        "<mdui:DisplayName xml:lang='en'>Kagami University</mdui:DisplayName><mdui:DisplayName xml:lang='ja'>鏡大学</mdui:DisplayName>"
        "<mdui:DisplayName xml:lang='fr'>Université Kagami</mdui:DisplayName>"
        "<mdui:Keywords xml:lang='ja'>カガミダイガク 鏡大</mdui:Keywords>",
        "<shibmd:Scope regexp='false'>kagami-u.ac.jp</shibmd:Scope>"
        "<mdui:DiscoHints><mdui:DomainHint>mirror.example</mdui:DomainHint></mdui:DiscoHints>");
    static const char *const parts[] = { "| kagami university ", "| 鏡大学 ", "| universite kagami ", " かがみだいがく ", " 鏡大 ", " kagamidaigaku",
                                         " kagami-u.ac.jp ", " idp.example.ac.jp ", " mirror.example" };
    g_test_message("%s", idp->search);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(idp->search, parts[i]));
}

static void
a_name_is_what_it_seems(void)
{
    g_autoptr(DbIdp) idp = entity("<mdui:DisplayName xml:lang='en'>Kag\u202eama\u2066 \u200bUni\ufeffversity</mdui:DisplayName>"
                                  "<mdui:DisplayName xml:lang='ja'>می\u200cخواهم</mdui:DisplayName>", "");
    g_assert_cmpstr(idp->name_en, ==, "Kagama University");
    g_assert_cmpstr(idp->name_ja, ==, "می\u200cخواهم"); /* a letter less without it */
}

int
main(int argc, char **argv)
{
    fixture_start(&argc, &argv);
    g_autofree char *pem = fixture_read("idp.crt", NULL);
    g_auto(GStrv) lines = g_strsplit(pem, "\n", -1);
    g_autoptr(GString) body = g_string_new(NULL);
    for (char **line = lines; *line; line++)
        if (**line != '-')
            g_string_append(body, *line);
    certificate = body->str;
    g_test_add_func("/entity/the logo that fits a list is chosen", the_logo_that_fits_a_list_is_chosen);
    g_test_add_func("/entity/each language may have its own", each_language_may_have_its_own);
    g_test_add_func("/entity/only what we would fetch counts", only_what_we_would_fetch_counts);
    g_test_add_func("/entity/names, readings and domains are searched", names_readings_and_domains_are_searched);
    g_test_add_func("/entity/a name is what it seems", a_name_is_what_it_seems);
    return fixture_end(g_test_run());
}
