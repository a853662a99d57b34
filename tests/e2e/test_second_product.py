#!/usr/bin/python3
"""Login and logout with an IdP that shares no code with lasso or SimpleSAMLphp: Debian's pysaml2, tests/lib/pysaml2_idp.py.
tap: seconds 120"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import pysaml2_idp  # noqa: E402
import stage  # noqa: E402
import tap  # noqa: E402
from client import Browser  # noqa: E402

demo = client.Demo()
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PROGRAM = pysaml2_idp.Running(demo)


def at_idp(browser):
    return browser.get("/login?idp=" + urllib.parse.quote(PROGRAM.entity, safe=""))


def log_in(browser, account="researcher3"):
    page = browser.submit(at_idp(browser).form("/login"), username=account, password="demo").want(200)
    return browser.submit(page.form("/saml/acs", SAMLResponse=None), follow=True)


def is_out(browser):
    return browser.get("/certificates", follow=False).status == 303


def to_the_end(browser, page):
    """Sends the forms on that a browser's script would send, until the IdP says how the logout went."""
    for _ in range(4):
        if page.tree.first(id="result"):
            return page.id("result")
        page = browser.submit(page.forms()[0], follow=True)
    raise tap.Failed("no result: %r\n%s" % (page, page.text()[:500]))


def every_way_to_sign():
    """signed response, signed assertion, both; encrypted with GCM and, inside a signed response, with CBC: all are logged in"""
    for sign, encrypt in (("both", "no"), ("response", "no"), ("assertion", "no"), ("both", "gcm"), ("assertion", "gcm"), ("response", "gcm"),
                          ("both", "cbc"), ("response", "cbc")):
        PROGRAM.control(sign=sign, encrypt=encrypt)
        page = log_in(Browser(demo))
        tap.equal((page.status, page.path), (200, "/certificates"), "%s signed, encrypted: %s" % (sign, encrypt))
        tap.has(page.id("person").text(), "Hoshiko Tanabe")
    PROGRAM.control(sign="both", encrypt="no")


def values_arrive():
    """the values of this IdP arrive, Japanese ones too, and its contact is known"""
    b = Browser(demo, language="ja")
    log_in(b)
    tap.has(b.get("/certificates").id("person").text(), "田辺 星子")
    tap.equal(demo.sql("select identifier from person where display_name_ja = '田辺 星子'"), "researcher3@hoshi.example")
    tap.equal(demo.sql("select contact_mail from idp where entity_id = %s" % client.q(PROGRAM.entity)), "identity@hoshi.example")


def operators_by_named_idps():
    """an operator is who the IdP named for it says so of; another IdP that sends the value makes a person like any other"""
    client.Person(demo, "operator")
    log_in(Browser(demo), "operator3")
    for idp, role in ((demo["IDP1"], "operator"), (PROGRAM.entity, "person")):
        sent = demo.sql("select role || ' ' || (attributes::text like '%%entitlement/operator%%') from session where idp = %s"
                        " order by created_at desc limit 1" % client.q(idp))
        tap.equal(sent, role + " true")


def unsigned_is_refused():
    """without any signature it is not believed"""
    PROGRAM.control(sign="none")
    page = log_in(Browser(demo))
    PROGRAM.control(sign="both")
    tap.equal(page.status, 403)


def second_login():
    """whoever is still logged in there comes in again without a password, with a new session"""
    b = Browser(demo)
    log_in(b)
    before = dict(b.cookies["localhost"])
    page = at_idp(b)
    page = b.submit(page.form("/saml/acs", SAMLResponse=None), follow=True)
    tap.equal(page.path, "/certificates")
    tap.ok(before != b.cookies["localhost"], "the same session id")


def logout_from_here():
    """logging out here ends the session first, then the IdP's, which verifies our request and whose answer we verify"""
    b = Browser(demo)
    log_in(b)
    page = b.submit(b.get("/certificates").form("/logout"), follow=True)
    tap.ok(is_out(b))
    on = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith(PROGRAM.base + "/slo")]
    tap.ok(on, "no way on to the IdP: %r" % page)
    back = b.get(on[0]).want(200)
    tap.equal(back.path, "/saml/slo")
    tap.ok("username" in at_idp(b).form("/login").fields, "the IdP asks for the password again")


def logout_from_there():
    """a logout at the IdP, by Redirect and by POST, ends that login's session here and no other; the IdP verifies our answer"""
    for binding in ("redirect", "post"):
        b, elsewhere, somebody = Browser(demo), Browser(demo), Browser(demo)
        for browser, account in ((b, "researcher3"), (elsewhere, "researcher3"), (somebody, "student3")):
            log_in(browser, account)
        result = to_the_end(b, b.get(PROGRAM.base + "/logout?binding=" + binding).want(200))
        tap.equal((result["data-status"], result["data-relay-state"]), (SUCCESS, "same"), binding)
        tap.ok(is_out(b), binding)
        tap.ok(not is_out(elsewhere), binding + ": another session of the same person goes on")
        tap.ok(not is_out(somebody), binding)


def step_up():
    """a profile that asks for two factors leads there and back: with the code the session is a strong one, a wrong code or an IdP
    that has none leaves it as it was, and the page says why"""
    stage.demanding_profile()
    b = Browser(demo)
    log_in(b)
    context = "select context from session where idp = %s order by created_at desc limit 1" % client.q(PROGRAM.entity)
    tap.has(demo.sql(context), "PasswordProtectedTransport")
    PROGRAM.control(mfa="no")
    page = b.get("/login?step-up=client-14&return=/certificates")
    refused = b.submit(page.form("/saml/acs", SAMLResponse=None))
    tap.equal(refused.status, 403)
    tap.equal(b.get("/certificates", follow=False).status, 200, "still logged in as before")
    PROGRAM.control(mfa="yes")
    form = b.get("/login?step-up=client-14&return=/certificates").form("/login")
    tap.ok("code" in form.fields, "the IdP asks for a code")
    again = b.submit(form, username="researcher3", password="demo", code="000000")
    page = b.submit(again.form("/login"), username="researcher3", password="demo", code=pysaml2_idp.CODE)
    tap.equal(b.submit(page.form("/saml/acs", SAMLResponse=None), follow=True).path, "/certificates")
    tap.equal(demo.sql(context), pysaml2_idp.MFA)


def logout_twice():
    """a logout at the IdP after one here is answered too: there is nothing left to end"""
    b = Browser(demo)
    log_in(b)
    b.submit(b.get("/certificates").form("/logout"))
    result = to_the_end(b, b.get(PROGRAM.base + "/logout").want(200))
    tap.equal(result["data-status"], SUCCESS)


if __name__ == "__main__":
    with PROGRAM:
        tap.run(every_way_to_sign, values_arrive, operators_by_named_idps, unsigned_is_refused, second_login, logout_from_here,
                logout_from_there, step_up, logout_twice)
