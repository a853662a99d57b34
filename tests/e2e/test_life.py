#!/usr/bin/python3
"""A certificate's life, from the application to the revocation, as PostgreSQL, the mails, the CRL and OCSP tell it.
tap: seconds 240"""
import datetime
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, certificate_says, tool  # noqa: E402

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-life-")
me = Person(demo, "researcher")
TOKYO = datetime.timezone(datetime.timedelta(hours=9))
life = {}


def of(number, column, table="request", key="number"):
    return demo.sql("select %s from %s where %s = %d" % (column, table, key, number))


def applied():
    """an application is accepted at once, says so, and shows its progress"""
    number = life["number"] = me.apply("client", 52, memo="life")
    page = me.get("/certificates/%d/accepted" % number).want(200)
    tap.has(page.text(), str(number))
    tap.equal(of(number, "memo"), "life")
    tap.has(me.dashboard().rows(), number)


def pin_in_seconds():
    """the PIN is there within seconds, on the page and in a mail of its own; the URL in another"""
    number, began = life["number"], time.monotonic()
    me.wait(number, "ready", seconds=5)
    tap.ok(time.monotonic() - began < 5)
    life["pin"] = tap.until(lambda: me.pin(number), 5)
    ready, pin = client.wait_mail(demo, number, "ready"), client.wait_mail(demo, number, "pin")
    life["path"] = client.pickup_path(ready)
    tap.has(client.body(pin), life["pin"])
    tap.lacks(client.body(pin), life["path"].rsplit("/", 1)[1], "the URL beside the PIN")
    tap.lacks(client.body(ready), life["pin"], "the PIN beside the URL")
    tap.lacks(ready.as_string() + str(ready["Subject"]), life["pin"])


def collecting():
    """collecting gives a file and makes it a certificate in hand"""
    number = life["number"]
    life["data"] = me.collect(number, life["pin"], life["path"])
    tap.equal(me.state(number), "collected")
    life["files"] = client.unpack(folder.name, life["data"], life["pin"])
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    client.wait_mail(demo, number, "collected")


def serial_and_subject():
    """the certificate has the serial, the subject in order C, L, O, (OU,) OU No N, CN and the validity that page and row say"""
    number, crt = life["number"], life["files"][0]
    page = me.detail(number)
    serial = certificate_says(crt, "-serial").split("=")[1].lower()
    tap.equal(page.value("serial"), serial)
    tap.equal(of(number, "serial", "certificate", "request"), serial)
    tap.ok(re.fullmatch(r"[0-9a-f]{38,40}", serial) and int(serial, 16) >> 159 == 0, serial)
    subject = certificate_says(crt, "-subject", "-nameopt", "sep_comma_plus,sname").split("subject=")[1]
    kinds = [part.split("=")[0].strip() for part in subject.split(",")]
    tap.among(kinds, (["C", "L", "O", "OU", "CN"], ["C", "L", "O", "OU", "OU", "CN"]), subject)
    values = [part.split("=", 1)[1].strip() for part in subject.split(",")]
    tap.equal(values[0], "JP")
    tap.equal(values[-2], "No %d" % number, subject)
    tap.equal(values[-1], of(number, "common_name"))
    tap.ok(all(c < "\x7f" for c in subject), "ASCII")
    shown = page.value("subject")
    at = [shown.index(v) for v in values]
    tap.equal(at, sorted(at), "in the same order on the page: " + shown)


def validity():
    """notBefore is the application, notAfter 23:59:59 in Japan on that day plus the months by calendar"""
    number, crt = life["number"], life["files"][0]
    applied_at = int(demo.sql("select extract(epoch from date_trunc('second', applied_at))::bigint from request where number = %d" % number))
    begin = client.tokyo(certificate_says(crt, "-startdate"))
    end = client.tokyo(certificate_says(crt, "-enddate"))
    tap.equal(int(begin.timestamp()), applied_at)
    day = client.plus_months(datetime.datetime.fromtimestamp(applied_at, TOKYO).date(), 52)
    tap.equal(end.replace(tzinfo=None), datetime.datetime.combine(day, datetime.time(23, 59, 59)))
    tap.has(me.detail(number).html.split('id="not-after"')[1][:300], day.isoformat())


def extensions():
    """a client certificate is for client authentication, no CA, and names its CRL shard, its issuer and OCSP"""
    text = certificate_says(life["files"][0], "-ext", "basicConstraints,keyUsage,extendedKeyUsage,crlDistributionPoints,authorityInfoAccess,"
                            "subjectKeyIdentifier,authorityKeyIdentifier,subjectAltName")
    publish = demo["PUBLISH_URL"]
    for part in ("TLS Web Client Authentication", publish + "/crl/client-0.crl", publish + "/ca/client.cer", publish + "/ocsp",
                 "Digital Signature", "Subject Key Identifier", "Authority Key Identifier"):
        tap.has(text, part)
    tap.lacks(text, "CA:TRUE")
    tap.lacks(text, "TLS Web Server")


def use():
    """the certificate works at the door that asks for one, and its owner is greeted; without one the page says so"""
    crt, key, _ = life["files"]
    page = Browser(demo, certificate=(crt, key, None)).get(demo["CLIENT_URL"] + "/check").want(200)
    tap.has(page.text(), of(life["number"], "common_name"))
    nobody = Browser(demo).get(demo["CLIENT_URL"] + "/check")
    tap.lacks(nobody.text(), of(life["number"], "common_name"))
    tap.ok(nobody.status < 500, repr(nobody))
    life["works"] = page.text()
    tap.ok(page.text() != nobody.text())


def foreign_certificate():
    """a certificate of somebody else's CA is told to be foreign"""
    key, crt = os.path.join(folder.name, "foreign.key"), os.path.join(folder.name, "foreign.crt")
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt, "-days", "2",
         "-subj", "/CN=Mallory Foreign")
    page = Browser(demo, certificate=(crt, key, None)).get(demo["CLIENT_URL"] + "/check")
    tap.ok(page.status < 500 and page.is_html(), repr(page))
    tap.ok(page.text() != life["works"], "it does not work")
    # And nobody comes in by claiming to have shown one.
    spoof = Browser(demo).get("/check", headers={"SSL-Client-Verify": "SUCCESS", "X-SSL-Client-Cert": "x", "SSL_CLIENT_VERIFY": "SUCCESS"})
    tap.lacks(spoof.text(), "Mallory")


def done():
    """after 'I have it' nothing can be fetched any more, and the file is gone from the database"""
    number, pin, path = life["number"], life["pin"], life["path"]
    second = me.submit(me.get(path).form(path, pin=None), pin=pin).want(200)
    tap.equal(me.submit(second.form(path + "/download"), pin=pin).want(200).body, life["data"], "until then the same bytes")
    answer = me.submit(second.form(path + "/done"), pin=pin)
    tap.among(answer.status, (200, 303))
    for answer in (me.get(path), me.submit(second.form(path + "/download"), pin=pin)):
        tap.ok(400 <= answer.status < 500, repr(answer))
    tap.equal(demo.number("select count(*) from pickup where request = %d and (pkcs12 is not null or key_locked is not null"
                          " or pin_hash is not null or pin_sealed is not null)" % number), 0)


def renewal():
    """a renewal keeps the old certificate valid and shown until the new one is collected"""
    number, old = life["number"], me.detail(life["number"]).value("serial")
    me.act(number, "renew")
    me.wait(number, "renew_ready", seconds=5)
    tap.equal(me.detail(number).value("serial"), old)
    pin = tap.until(lambda: me.pin(number), 5)
    tap.ok(pin != life["pin"], "a new PIN")
    path = me.pickup_path(number, count=2)
    tap.ok(path != life["path"], "a new pickup")
    data = me.collect(number, pin, path)
    life["files2"] = client.unpack(folder.name, data, pin, "renewed")
    new = me.detail(number).value("serial")
    tap.ok(new != old)
    tap.equal(me.state(number), "collected")
    tap.equal(demo.sql("select predecessor from certificate where serial = '%s'" % new), old)
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 2)
    start = client.tokyo(certificate_says(life["files2"][0], "-startdate"))
    tap.equal(int(start.timestamp()), demo.number("select extract(epoch from cycle_at)::bigint from request where number = %d" % number),
              "counts from the renewal's application")
    for files in (life["files"], life["files2"]):
        page = Browser(demo, certificate=(files[0], files[1], None)).get(demo["CLIENT_URL"] + "/check").want(200)
        tap.has(page.text(), of(number, "common_name"))


def uncollected_renewal_withdrawn():
    """revoking during a renewal ends its pickup and revokes what runs"""
    number, pin, path, _ = me.collected("client", 13)
    me.act(number, "renew")
    me.wait(number, "renew_ready")
    second = me.pickup_path(number, count=2)
    newpin = tap.until(lambda: me.pin(number))
    me.act(number, "revoke", reason="cessationOfOperation")
    tap.ok(400 <= me.get(second).status < 500, "the renewal's pickup")
    me.wait(number, "revoked", seconds=10)
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 0)
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    tap.ok(newpin != pin)


def crl(name):
    data = demo.fetch("/crl/%s.crl" % name).want(200)
    tap.equal(data.header("Content-Type"), "application/pkix-crl")
    return client.write(folder.name, name + ".crl", data.body)


def in_crl(name, serial):
    text = tool("openssl", "crl", "-inform", "DER", "-in", crl(name), "-noout", "-text").stdout.decode()
    return int(serial, 16) in [int(s, 16) for s in re.findall(r"Serial Number: ([0-9A-F]+)", text)]


def ocsp(crt, *more):
    ca = demo["CA_CHAIN"]
    issuer = os.path.join(folder.name, "issuer.pem")
    if not os.path.exists(issuer):
        der = client.write(folder.name, "issuer.cer", demo.fetch("/ca/client.cer").want(200).body)
        tool("openssl", "x509", "-inform", "DER", "-in", der, "-out", issuer)
    answer = tool("openssl", "ocsp", "-issuer", issuer, "-cert", crt, "-url", demo["PUBLISH_URL"] + "/ocsp", "-CAfile", ca, *more, check=False)
    return (answer.stdout + answer.stderr).decode()


def good_before():
    """before the revocation CRL and OCSP say nothing against it"""
    serial = certificate_says(life["files2"][0], "-serial").split("=")[1].lower()
    for name in ("client", "client-0"):
        tap.ok(not in_crl(name, serial), name)
    text = ocsp(life["files2"][0])
    tap.has(text, "Response verify OK")
    tap.has(text, ": good")
    tap.lacks(text, "WARNING: no nonce")


def revocation():
    """revoking shows in CRL, shard and OCSP within seconds, then on the page and in a mail"""
    number, began = life["number"], time.monotonic()
    serials = [certificate_says(f[0], "-serial").split("=")[1].lower() for f in (life["files"], life["files2"])]
    me.act(number, "revoke", reason="keyCompromise")
    tap.among(me.state(number), ("revoking", "revoked"))

    def everywhere():
        """in the CRL, its shard and OCSP"""
        return all(in_crl(n, s) for n in ("client", "client-0") for s in serials) and ": revoked" in ocsp(life["files2"][0])
    tap.until(everywhere, 5)
    took = time.monotonic() - began
    tap.comment("published after %.2f s" % took)
    tap.ok(took < 6)
    text = ocsp(life["files"][0])
    tap.has(text, "keyCompromise")
    tap.has(text, "Response verify OK")
    me.wait(number, "revoked", seconds=8)
    client.wait_mail(demo, number, "revoked")
    for files in (life["files"], life["files2"]):
        page = Browser(demo, certificate=(files[0], files[1], None)).get(demo["CLIENT_URL"] + "/check")
        tap.ok(page.status < 500 and page.text() != life["works"], "a revoked certificate does not work")


def revoked_twice():
    """what is revoked is revoked: a second revocation, a renewal and a collection are refused"""
    number = life["number"]
    csrf = me.dashboard().form("/certificates", type="client").fields["csrf"]
    when = demo.sql("select string_agg(revoked_at::text || reason, ',' order by serial) from certificate where request = %d" % number)
    for what in ("revoke", "renew"):
        answer = me.post("/certificates/%d/%s" % (number, what), {"csrf": csrf, "reason": "superseded", "confirm": "1",
                                                                 "form_key": me.apply_form().fields["form_key"]})
        tap.ok(400 <= answer.status < 500, repr(answer))
    tap.equal(demo.sql("select string_agg(revoked_at::text || reason, ',' order by serial) from certificate where request = %d" % number), when)
    tap.lacks(me.dashboard().rows(), number, "the everyday table")
    tap.equal(me.dashboard(True).rows().get(number), "revoked")


def renew_and_revoke_together():
    """a renewal and a revocation at the same time end in one recorded order, revoked in any case"""
    number, _, _, _ = me.collected("client", 13)
    page = me.detail(number)
    renew, revoke = (page.form("/certificates/%d/%s" % (number, w)) for w in ("renew", "revoke"))
    browsers = [Browser(demo), Browser(demo)]
    for b in browsers:
        b.cookies = me.cookies
    answers = client.at_once(lambda: browsers[0].submit(renew, confirm="1"),
                             lambda: browsers[1].submit(revoke, confirm="1", reason="superseded"))
    tap.equal(answers[1].status, 303, "the revocation")
    tap.ok(answers[0].status == 303 or 400 <= answers[0].status < 500, repr(answers[0]))
    me.wait(number, "revoked", seconds=10)
    steps = demo.sql("select string_agg(what, ' ' order by id) from event where request = %d and what in ('renew', 'revoke', 'published',"
                     " 'pin-issued', 'collect')" % number)
    tap.ok(re.fullmatch(r"pin-issued collect( renew)?( pin-issued)? revoke published", steps), steps)


def crl_numbers():
    """the CRL's number and its thisUpdate only rise, and it is fresh"""
    text = tool("openssl", "crl", "-inform", "DER", "-in", crl("client"), "-noout", "-text").stdout.decode()
    first = int(re.search(r"X509v3 CRL Number:\s+(0x)?([0-9A-Fa-f]+)", text).group(2), 16 if "0x" in text else 10)
    number, _, _, _ = me.collected("client", 13)
    me.act(number, "revoke", reason="unspecified")
    me.wait(number, "revoked", seconds=10)
    text = tool("openssl", "crl", "-inform", "DER", "-in", crl("client"), "-noout", "-text").stdout.decode()
    second = int(re.search(r"X509v3 CRL Number:\s+(0x)?([0-9A-Fa-f]+)", text).group(2), 16 if "0x" in text else 10)
    tap.ok(second > first, "%d after %d" % (second, first))
    until = datetime.datetime.strptime(re.search(r"Next Update: (.*)", text).group(1), "%b %d %H:%M:%S %Y %Z")
    tap.ok(until > datetime.datetime.utcnow(), "next update %s" % until)


def all_mails():
    """each event of this life was mailed once, ja first and then en, plain text, with the number in front of the subject"""
    number = life["number"]
    wanted = {"ready": 2, "pin": 2, "collected": 2, "revoked": 1}
    tap.until(lambda: len(client.mails(demo, number)) >= sum(wanted.values()))
    seen = {}
    for mail in client.mails(demo, number):
        seen[mail["X-Inkan-Event"]] = seen.get(mail["X-Inkan-Event"], 0) + 1
        tap.ok(str(mail["Subject"]).startswith("[Inkan #%d] " % number), str(mail["Subject"]))
        tap.equal((mail.get_content_type(), mail.get_content_charset()), ("text/plain", "utf-8"))
        tap.equal(mail.is_multipart(), False)
        text = client.body(mail)
        ja, en = re.search(r"[\u3040-\u30ff]", text), re.search(r"\b(the|your|certificate)\b", text)
        tap.ok(ja and en and ja.start() < en.start(), "Japanese first, then English:\n" + text[:400])
        tap.ok(re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", str(mail["Message-ID"])), str(mail["Message-ID"]))
        tap.ok(mail["Date"] and mail["From"] and mail["To"], "headers")
        tap.equal(str(mail["To"].addresses[0].addr_spec), of(number, "mail"))
        with open(mail.file, "rb") as file:
            raw = file.read()
        tap.ok(all(byte < 128 for byte in raw.split(b"\n\n")[0].split(b"\r\n\r\n")[0]), "headers in ASCII")
        tap.ok(max(len(line) for line in raw.split(b"\n")) < 999, "line length")
    tap.equal(seen, wanted)
    ids = [str(m["Message-ID"]) for m in client.mails(demo, number)]
    tap.equal(len(set(ids)), len(ids), "Message-IDs")


def no_secrets_left():
    """once sent, PIN and URL are gone from the outbox; what is kept of token and PIN is hashed or sealed"""
    number, pin, path = life["number"], life["pin"], life["path"]
    tap.until(lambda: demo.number("select count(*) from outbox where request = %d and state = 'waiting'" % number) == 0)
    tap.equal(demo.number("select count(*) from outbox where state <> 'waiting' and sealed is not null"), 0)
    token = path.rsplit("/", 1)[1]
    dump = tool("pg_dump", "--inserts", "--data-only", "--exclude-table=session", demo["PGDATABASE"],
                env={k: v for k, v in demo.env.items() if k.startswith("PG")}).stdout
    for secret in (pin, token):
        tap.lacks(dump, secret.encode(), "in a dump of the database")
        tap.lacks(dump, secret.encode().hex().encode(), "in a dump of the database, in hex")


def no_secrets_in_logs():
    """no log of the demo has a PIN, a pickup's token or a session's cookie"""
    secrets = [life["pin"], life["path"].rsplit("/", 1)[1]] + [v[0] for v in me.cookies["localhost"].values() if len(v[0]) >= 40]
    found = []
    base = os.path.dirname(demo.file)
    for where, _, names in os.walk(base):
        if "mail" in os.path.relpath(where, base).split(os.sep)[0]:
            continue
        for name in names:
            if "log" not in name and not where.endswith("log"):
                continue
            try:
                with open(os.path.join(where, name), "rb") as file:
                    text = file.read()
            except OSError:
                continue
            found += ["%s has %s…" % (name, s[:6]) for s in secrets if s.encode() in text]
    tap.equal(found, [])


def history():
    """the history of the request is complete, in order, and names who did it"""
    number = life["number"]
    steps = demo.sql("select string_agg(what, ' ' order by id) from event where request = %d and detail ? 'from'" % number)
    tap.equal(steps, "pin-issued collect renew pin-issued collect revoke published")
    tap.equal(demo.number("select count(*) from event where request = %d and actor = ''" % number), 0)
    # Each step begins where the one before ended.
    tap.equal(demo.number("select count(*) from (select detail ->> 'from' f, lag(detail ->> 'to') over (order by id) t from event"
                          " where request = %d and detail ? 'from') x where t is not null and f <> t" % number), 0)


def withdrawn():
    """what was not collected can be given up: the pickup ends, a mail says so"""
    number, pin, path = me.ready("client", 13)
    page = me.detail(number)
    forms = [f for f in page.forms() if f.path.endswith("/withdraw")]
    if not forms:
        raise tap.Skip("the page offers no withdrawal")
    answer = me.submit(forms[0], confirm="1")
    tap.equal(answer.status, 303)
    tap.equal(me.state(number), "lapsed")
    tap.ok(400 <= me.get(path).status < 500)
    client.wait_mail(demo, number, "lapsed")
    tap.ok(pin)


tap.run(applied, pin_in_seconds, collecting, serial_and_subject, validity, extensions, use, foreign_certificate, done, renewal,
        uncollected_renewal_withdrawn, good_before, revocation, revoked_twice, renew_and_revoke_together, crl_numbers, all_mails,
        no_secrets_left, no_secrets_in_logs, history, withdrawn)
