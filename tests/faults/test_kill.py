#!/usr/bin/python3
"""kill -9 of each process while certificates are issued: afterwards nothing is lost, nothing is there twice. FAULTS=long: more
issuances (ISSUANCES), with renewals and revocations.
tap: alone
tap: last
tap: seconds 1500"""
import os
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import processes  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

LONG = os.environ.get("FAULTS") == "long"
ISSUANCES = int(os.environ.get("ISSUANCES") or (120 if LONG else 15))
AT_ONCE = 3
PATIENCE = 90            # seconds that one step may take while everything around dies
PAUSE = (0.3, 1.2)       # seconds between two kills
VICTIMS = ("portal-child", "worker-child", "signer-child", "portal", "worker", "signer", "responder", "postgres", "nginx", "postgres-child")
SEED = int(os.environ.get("SEED") or random.randrange(10**6))

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-kill-")
luck = random.Random(SEED)
issued, troubles, kills = [], [], {}
lock = threading.Lock()


def stubborn(what, work, wanted=lambda answer: True):
    """Does WORK() again until it succeeds, as a person does who reads 'try again': refusals by a broken neighbour are no failure,
    a 4xx is."""
    end, last = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            answer = work()
            if answer is not None and wanted(answer):
                return answer
            last = answer
        except (OSError, tap.Failed, client.http.client.HTTPException) as why:
            last = why
        time.sleep(0.2)
    raise tap.Failed("%s: not within %d s; last: %s" % (what, PATIENCE, tap.shorten(str(last))))


def status(*wanted):
    def check(answer):
        if answer.status in (500, 400, 403, 404, 405, 409, 410, 413, 422, 423):
            raise SystemError("%r\n%s" % (answer, answer.text()[:600]))
        return answer.status in wanted
    return check


class Someone(Person):
    def issue(self):
        form = stubborn("form", lambda: self.apply_form("client"))
        fields = dict(type="client", months="13", memo="kill %d" % SEED, confirm="1")
        # The same form until there is an answer: it must make one request, however often it is sent.
        answer = stubborn("apply", lambda: self.submit(form, **fields), status(303))
        number = int(answer.location().rstrip("/").split("/")[-2])
        stubborn("ready", lambda: self.state(number), lambda state: state in ("ready", "collected"))
        pin = stubborn("pin", lambda: self.pin(number))
        path = client.pickup_path(client.wait_mail(demo, number, "ready", seconds=PATIENCE))
        return number, pin, path, self.fetch(path, pin)

    def fetch(self, path, pin):
        first = stubborn("pickup", lambda: self.get(path, follow=False), status(200))
        second = stubborn("pin", lambda: self.submit(first.form(path, pin=None), pin=pin), status(200))
        return stubborn("download", lambda: self.submit(second.form(path + "/download"), pin=pin), status(200)).body

    def renew(self, number):
        page = stubborn("detail", lambda: self.detail(number))
        form = page.form("/certificates/%d/renew" % number)
        stubborn("renew", lambda: self.submit(form, confirm="1"), status(303))
        stubborn("renewed", lambda: self.state(number), lambda state: state == "renew_ready")
        pin = stubborn("pin", lambda: self.pin(number))
        client.wait_mail(demo, number, "ready", 2, seconds=PATIENCE)
        path = client.pickup_path(client.mails(demo, number, "ready")[-1])
        return pin, path, self.fetch(path, pin)

    def revoke(self, number):
        form = stubborn("detail", lambda: self.detail(number)).form("/certificates/%d/revoke" % number)

        def send():
            answer = self.submit(form, reason="superseded", confirm="1")
            # A revocation whose answer got lost has been carried out: then the second is refused, as it should be.
            return True if answer.status == 303 or (answer.status < 500 and self.state(number) in ("revoking", "revoked")) else None
        stubborn("revoke", send)
        stubborn("revoked", lambda: self.state(number), lambda state: state == "revoked")


def issue_all(who):
    while True:
        with lock:
            if len(issued) + len(busy) >= ISSUANCES or troubles:
                return
            turn = len(issued) + len(busy)
            busy.append(turn)
        try:
            number, pin, path, data = who.issue()
            entry = {"number": number, "files": [(pin, path, data)], "who": who, "revoked": False}
            if LONG and turn % 5 == 1:
                entry["files"].append(who.renew(number))
            if LONG and turn % 7 == 3:
                who.revoke(number)
                entry["revoked"] = True
            with lock:
                issued.append(entry)
        except (tap.Failed, SystemError) as why:
            with lock:
                troubles.append(str(why))
        finally:
            with lock:
                busy.remove(turn)


busy = []


def run():
    """every person gets the certificate while processes are killed"""
    tap.comment("SEED=%d, %d issuances" % (SEED, ISSUANCES))
    people = [Someone(demo, account) for account in ("researcher", "student", "researcher2")[:AT_ONCE]]
    done = threading.Event()

    def killer():
        turn = 0
        while not done.wait(luck.uniform(*PAUSE)):
            name = VICTIMS[turn % len(VICTIMS)] if turn < 2 * len(VICTIMS) else luck.choice(VICTIMS)
            turn += 1
            pid = processes.victim(demo, name)
            if pid:
                processes.kill(pid)
                kills[name] = kills.get(name, 0) + 1
            if name in ("postgres", "postgres-child"):
                done.wait(2.0)  # recovery takes a moment; without one nothing would ever be issued
    assassin = threading.Thread(target=killer)
    assassin.start()
    threads = [threading.Thread(target=issue_all, args=(who,)) for who in people]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Everything has had its turn even where issuing was fast.
    while not troubles and sum(kills.values()) < len(VICTIMS):
        time.sleep(0.5)
    done.set()
    assassin.join()
    tap.comment("%d issued in %.0f s; killed: %s" % (len(issued), time.monotonic() - began, kills))
    tap.equal(troubles, [])
    tap.equal(len(issued), ISSUANCES)


def calm():
    """everything runs again and nothing is left to do"""
    def settled():
        try:
            return demo.number("select (select count(*) from job) + (select count(*) from outbox where state = 'waiting')") == 0 \
                and client.Browser(demo).get("/healthz").status == 200
        except (tap.Failed, OSError):
            return False
    tap.until(settled, 120)


def numbers():
    return ", ".join(str(e["number"]) for e in issued) or "0"


def one_request_each():
    """each application is one request, the numbers differ, and there is none beside"""
    tap.equal(len({e["number"] for e in issued}), len(issued))
    tap.equal(demo.number("select count(*) from request where memo = 'kill %d'" % SEED), len(issued))


def states():
    """each request ended where it should, its pickups collected once, no key kept"""
    for entry in issued:
        n = entry["number"]
        tap.equal(demo.sql("select state from request where number = %d" % n), "revoked" if entry["revoked"] else "collected")
        tap.equal(demo.number("select count(*) from pickup where request = %d and collected_at is not null" % n), len(entry["files"]))
        tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % n), len(entry["files"]))
    tap.equal(demo.number("select count(*) from pickup where request in (%s) and collected_at is null" % numbers()), 0)
    tap.equal(demo.number("select count(*) from pickup where request in (%s) and (key_locked is not null or pin_sealed is not null)" % numbers()), 0)


def one_certificate_each():
    """each file's certificate is in the database, unrevoked (or revoked by its owner), and no other is"""
    for entry in issued:
        serials = []
        for pin, _, data in entry["files"]:
            crt, _, _ = client.unpack(folder.name, data, pin)
            serials.append(client.certificate_says(crt, "-serial").split("=")[1].lower())
        rows = demo.sql("select serial from certificate where request = %d and revoked_at is %s null"
                        % (entry["number"], "not" if entry["revoked"] else ""), rows=True)
        if entry["revoked"]:
            tap.ok(set(serials) <= {r[0] for r in rows}, "%s in %s" % (serials, rows))
        else:
            tap.equal(sorted(r[0] for r in rows), sorted(serials), "request %d" % entry["number"])
    extra = demo.number("select count(*) from certificate where request in (%s) and revoked_at is not null and reason = 'cessationOfOperation'"
                        % numbers())
    tap.comment("%d certificates whose key was lost with a killed process were revoked by themselves" % extra)
    tap.until(lambda: demo.number("select count(*) from certificate where revoked_at is not null and published is null") == 0, 20)


def same_bytes_again():
    """every file can be fetched again, the same bytes"""
    for entry in issued:
        if entry["revoked"]:
            continue
        pin, path, data = entry["files"][-1]
        tap.equal(entry["who"].fetch(path, pin), data, "request %d" % entry["number"])


def mails():
    """each mail was delivered at least once, a repeat with the same Message-ID, none of a kind too many"""
    tap.equal(demo.number("select count(*) from outbox where request in (%s) and (state <> 'sent' or sealed is not null)" % numbers()), 0)
    for entry in issued:
        n = entry["number"]
        rows = demo.sql("select event, message_id from outbox where request = %d" % n, rows=True)
        seen = {}
        for event, _ in rows:
            seen[event] = seen.get(event, 0) + 1
        count = len(entry["files"])
        wanted = {"ready": count, "pin": count, "collected": count}
        if entry["revoked"]:
            wanted["revoked"] = 1
        tap.equal(seen, wanted, "request %d" % n)
        delivered = client.mails(demo, n)
        for event, message_id in rows:
            copies = [m for m in delivered if m["X-Inkan-Event"] == event and message_id in str(m["Message-ID"])]
            tap.ok(copies, "request %d: %s was never delivered" % (n, event))
            tap.equal(len({client.body(m) for m in copies}), 1, "copies differ")
        tap.equal(len({str(m["Message-ID"]) for m in delivered}), len(rows), "request %d: Message-IDs" % n)


def history():
    """each step was recorded once, from where to where without a gap"""
    gaps = demo.sql("select string_agg(distinct request::text, ' ') from (select request, detail ->> 'from' f, lag(detail ->> 'to')"
                    " over (partition by request order by id) t from event where request in (%s) and detail ? 'from') x"
                    " where t is not null and f <> t" % numbers())
    tap.ok(not gaps, gaps)


tap.run(run, calm, one_request_each, states, one_certificate_each, same_bytes_again, mails, history)
