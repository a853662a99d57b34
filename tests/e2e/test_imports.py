#!/usr/bin/python3
"""Every kind of file that the pickup gives out, imported by programs that nobody here wrote: OpenSSL, NSS (Firefox, Thunderbird,
Chromium), GnuTLS, Java, python3-cryptography. Each says that the key belongs to the certificate and that the chain is whole.
tap: seconds 240"""
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-imports-")
MEMO = "研究室のノートPC"
OWN = "Aa 1\"'$\\%&~x"  # a password of one's own: printable ASCII, with all that a shell could trip over
KINDS = ("rsa2048", "rsa3072", "rsa4096", "p256", "p384")
files = []


class Flavour:
    """Each key kind in both encodings; types and passwords turn so that each meets each encoding."""

    def __init__(self, me, n):
        self.key, self.encoding = KINDS[n % 5], ("modern", "older")[n // 5]
        self.type = ("client", "smime")[(n + n // 5) % 2]
        self.name = "%s-%s-%s" % (self.key, self.encoding, self.type)
        number, pin, path = me.ready(self.type, 13, memo=MEMO)
        self.password = (pin, OWN)[n // 2 % 2]
        own = {"password": OWN, "password_again": OWN} if self.password == OWN else {}
        data = me.collect(number, pin, path, key=self.key, encoding=self.encoding, **own)
        self.p12 = client.write(box.name, self.name + ".p12", data)
        self.word = client.write(box.name, self.name + ".word", self.password.encode())
        held = pkcs12.load_pkcs12(data, self.password.encode())
        self.held = held
        self.public = pem(held.cert.certificate.public_key())

    def at(self, ending):
        return os.path.join(box.name, self.name + ending)


def pem(key):
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def root():
    path = os.path.join(box.name, "root.pem")
    if not os.path.exists(path):
        client.write(box.name, "root.pem", demo.fetch("/ca/root.pem").want(200).body)
    return path


def each(look):
    """LOOK at every file, two at a time; a failure names the file."""
    def named(flavour):
        try:
            look(flavour)
        except tap.Failed as why:
            raise tap.Failed("%s: %s" % (flavour.name, why)) from why
    for n in range(0, len(files), 2):
        client.at_once(*[(lambda f=f: named(f)) for f in files[n:n + 2]])


def collected():
    """ten files are collected: RSA 2048, 3072, 4096, P-256, P-384, modern and older, PIN and own password, client and S/MIME"""
    people = [Person(demo, "researcher") for _ in range(2)]
    half = lambda mine: [Flavour(people[mine], n) for n in range(10) if n % 2 == mine]  # noqa: E731
    for made in client.at_once(lambda: half(0), lambda: half(1)):
        files.extend(made)
    for values, of in ((KINDS, "key"), (("modern", "older"), "encoding"), (("client", "smime"), "type")):
        for value in values:
            tap.ok([f for f in files if getattr(f, of) == value], value)
    for encoding in ("modern", "older"):
        tap.equal(len({(f.type, f.password == OWN) for f in files if f.encoding == encoding}), 4, "all of " + encoding)


def python():
    """python3-cryptography: key and certificate fit, of the kind that was asked for; the Japanese memo is its name; chain to the root"""
    def look(f):
        tap.equal(pem(f.held.key.public_key()), f.public)
        size = f.held.key.key_size
        tap.equal(("rsa%d" if size > 1000 else "p%d") % size, f.key)
        tap.has(f.held.cert.friendly_name.decode(), MEMO)
        names = [c.certificate.subject.rfc4514_string() for c in f.held.additional_certs]
        tap.equal(len(names), 2, names)
        tap.equal(f.held.cert.certificate.issuer, f.held.additional_certs[0].certificate.subject)
        tap.equal(f.held.additional_certs[0].certificate.issuer, f.held.additional_certs[1].certificate.subject)
    each(look)


def openssl():
    """OpenSSL 3, without its legacy provider: key and certificate fit, and the chain in the file leads to the root"""
    def look(f):
        crt, key, chain = client.unpack(box.name, open(f.p12, "rb").read(), f.password, f.name)
        tap.equal(tool("openssl", "pkey", "-in", key, "-pubout").stdout, f.public)
        tap.equal(tool("openssl", "x509", "-in", crt, "-noout", "-pubkey").stdout, f.public)
        tool("openssl", "verify", "-x509_strict", "-CAfile", root(), "-untrusted", chain, crt)
        listed = tool("openssl", "pkcs12", "-in", f.p12, "-passin", "file:" + f.word, "-info", "-noout").stderr.decode()
        wanted = ("AES-256-CBC", "MAC: sha256") if f.encoding == "modern" else ("pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1")
        for part in wanted:
            tap.has(listed, part)
        tap.lacks(listed, "RC2")
    each(look)


def nss():
    """NSS: the key is there under the Japanese name, the certificate is the user's, and valid for what it is for"""
    def look(f):
        database = "sql:" + f.at(".nss")
        os.mkdir(f.at(".nss"))
        tool("certutil", "-N", "-d", database, "--empty-password")
        tool("pk12util", "-i", f.p12, "-d", database, "-w", f.word)
        tap.has(tool("certutil", "-K", "-d", database).stdout.decode(), MEMO)
        tool("certutil", "-A", "-d", database, "-n", "root", "-t", "CT,CT,CT", "-a", "-i", root())
        listed = tool("certutil", "-L", "-d", database).stdout.decode()
        # u: a certificate whose private key is in the database.
        name = next(line.rsplit(None, 1)[0].strip() for line in listed.splitlines() if line.rstrip().endswith("u,u,u"))
        usage = {"client": "C", "smime": "S"}[f.type]
        tap.has(tool("certutil", "-V", "-d", database, "-n", name, "-u", usage).stdout.decode(), "certificate is valid")
    each(look)


def gnutls():
    """GnuTLS: key and certificate fit, and the chain verifies"""
    def look(f):
        text = tool("certtool", "--p12-info", "--inder", "--infile", f.p12, "--password", f.password).stdout.decode()
        keys = re.findall(r"-----BEGIN (?:\w+ )*PRIVATE KEY-----.*?-----END (?:\w+ )*PRIVATE KEY-----\n", text, re.S)
        certificates = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)
        tap.equal((len(keys), len(certificates)), (1, 3))
        words = ["--password", f.password] if "ENCRYPTED" in keys[0] else []
        key = tool("certtool", "--pubkey-info", *words, "--load-privkey", client.write(box.name, f.name + ".gkey", keys[0].encode()))
        tap.has(key.stdout.decode(), f.public.decode().strip())
        done = tool("certtool", "--verify", "--load-ca-certificate", root(), data="".join(certificates).encode())
        tap.has((done.stdout + done.stderr).decode(), "Verified")
    each(look)


def java():
    """Java's keytool: one private key with a chain of three; for each kind of key a request signed with it is of the same key"""
    if not shutil.which("keytool"):
        raise tap.Skip("keytool is not installed here")

    def look(f):
        store = ["-keystore", f.p12, "-storetype", "PKCS12", "-storepass", f.password]
        text = tool("keytool", "-J-XX:TieredStopAtLevel=1", "-list", "-v", *store).stdout.decode("utf-8", "replace")
        tap.has(text, "PrivateKeyEntry")
        tap.has(text, "Certificate chain length: 3")
        tap.has(text, MEMO.lower())
        if (KINDS.index(f.key) + (f.encoding == "older")) % 2:
            alias = re.search(r"Alias name: (.*)", text).group(1)
            asked = tool("keytool", "-J-XX:TieredStopAtLevel=1", "-certreq", "-alias", alias, *store).stdout
            done = tool("openssl", "req", "-verify", "-noout", "-pubkey", data=asked)
            tap.has(done.stdout, f.public)
    each(look)


tap.run(collected, python, openssl, nss, gnutls, java)
