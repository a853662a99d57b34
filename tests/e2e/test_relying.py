#!/usr/bin/python3
"""The kit for relying parties in the real servers: nginx, Apache and FreeRADIUS let in whom they should, by the very files that
the portal hands out; by revocation list and by OCSP.
tap: seconds 180"""
import datetime
import http.server
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import authority  # noqa: E402
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-relying-")
os.chmod(box.name, 0o755)
me = Person(demo, "researcher")
TLS = authority.server_certificate(demo)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0, tzinfo=None)
who = {}       # name -> (certificate, key)
servers = []   # all that run
missing = []   # programs that are not here


def at(*names):
    return os.path.join(box.name, *names)


def write(name, text, mode=0o644):
    client.write(box.name, name, text.encode())
    os.chmod(at(name), mode)
    return at(name)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def file(name, ocsp=False):
    """The portal's own file NAME; with OCSP the lines that are marked for it are in force."""
    text = demo.fetch("/ca/servers/" + name).want(200).body.decode()
    tap.ok(not re.search(r"@[A-Z_]+@", text), "every place is filled in")
    return text.replace("#ocsp: ", "") if ocsp else text


def replaced(text, places):
    """TEXT with places of this test in the place of those that the reader fills in."""
    for was, now in places.items():
        tap.has(text, was)
        text = text.replace(was, str(now))
    return text


# --- people -------------------------------------------------------------------------------------------------------------------

def people():
    numbers = {}
    for name, kind in (("good", "client"), ("revoked", "client"), ("unlisted", "client"), ("mail", "smime")):
        number, pin, _, data = me.collected(kind, 13)
        crt, key, _ = client.unpack(box.name, data, pin, name)
        who[name], numbers[name] = (crt, key), number
    day = datetime.timedelta(days=1)
    who["expired"] = authority.signed(demo, box.name, "expired", NOW - 9 * day, NOW - day, ["No %d" % numbers["good"]])[0][:2]
    # Somebody else's CA says the right number; and a name of one's own choice looks like one.
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("f.key"), "-out", at("f.crt"),
         "-days", "2", "-subj", "/C=JP/OU=No %d/CN=Hanako" % numbers["good"])
    who["foreign"] = at("f.crt"), at("f.key")
    who["posing"] = authority.signed(demo, box.name, "posing", NOW - day, NOW + day, ["No 999999"],
                                     "x,OU=No %d,y/OU=No %d/CN=z" % (numbers["good"], numbers["good"]))[0][:2]
    listed = ("good", "revoked", "mail")
    write("users.txt", "".join("%d %s\n" % (numbers[n], n + "-here") for n in listed))
    write("users.map", "".join("%d %s;\n" % (numbers[n], n + "-here") for n in listed))
    return numbers


# --- what stands behind: says who it was told comes in --------------------------------------------------------------------------

class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "user=%s" % self.headers.get("X-Remote-User")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


echo = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=echo.serve_forever, daemon=True).start()
APP = "127.0.0.1:%d" % echo.server_port


# --- the three servers ----------------------------------------------------------------------------------------------------------

class Server:
    def __init__(self, name, ocsp):
        self.name, self.ocsp, self.port = name, ocsp, free_port()
        self.at = lambda *names: at(name, *names)
        os.mkdir(self.at())
        os.chmod(self.at(), 0o755)
        self.log = open(self.at("log"), "wb")
        servers.append(self)
        self.start()

    def run(self, *words):
        self.process = subprocess.Popen(words, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def said(self):
        text = ""
        for name in ("log", "err"):
            if os.path.exists(self.at(name)):
                with open(self.at(name), encoding="utf-8", errors="replace") as log:
                    text += log.read()[-3000:]
        return text

    def there(self):
        def answers():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", self.port)) == 0 or self.process.poll() is not None
        tap.until(answers)
        tap.ok(self.process.poll() is None, "%s ended: %s" % (self.name, self.said()))

    def user(self, name):
        """Whom the application was told of; "" where it was told nothing."""
        crt, key = who[name]
        done = tool("curl", "-sS", "--cacert", demo["TLS_CA"], "--cert", crt, "--key", key, "https://localhost:%d/" % self.port, check=False)
        found = re.match(r"user=(.+)", done.stdout.decode())
        return found.group(1) if found else ""

    def reload(self):
        return ["kill", "-HUP", str(self.process.pid)]


class Nginx(Server):
    def start(self):
        write(self.name + "/kit.conf", replaced(file("nginx.conf", self.ocsp), {
            "/etc/inkan-relying": box.name, "listen      443 ssl": "listen 127.0.0.1:%d ssl" % self.port, "service.example.ac.jp": "localhost",
            "/etc/ssl/service.pem": TLS[0], "/etc/ssl/service.key": TLS[1], "127.0.0.1:8080": APP}))
        temporary = " ".join("%s_temp_path %s;" % (kind, self.at(kind)) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        write(self.name + "/nginx.conf", "%s daemon off; pid %s; error_log stderr info; worker_processes 1; events { } http { %s access_log off; include %s; }"
              % (TLS[2], self.at("pid"), temporary, self.at("kit.conf")))
        self.run("nginx", "-p", self.at(), "-e", self.at("err"), "-c", self.at("nginx.conf"))
        self.there()


class Apache(Server):
    MODULES = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "rewrite", "headers", "proxy", "proxy_http")

    def start(self):
        write(self.name + "/kit.conf", replaced(file("apache.conf", self.ocsp), {
            "/etc/inkan-relying": box.name, "*:443": "127.0.0.1:%d" % self.port, "service.example.ac.jp": "localhost",
            "/etc/ssl/service.pem": TLS[0], "/etc/ssl/service.key": TLS[1], "127.0.0.1:8080": APP}))
        lines = ["ServerRoot " + self.at(), "ServerName localhost", "PidFile " + self.at("pid"), "ErrorLog " + self.at("log"), "LogLevel info",
                 "Listen 127.0.0.1:%d" % self.port, "Mutex file:%s default" % self.at(), "StartServers 1"]
        lines += ["LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so" % (m, m) for m in self.MODULES]
        if os.getuid() == 0:
            lines += ["User nobody", "Group nogroup"]
        write(self.name + "/apache.conf", "\n".join(lines + ["Include " + self.at("kit.conf"), ""]))
        self.run("apache2", "-d", self.at(), "-f", self.at("apache.conf"), "-D", "FOREGROUND")
        self.there()

    def reload(self):
        return ["kill", "-USR1", str(self.process.pid)]


class Radius(Server):
    """Asked by eapol_test, as an access point would."""

    def start(self):
        for name in ("mods-enabled", "sites-enabled"):
            os.makedirs(self.at(name), exist_ok=True)
        write(self.name + "/mods-enabled/inkan-eap", replaced(file("freeradius-eap", self.ocsp), {
            "/etc/inkan-relying": box.name, "/etc/ssl/radius.key": TLS[1], "/etc/ssl/radius.pem": TLS[0]}))
        write(self.name + "/mods-enabled/inkan-users", replaced(file("freeradius-users"), {"/etc/inkan-relying": box.name}))
        write(self.name + "/sites-enabled/inkan-eap", file("freeradius-site"))
        write(self.name + "/dictionary", "")
        write(self.name + "/radiusd.conf", """
prefix = /usr
raddbdir = %(at)s
confdir = %(at)s
run_dir = %(at)s
logdir = %(at)s
libdir = /usr/lib/freeradius
pidfile = %(at)s/pid
max_requests = 1024
security {
 reject_delay = 0
}
client access-point {
 ipaddr = 127.0.0.1
 secret = testing123
}
modules {
 $INCLUDE mods-enabled/
}
server default {
 listen {
  type = auth
  ipaddr = 127.0.0.1
  port = %(port)d }
 authorize {
  eap {
   ok = return
  }
 }
 authenticate {
  eap
 }
}
$INCLUDE sites-enabled/
""" % {"at": self.at(), "port": self.port})
        self.run("freeradius", "-f", "-l", "stdout", "-x", "-d", self.at())
        tap.until(lambda: "Ready to process requests" in self.said() or self.process.poll() is not None)
        tap.ok(self.process.poll() is None, self.said())

    def reload(self):
        """What 'systemctl restart' does; the script runs a command."""
        return ["true"]

    def restart(self):
        self.end()
        self.log = open(self.at("log"), "wb")
        self.start()

    def user(self, name):
        crt, key = who[name]
        conf = write("%s/eapol-%s" % (self.name, name), 'network={\n key_mgmt=IEEE8021X\n eap=TLS\n identity="somebody"\n ca_cert="%s"\n client_cert="%s"\n'
                     ' private_key="%s"\n}\n' % (demo["TLS_CA"], crt, key))
        done = tool("eapol_test", "-c", conf, "-a", "127.0.0.1", "-p", self.port, "-s", "testing123", "-t", "8", "-r", "0", check=False)
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0 or not text.rstrip().endswith("SUCCESS"):
            return ""
        found = re.findall(r"Attribute 1 \(User-Name\) length=\d+\n\s+Value: '([^']*)'", text)
        return found[-1] if found else "(nobody)"


KINDS = (("nginx", "nginx", Nginx), ("apache", "apache2", Apache), ("radius", "freeradius", Radius))


def crl(*command):
    """inkan-crl as the portal gives it out."""
    return tool("sh", at("inkan-crl"), box.name, *command, check=False)


# --- the tests ------------------------------------------------------------------------------------------------------------------

def each(ocsp=None):
    found = [s for s in servers if ocsp is None or s.ocsp == ocsp]
    if not found and missing:
        raise tap.Skip("not installed: " + ", ".join(missing))
    tap.ok(found, "no server started")
    return found


def the_lists():
    """inkan-crl fetches lists that a CA of ours signed, changes nothing when nothing is new, and runs its command only then"""
    who["numbers"] = people()
    write("inkan-crl", file("inkan-crl"), 0o755)
    client.write(box.name, "chain.pem", demo.fetch("/ca/chain.pem").want(200).body)
    tap.equal(crl("touch", at("ran")).returncode, 0)
    tap.ok(os.path.exists(at("ran")))
    with open(at("crl.pem"), encoding="ascii") as text:
        tap.equal(text.read().count("BEGIN X509 CRL"), 3)
    tool("openssl", "verify", "-crl_check_all", "-CAfile", at("chain-crl.pem"), who["good"][0])
    tap.equal([n for n in os.listdir(box.name) if n.startswith(".crl.")], [], "no temporary folder is left")


def wrong_lists():
    """inkan-crl refuses a list that another CA signed, one that is older than what is there, and an address that is dead"""
    with open(at("crl.pem"), "rb") as text:
        before = text.read()
    folder = at("other")
    os.mkdir(folder)
    tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", os.path.join(folder, "k"), "-out",
         os.path.join(folder, "chain.pem"), "-days", "2", "-subj", "/CN=Other")
    done = tool("sh", at("inkan-crl"), folder, check=False)
    tap.equal(done.returncode, 1)
    tap.has(done.stderr.decode(), "not signed by a CA in")
    tap.ok(not os.path.exists(os.path.join(folder, "crl.pem")))
    number = re.search(r"crlNumber=(\S+)", tool("openssl", "crl", "-in", at("client.crl.pem"), "-noout", "-crlnumber").stdout.decode()).group(1)
    # A newer list is here than the one that comes: signed by the same key, with a higher number.
    newer_list(int(number, 16) + 1000)
    done = crl("touch", at("ran-again"))
    tap.equal(done.returncode, 1)
    tap.has(done.stderr.decode(), "older than the one")
    os.replace(at("kept"), at("client.crl.pem"))
    dead = replaced(file("inkan-crl"), {demo["PUBLISH_URL"]: "http://127.0.0.1:1"})
    done = tool("sh", write("dead", dead, 0o755), box.name, "touch", at("ran-again"), check=False)
    tap.equal(done.returncode, 1)
    tap.has(done.stderr.decode(), "cannot be fetched")
    tap.ok(not os.path.exists(at("ran-again")))
    with open(at("crl.pem"), "rb") as text:
        tap.equal(text.read(), before)


def newer_list(number):
    ca = x509.load_der_x509_certificate(demo.fetch("/ca/client.cer").body)
    made = (x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(NOW).next_update(NOW + datetime.timedelta(days=1))
            .add_extension(x509.CRLNumber(number), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()), False).sign(authority.key(demo), hashes.SHA256()))
    os.replace(at("client.crl.pem"), at("kept"))
    client.write(box.name, "client.crl.pem", made.public_bytes(serialization.Encoding.PEM))


def start():
    """the servers start with the files as the portal gives them out"""
    for name, program, kind in KINDS:
        if not shutil.which(program) or (kind is Radius and not shutil.which("eapol_test")):
            missing.append(program)
            continue
        kind(name + "-crl", False)
        kind(name + "-ocsp", True)
    if missing:
        tap.comment("not installed: " + ", ".join(missing))
    each()


def good():
    """a good certificate comes in under the name that the list gives its number, also the one that is revoked later"""
    for server in each():
        for name in ("good", "revoked"):
            tap.equal(server.user(name), name + "-here", "%s at %s\n%s" % (name, server.name, server.said()))


def bad():
    """refused: of another CA, expired, for mail, not in the list, with a name that looks like a number"""
    for server in each():
        for name in ("foreign", "expired", "mail", "unlisted", "posing"):
            tap.equal(server.user(name), "", "%s at %s\n%s" % (name, server.name, server.said()))
        tap.equal(server.user("good"), "good-here", server.name + " still lets the good one in")


def revoked_by_ocsp():
    """after a revocation OCSP refuses it within seconds, while the list on the server is still the old one"""
    number = who["numbers"]["revoked"]
    me.act(number, "revoke", reason="keyCompromise")
    me.wait(number, "revoked", seconds=10)
    for server in each(ocsp=True):
        tap.until(lambda: server.user("revoked") == "", 8)
        tap.equal(server.user("good"), "good-here", server.name)
    for server in each(ocsp=False):
        tap.equal(server.user("revoked"), "revoked-here", "the old list at " + server.name)


def revoked_by_list():
    """after the next run of inkan-crl, which makes the servers read it, the list refuses it too"""
    for server in each(ocsp=False):
        before = os.path.join(box.name, "chain-crl.pem")
        if os.path.exists(before):
            os.unlink(before)  # so that each server's command runs
        tap.equal(crl(*server.reload()).returncode, 0)
        if isinstance(server, Radius):
            server.restart()
        refuses = lambda: server.user("revoked") == ""  # noqa: E731
        refuses.__doc__ = server.name + " refuses the revoked one"
        tap.until(refuses, 10)
        tap.until(lambda: server.user("good") == "good-here", 10)
    tap.equal(crl("touch", at("nothing-new")).returncode, 0)
    tap.ok(not os.path.exists(at("nothing-new")), "nothing new, no command")


def units():
    """the systemd units are sound, and what the timer starts is the script with the folder and a command"""
    if not shutil.which("systemd-analyze"):
        raise tap.Skip("systemd-analyze is not installed here")
    for name in ("inkan-crl.service", "inkan-crl.timer"):
        text = file(name)
        if name.endswith("service"):
            text = replaced(text, {"/usr/local/sbin/inkan-crl": at("inkan-crl")})
        write(name, text)
    done = tool("systemd-analyze", "verify", at("inkan-crl.timer"), at("inkan-crl.service"), check=False)
    tap.equal((done.returncode, [l for l in done.stderr.decode().splitlines() if "inkan-crl" in l]), (0, []))
    tap.ok(re.search(r"ExecStart=\S+/inkan-crl /etc/inkan-relying systemctl reload nginx", text) or "OnCalendar" in text)
    tool("systemd-analyze", "calendar", "*:0/10")


try:
    tap.run(the_lists, wrong_lists, units, start, good, bad, revoked_by_ocsp, revoked_by_list)
finally:
    for running in servers:
        running.end()
    echo.shutdown()
