#!/usr/bin/python3
"""An officer mails the owners of what ends soon: asked first, done once, mailed, in the audit and in the list."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
PATH = "/helpdesk/ending"
have = {}


def prepared():
    """two certificates of a student end soon"""
    b = Person(demo, "student")
    numbers = sorted(b.collected("client", 13, memo="ends %d" % i)[0] for i in range(2))
    for i, n in enumerate(numbers):
        demo.owner("update request set not_after = date_trunc('second', now()) + interval '%d days' where number = %d" % (5 + i, n))
    have.update(numbers=numbers, student=b, desk=Person(demo, "desk"), operator=Person(demo, "operator"))


def listed():
    """both are in the list, the next end first, and in the table; another institution's officer sees neither"""
    page = have["desk"].get(PATH).want(200)
    order = [n for n in page.rows() if n in have["numbers"]]
    tap.equal(order, have["numbers"])
    tap.has(have["desk"].get(PATH + ".tsv").want(200).html, "ends 0\t")
    tap.lacks(Person(demo, "desk2").get(PATH + "?days=90").want(200).html, ">ends 0<")


def selection():
    """nothing ticked is refused; the question says how many; then each owner gets one mail, and the form is spent"""
    page = have["desk"].get(PATH).want(200)
    form = next(f for f in page.forms() if f.fields.get("what") == "selection")
    have["desk"].submit(form).want(409)
    ticked = {"n%d" % n: "1" for n in have["numbers"]}
    confirm = have["desk"].submit(form, **ticked).want(200)
    tap.has(confirm.html, "1 mails")
    again = confirm.form(PATH, confirm="1")
    done = have["desk"].submit(again).want(303)
    tap.has(done.location(), "done=desk-ending")
    have["desk"].submit(again).want(303)
    first = have["numbers"][0]
    tap.until(lambda: have["student"].demo_mails(first, "renewal-due"))
    mails = have["student"].demo_mails(first, "renewal-due")
    tap.equal(len(mails), 1)
    tap.equal(demo.number("select count(*) from outbox where event = 'renewal-due' and detail ->> 'event' = 'desk' and request in (%d, %d)"
                          % tuple(have["numbers"])), 1)
    tap.equal(demo.number("select count(*) from event where what = 'remind' and actor like 'officer:%%' and request in (%d, %d)"
                          % tuple(have["numbers"])), 2)


def once():
    """who was reminded just now is not reminded again; the request's page says by whom"""
    page = have["desk"].get(PATH).want(200)
    form = next(f for f in page.forms() if f.fields.get("what") == "selection")
    refused = have["desk"].submit(form, **{"n%d" % have["numbers"][0]: "1"}).want(409)
    tap.has(refused.html, "Nobody would get a mail")
    tap.has(have["desk"].get("/helpdesk/requests/%d" % have["numbers"][1]).want(200).html, "Reminded by mail of the end")


def operators():
    """an operator sees all, and mails after choosing an institution; a wrong token or key does nothing"""
    page = have["operator"].get(PATH).want(200)
    tap.equal([f for f in page.forms() if f.fields.get("what")], [])
    kagami = demo.number("select id from institution where name = 'Kagami University'")
    page = have["operator"].get("%s?institution=%d&days=90" % (PATH, kagami)).want(200)
    form = next(f for f in page.forms() if f.fields.get("what") == "selection")
    have["operator"].submit(form, form_key="made-up").want(403)
    have["operator"].submit(form, csrf="made-up").want(403)
    have["operator"].submit(form, institution="0").want(403)  # the key is of that institution


tap.run(prepared, listed, selection, once, operators)
