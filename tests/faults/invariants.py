"""What must hold whatever was killed, cut or raced, once everything has come to rest: SQL over the tables, the CRLs as they are
served, the signer's log, the chain of the audit, the mails as they arrived. tests/faults/test_invariants.py shows that each of them
can fail.

    import invariants
    invariants.check(demo, since)      # of requests with numbers above SINCE; raises tap.Failed, which names rule and rows"""
import configparser
import os
import shlex
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
# Name, sentence, what selects the offenders as text. %(since)d: requests above it are looked at.
RULES = (
    ("rest", "no job and no mail waits any more",
     "select 'job ' || kind || ' of ' || coalesce(request::text, issuer) from job union all"
     " select 'mail ' || event || ' of ' || request from outbox where state = 'waiting' and request > %(since)d"),
    ("intents", "each intent has ended",
     "select 'intent ' || id || ' of ' || request from intent where state = 'intended' and request > %(since)d"),
    ("intended", "each certificate was intended, in the same bytes",
     "select serial from certificate c where request > %(since)d and not exists (select from intent i where i.issuer = c.issuer"
     " and i.serial = c.serial and i.request = c.request and i.pickup = c.pickup and i.spki_sha256 = c.spki_sha256"
     " and i.state in ('stored', 'revoked'))"),
    ("stored", "each intent that was signed is a certificate",
     "select 'intent ' || id from intent i where state in ('stored', 'revoked') and request > %(since)d and not exists"
     " (select from certificate c where c.issuer = i.issuer and c.serial = i.serial)"),
    ("bytes", "each certificate's fingerprint is that of its bytes",
     "select serial from certificate where request > %(since)d and sha256(der) <> fingerprint"),
    ("one", "no pickup has two certificates that count",
     "select 'pickup ' || pickup from certificate where request > %(since)d and revoked_at is null group by pickup having count(*) > 1"),
    ("key", "no key is in certificates of two persons",
     "select encode(spki_sha256, 'hex') from certificate c join request r on r.number = c.request where r.number > %(since)d"
     " group by spki_sha256 having count(distinct r.person) > 1"),
    ("collected", "who collected has a certificate, of that pickup and validity",
     "select 'pickup ' || k.id from pickup k where k.request > %(since)d and k.collected_at is not null and not exists"
     " (select from certificate c where c.pickup = k.id and c.not_before = k.not_before and c.not_after = k.not_after)"),
    ("undelivered", "a certificate that nobody collected, and nobody can any more, is revoked",
     "select serial from certificate c join pickup k on k.id = c.pickup where c.request > %(since)d and c.revoked_at is null"
     " and k.collected_at is null and k.ended is not null"),
    ("waiting", "a request that is ready has a pickup that is open",
     "select 'request ' || number from request r where number > %(since)d and state in ('ready', 'renew_ready') and not exists"
     " (select from pickup k where k.request = r.number and k.cycle = r.cycle and k.ended is null and k.collected_at is null)"),
    ("in hand", "a request with a certificate in hand has one",
     "select 'request ' || number from request r where number > %(since)d and state in ('collected', 'renewing', 'renew_ready')"
     " and not exists (select from certificate c join pickup k on k.id = c.pickup where c.request = r.number and c.revoked_at is null"
     " and k.collected_at is not null and c.not_before = r.not_before and c.not_after = r.not_after)"),
    ("revoked", "of a revoked request no certificate counts, and a CRL has them all",
     "select c.serial from certificate c join request r on r.number = c.request where r.number > %(since)d and r.state = 'revoked'"
     " and (c.revoked_at is null or c.published is null)"),
    ("nothing", "a request that came to nothing has no certificate that counts",
     "select c.serial from certificate c join request r on r.number = c.request where r.number > %(since)d"
     " and r.state in ('lapsed', 'refused') and c.revoked_at is null"),
    ("published", "each revocation is in a CRL",
     "select serial from certificate where request > %(since)d and revoked_at < now() - interval '15 seconds' and published is null"),
    ("secrets", "no PIN, no key and no file is kept beyond its time",
     "select 'pickup ' || id from pickup where request > %(since)d and ("
     "(collected_at is not null and (pin_sealed is not null or key_locked is not null))"
     " or (ended is not null and (pkcs12 is not null or pin_hash is not null or pin_sealed is not null or key_locked is not null))"
     " or (keep_until < now() - interval '1 minute' and ended is null))"),
    ("sealed", "a mail that was sent, or failed, has no secret any more",
     "select 'mail ' || id from outbox where request > %(since)d and state <> 'waiting' and sealed is not null"),
    ("steps", "each request's steps follow from one another, and end in its state",
     "select 'request ' || number from (select r.number, r.state, e.detail ->> 'from' f, e.detail ->> 'to' t,"
     " lag(e.detail ->> 'to') over w as before, e.id = last_value(e.id) over (w rows between unbounded preceding and unbounded following)"
     " as last from request r join event e on e.request = r.number and e.detail ? 'from' where r.number > %(since)d"
     " window w as (partition by r.number order by e.id)) x"
     " where (before is null and f not in ('applied', 'approval')) or before <> f or (last and t <> state)"),
    ("stepped", "a request beyond its beginning has steps, and every request its application",
     "select 'request ' || number from request r where number > %(since)d and (not exists (select from event where request = r.number"
     " and what = 'apply') or (state not in ('applied', 'approval') and not exists (select from event where request = r.number"
     " and detail ->> 'to' = r.state)))"),
    ("mails", "each step that mails has queued one mail, and there is no other",
     "select 'request ' || coalesce(a.request, b.request) || ' ' || coalesce(a.mail, b.mail) || ': ' || coalesce(a.n, 0) || ' steps, '"
     " || coalesce(b.n, 0) || ' mails' from (select e.request, t.mail, count(*) n from event e join request_transition t on"
     " t.state = e.detail ->> 'from' and t.event = e.what where e.request > %(since)d and t.mail is not null group by 1, 2) a full join"
     " (select request, event as mail, count(*) n from outbox where request > %(since)d and event in (select mail from request_transition)"
     " group by 1, 2) b on a.request = b.request and a.mail = b.mail where a.n is distinct from b.n"),
    ("pins", "each PIN that is mailed was queued once",
     "select 'request ' || coalesce(a.request, b.request) from (select e.request, count(*) n from event e join request r on"
     " r.number = e.request join institution i on i.id = r.institution and i.pin_mail where e.request > %(since)d"
     " and e.what in ('pin-issued', 'new-pin') group by 1) a full join (select request, count(*) n from outbox where"
     " request > %(since)d and event = 'pin' group by 1) b on a.request = b.request where a.n is distinct from b.n"),
    ("forms", "no form made two requests",
     "select location from form_used where location ~ '^/certificates/[0-9]+/accepted$' and substring(location from '[0-9]+')::bigint"
     " > %(since)d and not exists (select from event where request = substring(location from '[0-9]+')::bigint and what = 'renew')"
     " group by location having count(*) > 1"),
    ("crl", "the newest CRL's number is the issuer's",
     "select i.name from issuer i join (select issuer, max(number) n from crl group by 1) c on c.issuer = i.name"
     " where c.n > i.crl_number"),
    ("audit", "each event has its place in the chain",
     "select 'event ' || id from event e where request > %(since)d and at < now() - interval '15 seconds'"
     " and not exists (select from event_chain c where c.event = e.id)"),
)


def offenders(demo, since, name, run=None):
    """What breaks the rule NAME, at most five. RUN: as Demo.sql with rows, of whoever looks."""
    query = next(sql for rule, _, sql in RULES if rule == name) % {"since": since}
    rows = (run or (lambda text: demo.sql(text, rows=True)))("select * from (%s) offenders limit 5" % query)
    return [row[0] for row in rows]


def tables(demo, since):
    """All rules over the tables."""
    broken = []
    for name, sentence, _ in RULES:
        found = offenders(demo, since, name)
        if found:
            broken.append("%s: %s" % (sentence, ", ".join(found)))
    tap.ok(not broken, "\n".join(broken))


def served_crls(demo, since):
    """Whatever is revoked and has not run out is on the CRL that is served, and nothing else is."""
    from cryptography import x509  # of Debian; slow to load
    for issuer in ("client", "smime"):
        wanted = {int(row[0], 16) for row in demo.sql(
            "select serial from certificate where issuer = '%s' and revoked_at < now() - interval '15 seconds'"
            " and not_after > now()" % issuer, rows=True)}
        crl = x509.load_der_x509_crl(demo.fetch("/crl/%s.crl" % issuer).want(200).body)
        seen = {entry.serial_number for entry in crl}
        tap.ok(wanted <= seen, "not on the CRL of %s: %s" % (issuer, ["%x" % n for n in sorted(wanted - seen)[:5]]))
        rows = demo.sql("select serial from certificate where issuer = '%s' and revoked_at is null and request > %d"
                        % (issuer, since), rows=True)
        wrong = seen & {int(row[0], 16) for row in rows}
        tap.ok(not wrong, "on the CRL of %s, but not revoked: %s" % (issuer, ["%x" % n for n in sorted(wrong)[:5]]))


def log_of(demo):
    """The signer's log, by the settings that the demo's command reads."""
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    settings.read(shlex.split(demo["INKAN"])[-1], encoding="utf-8")
    return settings["signer"]["log_file"]


def log_rises(lines):
    """CRL numbers in the signer's log, each issuer's, in the log's order: the first that does not rise, or None."""
    last = {}
    for line in lines:
        words = line.split()
        if len(words) >= 4 and words[1] == "crl" and words[3].isdigit():
            if int(words[3]) <= last.get(words[2], 0):
                return line.strip()
            last[words[2]] = int(words[3])
    return None


def log_twice(lines):
    """The first serial that the log shows twice as issued, or None."""
    seen = set()
    for line in lines:
        words = line.split()
        if len(words) >= 4 and words[1] == "issue":
            if (words[2], words[3]) in seen:
                return words[3]
            seen.add((words[2], words[3]))
    return None


def signers_log(demo):
    """The signer's log: CRL numbers rise, no certificate twice; and `inkan ca reconcile` finds in it what the table has."""
    with open(log_of(demo), encoding="utf-8", errors="replace") as file:
        lines = file.readlines()
    tap.equal(log_rises(lines), None, "CRL numbers in the signer's log")
    tap.equal(log_twice(lines), None, "issued twice by the signer's log")
    done = demo.inkan("ca", "reconcile", check=False)
    tap.equal(done.returncode, 0, "inkan ca reconcile: %s%s" % (done.stdout[-600:], done.stderr[-300:]))


def audit(demo):
    """The audit's chain is whole."""
    def whole():
        done = demo.inkan("audit", "verify", check=False)
        return done if "BROKEN" in done.stdout or done.returncode == 0 else None
    done = tap.until(whole, 30)
    tap.equal(done.returncode, 0, "inkan audit verify: %s%s" % (done.stdout[-600:], done.stderr[-300:]))


def delivered(demo, since):
    """Each mail that counts as sent has arrived, a repeat with the same Message-ID and the same words."""
    bodies = {}
    for mail in client.all_mails(demo):
        key = str(mail["Message-ID"]).strip("<> ").split("@")[0]
        bodies.setdefault(key, set()).add(client.body(mail))
    rows = demo.sql("select request, event, message_id from outbox where state = 'sent' and request > %d" % since, rows=True)
    missing = ["%s of %s" % (event, request) for request, event, key in rows if key not in bodies]
    tap.ok(not missing, "sent, but never arrived: %s" % ", ".join(missing[:5]))
    differing = [event + " of " + request for request, event, key in rows if len(bodies[key]) > 1]
    tap.ok(not differing, "repeats differ: %s" % ", ".join(differing[:5]))


def settle(demo, seconds=120):
    """Waits until nothing is left to do and the portal answers."""
    def rested():
        """nothing waits any more and the portal is well"""
        try:
            return demo.number("select (select count(*) from job) + (select count(*) from outbox where state = 'waiting')"
                               " + (select count(*) from intent where state = 'intended') + (select count(*) from request where"
                               " state = 'revoking') + (select count(*) from certificate where revoked_at is not null and published is null)"
                               " + (select count(*) from event_unchained)") == 0 \
                and client.Browser(demo).get("/healthz").status == 200
        except (tap.Failed, OSError, client.http.client.HTTPException):
            return False
    tap.until(rested, seconds, 0.3)


def check(demo, since):
    """All of it."""
    settle(demo)
    tables(demo, since)
    signers_log(demo)
    audit(demo)
    served_crls(demo, since)
    delivered(demo, since)
