#!/usr/bin/python3
"""The audit as officers read it (C6): of a request, of a person, of the institution; filters, pages, files; nothing of another one.
tap: seconds 120"""
import json
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
me, other = Person(demo, "researcher"), Person(demo, "researcher2")
desk, operator = Person(demo, "desk"), Person(demo, "operator")
have = {}


def events(page):
    """[(what, request), …] as the page has them, in its order."""
    found = []
    for node in page.tree.all("li"):
        kind = re.fullmatch(r"event-([a-z-]+)", node["class"] or "")
        if kind:
            links = [re.fullmatch(r"/helpdesk/requests/(\d+)", a["href"] or "") for a in node.all("a")]
            found.append((kind.group(1), next((int(m.group(1)) for m in links if m), None)))
    return found


def prepared():
    """somebody of each institution collects; the desk revokes one with a note"""
    have["n"], have["pin"], have["path"], _ = me.collected("client", 13, memo="trail")
    have["m"], _, _, _ = other.collected("client", 13, memo="trail")
    for key, n in (("p", have["n"]), ("q", have["m"])):
        have[key] = demo.number("select person from request where number = %d" % n)
    page = desk.get("/helpdesk/people/%d" % have["p"]).want(200)
    where = "/helpdesk/people/%d/revoke" % have["p"]
    form = next(f for f in desk.get("/helpdesk/requests/%d" % have["n"]).want(200).forms() if f.path == where)
    asked = desk.submit(form).want(200)
    desk.submit(asked.form(where, confirm="1"), reason="keyCompromise", note="=SUM(1+1) by phone").want(303)
    me.wait(have["n"], "revoked")
    tap.has(page.html, "/helpdesk/people/%d/history" % have["p"])
    tap.until(lambda: demo.number("select count(*) from event_unchained") == 0)


def of_a_request():
    """the page of a request tells its story from the beginning: who by name, from where, what it meant, with a picture"""
    page = desk.get("/helpdesk/requests/%d" % have["n"]).want(200)
    seen = [what for what, _ in events(page)]
    tap.equal(seen, [r[0] for r in demo.sql("select what from event where request = %d order by id" % have["n"], rows=True)])
    for words in ("=SUM(1+1) by phone", "127.0.0.1", "Lost, stolen", "This cannot be undone", "Active → Being revoked"):
        tap.has(page.text(), words)
    name = demo.sql("select display_name from person where id = %d" % have["p"])
    tap.has(page.text(), name + " (owner)")
    tap.ok(page.tree.first("ol", **{"class": "lives"}) is not None)
    tap.ok(page.tree.first("section", **{"class": "trail-day"}) is not None)


def of_a_person():
    """a person's page has all that was done with the requests and by the person, newest first; kinds filter it"""
    where = "/helpdesk/people/%d/history" % have["p"]
    last = demo.number("select max(id) from event")  # other tests act for the same person meanwhile
    page = desk.get(where + "?before=%d" % (last + 1)).want(200)
    wanted = demo.sql("select what, request from event where id <= " + str(last) + " and (request in (select number from request where person = %d) or (actor = 'person:%d' and request is null))"
                      " order by id desc limit 50" % (have["p"], have["p"]), rows=True)
    tap.equal(events(page), [(w, int(n) if n else None) for w, n in wanted])
    page = desk.get(where + "?kind=revocation").want(200)
    tap.equal({what for what, _ in events(page)} - {"revoke", "published", "superseded", "code-made", "code-replaced"}, set())
    tap.ok(("revoke", have["n"]) in events(page))
    tap.equal(desk.get("/helpdesk/people/%d/history" % have["q"]).status, 404)
    tap.equal(desk.get(where + "?kind=nonsense").status, 400)
    tap.equal(desk.get("/helpdesk/audit?actor=worker").status, 400)


def everything(b, query):
    """All pages of the audit, by their links."""
    found, path = [], "/helpdesk/audit?" + query
    for _ in range(100):
        page = b.get(path).want(200)
        found += events(page)
        more = [a["href"] for a in page.tree.all("a") if a["rel"] == "next"]
        if not more:
            return found
        path = more[0]
    raise tap.Failed("no end of pages")


def of_the_institution():
    """pages join without a gap or a repeat, of the own institution alone; an operator sees all, or one that is chosen"""
    own = demo.number("select institution from request where number = %d" % have["n"])
    foreign = demo.number("select institution from request where number = %d" % have["m"])
    # What happens while one reads comes in front, so the pages behind stay as they are.
    last = demo.number("select max(id) from event")
    def wanted(where):
        rows = demo.sql("select what, request from event where id <= %d and %s order by id desc" % (last, where), rows=True)
        return [(w, int(n) if n else None) for w, n in rows]
    page = everything(desk, "before=%d" % (last + 1))
    tap.equal(page, wanted("institution = %d" % own))
    tap.ok((("collect", have["m"])) not in page)
    tap.equal(everything(desk, "institution=%d&before=%d" % (foreign, last + 1)), page)  # no choice of an officer's
    tap.equal(everything(operator, "institution=%d&before=%d" % (foreign, last + 1)), wanted("institution = %d" % foreign))
    tap.equal(everything(operator, "before=%d" % (last + 1)), wanted("true"))
    tap.equal(everything(operator, "kind=authority&before=%d" % (last + 1)),
              wanted("what in ('ca-init', 'ca-install', 'ca-issue', 'root-crl', 'responder', 'witness')"))


def filters():
    """by day, kind, request and who did it; what is asked for stands in the form again"""
    page = desk.get("/helpdesk/audit?kind=revoke&request=%d" % have["n"]).want(200)
    tap.equal(events(page), [("revoke", have["n"])])
    tap.equal(page.form("/helpdesk/audit").fields["request"], str(have["n"]))
    actor = demo.sql("select actor from event where request = %d and what = 'revoke'" % have["n"])
    links = [a["href"] for a in page.tree.all("a") if (a["href"] or "").startswith("/helpdesk/audit?actor=")]
    tap.equal(links, ["/helpdesk/audit?actor=" + urllib.parse.quote(actor, safe="")])
    page = desk.get(links[0]).want(200)
    tap.equal([w for w, _ in events(page)], [r[0] for r in demo.sql("select what from event where actor = '%s' order by id desc limit 50" % actor, rows=True)])
    today = demo.sql("select to_char(now() at time zone 'Asia/Tokyo', 'YYYY-MM-DD')")
    tap.ok(("revoke", have["n"]) in everything(desk, "from=%s&until=%s&kind=revocation" % (today, today)))
    tap.equal(everything(desk, "until=2020-01-01"), [])
    tap.equal(everything(desk, "from=2099-01-01"), [])
    tap.equal(desk.get("/helpdesk/audit?request=%d" % have["m"]).status, 404)
    for hostile in ("kind=x", "kind='--", "actor=%27%20or%201%3D1", "from=nonsense", "before=-1", "request=abc", "institution=99999999999999999999", "actor=" + "x" * 3000):
        tap.among(desk.get("/helpdesk/audit?" + hostile).status, (200, 400))


def table():
    """the table has the same rows, oldest first, and no cell of it becomes a formula"""
    answer = desk.get("/helpdesk/audit.tsv?request=%d" % have["n"]).want(200)
    tap.has(answer.header("Content-Disposition"), "audit.tsv")
    tap.equal(answer.header("Cache-Control"), "no-store")
    lines = answer.body.decode("utf-8-sig").split("\r\n")
    tap.equal(lines.pop(), "")
    heads = lines[0].split("\t")
    rows = [dict(zip(heads, line.split("\t"))) for line in lines[1:]]
    tap.equal([r["what"] for r in rows], [r[0] for r in demo.sql("select what from event where request = %d order by id" % have["n"], rows=True)])
    revoked = next(r for r in rows if r["what"] == "revoke")
    tap.equal((revoked["note"], revoked["reason"], revoked["address"]), ("'=SUM(1+1) by phone", "keyCompromise", "127.0.0.1"))
    for row in rows:
        tap.equal(len(row), len(heads))
        tap.ok(not any(re.match(r"[=+@]|-(?!\d)", cell) for cell in row.values()), str(row))
    tap.equal(desk.get("/helpdesk/audit.tsv?request=%d" % have["m"]).status, 404)


def lines():
    """the lines are those of `inkan audit export`, byte for byte"""
    answer = desk.get("/helpdesk/audit.jsonl?request=%d" % have["n"]).want(200)
    mine = answer.body.decode().splitlines()
    command = demo.inkan("audit", "export", "--institution", "Kagami University").stdout.splitlines()
    tap.equal([line for line in command if json.loads(line)["event"]["request"] == have["n"]], mine)
    everybody = desk.get("/helpdesk/audit.jsonl").want(200).body.decode().splitlines()
    tap.equal({json.loads(line)["event"]["institution"] for line in everybody},
              {demo.number("select institution from request where number = %d" % have["n"])})


def how_far_it_is_signed():
    """the page says up to which entry the chain is signed, and that a command proves it"""
    tap.until(lambda: demo.number("select count(*) from event_head") > 0)
    page = desk.get("/helpdesk/audit").want(200)
    seq, last = (int(n) for n in re.search(r"up to (\d+) are signed.*chain has (\d+)", page.value("head")).groups())
    tap.equal(demo.number("select count(*) from event_head where seq = %d" % seq), 1)
    tap.ok(seq <= last <= demo.number("select max(seq) from event_chain"))
    tap.has(page.text(), "inkan audit verify")
    tap.equal(demo.inkan("audit", "verify").returncode, 0)


tap.run(prepared, of_a_request, of_a_person, of_the_institution, filters, table, lines, how_far_it_is_signed)
