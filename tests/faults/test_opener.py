#!/usr/bin/python3
"""kill -9 of the opener and of its children while people log in: the login of that moment may be refused with a page, the next one
works, and no process of the pages is touched. FAULTS=long: more logins.
tap: alone
tap: last
tap: seconds 400"""
import contextlib
import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "hostile")]
import client  # noqa: E402
import parts  # noqa: E402
import processes  # noqa: E402
import stage  # noqa: E402
import tap  # noqa: E402
from stage import Log, Login  # noqa: E402

LOGINS = 200 if os.environ.get("FAULTS") == "long" else 20
demo = client.Demo()


def opener():
    """The child of the portal's master of that name; 0 while there is none."""
    for pid in processes.children(processes.master(demo, "portal")):
        with contextlib.suppress(OSError), open("/proc/%d/comm" % pid, encoding="ascii", errors="replace") as file:
            if file.read().strip() == "inkan-opener":
                return pid
    return 0


def pages():
    return sorted(pid for pid in processes.children(processes.master(demo, "portal")) if pid != opener())


def log_in():
    login = Login(parts.IDP)
    return login.answer(login.good(name="_" + os.urandom(8).hex()))


class Killer(threading.Thread):
    """Kills what FIND() names, every PAUSE seconds, until it is left."""

    def __init__(self, find, pause):
        super().__init__(daemon=True)
        self.find, self.pause, self.stop, self.kills = find, pause, threading.Event(), 0

    def run(self):
        while not self.stop.wait(self.pause):
            for pid in self.find():
                processes.kill(pid)
                self.kills += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.join()


def opener_killed_between():
    """the opener is killed: the next login works all the same, since the page asks until it is there again"""
    for _ in range(3):
        tap.ok(opener() != 0, "no opener")
        processes.kill(opener())
        log_in().want(303)


def opener_killed_during():
    """the opener is killed again and again while people log in: each gets in, or a page that says the service is away; then all do"""
    before = pages()
    with Killer(lambda: [opener()], 0.3) as killer:
        answers = [log_in().status for _ in range(LOGINS)]
    tap.ok(killer.kills > 0, "nothing was killed")
    tap.equal(set(answers) - {303, 503}, set(), "answers: %r" % answers)
    tap.ok(303 in answers, "nobody came in")
    log_in().want(303)
    tap.equal(pages(), before, "processes of the pages")


def children_killed():
    """its children are killed as they come: such a login is refused with the page that all refusals have, the next one works"""
    before, log = pages(), Log()
    with Killer(lambda: processes.children(opener()), 0) as killer:
        answers = [log_in().status for _ in range(LOGINS)]
    tap.equal(set(answers) - {303, 403}, set(), "answers: %r" % answers)
    checks = log.checks()
    tap.equal(len(checks), answers.count(403), "refusals in the log")
    tap.equal(set(checks.values()) - {"opener-crash"}, set())
    tap.comment("%d kills, %d of %d logins refused" % (killer.kills, len(checks), LOGINS))
    log_in().want(303)
    tap.equal(pages(), before, "processes of the pages")


def nothing_is_left():
    """afterwards the opener has no child, and its memory holds no other process's descriptors or environment"""
    time.sleep(1)
    pid = opener()
    tap.equal(processes.children(pid), [])
    with contextlib.suppress(PermissionError):
        with open("/proc/%d/environ" % pid, "rb") as file:
            tap.equal(file.read().strip(b"\0"), b"")
        there = [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
        tap.ok(len(there) < 20, "descriptors: %r" % there)
        with open("/proc/net/unix", encoding="ascii", errors="replace") as file:
            paths = {line.split()[6]: line.split()[7] for line in file.readlines()[1:] if len(line.split()) == 8}
        mine = {os.path.basename(paths.get(one[8:-1], "")) for one in there if one.startswith("socket:[")}
        tap.equal(mine - {"", "opener.sock"}, set(), "sockets")


if __name__ == "__main__":
    stage.prepare("Opener College")
    tap.run(opener_killed_between, opener_killed_during, children_killed, nothing_is_left)
