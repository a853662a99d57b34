#!/usr/bin/python3
"""New SAML keys while people log in and out: all three steps, by IdPs that have read the newest metadata and by such as still
have that of the step before; plain (IDP2) and encrypted (IDP1) assertions; signed requests and logouts, which both IdPs check.
tap: alone
tap: seconds 300"""
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
PEOPLE = ("student", "researcher2")  # of both IdPs
# SimpleSAMLphp reads it at each request, so an IdP has what this test wrote last.
AT_IDPS = os.path.join(os.path.dirname(os.path.realpath(demo.file)), "idp", "sp-metadata.xml")


def metadata(query=""):
    return Browser(demo).get("/saml/metadata" + query).want(200).body.decode()


def give_to_idps(text):
    with open(AT_IDPS, "w", encoding="utf-8") as file:
        file.write(text)


def in_and_out(account):
    """A login, and a logout that the IdP hears of."""
    person = Person(demo, account)
    page = person.submit(person.dashboard().form("/logout"))
    page = person.follow(page) if page.status in (301, 302, 303) else page
    on = [a["href"] for a in page.tree.all("a") if "SingleLogoutService" in (a["href"] or "")]
    tap.ok(on, "%s: no way on to the IdP: %r" % (account, page))
    tap.equal(person.get(on[0]).path, "/saml/slo", account)


class Traffic:
    """People who come and go all the time, in the background; no login and no logout may fail."""

    def __init__(self):
        self.over, self.done, self.trouble = threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.go_on, args=(account,)) for account in PEOPLE]

    def go_on(self, account):
        while not self.over.is_set():
            try:
                in_and_out(account)
                self.done += 1
            except Exception as why:
                self.trouble.append("%s: %s" % (account, why))
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def without_first(text, use):
    """TEXT without its first KeyDescriptor of that USE: what an IdP sees that likes the other one."""
    return re.sub(r'<md:KeyDescriptor use="%s">.*?</md:KeyDescriptor>' % use, "", text, count=1, flags=re.S)


def step(*words):
    """One step, with people coming and going; the IdPs have the metadata of before, then the new one."""
    with Traffic() as traffic:
        demo.inkan("saml", "rollover", *words)
        tap.until(lambda: traffic.trouble or status() == 0, seconds=10)
    tap.equal(traffic.trouble, [], words[0])
    tap.ok(traffic.done > 0, "nobody came")
    for account in PEOPLE:  # whatever each process has noticed by now
        in_and_out(account)
    time.sleep(1.1)  # each looks at its files once a second
    after = metadata()
    give_to_idps(after)
    for account in PEOPLE:
        in_and_out(account)
    return after


def status():
    return demo.inkan("saml", "status", "--ca-file", demo["TLS_CA"], check=False).returncode


def whole_change():
    """nobody's login or logout fails, from the start to the end of a change"""
    try:
        all_steps()
    finally:  # what comes after this test logs in too
        time.sleep(1.1)
        give_to_idps(metadata())


def all_steps():
    before = metadata()
    give_to_idps(before)
    started = step("start")
    tap.equal(len(re.findall("<md:KeyDescriptor", started)), len(re.findall("<md:KeyDescriptor", before)) + 2)
    # An IdP may encrypt to either key.
    give_to_idps(without_first(started, "encryption"))
    in_and_out("student")
    give_to_idps(started)
    demo.inkan("saml", "status", "--ca-file", demo["TLS_CA"])
    switched = step("switch", "--force")
    # It signs with the new key: an IdP that knows no other is content.
    new = re.findall(r"<ds:X509Certificate>([^<]+)<", switched)
    give_to_idps(re.sub(r'<md:KeyDescriptor use="signing">(?:(?!</md:KeyDescriptor>).)*%s.*?</md:KeyDescriptor>' % re.escape(new[1]), "",
                        switched, flags=re.S))
    in_and_out("student")
    in_and_out("researcher2")
    give_to_idps(switched)
    finished = step("finish", "--force")
    old = re.findall(r"<ds:X509Certificate>([^<]+)<", before)
    tap.ok(not set(old) & set(re.findall(r"<ds:X509Certificate>([^<]+)<", finished)), "the old certificates are gone")
    tap.equal(len(re.findall("<md:KeyDescriptor", finished)), 2)


def status_finds_what_differs():
    """status compares the files here with what a portal publishes"""
    done = demo.inkan("saml", "status", "--ca-file", demo["TLS_CA"])
    tap.has(done.stdout, "publishes exactly these certificates")
    wrong = demo.inkan("saml", "status", "--ca-file", demo["TLS_CA"], "--url", demo["PORTAL_URL"] + "/privacy", check=False)
    tap.equal(wrong.returncode, 1)
    tap.has(wrong.stdout, "NOT PUBLISHED")


def signed_on_request():
    """?signed=1 gives the same document signed; without it nothing is signed"""
    tap.lacks(metadata(), "SignatureValue")
    signed = metadata("?signed=1")
    tap.has(signed, "SignatureValue")
    tap.has(signed, "validUntil=")
    for query in ("", "?signed=1"):
        tap.has(Browser(demo).get("/saml/metadata" + query).header("Content-Type"), "application/samlmetadata+xml")


def pages_that_metadata_names():
    """every page and picture that our metadata names is there"""
    found = re.findall(r">(https://[^<]+)</md(?:ui)?:(?:Logo|InformationURL|PrivacyStatementURL|OrganizationURL)>", metadata())
    tap.ok(len(found) >= 7, found)
    for url in set(found):
        Browser(demo).get(url).want(200)


tap.run(whole_change, status_finds_what_differs, signed_on_request, pages_that_metadata_names)
