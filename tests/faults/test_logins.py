#!/usr/bin/python3
"""Logins by the thousand: no process of the portal dies, grows, leaks a descriptor or leaves a zombie; and what was answered once
stays answered over restarts. FAULTS=long: LOGINS is 10,000, and hostile messages in the thousands.
tap: alone
tap: last
tap: seconds 900"""
import collections
import http.client
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "bench"), os.path.join(HERE, "..", "hostile")]
import client  # noqa: E402
import idp as testing_idp  # noqa: E402
import parts  # noqa: E402
import processes  # noqa: E402
import saml  # noqa: E402
import stage  # noqa: E402
import tap  # noqa: E402
from client import Browser, q  # noqa: E402
from stage import Log, Login, number_of  # noqa: E402

LONG = os.environ.get("FAULTS") == "long"
LOGINS = int(os.environ.get("LOGINS") or (10000 if LONG else 400))
WARM = max(200, LOGINS // 10)  # before the first look: each process has then met every kind of message
AT_ONCE = 4
GROWTH = 1536 * 1024           # bytes that a process may have more after all of them than after the warm-up
SHAPES = ("plain", "both", "encrypted")

demo = client.Demo()


# --- many logins ---------------------------------------------------------------------------------------------------------------

class Crowd(saml.Provider):
    """Logs in over TLS and nginx, several at once, each on a connection of its own."""

    def __init__(self):
        self.name, self.port = "the portal", urllib.parse.urlsplit(demo["PORTAL_URL"]).port
        self.idp = testing_idp.Idp(demo, "crowd.example", "Crowd University")
        self.idp.register("Crowd University", "crowd.example")
        self.start = "/login?idp=" + urllib.parse.quote(self.idp.entity, safe="")
        self.messages = saml.Messages(self.idp)
        self.certificate = self.encryption_certificate()
        self.done, self.lock, self.wrong = 0, threading.Lock(), []

    def encryption_certificate(self):
        from cryptography import x509  # pylint: disable=import-outside-toplevel
        text = Browser(demo).get("/saml/metadata").html
        body = re.search(r'use="encryption".*?<ds:X509Certificate>\s*(.*?)\s*</ds:X509Certificate>', text, re.S).group(1)
        return x509.load_pem_x509_certificate(("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % body.strip()).encode())

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=60)
        connection.sock = ssl.create_default_context(cafile=demo["TLS_CA"]).wrap_socket(sock, server_hostname="localhost")
        connection.auto_open = 0
        return connection

    def one(self, connection, shape):
        head, _, body = self.post(self.messages, shape, self.begin(connection)).partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        connection.request("POST", "/saml/acs", body, {k: v for k, v in lines.items() if k != "Content-Length"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 303 or not (answer.headers.get("Location") or "").endswith("/certificates"):
            self.wrong.append("%s: %d %s" % (shape, answer.status, re.sub(rb"<[^>]*>", b" ", text)[:300]))

    def worker(self, until):
        connection, served = self.connect(), 0
        while True:
            with self.lock:
                if self.done >= until or len(self.wrong) > 5:
                    break
                self.done += 1
                shape = SHAPES[self.done % len(SHAPES)]
            if served == 900:  # nginx ends a connection after a thousand requests
                connection.close()
                connection, served = self.connect(), 0
            served += 2
            self.one(connection, shape)
        connection.close()

    def log_in(self, until):
        client.at_once(*[lambda: self.worker(until)] * AT_ONCE)
        tap.ok(not self.wrong, "\n".join(self.wrong[:5]))


# --- looking at processes ------------------------------------------------------------------------------------------------------

def family(pid):
    found = [pid]
    for one in found:
        found += processes.children(one)
    return found


def state(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def memory(pid):
    """Bytes that are this process's own."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return sum(int(size) * 1024 for name, size in re.findall(r"(\w+):\s+(\d+) kB", file.read()) if name in ("Private_Dirty", "Private_Clean"))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


Look = collections.namedtuple("Look", "pids memory descriptors")


def look():
    """The portal's processes when nothing is going on: the children that open a message are gone by then."""
    time.sleep(0.3)
    pids = family(demo.pid("portal"))
    return Look(tuple(sorted(pids)), {p: memory(p) for p in pids}, {p: descriptors(p) for p in pids})


def command(pid):
    with open("/proc/%d/cmdline" % pid, "rb") as file:
        return file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()


# --- tests ---------------------------------------------------------------------------------------------------------------------

def thousands():
    """after a warm-up no process of the portal dies, grows, keeps a descriptor or leaves a zombie, however many log in"""
    crowd = Crowd()
    crowd.log_in(WARM)
    before, began, log = look(), time.monotonic(), Log()
    crowd.log_in(LOGINS)
    took, after = time.monotonic() - began, look()
    tap.equal(after.pids, before.pids, "the portal's processes")
    tap.equal([p for p in after.pids if state(p) == "Z"], [], "zombies")
    grown = {p: after.memory[p] - before.memory[p] for p in after.pids}
    tap.comment("%d logins after %d to warm up, %.0f a second" % (LOGINS - WARM, WARM, (LOGINS - WARM) / took))
    tap.comment("own memory of %d processes: %.1f MB before, %.1f MB after; the one that grew most by %d kB" % (
        len(after.pids), sum(before.memory.values()) / 1e6, sum(after.memory.values()) / 1e6, max(grown.values()) // 1024))
    for pid in sorted(grown, key=grown.get, reverse=True)[:3]:
        tap.comment("  %d %s: %+d kB, %d descriptors" % (pid, command(pid), grown[pid] // 1024, after.descriptors[pid]))
    tap.ok(max(grown.values()) < GROWTH, "a process has grown by %d kB" % (max(grown.values()) // 1024))
    tap.equal(after.descriptors, before.descriptors, "open descriptors")
    tap.equal(demo.number("select count(*) from session where idp = %s" % q(crowd.idp.entity)), LOGINS, "sessions")
    tap.equal(demo.number("select count(*) from assertion_seen where idp = %s" % q(crowd.idp.entity)), LOGINS, "assertions seen")
    tap.equal(sorted(set(log.checks().values())), [], "refusals")


def hostile_by_the_hundred():
    """hostile messages, over and over, leave the processes as they were"""
    import make  # pylint: disable=import-outside-toplevel
    login = Login(parts.IDP)
    stage.scene(request_id=login.request_id)
    parts.set_scene(slack=3600)  # what is of the future must be so until the last round
    cases = [c for c in make.make_all() if c[1] == "refused" and c[2] != "bytes" and not c[0].endswith(".b64")]

    def all_of_them(times):
        todo = cases * times

        def work():
            while todo:
                try:
                    data = todo.pop()[5]
                except IndexError:
                    return
                tap.equal(login.answer(data if isinstance(data, bytes) else data.encode()).status, 403)
        client.at_once(*[work] * AT_ONCE)
    all_of_them(1)
    before = look()
    all_of_them(5 if LONG else 1)
    after = look()
    tap.equal(after.pids, before.pids, "the portal's processes")
    tap.equal(after.descriptors, before.descriptors, "open descriptors")
    grown = max(after.memory[p] - before.memory[p] for p in after.pids)
    tap.comment("the one that grew most by %d kB" % (grown // 1024))
    tap.ok(grown < GROWTH, "a process has grown by %d kB" % (grown // 1024))


def restart_portal():
    old = demo.pid("portal")
    processes.kill(old, 15)
    processes.back(demo, "portal", old, 30)

    def there():
        """the portal answers again"""
        try:
            return Browser(demo).get("/healthz").status == 200
        except OSError:
            return False
    tap.until(there, 20)


def restarts():
    """after a restart what was answered is answered, an assertion that was seen is seen, a pending login goes on, sessions live"""
    login, other = Login(parts.IDP), Login(parts.IDP)
    message = login.good(name="_before")
    person = Browser(demo)
    person.cookies["localhost"] = dict(login.cookies)
    login.answer(message, sender=person).want(303)
    restart_portal()
    log = Log()
    for check, answer in (("login-used", login.answer(message)), ("replay", other.answer(other.good(name="_before")))):
        tap.equal((answer.status, log.checks().get(number_of(answer))), (403, check))
    tap.equal(other.answer(other.good(name="_afterwards")).status, 303)
    tap.equal(person.get("/certificates", follow=False).status, 200)


if __name__ == "__main__":
    stage.prepare("Stubborn College")
    tap.run(thousands, *([hostile_by_the_hundred] if LONG else []), restarts)
