#!/usr/bin/python3
"""The revocation code (H2): given out once at pickup, works without a login; guesses learn nothing and change nothing.
tap: alone
tap: seconds 120"""
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
me = Person(demo, "researcher")
CODE = r"[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){4}"
WRONG = "0000-0000-0000-0000-0000"
MEMO = "code %d" % os.getpid()


def step3(path, pin, extra=""):
    """Step 3 of the pickup, after the file was fetched; EXTRA '/code' asks for another code."""
    page = me.get(path).want(200)
    shown = me.submit(page.form(path, pin=None), pin=pin).want(200)
    return me.submit(shown.form(path + "/code"), pin=pin).want(200) if extra else shown


def code_on(page):
    node = page.tree.first(id="code-text")
    if node is None:
        return None
    tap.ok(re.fullmatch(CODE, node.text().strip()), node.text())
    return node.text().strip()


def collected(memo=""):
    number, pin, path, _ = me.collected("client", 13, memo=memo)
    return number, pin, path


def made(number):
    return demo.number("select count(*) from event where request = %d and what in ('code-made', 'code-replaced')" % number)


def ask(b, number, code, **more):
    """The form of /revoke as a stranger's browser sends it."""
    return b.submit(b.get("/revoke").want(200).form("/revoke"), number=str(number), code=code, **more)


def revoke(b, number, code, **more):
    page = ask(b, number, code).want(200)
    tap.equal([f.path for f in page.forms() if f.method == "post" and "csrf" in f.fields and f.path == "/revoke"], ["/revoke"])
    answer = b.submit(page.form("/revoke", confirm="1"), **more)
    return answer


def given_once():
    """after the download the code is shown once; later looks say when it was given out; asked for again, the old one dies"""
    number, pin, path = collected()
    tap.equal(made(number), 0)
    first = code_on(step3(path, pin))
    tap.ok(first)
    again = step3(path, pin)
    tap.equal(code_on(again), None)
    tap.ok(again.form(path + "/code"))
    tap.equal(made(number), 1)
    second = code_on(step3(path, pin, "/code"))
    tap.ok(second and second != first)
    tap.equal(made(number), 2)
    tap.equal(ask(Browser(demo), number, first).status, 403)
    tap.equal(ask(Browser(demo), number, second).status, 200)
    # The hash alone is kept; no log, mail, event or row has the code.
    plain = second.replace("-", "")
    for text in (demo.sql("select string_agg(t::text, ' ') from revocation_code t where request = %d" % number),
                 demo.sql("select string_agg(t::text, ' ') from event t where request = %d" % number),
                 demo.sql("select string_agg(t::text, ' ') from outbox t where request = %d" % number)):
        tap.lacks(text, plain)
        tap.lacks(text, second)
    folder = os.path.dirname(demo.file)
    for place, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".log"):
                with open(os.path.join(place, name), errors="replace") as log:
                    text = log.read()
                tap.ok(second not in text and plain not in text, os.path.join(place, name))
    return number


def masked(page):
    """What differs between two answers for reasons of their own: the id to quote and the time."""
    text = page.html
    for pattern in (r'data-request-id="[^"]*"', r"<code>[0-9a-f]{8}</code>", r'datetime="[^"]*"', r'name="csrf" value="[^"]*"'):
        text = re.sub(pattern, "", text)
    return text


# What a guess might write; the worker goes on meanwhile.
ROWS = ("select (select count(*) from event where actor not in ('worker', 'signer')) || ' ' || (select count(*) from revocation_code)"
        " || ' ' || (select count(*) from session) || ' ' || (select count(*) from login)")


def misses_look_alike():
    """unknown number, another's code, a number without a code, junk, no number at all: one status, one page byte for byte, and
    nothing is written"""
    number, pin, path = collected()
    code = code_on(step3(path, pin))
    bare = me.apply("client", 13)
    b = Browser(demo)
    before = demo.sql(ROWS)
    seen = {}
    for what, n, c in (("unknown number", "99999999", code), ("other code", number, WRONG), ("no code", bare, code), ("too long", number, code + "0"),
                       ("no sign of ours", number, code[:-1] + "U"), ("not a number", "x", code), ("everything", "-1; drop", "' or 1=1 --"),
                       ("bytes", number, "\u0000\u200b" * 9 + "x"), ("long", "9" * 300, "Z" * 2000)):
        answer = ask(b, n, c)
        seen[what] = (answer.status, re.sub(r'(id="number" name="number" value=")[^"]*', r"\1", masked(answer)),
                      sorted((k.lower(), v) for k, v in answer.headers if k.lower() not in ("date", "content-length", "content-security-policy", "etag")))
    for what, answer in seen.items():
        if what != "bytes":
            tap.equal(answer[0], 403, what)
            tap.equal(answer, seen["unknown number"], what)
    tap.among(seen["bytes"][0], (400, 403))
    tap.equal(demo.sql(ROWS), before)
    tap.equal(me.state(number), "collected")
    tap.equal(ask(b, number, code).status, 200)  # so many misses lock nothing


def forged():
    """without the page's own token, or with another browser's, nothing is looked at"""
    number, pin, path = collected()
    code = code_on(step3(path, pin))
    for fields in ({}, {"csrf": "x"}, {"csrf": Browser(demo).get("/revoke").form("/revoke").fields["csrf"]}):
        answer = Browser(demo).post("/revoke", dict(fields, number=str(number), code=code, confirm="1", reason="keyCompromise"))
        tap.equal(answer.status, 403)
    tap.equal(me.state(number), "collected")


def works_without_login():
    """number and code in a stranger's browser, however typed: the page says which certificate and nobody's name, asks, revokes once;
    audit, mail, CRL follow; a second use says that it is revoked"""
    number, pin, path = collected(MEMO)
    code = code_on(step3(path, pin))
    b = Browser(demo)
    page = ask(b, "No %d" % number, " %s " % code.lower().replace("-", " ").replace("0", "o").replace("1", "l")).want(200)
    tap.has(page.text(), MEMO)
    for private in demo.sql("select display_name, display_name_ja, identifier, mails[1] from person p join request r on r.person = p.id"
                            " where r.number = %d" % number, rows=True)[0]:
        if private:
            tap.lacks(page.html, private)
    tap.equal(me.state(number), "collected")
    tap.equal(b.submit(page.form("/revoke", confirm="1"), reason="nonsense").status, 400)
    tap.equal(me.state(number), "collected")
    done = b.submit(page.form("/revoke", confirm="1"), reason="keyCompromise").want(303)
    tap.has(done.location(), "/revoke/done")
    tap.among(b.get("/revoke/done").want(200).id("state")["data-state"], ("revoking", "revoked"))
    me.wait(number, "revoked")
    tap.equal(demo.sql("select reason || ' ' || revoked_by from certificate where request = %d" % number), "keyCompromise revocation-code")
    row = demo.sql("select actor, address, detail ->> 'reason' from event where request = %d and what = 'revoke'" % number, rows=True)
    tap.equal(row, [["revocation-code", "127.0.0.1", "keyCompromise"]])
    tap.until(lambda: me.demo_mails(number, "revoked"))
    again = ask(Browser(demo), number, code).want(200)
    tap.equal(again.id("state")["data-state"], "revoked")
    tap.equal([f for f in again.forms() if f.path == "/revoke"], [])
    # The same confirmation once more, and from a browser that did nothing.
    tap.equal(b.submit(page.form("/revoke", confirm="1"), reason="superseded").status, 200)
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'revoke'" % number), 1)
    tap.equal(Browser(demo).get("/revoke/done", follow=False).status, 303)
    # The owner's page and the helpdesk's say by what.
    tap.has(me.detail(number).text(), "revocation code")


def after_a_renewal():
    """a renewal makes no new code: the one from the first pickup revokes both certificates"""
    number, pin, path = collected()
    code = code_on(step3(path, pin))
    me.submit(me.get(path).form(path, pin=None), pin=pin)
    me.act(number, "renew")
    me.wait(number, "renew_ready")
    pin = tap.until(lambda: me.pin(number))
    path = me.pickup_path(number, count=2)
    me.collect(number, pin, path)
    tap.equal(code_on(step3(path, pin)), None)
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 2)
    revoke(Browser(demo), number, code, reason="keyCompromise").want(303)
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 0)


def everything_on_the_device():
    """asked for, everything else of the owner with the same memo ends too, and only that"""
    memo = MEMO + " all"
    number, pin, path = collected(memo)
    second, _, _ = collected(memo)
    waiting, _, _ = me.ready("client", 13, memo=memo)
    kept, _, _ = collected(MEMO + " phone")
    code = code_on(step3(path, pin))
    b = Browser(demo)
    revoke(b, number, code, reason="keyCompromise", all="1").want(303)
    for n in (number, second):
        tap.equal(demo.sql("select actor from event where request = %d and what = 'revoke'" % n), "revocation-code")
    tap.equal(me.state(waiting), "lapsed")
    tap.equal(me.state(kept), "collected")


def owner_makes_a_new_one():
    """the owner, logged in, has a new code: asked first, shown once, the old one dies; the same form again shows nothing"""
    number, pin, path = collected()
    old = code_on(step3(path, pin))
    where = "/certificates/%d/code" % number
    asked = me.submit(me.detail(number).form(where)).want(200)
    tap.equal(made(number), 1)
    tap.equal(len([f for f in asked.forms() if f.path == where]), 1)
    form = asked.form(where, confirm="1")
    fresh = code_on(me.submit(form).want(200))
    tap.equal(ask(Browser(demo), number, old).status, 403)
    again = me.submit(form).want(303)
    tap.has(again.location(), "/certificates/%d?done=code" % number)
    tap.equal(made(number), 2)
    stranger = Person(demo, "student")
    token = next(f.fields["csrf"] for f in stranger.dashboard().forms() if "csrf" in f.fields)
    tap.equal(stranger.post(where, {"csrf": token, "form_key": form.fields["form_key"], "confirm": "1"}).status, 404)
    revoke(Browser(demo), number, fresh, reason="superseded").want(303)
    tap.equal(me.submit(form).want(303).status, 303)


def when_the_idp_is_down():
    """with no IdP in the metadata at all, whoever has the code still revokes"""
    number, pin, path = collected()
    code = code_on(step3(path, pin))
    b = Browser(demo)
    tap.equal([k for k, _ in b.get("/revoke").headers if k.lower() == "location"], [])
    demo.owner("begin; create table idp_away as select * from idp; delete from idp; commit")
    try:
        tap.ok(Browser(demo).get("/login?idp=" + urllib.parse.quote(demo["IDP1"], safe=""), follow=False).status >= 400)
        revoke(b, number, code, reason="keyCompromise").want(303)
    finally:
        demo.owner("begin; delete from idp; insert into idp select * from idp_away; drop table idp_away; commit")
    me.wait(number, "revoked")


def pages_point_to_it():
    """front page and the mail about the pickup lead to /revoke; none of them has a code"""
    tap.has(Browser(demo).get("/").html, 'href="/revoke"')
    number, _, _ = collected()
    body = tap.until(lambda: me.demo_mails(number, "collected"))[0]
    tap.has(str(body.get_content() if hasattr(body, "get_content") else body), "/revoke")


tap.run(given_once, misses_look_alike, forged, works_without_login, after_a_renewal, everything_on_the_device, owner_makes_a_new_one,
        when_the_idp_is_down, pages_point_to_it)
