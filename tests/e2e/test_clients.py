#!/usr/bin/python3
"""What we issue in the hands of programs that nobody here wrote: openssl and curl (test_imports.py has the others).
tap: seconds 180"""
import base64
import os
import re
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-clients-")
me = Person(demo, "researcher")
ISSUERS = ("client", "smime")
have = {}


def at(name):
    return os.path.join(folder.name, name)


def got(kind, encoding="modern"):
    """A collected certificate of that kind, made once: a dict of files and words."""
    if (kind, encoding) not in have:
        number, pin, _, data = me.collected(kind, 13, encoding=encoding)
        name = "%s-%s" % (kind, encoding)
        crt, key, chain = client.unpack(folder.name, data, pin, name)
        have[kind, encoding] = {"number": number, "pin": pin, "p12": at(name + ".p12"), "crt": crt, "key": key, "chain": chain,
                                "word": at(name + ".word")}
    return have[kind, encoding]


def pem(name):
    """An issuer's certificate from the address that certificates name, as PEM."""
    path = at(name + ".pem")
    if not os.path.exists(path):
        der = client.write(folder.name, name + ".cer", demo.fetch("/ca/%s.cer" % name).want(200).body)
        tool("openssl", "x509", "-inform", "DER", "-in", der, "-out", path)
    return path


def crl_pem(name):
    der = client.write(folder.name, name + ".crl", demo.fetch("/crl/%s.crl" % name).want(200).body)
    tool("openssl", "crl", "-inform", "DER", "-in", der, "-out", at(name + ".crl.pem"))
    return at(name + ".crl.pem")


def chain_in_the_file():
    """the file carries the whole chain, and it leads to the root that /ca shows"""
    for kind in ISSUERS:
        mine = got(kind)
        with open(mine["chain"], encoding="ascii") as file:
            tap.ok(file.read().count("BEGIN CERTIFICATE") >= 1, "a chain")
        tool("openssl", "verify", "-x509_strict", "-CAfile", pem("root"), "-untrusted", mine["chain"], mine["crt"])
        tool("openssl", "verify", "-x509_strict", "-CAfile", demo["CA_CHAIN"], mine["crt"])
        purpose = {"client": "sslclient", "smime": "smimesign"}[kind]
        tool("openssl", "verify", "-purpose", purpose, "-CAfile", pem("root"), "-untrusted", mine["chain"], mine["crt"])


def key_fits():
    """key and certificate belong together"""
    for kind in ISSUERS:
        mine = got(kind)
        one = tool("openssl", "x509", "-in", mine["crt"], "-noout", "-pubkey").stdout
        two = tool("openssl", "pkey", "-in", mine["key"], "-pubout").stdout
        tap.equal(one, two)


def verify_with_crl():
    """openssl verifies with the full CRL and with the shard, and refuses after a revocation"""
    mine = got("client")
    for name in ("client", "client-0"):
        tool("openssl", "verify", "-crl_check", "-CRLfile", crl_pem(name), "-CAfile", demo["CA_CHAIN"], mine["crt"])
    number, pin, _, data = me.collected("client", 13)
    crt, _, _ = client.unpack(folder.name, data, pin, "revoked")
    me.act(number, "revoke", reason="superseded")
    me.wait(number, "revoked", seconds=10)
    for name in ("client", "client-0"):
        answer = tool("openssl", "verify", "-crl_check", "-CRLfile", crl_pem(name), "-CAfile", demo["CA_CHAIN"], crt, check=False)
        tap.has((answer.stdout + answer.stderr).decode(), "certificate revoked", name)
    have["revoked"] = crt, at("revoked.key")


def whole_chain_crl():
    """openssl verifies the whole chain with the CRLs of root and issuing CAs"""
    with open(at("all.crl.pem"), "wb") as out:
        for name in ("root", "client-0"):
            with open(crl_pem(name), "rb") as file:
                out.write(file.read())
    tool("openssl", "verify", "-crl_check_all", "-CRLfile", at("all.crl.pem"), "-CAfile", demo["CA_CHAIN"], got("client")["crt"])


def ocsp_post():
    """openssl ocsp by POST: good, revoked, unknown; the nonce comes back; the responder is delegated and nocheck"""
    good, revoked = got("client")["crt"], have["revoked"][0]
    text = ocsp_text("client", good, "-text")
    for part in ("Response verify OK", ": good", "OCSP Nonce", "id-pkix-ocsp-nocheck|OCSP No Check"):
        tap.ok(re.search(part, text), part + " in\n" + text[:1500])
    tap.lacks(text, "WARNING: no nonce")
    tap.has(ocsp_text("client", revoked), ": revoked")
    text = ocsp_text("client", None, "-serial", "0x1234567890abcdef1234567890abcdef12345678")
    # RFC 6960 'unknown', or 'unauthorized' as RFC 5019 has it for what a responder has no record of; never 'good'.
    tap.ok(": unknown" in text or "unauthorized" in text, text)
    tap.lacks(text, ": good")
    tap.has(ocsp_text("smime", got("smime")["crt"]), ": good")


def ocsp_text(issuer, crt, *more):
    words = ["openssl", "ocsp", "-issuer", pem(issuer), "-CAfile", demo["CA_CHAIN"], "-url", demo["PUBLISH_URL"] + "/ocsp"]
    done = tool(*words, *(["-cert", crt] if crt else []), *more, check=False)
    return (done.stdout + done.stderr).decode()


def ocsp_get():
    """OCSP by GET, as browsers ask: a signed answer that may be cached, fetched by curl"""
    mine, request, reply = got("client"), at("request.der"), at("reply.der")
    tool("openssl", "ocsp", "-issuer", pem("client"), "-cert", mine["crt"], "-no_nonce", "-reqout", request)
    with open(request, "rb") as file:
        words = base64.b64encode(file.read()).decode()
    url = demo["PUBLISH_URL"] + "/ocsp/" + urllib.parse.quote(words, safe="")
    head = tool("curl", "-sS", "-D", "-", "-o", reply, url).stdout.decode()
    tap.has(head, " 200")
    tap.has(head.lower(), "content-type: application/ocsp-response")
    tap.ok(re.search(r"(?i)cache-control:.*max-age=\d+", head), head)
    text = tool("openssl", "ocsp", "-issuer", pem("client"), "-cert", mine["crt"], "-respin", reply, "-CAfile", demo["CA_CHAIN"], "-no_nonce")
    tap.has((text.stdout + text.stderr).decode(), ": good")
    tap.equal(tool("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", demo["PUBLISH_URL"] + "/ocsp/bm9uc2Vuc2U%3D").stdout, b"200",
              "nonsense is answered by 'malformed request', not by a failure")


def curl_with_p12():
    """curl presents the PKCS#12 at CLIENT_URL/check and its owner is greeted; a revoked one is not"""
    for encoding in ("modern", "older"):
        mine = got("client", encoding)
        page = tool("curl", "-sS", "--cacert", demo["TLS_CA"], "--cert-type", "P12", "--cert", mine["p12"] + ":" + mine["pin"],
                    demo["CLIENT_URL"] + "/check").stdout.decode()
        tap.has(page, demo.sql("select common_name from request where number = %d" % mine["number"]))
    crt, key = have["revoked"]
    revoked = tool("curl", "-sS", "--cacert", demo["TLS_CA"], "--cert", crt, "--key", key, demo["CLIENT_URL"] + "/check").stdout.decode()
    tap.ok(client.Tree(revoked).root.text() != client.Tree(page).root.text())


def mail_signed():
    """a mail signed with the S/MIME certificate verifies, for the address it was issued to"""
    mine, text = got("smime"), client.write(folder.name, "text", "署名するメールです。\r\nSigned mail.\r\n".encode())
    tool("openssl", "cms", "-sign", "-in", text, "-text", "-signer", mine["crt"], "-inkey", mine["key"], "-certfile", mine["chain"], "-out", at("signed.eml"))
    tool("openssl", "cms", "-verify", "-in", at("signed.eml"), "-CAfile", pem("root"), "-purpose", "smimesign", "-out", at("verified"))
    with open(at("verified"), "rb") as file:
        tap.has(file.read(), "署名する".encode())
    address = demo.sql("select mail from request where number = %d" % mine["number"])
    tap.has(client.certificate_says(mine["crt"], "-email"), address)
    tap.has(client.certificate_says(mine["crt"], "-ext", "subjectAltName"), "email:" + address)
    with open(at("signed.eml"), "rb") as file:
        changed = file.read().replace(b"Signed mail", b"Singed mail")
    client.write(folder.name, "changed.eml", changed)
    tap.ok(tool("openssl", "cms", "-verify", "-in", at("changed.eml"), "-CAfile", pem("root"), check=False).returncode != 0, "a changed mail")


def mail_encrypted():
    """a mail encrypted to the S/MIME certificate is read with the key from the file"""
    mine, text = got("smime"), client.write(folder.name, "secret", "秘密のメール\r\n".encode())
    tool("openssl", "cms", "-encrypt", "-in", text, "-aes256", "-out", at("encrypted.eml"), mine["crt"])
    tool("openssl", "cms", "-decrypt", "-in", at("encrypted.eml"), "-recip", mine["crt"], "-inkey", mine["key"], "-out", at("decrypted"))
    with open(at("decrypted"), "rb") as file:
        tap.has(file.read(), "秘密のメール".encode())
    usage = client.certificate_says(mine["crt"], "-ext", "keyUsage,extendedKeyUsage")
    tap.has(usage, "E-mail Protection")
    tap.ok("Key Encipherment" in usage or "Key Agreement" in usage, usage)


def issuers():
    """root and issuing CAs have sound extensions, and the page shows the fingerprint that openssl reckons"""
    page = me.get("/ca").want(200).text().upper().replace(":", "").replace(" ", "")
    for name in ("root",) + ISSUERS:
        text = client.certificate_says(pem(name), "-ext", "basicConstraints,keyUsage")
        tap.has(text, "CA:TRUE")
        tap.has(text, "Certificate Sign")
        tap.ok(text.count("critical") >= 2, text)
        print_ = client.certificate_says(pem(name), "-fingerprint", "-sha256").split("=")[1].replace(":", "").upper()
        tap.has(page, print_, name)
    tap.has(client.certificate_says(pem("client"), "-ext", "basicConstraints"), "pathlen:0")


tap.run(chain_in_the_file, key_fits, verify_with_crl, whole_chain_crl, ocsp_post, ocsp_get, curl_with_p12, mail_signed, mail_encrypted, issuers)
