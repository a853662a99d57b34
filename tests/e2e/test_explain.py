#!/usr/bin/python3
"""What a login needs, what came, and what is missing; and certificates that ask for another kind of login.
tap: alone
tap: seconds 180"""
import base64
import os
import re
import sys
import urllib.parse
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import idp  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, q  # noqa: E402

demo = client.Demo()
college = idp.Idp(demo, "explained.example", "Explained College")
MFA = "https://refeds.org/profile/mfa"


class Guest(Person):
    """Somebody of the tests' own IdP."""

    def __init__(self, name="hana", language="en", changed=None, **more):
        super().__init__(demo, "guest", language, login=False)
        self.name = name
        self.answered = college.answer(self, college.person(name, **more), **(changed or {}))

    def inside(self):
        self.answered.want(303)
        return self

    def again(self, **more):
        self.answered = college.answer(self, college.person(self.name, **more))
        return self.inside()


def row_of(page, name):
    rows = [r for r in page.tree.all("tr") if any(c.text() == name for c in r.all("code"))]
    if len(rows) != 1:
        raise tap.Failed("%d rows for %s: %s" % (len(rows), name, page.text()[:1500]))
    return rows[0].text()


def before_login():
    """before any login a page says what an IdP has to send, and to whom it may release it"""
    college.register("Explained College", "explained.example")
    browser = Browser(demo)
    page = browser.get("/login/needs").want(200)
    for name, oid in idp.OIDS.items():
        tap.has(row_of(page, name), oid, name)
    for part in ("NameID (persistent)", "pairwise-id", "eduPersonTargetedID"):
        tap.has(page.text(), part)
    release = page.id("release").text()
    tap.has(release, 'value="%s/saml/metadata"' % demo["PORTAL_URL"])
    tap.has(release, 'attributeID="mail"')
    tap.has(release, 'attributeID="samlSubjectID"')
    tap.equal(page.all_headers("Set-Cookie"), [])
    tap.has(browser.get("/").html, "/login/needs")
    tap.has(Browser(demo, "ja").get("/login/needs").text(), "ログインに必要な情報")


def after_login_it_is_the_institutions_own():
    """who has been there sees the rule of the own institution"""
    guest = Guest().inside()
    page = guest.get("/login/needs")
    tap.has(page.text(), "Explained College")
    tap.has(row_of(page, "subject-id"), "Needed")
    tap.lacks(page.text(), "pairwise-id")


def refused_page():
    """the page of a refused login shows sent against needed, masked, and the text to forward"""
    guest = Guest("longidentifier", mail=None)
    page = guest.answered.want(403)
    tap.has(row_of(page, "subject-id"), "lo…@explained.example")
    tap.has(row_of(page, "mail"), "It was not sent.")
    tap.has(row_of(page, "displayName"), "Hana Sakura")
    tap.has(row_of(page, "jaOrganizationName"), "Not sent")
    tap.lacks(page.html, "longidentifier", "the identifier in full")
    letter = page.id("forward-text").raw()
    number = re.search(r"ID:  ([0-9a-f]{8})", letter).group(1)
    for part in (college.entity, demo["PORTAL_URL"] + "/saml/metadata", "urn:oid:0.9.2342.19200300.100.1.3", "not sent", "届いていません",
                 "Did arrive: subject-id, displayName"):
        tap.has(letter, part)
    tap.lacks(letter, "longidentifier")
    mail = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith("mailto:identity@explained.example?")][0]
    tap.has(urllib.parse.unquote(mail), number)
    tap.ok(len(mail) < 2000, "a link of %d characters is too long for some mail programs" % len(mail))
    with open(os.path.join(os.path.dirname(demo.file), "log", "portal.log"), encoding="utf-8", errors="replace") as log:
        lines = [line for line in log if number in line and "login-refused" in line]
    tap.ok(lines and "check=attributes" in lines[-1] and "mail" in lines[-1], "the log has that number: %r" % lines)


def refused_values():
    """which rule refused a value is said at the value, with the scopes that would do"""
    page = Guest("stranger", **{"subject-id": "stranger@kagami.example"}).answered.want(403)
    tap.has(row_of(page, "subject-id"), "st…@kagami.example")
    tap.has(row_of(page, "subject-id"), "belongs to a domain")
    tap.has(page.text(), "Allowed for this institution: explained.example")
    tap.has(page.id("forward-text").raw(), "shibmd:Scope: explained.example")
    several = Guest("several", **{"subject-id": ["a@explained.example", "b@explained.example"]}).answered.want(403)
    tap.has(row_of(several, "subject-id"), "Several values")
    tap.has(row_of(Guest("bad", mail="no address").answered.want(403), "mail"), "right form")
    tap.has(row_of(Guest("long", mail="a" * 60 + "@" + "b." * 120 + "example").answered.want(403), "mail"), "too long")
    tap.has(row_of(Guest("empty", mail="").answered.want(403), "mail"), "without a value")


def one_face_before():
    """until the message is verified there is one face for everything, with nothing of the message on it"""
    page = Guest("hana", changed={"audience": "https://another.example"}).answered.want(403)
    tap.equal(page.tree.all("table"), [])
    tap.lacks(page.text(), "explained.example")


def the_account():
    """afterwards the person sees all of it, the rest of a masked value on demand, and what changed since"""
    guest = Guest("movingperson", eduPersonScopedAffiliation=["member@explained.example", "alum@other.example"],
                  **{"urn:oid:1.3.6.1.4.1.5923.1.1.1.16": "https://orcid.org/0000-0002-1825-0097"}).inside()
    page = guest.get("/account").want(200)
    tap.has(row_of(page, "subject-id"), "mo…@explained.example")
    tap.has(row_of(page, "subject-id"), "movingperson@explained.example")
    tap.has(row_of(page, "eduPersonScopedAffiliation"), "alum@other.example")
    tap.has(row_of(page, "eduPersonScopedAffiliation"), "belongs to a domain")
    tap.has(page.text(), "https://orcid.org/0000-0002-1825-0097")
    tap.has(page.text(), "identity@explained.example")
    tap.has(page.text(), "have been the same at every login")
    guest.again(displayName="Hana Married", mail="hana.married@explained.example", eduPersonScopedAffiliation="member@explained.example")
    page = guest.get("/account")
    changes = page.tree.first("ol", class_="history changes").text()
    for part in ("Hana Sakura → Hana Married", "movingperson@explained.example → hana.married@explained.example"):
        tap.has(changes, part)
    tap.equal(demo.number("select count(*) from person where identifier = 'movingperson@explained.example' and idp = %s" % q(college.entity)), 1)
    tap.lacks(Guest("somebodyelse").inside().get("/account").text(), "Hana Married")


# --- another kind of login ---------------------------------------------------------------------------------------------------

def ask(*words):
    demo.inkan("profile", "set", "client-13", *words)


def request_in(answer):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.location()).query)
    return zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()


def refused_application(guest, **fields):
    form = guest.apply_form("client")
    return form, guest.submit(form, type="client", months="13", memo="for 研究室", **fields)


def stepping_up():
    """a certificate that asks for more leads to the IdP and back, by the same person only, with what was filled in"""
    ask("--contexts", "refeds-mfa", "--assurance", "")
    guest = Guest("stepper").inside()
    form, page = refused_application(guest)
    page.want(422)
    form, page = refused_application(guest, confirm="1")
    page.want(422)
    tap.has(page.text(), MFA)
    tap.has(page.text(), "Login with a password")
    old = dict(guest.cookies["localhost"])
    link = [a["href"] for a in page.tree.all("a") if "step-up" in (a["href"] or "")][0]

    sent = guest.get(link, follow=False).want(303)
    tap.has(request_in(sent), 'Comparison="exact"><saml:AuthnContextClassRef>%s<' % MFA)
    weaker = college.finish(guest, sent, college.person("stepper")).want(403)
    tap.has(weaker.text(), "logged you in another way")
    tap.has(weaker.id("forward-text").raw(), MFA)
    tap.equal(guest.get("/certificates", follow=False).status, 200, "the session goes on")

    other = college.finish(guest, guest.get(link, follow=False), college.person("another"), context=MFA).want(403)
    tap.has(other.text(), "another account")
    tap.equal(demo.number("select count(*) from person where identifier = 'another@explained.example'"), 0)
    tap.equal(guest.cookies["localhost"], old, "no cookie changed by it")

    back = college.finish(guest, guest.get(link, follow=False), college.person("stepper"), context=MFA).want(303)
    tap.equal(urllib.parse.urlsplit(back.location()).path, "/certificates/apply")
    page = guest.get("/certificates/apply").want(200)
    confirm = page.form("/certificates", confirm="1")
    tap.equal((confirm.fields["memo"], confirm.fields["months"], confirm.fields["type"]), ("for 研究室", "13", "client"))
    done = guest.submit(confirm).want(303)
    number = int(re.search(r"/certificates/(\d+)/", done.header("Location")).group(1))
    tap.equal(demo.sql("select context from request where number = %d" % number), MFA)
    tap.has(guest.get("/certificates/%d" % number).id("login").text(), MFA)

    thief = Browser(demo)
    thief.cookies["localhost"] = old
    tap.equal(thief.get("/certificates", follow=False).status, 303, "the old session is over")
    stranger = Guest("stranger2").inside()
    stranger.cookies["localhost"].update({k: v for k, v in old.items() if "wish" in k})
    tap.equal(stranger.get("/certificates/apply", follow=False).want(303).header("Location"), "/certificates", "another person's wish")


def stepping_nowhere():
    """a way that does not exist is none, and one without a session is an ordinary login"""
    ask("--contexts", "", "--assurance", "")
    guest = Guest("nowhere").inside()
    for what in ("client", "client-", "-13", "server-13", "client-99", "client-13000", "client-13-13", "client-0x0d"):
        tap.equal(guest.get("/login?step-up=" + what, follow=False).status, 404, what)
    outside = Browser(demo)
    tap.equal(outside.get("/login?step-up=client-13", follow=False).want(303).header("Location")[:10], "/discovery")
    plain = guest.get("/login?step-up=client-13", follow=False).want(303)
    tap.lacks(request_in(plain), "RequestedAuthnContext", "nothing is asked of this profile")


def missing_assurance():
    """a value that is not sent is explained, and nothing leads to another login"""
    ask("--contexts", "", "--assurance", "iap-medium")
    guest = Guest("unproved").inside()
    _, page = refused_application(guest, confirm="1")
    page.want(422)
    tap.has(page.text(), "https://refeds.org/assurance/IAP/medium")
    tap.equal([a["href"] for a in page.tree.all("a") if "/login?" in (a["href"] or "")], [])
    proved = Guest("proved", eduPersonAssurance="https://refeds.org/assurance/IAP/medium").inside()
    refused_application(proved, confirm="1")[1].want(303)
    tap.equal(demo.sql("select r.assurance from request r join person p on p.id = r.person where p.identifier = 'proved@explained.example'"
                       " order by r.number desc limit 1"), "{https://refeds.org/assurance/IAP/medium}")


try:
    tap.run(before_login, after_login_it_is_the_institutions_own, refused_page, refused_values, one_face_before, the_account, stepping_up,
            stepping_nowhere, missing_assurance)
finally:
    ask("--contexts", "", "--assurance", "")
