#!/usr/bin/python3
"""The page behind TLS client authentication: every way to be right or wrong, each with a certificate that is really so.
tap: seconds 180"""
import datetime
import os
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import authority  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, certificate_says, tool  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.x509.oid import NameOID  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-check-")
me = Person(demo, "researcher")
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
have = {}


def at(name):
    return os.path.join(box.name, name)


def collected(name, kind="client", **more):
    """A collected certificate, made once: {number, crt, key, chain}."""
    if name not in have:
        number, pin, _, data = me.collected(kind, 13, **more)
        crt, key, chain = client.unpack(box.name, data, pin, name)
        have[name] = {"number": number, "crt": crt, "key": key, "chain": chain}
    return have[name]


def check(files, language="en", url=None):
    browser = Browser(demo, language, certificate=files)
    return browser.get((url or demo["CLIENT_URL"]) + "/check")


def verdict(page):
    return page.tree.first("div", data_verdict=True)["data-verdict"]


def of(number, column):
    return demo.sql("select %s from request where number = %d" % (column, number))


# --- the tests' own certificates, in the table ----------------------------------------------------------------------------------

class Recorded:
    """MADE stands in the table for as long as this lasts, as certificate of a request that has none yet."""

    def __init__(self, made, state=None):
        self.serial, self.state = "%040x" % made.serial_number, state
        self.number, _, _ = me.ready("client", 13, memo="check page")
        der = made.public_bytes(serialization.Encoding.DER).hex()
        self.owner("insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after,"
                   " key_kind) select 'client', '%s', %d, max(id), '\\x%s', 'CN=check', sha256('%s'), sha256('\\x%s'), '%sZ', '%sZ', 'p256'"
                   " from pickup where request = %d" % (self.serial, self.number, der, self.serial, der, made.not_valid_before,
                                                        made.not_valid_after, self.number))

    def owner(self, script):
        demo.owner("set session_replication_role = replica; " + script)

    def __enter__(self):
        if self.state:
            self.owner("update request set state = '%s' where number = %d" % (self.state, self.number))
        return self

    def __exit__(self, *_):
        self.owner("delete from certificate where serial = '%s'; update request set state = 'ready' where number = %d" % (self.serial, self.number))


# --- the tests ------------------------------------------------------------------------------------------------------------------

def works():
    """a good certificate: yes, whose, until when, and everything that the certificate says, as openssl reads it"""
    mine = collected("good", memo="laptop 7")
    page = check((mine["crt"], mine["key"], None)).want(200)
    tap.equal(verdict(page), "works")
    tap.has(page.value("whose"), of(mine["number"], "common_name"))
    end = client.tokyo(certificate_says(mine["crt"], "-enddate"))
    tap.has(page.html.split('id="not-after"')[1][:200], end.date().isoformat())
    left = (end.date() - client.tokyo(datetime.datetime.now(datetime.timezone.utc).strftime("%b %d %H:%M:%S %Y GMT")).date()).days
    tap.has(page.value("not-after"), str(left))
    print_ = certificate_says(mine["crt"], "-fingerprint", "-sha256").split("=")[1]
    tap.equal(page.value("fingerprint"), print_)
    tap.equal(page.value("serial"), certificate_says(mine["crt"], "-serial").split("=")[1].lower())
    for name in ("client", "root"):
        ca = x509.load_der_x509_certificate(demo.fetch("/ca/%s.cer" % name).want(200).body)
        tap.has(page.value("chain"), ca.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    tap.has(page.text(), "laptop 7")
    tap.has(page.value("purpose"), "Logging in")
    tap.has(page.value("revocation"), "Not revoked")
    tap.ok(page.tree.first(id="mend") is None and "Renew now" not in page.text())
    japanese = check((mine["crt"], mine["key"], None), "ja").want(200)
    tap.has(japanese.text(), "はい、証明書は使えます")


def refused(page, word, *parts):
    page.want(403)
    tap.equal(verdict(page), word)
    steps = page.tree.first("ol").all("li")
    tap.ok(len(steps) >= 2, "steps how to mend it")
    for part in parts:
        tap.has(page.text(), part)
    return page


def none():
    """no certificate: how to install one, and that the browser remembers a cancelled choice"""
    page = refused(Browser(demo).get(demo["CLIENT_URL"] + "/check"), "none", "Cancel")
    tap.ok(page.tree.first(id="whose") is None)


def foreign():
    """another CA's: the page names it, and says how to choose the right one"""
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("f.key"), "-out", at("f.crt"),
         "-days", "2", "-subj", "/O=Elsewhere/CN=Mallory Foreign", "-addext", "extendedKeyUsage=1.2.3.4,serverAuth")
    page = refused(check((at("f.crt"), at("f.key"), None)), "foreign", "Close all windows")
    tap.has(page.value("issuer"), "Elsewhere")
    tap.has(page.value("whose"), "Mallory Foreign")
    tap.has(page.value("revocation"), "Not known here")
    for part in ("Another use: 1.2.3.4", "Servers"):
        tap.has(page.value("purpose"), part)


def unknown():
    """our key's signature over what nobody recorded: not accepted, and the helpdesk is to be told"""
    files, _ = authority.signed(demo, box.name, "unknown", NOW - DAY, NOW + 300 * DAY)
    refused(check(files), "unknown", "helpdesk")


def expired_and_early():
    """one that has ended and one that has not begun: each says so, with its day"""
    for word, begin, end, part in (("expired", NOW - 400 * DAY, NOW - 2 * DAY, "not-after"), ("early", NOW + 3 * DAY, NOW + 300 * DAY, "not-before")):
        files, made = authority.signed(demo, box.name, word, begin, end)
        with Recorded(made):
            page = refused(check(files), word)
            day = client.tokyo((end if word == "expired" else begin).strftime("%b %d %H:%M:%S %Y GMT")).date()
            tap.has(page.html.split('id="%s"' % part)[1][:200], day.isoformat())


def ends_soon():
    """with ten days left: it works, and 'renew now' leads to its request at the portal, where the renewal is offered"""
    files, made = authority.signed(demo, box.name, "soon", NOW - 300 * DAY, NOW + 10 * DAY)
    with Recorded(made, "collected") as row:
        page = check(files).want(200)
        tap.equal(verdict(page), "works")
        link = [a for a in page.tree.all("a") if a.text() == "Renew now"][0]["href"]
        tap.equal(link, "%s/certificates/%d" % (demo["PORTAL_URL"], row.number))
        me.get(link).want(200).form("/certificates/%d/renew" % row.number)


def renewed():
    """after a renewal the old one still works and names the new one; once superseded: the wrong one of two was sent"""
    mine = collected("old")
    number = mine["number"]
    me.act(number, "renew")
    me.wait(number, "renew_ready")
    pin = tap.until(lambda: me.pin(number))
    data = me.collect(number, pin, me.pickup_path(number, count=2))
    new = client.unpack(box.name, data, pin, "new")
    page = check((mine["crt"], mine["key"], None)).want(200)
    serial = certificate_says(new[0], "-serial").split("=")[1].lower()
    tap.equal(page.value("successor"), serial)
    tap.has(page.text(), "a newer certificate")
    demo.owner("update certificate set revoked_at = now(), reason = 'superseded', revoked_by = 'grace' where request = %d and serial <> '%s'" % (number, serial))
    page = refused(check((mine["crt"], mine["key"], None)), "revoked", "old certificate", "choose the newer certificate")
    tap.equal(page.value("successor"), serial)
    tap.has(page.value("revoked-at"), "Replaced by a new certificate")
    tap.equal(verdict(check((new[0], new[1], None)).want(200)), "works")


def revoked():
    """a revoked one: since when and why in words, at once"""
    mine = collected("revoked")
    me.act(mine["number"], "revoke", reason="affiliationChanged")
    page = refused(check((mine["crt"], mine["key"], None)), "revoked", "Remove it from this device")
    tap.has(page.value("revoked-at"), "My affiliation changed")
    tap.has(page.value("revocation"), "Revoked, for good")
    when = demo.sql("select to_char(revoked_at at time zone 'Asia/Tokyo', 'YYYY-MM-DD\"T\"HH24:MI') from certificate where request = %d" % mine["number"])
    tap.has(page.html.split('id="revoked-at"')[1][:200], when)


def wrong_purpose():
    """an S/MIME certificate: genuine, but not for logging in"""
    mine = collected("mail", "smime")
    page = refused(check((mine["crt"], mine["key"], None)), "purpose", "client certificate")
    tap.has(page.value("purpose"), "S/MIME")


def broken_chain():
    """a server that knows the root only: without the issuing CA's certificate it says what is missing; sent along, it works"""
    mine = collected("good")
    settings = authority.settings(demo)
    share = os.path.join(settings["service"]["share"], "nginx")
    tool("openssl", "x509", "-inform", "DER", "-in", client.write(box.name, "root.cer", demo.fetch("/ca/root.cer").body), "-out", at("root.pem"))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    crt, key, user = authority.server_certificate(demo)
    lines = "ssl_certificate %s; ssl_certificate_key %s;" % (crt, key)
    temporary = " ".join("%s_temp_path %s;" % (kind, at(kind)) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    client.write(box.name, "nginx.conf", ("""%sdaemon off; pid %s; error_log stderr; worker_processes 1; events { }
http { %s access_log off; include %s/http.conf; upstream inkan_portal { server unix:%s; }
server { listen 127.0.0.1:%d ssl; %s ssl_client_certificate %s; ssl_session_cache none; include %s/tls.conf; include %s/client.conf; } }
""" % (user, at("nginx.pid"), temporary, share, settings["portal"]["socket"], port, lines, at("root.pem"), share, share)).encode())
    os.chmod(box.name, 0o755)
    nginx = subprocess.Popen(["nginx", "-p", box.name, "-e", at("nginx.err"), "-c", at("nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        tap.until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        url = "https://localhost:%d" % port
        page = refused(check((mine["crt"], mine["key"], None), url=url), "chain", "helpdesk")
        tap.has(page.value("chain"), "unable to verify the first certificate")
        with open(at("with.crt"), "wb") as out:
            for name in (mine["crt"], mine["chain"]):
                with open(name, "rb") as file:
                    out.write(file.read())
        tap.equal(verdict(check((at("with.crt"), mine["key"], None), url=url).want(200)), "works")
    finally:
        nginx.terminate()
        nginx.wait(20)


tap.run(works, none, foreign, unknown, expired_and_early, ends_soon, renewed, revoked, wrong_purpose, broken_chain)
