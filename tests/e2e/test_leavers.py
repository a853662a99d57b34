#!/usr/bin/python3
"""Changes that a login brings and people who leave: the IdP says another name, a rule revokes, somebody was not seen for long, a
hundred leavers come by file.
tap: alone
tap: seconds 240"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import batches  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
PEOPLE = os.path.join(os.path.dirname(demo.file), "idp", "1", "authsources.php")
have = {}
MANY = 100
NAMES = "leaver%d-" % os.getpid()


def idp_says(old, new):
    """The IdP's own file of its people; whoever logs in next comes with it."""
    with open(PEOPLE, encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        raise tap.Failed("%s is not in %s" % (old, PEOPLE))
    with open(PEOPLE, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def comes(value):
    """The student logs in with VALUE as the name or an affiliation: PHP takes a moment to see its changed file."""
    def there():
        b = Person(demo, "student")
        return b if demo.number("select count(*) from person where id = %d and (common_name = '%s' or '%s' = any (affiliation))"
                                % (have["p"], value, value + "@kagami.example")) else None
    there.__doc__ = "the IdP says " + value
    return tap.until(there, 30)


def told(person):
    return demo.number("select count(*) from outbox o join request r on r.number = o.request where o.event = 'change' and o.state = 'sent'"
                       " and r.person = %d" % person)


def another_name():
    """another name at the IdP: the owner sees it and has a mail, the own helpdesk sees it, the other one does not"""
    b = have["b"] = Person(demo, "student")
    have["n"] = b.collected("client", 13, memo="name")[0]
    have["p"] = demo.number("select person from request where number = %d" % have["n"])
    demo.owner("update request set state = 'lapsed' where person = %d and number <> %d and state in ('applied', 'approval', 'ready', 'collected')"
               % (have["p"], have["n"]))
    before = told(have["p"])
    idp_says("'Taro Yamada'", "'Taro Suzuki'")
    try:
        b = have["b"] = comes("Taro Suzuki")
        page = b.dashboard().text()
        tap.ok("Taro Yamada" in page and "Your name has changed" in page, page[:1500])
        tap.until(lambda: told(have["p"]) == before + 1 or None, 20)
        mail = b.demo_mails(have["n"], "change")[0]
        tap.ok("Taro Suzuki" in str(mail.get_content()) and "/pickup/" not in str(mail.get_content()), str(mail))
        have["desk"], have["other"] = Person(demo, "desk"), Person(demo, "desk2")
        have["c"] = demo.number("select max(id) from change where person = %d" % have["p"])
        mine, other = (have[who].get("/helpdesk/changes").want(200) for who in ("desk", "other"))
        mark = 'data-change="%d"' % have["c"]
        tap.ok(mark in mine.html and mark not in other.html, "changes")
        path = "/helpdesk/changes/%d/dismiss" % have["c"]
        csrf = next(f.fields["csrf"] for f in other.forms() if "csrf" in f.fields)
        tap.equal(have["other"].post(path, {"csrf": csrf, "form_key": "x", "confirm": "1", "note": "x"}).status, 404)
        confirm = b.submit(b.detail(have["n"]).form("/certificates/%d/renew" % have["n"])).want(200).text()
        tap.ok("Taro Suzuki" in confirm and "Taro Yamada" in confirm, confirm[:1500])
        b.act(have["n"], "renew")
        b.wait(have["n"], "renew_ready")
        b.collect(have["n"], tap.until(lambda: b.pin(have["n"])), b.pickup_path(have["n"], count=2))
        tap.ok(b.detail(have["n"]).value("subject").endswith("CN=Taro Suzuki"), b.detail(have["n"]).value("subject"))
        tap.ok("Your name has changed" not in b.dashboard().text(), "the card is gone with the old name")
    finally:
        idp_says("'Taro Suzuki'", "'Taro Yamada'")


def put_away():
    """the helpdesk puts a change away, with a reason: it is not reported again"""
    b = comes("Taro Yamada")
    change = demo.number("select max(id) from change where state = 'open' and person = %d" % have["p"])
    desk, path = have["desk"], "/helpdesk/changes/%d/dismiss" % change
    asked = desk.submit(desk.get("/helpdesk/changes").want(200).form(path)).want(200)
    desk.submit(asked.form(path, confirm="1"), note="").want(400)
    desk.submit(asked.form(path, confirm="1"), note="goes on under this name").want(303)
    desk.submit(asked.form(path, confirm="1"), note="goes on under this name").want(303)  # the same form again: the same place
    b.login()
    tap.equal(demo.number("select count(*) from change where state = 'open' and person = %d" % have["p"]), 0)
    tap.equal(demo.number("select count(*) from event where what = 'change-dismissed' and (detail ->> 'change')::bigint = %d" % change), 1)


def revoked_by_rule():
    """by the rule 'revoke' without days of grace a lost affiliation ends the certificates, and the owner is told of both"""
    demo.inkan("institution", "set", "Kagami University", "--on-affiliation-change", "revoke", "--change-days", "0")
    idp_says("'student', ['student', 'member']", "'student', ['alum']")
    try:
        comes("alum")
        tap.until(lambda: demo.sql("select state from request where number = %d" % have["n"]) == "revoked" or None, 30)
        tap.equal(demo.sql("select distinct reason from certificate where request = %d and revoked_at is not null" % have["n"]), "affiliationChanged")
        tap.until(lambda: have["b"].demo_mails(have["n"], "revoked") or None, 20)
    finally:
        idp_says("'student', ['alum']", "'student', ['student', 'member']")
        demo.inkan("institution", "set", "Kagami University", "--on-affiliation-change", "warn", "--change-days", "14")


def not_seen():
    """who was not seen for a year is listed, asked by mail, and revoked by choice; the other helpdesk sees nothing"""
    b = comes("student")
    n, desk = b.collected("client", 13, memo="forgotten")[0], have["desk"]
    demo.owner("update person set seen_at = now() - interval '20 months' where id = %d" % have["p"])
    field = "p%d" % have["p"]
    tap.ok(field not in have["other"].get("/helpdesk/absent").want(200).html, "another institution's")
    tap.ok(field not in desk.get("/helpdesk/absent?months=24").want(200).html, "20 months are not 24")
    desk.get("/helpdesk/absent?months=7").want(400)
    table = desk.get("/helpdesk/absent.tsv").want(200).body.decode("utf-8-sig").split("\n")
    tap.ok(any(line.startswith("Taro Yamada\t") for line in table), repr(table))
    for act, mail in (("ask", "in-use"), ("revoke", "revoked")):
        asked = desk.submit(desk.get("/helpdesk/absent").want(200).form("/helpdesk/absent", persons=None), act=act, **{field: "1"}).want(200)
        desk.submit(asked.form("/helpdesk/absent", confirm="1")).want(303)
        tap.until(lambda mail=mail: b.demo_mails(n, mail) or None, 30)
    tap.ok(field not in desk.get("/helpdesk/absent").want(200).html, "nothing is left")


def came_by_file():
    """MANY people who are known by a file alone, half of whom have collected their certificate with the PIN of the officer's sheet"""
    desk = have["desk"]
    org, place, country = demo.sql("select organization, locality, country from institution where name = 'Kagami University'", rows=True)[0]
    raw = "".join("\t".join(["CN=Leaver %d,O=%s,L=%s,C=%s" % (i, org, place, country), "5", "1", "", "", "", "", "Leaver %d" % i, "", address(i), "", "",
                             "", "", ""]) + "\n" for i in range(1, MANY + 1))
    batch = batches.checked(desk, raw, "clients")
    batches.act(desk, batch, "start").want(303)
    batches.done(desk, batch)
    have["numbers"] = [int(r[0]) for r in demo.sql("select request from batch_line where batch = %d and fate = 'done' order by line" % batch, rows=True)]
    tap.equal(len(have["numbers"]), MANY)
    tap.until(lambda: demo.number("select count(*) from request where number in (%s) and state = 'ready'" % numbers()) == MANY or None, 60)
    pins = "/helpdesk/bulk/%d/pins" % batch
    asked = desk.submit(desk.get("/helpdesk/bulk/%d" % batch).want(200).form(pins)).want(200)
    sheet = desk.submit(asked.form(pins, confirm="1"), **{"as": "table"}).want(200).body.decode("utf-8-sig").split("\r\n")
    pin = {int(line.split("\t")[0]): line.split("\t")[sheet[0].split("\t").index("pin")] for line in sheet[1:] if line}
    urls = tap.until(lambda: (lambda found: found if len(found) == MANY else None)(
        {n: client.pickup_path(m[-1]) for n in have["numbers"] for m in [client.mails(demo, n, "ready")] if m}), 60)
    for n in have["numbers"][::2]:
        b = client.Browser(demo)
        shown = b.submit(b.get(urls[n]).want(200).form(urls[n], pin=None), pin=pin[n]).want(200)
        b.submit(shown.form(urls[n] + "/download"), pin=pin[n]).want(200)


def address(i):
    return "%s%d@kagami.example" % (NAMES, i)


def numbers():
    return ", ".join(map(str, have["numbers"]))


def revoked_in_statistics():
    rows = [line.split("\t") for line in have["desk"].get("/helpdesk/statistics.tsv").want(200).body.decode("utf-8-sig").split("\r\n") if line]
    month = demo.sql("select to_char(now() at time zone 'Asia/Tokyo', 'YYYY-MM')")
    return sum(int(r[rows[0].index("revoked")]) for r in rows[1:] if month in r and "client" in r)


def many_leavers():
    """a hundred leavers by file: the CRL has all, each owner the mail, the statistics count them, the audit has the officer; another
    institution sees nothing"""
    desk, counted = have["desk"], revoked_in_statistics()
    lines = "identifier\tmail\tlast_day\treason\n" + "".join(
        ("%s\t\t2026-01-31\taffiliationChanged\n" % address(i) if i % 2 else "\t%s\t\tcessationOfOperation\n" % address(i).upper())
        for i in range(1, MANY + 1)) + "nobody@kagami.example\t\t\t\n{0}\t\t2999-12-31\t\n{0}\t\t31.1.2026\t\n".format(address(1))
    batch = batches.checked(desk, lines, "leavers")
    fates = demo.sql("select string_agg(reason, ' ' order by line) from batch_line where batch = %d and fate = 'bad'" % batch)
    tap.equal(fates, "nobody day-to-come day")
    tap.equal(demo.number("select count(*) from batch_line where batch = %d and fate = 'will'" % batch), MANY)
    tap.equal(demo.number("select count(*) from request where number in (%s) and state in ('ready', 'collected')" % numbers()), MANY)
    tap.equal(have["other"].get("/helpdesk/bulk/%d" % batch, follow=False).status, 404)
    batches.act(desk, batch, "start").want(303)
    batches.done(desk, batch, 90)
    tap.until(lambda: demo.number("select count(*) from request where number in (%s) and state in ('revoked', 'lapsed')" % numbers()) == MANY or None, 60)
    tap.until(lambda: demo.number("select count(distinct request) from outbox where request in (%s) and event in ('revoked', 'lapsed') and state = 'sent'"
                                  % numbers()) == MANY or None, 60)
    serials = {r[0] for r in demo.sql("select serial from certificate where request in (%s)" % numbers(), rows=True)}
    tap.equal(len(serials), MANY // 2)
    listed = client.tool("openssl", "crl", "-inform", "DER", "-noout", "-text", data=demo.fetch("/crl/client.crl").want(200).body).stdout.decode()
    tap.equal(serials - {s.lower() for s in re.findall(r"Serial Number: ([0-9A-Fa-f]+)", listed)}, set(), "not in the CRL")
    tap.equal(revoked_in_statistics(), counted + MANY // 2)
    officer = demo.sql("select actor from batch where id = %d" % batch)
    tap.equal(demo.number("select count(*) from event where what = 'left' and actor = '%s' and (detail ->> 'batch')::bigint = %d" % (officer, batch)), MANY)
    demo.inkan("audit", "verify")
    # The same once more: nothing is left to do.
    again = batches.checked(desk, lines + "\n", "leavers")
    tap.equal(demo.number("select count(*) from batch_line where batch = %d and fate = 'skip' and reason = 'has-nothing'" % again), MANY)


tap.run(another_name, put_away, revoked_by_rule, not_seen, came_by_file, many_leavers)
