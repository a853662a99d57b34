#!/usr/bin/python3
"""The operator's command on a private PostgreSQL: institutions, IdPs by hand, the authority, roles, notices by a given day."""
import base64
import hashlib
import hmac
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import house  # noqa: E402
import saml_keys  # noqa: E402
import tap  # noqa: E402

home = house.House("command", empty=True)
sql, write, CONFIG = home.sql, home.write, home.config


def settings(**more):
    saml = {"%s_%s" % (role, what): os.path.join(saml_keys.originals, "%s.%s" % (role, ending))
            for role in saml_keys.ROLES for what, ending in (("key", "key"), ("certificate", "pem"))}
    home.settings(saml=saml, mail={"from": "a@b.example", "message_domain": "b.example"},
                  signer={"keys": home.path("keys"), "passphrase_file": home.path("passphrase")}, **more)
    write("passphrase", "correct horse battery staple\n")


def inkan(*words, given=None):
    return subprocess.run([house.INKAN, "-c", CONFIG] + list(words), capture_output=True, text=True, check=False, timeout=120, input=given)


def good(*words, **more):
    done = inkan(*words, **more)
    tap.equal(done.returncode, 0, " ".join(words) + ": " + done.stderr)
    return done.stdout


def bad(status, *words):
    done = inkan(*words)
    tap.equal(done.returncode, status, " ".join(words) + ": " + done.stderr)
    tap.ok(done.stderr.startswith("inkan: ") or "\ninkan: " in done.stderr, done.stderr)
    return done.stderr


DESCRIPTOR = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
 xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" entityID="%(entity)s"><md:IDPSSODescriptor
 protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:Extensions><shibmd:Scope regexp="false">Sakura.example</shibmd:Scope>
 <shibmd:Scope regexp="true">.*</shibmd:Scope></md:Extensions><md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
%(certificate)s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService
 Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.sakura.example/sso"/></md:IDPSSODescriptor>
</md:EntityDescriptor>"""


def descriptor(name, entity):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=idp", "-days",
                           "3"], capture_output=True, text=True, check=True).stdout
    return write(name, DESCRIPTOR % {"entity": entity, "certificate": "".join(made.split("-----")[2].split())})


def every_command_explains_itself():
    """every command explains itself, and says so where it is used wrongly"""
    commands = re.findall(r"(?m)^  (\S+(?: \S+)?)  ", good("help"))
    tap.ok(len(commands) > 15, str(commands))
    for command in commands:
        if command in ("help", "version"):
            continue
        tap.has(good(*command.split(), "--help"), "inkan " + command)
        tap.has(bad(2, *command.split(), "--no-such-option"), "usage: inkan " + command)
    tap.has(good("version"), "inkan ")


def migrated():
    """migrate makes the tables and the time zone"""
    tap.has(good("migrate"), "applied 0001_base.sql")
    tap.equal(sql("select time_zone from service"), "Asia/Tokyo")


def institution_by_options():
    """an institution is made, changed and shown"""
    good("institution", "add", "Tsubaki College", "--mail-domain", "TSUBAKI.example", "--mail-domain", ".tsubaki.example", "--name-ja", "椿大学",
         "--unit", "Library", "--max-active", "10000", "--pin-mail", "no", "--types", "client", "--months", "13,25", "--grace-days", "30",
         "--helpdesk-mail", "help@tsubaki.example", "--idp", "https://idp.tsubaki.example")
    shown = good("institution", "show", "Tsubaki College")
    for part in ("椿大学", "organization    Tsubaki College", "unit            Library", "tsubaki.example .tsubaki.example", "10000", "13 25", "pin-mail        no", "30",
                 "https://idp.tsubaki.example", "subject-id"):
        tap.has(shown, part)
    good("institution", "set", "Tsubaki College", "--pin-mail", "yes", "--grace-days", "none", "--unit", "")
    shown = good("institution", "show", "Tsubaki College")
    tap.has(shown, "grace-days      none")
    tap.has(shown, "unit            –\n")
    tap.has(shown, "13 25")
    good("institution", "add", "Tsubaki College", "--max-active", "9")
    tap.has(good("institution", "list"), "Tsubaki College\ttsubaki.example .tsubaki.example\t1 IdPs")
    tap.equal(sql("select count(*), max(max_active) from institution"), "1|9")


def wrong_values_are_named():
    """a wrong value names the option and what is allowed"""
    for option, value in (("--country", "Japan"), ("--organization", "椿"), ("--types", "server"), ("--months", "121"), ("--max-active", "0"),
                          ("--grace-days", "-1"), ("--pin-mail", "maybe"), ("--identifier", "mail"), ("--mail-domain", "a@b"),
                          ("--organization", "x" * 65), ("--locality", "")):
        said = bad(2, "institution", "set", "Tsubaki College", option, value)
        tap.has(said, option)
        tap.has(said, "allowed")
    tap.has(bad(3, "institution", "set", "Nobody", "--pin-mail", "yes"), "institution list")
    tap.has(bad(2, "institution", "add", "桜大学"), "--organization")
    tap.has(bad(3, "institution", "show", "Nobody"), "Nobody")


def idp_by_hand():
    """an IdP given by hand makes its institution with the default policy"""
    file = descriptor("idp.xml", "https://idp.sakura.example/idp")
    tap.has(good("metadata", "import", file, "--institution", "Sakura University"), "sakura.example")
    tap.equal(sql("select organization, mail_domains, max_active, pin_mail from institution where name = 'Sakura University'"),
              "Sakura University|{sakura.example}|20|t")
    tap.equal(sql("select institution.name from institution_idp join institution on id = institution where entity_id ="
                  " 'https://idp.sakura.example/idp'"), "Sakura University")
    good("metadata", "import", file, "--institution", "Sakura University", "--mail-domain", "mail.Sakura.example")
    tap.equal(sql("select mail_domains from institution where name = 'Sakura University'"), "{sakura.example,mail.sakura.example}")
    shown = good("metadata", "show", "https://idp.sakura.example/idp")
    tap.has(shown, "Sakura University")
    tap.has(good("metadata", "status"), "manual\tok")
    said = bad(4, "metadata", "import", file, "--institution", "Tsubaki College")
    tap.has(said, "another institution")
    given = descriptor("other.xml", "https://other.example/idp")
    good("metadata", "import", given, "--institution", "Ume", "--mail-domain", "ume.example")
    tap.equal(sql("select mail_domains from institution where name = 'Ume'"), "{ume.example}")
    tap.ok(inkan("metadata", "import", write("bad.xml", "<x/>"), "--institution", "Ume").returncode not in (0, -6, -11), "no metadata")
    bad(2, "metadata", "import", given)
    bad(2, "metadata", "import", home.path("missing.xml"), "--institution", "Ume")
    bad(3, "metadata", "show", "https://nowhere.example")
    bad(2, "metadata", "import", given, "--institution", "梅大学")
    good("metadata", "import", given, "--institution", "Ume")


def refused_import():
    """a description that is refused an institution does not count, and what was given by hand can be taken away"""
    entity = "https://idp.sakura.example/idp"
    before = good("metadata", "show", entity, "--xml")
    forged = write("forged.xml", re.sub("(Scope[^>]*>)[^<]*", r"\1evil.example", before))
    tap.ok(open(forged, encoding="utf-8").read() != before, "nothing was changed in the test's own file")
    bad(4, "metadata", "import", forged, "--institution", "Nadeshiko")
    tap.equal(good("metadata", "show", entity, "--xml"), before)
    tap.equal(sql("select count(*) from institution where name = 'Nadeshiko'"), "0")
    broken = write("broken.xml", "no metadata")
    tap.has(bad(1, "metadata", "import", broken, "--institution", "Ume"), broken)
    tap.has(good("metadata", "remove", "https://other.example/idp"), "no source has it")
    bad(3, "metadata", "show", "https://other.example/idp")
    tap.has(bad(3, "metadata", "remove", "https://other.example/idp"), "by hand")
    tap.has(bad(3, "metadata", "list", "--skipped", "nosuch"), "nosuch")


def group_of_commands():
    """the first word of a command alone lists the commands that begin so, and no others"""
    said = bad(2, "metadata")
    tap.has(said, "inkan metadata import FILE")
    tap.ok("institution add" not in said and "saml rollover" not in said, said)
    tap.has(bad(2, "saml", "nope"), "inkan saml rollover start")
    tap.has(bad(2, "nope"), "institution add")


def authority():
    """the authority is made once"""
    bad(3, "ca", "status")
    report = good("ca", "init", "--name", "Test", "--country", "JP")
    status = good("ca", "status")
    for name in ("root", "client", "smime"):
        tap.ok(re.search("(?m)^%s  C=JP" % name, status), status)
    for fingerprint in re.findall(r"SHA-256 ([0-9a-f]{64})", status):
        tap.ok(fingerprint in report.lower().replace(":", "").replace(" ", ""), "%s is not in the report" % fingerprint)
    keys = os.listdir(home.path("keys"))
    tap.ok(any(k.startswith("root") for k in keys), str(keys))
    tap.has(bad(4, "ca", "init"), "already")
    good("ca", "root-crl")
    bad(2, "ca", "init", "--key", "rsa512")


def blocked_keys():
    """a key is blocked by its hash, or by a file that holds it in any form; once and for all"""
    openssl = lambda *words: subprocess.run(["openssl"] + list(words), cwd=home.folder, capture_output=True, check=True).stdout  # noqa: E731
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=weak")
    openssl("req", "-new", "-key", "k.pem", "-out", "r.pem", "-subj", "/CN=weak")
    openssl("x509", "-in", "c.pem", "-outform", "DER", "-out", "c.der")
    spki = hashlib.sha256(openssl("pkey", "-in", "k.pem", "-pubout", "-outform", "DER")).hexdigest()
    name = lambda file: home.path(file)  # noqa: E731
    tap.equal(good("ca", "block-key", name("c.der"), "--note", "found on the web"), spki + " blocked\n")
    tap.equal(good("ca", "block-key", name("k.pem"), name("r.pem"), name("c.pem"), spki.upper()), 4 * (spki + " was blocked already\n"))
    tap.equal(sql("select why || ' ' || note from blocked_key"), "operator found on the web")
    tap.equal(sql("select detail ->> 'key' from event where what = 'block-key'"), spki)
    tap.has(bad(2, "ca", "block-key", name("inkan.conf")), "neither a certificate")
    bad(2, "ca", "block-key", name("nowhere"))
    bad(2, "ca", "block-key")


def log_and_table():
    """the signer's log is held against the table; what only the log shows is named"""
    tap.has(bad(1, "ca", "reconcile", "--log", home.path("nowhere")), "nowhere")
    log = write("signer.log", "2026-11-24T08:15:41Z log x -\n")
    tap.equal(good("ca", "reconcile", "--log", log), "0 the same in log and table, 0 being stored, 0 differ\n")
    write("signer.log", "2026-11-24T08:15:41Z issue client 11aa request=1 key=00 certificate=00\n")
    done = inkan("ca", "reconcile", "--log", log, "--mend")
    tap.equal((done.returncode, done.stdout), (1, "client 11aa: only in the log\n0 the same in log and table, 0 being stored, 1 differ, of which mended: 0\n"))


def role_passwords():
    """a role's password goes to the server as a verifier alone"""
    password = "Correct-Horse 42"
    good("role", "password", "portal", given=password + "\n")
    verifier = sql("select rolpassword from pg_authid where rolname = 'inkan_portal'")
    rounds, salt, stored, server = re.fullmatch(r"SCRAM-SHA-256\$(\d+):(\S+)\$(\S+):(\S+)", verifier).groups()
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    tap.equal(base64.b64encode(hashlib.sha256(client_key).digest()).decode(), stored)
    tap.equal(base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode(), server)
    bad(2, "role", "password", "postgres")
    tap.equal(inkan("role", "password", "portal", given="").returncode, 2)
    tap.equal(inkan("role", "password", "portal", given="印鑑\n").returncode, 2)


def a_given_day():
    """notices of a given day are queued, once"""
    sql("insert into person (institution, idp, identifier, display_name, common_name, mails) select id, 'https://idp.sakura.example/idp',"
        " 'h', 'Hanako', 'Hanako Sakura', '{h@sakura.example}' from institution where name = 'Sakura University'")
    sql("insert into request (person, type, months, mail, memo) select max(id), 'client', 13, 'h@sakura.example', 'laptop' from person")
    sql("delete from job")
    sql("insert into pickup (request, cycle, not_before, not_after, token_hash, pin_salt, pin_mail, expires_at, collected_at, keep_until)"
        " select number, 1, cycle_at, cycle_end, decode(repeat('aa', 32), 'hex'), '', true, now(), now(), now() from request")
    sql("update request set state = 'collected', not_after = '2030-06-30 23:59:59+09'")
    tap.has(good("notices", "run", "--at", "2030-06-01"), "0 notices, 0 expired")
    tap.has(good("notices", "run", "--at", "2030-06-02"), "1 notices, 0 expired")
    tap.has(good("notices", "run", "--at", "2030-06-02T18:00"), "0 notices")
    tap.has(good("notices", "run", "--at", "2030-06-29T23:59"), "1 notices")
    tap.has(good("notices", "run", "--at", "2030-07-01"), "0 notices, 1 expired")
    tap.equal(sql("select string_agg(event || coalesce(detail ->> 'days', ''), ' ' order by id) from outbox"), "renewal-due28 renewal-due1 expired")
    bad(2, "notices", "run", "--at", "tomorrow")
    tap.has(good("request", "list"), "laptop")
    tap.has(good("request", "list", "--state", "expired"), "client 13")
    tap.equal(good("request", "list", "--state", "applied"), "")
    tap.has(good("request", "show", "1"), "Hanako <h@sakura.example>")
    bad(3, "request", "show", "99")
    bad(2, "request", "show", "one")


def another_identifier():
    """another identifier is asked about where persons are known, since they come back as new ones"""
    good("institution", "set", "Tsubaki College", "--identifier", "pairwise-id")
    sql("insert into person (institution, idp, identifier, display_name) select id, 'https://idp.tsubaki.example', 'a', 'A' from institution"
        " where name = 'Tsubaki College'")
    said = bad(4, "institution", "set", "Tsubaki College", "--identifier", "subject-id", "--max-active", "8")
    for part in ("1 persons of Tsubaki College", "pairwise-id", "subject-id", "--yes"):
        tap.has(said, part)
    tap.equal(sql("select identifier, max_active from institution where name = 'Tsubaki College'"), "pairwise-id|9", "nothing was changed")
    good("institution", "set", "Tsubaki College", "--identifier", "pairwise-id", "--max-active", "7")
    good("institution", "set", "Tsubaki College", "--identifier", "subject-id", "--yes")
    tap.equal(sql("select identifier from institution where name = 'Tsubaki College'"), "subject-id")
    tap.equal(sql("select string_agg(detail ->> 'identifier', ' ' order by id) from event where what = 'institution-changed' and actor ="
                  " 'operator' and detail ? 'identifier'"),
              '{"new": "pairwise-id", "old": "subject-id"} {"new": "subject-id", "old": "pairwise-id"}')


def changes_are_recorded():
    """every change stands in the audit with what was and what is; what stays as it is makes no row"""
    tap.equal(sql("select detail ->> 'name' from event where what = 'institution-added' and institution = (select id from institution where"
                  " name = 'Tsubaki College')"), "Tsubaki College")
    rows = "select count(*) from event where what = 'institution-changed'"
    before, version = int(sql(rows)), int(sql("select version from institution where name = 'Tsubaki College'"))
    good("institution", "set", "Tsubaki College", "--locality", "Kyoto", "--mail-domain", "tsubaki.example", "--approval", "yes")
    tap.equal(sql("select detail from event where what = 'institution-changed' order by id desc limit 1"),
              '{"version": {"new": %d, "old": %d}, "approval": {"new": "yes", "old": "no"}, "locality": {"new": "Kyoto", "old": "Academe"}, '
              '"mail_domains": {"new": "tsubaki.example", "old": "tsubaki.example\\n.tsubaki.example"}}' % (version + 1, version))
    good("institution", "set", "Tsubaki College", "--locality", "Kyoto", "--approval", "yes")
    tap.equal(int(sql(rows)), before + 1)
    good("institution", "set", "Tsubaki College", "--idp", "https://second.tsubaki.example", "--without-idp", "https://idp.tsubaki.example")
    tap.equal(sql("select detail ->> 'idps' from event where what = 'institution-changed' order by id desc limit 1"),
              '{"new": "https://second.tsubaki.example", "old": "https://idp.tsubaki.example"}')
    said = bad(4, "institution", "set", "Ume", "--idp", "https://second.tsubaki.example", "--locality", "Nara")
    tap.has(said, "another institution")
    tap.equal(sql("select locality from institution where name = 'Ume'"), "Academe", "nothing of it was done")


def profiles_ask():
    """profile set says how to be logged in, by words or URIs, and keeps a record of it"""
    tap.has(good("profile", "list"), "client-52\tclient 52")
    good("profile", "set", "smime-52", "--contexts", "refeds-mfa,urn:x:card", "--assurance", "iap-medium|gakunin-ial2")
    shown = good("profile", "list")
    for part in ("https://refeds.org/profile/mfa (refeds-mfa)", "urn:x:card", "https://refeds.org/assurance/IAP/medium|https://www.gakunin.jp/profile/IAL2"):
        tap.has(shown, part)
    tap.equal(sql("select contexts from profile where name = 'smime-52'"), "{https://refeds.org/profile/mfa,urn:x:card}")
    good("profile", "set", "smime-52", "--contexts", "")
    tap.equal(sql("select contexts, cardinality(assurance) from profile where name = 'smime-52'"), "{}|1", "what is not given stays")
    good("profile", "set", "smime-52", "--assurance", "")
    tap.equal(sql("select count(*) from event where what = 'profile-changed' and actor = 'operator' and detail ->> 'profile' = 'smime-52'"), "3")
    for words in (("--contexts", "mfa"), ("--contexts", "urn:a|urn:b"), ("--assurance", "IAL2"), ("--contexts", ",".join(["urn:x"] * 21))):
        said = bad(2, "profile", "set", "smime-52", *words)
        tap.has(said, words[0])
        tap.has(said, "refeds-mfa" if words[0] == "--contexts" else "gakunin-ial2")
    tap.has(bad(2, "profile", "set", "smime-52"), "--contexts")
    tap.has(bad(3, "profile", "set", "smime-99", "--contexts", "refeds-mfa"), "profile list")


def profile_rows():
    """profile add makes a new edition from a date on, and the old one ends then; end and set likewise; each is an audit event"""
    shown = good("profile", "show", "smime-52")
    for part in ("smime-52\tsmime 52", "nonRepudiation", "1.3.6.1.5.5.7.3.4", "private CA"):
        tap.has(shown, part)
    tap.lacks(good("profile", "show", "smime-25"), "private CA")
    said = good("profile", "add", "smime-52", "--policy", "1.3.6.1.4.1.32473.5", "--from", "2031-04-01")
    for part in ("from 2031-04-01 00:00 JST", "policies   1.3.6.1.4.1.32473.5", "ends then", "private CA"):
        tap.has(said, part)
    rows = ("select string_agg(array_to_string(policies, ',') || '/' || to_char(valid_from at time zone 'Asia/Tokyo', 'YYYY-MM') || '/' ||"
            " coalesce(to_char(valid_to at time zone 'Asia/Tokyo', 'YYYY-MM-DD HH24:MI'), '-'), ' ' order by id) from profile where name = '%s'")
    tap.has(sql(rows % "smime-52"), "/2031-04-01 00:00 1.3.6.1.4.1.32473.5/2031-04/-")
    tap.equal(sql("select (profile_now('smime', 52)).policies"), "{}", "the old one counts until then")
    # 61 months (E5), another kind of key, a cap.
    said = good("profile", "add", "client-61", "--like", "client-52", "--months", "61", "--key-kinds", "p256", "--max-active", "3")
    tap.has(said, "client 61")
    tap.lacks(said, "ends then")
    tap.equal(sql("select key_kinds, max_active from profile where name = 'client-61' and valid_from <= now()"), "{p256}|3")
    good("profile", "set", "client-61", "--max-active", "none")
    good("institution", "set", "Tsubaki College", "--months", "61,52")
    # A row that sleeps is woken, and takes the place of the other.
    tap.has(good("profile", "set", "smime-mail-25", "--from", "now"), "smime-25 (number ")
    tap.equal(sql("select (profile_now('smime', 25)).name"), "smime-mail-25")
    tap.has(bad(4, "profile", "set", "smime-mail-25", "--from", "2031-01-01"), "profile add smime-mail-25")
    tap.has(good("profile", "end", "client-61"), "still issued by it")
    tap.equal(sql("select (profile_now('client', 61)).id is null"), "t")
    bad(3, "profile", "end", "client-61")
    for words, part in ((("--months", "121"), "--months"), (("--issuer", "root"), "root"), (("--issuer", "nobody"), "ca status"),
                        (("--type", "server"), "--type"), (("--subject", "cn"), "--subject"), (("--key-kinds", "rsa1024"), "rsa2048"),
                        (("--key-usage", "keyCertSign"), "digitalSignature"), (("--key-usage", "keyAgreement"), "RSA"),
                        (("--extended", "1.3.6.1.5.5.7.3.4"), "clientAuth"), (("--policy", "1.02"), "OIDs"), (("--policy", "a"), "OIDs"),
                        (("--extended", "1.3.6.1.5.5.7.3.2,2.5.29.37.0"), "any purpose"), (("--max-active", "many"), "--max-active"),
                        (("--from", "2020-01-01"), "--from"), (("--to", "2020-01-01"), "--to"), (("--from", "soon"), "--from"),
                        (("--from", "2031-01-02", "--to", "2031-01-01"), "--to"), (("--from", "2040-01-01"), "itself ends")):
        tap.has(bad(2, "profile", "add", "client-52", *words), part)
    tap.has(bad(2, "profile", "add", "X", "--like", "client-52"), "a name has")
    tap.has(bad(3, "profile", "add", "x"), "profile list")
    tap.has(bad(3, "profile", "show", "x"), "profile list")
    tap.equal(sql("select string_agg(what || ':' || (detail ->> 'profile'), ' ' order by id) from event where what ~ '^profile-(added|ended|begins)'"),
              "profile-added:smime-52 profile-ended:smime-52 profile-added:client-61 profile-begins:smime-mail-25 profile-ended:smime-25"
              " profile-ended:client-61")


def check():
    """config check finds what is missing"""
    done = inkan("config", "check")
    tap.equal(done.returncode, 1, done.stderr)
    tap.has(done.stdout, "WRONG     [service] secret_file")
    tap.has(done.stdout, "ok        [database] owner: connects")
    write("secret", good("config", "secret"))
    write("x", "x")
    done = inkan("config", "check")
    tap.equal(done.returncode, 0, done.stdout)
    tap.equal(inkan("config", "check", "--syntax").returncode, 0)


def check_profile():
    """config check tries the key that signs configuration profiles: both files, of one pair, valid today"""
    for name in ("mine", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                        "-keyout", home.path(name + ".key"), "-out", home.path(name + ".pem")], check=True, capture_output=True)
        os.chmod(home.path(name + ".key"), 0o600)
    try:
        for key, certificate, said in (("mine.key", "mine.pem", "ok        [pickup] profile_key and profile_certificate: go together"),
                                       ("mine.key", "other.pem", "other.pem: its first certificate is of another key"),
                                       ("mine.key", "none.pem", "none.pem: there is no such file"), ("mine.key", "", "give both, or none")):
            settings(pickup={"profile_key": home.path(key), "profile_certificate": certificate and home.path(certificate)})
            done = inkan("config", "check")
            tap.has(done.stdout, said)
            tap.equal(done.returncode, int(not said.startswith("ok")), done.stdout)
    finally:
        settings()


settings()
try:
    tap.run(every_command_explains_itself, migrated, institution_by_options, wrong_values_are_named, idp_by_hand, refused_import,
            group_of_commands, another_identifier, changes_are_recorded, authority, blocked_keys, log_and_table, profiles_ask, profile_rows, role_passwords,
            a_given_day, check, check_profile)
finally:
    home.end()
