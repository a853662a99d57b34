"""The four files of SAML keys and certificates with settings around them, in a folder of their own, and `inkan` with these: needs
no database and no demo."""
import base64
import os
import re
import shutil
import subprocess
import tempfile

import tap

INKAN = os.path.join(tap.ROOT, os.environ.get("BUILD", "build"), "inkan")
ROLES = ("signing", "decryption")
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
box = tempfile.TemporaryDirectory(prefix="inkan-rollover-")


class Keys:
    """A folder with settings and the four files, as somebody makes them by openssl."""

    def __init__(self, name, **settings):
        self.folder = os.path.join(box.name, name)
        os.mkdir(self.folder)
        for role in ROLES:
            shutil.copy(os.path.join(originals, role + ".key"), self.folder)
            shutil.copy(os.path.join(originals, role + ".pem"), self.folder)
            os.chmod(self.path(role + ".key"), 0o640)
        self.configure(**settings)

    def configure(self, **settings):
        saml = dict({"entity_id": "https://portal.example/saml", "signing_key": self.path("signing.key"),
                     "signing_certificate": self.path("signing.pem"), "decryption_key": self.path("decryption.key"),
                     "decryption_certificate": self.path("decryption.pem")}, **settings)
        with open(self.path("inkan.conf"), "w", encoding="utf-8") as file:
            file.write("[service]\nurl=https://portal.example\nclient_url=https://client.example\npublish_url=http://pki.example\n"
                       "secret_file=/nowhere\nhelpdesk_mail=help@portal.example\n[mail]\nfrom=a@b.example\nmessage_domain=b.example\n"
                       "[signer]\npassphrase_file=/nowhere\n[saml]\n" + "".join("%s=%s\n" % one for one in saml.items()))

    def path(self, name):
        return os.path.join(self.folder, name)

    def inkan(self, *words, kill=None):
        command = [INKAN, "-c", self.path("inkan.conf")] + list(words)
        if kill:
            command = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=%s" % kill[0],
                       "-e", "inject=%s:signal=KILL:when=%d" % kill] + command
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def good(self, *words):
        done = self.inkan(*words)
        tap.equal(done.returncode, 0, " ".join(words) + ": " + done.stderr)
        return done.stdout

    def bad(self, status, *words):
        done = self.inkan(*words)
        tap.equal(done.returncode, status, "%s: %s%s" % (" ".join(words), done.stdout, done.stderr))
        return done.stderr

    def blocks(self, name, label):
        with open(self.path(name), encoding="ascii") as file:
            return re.findall("-----BEGIN %s-----.*?-----END %s-----" % (label, label), file.read(), re.S)

    def key_ids(self, role):
        """The public keys of the role's private keys, in order; and of its certificates."""
        keys = [run(["openssl", "pkey", "-pubout"], pem) for pem in self.blocks(role + ".key", "PRIVATE KEY")]
        return keys, [run(["openssl", "x509", "-noout", "-pubkey"], pem) for pem in self.blocks(role + ".pem", "CERTIFICATE")]

    def published(self):
        """[use, public key] of each KeyDescriptor, in order."""
        found = re.findall(r'<md:KeyDescriptor use="(\w+)">.*?X509Certificate>([^<]+)<', self.good("saml", "metadata"), re.S)
        return [(use, run(["openssl", "x509", "-inform", "DER", "-noout", "-pubkey"], base64.b64decode(body))) for use, body in found]


def run(command, given=None, environment=None):
    if isinstance(given, str):
        given = given.encode()
    done = subprocess.run(command, input=given, capture_output=True, check=False, env=dict(os.environ, **environment or {}))
    tap.equal(done.returncode, 0, "%s: %s" % (command[0], done.stderr.decode("utf-8", "replace")))
    return done.stdout.decode()


def make_originals():
    folder = os.path.join(box.name, "originals")
    os.mkdir(folder)
    for role in ROLES:
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=portal.example " + role, "-keyout",
             os.path.join(folder, role + ".key"), "-out", os.path.join(folder, role + ".pem")])
    return folder


originals = make_originals()
