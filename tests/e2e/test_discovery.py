#!/usr/bin/python3
"""Choosing the institution: our own page, with 6,000 to choose from too, and the federation's discovery service.
tap: alone
tap: seconds 240"""
import hashlib
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import crowd  # noqa: E402
import discovery_service  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, q  # noqa: E402

demo = client.Demo()
MANY = 6000
WITHIN = 1.5 * (6 if os.environ.get("SANITIZED") == "1" else 1)  # seconds for a search, on a busy machine; by itself 0.05


def quoted(text):
    return urllib.parse.quote(text, safe="")


def choices(page):
    """Entity ids that the page offers, in its order."""
    links = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith("/login?idp=")]
    return [urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["idp"][0] for link in links]


def names(page):
    return [n.text() for n in page.tree.all("span", class_="idp-name")]


def search(words, browser=None, **more):
    query = urllib.parse.urlencode(dict({"q": words}, **more))
    return (browser or Browser(demo, "ja")).get("/discovery?" + query).want(200)


# --- our own page --------------------------------------------------------------------------------------------------------------

def however_typed():
    """an institution is found by its names, their readings and its domain, in any writing"""
    for words in ("kagami", "KAGAMI univ", "Ｋａｇａｍｉ", "かがみ", "カガミ", "ｶｶﾞﾐ", "かがみ大学", "大学 かがみ", "mirror", "kagami.example",
                  "someone@kagami.example", "ｶ"):
        tap.has(choices(search(words)), demo["IDP1"], words)
    for words in ("minato", "みなと", "ミナト　研究所", "port"):
        tap.equal(choices(search(words)), [demo["IDP2"]], words)
    page = search("nobody has this")
    tap.equal(choices(page), [])
    tap.has(page.text(), "nobody has this")


def shape_of_the_page():
    """the page counts what it shows, keeps the words and where one goes, and works by its form alone"""
    page = search("minato")
    tap.has(page.text(), "1機関")
    page = Browser(demo, "en").get("/discovery?q=minato&return=/certificates/7").want(200)
    form = page.form("/discovery")
    tap.equal((form.method, form.fields), ("get", {"q": "minato", "return": "/certificates/7"}))
    tap.equal([urllib.parse.parse_qs(urllib.parse.urlsplit(a["href"]).query)["return"] for a in page.tree.all("a")
               if (a["href"] or "").startswith("/login?idp=")], [["/certificates/7"]])
    tap.has([a["href"] for a in page.tree.all("a")], "/language/ja?return=%2Fdiscovery%3Fq%3Dminato%26return%3D%2Fcertificates%2F7")
    for evil in ("//evil.example", "https://evil.example/", "/\\evil"):
        tap.lacks(Browser(demo, "en").get("/discovery?return=" + quoted(evil)).want(200).text(), "evil")
    tap.equal(Browser(demo).get("/discovery?q=" + "x" * 5000).status, 200)
    tap.equal(Browser(demo).get("/discovery?q=" + quoted("%_\\'\"<b>\u202e")).status, 200)
    status = page.tree.first("p", role="status")
    tap.ok(status is not None and status.text() == "", "what a screen reader hears is said by the script")


def hidden_ones():
    """who asks to be hidden from discovery is not listed, and can be logged in at all the same"""
    demo.owner("update idp set hidden = true where entity_id = %s" % q(demo["IDP2"]))
    try:
        tap.equal(choices(search("minato")), [])
        tap.lacks(choices(Browser(demo).get("/discovery")), demo["IDP2"])
        tap.equal(Browser(demo).get("/login?idp=" + quoted(demo["IDP2"]), follow=False).status, 303)
    finally:
        demo.owner("update idp set hidden = false where entity_id = %s" % q(demo["IDP2"]))
    tap.equal(choices(search("minato")), [demo["IDP2"]])


def without_an_institution():
    """an IdP of the metadata that speaks for no institution of ours is not offered and leads nowhere"""
    demo.owner("update institution_idp set entity_id = 'https://put.aside.example' where entity_id = %s" % q(demo["IDP2"]))
    try:
        tap.equal(choices(search("minato")), [])
        tap.equal(Browser(demo).get("/login?idp=" + quoted(demo["IDP2"]), follow=False).status, 404)
    finally:
        demo.owner("update institution_idp set entity_id = %s where entity_id = 'https://put.aside.example'" % q(demo["IDP2"]))


def earlier_choices():
    """what was chosen here before comes first, the last one on the front page's button"""
    browser = Browser(demo, "en")
    tap.equal([a["href"] for a in browser.get("/").tree.all("a", class_="button main")], ["/login?return=/certificates"])
    for idp in (demo["IDP2"], demo["IDP1"]):
        browser.get("/login?idp=" + quoted(idp), follow=False).want(303)
    page = browser.get("/discovery").want(200)
    tap.equal(choices(page)[:2], [demo["IDP1"], demo["IDP2"]])
    tap.equal(names(page)[:2], ["Continue with Kagami University", "Minato Institute"])
    tap.equal(choices(browser.get("/discovery?q=minato")), [demo["IDP2"]], "a search shows what it finds")
    front = browser.get("/").want(200)
    tap.has(front.text(), "Continue with Kagami University")
    # A cookie that somebody else wrote is no harm.
    for bad in ("!!!", "AAAA", "x" * 1024):
        for name in [n for n in browser.cookies["localhost"] if "idp" in n]:
            browser.cookies["localhost"][name] = (bad, {})
        tap.equal(browser.get("/discovery").status, 200)
        tap.equal(browser.get("/").status, 200)


def logos():
    """logos come from us alone, drawn anew, to be kept for ever; a name that is none is 404"""
    def with_logos():
        page = Browser(demo).get("/discovery").want(200)
        return [i["src"] for i in page.tree.all("img") if (i["src"] or "").startswith("/logo/")]
    sources = tap.until(lambda: (lambda found: found if len(found) == 2 else None)(with_logos()), 40)
    for source in sources:
        answer = Browser(demo).get(source).want(200)
        tap.equal((answer.header("Content-Type"), answer.header("X-Content-Type-Options")), ("image/png", "nosniff"))
        tap.has(answer.header("Cache-Control"), "immutable")
        tap.equal(answer.body[:8], b"\x89PNG\r\n\x1a\n")
        tap.equal(hashlib.sha256(answer.body).hexdigest(), source[6:-4])
    page = Browser(demo).get("/discovery")
    tap.ok(all((i["src"] or "").startswith(("/logo/", "/static/")) for i in page.tree.all("img")))
    tap.has(page.header("Content-Security-Policy"), "img-src 'self';")
    for name in ("0" * 64 + ".png", sources[0][6:-4], sources[0][6:-4] + ".jpg", sources[0][6:-5] + "g.png", "x.png", sources[0][6:].upper(),
                 sources[0][6:] + ".png", "..%2fhealthz", ""):
        tap.equal(Browser(demo).get("/logo/" + name).status, 404, name)


def thousands():
    """6,000 institutions: any is found at once, in Japanese and English, and a page stays small"""
    crowd.add(demo, MANY)
    try:
        for language in ("ja", "en"):
            browser = Browser(demo, language)
            page = browser.get("/discovery").want(200)
            # Other tests' institutions may be there besides.
            found = re.search(r"(\d+)\s*" + ("機関" if language == "ja" else "institutions"), page.text())
            tap.ok(found and MANY + 2 <= int(found.group(1)) < MANY + 100, found and found.group(0))
            tap.equal(len(choices(page)), 100)
            tap.ok(len(page.body) < 120000, "%d bytes" % len(page.body))
            for words in ("北南第", "kitaminami", "きたみなみ", "キタミナミ"):
                tap.has(names(search(words, browser))[0], "北南" if language == "ja" else "Kitaminami", words)
            tap.equal(choices(search("crowd-4321.example", browser)), ["https://crowd-4321.example/idp"])
            tap.equal(choices(search("someone@crowd-77.example", browser))[0], "https://crowd-77.example/idp")
            tap.equal(choices(search("kagami", browser)), [demo["IDP1"]])
            seconds = []
            for words in ("u", "un", "univ", "university", "大", "大学", "きた", "第12", "chuohoshi", "nothing of that kind"):
                began = time.monotonic()
                search(words, browser)
                seconds.append(time.monotonic() - began)
            tap.comment("%s: %s ms" % (language, " ".join("%d" % (s * 1000) for s in seconds)))
            tap.ok(sorted(seconds)[5] < WITHIN, seconds)
    finally:
        crowd.remove(demo)


# --- the federation's service -----------------------------------------------------------------------------------------------------

def at_the_service(browser, start, choice):
    """From START to the service, there by the link CHOICE; the answer of the portal that it leads to."""
    page = browser.get(start)
    tap.ok(page.url.startswith(SERVICE[0].url), page.url)
    link = [a["href"] for a in page.want(200).tree.all("a") if a.text() == choice]
    return browser.get(link[0], follow=False)


SERVICE = []


def what_it_is_told():
    """the service is told who asks and where to come back to, exactly as our metadata says, and nothing else"""
    service = SERVICE[0]
    entity, locations = service.responses()
    for start in ("/login", "/login?return=/certificates/7", "/login?return=/pickup"):
        location = Browser(demo).get(start, follow=False).want(303).location()
        parts = urllib.parse.urlsplit(location)
        tap.equal(location.split("?")[0], service.url)
        tap.equal(urllib.parse.parse_qs(parts.query), {"entityID": [entity], "return": [locations[0]], "returnIDParam": ["idp"]})
    tap.equal(Browser(demo).get("/login").want(200).tree.first("h1").text(), "Where are you from?")


def there_and_back():
    """the choice made there leads to that IdP, and after the login one is where one wanted to go"""
    me = Person(demo)
    number = me.apply("client", 13)
    for start, end in (("/certificates/%d" % number, "/certificates/%d" % number), ("/login?return=/account", "/account"), ("/login", "/certificates")):
        b = Person(demo, login=False)
        answer = at_the_service(b, start, "Kagami")
        tap.ok(answer.want(303).location().startswith(demo["IDP1"].split("/simplesaml")[0]), answer.location())
        tap.equal(b.at_the_idp(b.follow(answer)).path, end)
        # The way was for that login only.
        tap.equal(b.get("/login?idp=" + quoted(demo["IDP1"]), follow=False).status, 303)
    tap.ok(all("certificates" not in a["raw"] and "account" not in a["raw"] for a in SERVICE[0].asked))


def a_pickup_on_the_way():
    """the token of a mailed URL is in no URL of the service, nor in what our browser tells it, and the pickup is reached"""
    me = Person(demo)
    number, _, path = me.ready("client", 13)
    token = path.rsplit("/", 1)[1]
    before = len(SERVICE[0].asked)
    b = Person(demo, login=False)
    answer = at_the_service(b, path, "Kagami")
    page = b.at_the_idp(b.follow(answer))
    tap.equal(page.path, path)
    for asked in SERVICE[0].asked[before:]:
        tap.lacks(str(asked), token)
    tap.ok(number > 0 and len(SERVICE[0].asked) > before)


def without_a_choice():
    """who comes back without a choice finds our own list with a word about it, and no circle"""
    b = Browser(demo, "en")
    b.get("/login?return=/account")
    page = b.get("/login").want(200)
    tap.equal(page.path, "/discovery")
    tap.has(page.text(), "No institution was chosen")
    tap.ok(len(choices(page)) >= 2, "the list")
    again = [a["href"] for a in page.tree.first("div", id="none").all("a")]
    tap.equal(again, ["/login?return=%2Faccount"])
    tap.ok(b.get(again[0], follow=False).location().startswith(SERVICE[0].url))
    link = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith("/login?idp=")][0]
    tap.has(link, "return=%2Faccount", "our list leads there too")
    tap.lacks(Browser(demo, "en").get("/discovery").text(), "No institution was chosen")


def what_it_may_not_say():
    """an IdP that nobody knows, or none at all, gets the page that says so, and no redirect"""
    b = Person(demo, login=False)
    tap.equal(at_the_service(b, "/login", "Nowhere").status, 404)
    for idp in ("https://evil.example/", "javascript:alert(1)", "//evil.example", demo["IDP1"] + "x", demo["IDP1"].upper(), " " + demo["IDP1"],
                "x" * 5000, "<script>", demo["IDP1"] + "&return=//evil.example"):
        answer = Browser(demo).get("/login?idp=" + quoted(idp), follow=False)
        tap.among(answer.status, (400, 404, 414), idp)
        tap.equal(answer.header("Location"), None, idp)
    # Where one goes afterwards is not the service's to say either.
    b = Person(demo, login=False)
    page = b.login("/login?idp=%s&return=%s" % (quoted(demo["IDP1"]), quoted("https://evil.example/")))
    tap.equal(page.path, "/certificates")


def a_foreign_cookie():
    """a way that another key sealed, or nobody, is none"""
    for value in ("x", "PQ", "x" * 900):
        b = Browser(demo)
        b.get("/login?return=/account", follow=False)
        for name in [n for n in b.cookies["localhost"] if "discovery" in n]:
            b.cookies["localhost"][name] = (value, {})
        tap.ok(b.get("/login", follow=False).want(303).location().startswith(SERVICE[0].url), value)


def wrong_settings():
    """a discovery that is no https URL is refused by name when the portal starts"""
    file = discovery_service.settings_file(demo)
    with open(file, encoding="utf-8") as old:
        text = old.read()
    for value in ("http://ds.example/", "ds.example", "https://ds.example/#x", "javascript:alert(1)"):
        copy = os.path.join(os.path.dirname(file), "wrong.conf")
        with open(copy, "w", encoding="utf-8") as new:
            new.write(text.replace("[saml]\n", "[saml]\ndiscovery = %s\n" % value))
        try:
            done = client.subprocess.run(client.shlex.split(demo["INKAN"])[:-1] + [copy, "config", "check"], capture_output=True, text=True,
                                         check=False)
            tap.ok(done.returncode != 0, value)
            tap.has(done.stdout + done.stderr, "[saml] discovery", value)
        finally:
            os.unlink(copy)


TESTS = (however_typed, shape_of_the_page, hidden_ones, without_an_institution, earlier_choices, logos, thousands, what_it_is_told, there_and_back,
         a_pickup_on_the_way, without_a_choice, what_it_may_not_say, a_foreign_cookie, wrong_settings)


def main():
    with discovery_service.Service(demo) as service:
        SERVICE.append(service)
        own = TESTS.index(what_it_is_told)
        # The tests of the external service run with the setting; the runner ends the program.
        def use(test):
            def run():
                with discovery_service.settings(demo, service.url):
                    test()
            run.__doc__, run.__name__ = test.__doc__, test.__name__
            return run
        tap.run(*TESTS[:own], *map(use, TESTS[own:-1]), TESTS[-1])


if __name__ == "__main__":
    main()
