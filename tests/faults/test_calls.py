#!/usr/bin/python3
"""A kill, or an error, at a system call: of every act of a certificate's life, in every process that takes part. FAULTS=long: at
every one of them (PART=1/3 takes a third); otherwise a sample, by SEED.
tap: alone
tap: last
tap: seconds 7200"""
import collections
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inject  # noqa: E402
import invariants  # noqa: E402
from stubborn import Life, again, status  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("SEED") or 4)
LIVES = int(os.environ.get("LIVES") or (0 if LONG else 1))  # 0: as many as there are faults for
PART, PARTS = (int(n) for n in (os.environ.get("PART") or "1/1").split("/"))
SLOW = 8    # seconds; a step that took longer is named
OFTEN = 25  # lives between two looks at everything
# A send that fails alone is left out: no kernel takes one packet away from a line that lives on. Lines break by the backend's end.
ERRORS = {
    "write": ("EIO", "ENOSPC", "EINTR"), "sendto": ("EINTR",), "recvfrom": ("ECONNRESET", "EINTR"), "fsync": ("EIO", "ENOSPC"),
    "fdatasync": ("EIO", "ENOSPC"), "openat": ("EIO", "EMFILE"), "read": ("EIO", "EINTR"), "sendmsg": ("EINTR",),
    "recvmsg": ("ECONNRESET", "EINTR"), "connect": ("ECONNREFUSED", "EINTR"), "poll": ("EINTR",), "pwrite64": ("EIO", "ENOSPC"),
}
# What a life consists of: the act, what is read before it, who takes part.
STEPS = (
    ("apply", "look_apply", ("portal", "worker", "backend")),
    ("show_pin", "look_pin", ("portal", "backend")),
    ("download", None, ("portal", "signer", "keymaker", "worker")),
    ("renew", "look_renew", ("portal", "worker", "backend")),
    ("show_pin", "look_pin", ("portal",)),
    ("download", None, ("portal", "signer", "keymaker", "worker", "backend")),
    ("revoke", "look_revoke", ("portal", "worker", "signer", "responder", "backend")),
)

demo = client.Demo()
luck = random.Random(SEED)
queues = [{} for _ in STEPS]  # for each step {(kind, whether it ends the process): [(call, which one of it, how)]}
made, met = collections.Counter(), collections.Counter()
since = demo.number("select coalesce(max(number), 0) from request")
person = None


def attached():
    """the demo's processes can be traced"""
    global person
    person = client.Person(demo)
    with inject.Trace(inject.pids_of(demo, "signer"), "-e", "trace=all"):
        pass


def step(life, nth, traces):
    """One step, with the TRACES around the act alone."""
    name, look, _ = STEPS[nth]
    if look:
        getattr(life, look)()
    for trace in traces:
        trace.__enter__()
    try:
        getattr(life, name)()
    finally:
        for trace in traces:
            trace.end()


def faults_of(kind, calls):
    """Everything that can befall it: what ends the process, what it survives."""
    calls = {call: n for call, n in sorted(calls.items()) if call not in ("restart_syscall", "exit_group")}
    if kind == "backend":
        return [("sendto", n, "TERM") for n in range(1, calls.get("sendto", 0) + 1)], []
    return ([(call, n, "KILL") for call in calls for n in range(1, calls[call] + 1)],
            [(call, n, how) for call in calls for n in range(1, calls[call] + 1) for how in ERRORS.get(call, ())])


def list_them():
    """each act's system calls are found, in each process that takes part"""
    life = Life(person, "calls %d" % SEED)
    for nth, (name, _, kinds) in enumerate(STEPS):
        traces = [inject.Trace(inject.pids_of(demo, kind), "-e", "trace=all") for kind in kinds]
        step(life, nth, traces)
        found = {kind: trace.calls() for kind, trace in zip(kinds, traces)}
        tap.ok(sum(found["portal"].values()) > 20, "%s: the portal made no calls: %s" % (name, found))
        for kind in kinds:
            for ends, faults in zip((True, False), faults_of(kind, found[kind])):
                luck.shuffle(faults)
                queues[nth][kind, ends] = faults[PART - 1::PARTS]
        tap.comment("%s: calls of %s" % (name, ", ".join("%s %d" % (k, sum(c.values())) for k, c in found.items())))
    tap.comment("%d faults" % sum(len(queue) for queues_of in queues for queue in queues_of.values()))
    whole(life)


def whole(life):
    """What a life must have come to."""
    from cryptography.hazmat.primitives.serialization import pkcs12
    n = life.number
    tap.equal(demo.number("select count(*) from request where number > %d and memo = '%s'" % (since, life.memo)), 1, "requests")
    serials = sorted("%x" % pkcs12.load_key_and_certificates(data, pin.encode())[1].serial_number for pin, _, data in life.files)
    rows = demo.sql("select ltrim(serial, '0'), coalesce(reason, '-') from certificate where request = %d order by 1" % n, rows=True)
    tap.equal([s for s, reason in rows if reason != "cessationOfOperation"], serials, "certificates")
    tap.equal(demo.number("select count(*) from pickup where request = %d and collected_at is not null and tries = 0" % n), len(life.files),
              "pickups collected, without a wrong try")
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % n), len(life.files), "collected")
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'apply'" % n), 1, "applied")


def same_again(life):
    """The file of the last pickup can be fetched again."""
    pin, path, data = life.files[-1]
    form = life.page(path).form(path, pin=None)
    answer = again("same again", lambda: person.submit(form, pin=pin), status(200))
    answer = again("same again", lambda: person.submit(answer.form(path + "/download"), pin=pin), status(200))
    tap.equal(answer.body, data, "the same bytes again")


def befall(nth):
    """The next fault of this step, one for each kind of process: by turns one that ends it and one that it survives. In the short form of
    one kind."""
    chosen, kinds = {}, STEPS[nth][2]
    for kind in kinds if LONG else luck.sample(kinds, 1):
        most = max((True, False), key=lambda ends, kind=kind: len(queues[nth][kind, ends]))
        if queues[nth][kind, most]:
            chosen[kind] = [queues[nth][kind, most].pop()]
    return chosen


def live(turn):
    life = Life(person, "calls %d/%d" % (SEED, turn))
    story = []
    try:
        for nth, (name, _, _) in enumerate(STEPS):
            if name == "revoke":
                same_again(life)
            chosen = befall(nth)
            for kind in chosen:
                inject.wait_alive(demo, kind)
            traces = [inject.Fault(inject.pids_of(demo, kind), *faults) for kind, faults in chosen.items()]
            story.append("%s (%s)" % (name, ", ".join("%s of the %s at %s No. %d" % (how, kind, call, n) for kind, faults in chosen.items()
                                                      for call, n, how in faults)))
            before = time.monotonic()
            step(life, nth, traces)
            slow = time.monotonic() - before
            if slow > SLOW:
                tap.comment("%.0f s: %s" % (slow, story[-1]))
            for kind, trace in zip(chosen, traces):
                made.update((kind, how) for _, _, how in trace.faults)
                met.update((kind, how) for _, _, how in trace.met())
        whole(life)
    except (tap.Failed, SystemError) as why:
        raise tap.Failed("request %s: %s\nafter %s" % (life.number, why, "; ".join(story))) from why


def run():
    """whatever of it fails, the person who tries again has exactly one certificate, the same bytes at every download, and no wrong try"""
    lives = LIVES or max(len(queues_of[kind, True]) + len(queues_of[kind, False]) for queues_of in queues for kind, _ in queues_of)
    tap.comment("SEED=%d, %d lives" % (SEED, lives))
    began, troubles = time.monotonic(), []
    for turn in range(lives):
        try:
            live(turn)
            if turn % OFTEN == OFTEN - 1:
                invariants.check(demo, since)
                tap.comment("%d lives in %.0f s" % (turn + 1, time.monotonic() - began))
        except tap.Failed as why:
            troubles.append(str(why))
            tap.comment(troubles[-1])
            if not LONG or len(troubles) >= 20:
                break
    tap.comment("%d lives in %.0f s" % (lives, time.monotonic() - began))
    for (kind, how), count in sorted(made.items()):
        tap.comment("%-9s %-12s tried %4d, met %4d" % (kind, how, count, met[kind, how]))
    tap.equal(troubles, [])
    tap.ok(sum(met.values()) * 5 >= sum(made.values()), "enough faults were met: %s of %s" % (met, made))


DISK = (("write", "ENOSPC"), ("openat", "EMFILE"), ("fdatasync", "EIO"), ("write", "EIO"), ("write", "retval=20"), ("fdatasync", "ENOSPC"))


def disk():
    """while the signer's log cannot be written or synced, or no file be opened, nothing is delivered, and nothing refused for good"""
    log = invariants.log_of(demo)
    for call, how in DISK[:None if LONG else 2]:
        life = Life(person, "disk %d %s %s" % (SEED, call, how))
        for name, look, _ in STEPS[:2]:
            getattr(life, look)()
            getattr(life, name)()
        with inject.Fault(inject.pids_of(demo, "signer"), (call, None, how), path=None if call == "openat" else log) as fault:
            for _ in range(2):
                answer = person.submit(life.form, pin=life.pin)
                tap.equal(answer.status, 503, "%s of %s" % (how, call))
                tap.ok(answer.is_html() and len(answer.text()) > 60, "a page")
            # What is in the log, though not for certain on the disk, may be stored by whoever ends what broke off.
            kept = demo.number("select count(*) from certificate where request = %d" % life.number)
            tap.ok(kept == 0 or call == "fdatasync", "%d issued without a log" % kept)
        tap.ok(fault.met(), "%s of %s was not met" % (how, call))
        life.download()
        whole(life)


def file_once():
    """a file that the signer cannot open once makes it no refusal: whoever tries again has the certificate"""
    for nth in (1, 2, 3) if LONG else (2,):
        life = Life(person, "file %d %d" % (SEED, nth))
        for name, look, _ in STEPS[:2]:
            getattr(life, look)()
            getattr(life, name)()
        with inject.Fault(inject.pids_of(demo, "signer"), ("openat", nth, "EIO")):
            life.download()
        whole(life)


def no_files():
    """a worker that can open no file sends the mails all the same, or later; none of it crashes"""
    life = Life(person, "no files %d" % SEED)
    life.look_apply()
    before = demo_log("worker").count("child-")
    with inject.Fault(inject.pids_of(demo, "worker"), ("openat", None, "EMFILE")):
        answer = again("apply", lambda: person.submit(life.form, type="client", months="13", memo=life.memo, confirm="1"), status(303))
        life.number = int(answer.location().rstrip("/").split("/")[-2])
        life.state_is("ready")
        time.sleep(3)
    life.mailed()
    tap.equal(demo_log("worker").count("child-"), before, "children that ended")


def demo_log(name):
    with open(os.path.join(os.path.dirname(demo.file), "log", name + ".log"), encoding="utf-8", errors="replace") as file:
        return file.read()


def database_disk():
    """where PostgreSQL cannot write or sync its own log it starts anew, and nobody has to repair anything"""
    for call, how in (("fdatasync", "EIO"), ("pwrite64", "ENOSPC")):
        life, met_here = Life(person, "database disk %d %s" % (SEED, call)), 0
        for nth in range(3):
            with_fault = inject.Fault(inject.pids_of(demo, "backend"), (call, 1, how))
            step(life, nth, [with_fault])
            met_here += len(with_fault.met())
        tap.ok(met_here, "%s of %s was not met" % (how, call))
        whole(life)


def everything():
    """afterwards every invariant holds: tables; in the long form CRLs, the signer's log, the audit, the mails"""
    if LONG:
        invariants.check(demo, since)
    else:
        invariants.settle(demo)
        invariants.tables(demo, since)


if __name__ == "__main__":
    tap.run(attached, list_them, run, disk, file_once, no_files, *((database_disk,) if LONG else ()), everything)
