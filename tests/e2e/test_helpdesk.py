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
# waits for approval, {b}: a batch that was checked, {c}: one that is collected, {v}: a proposal that somebody else made. A POST has a
# token, a form key that fits and no confirm=1, so that nothing is done.
LOOK, REVOKE, ACT, RULE, MINE = range(5)  # MINE: whoever proposed it alone, which none of these did
WHO = {LOOK: "REVOKER", REVOKE: "REVOKER", MINE: "REVOKER", ACT: "OFFICER", RULE: "OPERATOR", "missing": "REVOKER"}  # in the table of routes
ROUTES = [
    ("GET", "/helpdesk", LOOK, None),
    ("GET", "/helpdesk/find", LOOK, None),
    ("GET", "/helpdesk/find.tsv", LOOK, None),
    ("GET", "/helpdesk/people/{p}", LOOK, "scope"),
    ("POST", "/helpdesk/people/{p}/revoke", REVOKE, "scope"),
    ("POST", "/helpdesk/people/{p}/apply", ACT, "scope"),
    ("GET", "/helpdesk/proposals", LOOK, None),
    ("GET", "/helpdesk/proposals/{v}", LOOK, "scope"),
    ("POST", "/helpdesk/proposals/{v}/confirm", REVOKE, "scope"),
    ("POST", "/helpdesk/proposals/{v}/decline", REVOKE, "scope"),
    ("POST", "/helpdesk/proposals/{v}/withdraw", MINE, "scope"),
    ("GET", "/helpdesk/people/{p}/history", LOOK, "scope"),
    ("GET", "/helpdesk/audit", ACT, None),
    ("GET", "/helpdesk/audit.tsv", ACT, None),
    ("GET", "/helpdesk/audit.jsonl", ACT, None),
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
    ("POST", "/helpdesk/bulk/{b}/pins", ACT, "scope"),
    ("GET", "/helpdesk/institutions", LOOK, None),
    ("GET", "/helpdesk/institutions/{i}", LOOK, "scope"),
    ("GET", "/helpdesk/institutions/{i}/contact", RULE, "scope"),
    ("POST", "/helpdesk/institutions/{i}/contact", RULE, "scope"),
    ("GET", "/helpdesk/ending", ACT, None),
    ("GET", "/helpdesk/ending.tsv", ACT, None),
    ("POST", "/helpdesk/ending", ACT, None),
    ("GET", "/helpdesk/statistics", ACT, None),
    ("GET", "/helpdesk/statistics.tsv", ACT, None),
    ("POST", "/helpdesk/requests/{c}/renew", ACT, "scope"),
    ("GET", "/helpdesk/changes", LOOK, None),
    ("POST", "/helpdesk/changes/{g}/mail", ACT, "scope"),
    ("POST", "/helpdesk/changes/{g}/dismiss", ACT, "scope"),
    ("GET", "/helpdesk/absent", LOOK, None),
    ("GET", "/helpdesk/absent.tsv", LOOK, None),
    ("POST", "/helpdesk/absent", REVOKE, "sent"),  # no act: refused for that, and nothing is done
    ("GET", "/helpdesk/officers", RULE, None),
    ("POST", "/helpdesk/officers", RULE, "sent"),  # nobody's name: refused for that
    ("GET", "/helpdesk/officers/new", RULE, None),
    ("GET", "/helpdesk/officers/{o}", RULE, None),
    ("POST", "/helpdesk/officers/{o}/sheet", RULE, None),
    ("POST", "/helpdesk/officers/{w}/certificate", RULE, None),
    ("POST", "/helpdesk/officers/{o}/end", RULE, None),
    ("GET", "/helpdesk/nothing", "missing", None),
]
MAY = {"nobody": (), "person": (), "revoker": (LOOK, REVOKE), "officer": (LOOK, REVOKE, ACT), "operator": (LOOK, REVOKE, ACT, RULE)}
have = {}


def wanted(role, act, scope, own):
    if act == "missing":
        return 404 if MAY[role] else 403
    if act not in MAY[role] and not (act == MINE and MAY[role]):
        return 403
    if act == MINE and (own or role == "operator"):
        return 403
    if scope == "sent":
        return 400
    return 404 if scope and not own and role != "operator" else 200


def as_role(account, role):
    """A session to which the database gives a role: the demo's IdP sends no such entitlement."""
    b = Person(demo, account)
    demo.owner("update session set role = '%s' where created_at = (select max(created_at) from session)" % role)
    return b


def demand(*acts):
    demo.owner("update institution set two_officers = '{%s}'" % ",".join(acts))


def proposed(b, path, **fields):
    """The number of the proposal that this act becomes, with everything confirmed."""
    answer = confirm(b, path, **fields)
    return int(re.search(r"/helpdesk/proposals/(\d+)\?done=desk-proposed$", answer.location()).group(1))


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
        have[account]["c"] = b.collected("client", 13, memo="in use")[0]
        demand("revoke-many")
        proposer = as_role("student", "officer") if account == "researcher" else Person(demo, "desk2")
        have[account]["v"] = proposed(proposer, "/helpdesk/people/%d/revoke" % have[account]["p"], what="all")
        demand()
        collected = b.collected("client", 13, memo="changed")[0]
        demo.owner("update request set common_name = 'Somebody Else' where number = %d" % collected)
        b.login()
    demo.owner("update request set not_after = date_trunc('second', now()) + interval '10 days' where number = %d" % have["researcher"]["c"])
    have.update(nobody=Browser(demo), person=have["researcher"]["browser"], officer=Person(demo, "desk"), operator=Person(demo, "operator"),
                revoker=as_role("desk", "revoker"))
    for account in ("researcher", "researcher2"):
        have[account]["g"] = demo.number("select id from change where person = %d and state = 'open'" % have[account]["p"])
    for account, desk in (("researcher", "desk"), ("researcher2", "desk2")):
        b = Person(demo, desk)
        file = b"number\treason\n%d\tunspecified\n" % have[account]["n"]
        sent = b.upload(b.get("/helpdesk/bulk").want(200).form("/helpdesk/bulk"), file, kind="revoke").want(303)
        have[account]["b"] = int(re.search(r"/bulk/(\d+)\?", sent.location()).group(1))


def registered(mail):
    """An officer by certificate, whose PIN is there."""
    b = have["operator"]
    page = b.get("/helpdesk/officers/new").want(200)
    asked = b.submit(page.form("/helpdesk/officers"), institution=str(have["researcher"]["i"]), name="Matrix", mail=mail, role="officer")
    there = b.submit(asked.want(200).form("/helpdesk/officers", confirm="1")).want(303).location().split("?")[0]
    tap.until(lambda: [f for f in b.get(there).want(200).forms() if f.path.endswith("/sheet")])
    return int(there.rsplit("/", 1)[1])


def officers():
    """one officer by certificate whose PIN is there, and one whose certificate was not collected in time"""
    o, w = registered("matrix@kagami.example"), registered("late@kagami.example")
    demo.owner("set session_replication_role = replica; update request set state = 'lapsed' where person = (select person from officer where id = %d)" % w)
    for account in ("researcher", "researcher2"):
        have[account].update(o=o, w=w)


def key_for(b, path):
    """A form key of that act as this officer's own page has it; of what is out of reach there is none."""
    for where in (path.rsplit("/", 1)[0], path, path.rsplit("/", 2)[0] or "/helpdesk", path + "/new",
                  path + "?institution=%d" % have["researcher"]["i"]):  # the page above, the form's own, the list, that of one institution
        page = b.get(where, follow=False)
        forms = [f for f in page.forms() if f.action.endswith(path) and f.method == "post"] if page.status == 200 else []
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
                    fields = {"csrf": csrf, "form_key": key_for(b, where), "what": "all", "helpdesk-name": "Another", "type": "client", "months": "13",
                              "institution": str(have[account]["i"]), "version": demo.number("select version from institution where id = %d" % have[account]["i"])}
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
    for call in ("officer_act(%d, %d, 'new-pin', '', 'officer:1', '', '', 7)" % (own, other["n"]),
                 "officer_revoke(%d, %d, null, null, 'superseded', '', 'officer:1', '', '', 7)" % (own, other["p"]),
                 "officer_apply(%d, %d, 'client', 13, '', '', '', 'officer:1', '', '', 7)" % (own, other["p"]),
                 "proposal_confirm(%d, %d, '', 'officer:1', '', '')" % (own, other["v"])):
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
    chosen = {k: v for k, v in fields.items() if k in ("what", "type", "months")}
    asked = b.submit(page.form(path, **chosen), **fields).want(200)
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


def second():
    """where policy wants two officers an act waits for another one: shown to all, confirmed with the numbers of that moment, named in
    the audit; one device never waits"""
    desk, operator, b = have["officer"], have["operator"], Person(demo, "student")
    used, waits = b.collected("client", 13, memo="library")[0], b.ready("client", 13, memo="lab")[0]
    p = demo.number("select person from request where number = %d" % used)
    demo.inkan("institution", "set", "Kagami University", "--two-officers", "revoke-many,new-pin,apply")
    try:
        v = proposed(desk, "/helpdesk/people/%d/revoke" % p, what="all", reason="affiliationChanged", note="left in March")
        tap.equal([b.state(used), b.state(waits)], ["collected", "ready"])
        for officer in (desk, operator):
            tap.ok(any(a["href"] == "/helpdesk/proposals/%d" % v for a in officer.get("/helpdesk").tree.all("a")), "on the start page")
        page = desk.get("/helpdesk/proposals/%d" % v).want(200)
        tap.equal([f.path.rsplit("/", 1)[1] for f in page.forms() if "/proposals/" in f.path], ["withdraw"])
        b.submit(b.detail(waits).form("/certificates/%d/withdraw" % waits), confirm="1")  # meanwhile one is gone
        path = "/helpdesk/proposals/%d/confirm" % v
        asked = operator.submit(operator.get(path.rsplit("/", 1)[0]).form(path)).want(200)
        tap.ok("left in March" in asked.text() and {int(i["data-request"]) for i in asked.tree.all("li") if i["data-request"]} >= {used}, asked.text())
        tap.ok(waits not in {int(i["data-request"]) for i in asked.tree.all("li") if i["data-request"]}, "numbers as they are now")
        done = operator.submit(asked.form(path, confirm="1")).want(303)
        tap.equal(operator.submit(asked.form(path, confirm="1")).want(303).location(), done.location())
        b.wait(used, "revoked")
        client.wait_mail(demo, used, "revoked")
        tap.equal(demo.sql("select count(*) from event where request = %d and what = 'revoke' and actor like 'operator:%%' and detail ->> 'proposer' like 'officer:%%' and detail ->> 'note' = 'left in March'" % used), "1")
        n = b.collected("client", 13, memo="one device")[0]
        answer = confirm(desk, "/helpdesk/people/%d/revoke" % p, what="device", memo="one device", reason="keyCompromise")
        tap.ok("/proposals/" not in answer.location(), answer.location())
        b.wait(n, "revoked")
        n = b.ready("client", 13)[0]
        v = proposed(desk, "/helpdesk/requests/%d/pin" % n, note="forgot it")
        tap.equal(desk.submit(desk.get("/helpdesk/requests/%d" % n).form("/helpdesk/requests/%d/pin" % n), confirm="1").status, 409)  # it waits already
        path = "/helpdesk/proposals/%d/decline" % v
        asked = operator.submit(operator.get(path.rsplit("/", 1)[0]).form(path)).want(200).form(path, confirm="1")
        operator.submit(asked, reason="").want(400)
        operator.submit(asked, reason="ask the person to call us").want(303)
        tap.ok("ask the person to call us" in desk.get("/helpdesk/proposals/%d" % v).want(200).text(), "the proposer reads why")
        v = proposed(desk, "/helpdesk/requests/%d/pin" % n)
        path = "/helpdesk/proposals/%d/withdraw" % v
        desk.submit(desk.submit(desk.get(path.rsplit("/", 1)[0]).form(path)).want(200).form(path, confirm="1")).want(303)
        tap.equal(demo.sql("select string_agg(state, ' ' order by id) from proposal where request = %d" % n), "declined withdrawn")
    finally:
        demo.inkan("institution", "set", "Kagami University", "--two-officers", "")


def behalf():
    """an officer applies and renews for a person: the mails go to the person, the PIN is the person's, rules hold; the person is told"""
    desk, b = have["officer"], Person(demo, "student")
    p = demo.number("select person from request where number = %d" % b.apply("client", 13, memo="first"))
    path = "/helpdesk/people/%d/apply" % p
    answer = confirm(desk, path, type="client", months="25", memo="exam room", note="asked at the desk")
    n = int(re.search(r"/helpdesk/requests/(\d+)\?done=desk-apply$", answer.location()).group(1))
    b.wait(n, "ready")
    pin = b.pin(n)
    tap.ok(pin and pin not in desk.get("/helpdesk/requests/%d" % n).html, "the officer never sees the PIN")
    for event in ("officer-act", "ready"):
        tap.ok(demo.sql("select mails[1] from person where id = %d" % p) in client.wait_mail(demo, n, event)["To"], event)
    tap.equal(demo.sql("select count(*) from event where request = %d and what = 'apply' and actor like 'officer:%%' and detail ->> 'note' = 'asked at the desk'" % n), "1")
    form = desk.get("/helpdesk/people/%d" % p).form(path, type="client")
    desk.submit(form, type="client", months="13", mail="somebody@else.example").want(422)
    demo.owner("update institution set max_active = 1 where name = 'Kagami University'")
    refused = desk.submit(form, type="client", months="13", confirm="1").want(422)
    demo.owner("update institution set max_active = 10000 where name = 'Kagami University'")
    tap.ok("as many requests alive" in refused.text(), refused.text())
    n = b.collected("client", 13, memo="to renew")[0]
    confirm(desk, "/helpdesk/requests/%d/renew" % n)
    b.wait(n, "renew_ready")
    client.wait_mail(demo, n, "officer-act")


def logged():
    """coming and going of officers is in the audit"""
    b = Person(demo, "desk2")
    before = demo.number("select count(*) from event where what = 'officer-logout'")
    b.submit(b.get("/helpdesk").form("/logout"))
    tap.equal(demo.number("select count(*) from event where what = 'officer-logout'"), before + 1)
    tap.ok(demo.number("select count(*) from event where what = 'officer-login' and detail ->> 'role' = 'officer'") > 0)


tap.run(prepared, officers, table_is_whole, matrix, sql_scope, waits, refused_acts, acts, table, pages, lost, second, behalf, logged)
