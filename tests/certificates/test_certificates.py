#!/usr/bin/python3
"""tap: seconds 300
Certificates as the signer makes them, and such in which one rule is broken: our linter against parsers that nobody here wrote.

CERTIFICATES says how many (default 220: each mutation once); `make lint-certificates` takes 10,000. Half of them are good: every
parser takes them, and what python3-cryptography reads is what was ordered. In the others exactly one rule of ca/lint.h is
broken: the linter names it, and each other parser sees it, or does not, as tests/certificates/mutations.table says."""
import collections
import concurrent.futures
import datetime
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import tap  # pylint: disable=wrong-import-position
from cryptography import x509  # pylint: disable=wrong-import-position

BUILD = os.path.join(ROOT, os.environ.get("BUILD") or "build")
COUNT = int(os.environ.get("CERTIFICATES") or 220)
SEED = os.environ.get("SEED") or "20261124"
FOLDER = tempfile.mkdtemp(prefix="inkan-certificates-")
TOOLS = ("openssl", "gnutls", "nss", "cryptography", "java")
PURPOSES = {  # openssl verify -purpose, certtool --verify-purpose, vfychain -u
    "client": ("sslclient", "1.3.6.1.5.5.7.3.2", "0"),
    "sign": ("smimesign", "1.3.6.1.5.5.7.3.4", "4"),
    "encrypt": ("smimeencrypt", "1.3.6.1.5.5.7.3.4", "5"),
}
JAVA_REFUSED = 3  # of each mutation: keytool takes one file at a time, and half a second
rows, table, seen = [], {}, {}
pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2)


def run(command, given=None):
    return subprocess.run(command, cwd=FOLDER, input=given, capture_output=True, check=False, timeout=600)


def file_of(row):
    return "%05d.pem" % row["number"]


def text_of(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def read_table():
    with open(os.path.join(ROOT, "tests", "certificates", "mutations.table"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                words = line.split(None, 2 + len(TOOLS))
                table[words[0]] = dict(zip(TOOLS, words[2:2 + len(TOOLS)]), rule=words[1], why=words[2 + len(TOOLS)].strip())


# --- the parsers: each a function that says which rows it takes -----------------------------------------------------------------


def chunks(many, size):
    return [many[i:i + size] for i in range(0, len(many), size)]


def by_openssl():
    """openssl verify takes many files at once: one call for each CA and purpose"""
    groups = collections.defaultdict(list)
    for row in rows:
        # Its smimeencrypt knows keyEncipherment alone, and an EC key has keyAgreement (RFC 8551 section 3 with RFC 5753).
        agrees = row["purpose"] == "encrypt" and not row["key"].startswith("rsa")
        groups[row["ca"], "any" if agrees else PURPOSES[row["purpose"]][0]].append(row)

    def one(ca, purpose, part):
        done = run(["openssl", "verify", "-x509_strict", "-policy_check", "-purpose", purpose, "-CAfile", "ca-%s-root.pem" % ca,
                    "-untrusted", "ca-%s.pem" % ca] + [file_of(row) for row in part])
        return {line[:-4].decode() for line in done.stdout.splitlines() if line.endswith(b": OK")}
    jobs = [pool.submit(one, ca, purpose, part) for (ca, purpose), many in groups.items() for part in chunks(many, 500)]
    good = set().union(*[job.result() for job in jobs])
    return {row["number"]: file_of(row) in good for row in rows}


def by_gnutls():
    def one(row):
        done = run(["certtool", "--verify", "--verify-profile", "medium", "--verify-purpose", PURPOSES[row["purpose"]][1],
                    "--load-ca-certificate", "ca-%s-root.pem" % row["ca"]], text_of(file_of(row)) + text_of("ca-%s.pem" % row["ca"]))
        return row["number"], done.returncode == 0
    return dict(pool.map(one, rows))


def by_nss():
    for ca in {row["ca"] for row in rows}:
        os.mkdir(os.path.join(FOLDER, "nss-" + ca))
        for words in (["-N", "--empty-password"], ["-A", "-n", "root", "-t", "CT,C,C", "-a", "-i", "ca-%s-root.pem" % ca],
                      ["-A", "-n", "issuing", "-t", ",,", "-a", "-i", "ca-%s.pem" % ca]):
            done = run(["certutil", words[0], "-d", "sql:nss-" + ca] + words[1:])
            tap.equal(done.returncode, 0, done.stderr.decode())

    def one(row):
        return row["number"], run(["vfychain", "-d", "sql:nss-" + row["ca"], "-u", PURPOSES[row["purpose"]][2], "-a",
                                   file_of(row)]).returncode == 0
    return dict(pool.map(one, rows))


def parsed(row):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificate = x509.load_pem_x509_certificate(text_of(file_of(row)))
        return (certificate, certificate.version, certificate.serial_number, list(certificate.subject), list(certificate.issuer),
                certificate.not_valid_before, certificate.not_valid_after, list(certificate.extensions), certificate.public_key(),
                certificate.signature_hash_algorithm)


def by_cryptography():
    def one(row):
        try:
            return bool(parsed(row))
        except Exception:  # pylint: disable=broad-except
            return False  # whatever it calls it: it does not take it
    return {row["number"]: one(row) for row in rows}


def keytool(many):
    name = "java-%05d-%d.pem" % (many[0]["number"], len(many))
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(b"".join(text_of(file_of(row)) for row in many))
    done = run(["keytool", "-printcert", "-file", name])
    return done.returncode == 0 and done.stdout.count(b"Serial number:") == len(many)


def taken_by_keytool(many):
    """those of MANY that it takes: one that it does not spoils the whole file, so that halves are looked at"""
    if not many or keytool(many):
        return list(many)
    if len(many) == 1:
        return []
    half = len(many) // 2
    return taken_by_keytool(many[:half]) + taken_by_keytool(many[half:])


def by_java():
    if not shutil.which("keytool"):
        return {}
    plain = [row for row in rows if not row["rule"] or table[row["mutation"]]["java"] == "takes"]
    taken = {row["number"] for part in chunks(plain, 2000) for row in taken_by_keytool(part)}
    result = {row["number"]: row["number"] in taken for row in plain}
    tried = collections.Counter()
    for row in rows:
        if row["number"] not in result and tried[row["mutation"]] < JAVA_REFUSED:
            tried[row["mutation"]] += 1
            result[row["number"]] = keytool([row])
    return result


# --- the tests --------------------------------------------------------------------------------------------------------------------


def every_rule_is_broken_by_something():
    """each rule of the linter has a mutation in the table, and the table names no other"""
    with open(os.path.join(FOLDER, "rules"), encoding="utf-8") as file:
        rules = {line.split("\t")[0] for line in file}
    # 'tbs' compares with the bytes that were committed before: tests/unit/test_ca_certificate.c.
    tap.equal(sorted(rules - {"tbs"}), sorted({words["rule"] for words in table.values()}))
    tap.equal(sorted({row["mutation"] for row in rows if row["rule"]} - set(table)), [])


def the_linter_names_the_rule():
    """the linter takes the good ones, and names the one rule that is broken in each of the others"""
    wrong = ["%(number)05d %(mutation)s, %(kind)s, %(key)s by %(ca)s: '%(verdict)s', not '%(rule)s'" % row
             for row in rows if row["verdict"] != row["rule"]]
    tap.equal(wrong[:20], [])
    tap.equal({row["mutation"]: row["rule"] for row in rows if row["rule"]},
              {name: words["rule"] for name, words in table.items() if any(row["mutation"] == name for row in rows)})


def tool_test(name, look):
    def test():
        seen[name] = look()
        if not seen[name]:
            raise tap.Skip("it is not installed here")
        wrong = []
        for row in rows:
            takes = seen[name].get(row["number"])
            expected = table[row["mutation"]][name] if row["rule"] else "takes"
            if takes is not None and takes != (expected == "takes"):
                wrong.append("%05d %s, %s, %s by %s: %s" % (row["number"], row["mutation"], row["kind"], row["key"], row["ca"],
                                                           "takes it" if takes else "refuses it"))
        tap.equal(wrong[:20], [], "%d that the table does not explain" % len(wrong))
    test.__doc__ = "%s takes every good one, and of the others those that the table says" % name
    return test


def expected_subject(row):
    if row["subject_is_mail"]:
        return [("2.5.4.3", row["mail"])]
    units = [("2.5.4.11", row["unit"])] if row["unit"] else []
    return [("2.5.4.6", row["country"]), ("2.5.4.7", row["locality"]), ("2.5.4.10", row["organization"])] + units + [
        ("2.5.4.11", "No %d" % row["request"]), ("2.5.4.3", row["common_name"])]


USAGES = {"digitalSignature": "digital_signature", "nonRepudiation": "content_commitment", "keyEncipherment": "key_encipherment",
          "dataEncipherment": "data_encipherment", "keyAgreement": "key_agreement"}


def expected_usage(row):
    words = set(row["usage"])
    if row["key"].startswith("rsa"):
        words -= {"keyAgreement"}
    elif words & {"keyEncipherment", "dataEncipherment"}:
        words = words - {"keyEncipherment", "dataEncipherment"} | {"keyAgreement"}
    return sorted(words)


def what_others_read(row):
    certificate = parsed(row)[0]

    def value(kind):
        return certificate.extensions.get_extension_for_class(kind).value
    usage = value(x509.KeyUsage)
    zone = datetime.timezone.utc
    policies = [p.policy_identifier.dotted_string for p in value(x509.CertificatePolicies)] if row["policies"] else []
    with open(os.path.join(FOLDER, "ca-%s.pem" % row["ca"]), "rb") as file:
        ca = x509.load_pem_x509_certificate(file.read())
    return {
        "serial": "%x" % certificate.serial_number,
        "subject": [(a.oid.dotted_string, a.value) for a in certificate.subject],
        "issuer": certificate.issuer == ca.subject,
        "dates": [int(t.replace(tzinfo=zone).timestamp()) for t in (certificate.not_valid_before, certificate.not_valid_after)],
        "usage": sorted(word for word, name in USAGES.items() if getattr(usage, name)),
        "extended": [oid.dotted_string for oid in value(x509.ExtendedKeyUsage)],
        "policies": policies,
        "mail": value(x509.SubjectAlternativeName).get_values_for_type(x509.RFC822Name) if row["mail_in_san"] else [],
        "key id": value(x509.SubjectKeyIdentifier) == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()),
        "authority": value(x509.AuthorityKeyIdentifier).key_identifier ==
                     ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest,
        "crl": [name.value for point in value(x509.CRLDistributionPoints) for name in point.full_name],
        "access": [d.access_location.value for d in value(x509.AuthorityInformationAccess)],
        "ca": value(x509.BasicConstraints).ca,
        "extensions": len(certificate.extensions),
    }


def good_ones_say_what_was_ordered():
    """of a good one python3-cryptography reads in every field what was ordered"""
    for row in rows:
        if not row["rule"]:
            tap.equal(what_others_read(row), {
                "serial": row["serial"].lstrip("0"), "subject": expected_subject(row), "issuer": True, "dates": [row["not_before"], row["not_after"]],
                "usage": expected_usage(row), "extended": row["extended"], "policies": row["policies"],
                "mail": [row["mail"]] if row["mail_in_san"] else [], "key id": True, "authority": True,
                "crl": ["http://pki.test/crl/client-0.crl"], "access": ["http://pki.test/ocsp", "http://pki.test/ca/client.cer"],
                "ca": False, "extensions": 7 + bool(row["policies"]) + row["mail_in_san"]}, file_of(row))


def figures():
    """each mutation is seen by somebody, or the table says why by nobody; the figures"""
    good = sum(1 for row in rows if not row["rule"])
    print("# %d certificates, %d good, %d with one broken rule of %d mutations; the linter sees all of these" %
          (len(rows), good, len(rows) - good, len({row["mutation"] for row in rows if row["rule"]})))
    for name in TOOLS:
        judged = [row for row in rows if row["rule"] and row["number"] in seen.get(name, {})]
        print("# %-13s refuses %d of %d broken ones that it was asked about" % (
            name, sum(1 for row in judged if not seen[name][row["number"]]), len(judged)))
    alone = sorted(name for name, words in table.items() if all(words[tool] == "takes" for tool in TOOLS))
    print("# by the linter alone: %s" % " ".join(alone))
    tap.equal([name for name in alone if table[name]["why"] in ("", "-")], [])


def observe():
    """for whoever changes the table: what each parser does with each mutation"""
    for name, look in LOOKS.items():
        seen[name] = look()
    result = collections.defaultdict(lambda: collections.defaultdict(set))
    for row in rows:
        for name in LOOKS:
            if row["number"] in seen[name]:
                result[row["mutation"], row["rule"]][name].add("takes" if seen[name][row["number"]] else "sees")
    for (mutation, rule), words in result.items():
        print("%-27s %-19s" % (mutation, rule or "-"), *["%-7s" % ("either" if len(words[t]) == 2 else "".join(words[t])) for t in TOOLS])


LOOKS = {"openssl": by_openssl, "gnutls": by_gnutls, "nss": by_nss, "cryptography": by_cryptography, "java": by_java}
try:
    began = time.monotonic()
    made = subprocess.run([os.path.join(BUILD, "tests", "certificates", "make_certificates"), FOLDER, str(COUNT), SEED], check=False)
    if made.returncode != 0:
        sys.exit("make_certificates: status %d" % made.returncode)
    with open(os.path.join(FOLDER, "index.json"), encoding="utf-8") as index:
        rows = [json.loads(line) for line in index]
    read_table()
    if sys.argv[1:] == ["--observe"]:
        observe()
    else:
        tap.run(every_rule_is_broken_by_something, the_linter_names_the_rule, good_ones_say_what_was_ordered,
                *[tool_test(name, look) for name, look in LOOKS.items()], figures)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
