#!/usr/bin/python3
"""The portal's promises about pages and forms, one after the other, over HTTP at the running demo.
tap: seconds 240"""
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
me = Person(demo, "researcher")
other = Person(demo, "student")
stranger = Browser(demo)
made = {}


def mine():
    """A collected request of mine, made once."""
    if "mine" not in made:
        made["mine"] = me.collected(memo="for the contract")
    return made["mine"]


def waiting():
    """A request of mine that waits to be collected."""
    if "waiting" not in made:
        made["waiting"] = me.ready()
    return made["waiting"]


# --- security headers, cookies ------------------------------------------------------------------------------------------------

def headers_missing(answer):
    """What an answer of ours lacks, as a list of sentences."""
    bad = []

    def one(name, pattern):
        values = answer.all_headers(name)
        if len(values) != 1 or not re.search(pattern, values[0]):
            bad.append("%r: %s is %s" % (answer, name, values))
    one("X-Content-Type-Options", r"^nosniff$")
    one("Referrer-Policy", r"^same-origin$")
    one("Content-Security-Policy", r"frame-ancestors 'none'")
    one("Content-Security-Policy", r"default-src '(none|self)'")
    policy = answer.header("Content-Security-Policy") or ""
    for word in ("unsafe-inline", "unsafe-eval", "*", "data: 'self'"):
        if word in policy:
            bad.append("%r: Content-Security-Policy has %s: %s" % (answer, word, policy))
    if answer.url.startswith("https:"):
        one("Strict-Transport-Security", r"max-age=\d{7,}")
    server = answer.header("Server") or ""
    if re.search(r"\d", server):
        bad.append("%r: Server tells a version: %s" % (answer, server))
    return bad


def security_headers():
    """every answer carries the security headers: pages, redirects, files, refusals, downloads, on all three origins"""
    number, pin, path, _ = mine()
    b, answers = Browser(demo), []
    for url in ("/", "/login", "/login?idp=https%3A%2F%2Fnobody.example", "/discovery", "/discovery?q=kagami", "/saml/metadata", "/certificates",
                "/certificates/1", "/nothing/here", "/language/ja", "/ca", "/ca/root.cer", "/ca/nobody.cer", "/crl/client.crl",
                "/crl/client-0.crl", "/ocsp", "/healthz", "/pickup/" + "A" * 43, "/helpdesk", "/favicon.ico", "/..%2f..%2fetc/passwd",
                "/%00", "/static/", "/logout"):
        answers.append(b.get(url, follow=False))
    answers += [b.send("PUT", "/certificates"), b.send("DELETE", "/"), b.send("OPTIONS", "/"), b.send("TRACE", "/"),
                b.send("POST", "/saml/acs", "SAMLResponse=x"), b.send("POST", "/certificates", "x" * 3000000),
                b.send("POST", "/ocsp", "nonsense", {"Content-Type": "application/ocsp-request"}), b.post("/certificates", {}),
                b.send("GET", "/" + "x" * 20000), b.send("GET", "/", headers={"X-Long": "x" * 40000})]
    answers += [me.get("/certificates"), me.get("/certificates/%d" % number), me.get(path), me.get("/certificates/%d" % (number + 10**9))]
    page = me.get(path)
    answers.append(me.submit(page.form(path, pin=None), pin="0" * 16))
    answers.append(me.submit(me.submit(page.form(path, pin=None), pin=pin).form(path + "/download"), pin=pin))
    for style in me.get("/certificates").tree.all("link", rel="stylesheet") + me.get("/certificates").tree.all("script"):
        if style["href"] or style["src"]:
            answers.append(me.get(urllib.parse.urljoin(demo["PORTAL_URL"] + "/certificates", style["href"] or style["src"])).want(200))
    answers += [b.get(demo["CLIENT_URL"] + u, follow=False) for u in ("/check", "/", "/nothing")]
    answers += [b.get(demo["PUBLISH_URL"] + u, follow=False) for u in ("/crl/client.crl", "/crl/client-0.crl", "/ca/root.cer", "/nothing")]
    bad = [line for a in answers for line in headers_missing(a)]
    tap.ok(not bad, "\n".join(bad))


def no_bare_500():
    """nothing of what was asked so far was answered by a server error"""
    tap.equal([repr(a) for b in (me, other, stranger) for a in b.seen if a.status >= 500], [])


def cookies():
    """every cookie is __Host-, Secure, HttpOnly, SameSite, for the whole site; the session's is Lax, the login's None"""
    b = Person(demo, "student", login=False)
    b.get("/language/en")
    b.get("/")
    b.login()
    lines = [line for a in b.seen if a.url.startswith(demo["PORTAL_URL"]) for line in a.all_headers("Set-Cookie")]
    tap.ok(len(lines) >= 3, "few cookies: %s" % lines)
    sites = set()
    for line in lines:
        parts = [p.strip() for p in line.split(";")]
        flags = {p.partition("=")[0].lower(): p.partition("=")[2] for p in parts[1:]}
        tap.ok(parts[0].startswith("__Host-"), line)
        for flag in ("secure", "httponly", "samesite"):
            tap.ok(flag in flags, line)
        tap.equal(flags.get("path"), "/", line)
        tap.ok("domain" not in flags, line)
        sites.add(flags["samesite"])
    tap.ok("Lax" in sites and "None" in sites and "Strict" not in sites, str(lines))


def private_pages_are_not_kept():
    """what is a person's own is never stored by a browser or a proxy"""
    number, _, path, _ = mine()
    for url in ("/certificates/%d" % number, "/account", path):
        tap.has(me.get(url).header("Cache-Control") or "", "no-store", url)


def the_dashboard_is_asked_for_each_time():
    """the dashboard may be kept and is asked for each time: 304 where nothing changed, else the new state at once, with keys of
    forms that were not spent"""
    number = me.ready()[0]

    def again(tag, browser=me):
        return browser.get("/certificates", follow=False, headers={"If-None-Match": tag})
    first = me.get("/certificates")
    tap.equal(first.header("Cache-Control"), "private, no-cache")
    tag = first.header("ETag")
    same = again(tag)
    if same.status != 304:  # the hands of a clock moved between the two
        tag = me.get("/certificates").header("ETag")
        same = again(tag)
    tap.equal((same.status, same.body, same.header("ETag")), (304, b"", tag))
    tap.equal(again(tag, stranger).status, 303)
    tap.equal(again(tag, other).status, 200)
    tap.equal(me.get("/certificates?all=1", headers={"If-None-Match": tag}).status, 200)
    me.submit(me.detail(number).form("/certificates/%d/memo" % number), memo="changed").want(303)
    changed = again(tag)
    tap.equal(changed.status, 200)
    tap.has(changed.text(), "changed")
    # A link sent anew changes nothing that is seen, but the form was spent.
    form = changed.form("/certificates/%d/resend" % number)
    me.submit(form).want(303)
    anew = again(changed.header("ETag")).want(200)
    tap.ok(anew.form("/certificates/%d/resend" % number).fields["form_key"] != form.fields["form_key"], "a spent key is given out again")


def session_is_a_hash():
    """the session's row holds a hash, not what is in the cookie; a made-up cookie is nobody"""
    host = "localhost"
    name = next(k for k, v in me.cookies[host].items() if v[1].get("samesite") == "Lax" and len(v[0]) >= 43 and "lang" not in k.lower())
    value = me.cookies[host][name][0]
    tap.equal(demo.number("select count(*) from session where encode(id_hash, 'escape') like '%%%s%%'" % value[:20]), 0)
    b = Browser(demo)
    b.cookies[host] = {name: (("A" if value[0] != "A" else "B") + value[1:], {})}
    tap.equal(b.get("/certificates", follow=False).status, 303)


def login_changes_the_session():
    """the session's id is a new one at each login"""
    b = Person(demo, "student")
    before = dict(b.cookies["localhost"])
    b.login()
    changed = [k for k in before if b.cookies["localhost"].get(k, ("",))[0] != before[k][0]]
    tap.ok(changed, "no cookie changed at a second login: %s" % list(before))


# --- CSRF and form keys -----------------------------------------------------------------------------------------------------------

def posts():
    """Every form with a CSRF field that a person meets: (form, fields that make it a sound one)."""
    number, pin, path, _ = mine()
    ready, ready_pin, ready_path = waiting()
    page = me.detail(number)
    forms = [(me.apply_form("client"), {"type": "client", "months": "13", "memo": "forged"}),
             (page.form("/certificates/%d/memo" % number), {"memo": "changed by force"}),
             (page.form("/certificates/%d/renew" % number), {"confirm": "1"}),
             (page.form("/certificates/%d/revoke" % number), {"confirm": "1", "reason": "superseded"})]
    page = me.detail(ready)
    for what in ("pin", "resend"):
        forms.append((page.form("/certificates/%d/%s" % (ready, what)), {}))
    first = me.get(ready_path)
    second = me.submit(first.form(ready_path, pin=None), pin=ready_pin)
    forms += [(first.form(ready_path, pin=None), {"pin": ready_pin}), (second.form(ready_path + "/download"), {"pin": ready_pin})]
    kept = me.submit(me.get(path).form(path, pin=None), pin=pin)
    forms.append((kept.form(path + "/done"), {"pin": pin}))
    forms.append((me.dashboard().form("/logout"), {}))
    return forms


def csrf():
    """each form without its csrf, with a made-up one and with another person's is answered 403 and does nothing"""
    theirs = other.dashboard().form("/certificates", type="client").fields["csrf"]
    forms = posts()
    tap.until(lambda: demo.number("select count(*) from job where kind in ('issue', 'new-pin', 'resend')") == 0)
    number, ready = mine()[0], waiting()[0]
    state = "select string_agg(r::text, ',' order by number) from request r where number in (%d, %d)" % (number, ready)
    pickups = "select string_agg(p::text, ',' order by id) from pickup p where request in (%d, %d)" % (number, ready)
    count = "select count(*) from request where memo = 'forged'"
    before = [demo.sql(s) for s in (state, pickups, count)]
    for form, fields in forms:
        tap.ok("csrf" in form.fields, "form to %s has no csrf" % form.path)
        mine_ = form.fields["csrf"]
        flipped = mine_[:-2] + ("A" if mine_[-2] != "A" else "B") + mine_[-1]
        for name, answer in (("missing", me.submit(form, without=("csrf",), **fields)), ("empty", me.submit(form, csrf="", **fields)),
                             ("made up", me.submit(form, csrf="x" * 43, **fields)), ("changed", me.submit(form, csrf=flipped, **fields)),
                             ("another person's", me.submit(form, csrf=theirs, **fields))):
            tap.equal(answer.status, 403, "%s, csrf %s" % (form.path, name))
    tap.equal([demo.sql(s) for s in (state, pickups, count)], before, "something was done")
    tap.equal(me.get("/certificates", follow=False).status, 200, "logged out by a forged form")


def csrf_of_an_old_session():
    """the csrf of an ended session is worth nothing in the next"""
    b = Person(demo, "student")
    old = b.apply_form().fields["csrf"]
    b.login()
    form = b.apply_form()
    tap.equal(b.submit(form, csrf=old, type="client", months="13", confirm="1").status, 403)


def confirm_page():
    """an act without confirm=1 answers with a page whose one form has the same action and confirm=1, and does nothing"""
    number = mine()[0]
    page = me.detail(number)
    for form, fields in ((me.apply_form("client"), {"type": "client", "months": "25", "memo": "not confirmed"}),
                         (page.form("/certificates/%d/renew" % number), {}),
                         (page.form("/certificates/%d/revoke" % number), {"reason": "superseded"})):
        for _ in range(2):  # asking twice spends nothing
            confirm = me.submit(form, **fields).want(200)
            main = confirm.tree.first("main") or confirm.tree
            acts = [f for f in main.all("form") if (f["method"] or "").lower() == "post"]
            tap.equal(len(acts), 1, "forms on the page to confirm %s" % form.path)
            again = confirm.form(form.path, confirm="1")
            tap.equal(again.action, form.action)
            if "form_key" in form.fields:
                tap.equal(again.fields.get("form_key"), form.fields["form_key"], "the form key is carried on")
    tap.equal(me.state(number), "collected")
    tap.equal(demo.number("select count(*) from request where memo = 'not confirmed'"), 0)
    # The key was not spent by asking: with the confirmation it makes the request.
    form = me.apply_form("client")
    for _ in range(2):
        me.submit(form, type="client", months="25").want(200)
    tap.equal(me.submit(form, type="client", months="25", confirm="1").status, 303)


def form_key_twice():
    """the same form twice leads to the same place and makes one request, the confirmed one sent at once too"""
    form = me.apply_form("client")
    answers = [me.submit(form, type="client", months="13", memo="twice", confirm="1").want(303) for _ in range(3)]
    tap.equal(len({a.location() for a in answers}), 1)
    confirm = me.submit(form, type="client", months="13", memo="twice")
    tap.among(confirm.status, (200, 303), "the first page again, by the back button")
    number = int(answers[0].location().split("/")[-2])
    tap.equal(demo.number("select count(*) from request where memo = 'twice' and number = %d" % number), 1)
    tap.equal(demo.number("select count(*) from request where memo = 'twice' and applied_at > now() - interval '1 minute'"), 1)


def form_key_is_a_person_s():
    """another person's form key makes nothing, and neither does none"""
    theirs = other.apply_form().fields["form_key"]
    for key in (theirs, "", None, "x" * 43):
        form = me.apply_form("client")
        answer = me.submit(form, type="client", months="13", memo="stolen key", confirm="1", form_key=key, without=("form_key",) if key is None else ())
        tap.ok(400 <= answer.status < 500, "%r with form key %r" % (answer, key))
    tap.equal(demo.number("select count(*) from request where memo = 'stolen key'"), 0)


def sixty_four_at_once():
    """the same application sent 64 times at once is one request, each answer leads to it"""
    form = me.apply_form("client")
    fields = dict(form.fields, type="client", months="13", memo="sixty-four", confirm="1")

    def send():
        b = Browser(demo)
        b.cookies = me.cookies
        return b.post(form.action, fields)
    answers = client.at_once(*[send] * 64)
    tap.equal({a.status for a in answers}, {303})
    tap.equal(len({a.location() for a in answers}), 1)
    tap.equal(demo.number("select count(*) from request where memo = 'sixty-four' and number = %d"
                          % int(answers[0].location().split("/")[-2])), 1)
    tap.equal(demo.number("select count(*) from request where memo = 'sixty-four' and applied_at > now() - interval '1 minute'"), 1)


# --- statuses --------------------------------------------------------------------------------------------------------------------

def plain(answer):
    """A page without what may differ: the number to tell the helpdesk, tokens."""
    text = re.sub(r'(name="csrf" value|value)="[^"]*"', "", answer.html)
    return re.sub(r"\b[0-9a-f]{8,32}\b", "ID", text)


def not_found_alike():
    """what is missing and what is another person's look alike, in status and page"""
    theirs = other.apply("client", 13)
    csrf_ = me.dashboard().form("/certificates", type="client").fields["csrf"]
    for end in ("", "/accepted", "/memo", "/renew", "/revoke", "/pin", "/resend"):
        missing, foreign = ("/certificates/%d%s" % (n, end) for n in (theirs + 10**6, theirs))
        if end in ("", "/accepted"):
            a, b = me.get(missing), me.get(foreign)
        else:
            fields = {"csrf": csrf_, "memo": "x", "reason": "superseded", "confirm": "1"}
            a, b = me.post(missing, fields), me.post(foreign, fields)
        tap.equal((a.status, b.status), (404, 404), end)
        tap.equal(plain(a).replace(missing, "PATH"), plain(b).replace(foreign, "PATH"), "the pages for " + end)
    for strange in ("0", "-1", "1.5", "99999999999999999999999", "1e3", "abc", "%31%20", "1/", "01"):
        tap.equal(me.get("/certificates/" + strange, follow=False).status, 404, strange)
    tap.equal(other.state(theirs) in ("applied", "ready"), True)


def not_allowed():
    """a method that a path does not know is 405 with Allow"""
    for method, path, allowed in (("POST", "/", "GET"), ("PUT", "/certificates", "GET"), ("DELETE", "/certificates", "POST"),
                                  ("GET", "/logout", "POST"), ("POST", "/certificates/1", "GET"), ("GET", "/certificates/1/memo", "POST"),
                                  ("GET", "/certificates/1/revoke", "POST"), ("GET", "/saml/acs", "POST"), ("POST", "/saml/metadata", "GET"),
                                  ("PATCH", "/pickup/" + "A" * 43, "GET"), ("GET", "/pickup/" + "A" * 43 + "/download", "POST"),
                                  ("POST", "/discovery", "GET"), ("DELETE", "/ocsp", "POST")):
        answer = me.send(method, path, "" if method in ("POST", "PUT", "PATCH") else None)
        tap.equal(answer.status, 405, method + " " + path)
        tap.has([w.strip() for w in (answer.header("Allow") or "").split(",")], allowed, method + " " + path)
        tap.lacks([w.strip() for w in answer.header("Allow").split(",")], method, method + " " + path)


def too_large():
    """a body above the limit is 413, with a page, whatever its kind"""
    form = me.apply_form("client")
    for size in (300000, 3000000):
        for path in ("/certificates", "/certificates/1/memo", "/pickup/" + "A" * 43):
            answer = me.post(path, dict(form.fields, memo="x" * size))
            tap.equal(answer.status, 413, "%s with %d bytes" % (path, size))
            tap.ok(answer.is_html() and len(answer.text()) > 30, "a page")
    answer = stranger.post("/saml/acs", {"SAMLResponse": "x" * 2000000})
    tap.equal(answer.status, 413, "/saml/acs")


def bodies_of_other_kinds():
    """a body that is no form, or a broken one, is a 4xx page"""
    csrf_ = me.apply_form().fields["csrf"]
    for kind, body in (("application/json", '{"type": "client"}'), ("text/plain", "type=client"), ("multipart/form-data; boundary=x", "--x--"),
                       ("application/x-www-form-urlencoded", "csrf=%s&type=%%zz&months=\x00" % csrf_),
                       ("application/x-www-form-urlencoded", "&".join("a%d=1" % i for i in range(2000))),
                       ("application/x-www-form-urlencoded", "csrf=%s&csrf=%s&type=client&type=smime&months=13&months=52&confirm=1" % (csrf_, csrf_)),
                       ("application/x-www-form-urlencoded", b"csrf=%s&type=client&memo=\xff\xfe&months=13" % csrf_.encode())):
        answer = me.send("POST", "/certificates", body, {"Content-Type": kind})
        tap.ok(400 <= answer.status < 500, "%r for %s %r" % (answer, kind, body[:60]))


def head_as_get():
    """HEAD answers as GET does, without a body"""
    number, _, path, _ = mine()
    for url in ("/", "/discovery", "/certificates", "/certificates/%d" % number, "/ca/root.cer", "/crl/client.crl", "/nothing", "/saml/metadata",
                "/login", path):
        head, get = me.send("HEAD", url), me.send("GET", url)
        tap.equal((head.status, head.header("Content-Type")), (get.status, get.header("Content-Type")), url)
        tap.equal(head.body, b"", url)


def wrong_values():
    """an application with what is not offered is 4xx with a page that says why, and makes and spends nothing"""
    form = me.apply_form("client")
    for fields in ({"months": "53"}, {"months": "0"}, {"months": "-13"}, {"months": "13.0"}, {"months": ""}, {"months": "9" * 40},
                   {"type": "server"}, {"type": ""}, {"type": "CLIENT"}, {"memo": "x" * 201}, {"mail": "somebody@else.example"},
                   {"mail": "x@kagami.example\r\nBcc: y@evil.example"}):
        answer = me.submit(form, **dict({"type": "client", "months": "13", "confirm": "1", "memo": "wrong"}, **fields))
        tap.ok(400 <= answer.status < 500 and answer.status != 403, "%r for %s" % (answer, fields))
        tap.ok(answer.is_html() and len(answer.text()) > 40, "a page for %s" % fields)
    tap.equal(demo.number("select count(*) from request where memo = 'wrong' or length(memo) > 200"), 0)
    tap.equal(me.submit(form, type="client", months="13", confirm="1").status, 303, "the key is still good")


def revoke_reasons():
    """a revocation for a reason that is none of the five is 4xx and revokes nothing"""
    number = mine()[0]
    page = me.detail(number)
    form = page.form("/certificates/%d/revoke" % number)
    for reason in ("cACompromise", "removeFromCRL", "", "KEYCOMPROMISE", "1", "unspecified "):
        answer = me.submit(form, reason=reason, confirm="1")
        tap.ok(400 <= answer.status < 500, "%r for %r" % (answer, reason))
    tap.ok(400 <= me.submit(form, without=("reason",), confirm="1").status < 500, "no reason")
    tap.equal(me.state(number), "collected")


# --- login and places ---------------------------------------------------------------------------------------------------------------

def login_ways():
    """/login alone goes to the discovery, an unknown IdP is 404, a known one is where the browser is sent"""
    answer = stranger.get("/login", follow=False).want(303)
    tap.equal(urllib.parse.urlsplit(answer.location()).path, "/discovery")
    tap.equal(stranger.get("/login?idp=https%3A%2F%2Fnobody.example%2Fidp").status, 404)
    for idp in (demo["IDP1"], demo["IDP2"]):
        answer = stranger.get("/login?idp=" + urllib.parse.quote(idp, safe=""), follow=False).want(303)
        tap.equal(urllib.parse.urlsplit(answer.location()).netloc, urllib.parse.urlsplit(idp).netloc)
        fields = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.location()).query)
        tap.has(fields, "SAMLRequest")
        tap.equal(fields["SigAlg"], ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"])


def discovery():
    """the discovery lists both IdPs by name with links to /login, and searches"""
    page = stranger.get("/discovery").want(200)
    links = [a["href"] for a in page.tree.all("a") if a["href"] and "/login?idp=" in a["href"]]
    for idp in (demo["IDP1"], demo["IDP2"]):
        tap.ok(any(urllib.parse.quote(idp, safe="") in a or urllib.parse.quote(idp, safe=":/") in a for a in links), "%s in %s" % (idp, links))
    tap.has(page.text(), "Kagami")
    found = stranger.get("/discovery?q=minato").want(200)
    links = [a["href"] for a in found.tree.all("a") if a["href"] and "/login?idp=" in a["href"]]
    tap.ok(any("idp2" in a for a in links) and not any("idp1" in a for a in links), str(links))
    tap.equal([a for a in stranger.get("/discovery?q=zzzznothing").want(200).tree.all("a") if "/login?idp=" in (a["href"] or "")], [])
    hostile = stranger.get("/discovery?q=" + urllib.parse.quote('"><script>alert(1)</script>%_\\')).want(200)
    tap.lacks(hostile.html, "<script>alert")


def local_returns():
    """after the login one is where one wanted to go, but never on another site"""
    number = mine()[0]
    idp = urllib.parse.quote(me.idp(), safe="")
    b = Person(demo, login=False)
    tap.equal(b.login("/certificates/%d" % number).path, "/certificates/%d" % number)
    for evil in ("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/%09/evil.example", "\\\\evil.example",
                 "/a\r\nSet-Cookie: x=y", "http:evil.example"):
        b = Person(demo, login=False)
        page = b.login("/login?idp=%s&return=%s" % (idp, urllib.parse.quote(evil, safe="")))
        tap.equal(urllib.parse.urlsplit(page.url).netloc, urllib.parse.urlsplit(demo["PORTAL_URL"]).netloc, evil)
        tap.ok(page.status in (200, 400, 404), repr(page))


def wants_login():
    """a stranger is sent to log in, and nothing of a person is shown"""
    number, _, path, _ = mine()
    for url in ("/certificates", "/certificates/%d" % number, "/certificates/%d/accepted" % number, path):
        answer = stranger.get(url, follow=False)
        tap.equal(answer.status, 303, url)
        tap.among(urllib.parse.urlsplit(answer.location()).path, ("/login", "/discovery"), url)
    token = path.rsplit("/", 1)[1]
    answer = stranger.get(path, follow=False)
    tap.lacks(answer.location(), token, "the token does not travel in a query")
    tap.equal(stranger.post("/certificates", {"type": "client", "months": "13"}).status in (303, 401, 403), True)


def languages():
    """the language follows the browser, a switch is remembered and leads back"""
    for accept, lang in (("ja", "ja"), ("en", "en"), ("ja,en;q=0.5", "ja"), ("en-US,en;q=0.9,ja;q=0.8", "en"), ("fr;q=0.9, ja;q=0.1", "ja")):
        page = Browser(demo, accept).get("/")
        tap.equal((page.tree.first("html") or {"lang": None})["lang"], lang, accept)
    b = Browser(demo, "en")
    answer = b.get("/language/ja", follow=False, headers={"Referer": demo["PORTAL_URL"] + "/discovery"}).want(303)
    tap.equal(answer.location(), demo["PORTAL_URL"] + "/discovery")
    tap.equal(b.get("/").tree.first("html")["lang"], "ja")
    tap.equal(b.get("/language/en", follow=False, headers={"Referer": "https://evil.example/"}).location().startswith(demo["PORTAL_URL"] + "/"), True)
    tap.equal(b.get("/").tree.first("html")["lang"], "en")
    tap.equal(b.get("/language/xx", follow=False).status, 404)


def logout():
    """after logging out the session is gone, everywhere"""
    b = Person(demo, "student")
    kept = {h: dict(c) for h, c in b.cookies.items()}
    answer = b.submit(b.dashboard().form("/logout"))
    tap.among(answer.status, (200, 303))
    b.follow(answer)
    again = Browser(demo)
    again.cookies = kept
    tap.equal(again.get("/certificates", follow=False).status, 303, "the old cookie")


# --- what pages show ------------------------------------------------------------------------------------------------------------------

def dashboard_shape():
    """the dashboard names the person and has a row with number and state for each request; ?all=1 adds what is over"""
    number = mine()[0]
    page = me.dashboard()
    tap.ok(page.value("person"), "a display name")
    tap.equal(page.value("person"), demo.sql("select display_name from person where id = (select person from request where number = %d)" % number))
    tap.equal(page.rows().get(number), "collected")
    rows = me.dashboard(True).rows()
    person = "(select person from request where number = %d)" % number
    wanted = {int(n): s for n, s in demo.sql("select number, state from request where person = %s order by number desc limit 1000" % person,
                                             rows=True)}
    tap.equal({n: s for n, s in rows.items() if s in ("collected", "revoked", "lapsed")},
              {n: s for n, s in wanted.items() if s in ("collected", "revoked", "lapsed") and n in rows})
    tap.equal(sorted(rows), sorted(wanted))


def detail_shape():
    """the detail has its facts in dd elements with the promised ids"""
    number = mine()[0]
    page = me.detail(number)
    for name in ("state", "certificate-state", "pin", "mail", "serial", "subject", "not-before", "not-after"):
        tap.equal(page.id(name).tag, "dd", name)
    tap.equal(page.id("state")["data-state"], "collected")
    row = demo.sql("select serial, subject, to_char(not_after at time zone 'Asia/Tokyo', 'YYYY-MM-DD') from certificate"
                   " where request = %d" % number, rows=True)[0]
    tap.equal(page.value("serial"), row[0])
    tap.has(page.html.split('id="not-after"')[1][:300], row[2])
    tap.equal(me.pin(number), None, "a collected PIN is not shown")
    ready = waiting()[0]
    page = me.detail(ready)
    tap.ok(me.pin(ready), "a PIN")
    tap.ok(not re.search(r"[0-9a-f]{38}", page.value("serial")) and page.value("serial"), "words while not issued")
    tap.ok(re.search(r"\d{4}-\d\d-\d\d", page.html.split('id="not-after"')[1][:300]), "the planned day")


def every_form_has_its_fields():
    """every form that is posted has csrf, and those that create something have a form_key; every id on a page is there once"""
    number, _, path, _ = mine()
    for url in ("/certificates", "/certificates/%d" % number, "/certificates/%d" % waiting()[0], waiting()[2]):
        page = me.get(url)
        for form in page.forms():
            if form.method == "post":
                tap.ok(form.fields.get("csrf"), "%s on %s" % (form.path, url))
                if form.path == "/certificates" or form.path.endswith("/renew"):
                    tap.ok(form.fields.get("form_key"), "%s on %s" % (form.path, url))
        ids = [n["id"] for n in page.tree.walk() if n["id"]]
        tap.equal(sorted({i for i in ids if ids.count(i) > 1}), [], "twice on " + url)


def memo():
    """a memo is saved and shown as it was written, whatever it contains"""
    number = mine()[0]
    for text in ("laptop", "ノート PC <b>&amp; \"x\" 'y'", "=1+1", ""):
        form = me.detail(number).form("/certificates/%d/memo" % number)
        me.submit(form, memo=text).want(303)
        tap.equal(demo.sql("select memo from request where number = %d" % number) or "", text)
        page = me.detail(number)
        tap.equal(page.form("/certificates/%d/memo" % number).fields["memo"], text)
        tap.lacks(page.html, "<b>&amp; ")
    tap.ok(400 <= me.submit(me.detail(number).form("/certificates/%d/memo" % number), memo="x" * 201).status < 500)


def helpdesk_is_for_officers():
    """the helpdesk is closed to others"""
    tap.among(me.get("/helpdesk", follow=False).status, (403, 404))


def health():
    """/healthz says that all is well"""
    tap.equal(stranger.get("/healthz").status, 200)


def saml_nonsense():
    """nonsense at the SAML endpoints is one and the same 4xx page, each time"""
    faces = set()
    for body in ({}, {"SAMLResponse": ""}, {"SAMLResponse": "AAAA"}, {"SAMLResponse": "!!!"}, {"SAMLResponse": "PHg+PC94Pg==", "RelayState": "x"},
                 {"SAMLResponse": "x" * 100000}):
        answer = stranger.post("/saml/acs", body)
        tap.ok(400 <= answer.status < 500, repr(answer))
        faces.add((answer.status, plain(answer)))
    tap.equal(len(faces), 1, "faces of refusal")
    for url in ("/saml/slo", "/saml/slo?SAMLRequest=x", "/saml/slo?SAMLResponse=x&RelayState=y"):
        tap.ok(400 <= stranger.get(url, follow=False).status < 500, url)


def response_twice():
    """a response counts once, and only in the browser that asked for it"""
    b = Person(demo, "student", login=False)
    form = b.saml_response()
    thief = Browser(demo)
    tap.ok(400 <= thief.submit(form).status < 500, "in another browser")
    tap.equal(b.submit(form).status, 303)
    tap.equal(b.get("/certificates", follow=False).status, 200)
    again = b.submit(form)
    tap.ok(400 <= again.status < 500, "a second time: %r" % again)


tap.run(security_headers, cookies, private_pages_are_not_kept, the_dashboard_is_asked_for_each_time, session_is_a_hash, login_changes_the_session, csrf, csrf_of_an_old_session,
        confirm_page, form_key_twice, form_key_is_a_person_s, sixty_four_at_once, not_found_alike, not_allowed, too_large,
        bodies_of_other_kinds, head_as_get, wrong_values, revoke_reasons, login_ways, discovery, local_returns, wants_login, languages,
        logout, dashboard_shape, detail_shape, every_form_has_its_fields, memo, helpdesk_is_for_officers, health, saml_nonsense,
        response_twice, no_bare_500)
