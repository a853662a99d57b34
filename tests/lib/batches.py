"""Batches of the helpdesk: files with a line for each certificate."""
import re

import tap


def send(b, text, kind="revoke", **more):
    form = b.get("/helpdesk/bulk").want(200).form("/helpdesk/bulk")
    return b.upload(form, text if isinstance(text, bytes) else text.encode(), kind=kind, **more)


def checked(b, text, kind="revoke", **more):
    """The batch that the file leads to."""
    answer = send(b, text, kind, **more).want(303)
    return int(re.search(r"/helpdesk/bulk/(\d+)\?done=", answer.location()).group(1))


def lines(b, batch, fate=""):
    """{line: (fate, why, about)} as the table says."""
    answer = b.get("/helpdesk/bulk/%d/lines.tsv%s" % (batch, fate and "?fate=" + fate)).want(200)
    rows = [r.split("\t") for r in answer.body.decode("utf-8-sig").split("\r\n")[:-1]]
    tap.ok(all(len(r) == len(rows[0]) for r in rows), rows[0])
    return {int(r["line"]): (r["fate"], r["why"], r["about"]) for r in (dict(zip(rows[0], r)) for r in rows[1:])}


def act(b, batch, what):
    page = b.get("/helpdesk/bulk/%d" % batch).want(200)
    asked = b.submit(page.form("/helpdesk/bulk/%d/%s" % (batch, what))).want(200)
    return b.submit(asked.form("/helpdesk/bulk/%d/%s" % (batch, what), confirm="1"))


def state(b, batch):
    return b.get("/helpdesk/bulk/%d" % batch).want(200).id("progress")["data-state"]


def done(b, batch, seconds=60):
    tap.until(lambda: state(b, batch) == "done", seconds)
