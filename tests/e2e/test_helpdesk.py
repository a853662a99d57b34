#!/usr/bin/python3
"""Who may what at the helpdesk: each role on each of its routes, of the own institution and of another, as a table says; and what
an officer does for a person.
tap: alone
tap: seconds 180"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
ROUTES_C = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fcgi", "routes.c")

# For each role what a route answers: of the own institution, of another one. {p}: a person, {n}: a request that waits, {a}: one that
# waits for approval, {b}: a batch that was checked. A POST has a token, a form key that fits and no confirm=1, so that nothing is done.
LOOK, REVOKE, ACT, RULE = range(4)
WHO = {LOOK: "REVOKER", REVOKE: "REVOKER", ACT: "OFFICER", RULE: "OPERATOR", "missing": "REVOKER"}  # in the table of routes
ROUTES = [
    ("GET", "/helpdesk", LOOK, None),
    ("GET", "/helpdesk/find", LOOK, None),
    ("GET", "/helpdesk/find.tsv", LOOK, None),
    ("GET", "/helpdesk/people/{p}", LOOK, "scope"),
    ("POST", "/helpdesk/people/{p}/revoke", REVOKE, "scope"),
    ("GET", "/helpdesk/requests/{n}", LOOK, "scope"),
    ("POST", "/helpdesk/requests/{a}/approve", ACT, "scope"),
    ("POST", "/helpdesk/requests/{a}/refuse", ACT, "scope"),
    ("POST", "/helpdesk/requests/{n}/pin", ACT, "scope"),
    ("POST", "/helpdesk/requests/{n}/resend", ACT, "scope"),
    ("GET", "/helpdesk/certificates.tsv", LOOK, None),
    ("GET", "/helpdesk/bulk", ACT, None),
    ("POST", "/helpdesk/bulk", ACT, "sent"),  # no file: refused for that, and nothing is done
    ("GET", "/helpdesk/bulk/{b}", ACT, "scope"),
    ("GET", "/helpdesk/bulk/{b}/lines.tsv", ACT, "scope"),
    ("POST", "/helpdesk/bulk/{b}/start", ACT, "scope"),
    ("POST", "/helpdesk/bulk/{b}/withdraw", ACT, "scope"),
    ("GET", "/helpdesk/institutions", LOOK, None),
    ("GET", "/helpdesk/institutions/{i}", LOOK, "scope"),
    ("GET", "/helpdesk/institutions/{i}/contact", RULE, "scope"),
    ("POST", "/helpdesk/institutions/{i}/contact", RULE, "scope"),
    ("GET", "/helpdesk/statistics", ACT, None),
    ("GET", "/helpdesk/statistics.tsv", ACT, None),
    ("GET", "/helpdesk/nothing", "missing", None),
]
MAY = {"nobody": (), "person": (), "revoker": (LOOK, REVOKE), "officer": (LOOK, REVOKE, ACT), "operator": (LOOK, REVOKE, ACT, RULE)}
have = {}


def wanted(role, act, scope, own):
    if act == "missing":
        return 404 if MAY[role] else 403
    if act not in MAY[role]:
        return 403
    if scope == "sent":
        return 400
    return 404 if scope and not own and role != "operator" else 200


def as_revoker():
    """A second session of the desk, which the database makes a revoker's: the demo's IdP sends no such entitlement."""
    b = Person(demo, "desk")
    demo.owner("update session set role = 'revoker' where created_at = (select max(created_at) from session)")
    return b


def prepared():
    """a request that waits to be collected and one that waits for approval, of both institutions"""
    for account in ("researcher", "researcher2"):
        b = Person(demo, account)
        n, pin, _ = b.ready("client", 13, memo="desk")
        have[account] = {"n": n, "pin": pin, "p": demo.number("select person from request where number = %d" % n), "browser": b,
                         "i": demo.number("select institution from request where number = %d" % n)}
        demo.owner("update institution set approval = true where id = (select institution from request where number = %d)" % n)
        have[account]["a"] = b.apply("client", 13, memo="asks")
        demo.owner("update institution set approval = false")
        tap.equal(b.state(have[account]["a"]), "approval")
    have.update(nobody=Browser(demo), person=have["researcher"]["browser"], officer=Person(demo, "desk"), operator=Person(demo, "operator"),
                revoker=as_revoker())
    for account, desk in (("researcher", "desk"), ("researcher2", "desk2")):
        b = Person(demo, desk)
        file = b"number\treason\n%d\tunspecified\n" % have[account]["n"]
        sent = b.upload(b.get("/helpdesk/bulk").want(200).form("/helpdesk/bulk"), file, kind="revoke").want(303)
        have[account]["b"] = int(re.search(r"/bulk/(\d+)\?", sent.location()).group(1))


def key_for(b, path):
    """A form key of that act as this officer's own page has it; of what is out of reach there is none."""
    for where in (path.rsplit("/", 1)[0], path):  # the page above, or the form's own
        page = b.get(where, follow=False)
        forms = [f for f in page.forms() if f.action.endswith(path)] if page.status == 200 else []
        if forms:
            return forms[0].fields.get("form_key", "x")
    return "x"


def table_is_whole():
    """the table here has each route of the helpdesk, with its method and who may"""
    text = open(ROUTES_C, encoding="utf-8").read()
    there = {(m, re.sub(r":n", "N", p).replace("/:f", "/contact"), who) for m, p, who in re.findall(r'\{ (GET|POST), +"(/helpdesk[^"]*)", +MAIN, +ROUTE_(\w+)', text)}
    here = {(m, re.sub(r"\{\w\}", "N", p).replace("/nothing", "/*"), WHO[act]) for m, p, act, _ in ROUTES}
    tap.equal(sorted(there), sorted(here))


def matrix():
    """each role on each route, own and foreign: as the table says"""
    wrong, cells = [], 0
    for role in MAY:
        b = have[role]
        csrf = next((f.fields["csrf"] for f in b.get("/helpdesk", follow=False).forms() if "csrf" in f.fields), "x")
        for method, path, act, scope in ROUTES:
            for account in ("researcher", "researcher2") if scope else ("researcher",):
                where = path.format(**have[account])
                if method == "GET":
                    page = b.get(where, follow=False)
                else:
                    fields = {"csrf": csrf, "form_key": key_for(b, where), "what": "all", "helpdesk-name": "Another",
                              "version": demo.number("select version from institution where id = %d" % have[account]["i"])}
                    page = b.post(where, fields)
                cells += 1
                want = wanted(role, act, scope, account == "researcher")
                if page.status != want:
                    wrong.append("%s %s %s: %d, wanted %d" % (role, method, where, page.status, want))
    tap.equal(wrong, [])
    tap.equal(cells, len(MAY) * sum(2 if r[3] else 1 for r in ROUTES))
    tap.equal(demo.number("select count(*) from request where number in (%d, %d) and state = 'ready'" % (have["researcher"]["n"], have["researcher2"]["n"])), 2)


def sql_scope():
    """the statements keep to the institution by themselves: of another one they find and do nothing; a dump comes back"""
    # pg_restore makes the index over memos anew without a search path.
    demo.owner("set search_path = ''; do $$ begin assert public.desk_fold('Ａ ・b') = 'ab'; end $$")
    other = have["researcher2"]
    own = demo.number("select institution from request where number = %d" % have["researcher"]["n"])
    for call in ("desk_act(%d, %d, 'new-pin', '', 'officer:1', '', '')" % (own, other["n"]),
                 "desk_revoke(%d, %d, null, null, 'superseded', '', 'officer:1', '', '')" % (own, other["p"])):
        demo.owner("do $$ begin perform %s; raise 'done'; exception when others then if sqlerrm <> 'request' then raise; end if; end $$" % call)


def waits():
    """the start page shows what waits: of the own institution to an officer, of the one chosen to an operator"""
    mine, other = have["researcher"], have["researcher2"]
    path = mine["browser"].pickup_path(mine["n"])
    for _ in range(5):
        mine["browser"].submit(mine["browser"].get(path).form(path, pin=None), pin="wrong")
    rows = have["officer"].get("/helpdesk").want(200).rows()
    tap.equal((rows.get(mine["n"]), rows.get(mine["a"]), rows.get(other["a"])), ("ready", "approval", None))
    rows = have["operator"].get("/helpdesk").want(200).rows()
    tap.ok({mine["a"], other["a"]} <= set(rows), str(rows))
    institution = demo.number("select institution from request where number = %d" % other["n"])
    rows = have["operator"].get("/helpdesk?institution=%d" % institution).want(200).rows()
    tap.ok(mine["a"] not in rows and other["a"] in rows, str(rows))


def confirm(b, path, **fields):
    page = b.get(path.rsplit("/", 1)[0]).want(200)
    asked = b.submit(page.form(path), **fields).want(200)
    tap.equal(len([f for f in asked.forms() if f.action.endswith(path)]), 1)
    return b.submit(asked.form(path, confirm="1"), **fields).want(303)


def acts():
    """new PIN (which unlocks), resend, approve and refuse: each confirmed, done once, mailed and in the audit with officer and note"""
    mine, desk = have["researcher"], have["officer"]
    n, a = mine["n"], mine["a"]
    old = mine["pin"]  # the pickup is locked meanwhile: a new PIN opens it
    confirm(desk, "/helpdesk/requests/%d/pin" % n)
    tap.until(lambda: mine["browser"].pin(n) not in (None, old))
    client.wait_mail(demo, n, "officer-act")
    confirm(desk, "/helpdesk/requests/%d/resend" % n)
    client.wait_mail(demo, n, "ready", count=2)
    confirm(desk, "/helpdesk/requests/%d/approve" % a, note="=known person")
    mine["browser"].wait(a, "ready")
    tap.equal(demo.sql("select count(*) from event where request = %d and what = 'approve' and actor like 'officer:%%' and detail ->> 'note' = '=known person'" % a), "1")
    other = have["researcher2"]
    path = "/helpdesk/requests/%d/refuse" % other["a"]
    asked = have["operator"].submit(have["operator"].get(path.rsplit("/", 1)[0]).form(path)).want(200).form(path, confirm="1")
    for words in ("", "  ", "x" * 201, "turned \u202e round"):
        have["operator"].submit(asked, reason=words).want(400)
    confirm(have["operator"], path, reason="not a member;\n#bring your card")
    mail = client.wait_mail(demo, other["a"], "refused")
    tap.equal([line for line in client.body(mail).splitlines() if "card" in line], ["> not a member; #bring your card"] * 2)
    tap.ok("not a member; #bring your card" in other["browser"].detail(other["a"]).text(), "the owner's page")
    tap.equal(demo.sql("select actor like 'operator:%%' from event where request = %d and what = 'refuse'" % other["a"]), "t")


def refused_acts():
    """a note that is too long, a reason that is none, a key of another person, nothing ticked: nothing is done"""
    desk, p = have["officer"], have["researcher"]["p"]
    page = desk.get("/helpdesk/people/%d" % p).want(200)
    path = "/helpdesk/people/%d/revoke" % p
    form = page.form(path, what="all")
    for fields, status in (({"confirm": "1", "reason": "nonsense"}, 400), ({"confirm": "1", "reason": "superseded", "note": "x" * 201}, 400),
                           ({"what": "other"}, 400), ({"what": "selection"}, 409), ({"form_key": "x"}, 403), ({"csrf": "x"}, 403)):
        tap.equal(desk.submit(form, **fields).status, status, str(fields))
    tap.equal(demo.number("select count(*) from event where what = 'revoke' and request = %d" % have["researcher"]["n"]), 0)


def table():
    """the list as a table: a byte order mark, one line a request of this institution, no cell that is a formula"""
    b = have["researcher"]["browser"]
    n = b.apply("client", 13, memo="=1+1")
    answer = have["officer"].get("/helpdesk/find.tsv?type=client").want(200)
    tap.ok(answer.body.startswith(b"\xef\xbb\xbf") and "attachment" in answer.header("Content-Disposition"), repr(answer))
    lines = [line.split("\t") for line in answer.body.decode("utf-8-sig").split("\r\n")[:-1]]
    tap.ok(all(len(line) == len(lines[0]) for line in lines), lines[0])
    row = dict(zip(lines[0], next(line for line in lines if line[0] == str(n))))
    tap.equal(row["memo"], "'=1+1")
    tap.equal({dict(zip(lines[0], line))["institution"] for line in lines[1:]}, {"Kagami University"})


def pages():
    """keyset pages: each request once, in the same order, whatever comes in between"""
    where, seen = "/helpdesk/find?type=client", []
    while where:
        page = have["officer"].get(where).want(200)
        seen += list(page.rows())
        where = next((a["href"] for a in page.tree.all("a") if "after=" in (a["href"] or "")), None)
    tap.equal(len(seen), len(set(seen)))
    tap.equal(len(seen), demo.number("select count(*) from request r join institution i on i.id = r.institution where i.name = 'Kagami University' and type = 'client'"))


def lost():
    """a person who lost a device revokes and withdraws everything with its memo in one act; another person's request is none"""
    b = Person(demo, "student")
    n, _, _, _ = b.collected("client", 13, memo="my laptop")
    waiting, _, _ = b.ready("client", 13, memo="my laptop")
    other, _, _ = b.ready("client", 13, memo="my phone")
    path = "/certificates/%d/lost" % n
    asked = b.submit(b.detail(n).form(path)).want(200)
    tap.equal({int(i["data-request"]) for i in asked.tree.all("li") if i["data-request"]}, {n, waiting})
    key = asked.form(path, confirm="1")
    tap.equal(have["researcher"]["browser"].submit(key).status, 403)
    b.submit(key).want(303)
    b.wait(n, "revoked")
    tap.equal([b.state(waiting), b.state(other)], ["lapsed", "ready"])
    tap.equal(demo.sql("select count(*) from event where request in (%d, %d) and what in ('revoke', 'withdraw') and actor like 'person:%%'" % (n, waiting)), "2")
    client.wait_mail(demo, n, "revoked")
    tap.equal(b.submit(b.detail(other).form("/certificates/%d/lost" % other), form_key=key.fields["form_key"]).status, 403)


def logged():
    """coming and going of officers is in the audit"""
    b = Person(demo, "desk2")
    before = demo.number("select count(*) from event where what = 'officer-logout'")
    b.submit(b.get("/helpdesk").form("/logout"))
    tap.equal(demo.number("select count(*) from event where what = 'officer-logout'"), before + 1)
    tap.ok(demo.number("select count(*) from event where what = 'officer-login' and detail ->> 'role' = 'officer'") > 0)


tap.run(prepared, table_is_whole, matrix, sql_scope, waits, refused_acts, acts, table, pages, lost, logged)
