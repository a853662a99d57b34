#!/usr/bin/python3
"""The process that carries out a batch is killed on the way: every line is done, none twice. FAULTS=long: 10,000 lines.
tap: alone
tap: seconds 600"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from batches import act, checked, done, lines  # noqa: E402
from client import Person  # noqa: E402

LINES = 10000 if os.environ.get("FAULTS") == "long" else 300
KILLS = 40 if os.environ.get("FAULTS") == "long" else 6

demo = client.Demo()
have = {}


def prepared():
    """an officer, and a person with a request"""
    have.update(desk=Person(demo, "desk"), person=Person(demo))
    have["a"] = have["person"].ready("client", 13)[0]


def carrier():
    """The process that carries out batches."""
    found = subprocess.run(["pgrep", "-P", str(demo.pid("portal")), "-x", "inkan-bulk"], capture_output=True, text=True, check=False).stdout.split()
    return int(found[0]) if found else None


def killed():
    """the process that carries out is killed again and again: every line is done, none twice"""
    b, count, kills = have["desk"], LINES, 0
    demo.owner("insert into request (person, type, months, memo, mail) select person, 'client', 13, 'killed', mail from request, generate_series(1, %d)"
               " where number = %d" % (count, have["a"]))
    numbers = [int(r[0]) for r in demo.sql("select number from request where memo = 'killed' order by number desc limit %d" % count, rows=True)]
    batch = checked(b, "number\treason\n" + "".join("%d\tunspecified\n" % n for n in numbers))
    act(b, batch, "start").want(303)
    how_many = "select count(*) from batch_line where batch = %d and fate = 'done'" % batch
    while demo.number(how_many) < count and kills < KILLS:
        before, pid = demo.number(how_many), tap.until(carrier)
        os.kill(pid, signal.SIGKILL)
        kills += 1
        tap.until(lambda: demo.number(how_many) > before or demo.number(how_many) == count, 30)
    tap.ok(kills > 1, "it was over before it could be killed twice")
    done(b, batch, 400)
    tap.equal({fate for fate, _, _ in lines(b, batch).values()}, {"done"})
    tap.comment("%d lines, killed %d times" % (count, kills))
    tap.equal(demo.sql("select count(*), count(distinct request) from event where what = 'withdraw' and detail ->> 'batch' = '%d'" % batch, rows=True), [[str(count)] * 2])
    tap.equal(demo.number("select count(*) from request where number >= %d and memo = 'killed' and state <> 'lapsed'" % min(numbers)), 0)


tap.run(prepared, killed)
