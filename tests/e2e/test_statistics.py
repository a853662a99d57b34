#!/usr/bin/python3
"""The statistics count what people do: officers see their own institution's, operators all, as a page and as a table."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
WHAT = ("applied", "collected", "renewed", "revoked", "replaced", "ending")
have = {}


def month():
    return demo.sql("select to_char(now() at time zone 'Asia/Tokyo', 'YYYY-MM')")


def number(page, name):
    return int(re.match(r"[\d,]+", page.id(name).text())[0].replace(",", ""))


def figures(b, where="/helpdesk/statistics"):
    page = b.get(where).want(200)
    return {name: number(page, name) for name in ("active", "collected", "revoked")}


def table(b, where="/helpdesk/statistics.tsv"):
    """{(institution, month, type): {what: n}}"""
    answer = b.get(where).want(200)
    tap.has(answer.header("content-type"), "text/tab-separated-values")
    lines = answer.html.lstrip("\ufeff").split("\r\n")
    tap.equal(lines[0].split("\t"), ["institution", "month", "type", *WHAT])
    rows = [line.split("\t") for line in lines[1:] if line]
    return {tuple(row[:3]): dict(zip(WHAT, map(int, row[3:]))) for row in rows}


def mine(rows, what, kind="client"):
    return rows.get(("Kagami University", month(), kind), dict.fromkeys(WHAT, 0))[what]


def prepared():
    """officers and an operator, with what the statistics say before"""
    have.update(desk=Person(demo, "desk"), other=Person(demo, "desk2"), operator=Person(demo, "operator"))
    have.update(before=figures(have["desk"]), elsewhere=figures(have["other"]), table=table(have["desk"]))


def counted():
    """an application, a pickup and a revocation are counted at once, each once"""
    b = Person(demo, "researcher")
    n = b.collected("client", 13, memo="counted")[0]
    after = figures(have["desk"])
    tap.ok(after["collected"] >= have["before"]["collected"] + 1, str(after))
    b.act(n, "revoke", reason="superseded")
    tap.until(lambda: b.state(n) in ("revoking", "revoked"))
    rows = table(have["desk"])
    for what in ("applied", "collected", "revoked"):
        tap.ok(mine(rows, what) >= mine(have["table"], what) + 1, what)


def as_the_rows_say():
    """the operator's command finds every number to be what the rows say, also when counted anew"""
    tap.has(demo.inkan("statistics", "check").stdout, "every number is what the rows say")
    tap.has(demo.inkan("statistics", "rebuild").stdout, "counted anew")
    tap.has(demo.inkan("statistics", "check").stdout, "every number is what the rows say")
    month_begin = "date_trunc('month', now() at time zone 'Asia/Tokyo') at time zone 'Asia/Tokyo'"
    counts = demo.number("select count(*) from request r join institution i on i.id = r.institution where i.name = 'Kagami University' and type ="
                         " 'client' and applied_at >= %s" % month_begin)
    tap.ok(abs(mine(table(have["desk"]), "applied") - counts) <= 5, "others may be applying meanwhile")


def scope():
    """an officer sees the own institution alone, whatever is asked for; an operator all of them, or one"""
    names = {key[0] for key in table(have["other"])}
    tap.ok(names <= {"Minato Institute"}, str(names))
    kagami = demo.number("select id from institution where name = 'Kagami University'")
    names = {key[0] for key in table(have["other"], "/helpdesk/statistics.tsv?institution=%d" % kagami)}
    tap.ok("Kagami University" not in names, str(names))
    page = have["operator"].get("/helpdesk/statistics").want(200)
    tap.has(page.html, 'data-table="by-institution"')
    names = {key[0] for key in table(have["operator"], "/helpdesk/statistics.tsv?institution=%d" % kagami)}
    tap.equal(names, {"Kagami University"})
    tap.ok('data-table="by-institution"' not in have["desk"].get("/helpdesk/statistics").html)


def ranges():
    """what may be chosen is shown; what is no range is the last twelve months"""
    for word, months in (("24", 24), ("36", 36), ("12", 12), ("nonsense", 12), ("fy1999", 12), ("-1", 12)):
        page = have["desk"].get("/helpdesk/statistics?range=%s" % word).want(200)
        tap.equal(page.html.count("data-month=") - 12, months, word)
    page = have["desk"].get("/helpdesk/statistics").want(200)
    years = [option["value"] for option in page.tree.all("option") if option["value"].startswith("fy")]
    tap.equal(len(years), 5)
    page = have["desk"].get("/helpdesk/statistics?range=" + years[1]).want(200)
    tap.has(page.html, 'data-month="%s-04"' % years[1][2:])
    tap.has(page.html, 'data-month="%d-03"' % (int(years[1][2:]) + 1))


tap.run(prepared, counted, as_the_rows_say, scope, ranges)
