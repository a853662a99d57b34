#!/usr/bin/python3
"""Files with a line for each certificate: looked at as a whole first, then started, then carried out line by line.
tap: alone
tap: seconds 180"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from batches import act, checked, done, lines, send, state  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
have = {}


def prepared():
    """officers of two institutions, certificates of each"""
    have.update(desk=Person(demo, "desk"), other=Person(demo, "desk2"), operator=Person(demo, "operator"), person=Person(demo))
    b = have["person"]
    have["a"] = b.collected("client", 13, memo="bulk a")[0]
    have["b"] = b.collected("client", 13, memo="bulk b")[0]
    have["waits"] = b.ready("client", 13, memo="bulk c")[0]
    have["foreign"] = Person(demo, "researcher2").ready("client", 13)[0]
    have["serial"] = demo.sql("select serial from certificate where request = %d" % have["b"])


def dry_run():
    """each line's fate and why, and nothing is done; the page and the table say the same"""
    have["text"] = "\ufeffserial\tnumber\treason\tnote\r\n" + "".join("\t".join(cells) + "\r\n" for cells in (
        ("", str(have["a"]), "keyCompromise", "=left in a train"),
        (":".join(re.findall("..", have["serial"])).upper(), "", "superseded", ""),
        ("", str(have["waits"]), "unspecified", ""),
        ("", str(have["a"]), "unspecified", ""),
        ("", str(have["foreign"]), "unspecified", ""),
        ("", "999999999", "unspecified", ""),
        (have["serial"], str(have["a"]), "unspecified", ""),
        ("", str(have["a"]), "because", ""),
        ("", "", "unspecified", ""),
        ("", "12a", "unspecified", ""),
        ("", str(have["a"]), "unspecified", "x" * 201),
        ("", str(have["a"]), "unspecified", "a\x07b"),
        ("", str(have["a"])),
    )) + "\r\n"
    raw = have["text"].encode() + b"\t%d\tunspecified\t\xff\xfe\r\n" % have["a"]
    b, batch = have["desk"], checked(have["desk"], raw)
    have.update(batch=batch, raw=raw)
    wanted = {2: ("will", "revoke", ""), 3: ("will", "revoke", ""), 4: ("will", "withdraw", ""), 5: ("skip", "twice", ""),
              6: ("bad", "unknown", "number"), 7: ("bad", "unknown", "number"), 8: ("bad", "other", "serial"), 9: ("bad", "word", "reason"),
              10: ("bad", "missing", "number"), 11: ("bad", "number", "number"), 12: ("bad", "long", "note"), 13: ("bad", "control", "note"),
              14: ("bad", "cells", ""), 16: ("bad", "encoding", "")}
    tap.equal(lines(b, batch), wanted)
    page = b.get("/helpdesk/bulk/%d" % batch).want(200)
    tap.equal({int(r["data-line"]): r["data-fate"] for r in page.tree.all("tr") if r["data-line"]}, {n: w[0] for n, w in wanted.items()})
    tap.equal({li["data-fate"]: li["data-count"] for li in page.tree.all("li") if li["data-fate"]}, {"will": "3", "skip": "1", "bad": "10"})
    tap.equal(sorted(lines(b, batch, "bad")), sorted(n for n, w in wanted.items() if w[0] == "bad"))
    tap.equal([have["person"].state(have[n]) for n in ("a", "b", "waits")], ["collected", "collected", "ready"])
    tap.equal(demo.number("select count(*) from event where what = 'batch-check' and detail ->> 'batch' = '%d' and actor like 'officer:%%'" % batch), 1)


def same_file():
    """the same file leads to the same batch, from another officer too; another institution's officers see nothing of it"""
    tap.equal(checked(have["desk"], have["raw"]), have["batch"])
    tap.equal(checked(Person(demo, "desk"), have["raw"], name="other.tsv"), have["batch"])
    for path in ("", "/lines.tsv"):
        tap.equal(have["other"].get("/helpdesk/bulk/%d%s" % (have["batch"], path), follow=False).status, 404)
        have["operator"].get("/helpdesk/bulk/%d%s" % (have["batch"], path)).want(200)
    theirs = checked(have["other"], have["raw"])
    tap.equal({w[0] for n, w in lines(have["other"], theirs).items() if n in (2, 3, 4)}, {"bad"})
    tap.equal(lines(have["other"], theirs)[6], ("will", "withdraw", ""))
    act(have["other"], theirs, "withdraw").want(303)
    tap.equal(lines(have["other"], theirs)[6], ("left", "", ""))
    tap.ok(checked(have["other"], have["raw"]) > theirs, "a batch that was given up stands no more")


def refused_files():
    """what is no such file: a page that names line and column, and no batch"""
    before = demo.number("select count(*) from batch")
    n = have["a"]
    for text, words in (("", "no lines"), ("number\treason\r\n", "no lines"), ("number\tcolour\treason\n%d\tx\tunspecified\n" % n, "colour"),
                        ("number\tnumber\treason\n1\t1\tunspecified\n", "twice"), ("number\n1\n", "reason"), ("reason\nunspecified\n", "number"),
                        ("number\treason\n" + "%d\tunspecified\n" % n * 10001, "too many"), (b"number\xff\treason\n1\tunspecified\n", "UTF-8"),
                        ('"number"\treason\n1\tunspecified\n', "cannot be read")):
        page = send(have["desk"], text).want(400)
        tap.has(page.text(), words)
    send(have["desk"], "number\treason\n1\tunspecified\n", kind="nothing").want(400)
    send(have["operator"], "number\treason\n1\tunspecified\n").want(400)
    tap.equal(demo.number("select count(*) from batch"), before)


def hostile_bodies():
    """bodies that are no form, too large, without a token, or of somebody who may not"""
    b, form = have["desk"], have["desk"].get("/helpdesk/bulk").form("/helpdesk/bulk")
    before = demo.number("select count(*) from batch")
    tap.equal(b.upload(form, b"x" * (4 * 1024 * 1024 + 20000), kind="revoke").status, 413)
    tap.equal(b.upload(form, b"x", kind="revoke", csrf="x").status, 403)
    tap.equal(have["person"].upload(form, b"x", kind="revoke").status, 403)
    for body, kind in ((b"", "multipart/form-data; boundary=b"), (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b"), (b"--b--\r\n", "multipart/form-data"),
                       (b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b", "multipart/form-data; boundary=b"),
                       (b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=\"b\"; boundary=b"),
                       (b"csrf=%s" % form.fields["csrf"].encode(), "text/plain")):
        tap.among(b.send("POST", "/helpdesk/bulk", body, {"Content-Type": kind}).status, (400, 403), repr(body))
    tap.equal(demo.number("select count(*) from batch"), before)


def carried_out():
    """started by a confirmed act, each line is done once, with its audit row and mails; the report has what became of it"""
    b, batch = have["desk"], have["batch"]
    page = b.get("/helpdesk/bulk/%d" % batch).want(200)
    asked = b.submit(page.form("/helpdesk/bulk/%d/start" % batch)).want(200)
    confirmed = asked.form("/helpdesk/bulk/%d/start" % batch, confirm="1")
    tap.equal(have["operator"].submit(confirmed, csrf="x").status, 403)
    tap.equal(have["other"].submit(confirmed).status, 403)
    b.submit(confirmed).want(303)
    tap.equal(b.submit(confirmed).want(303).location().rpartition("/")[2], "%d?done=bulk-started" % batch)
    done(b, batch)
    report = lines(b, batch)
    tap.equal({n: report[n][0] for n in (2, 3, 4, 5, 6, 14)}, {2: "done", 3: "done", 4: "done", 5: "skip", 6: "bad", 14: "bad"})
    for n in (have["a"], have["b"]):
        have["person"].wait(n, "revoked")
        client.wait_mail(demo, n, "revoked")
    have["person"].wait(have["waits"], "lapsed")
    tap.equal(demo.sql("select count(*), count(distinct request) from event where what in ('revoke', 'withdraw') and detail ->> 'batch' = '%d'"
                       " and actor like 'officer:%%'" % batch, rows=True), [["3", "3"]])
    tap.equal(demo.sql("select detail ->> 'note' from event where what = 'revoke' and request = %d" % have["a"]), "=left in a train")
    tap.has(b.get("/helpdesk/bulk/%d/lines.tsv" % batch).body.decode(), "\t'=left in a train\r\n")
    tap.equal(demo.number("select count(*) from event where what in ('batch-start', 'batch-done') and detail ->> 'batch' = '%d'" % batch), 2)
    tap.equal(checked(b, have["raw"]), batch)
    other = checked(b, have["raw"] + b"\r\n\r\n")
    tap.equal({lines(b, other)[n] for n in (2, 3, 4)}, {("skip", "revoked", ""), ("skip", "ended", "")})
    tap.equal([f.action for f in b.get("/helpdesk/bulk/%d" % other).forms() if f.action.endswith("/start")], [])


def stopped():
    """a batch that is stopped does no more, and what it did stays"""
    b = have["desk"]
    n = have["person"].ready("client", 13, memo="stopped")[0]
    batch = checked(b, "number\treason\n%d\tunspecified\n" % n)
    act(b, batch, "withdraw").want(303)
    tap.equal(state(b, batch), "withdrawn")
    page = b.get("/helpdesk/bulk/%d" % batch).want(200)
    tap.equal([f.action for f in page.forms() if "/bulk/" in f.action], [])
    tap.equal(have["person"].state(n), "ready")
    again = checked(b, "number\treason\n%d\tunspecified\n" % n)
    act(b, again, "start").want(303)
    done(b, again)
    have["person"].wait(n, "lapsed")


def renewed():
    """certificates in hand are renewed: once, and only as the policy allows; the owner gets the mail"""
    b, person = have["desk"], have["person"]
    n = person.collected("client", 13, memo="bulk renew")[0]
    waits = person.ready("client", 13, memo="bulk wait")[0]
    text = "number\tmonths\n%d\t13\n%d\t\n%d\t52\n%d\t\n%d\t\n" % (n, n, n, waits, have["a"])
    batch = checked(b, text, "renew")
    tap.equal(lines(b, batch), {2: ("will", "renew", ""), 3: ("skip", "twice", ""), 4: ("bad", "months-other", "months"),
                                5: ("bad", "state", ""), 6: ("bad", "state", "")})
    act(b, batch, "start").want(303)
    done(b, batch)
    person.wait(n, "renew_ready")
    client.wait_mail(demo, n, "ready", count=2)
    tap.equal(demo.number("select count(*) from event where what = 'renew' and request = %d and actor like 'officer:%%' and detail ->> 'batch' = '%d'" % (n, batch)), 1)
    other = checked(b, text + "\n", "renew")
    tap.equal(lines(b, other)[2], ("skip", "renewing", ""))
    pin, path = person.pin(n), person.pickup_path(n, count=2)
    person.collect(n, pin, path)
    third = checked(b, text + "\n\n", "renew")
    tap.equal(lines(b, third)[2], ("skip", "renewed", ""))


def issued():
    """persons who are known get a certificate each: found by identifier or address, within the policy, once"""
    b, person, memo = have["desk"], have["person"], "by file " + os.urandom(4).hex()
    identifier, mail = demo.sql("select identifier, mails[1] from person p join request r on r.person = p.id where r.number = %d" % have["a"], rows=True)[0]
    text = "identifier\tmail\ttype\tmonths\tmemo\r\n" + "".join("\t".join(row) + "\r\n" for row in (
        (identifier, "", "client", "13", memo), ("", mail.upper(), "smime", "13", memo), (identifier, mail, "client", "13", memo),
        ("nobody", "", "client", "13", ""), ("", "nobody@kagami.example", "client", "13", ""), (identifier, "", "client", "14", memo + "?"),
        (identifier, "", "server", "13", ""), (identifier, "other@kagami.example", "client", "13", ""), ("", "a b@c", "client", "13", "")))
    batch = checked(b, text, "issue")
    tap.equal(lines(b, batch), {2: ("will", "issue", ""), 3: ("will", "issue", ""), 4: ("skip", "twice", ""), 5: ("bad", "nobody", "identifier"),
                                6: ("bad", "nobody", "mail"), 7: ("bad", "months", ""), 8: ("bad", "word", "type"), 9: ("bad", "nobody", "identifier"),
                                10: ("bad", "mail-form", "mail")})
    act(b, batch, "start").want(303)
    done(b, batch)
    made = {r[0]: int(r[1]) for r in demo.sql("select q.type, q.number from batch_line l join request q on q.number = l.request where l.batch = %d and l.fate = 'done'" % batch, rows=True)}
    tap.equal(sorted(made), ["client", "smime"])
    for n in made.values():
        person.wait(n, "ready")
        client.wait_mail(demo, n, "ready")
        tap.equal(demo.number("select count(*) from event where what = 'apply' and request = %d and actor like 'officer:%%'" % n), 1)
    again = checked(b, text + "\r\n", "issue")
    tap.equal({lines(b, again)[n] for n in (2, 3, 4)}, {("skip", "has-one", "")})
    theirs = checked(have["other"], text, "issue")
    tap.equal(lines(have["other"], theirs)[2], ("bad", "nobody", "identifier"))


def by_layout():
    """the layout of S002 in Shift_JIS, for persons who never logged in: the URL comes by mail, the PIN by the officer's sheet, and both
    together give the certificate without a login; a line of the file is held against the institution's own row"""
    b, mark = have["desk"], os.urandom(4).hex()
    org, place, country, domain = demo.sql("select organization, locality, country, mail_domains[1] from institution where name = 'Kagami University'", rows=True)[0]
    mail = "new.%s@%s" % (mark, domain.lstrip("."))
    name = "Taro %s" % mark
    end = "O=%s,L=%s,C=%s" % (org, place, country)

    def row(subject="CN=%s,%s" % (name, end), profile="5", pickup="1", holder="鏡 太郎 ﾀﾛｳ ソ", address=mail, file="", pin="secret-of-the-file", **more):
        cells = [subject, profile, pickup, "", "", "", "", holder, "情報学部", address, "", file, "", "", pin]
        for place_, value in more.items():
            cells[int(place_[1:]) - 1] = value
        return "\t".join(cells)
    rows = [row(), row(), row(profile="7", pickup="3"), row(pickup="2"), row(subject="CN=x,OU=No such,%s" % end), row(subject="CN=x,O=Other,L=%s,C=%s" % (place, country)),
            row(subject="O=%s,CN=x" % org), row(profile="6"), row(address="x@elsewhere.example"), row(c4="x"), row(holder="x" * 65), row() + "\tmore",
            row(address="researcher@%s" % domain.lstrip(".")), row(subject="CN=" + "x" * 65 + "," + end), row(subject="CN=鏡," + end)]
    raw = "\r\n".join(rows).encode("cp932") + b"\r\n" + row().encode("cp932").replace("鏡".encode("cp932"), b"\x81\x20")
    batch = checked(b, raw, "clients")
    researcher = demo.number("select count(*) from person where idp <> '' and 'researcher@%s' = any (mails)" % domain.lstrip("."))
    wanted = {1: ("will", "issue", ""), 2: ("skip", "twice", ""), 3: ("will", "issue", ""), 4: ("bad", "together", "pickup"), 5: ("bad", "subject-ou", "subject"),
              6: ("bad", "subject-o", "subject"), 7: ("bad", "subject", "subject"), 8: ("bad", "word", "profile"), 9: ("bad", "mail-domain", "mail"),
              10: ("bad", "unused", "empty4"), 11: ("bad", "long", "name"), 12: ("bad", "cells", ""), 14: ("bad", "subject", "subject"), 15: ("bad", "subject-cn", "subject"),
              16: ("bad", "encoding", "")}
    wanted[13] = ("bad", "subject-cn", "subject") if researcher else ("will", "issue", "")
    tap.equal(lines(b, batch), wanted)
    tap.equal(demo.number("select count(*) from person where identifier = '%s'" % mail), 0)
    tap.lacks(demo.sql("select string_agg(cells::text, '') from batch_line where batch = %d" % batch), "secret-of-the-file")
    act(b, batch, "start").want(303)
    done(b, batch)
    n = demo.number("select request from batch_line where batch = %d and line = 1" % batch)
    tap.equal(demo.sql("select idp, display_name, display_name_ja, common_name, affiliation::text from person where identifier = '%s'" % mail, rows=True),
              [["", name, "鏡 太郎 ﾀﾛｳ ソ", name, "{情報学部}"]])
    message = client.wait_mail(demo, n, "ready")
    tap.has(client.body(message), "helpdesk")
    tap.lacks(client.body(message), "/certificates/")
    pins = "/helpdesk/bulk/%d/pins" % batch
    asked = b.submit(b.get("/helpdesk/bulk/%d" % batch).want(200).form(pins)).want(200)
    tap.lacks(asked.text(), "Good until")
    form = asked.form(pins, confirm="1")
    sheet = b.submit(form, **{"as": "table"}).want(200).body.decode("utf-8-sig").split("\r\n")
    row_ = dict(zip(sheet[0].split("\t"), next(line for line in sheet if line.startswith("%d\t" % n)).split("\t")))
    tap.ok(re.fullmatch(r"[A-Za-z0-9]{16}", row_["pin"]), row_["pin"])
    page = b.submit(form, **{"as": "page"}).want(200)
    tap.has(page.text(), row_["pin"])
    tap.equal(demo.number("select count(*) from event where what = 'batch-pins' and detail ->> 'batch' = '%d' and actor like 'officer:%%'" % batch), 2)
    tap.equal(have["other"].submit(form).status, 403)
    tap.equal(demo.number("select count(*) from outbox where request = %d and event = 'pin'" % n), 0)
    holder, path = client.Browser(demo), client.pickup_path(message)
    tap.has(holder.get(path).want(200).text(), "helpdesk has it")
    shown = holder.submit(holder.get(path).want(200).form(path, pin=None), pin=row_["pin"]).want(200)
    got = holder.submit(shown.form(path + "/download"), pin=row_["pin"]).want(200)
    tap.equal(got.header("Content-Type"), "application/x-pkcs12")
    tap.equal(demo.sql("select state from request where number = %d" % n), "collected")
    tap.has(demo.sql("select subject from certificate where request = %d" % n), "CN=" + name)
    tap.lacks(b.submit(form, **{"as": "table"}).want(200).body.decode(), "\r\n%d\t" % n)
    again = checked(b, raw + b"\r\n\r\n", "clients")
    tap.equal({lines(b, again)[k] for k in (1, 3)}, {("skip", "has-one", "")})
    renewal = checked(b, "number\n%d\n" % n, "renew")
    act(b, renewal, "start").want(303)
    done(b, renewal)
    client.wait_mail(demo, n, "ready", count=2)
    tap.ok(any(f.action.endswith("/pins") for f in b.get("/helpdesk/bulk/%d" % renewal).forms()), "the PIN of the renewal is on a sheet, too")


def everything():
    """all certificates of the institution in one table, each once; of all institutions for an operator, or of the one chosen"""
    def table(b, more=""):
        answer = b.get("/helpdesk/certificates.tsv" + more).want(200)
        rows = [r.split("\t") for r in answer.body.decode("utf-8-sig").split("\r\n")[:-1]]
        tap.ok(all(len(r) == len(rows[0]) for r in rows), rows[0])
        return [dict(zip(rows[0], r)) for r in rows[1:]]
    mine, all_of_them = table(have["desk"]), table(have["operator"])
    count = "select count(*) from certificate c join request r on r.number = c.request"
    own = demo.number("select institution from request where number = %d" % have["a"])
    tap.equal(len({r["serial"] for r in mine}), len(mine))
    tap.equal(len(mine), demo.number(count + " where r.institution = %d" % own))
    tap.equal(len(all_of_them), demo.number(count))
    tap.equal({r["institution"] for r in mine}, {"Kagami University"})
    tap.equal(len(table(have["operator"], "?institution=%d" % own)), len(mine))
    tap.equal(len(table(have["desk"], "?institution=%d" % (own + 1))), len(mine))
    row = next(r for r in mine if r["serial"] == have["serial"])
    tap.equal((row["reason"], row["memo"], row["state"], len(row["sha256"])), ("superseded", "bulk b", "revoked", 64))
    tap.equal(have["person"].get("/helpdesk/certificates.tsv", follow=False).status, 403)


def two_officers():
    """where the institution wants two officers, who sent the file cannot start it, and another can"""
    b, n = have["desk"], have["person"].ready("client", 13, memo="two")[0]
    demo.owner("update institution set two_officers = '{revoke-many}' where name = 'Kagami University'")
    try:
        batch = checked(b, "number\treason\n%d\tunspecified\n" % n)
        page = b.get("/helpdesk/bulk/%d" % batch).want(200)
        tap.equal([f.action for f in page.forms() if f.action.endswith("/start")], [])
        tap.has(page.text(), "another officer")
        demo.owner("do $$ begin perform batch_start(null, %d, made_by, '', '', '') from batch where id = %d; raise 'done';"
                   " exception when others then if sqlerrm <> 'second' then raise; end if; end $$" % (batch, batch))
        act(have["operator"], batch, "start").want(303)
        done(b, batch)
        have["person"].wait(n, "lapsed")
    finally:
        demo.owner("update institution set two_officers = '{}'")


tap.run(prepared, dry_run, same_file, refused_files, hostile_bodies, carried_out, stopped, renewed, issued, by_layout, everything, two_officers)
