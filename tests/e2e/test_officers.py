#!/usr/bin/python3
"""Officers with a certificate of their own: an operator registers one, the URL goes by mail and the PIN on paper; what comes in by
it, and what does not.
tap: alone
tap: seconds 240"""
import datetime
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import authority  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, certificate_says  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-officers-")
operator = Person(demo, "operator")
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
have = {}


def at(name):
    return os.path.join(box.name, name)


def institution(name):
    return demo.number("select id from institution where name = %s" % client.q(name))


def confirmed(browser, page, path, **fields):
    """Through the page that asks once more."""
    asked = browser.submit(page.form(path), **fields).want(200)
    return browser.submit(asked.form(path, confirm="1")).want(303)


def register(name, mail, role, where="Kagami University", name_ja=""):
    """Registers, and gives the page's address and the request's number."""
    page = operator.get("/helpdesk/officers/new").want(200)
    there = confirmed(operator, page, "/helpdesk/officers", institution=str(institution(where)), name=name, name_ja=name_ja, mail=mail,
                      role=role).location().split("?")[0]
    return there, int(operator.get(there).want(200).id("state")["data-request"])


def sheet(there):
    """The PIN on the sheet, once the worker has made it."""
    def shown():
        page = operator.get(there).want(200)
        forms = [f for f in page.forms() if f.path.endswith("/sheet")]
        return operator.submit(forms[0]).want(200) if forms else None
    page = tap.until(shown)
    return page, page.value("pin").replace(" ", "")


def collect(number, pin, name, count=1):
    """By URL and PIN, with no login: certificate, key, chain."""
    path = client.pickup_path(client.wait_mail(demo, number, "ready", count=count))
    guest = Browser(demo)
    first = guest.get(path).want(200)
    second = guest.submit(first.form(path, pin=None), pin=pin).want(200)
    data = guest.submit(second.form(path + "/download"), pin=pin).want(200).body
    return client.unpack(box.name, data, pin, name)


def certificate(name, mail, role, where="Kagami University"):
    """An officer with a certificate in hand."""
    there, number = register(name, mail, role, where)
    _, pin = sheet(there)
    crt, key, chain = collect(number, pin, mail.split("@")[0] + role)
    return {"page": there, "number": number, "crt": crt, "key": key, "chain": chain, "pin": pin, "mail": mail}


# --- registering ----------------------------------------------------------------------------------------------------------------

def registered():
    """an operator registers an officer: asked once more, in the audit, a mail with the URL and none with the PIN"""
    form = operator.get("/helpdesk/officers/new").want(200).form("/helpdesk/officers")
    fields = {"institution": str(institution("Kagami University")), "name": "Hanako Sato", "name_ja": "佐藤 花子",
              "mail": "sato@kagami.example", "role": "officer"}
    for wrong, what in (({"mail": "sato@elsewhere.example"}, "domains"), ({"name": "佐藤"}, "ASCII"), ({"mail": "no address"}, "mail address"),
                        ({"institution": "999999"}, "institution"), ({"role": "person"}, "may do")):
        tap.has(operator.submit(form, **dict(fields, **wrong)).want(400).text(), what)
    tap.equal(demo.number("select count(*) from officer"), 0)
    asked = operator.submit(form, **fields).want(200)
    tap.equal(demo.number("select count(*) from officer"), 0)
    once = asked.form("/helpdesk/officers", confirm="1")
    there = operator.submit(once).want(303).location().split("?")[0]
    tap.equal(operator.submit(once).want(303).location().split("?")[0], there)
    number = int(operator.get(there).want(200).id("state")["data-request"])
    have["sato"] = {"page": there, "number": number}
    tap.equal(demo.sql("select actor like 'operator:%%' and detail ->> 'role' = 'officer' from event where what = 'officer-register'"
                       " and detail ->> 'mail' = 'sato@kagami.example'"), "t")
    words = client.body(client.wait_mail(demo, number, "ready"))
    tap.has(words, "on paper")
    tap.ok("/certificates/" not in words, words)
    tap.equal(demo.number("select count(*) from outbox where request = %d and event = 'pin'" % number), 0)
    again = operator.get("/helpdesk/officers/new").form("/helpdesk/officers")
    asked = operator.submit(again, **fields).want(200)
    tap.has(operator.submit(asked.form("/helpdesk/officers", confirm="1")).want(422).text(), "registered already")


def on_paper():
    """the sheet: the PIN in groups and read aloud, who it is for, what to do; each showing in the audit; gone once collected"""
    mine = have["sato"]
    page, pin = sheet(mine["page"])
    tap.equal(len(pin), 16)
    for part in ("Hanako Sato", "Kagami University", "#%d" % mine["number"], demo["CLIENT_URL"] + "/helpdesk"):
        tap.has(page.text(), part)
    word = {"upper": "capital", "lower": "small"}.get("upper" if pin[0].isupper() else "lower" if pin[0].islower() else "", "digit")
    tap.has(page.text(), "%s %s " % (pin[0], word))
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'officer-sheet'" % mine["number"]), 1)
    mine["crt"], mine["key"], mine["chain"] = collect(mine["number"], pin, "sato")
    says = certificate_says(mine["crt"], "-subject", "-nameopt", "RFC2253")
    tap.has(says, "OU=Officer certificate")
    tap.has(says, "CN=Hanako Sato")
    tap.has(certificate_says(mine["crt"], "-ext", "extendedKeyUsage"), "TLS Web Client Authentication")
    shown = operator.get(mine["page"]).want(200)
    tap.equal(shown.id("state")["data-state"], "collected")
    tap.ok(not [f for f in shown.forms() if f.path.endswith("/sheet")])
    csrf = shown.form("/logout").fields["csrf"]
    tap.equal(operator.post(mine["page"] + "/sheet", {"csrf": csrf}).status, 409)


def by_no_form():
    """a person's form makes no officer's request, and the portal's own role inserts none; an officer's row gets nothing personal"""
    me = Person(demo, "researcher")
    tap.ok(me.submit(me.apply_form(), type="officer", months="25").status in (400, 422))
    for sql, rule in (("insert into request (person, type, months, mail) select person, 'officer', 25, 'sato@kagami.example' from officer", "type"),
                      ("insert into request (person, type, months, mail) select person, 'client', 52, 'sato@kagami.example' from officer", "type"),
                      ("select officer_certify(min(id), null, 'operator', '', '') from officer", "session")):
        demo.owner("set session authorization inkan_portal; do $$ begin %s; raise 'done'; exception when others then"
                   " if sqlerrm <> '%s' then raise; end if; end $$" % (sql.replace("select officer_certify", "perform officer_certify"), rule))


def new_pin():
    """a lost sheet: a new PIN by the request's page, mailed to nobody; the old one is wrong"""
    there, number = register("Ren Mori", "mori@kagami.example", "revoker")
    _, old = sheet(there)
    page = operator.get("/helpdesk/requests/%d" % number).want(200)
    confirmed(operator, page, "/helpdesk/requests/%d/pin" % number)
    tap.until(lambda: sheet(there)[1] != old)
    tap.has(client.body(client.wait_mail(demo, number, "officer-act")), "on paper")
    tap.equal(demo.number("select count(*) from outbox where request = %d and event = 'pin'" % number), 0)
    have["mori"] = {"page": there, "number": number}


def found():
    """the list: who lives, by institution and by name; who has ended"""
    register("Minato One", "one@minato.example", "officer", "Minato Institute")
    tap.has(operator.get("/helpdesk/officers").text(), "Minato One")
    page = operator.get("/helpdesk/officers?institution=%d" % institution("Kagami University"))
    tap.ok("Hanako Sato" in page.text() and "Minato One" not in page.text())
    page = operator.get("/helpdesk/officers?q=%E4%BD%90%E8%97%A4")
    tap.ok("Hanako Sato" in page.text() and "Minato One" not in page.text())
    tap.ok("Hanako Sato" not in operator.get("/helpdesk/officers?ended=1").text())


def ended():
    """the end of a registration withdraws what waits, mails it, and the address can be registered again"""
    mine = have["mori"]
    page = operator.get(mine["page"]).want(200)
    confirmed(operator, page, mine["page"].replace(demo["PORTAL_URL"], "") + "/end", note="left")
    tap.equal(operator.get(mine["page"]).id("state")["data-state"], "lapsed")
    client.wait_mail(demo, mine["number"], "lapsed")
    tap.equal(demo.sql("select detail ->> 'note' from event where what = 'officer-end'"), "left")
    tap.has(operator.get("/helpdesk/officers?ended=1").text(), "Ren Mori")
    there, number = register("Ren Mori", "mori@kagami.example", "revoker")
    tap.ok(there != mine["page"] and number != mine["number"])
    have["waiting"] = number


# --- coming in ------------------------------------------------------------------------------------------------------------------

CLIENT = demo["CLIENT_URL"]


def files(one):
    return (one["crt"], one["key"], None)


def desk(one, path="/helpdesk"):
    """A browser that presents the certificate, and has gone in by the button."""
    browser = Browser(demo, certificate=files(one))
    page = browser.get(CLIENT + path).want(200)
    tap.equal(verdict(page), "works")
    browser.submit(page.form("/helpdesk/login")).want(303)
    return browser


def verdict(page):
    return page.tree.first("div", data_verdict=True)["data-verdict"]


def events(what, number):
    return demo.number("select count(*) from event where what = '%s' and request = %d" % (what, number))


def comes_in():
    """an officer goes in by certificate and button: in the audit by the certificate's number, back where it was asked for, and acts so"""
    mine = have["sato"]
    person = Person(demo, "researcher")
    n, old, _ = person.ready("client", 13)
    have["n"] = n
    browser = Browser(demo, certificate=files(mine))
    page = browser.get(CLIENT + "/helpdesk/find?q=%d" % n).want(200)
    tap.equal((verdict(page), events("officer-login", mine["number"])), ("works", 0))
    answer = browser.submit(page.form("/helpdesk/login")).want(303)
    tap.equal(answer.location(), CLIENT + "/helpdesk/find?q=%d" % n)
    tap.ok(n in browser.get(answer.location()).want(200).rows())
    tap.equal(demo.sql("select actor || (detail ->> 'role') from event where what = 'officer-login' and request = %d" % mine["number"]),
              "officer-certificate:%dofficer" % mine["number"])
    page = browser.get(CLIENT + "/helpdesk/requests/%d" % n).want(200)
    confirmed(browser, page, "/helpdesk/requests/%d/pin" % n)
    tap.equal(demo.sql("select actor from event where request = %d and what = 'ask-new-pin'" % n), "officer-certificate:%d" % mine["number"])
    tap.until(lambda: person.pin(n) not in (None, old))
    other = Person(demo, "researcher2").ready("client", 13)[0]
    have["other"] = other
    browser.get(CLIENT + "/helpdesk/requests/%d" % other).want(404)
    browser.get(CLIENT + "/helpdesk/officers").want(403)
    tap.equal(browser.get(CLIENT + "/certificates").status, 404)
    mine["browser"] = browser


def of_this_port():
    """a session of one port is none on the other, whichever cookie is sent, under whichever name"""
    mine = have["sato"]["browser"]
    mine.get("/helpdesk").want(403)
    crossed = Browser(demo, certificate=files(have["sato"]))
    for host, cookies in operator.cookies.items():
        for name, value in cookies.items():
            crossed.cookies.setdefault(host, {})[name] = value
            crossed.cookies[host][name.replace("session", "officer")] = value
    tap.equal(verdict(crossed.get(CLIENT + "/helpdesk")), "works")
    tap.ok("/helpdesk/officers" not in crossed.get(CLIENT + "/helpdesk").html)
    other = Browser(demo)
    for host, cookies in mine.cookies.items():
        for name, value in cookies.items():
            other.cookies.setdefault(host, {})[name.replace("officer", "session")] = value
    other.get("/helpdesk").want(403)
    operator.get("/helpdesk").want(200)


def roles():
    """the role is the registration's: who may only revoke is refused what an officer may, an operator sees every institution"""
    revoker = certificate("Rin Ueda", "ueda@kagami.example", "revoker")
    boss = certificate("Sora Okada", "okada@kagami.example", "operator")
    have["revoker"], have["boss"] = revoker, boss
    browser = desk(revoker)
    page = browser.get(CLIENT + "/helpdesk/requests/%d" % have["n"]).want(200)
    tap.ok(not [f for f in page.forms() if f.path.endswith("/pin")])
    csrf = page.form("/logout").fields["csrf"]
    tap.equal(browser.post(CLIENT + "/helpdesk/requests/%d/pin" % have["n"], {"csrf": csrf}).status, 403)
    browser = desk(boss)
    browser.get(CLIENT + "/helpdesk/requests/%d" % have["other"]).want(200)
    tap.has(browser.get(CLIENT + "/helpdesk/officers").want(200).text(), "Sora Okada")
    form = browser.get(CLIENT + "/helpdesk/officers/new").want(200).form("/helpdesk/officers")
    asked = browser.submit(form, institution=str(institution("Kagami University")), name="By Certificate", mail="by@kagami.example", role="officer")
    browser.submit(asked.want(200).form("/helpdesk/officers", confirm="1")).want(303)
    tap.equal(demo.sql("select actor from event where what = 'officer-register' and detail ->> 'mail' = 'by@kagami.example'"),
              "operator-certificate:%d" % boss["number"])
    demo.owner("update officer set role = 'revoker' where person = (select person from request where number = %d)" % boss["number"])
    browser.get(CLIENT + "/helpdesk/officers").want(403)
    browser.get(CLIENT + "/helpdesk").want(200)


def another_certificate():
    """the session ends where another certificate is presented with its cookie, also for who presents the first one again"""
    browser = desk(have["sato"])
    thief = Browser(demo, certificate=files(have["revoker"]))
    thief.cookies = browser.cookies
    tap.equal(verdict(thief.get(CLIENT + "/helpdesk")), "works")
    tap.ok(thief.get(CLIENT + "/helpdesk").tree.first(id="person") is None)
    tap.equal(verdict(browser.get(CLIENT + "/helpdesk")), "works")


def leaves():
    """logging out is in the audit, and the session counts no more"""
    browser = desk(have["sato"])
    before = events("officer-logout", have["sato"]["number"])
    cookies = {host: dict(of) for host, of in browser.cookies.items()}
    answer = browser.submit(browser.get(CLIENT + "/helpdesk").want(200).form("/logout")).want(303)
    tap.has(browser.get(answer.location()).want(200).text(), "logged out")
    tap.equal(events("officer-logout", have["sato"]["number"]), before + 1)
    browser.cookies = cookies
    tap.equal(verdict(browser.get(CLIENT + "/helpdesk")), "works")


# --- what does not come in ------------------------------------------------------------------------------------------------------

def refused(given, word, *parts, language="en"):
    """Looking and sending are refused by a page that names the certificate and says what to do; no session, no audit."""
    browser = Browser(demo, language, certificate=given)
    before = demo.number("select (select count(*) from session) + (select count(*) from event)")
    page = browser.get(CLIENT + "/helpdesk").want(403)
    tap.equal(verdict(page), word)
    tap.ok(len(page.tree.first("ol").all("li")) >= 2, "what to do")
    tap.equal(browser.post(CLIENT + "/helpdesk/login", {"csrf": "x"}).status, 403)
    tap.equal(browser.post(CLIENT + "/helpdesk/requests/%d/pin" % have["n"], {"csrf": "x"}).status, 403)
    tap.equal(demo.number("select (select count(*) from session) + (select count(*) from event)"), before)
    if given:
        tap.equal(page.value("serial"), certificate_says(given[0], "-serial").split("=")[1].lower())
        tap.ok(page.value("issuer"))
        for part in parts:
            tap.has(page.value("whose"), part)
    return page


def wrong_ones():
    """none, of another authority, a person's own, one for mail, one that nobody recorded: each by its name, in both languages"""
    refused(None, "none")
    client.tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("f.key"), "-out",
                at("f.crt"), "-days", "2", "-subj", "/O=Elsewhere/OU=Officer certificate/CN=Hanako Sato")
    refused((at("f.crt"), at("f.key"), None), "foreign", "Hanako Sato")
    me = Person(demo, "researcher")
    for kind, word in (("client", "personal"), ("smime", "purpose")):
        _, pin, _, data = me.collected(kind, 13)
        crt, key, _ = client.unpack(box.name, data, pin, word)
        refused((crt, key, None), word)
    tap.has(refused((at("personal.crt"), at("personal.key"), None), "personal", language="ja").text(), "個人用の証明書です")
    given, _ = authority.signed(demo, box.name, "unknown", NOW - DAY, NOW + 300 * DAY)
    refused(given, "unknown")


class Recorded:
    """MADE stands in the table for as long as this lasts, as another certificate of an officer's request."""

    def __init__(self, made, number):
        self.serial = "%040x" % made.serial_number
        der = made.public_bytes(serialization.Encoding.DER).hex()
        self.script = ("insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after,"
                       " key_kind) select 'client', '%s', %d, max(id), '\\x%s', 'CN=check', sha256('%s'), sha256('\\x%s'), '%sZ', '%sZ', 'p256'"
                       " from pickup where request = %d" % (self.serial, number, der, self.serial, der, made.not_valid_before,
                                                            made.not_valid_after, number))

    def __enter__(self):
        demo.owner("set session_replication_role = replica; " + self.script)

    def __exit__(self, *_):
        demo.owner("set session_replication_role = replica; delete from certificate where serial = '%s'" % self.serial)


def out_of_time():
    """an officer's that has ended, and one that has not begun"""
    for word, begin, end in (("expired", NOW - 400 * DAY, NOW - 2 * DAY), ("early", NOW + 3 * DAY, NOW + 300 * DAY)):
        given, made = authority.signed(demo, box.name, word, begin, end)
        with Recorded(made, have["waiting"]):
            refused(given, word)


def at_once():
    """who is in and is revoked, or whose registration ends, is out with the next request"""
    browser = desk(have["revoker"])
    browser.get(CLIENT + "/helpdesk").want(200)
    page = operator.get(have["revoker"]["page"]).want(200)
    confirmed(operator, page, have["revoker"]["page"].replace(demo["PORTAL_URL"], "") + "/end")
    tap.equal(verdict(browser.get(CLIENT + "/helpdesk").want(403)), "revoked")
    client.wait_mail(demo, have["revoker"]["number"], "revoked")
    tap.equal(demo.number("select count(*) from session where request = %d" % have["revoker"]["number"]), 0)
    one = certificate("Aoi Kato", "kato@kagami.example", "officer")
    browser = desk(one)
    page = operator.get("/helpdesk/requests/%d" % one["number"]).want(200)
    form = [f for f in page.forms() if f.path.endswith("/revoke")][0]
    asked = operator.submit(form).want(200)
    operator.submit(asked.form(form.path, confirm="1"), reason="keyCompromise").want(303)
    page = browser.get(CLIENT + "/helpdesk").want(403)
    tap.equal(verdict(page), "revoked")
    tap.equal(page.value("serial"), certificate_says(one["crt"], "-serial").split("=")[1].lower())
    again = operator.get(one["page"]).want(200)
    confirmed(operator, again, one["page"].replace(demo["PORTAL_URL"], "") + "/certificate")
    number = int(operator.get(one["page"]).id("state")["data-request"])
    tap.ok(number > one["number"])
    # The registration alone, should the revocation be late.
    mine = certificate("Kai Abe", "abe@kagami.example", "officer")
    browser = desk(mine)
    demo.owner("update officer set ended_at = now(), ended_by = 'test' where person = (select person from request where number = %d)" % mine["number"])
    tap.equal(verdict(browser.get(CLIENT + "/helpdesk").want(403)), "ended")


# --- renewing -------------------------------------------------------------------------------------------------------------------

def renewed():
    """from 28 days before its end, by who presents it: the URL by mail, the PIN on the page alone, the same file at every try"""
    mine = have["sato"]
    browser, number = desk(mine), mine["number"]
    page = browser.get(CLIENT + "/helpdesk/renew").want(200)
    tap.ok(not [f for f in page.forms() if f.path == "/helpdesk/renew"])
    csrf = page.form("/logout").fields["csrf"]
    tap.equal(browser.post(CLIENT + "/helpdesk/renew", {"csrf": csrf, "confirm": "1"}).status, 403)
    demo.owner("do $$ begin perform officer_renew(certificate, id_hash, '', '') from session where request = %d; raise 'done'; exception"
               " when others then if sqlerrm <> 'renew-early' then raise; end if; end $$" % number)
    demo.owner("set session_replication_role = replica; update certificate set not_after = now() + interval '27 days' where request = %d;"
               " update request set not_after = now() + interval '27 days' where number = %d" % (number, number))
    mails = len(client.mails(demo, number, "ready"))
    confirmed(browser, browser.get(CLIENT + "/helpdesk/renew").want(200), "/helpdesk/renew")
    tap.equal(demo.sql("select actor from event where request = %d and what = 'renew'" % number), "officer-certificate:%d" % number)
    pin = tap.until(lambda: (lambda p: p.tree.first(id="pin") and p.value("pin").replace(" ", ""))(browser.get(CLIENT + "/helpdesk/renew")))
    words = client.body(client.wait_mail(demo, number, "ready", count=mails + 1))
    tap.has(words, CLIENT + "/helpdesk/renew")
    tap.ok(pin not in words and demo.number("select count(*) from outbox where request = %d and event = 'pin'" % number) == 0)
    path = client.pickup_path(client.wait_mail(demo, number, "ready", count=mails + 1))
    guest = Browser(demo)
    second = guest.submit(guest.get(path).want(200).form(path, pin=None), pin=pin).want(200)
    form = second.form(path + "/download")
    data = guest.submit(form, pin=pin).want(200).body
    tap.ok(guest.submit(form, pin=pin).want(200).body == data)
    crt, key, _ = client.unpack(box.name, data, pin, "sato-new")
    page = browser.get(CLIENT + "/helpdesk/renew").want(200)
    tap.ok(page.tree.first(id="pin") is None)
    desk({"crt": crt, "key": key}).get(CLIENT + "/helpdesk").want(200)
    browser.get(CLIENT + "/helpdesk").want(200)


tap.run(registered, on_paper, by_no_form, new_pin, found, ended, comes_in, of_this_port, roles, another_certificate, leaves, wrong_ones,
        out_of_time, at_once, renewed)
