"""SAML logins at the ACS, side by side with the Shibboleth SP and mod_auth_mellon of Debian: tests/bench/README.md says what
is measured. Everything is private: own folders, ports of 127.0.0.1, keys made on the spot."""
import base64
import datetime
import hashlib
import http.client
import itertools
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zlib

from tools import PORT, SECONDS, TURNS, Beside, cpu_of, head, load_once, row, settled

CONNECTIONS = 4
PERSONS = 1000  # who log in, one after the other
SHAPES = (
    ("plain", "assertion signed"),
    ("both", "response and assertion signed"),
    ("encrypted", "response signed, assertion encrypted"),
)

XMLENC = "http://www.w3.org/2001/04/xmlenc#"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
SIGNED_INFO = (
    '<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#%s">'
    '<ds:Transforms><ds:Transform Algorithm="' + DSIG + 'enveloped-signature"></ds:Transform>'
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms>'
    '<ds:DigestMethod Algorithm="' + XMLENC + 'sha256"></ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>')
ENCRYPTED = (
    '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><xenc:EncryptedData xmlns:xenc="' + XMLENC + '" '
    'Type="' + XMLENC + 'Element"><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes128-gcm"></xenc:EncryptionMethod>'
    '<ds:KeyInfo xmlns:ds="' + DSIG + '"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="' + XMLENC + 'rsa-oaep-mgf1p">'
    '<ds:DigestMethod Algorithm="' + DSIG + 'sha1"></ds:DigestMethod></xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>%s'
    '</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>%s</xenc:CipherValue>'
    '</xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>')
RESPONSE = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Destination="%(acs)s" ID="%(id)s" InResponseTo="%(request)s" '
    'IssueInstant="%(now)s" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">%(idp)s</saml:Issuer>')
STATUS = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status>'
ASSERTION = (
    '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="%(id)s" IssueInstant="%(now)s" Version="2.0">'
    '<saml:Issuer>%(idp)s</saml:Issuer>')
SUBJECT = (
    '<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">%(name)s</saml:NameID>'
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="%(request)s" '
    'NotOnOrAfter="%(until)s" Recipient="%(acs)s"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>'
    '<saml:Conditions NotBefore="%(since)s" NotOnOrAfter="%(until)s"><saml:AudienceRestriction><saml:Audience>%(sp)s</saml:Audience>'
    '</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="%(now)s" SessionIndex="%(name)s"><saml:AuthnContext>'
    '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>'
    '</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>%(attributes)s</saml:AttributeStatement></saml:Assertion>')
ATTRIBUTE = '<saml:Attribute Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">%s</saml:Attribute>'


def base64_text(data):
    return base64.b64encode(data).decode()


class Messages:
    """Responses of IDP (tests/lib/idp.py), written in canonical form from the start, so that digests need no XML library."""

    def __init__(self, idp):
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
        self.idp = idp
        with open(idp.key, "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        self.how = (padding.PKCS1v15(), hashes.SHA256())
        self.oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        self.person = itertools.cycle(range(PERSONS))

    def signature(self, canonical, element_id):
        info = SIGNED_INFO % (element_id, base64_text(hashlib.sha256(canonical.encode()).digest()))
        apex = info.replace("<ds:SignedInfo>", '<ds:SignedInfo xmlns:ds="%s">' % DSIG, 1)
        value = base64_text(self.key.sign(apex.encode(), *self.how))
        return '<ds:Signature xmlns:ds="%s">%s<ds:SignatureValue>%s</ds:SignatureValue></ds:Signature>' % (DSIG, info, value)

    def encrypt(self, assertion, certificate):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        key, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        sealed = nonce + AESGCM(key).encrypt(nonce, assertion.encode(), None)
        return ENCRYPTED % (base64_text(certificate.public_key().encrypt(key, self.oaep)), base64_text(sealed))

    def attributes(self):
        from idp import OIDS, text
        sent = self.idp.person("bench%d" % next(self.person))
        return "".join(ATTRIBUTE % (OIDS[name], "<saml:AttributeValue>%s</saml:AttributeValue>" % text(value)) for name, value in sent.items())

    def response(self, shape, request, acs, sp, certificate):
        now = datetime.datetime.now(datetime.timezone.utc)
        values = {"acs": acs, "request": request, "sp": sp, "idp": self.idp.entity, "name": "_" + secrets.token_hex(16),
                  "attributes": self.attributes(), "id": "_" + secrets.token_hex(16)}
        for name, seconds in (("now", 0), ("since", -5), ("until", 300)):
            values[name] = (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        begin, rest = ASSERTION % values, SUBJECT % values
        signature = self.signature(begin + rest, values["id"]) if shape != "encrypted" else ""
        assertion = begin + signature + rest
        if shape == "encrypted":
            assertion = self.encrypt(assertion, certificate)
        values["id"] = "_" + secrets.token_hex(16)
        begin, rest = RESPONSE % values, STATUS + assertion + "</samlp:Response>"
        signature = self.signature(begin + rest, values["id"]) if shape != "plain" else ""
        return begin + signature + rest


# --- the three service providers ----------------------------------------------------------------------------------------------

class Provider:
    """A service provider behind plain HTTP on a port of 127.0.0.1. START: the path that begins a login; MARK: what the header
    of its answer to a good one contains."""

    name = start = mark = port = certificate = None
    per_second = 200  # logins made ready for a second of measuring
    may_fail = 0

    def pids(self):
        """The masters of all processes that take part."""
        raise NotImplementedError

    def begin(self, connection):
        """A login that waits for its answer: (AuthnRequest as text, RelayState, cookies)."""
        connection.request("GET", self.start, headers={"Host": "localhost:%d" % self.port, "Accept-Language": "en", "User-Agent": "bench"})
        answer = connection.getresponse()
        body = answer.read()
        where = answer.headers.get("Location") or ""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(where).query)
        if "SAMLRequest" not in query:
            sys.exit("bench: %s does not start a login: %d %s\n%s" % (self.name, answer.status, where, body[:2000].decode("utf-8", "replace")))
        cookies = "; ".join(c.split(";")[0] for c in answer.headers.get_all("Set-Cookie") or [] if "Max-Age=0" not in c)
        return zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode(), query["RelayState"][0], cookies

    def post(self, messages, shape, pending):
        """The whole HTTP request with the IdP's answer to PENDING."""
        request, relay_state, cookies = pending
        acs = re.search(r'AssertionConsumerServiceURL="([^"]+)"', request).group(1)
        issuer = re.search(r"<saml:Issuer[^>]*>([^<]+)<", request).group(1)
        text = messages.response(shape, re.search(r'\bID="([^"]+)"', request).group(1), acs, issuer, self.certificate)
        body = urllib.parse.urlencode({"SAMLResponse": base64_text(text.encode()), "RelayState": relay_state}).encode()
        return ("POST %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: bench\r\nAccept-Language: en\r\nCookie: %s\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % (
                    urllib.parse.urlsplit(acs).path, self.port, cookies, len(body))).encode() + body

    def prepare(self, messages, shape, count, file):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with open(file, "wb") as out:
            for _ in range(count):
                request = self.post(messages, shape, self.begin(connection))
                out.write(b"%d\n" % len(request) + request)
        connection.close()

    def measure(self, file):
        """(good logins a CPU second, p50 and p99 in ms) for the logins of FILE."""
        before = cpu_of(self.pids())
        count, other, p50, p99, wrong = load_once(file, self.port, CONNECTIONS, self.mark, 600)
        spent = cpu_of(self.pids()) - before
        if other > count * self.may_fail:
            sys.exit("bench: %d of %d logins at %s failed\n%s" % (other, count, self.name, wrong))
        return (count - other) / spent, p50, p99


class Ours(Provider):
    name, mark = "Inkan", "Location: /certificates"

    def __init__(self, demo, beside, idp):
        from cryptography import x509
        self.demo, self.beside, self.port = demo, beside, beside.port
        self.start = "/login?idp=" + urllib.parse.quote(idp.entity, safe="")
        with open(os.path.join(os.path.dirname(demo.file), "secret", "sp-decryption.pem"), "rb") as file:
            self.certificate = x509.load_pem_x509_certificate(file.read())

    def pids(self):
        return [self.demo.pid("portal"), self.demo.pid("postgres"), self.beside.nginx]


MODULES = "/usr/lib/apache2/modules"
APACHE = """ServerRoot %(dir)s
ServerName http://localhost:%(port)d
Listen 127.0.0.1:%(port)d
UseCanonicalName On
PidFile %(dir)s/run/apache.pid
DefaultRuntimeDir %(dir)s/run
ErrorLog %(dir)s/log/error.log
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
%(modules)s
%(user)s
DocumentRoot %(dir)s/www
%(more)s
"""
SHIBBOLETH = """ShibConfig %(dir)s/etc/shibboleth/shibboleth2.xml
ShibCompatValidUser Off
<Location />
  AuthType None
  Require all granted
</Location>
<Location /Shibboleth.sso>
  SetHandler shib
</Location>
"""
MELLON = """MellonCacheSize 10000
MellonLockFile %(dir)s/run/mellon.lock
MellonPostDirectory %(dir)s/run
<Location />
  AuthType None
  Require all granted
  MellonEnable info
  MellonEndpointPath /mellon
  MellonSPentityId http://localhost:%(port)d/mellon/metadata
  MellonSPPrivateKeyFile %(dir)s/etc/sp.key
  MellonSPCertFile %(dir)s/etc/sp.pem
  MellonIdPMetadataFile %(dir)s/etc/idp.xml
  MellonSecureCookie Off
  MellonSignatureMethod rsa-sha256
</Location>
"""
SHIBBOLETH2 = """<SPConfig xmlns="urn:mace:shibboleth:3.0:native:sp:config" clockSkew="180">
  <OutOfProcess logger="shibd.logger" tranLogFormat="%%u|%%s|%%IDP|%%i|%%ac|%%t|%%attr|%%n|%%b|%%E|%%S|%%SS|%%L|%%UA|%%a"/>
  <InProcess logger="native.logger"/>
  <UnixListener address="%(dir)s/run/shibd.sock"/>
  <ApplicationDefaults entityID="http://localhost:%(port)d/shibboleth" REMOTE_USER="eppn subject-id pairwise-id persistent-id">
    <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" handlerSSL="false" cookieProps="http" redirectLimit="exact">
      <SSO entityID="%(idp)s">SAML2</SSO>
      <Logout>SAML2 Local</Logout>
    </Sessions>
    <Errors supportContact="root@localhost"/>
    <MetadataProvider type="XML" validate="false" path="%(dir)s/etc/idp.xml"/>
    <AttributeExtractor type="XML" validate="true" reloadChanges="false" path="attribute-map.xml"/>
    <AttributeFilter type="XML" validate="true" path="attribute-policy.xml"/>
    <CredentialResolver type="File" key="%(dir)s/etc/sp.key" certificate="%(dir)s/etc/sp.pem"/>
  </ApplicationDefaults>
  <SecurityPolicyProvider type="XML" validate="true" path="security-policy.xml"/>
  <ProtocolProvider type="XML" validate="true" reloadChanges="false" path="protocols.xml"/>
</SPConfig>
"""


NATIVE_LOGGER = """log4j.rootCategory=WARN, native_log
log4j.appender.native_log=org.apache.log4j.FileAppender
log4j.appender.native_log.fileName=%s
log4j.appender.native_log.layout=org.apache.log4j.BasicLayout
"""


def waited(there, process):
    """Waits until THERE() while PROCESS lives, 20 seconds at most."""
    for _ in range(400):
        if there() or process.poll() is not None:
            break
        time.sleep(0.05)
    return there()


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


class Apache(Provider):
    """Debian's apache2 with one module more, its configuration as Debian has it where nothing is said: event MPM, 25 threads."""

    modules = ("mpm_event", "authn_core", "authz_core", "authz_user")
    environment = {}

    def __init__(self, idp, port):
        from cryptography import x509
        import client
        self.port, self.idp, self.running = port, idp, []
        self.dir = tempfile.mkdtemp(prefix="inkan-bench-")
        os.chmod(self.dir, 0o755)
        for name in ("etc", "run", "log", "www", "cache"):
            os.mkdir(os.path.join(self.dir, name))
            os.chmod(os.path.join(self.dir, name), 0o777)
        client.tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.path("etc", "sp.key"), "-out",
                    self.path("etc", "sp.pem"), "-days", "2", "-subj", "/CN=bench")
        os.chmod(self.path("etc", "sp.key"), 0o644)
        with open(self.path("etc", "sp.pem"), "rb") as file:
            self.certificate = x509.load_pem_x509_certificate(file.read())
        self.write("etc/idp.xml", idp.metadata())

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, words, log):
        with open(self.path("log", log), "ab") as out:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=dict(os.environ, **self.environment))
        self.running.append(process)
        return process

    def serve(self, module, more):
        lines = ["LoadModule %s_module %s/mod_%s.so" % (m, MODULES, m) for m in self.modules] + ["LoadModule " + module]
        values = {"dir": self.dir, "port": self.port, "modules": "\n".join(lines), "user": "" if os.getuid() else "User nobody\nGroup nogroup"}
        self.write("etc/apache.conf", APACHE % dict(values, more=more % values))
        process = self.run(["/usr/sbin/apache2", "-DFOREGROUND", "-f", self.path("etc", "apache.conf")], "apache.out")
        if not waited(lambda: is_open(self.port), process):
            self.give_up("apache2")

    def give_up(self, what):
        subprocess.run(["tail", "-n", "30"] + [self.path("log", name) for name in os.listdir(self.path("log"))], stdout=sys.stderr, check=False)
        sys.exit("bench: %s of %s does not start" % (what, self.name))

    def pids(self):
        return [process.pid for process in self.running]

    def __enter__(self):
        try:
            self.set_up()
        except BaseException:
            self.end()
            raise
        return self

    def set_up(self):
        raise NotImplementedError

    def end(self):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __exit__(self, *_):
        self.end()


class Shibboleth(Apache):
    name, mark = "Shibboleth SP", "Set-Cookie: _shibsession_"

    def set_up(self):
        self.start = "/Shibboleth.sso/Login?target=" + urllib.parse.quote("http://localhost:%d/secure" % self.port, safe="")
        os.mkdir(self.path("etc", "shibboleth"))
        # Debian's own files but for the folders of the logs.
        for name in os.listdir("/etc/shibboleth"):
            with open(os.path.join("/etc/shibboleth", name), encoding="utf-8") as file:
                self.write("etc/shibboleth/" + name, file.read().replace("/var/log/shibboleth", self.path("log")))
        self.write("etc/shibboleth/native.logger", NATIVE_LOGGER % self.path("log", "native.log"))
        self.write("etc/shibboleth/shibboleth2.xml", SHIBBOLETH2 % {"dir": self.dir, "port": self.port, "idp": self.idp.entity})
        self.write("log/native.log", "")
        os.chmod(self.path("log", "native.log"), 0o666)  # of root's apache2 and of its children
        folders = {"CFG": "etc", "LOG": "log", "RUN": "run", "CACHE": "cache"}
        self.environment = {"SHIBSP_%sDIR" % name: self.path(folder) for name, folder in folders.items()}
        self.run(["/usr/sbin/shibd", "-F", "-f", "-c", self.path("etc", "shibboleth", "shibboleth2.xml"), "-p", self.path("run", "shibd.pid")], "shibd.out")
        if not waited(lambda: os.path.exists(self.path("run", "shibd.sock")), self.running[0]):
            self.give_up("shibd")
        os.chmod(self.path("run", "shibd.sock"), 0o777)
        self.serve("mod_shib %s/mod_shib.so" % MODULES, SHIBBOLETH)


class Mellon(Apache):
    """Under load it answers one or another login with 500; those are left out of its figure."""

    name, mark = "mod_auth_mellon", "Set-Cookie: mellon-cookie="
    per_second, may_fail = 8, 0.1

    def set_up(self):
        self.start = "/mellon/login?ReturnTo=" + urllib.parse.quote("http://localhost:%d/secure" % self.port, safe="")
        self.serve("auth_mellon_module %s/mod_auth_mellon.so" % MODULES, MELLON)


class MellonWithoutAuthorities(Mellon):
    """Each key that lasso reads makes a key manager that loads the system's CA file: with an empty one it is much faster."""

    name, per_second = "mellon without CA file", 200
    environment = {"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/dev/null"}


# --- the run ------------------------------------------------------------------------------------------------------------------

def shape_run(shape, words, ours, peers, messages, file):
    seen = {p: [] for p in [ours] + peers}
    for _ in range(TURNS):
        for provider, figures in seen.items():
            provider.prepare(messages, shape, int(SECONDS * provider.per_second), file)
            figures.append(provider.measure(file))
    middle = {p: [statistics.median(column) for column in zip(*figures)] for p, figures in seen.items()}
    head("SAML logins at the ACS, %s; per CPU second of all server processes, %d at a time" % (words, CONNECTIONS))
    rate, p50, p99 = middle[ours]
    for peer in peers:
        row(shape + " login", "%.0f/s" % rate, "%.0f/s %s" % (middle[peer][0], peer.name), rate / middle[peer][0], 1 if peer is peers[0] else None)
    row(shape + " login, p99 to p50", "%.1f, %.1f ms" % (p50, p99), "%.1f, %.1f ms %s" % (*middle[peers[0]][1:], peers[0].name), p99 / p50, 3, most=True)


def saml_run(demo, _):
    from idp import Idp
    idp = Idp(demo, "bench.example", "Bench College")
    idp.register("Bench College")
    messages = Messages(idp)
    with (tempfile.TemporaryDirectory(prefix="inkan-bench-") as folder, Beside() as beside, Shibboleth(idp, PORT + 18) as shibboleth,
          Mellon(idp, PORT + 17) as mellon, MellonWithoutAuthorities(idp, PORT + 16) as fast):
        ours, file = Ours(demo, beside, idp), os.path.join(folder, "logins")
        settled(ours.pids())
        for shape, words in SHAPES:
            shape_run(shape, words, ours, [shibboleth, fast, mellon], messages, file)
