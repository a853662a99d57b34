#!/usr/bin/python3
"""Lines that break at a byte, and acts that meet: a download cut anywhere can be had again with the same PIN, a form cut anywhere does
nothing, and whatever races ends in one recorded order. FAULTS=long: every byte and ROUNDS of each race; otherwise a sample, by SEED.
tap: alone
tap: last
tap: seconds 3600"""
import os
import random
import socket
import struct
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import invariants  # noqa: E402
from stubborn import Life  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("SEED") or 4)
ROUNDS = int(os.environ.get("ROUNDS") or (20 if LONG else 1))
SAMPLE = 8      # offsets in the short form
RACES = 3       # of the races, in the short form
HANDS = 4       # lines at a time
CROWD = 64      # identical posts
JITTER = 0.12   # seconds that one of two racers may wait, a download's time

demo = client.Demo()
luck = random.Random(SEED)
since = demo.number("select coalesce(max(number), 0) from request")
person = client.Person(demo)


def life_until(state, what="cuts"):
    """One that has come as far as STATE: 'ready', 'collected' or 'renew_ready'; where there is a pickup, its download form is at hand."""
    life = Life(person, "%s %d" % (what, SEED))
    steps = {"ready": 1, "collected": 2, "renew_ready": 3}[state]
    for step in (life.look_apply, life.apply, life.look_pin, life.show_pin):
        step()
    if steps > 1:
        life.download()
    if steps > 2:
        for step in (life.look_renew, life.renew, life.look_pin, life.show_pin):
            step()
    return life


def offsets(size):
    return range(size + 1) if LONG else sorted({0, size - 1, size} | set(luck.sample(range(size), min(SAMPLE, size))))


# --- the broken line -------------------------------------------------------------------------------------------------------

def request_bytes(form, **fields):
    parts = urllib.parse.urlsplit(form.action)
    body = urllib.parse.urlencode(dict(form.fields, **fields)).encode()
    head = ("POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n"
            "Connection: close\r\n\r\n" % (parts.path, parts.netloc, person.cookie_header(parts.hostname), len(body)))
    return head.encode() + body


def cut(data, read=0):
    """Sends DATA, reads READ bytes of the answer (all of it for None), resets the line; gives what came."""
    parts = urllib.parse.urlsplit(demo["PORTAL_URL"])
    got = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close is a reset
        line = demo.tls.wrap_socket(plain, server_hostname=parts.hostname, suppress_ragged_eofs=True)
        try:
            line.sendall(data)
            while read is None or len(got) < read:
                more = line.recv(65536 if read is None else read - len(got))
                if not more:
                    break
                got += more
        finally:
            line.close()
    return got


def by_many_hands(numbers, work):
    numbers = list(numbers)
    client.at_once(*[lambda hand=hand: [work(n) for n in numbers[hand::HANDS]] for hand in range(HANDS)])


def downloads():
    """a download that breaks at any byte is had again, the same bytes with the same PIN, and no try is counted"""
    life = life_until("ready")
    data = request_bytes(life.form, pin=life.pin)
    cut(data, 1)  # the first one, which makes the file
    whole = cut(data, None)
    tap.has(whole[:30], b"200 OK")
    body = whole.split(b"\r\n\r\n", 1)[1]
    began = time.monotonic()
    by_many_hands(offsets(len(whole)), lambda n: tap.equal(len(cut(data, n)), n, "cut at %d" % n))
    tap.comment("%d offsets of %d bytes in %.0f s" % (len(offsets(len(whole))), len(whole), time.monotonic() - began))
    life.download()
    tap.equal(life.files[-1][2], body, "the same bytes")
    one_certificate(life)


def first_downloads():
    """the first download, cut early, late or at once, costs no certificate"""
    for _ in range(3 * ROUNDS if LONG else 1):
        life = life_until("ready")
        data = request_bytes(life.form, pin=life.pin)
        cut(data, luck.choice((0, 0, 1, luck.randrange(6000))))
        time.sleep(luck.uniform(0, JITTER))
        life.download()
        one_certificate(life)


def one_certificate(life):
    rows = demo.sql("select c.revoked_at is null, k.tries from certificate c join pickup k on k.id = c.pickup where c.request = %d"
                    " and coalesce(reason, '') <> 'cessationOfOperation'" % life.number, rows=True)
    tap.equal(rows, [["t", "0"]], "certificates of request %d, and wrong tries" % life.number)


def facts(life):
    return demo.sql("select (select count(*) from request where number > %d and memo = '%s'), (select count(*) from event where request = %d),"
                    " (select count(*) from certificate where request = %d), (select sum(tries) from pickup where request = %d)"
                    % (since, life.memo, life.number or 0, life.number or 0, life.number or 0), rows=True)


def posts():
    """a form that breaks at any byte does nothing; whole, it does what it says once, though nobody reads the answer"""
    began, count = time.monotonic(), 0

    def every_cut(life, data):
        before = facts(life)
        by_many_hands(offsets(len(data) - 1), lambda n: cut(data[:n]))
        tap.equal(facts(life), before, "what a form did that was cut")
        cut(data)
        return len(offsets(len(data) - 1))

    life = Life(person, "posts %d" % SEED)
    life.look_apply()
    count += every_cut(life, request_bytes(life.form, type="client", months="13", memo=life.memo, confirm="1"))
    life.apply()  # the same form
    life.look_pin()
    count += every_cut(life, request_bytes(life.form, pin=life.pin))
    life.show_pin()
    count += every_cut(life, request_bytes(life.form, pin=life.pin))
    life.download()
    one_certificate(life)
    life.look_renew()
    count += every_cut(life, request_bytes(life.form, confirm="1"))
    life.renew()
    life.look_revoke()
    count += every_cut(life, request_bytes(life.form, reason="superseded", confirm="1"))
    life.revoke()
    for what in ("apply", "renew", "revoke", "collect"):
        tap.equal(demo.number("select count(*) from event where request = %d and what = '%s'" % (life.number, what)), 1, what)
    tap.equal(demo.number("select count(*) from request where number > %d and memo = '%s'" % (since, life.memo)), 1)
    tap.comment("%d cuts in %.0f s" % (count, time.monotonic() - began))


# --- two acts that meet ------------------------------------------------------------------------------------------------------

def race(one, other):
    """Both, the later one by chance; their statuses are given."""
    waits = [0, luck.uniform(0, JITTER)]
    luck.shuffle(waits)

    def later(wait, work):
        time.sleep(wait)
        return work()
    return client.at_once(lambda: later(waits[0], one), lambda: later(waits[1], other))


def refused(answer):
    """A page that explains; never a bare 500 or a broken neighbour."""
    tap.among(answer.status, (403, 404, 409, 410), repr(answer))
    tap.ok(answer.is_html() and len(answer.text()) > 60, repr(answer))


def tally(name, ends):
    tap.comment("%s: %s" % (name, ", ".join("%s %d times" % (end, ends.count(end)) for end in sorted(set(ends)))))


def download_of(life):
    form, pin = life.form, life.pin
    return lambda: person.submit(form, pin=pin)


def revoked_for_good(life):
    life.state_is("revoked")
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % life.number), 0, "a certificate left")


def act_form(life, what):
    path = "/certificates/%d" % life.number
    return life.page(path).form("%s/%s" % (path, what))


def revoke_and_renew():
    """revoke and renew at once: the revocation holds, in whatever order"""
    ends = []
    for _ in range(ROUNDS):
        life = life_until("collected", "race")
        renew, revoke = act_form(life, "renew"), act_form(life, "revoke")
        a, b = race(lambda: person.submit(renew, confirm="1"), lambda: person.submit(revoke, reason="superseded", confirm="1"))
        tap.equal(b.status, 303, repr(b))
        if a.status != 303:
            refused(a)
        revoked_for_good(life)
        ends.append("renewed before" if a.status == 303 else "renewal refused")
    tally("revoke with renew", ends)


def revoke_and_download():
    """revoke and the download of a renewal at once: whatever was delivered is revoked too"""
    ends = []
    for turn in range(ROUNDS):
        life = life_until("collected" if turn % 4 == 3 else "renew_ready", "race")
        if turn % 4 == 3:
            life.look_again()
        form = act_form(life, "revoke")
        a, b = race(download_of(life), lambda: person.submit(form, reason="keyCompromise", confirm="1"))
        tap.equal(b.status, 303, repr(b))
        if a.status != 200:
            refused(a)
        revoked_for_good(life)
        refused(person.submit(life.form, pin=life.pin))
        ends.append("delivered before" if a.status == 200 else "download refused")
    tally("revoke with download", ends)


def done_and_download():
    """'I have it' and a download at once: afterwards nothing is kept, and one certificate counts"""
    ends = []
    for _ in range(ROUNDS):
        life = life_until("collected", "race")
        again = download_of(life)
        form = person.submit(life.page(life.path).form(life.path, pin=None), pin=life.pin).want(200).form(life.path + "/done")
        a, b = race(again, lambda: person.submit(form, pin=life.pin))
        tap.equal(b.status, 200, repr(b))
        if a.status == 200:
            tap.equal(a.body, life.files[0][2])
        else:
            refused(a)
        refused(again())
        tap.equal(demo.number("select count(*) from pickup where request = %d and ended = 'done' and pkcs12 is null" % life.number), 1)
        one_certificate(life)
        ends.append("same bytes" if a.status == 200 else "ended before")
    tally("done with download", ends)


def other_way_in(what, event):
    """The races of a download with what makes its PIN or its URL void: /pin, /resend."""
    ends = []
    for _ in range(ROUNDS):
        life = life_until("ready", "race")
        form = act_form(life, what)
        a, b = race(download_of(life), lambda: person.submit(form))
        if b.status != 303:
            refused(b)
        if a.status != 200:
            refused(a)
            tap.until(lambda: demo.number("select count(*) from event where request = %d and what = '%s'" % (life.number, event)) == 1, 20)
            if what == "resend":
                life.mailed()
            life.look_pin()
            life.show_pin()
            life.download()
        tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % life.number), 1)
        tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % life.number), 1)
        ends.append("%s, %s" % ("delivered" if a.status == 200 else "%d" % a.status, "asked" if b.status == 303 else "not asked"))
    tally("%s with download" % what, ends)


def new_pin_and_download():
    """a new PIN and a download with the old one at once: one certificate, by whichever PIN counts"""
    other_way_in("pin", "new-pin")


def resend_and_download():
    """a new URL and a download by the old one at once: one certificate, by whichever URL counts"""
    other_way_in("resend", "resend")


def withdraw_and_download():
    """withdrawing and a download at once: collected with its certificate, or lapsed without one that counts"""
    ends = []
    for _ in range(ROUNDS):
        life = life_until("ready", "race")
        form = act_form(life, "withdraw")
        a, b = race(download_of(life), lambda: person.submit(form, confirm="1"))
        won = "lapsed" if b.status == 303 else "collected"
        refused(a if won == "lapsed" else b)
        life.state_is(won)
        tap.until(lambda: demo.number("select count(*) from certificate where request = %d and revoked_at is null" % life.number)
                  == (won == "collected"), 60)
        ends.append(won)
    tally("withdraw with download", ends)


# --- the same form from everywhere -----------------------------------------------------------------------------------------

def crowd(state, what, event, **fields):
    """The form WHAT of a request in STATE, CROWD times at once: one Location, one EVENT."""
    life = life_until(state, "crowd") if state else Life(person, "crowd of forms %d" % luck.randrange(10**9))
    if state:
        form = act_form(life, what)
    else:
        life.look_apply()
        form = life.form
        fields["memo"] = life.memo
    before = demo.number("select coalesce(max(id), 0) from event")
    answers = client.at_once(*[lambda: person.submit(form, **fields)] * CROWD)
    tap.equal({a.status for a in answers}, {303}, what)
    tap.equal(len({a.location() for a in answers}), 1, "%s: Locations" % what)
    number = life.number or int(answers[0].location().rstrip("/").split("/")[-2])
    count = "select count(*) from event where id > %d and request = %d and what = '%s'" % (before, number, event)
    tap.until(lambda: demo.number(count) >= 1, 20)
    invariants.settle(demo)
    tap.equal(demo.number(count), 1, "%s: effects" % what)
    if not state:
        tap.equal(demo.number("select count(*) from request where number > %d and memo = '%s'" % (since, life.memo)), 1, "requests")


CROWDS = ((None, "apply", "apply", {"type": "client", "months": "13", "confirm": "1"}),
          ("collected", "revoke", "revoke", {"reason": "superseded", "confirm": "1"}), ("collected", "renew", "renew", {"confirm": "1"}),
          ("ready", "pin", "new-pin", {}), ("ready", "resend", "resend", {}), ("ready", "withdraw", "withdraw", {"confirm": "1"}))


def crowds():
    """64 identical posts of each form have one effect, and lead to one place"""
    for state, what, event, fields in CROWDS if LONG else luck.sample(CROWDS, 1):
        for _ in range(3 if LONG else 1):
            crowd(state, what, event, **fields)


def everything():
    """afterwards every invariant holds: tables with their steps without a gap; in the long form CRLs, signer's log, audit, mails"""
    tap.comment("SEED=%d" % SEED)
    if LONG:
        invariants.check(demo, since)
    else:
        invariants.settle(demo)
        invariants.tables(demo, since)


if __name__ == "__main__":
    races = (revoke_and_renew, revoke_and_download, done_and_download, new_pin_and_download, resend_and_download, withdraw_and_download)
    tap.run(downloads, first_downloads, posts, *(races if LONG else luck.sample(races, RACES)), crowds, everything)
