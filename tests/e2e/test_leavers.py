#!/usr/bin/python3
"""Changes that a login brings and people who leave: the IdP says another name, a rule revokes, somebody was not seen for long, a
hundred leavers come by file.
tap: alone
tap: seconds 240"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
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


def many_leavers():
    """a hundred leavers by file: the CRL has all, each owner the mail, the audit the officer; another institution sees nothing"""
    demo.owner("insert into person (institution, idp, identifier, display_name, common_name, mails, affiliation) select institution, idp,"
               " '%s' || i || '@kagami.example', 'Leaver ' || i, 'Leaver ' || i, array['%s' || i || '@kagami.example'], affiliation"
               " from person, generate_series(1, %d) i where id = %d" % (NAMES, NAMES, MANY, have["p"]))
    who = "select id from person where identifier like '%s%%@kagami.example'" % NAMES
    demo.owner("insert into request (person, type, months, mail) select id, 'client', 13, mails[1] from person where id in (%s)" % who)
    requests = "select number from request where person in (%s)" % who
    tap.until(lambda: demo.number("select count(*) from request where number in (%s) and state = 'ready'" % requests) == MANY or None, 60)
    desk, first = have["desk"], demo.number("select min(number) from request where person in (%s)" % who)
    # Half of them have collected: rows as the signer and the pickup leave them, but made here.
    demo.owner("""insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after, key_kind)
        select f.issuer, '11' || substr(encode(sha256(('leaver' || r.number)::bytea), 'hex'), 1, 38), r.number, k.id, '\\x30', 'CN=x',
        sha256(('k' || r.number)::bytea), sha256(('f' || r.number)::bytea), k.not_before, k.not_after, 'rsa2048'
        from request r join pickup k on k.request = r.number join profile f on f.id = r.profile where r.number in (%s) and r.number %% 2 = %d;
        update pickup set collected_at = now(), keep_until = now(), ended = 'done', ended_at = now(), key_locked = null, pin_hash = null, pin_sealed = null
        where request in (%s) and request %% 2 = %d;
        update request set state = 'collected' where number in (%s) and number %% 2 = %d""" % (requests, first % 2, requests, first % 2, requests, first % 2))
    lines = "identifier\tmail\tlast_day\treason\n" + "".join(
        ("%s%d@kagami.example\t\t2026-01-31\taffiliationChanged\n" % (NAMES, i) if i % 2 else
         "\t%s%d@kagami.example\t\tcessationOfOperation\n" % (NAMES.upper(), i))
        for i in range(1, MANY + 1)) + "nobody@kagami.example\t\t\t\n{0}1@kagami.example\t\t2999-12-31\t\n{0}1@kagami.example\t\t31.1.2026\t\n".format(NAMES)
    form = desk.get("/helpdesk/bulk").want(200).form("/helpdesk/bulk")
    batch = int(re.search(r"/bulk/(\d+)\?", desk.upload(form, lines.encode(), kind="leavers").want(303).location()).group(1))
    fates = demo.sql("select string_agg(reason, ' ' order by line) from batch_line where batch = %d and fate = 'bad'" % batch)
    tap.equal(fates, "nobody day-to-come day")
    tap.equal(demo.number("select count(*) from batch_line where batch = %d and fate = 'will'" % batch), MANY)
    tap.equal(demo.number("select count(*) from request where number in (%s) and state in ('ready', 'collected')" % requests), MANY)
    tap.equal(have["other"].get("/helpdesk/bulk/%d" % batch, follow=False).status, 404)
    start = "/helpdesk/bulk/%d/start" % batch
    asked = desk.submit(desk.get("/helpdesk/bulk/%d" % batch).want(200).form(start)).want(200)
    desk.submit(asked.form(start, confirm="1")).want(303)
    tap.until(lambda: demo.number("select count(*) from request where number in (%s) and state in ('revoked', 'lapsed')" % requests) == MANY or None, 90)
    tap.equal(demo.number("select count(*) from request where number in (%s) and state = 'revoked'" % requests), MANY // 2)
    tap.until(lambda: demo.number("select count(distinct request) from outbox where request in (%s) and event in ('revoked', 'lapsed') and state = 'sent'"
                                  % requests) == MANY or None, 60)
    tap.until(lambda: demo.number("select count(*) from certificate where request in (%s) and published is not null" % requests) == MANY // 2 or None, 30)
    officer = demo.sql("select actor from batch where id = %d" % batch)
    tap.equal(demo.number("select count(*) from event where what = 'left' and actor = '%s' and (detail ->> 'batch')::bigint = %d" % (officer, batch)), MANY)
    # The same once more: nothing is left to do.
    demo.owner("update batch set sha256 = sha256('other'::bytea) where id = %d" % batch)
    form = desk.get("/helpdesk/bulk").want(200).form("/helpdesk/bulk")
    again = int(re.search(r"/bulk/(\d+)\?", desk.upload(form, lines.encode(), kind="leavers").want(303).location()).group(1))
    tap.equal(demo.number("select count(*) from batch_line where batch = %d and fate = 'skip' and reason = 'has-nothing'" % again), MANY)


tap.run(another_name, put_away, revoked_by_rule, not_seen, many_leavers)
