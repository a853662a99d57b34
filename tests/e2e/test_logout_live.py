#!/usr/bin/python3
"""Logout messages at /saml/slo that must end no session: forged, stale, replayed, changed, for somebody else, from another IdP, by
Redirect and by POST; and the good ones between them, whose answers are signed and carry the RelayState back.
tap: seconds 90"""
import base64
import os
import re
import subprocess
import sys
import urllib.parse
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "hostile")]
import client  # noqa: E402
import make_logout  # noqa: E402
import parts  # noqa: E402
import stage  # noqa: E402
import tap  # noqa: E402
from client import Browser  # noqa: E402
from parts import DS, MORE, at  # noqa: E402
from stage import Log, Login, number_of  # noqa: E402

demo = client.Demo()
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
RELAY = "a/b+c d=é"  # must come back as it was


def names(name, index):
    return {"name": '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">%s</saml:NameID>' % name,
            "index": "<samlp:SessionIndex>%s</samlp:SessionIndex>" % index if index else ""}


class Session:
    """Somebody logged in at our first IdP as NAME in its session INDEX."""

    def __init__(self, name=None, index=None):
        self.name, self.index = name or "_n" + os.urandom(8).hex(), index or "_s" + os.urandom(8).hex()
        login = Login(parts.IDP)
        self.browser = Browser(demo)
        self.browser.cookies["localhost"] = dict(login.cookies)
        login.answer(login.good(name="_" + os.urandom(8).hex(), statement_=parts.statement(SessionIndex=self.index), subject_=parts.subject(
            "<saml:NameID>%s</saml:NameID>" % self.name, parts.confirmation(InResponseTo=login.request_id))), sender=self.browser).want(303)

    def lives(self):
        return self.browser.get("/certificates", follow=False).status == 200

    def request(self, signature="", **over):
        """The IdP's LogoutRequest for it."""
        values = {"ID": "_" + os.urandom(8).hex(), **names(self.name, self.index), "signature": signature, **over}
        return make_logout.request(**values)

    def signed(self, key="idp", **over):
        """... with a signature inside, for POST."""
        over = {"ID": "_" + os.urandom(8).hex(), **over}
        return make_logout.fill(self.request(parts.template("#" + over["ID"]), **over), key=key)


def redirect(query):
    return Browser(demo).get("/saml/slo?" + query, follow=False)


def post(xml, **more):
    return Browser(demo).post("/saml/slo", {"SAMLRequest": base64.b64encode(xml.encode()).decode(), **more})


def query(xml, **more):
    return make_logout.query(xml, relay=urllib.parse.quote(RELAY, safe=""), **more)


def refused(session, cases):
    """Each of CASES (check, what, answer) is a 4xx, the log names the check, SESSION lives."""
    log, seen = Log(), []
    for check, what, answer in cases(session):
        tap.ok(400 <= answer.status < 500, "%s: %r" % (what, answer))
        seen.append((check, what, number_of(answer)))
        tap.ok(session.lives(), "the session has ended: " + what)
    checks = log.checks("logout-refused")
    logged = list(checks.values())
    for (check, what, number), found in zip(seen, logged):
        tap.equal(checks.get(number, found), check, what)
    tap.equal(len(logged), len(seen), "refusals in the log")


def forged_by_redirect():
    """by Redirect: unsigned, another's key, SHA-1, changed, another RelayState, old, of the future, for another service: refused"""
    def cases(s):
        good = query(s.request())
        yield "unsigned", "unsigned", redirect(make_logout.unsigned(s.request()))
        yield "unsigned", "signature cut off", redirect(good[:good.index("&SigAlg=")])
        yield "signature", "a foreign key", redirect(query(s.request(), key="foreign"))
        yield "signature", "the key of another IdP", redirect(query(s.request(), key="idp2"))
        yield "algorithm", "SHA-1", redirect(query(s.request(), algorithm=DS + "rsa-sha1", digest="-sha1"))
        yield "signature", "another RelayState", redirect(good.replace("RelayState=", "RelayState=x"))
        yield "signature", "the message exchanged", redirect(re.sub(r"SAMLRequest=[^&]*", lambda _: make_logout.unsigned(
            s.request(IssueInstant=at(-1))), good))
        yield "query", "the message twice", redirect(make_logout.unsigned(s.request()) + "&" + good)
        yield "issue-instant", "stale", redirect(query(s.request(IssueInstant=at(-400))))
        yield "issue-instant", "of the future", redirect(query(s.request(IssueInstant=at(200))))
        yield "not-on-or-after", "over", redirect(query(s.request(NotOnOrAfter=at(-90))))
        yield "destination", "for another service", redirect(query(s.request(Destination="https://another.example/slo")))
    refused(Session(), cases)


def forged_by_post():
    """by POST: unsigned, another's key, changed, wrapped, with a comment, with a DTD, old: refused"""
    def cases(s):
        good = s.signed()
        yield "unsigned", "unsigned", post(s.request())
        yield "signature", "a foreign key", post(s.signed(key="foreign"))
        yield "signature", "the key of another IdP", post(s.signed(key="idp2"))
        yield "signature", "changed", post(good.replace(s.index, s.index[:-1] + "x"))
        yield "comment", "a comment in the name", post(s.signed(name=names(s.name[:5] + "<!-- -->" + s.name[5:], "")["name"]))
        yield "dtd", "a DTD", post("<!DOCTYPE x>" + good)
        yield "issue-instant", "stale", post(s.signed(IssueInstant=at(-400)))
        yield "destination", "for another service", post(s.signed(Destination="https://another.example/slo"))
    refused(Session(), cases)


def for_somebody_else():
    """a good request about another person, another session index or by an IdP that did not log this one in ends nothing of this one"""
    s = Session()
    for what, xml, key in (("another name", s.request(**names("_other", None)), "idp"), ("another index", s.request(**names(s.name, "_other")), "idp"),
                           ("another IdP", s.request(issuer_=parts.issuer(parts.IDP2)), "idp2")):
        answer = redirect(query(xml, key=key))
        tap.ok(answer.status in (303, 403), "%s: %r" % (what, answer))
        tap.ok(s.lives(), what)


def verified(location):
    """The status in the LogoutResponse of a redirect to LOCATION, whose signature by our metadata's key is checked by openssl."""
    text = urllib.parse.urlsplit(location).query
    octets, _, signature = text.partition("&Signature=")
    fields = urllib.parse.parse_qs(text, keep_blank_values=True)
    tap.equal(fields["SigAlg"], [MORE + "rsa-sha256"])
    metadata = Browser(demo).get("/saml/metadata").html
    body = re.search(r'use="signing".*?<ds:X509Certificate>\s*(.*?)\s*</ds:X509Certificate>', metadata, re.S).group(1)
    parts.write("sp.crt", "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % body.strip())
    parts.write("sp.pub", subprocess.run(["openssl", "x509", "-in", parts.path("sp.crt"), "-pubkey", "-noout"], capture_output=True, check=True).stdout)
    parts.write("octets", octets)
    parts.write("signature", base64.b64decode(urllib.parse.unquote(signature)))
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", parts.path("sp.pub"), "-signature", parts.path("signature"), parts.path("octets")],
                          capture_output=True, check=False)
    tap.equal(done.returncode, 0, "our answer's signature")
    xml = zlib.decompress(base64.b64decode(fields["SAMLResponse"][0]), -15).decode()
    return re.search(r'StatusCode Value="([^"]+)"', xml).group(1), fields.get("RelayState", [None])[0], xml


def good_ones():
    """a good request ends its session, by Redirect and by POST, with and without an index; the answer is signed, says Success, answers
    that request and carries the RelayState back"""
    for by in ("redirect", "post", "without an index"):
        s, other = Session(), Session()
        request_id = "_" + os.urandom(8).hex()
        if by == "post":
            answer = post(s.signed(ID=request_id), RelayState=RELAY)
        else:
            answer = redirect(query(s.request(ID=request_id, **({"index": ""} if by != "redirect" else {}))))
        status, relay_state, xml = verified(answer.want(303).location())
        tap.equal((status, relay_state), (SUCCESS, RELAY), by)
        tap.has(xml, 'InResponseTo="%s"' % request_id)
        tap.ok(not s.lives(), by)
        tap.ok(other.lives(), by)


def replayed():
    """a good request counts once: the same message again is refused, by whatever binding it comes"""
    spent = Session()
    again, again_posted = query(spent.request()), spent.signed()
    redirect(again).want(303)
    post(again_posted).want(303)

    def cases(_):
        yield "replay", "the same URL", redirect(again)
        yield "replay", "the same form", post(again_posted)
        yield "replay", "with another RelayState", post(again_posted, RelayState="another")
    refused(Session(), cases)


def replayed():
    """a good request that was sent once ends nothing when it is sent again: not the session of the same name that began since"""
    s = Session()
    for send in (lambda: redirect(text), lambda: post(xml)):
        text, xml = query(s.request()), s.signed()
        send().want(303)
        tap.ok(not s.lives())
        s = Session(s.name, s.index)
        send()
        tap.ok(s.lives(), "a replayed request ended the new session")


def answers_that_nobody_wants():
    """LogoutResponses that nobody asked for, unsigned, forged or good, change nothing"""
    s = Session()
    make_logout.SLO = demo["PORTAL_URL"] + "/saml/slo"
    for text, wanted in ((make_logout.unsigned(make_logout.response(), "SAMLResponse"), 403),
                         (make_logout.query(make_logout.response(), "SAMLResponse", key="foreign"), 403),
                         (make_logout.query(make_logout.response(IssueInstant=at(-400)), "SAMLResponse"), 403),
                         (make_logout.query(make_logout.response(), "SAMLResponse"), 403)):
        tap.equal(redirect(text).status, wanted)
        tap.ok(s.lives())


if __name__ == "__main__":
    stage.prepare("Logout College")
    make_logout.SLO = demo["PORTAL_URL"] + "/saml/slo"
    tap.run(forged_by_redirect, forged_by_post, for_somebody_else, good_ones, replayed, answers_that_nobody_wants)
