"""Two IdPs whose keys are in our hands, known to the running demo, and logins that are answered by messages of tests/hostile."""
import base64
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "hostile"))
import client  # noqa: E402
import parts  # noqa: E402
from client import Browser, q  # noqa: E402

demo = client.Demo()
folder = None


def scene(**more):
    """parts' scene is the demo, now."""
    parts.set_scene(now=int(time.time()), slack=40, SP=demo["SP_METADATA_URL"], ACS=demo["PORTAL_URL"] + "/saml/acs", **more)


def prepare(institution):
    """Makes keys and metadata of parts.IDP and parts.IDP2 and registers both as INSTITUTION's, which identifies people by
    eduPersonPrincipalName."""
    global folder
    folder = tempfile.TemporaryDirectory(prefix="inkan-stage-")
    os.chmod(folder.name, 0o755)
    mark = os.urandom(4).hex()
    scene(directory=folder.name, IDP="https://idp.example.ac.jp/" + mark, IDP2="https://idp2.example.ac.jp/" + mark)
    parts.make_keys()
    for name in ("idp", "idp2"):
        register(name, institution)
    demo.owner("update institution set identifier = 'eduPersonPrincipalName' where name = %s" % q(institution))
    text = Browser(demo).get("/saml/metadata").html
    body = re.search(r'use="encryption".*?<ds:X509Certificate>\s*(.*?)\s*</ds:X509Certificate>', text, re.S).group(1)
    parts.write("sp-decryption.crt", "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % body.strip())


def register(name, institution):
    """Imports the file NAME.xml of the stage's folder."""
    os.chmod(parts.path(name + ".xml"), 0o644)
    demo.inkan("metadata", "import", parts.path(name + ".xml"), "--institution", institution, "--mail-domain", "example.ac.jp")


def demanding_profile():
    """A profile of 14 months, which no page offers, that wants one of two strong logins: for `/login?step-up=client-14`."""
    demo.owner("insert into profile (name, type, months, issuer, key_usage, extended, contexts) select 'test-step-up', type, 14, issuer, "
               "key_usage, extended, '{https://refeds.org/profile/mfa,urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI}' from profile "
               "where type = 'client' and months = 13 and not exists (select from profile where name = 'test-step-up') limit 1")


class Restorer:
    """One psql for the many times that a login is made pending again: to start one each time takes longer than the login."""

    def __init__(self):
        who = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] if os.getuid() == 0 else []
        self.psql = subprocess.Popen(who + ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", demo["PGHOST"], "-p", demo["PGPORT"], "-d",
                                            demo["PGDATABASE"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/",
                                     env={k: v for k, v in os.environ.items() if not k.startswith("PG")})

    def __call__(self, script):
        self.psql.stdin.write(script + ";\n\\echo done\n")
        self.psql.stdin.flush()
        if self.psql.stdout.readline() != "done\n":
            raise client.tap.Failed("psql ended at: " + script)


restorer = None


class Login:
    """A pending login of a browser at IDP: its request's ID, RelayState and cookies, sent along however often it is answered."""

    def __init__(self, idp, browser=None, path="/login?idp="):
        self.browser = browser or Browser(demo)
        sent = self.browser.get(path + urllib.parse.quote(idp, safe=""), follow=False).want(303)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(sent.location()).query)
        self.relay_state = query["RelayState"][0]
        request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
        self.request_id = re.search(r'\bID="([^"]+)"', request).group(1)
        self.cookies = dict(self.browser.cookies["localhost"])

    def answer(self, message, relay_state=None, sender=None):
        """The portal's answer to MESSAGE (bytes of XML, or base64 text), sent by SENDER or by a browser that is given the
        login's cookies. RELAY_STATE False: none."""
        b = sender or Browser(demo)
        if sender is None:
            b.cookies["localhost"] = dict(self.cookies)
        text = message if isinstance(message, str) else base64.b64encode(message).decode()
        fields = {"SAMLResponse": text, "RelayState": self.relay_state if relay_state is None else relay_state}
        return b.post("/saml/acs", {k: v for k, v in fields.items() if v is not False})

    def good(self, **over):
        """A good answer of our first IdP. OVER: as for parts.usual."""
        scene(request_id=self.request_id)
        if "name" in over:
            over["ID"] = over["name"]
        return parts.usual(**over).encode()

    def restore(self):
        """As if it had not been answered yet, and nothing of our IdPs been seen."""
        global restorer  # pylint: disable=global-statement
        restorer = restorer or Restorer()
        restorer("update login set used_at = null where request_id = %s; delete from assertion_seen where idp in (%s, %s)"
                   % (q(self.request_id), q(parts.IDP), q(parts.IDP2)))


def number_of(answer):
    """The number that a page tells people to give to the helpdesk: the log's id."""
    found = re.search(r"<code>([0-9a-f]{8})</code>", answer.html)
    return found.group(1) if found else None


class Log:
    """What a portal has logged since this was made."""

    def __init__(self, path=None):
        self.path = path or os.path.join(os.path.dirname(demo["RUN_DIR"]), "log", "portal.log")
        self.start = os.path.getsize(self.path)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            file.seek(self.start)
            return file.read()

    def checks(self, event="login-refused"):
        """{id: check} of all refusals."""
        return dict(re.findall(r" id=(\w+) event=%s check=([\w-]+)" % event, self.text()))
