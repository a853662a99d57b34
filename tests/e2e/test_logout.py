#!/usr/bin/python3
"""Single logout with real IdPs, started here and started there.
tap: seconds 120"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
PEOPLE = ("student", "researcher2")  # of both IdPs


def at_idp(person, page):
    """The address PAGE.php of the person's IdP."""
    return person.idp().rsplit("/", 1)[0] + "/" + page + ".php"


def is_out(browser):
    return browser.get("/certificates", follow=False).status == 303


def started_here():
    """logging out ends the session first, then goes on to the IdP and comes back"""
    for account in PEOPLE:
        b = Person(demo, account)
        page = b.submit(b.dashboard().form("/logout"))
        tap.ok(is_out(b), account + ": before the IdP has heard of it")
        page = b.follow(page) if page.status in (301, 302, 303) else page
        on = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith(at_idp(b, "SingleLogoutService"))]
        tap.ok(on, "%s: no way on to the IdP: %r" % (account, page))
        back = b.get(on[0])
        tap.equal(back.status, 200, repr(back))
        tap.equal(urllib.parse.urlsplit(back.url).path, "/saml/slo", account)
        form = b.get("/login?idp=" + urllib.parse.quote(b.idp(), safe="")).form(username=None)
        tap.ok("username" in form.fields, account + ": the IdP asks for the password again")


def started_there():
    """a logout at the IdP ends the session of that login here, found by the name in the message, and no other"""
    for account in PEOPLE:
        b, elsewhere = Person(demo, account), Person(demo, account)
        ended = b.get(at_idp(b, "initSLO") + "?RelayState=" + urllib.parse.quote(b.idp().split("/saml2")[0] + "/", safe=""))
        tap.ok(ended.status < 500, repr(ended))
        tap.ok(is_out(b), account)
        tap.ok(not is_out(elsewhere), account + ": another session at the IdP goes on")


def forged():
    """a LogoutRequest that nobody signed ends nothing"""
    b = Person(demo, "student")
    for query in ("SAMLRequest=fZDBCsIwEER%2FJey9NbVqpWAFQYSCXhQ9eJG0WTXQJrW7Bf%2FerYh68rgzO%2FN2l4Sv6vJ0", "SAMLRequest=", "SAMLResponse=AAAA", "x=y"):
        tap.ok(400 <= b.get("/saml/slo?" + query, follow=False).status < 500, query)
        tap.ok(400 <= Browser(demo).post("/saml/slo", dict(urllib.parse.parse_qsl(query))).status < 500, query)
    tap.ok(not is_out(b))


tap.run(started_here, started_there, forged)
