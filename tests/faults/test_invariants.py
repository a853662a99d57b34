#!/usr/bin/python3
"""The invariants of the fault runs can fail: each is broken once, and names what broke it. (In transactions that are rolled back,
with the database's own guards switched off: they would not let any of it happen.)"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import invariants  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
since = demo.number("select coalesce(max(number), 0) from request")
at = {}  # ready, collected, revoked, lapsed, renewed: numbers

# Rule → SQL that breaks it, with the numbers of AT.
BROKEN = {
    "rest": "insert into job (kind, request) values ('issue', %(ready)d)",
    "intents": "update intent set state = 'intended', ended_at = null, tbs = 'x' where request = %(collected)d",
    "intended": "delete from intent where request = %(collected)d",
    "stored": "delete from certificate where request = %(collected)d",
    "bytes": "update certificate set der = der || sha256(der) where request = %(collected)d",
    "one": "drop index certificate_one_per_pickup; create temp table twin on commit drop as select * from certificate"
           " where request = %(collected)d; update twin set serial = '4' || substr(serial, 2); insert into certificate select * from twin",
    "key": "update certificate set spki_sha256 = (select spki_sha256 from certificate where request = %(collected)d) where request = %(foreign)d",
    "collected": "update certificate set not_after = not_after + interval '1 day' where request = %(collected)d",
    "undelivered": "update pickup set ended = 'lapse', ended_at = now(), collected_at = null, pkcs12 = null, pin_hash = null,"
                   " pin_sealed = null, key_locked = null where request = %(collected)d",
    "waiting": "update pickup set ended = 'lapse', pin_hash = null, pin_sealed = null, key_locked = null where request = %(ready)d",
    "in hand": "update request set not_after = not_after + interval '1 day' where number = %(collected)d",
    "revoked": "update certificate set published = null where request = %(revoked)d",
    "nothing": "update request set state = 'lapsed' where number = %(collected)d",
    "published": "update certificate set published = null, revoked_at = now() - interval '1 minute' where request = %(revoked)d",
    "secrets": "update pickup set pin_sealed = 'x' where request = %(collected)d",
    "sealed": "alter table outbox drop constraint outbox_check; update outbox set sealed = 'x' where request = %(ready)d",
    "steps": "update request set state = 'renewing' where number = %(collected)d",
    "stepped": "delete from event where request = %(lapsed)d and what = 'apply'",
    "mails": "delete from outbox where request = %(collected)d and event = 'collected'",
    "pins": "update outbox set event = 'ready' where request = %(ready)d and event = 'pin'",
    "forms": "insert into form_used (key_hash, person, location) select sha256('again'), person, location from form_used"
             " where location = '/certificates/%(ready)d/accepted'",
    "crl": "update issuer set crl_number = crl_number - 1 where name = 'client'",
    "audit": "delete from event_chain where event = (select min(id) from event where request = %(lapsed)d);"
             " update event set at = now() - interval '1 minute' where request = %(lapsed)d",
}


def prepare():
    """requests in the states that there are, and all invariants hold"""
    me, other = Person(demo, "researcher"), Person(demo, "researcher2")
    at["ready"] = me.ready("client", 13)[0]
    at["collected"] = me.collected("client", 13, key="p256")[0]
    at["foreign"] = other.collected("client", 13, key="p256")[0]
    at["revoked"] = me.collected("client", 13, key="p256")[0]
    me.act(at["revoked"], "revoke", reason="superseded")
    at["lapsed"] = me.ready("client", 13)[0]
    me.act(at["lapsed"], "withdraw")
    me.wait(at["revoked"], "revoked")
    invariants.check(demo, since)


def broken(name):
    """The rows that the rule names after its SQL."""
    query = next(sql for rule, _, sql in invariants.RULES if rule == name) % {"since": since}
    plant = BROKEN[name] % at
    return demo.owner("begin; set local session_replication_role = replica; %s; select * from (%s) o limit 3; rollback" % (plant, query))


def each_can_fail():
    """each rule over the tables is broken by what it forbids, and names it; then it holds again"""
    tap.equal(sorted(BROKEN), sorted(name for name, _, _ in invariants.RULES))
    for name in BROKEN:
        tap.ok(broken(name), "not noticed: " + name)
        tap.equal(invariants.offenders(demo, since, name), [], name)


def logs():
    """CRL numbers that do not rise and certificates issued twice are seen in the signer's log"""
    tap.equal(invariants.log_rises(["t crl a 1", "t crl b 1", "t crl a 2"]), None)
    tap.equal(invariants.log_rises(["t crl a 2", "t issue a 1 x", "t crl a 2"]), "t crl a 2")
    tap.equal(invariants.log_rises(["t crl a 3", "t crl a 2"]), "t crl a 2")
    tap.equal(invariants.log_twice(["t issue a 0f x", "t again a 0f x", "t issue b 0f x"]), None)
    tap.equal(invariants.log_twice(["t issue a 0f x", "t issue a 0f x"]), "0f")


tap.run(prepare, each_can_fail, logs)
