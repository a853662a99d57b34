#!/usr/bin/python3
"""kill -9 of each process while certificates are issued: afterwards nothing is lost, nothing is there twice, nothing unknown.
FAULTS=long: 10,000 issuances (ISSUANCES), with renewals and revocations. SEED: of an earlier run, to kill in the same order.
tap: alone
tap: last
tap: seconds 10800"""
import collections
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import invariants  # noqa: E402
import processes  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

LONG = os.environ.get("FAULTS") == "long"
ISSUANCES = int(os.environ.get("ISSUANCES") or (10000 if LONG else 15))
# The demo allows 10,000 a person. In the long form each of them sits at two browsers.
PEOPLE = ("researcher", "student", "researcher2", "desk", "operator", "desk2") * 2 if LONG else ("researcher", "student", "researcher2")
AGAIN = 200              # files that are fetched again at the end, at most
PATIENCE = 90            # seconds that one step may take while everything around dies
PAUSE = (2.0, 6.0) if LONG else (0.3, 1.2)  # seconds between two kills
VICTIMS = ("portal-child", "worker-child", "signer-child", "portal", "worker", "signer", "responder", "postgres", "nginx", "postgres-child",
           "nginx-child", "portal-child", "worker-child")
SEED = int(os.environ.get("SEED") or random.randrange(10**6))

demo = client.Demo()
since = demo.number("select coalesce(max(number), 0) from request")
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
    def __init__(self, *words):
        super().__init__(*words)
        self.seen = collections.deque(maxlen=3)

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
    people = [Someone(demo, account) for account in PEOPLE]
    done = threading.Event()

    def killer():
        turn = 0
        while not done.wait(luck.uniform(*PAUSE)):
            name = VICTIMS[turn % len(VICTIMS)] if turn < 2 * len(VICTIMS) else luck.choice(VICTIMS)
            turn += 1
            pid = processes.victim(demo, name, luck)
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
    """everything runs again, nothing is left to do, and every invariant holds"""
    invariants.check(demo, since)


def lost_doubled_unknown():
    """0 lost, 0 doubled, 0 unknown: the people's requests, the table's and the signer's are the same, each ended where it should"""
    rows = {int(number): (state, int(n)) for number, state, n in demo.sql(
        "select number, state, (select count(*) from pickup where request = number and collected_at is not null) from request"
        " where memo = 'kill %d' and number > %d" % (SEED, since), rows=True)}
    tap.equal(len({e["number"] for e in issued}), len(issued), "two people have the same request")
    tap.equal(sorted(rows), sorted(e["number"] for e in issued))
    for entry in issued:
        tap.equal(rows[entry["number"]], ("revoked" if entry["revoked"] else "collected", len(entry["files"])), str(entry["number"]))
    open_ones = demo.number("select count(*) from pickup where request > %d and collected_at is null" % since)
    tap.equal(open_ones, 0, "pickups that nobody collected")


def one_certificate_each():
    """each file's certificate is in the database, unrevoked (or revoked by its owner), and no other counts"""
    counting, revoked = {}, {}
    for number, serial, is_revoked in demo.sql("select request, serial, revoked_at is not null from certificate where request > %d" % since,
                                               rows=True):
        (revoked if is_revoked == "t" else counting).setdefault(int(number), set()).add(serial)
    for entry in issued:
        serials = {serial_of(data, pin) for pin, _, data in entry["files"]}
        n = entry["number"]
        tap.equal(counting.get(n, set()), set() if entry["revoked"] else serials, "request %d" % n)
        tap.ok(not entry["revoked"] or serials <= revoked.get(n, set()), "request %d" % n)
    tap.equal(sorted(set(counting) - {e["number"] for e in issued}), [], "certificates of requests that nobody made")
    extra = demo.number("select count(*) from certificate where request > %d and reason = 'cessationOfOperation'" % since)
    tap.comment("%d certificates whose key was lost with a killed process were revoked by themselves" % extra)


def serial_of(data, pin):
    """The certificate's in a PKCS#12 that the PIN opens; its key fits."""
    from cryptography.hazmat.primitives.serialization import pkcs12  # of Debian; slow to load
    key, certificate, chain = pkcs12.load_key_and_certificates(data, pin.encode())
    tap.equal(key.public_key().public_numbers(), certificate.public_key().public_numbers())
    tap.ok(chain)
    digits = "%x" % certificate.serial_number
    return digits if len(digits) % 2 == 0 else "0" + digits


def same_bytes_again():
    """files can be fetched again, the same bytes"""
    kept = [e for e in issued if not e["revoked"]]
    for entry in luck.sample(kept, min(AGAIN, len(kept))):
        pin, path, data = entry["files"][-1]
        tap.equal(entry["who"].fetch(path, pin), data, "request %d" % entry["number"])


def mails():
    """each request has its mails, none of a kind too many"""
    seen = {}
    for number, event, count in demo.sql("select request, event, count(*) from outbox where request > %d group by 1, 2" % since, rows=True):
        seen.setdefault(int(number), {})[event] = int(count)
    for entry in issued:
        count = len(entry["files"])
        wanted = {"ready": count, "pin": count, "collected": count}
        if entry["revoked"]:
            wanted["revoked"] = 1
        tap.equal(seen.get(entry["number"]), wanted, "request %d" % entry["number"])


tap.run(run, calm, lost_doubled_unknown, one_certificate_each, same_bytes_again, mails)
