#!/usr/bin/python3
"""What breaks around the portal: mail server, database, signer, FastCGI peers. Each: a clear page, nothing lost, well again.
tap: alone
tap: last
tap: seconds 300"""
import glob
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import processes  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
me = Person(demo, "researcher")


def answers(b=None, path="/certificates", status=200):
    """the portal answers"""
    try:
        return (b or me).get(path, follow=False).status == status
    except OSError:
        return False


def well():
    """everything is well"""
    return answers(Browser(demo), "/healthz") and answers()


def no_mail_server():
    """with the mail server down a request gets its PIN all the same, the page says that the mail waits, and it is delivered later"""
    with processes.nobody_watches(demo):
        processes.kill(demo.pid("mail"))
        number = me.apply("client", 13)
        me.wait(number, "ready", seconds=10)
        tap.ok(me.pin(number), "a PIN")
        time.sleep(4)  # a few tries
        tap.equal(demo.number("select count(*) from outbox where request = %d and state = 'waiting' and sealed is not null" % number), 2)
        tap.has(me.detail(number).value("mail"), "waiting")
        ids = demo.sql("select string_agg(message_id, ' ' order by id) from outbox where request = %d" % number)
    client.wait_mail(demo, number, "ready", seconds=90)
    client.wait_mail(demo, number, "pin", seconds=90)
    for mail, stable in zip(sorted(client.mails(demo, number), key=lambda m: m["X-Inkan-Event"] != "ready"), ids.split()):
        tap.has(str(mail["Message-ID"]), stable)
    tap.until(lambda: demo.number("select count(*) from outbox where request = %d and state = 'sent' and sealed is null" % number) == 2, 20)


class Refuser(threading.Thread):
    """A mail server that takes nothing, in place of the demo's."""
    SOURCE = """
import asyncio, ssl, sys
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        return '550 5.1.1 no such person here'
async def main():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(sys.argv[2], sys.argv[3])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), tls_context=tls, require_starttls=True, loop=loop), '127.0.0.1', int(sys.argv[1]))
    print('up', flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

    def __enter__(self):
        base = os.path.dirname(demo.file)
        port = int(demo["PORTAL_URL"].rsplit(":", 1)[1]) + 5
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", self.SOURCE, str(port), os.path.join(base, "tls", "server.pem"),
                                         os.path.join(base, "tls", "server.key")], stdout=subprocess.PIPE, text=True)
        tap.equal(self.process.stdout.readline().strip(), "up")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def refused_for_good():
    """a mail that the server refuses for good has failed, with its reason on the request's page, and is not tried for ever"""
    with processes.nobody_watches(demo):
        processes.kill(demo.pid("mail"))
        time.sleep(0.3)
        with Refuser():
            number = me.apply("client", 13)
            tap.until(lambda: demo.number("select count(*) from outbox where request = %d and state = 'failed'" % number) == 2, 30)
            tap.equal(demo.number("select max(tries) from outbox where request = %d" % number), 1)
            text = me.detail(number).value("mail")
            tap.has(text, "no such person here")
            tap.equal(demo.number("select count(*) from outbox where request = %d and sealed is not null" % number), 0, "no secret is kept")
    tap.until(well, 15)
    # The way on: the link is sent again.
    me.submit(me.detail(number).form("/certificates/%d/resend" % number)).want(303)
    client.wait_mail(demo, number, "ready", seconds=30)


def database_away():
    """without PostgreSQL pages are 503 and say so; when it is back the same login goes on"""
    number, pin, path = me.ready()
    with processes.nobody_watches(demo):
        processes.end(demo, "postgres")
        for where in ("/certificates", "/certificates/%d" % number, path):
            answer = me.get(where, follow=False)
            tap.equal(answer.status, 503, where)
            tap.ok(answer.is_html() and len(answer.text()) > 60, "a page")
            tap.ok(answer.header("Retry-After"), "when to come back")
        tap.equal(Browser(demo).get("/healthz").status, 503)
        front = Browser(demo).get("/")
        tap.ok(front.status in (200, 503) and front.is_html(), repr(front))
    began = time.monotonic()
    tap.until(well, 10)
    tap.comment("well after %.1f s" % (time.monotonic() - began))
    tap.equal(me.state(number), "ready")
    tap.ok(len(me.collect(number, pin, path)) > 1000)
    tap.equal(me.state(me.apply("client", 13)) in ("applied", "ready"), True)


def signer_away():
    """without the signer a download is 503 and costs nothing: the same PIN gets the file when it is back"""
    number, pin, path = me.ready()
    second = me.submit(me.get(path).form(path, pin=None), pin=pin).want(200).form(path + "/download")
    with processes.nobody_watches(demo):
        processes.end(demo, "signer")
        for _ in range(3):
            answer = me.submit(second, pin=pin)
            tap.equal(answer.status, 503)
            tap.ok(answer.is_html() and len(answer.text()) > 60, "a page")
        tap.equal(me.state(number), "ready")
        tap.equal(me.get("/certificates").status, 200, "pages go on")
    old = processes.master(demo, "signer")
    tap.until(lambda: processes.alive(processes.master(demo, "signer")), 5)

    def there():
        """the download works again"""
        answer = me.submit(second, pin=pin)
        return answer if answer.status == 200 else None
    data = tap.until(there, 10).body
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    tap.equal(demo.sql("select tries from pickup where request = %d" % number), "0", "no try was counted")
    tap.equal(me.submit(second, pin=pin).body, data)
    tap.ok(old)


def revoked_without_signer():
    """a revocation while the signer is away is kept, and published when it is back"""
    number, _, _, _ = me.collected("client", 13)
    with processes.nobody_watches(demo):
        processes.end(demo, "signer")
        me.act(number, "revoke", reason="keyCompromise")
        tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is not null" % number), 1)
    me.wait(number, "revoked", seconds=20)
    tap.until(lambda: demo.number("select count(*) from certificate where request = %d and published is not null" % number) == 1, 20)
    serial = demo.sql("select serial from certificate where request = %d" % number)
    der = demo.fetch("/crl/client-0.crl").want(200).body
    text = client.tool("openssl", "crl", "-inform", "DER", "-noout", "-text", data=der).stdout.decode()
    tap.ok(int(serial, 16) in [int(s, 16) for s in re.findall(r"Serial Number: ([0-9A-F]+)", text)])


def worker_away():
    """without the worker an application waits, with a page that says so, and goes on by itself when it is back"""
    with processes.nobody_watches(demo):
        processes.end(demo, "worker")
        number = me.apply("client", 13)
        tap.equal(me.state(number), "applied")
        tap.equal(me.get("/certificates/%d/accepted" % number).status, 200)
    me.wait(number, "ready", seconds=15)
    client.wait_mail(demo, number, "ready")


def fcgi_socket():
    """The unix socket of the pages, by nginx's configuration."""
    base = os.path.dirname(demo.file)
    for file in glob.glob(os.path.join(base, "etc", "*")):
        try:
            with open(file, encoding="utf-8") as text:
                found = re.search(r"^\s*socket\s*=\s*(\S*portal\S*)", text.read(), re.M)
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return found.group(1)
    raise tap.Failed("no socket of the portal in the settings")


def record(kind, content, request=1, length=None):
    return struct.pack(">BBHHBx", 1, kind, request, len(content) if length is None else length, 0) + content


def pair(name, value):
    return struct.pack(">BB", len(name), len(value)) + name.encode() + value.encode()


def truncated_fastcgi():
    """broken FastCGI records cost nobody a page: the portal's processes go on"""
    begin = record(1, struct.pack(">HB5x", 1, 0))
    params = pair("REQUEST_METHOD", "POST") + pair("SCRIPT_NAME", "/certificates") + pair("CONTENT_LENGTH", "50")
    broken = [b"", b"\x01", begin[:5], begin, begin + record(4, params)[:20], begin + record(4, params, length=60000),
              begin + record(4, params) + record(4, b""), begin + record(4, params) + record(4, b"") + record(5, b"csrf=x"),
              begin + record(4, params) + record(4, b"") + record(5, b"csrf=x", length=50), b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 4096,
              record(9, b"x" * 100), begin + record(2, b""), begin + record(4, b"\xff\xff\xff\xff\xff\xff\xff\xff" + b"x" * 50) + record(4, b"")]
    path = fcgi_socket()
    for _ in range(3):
        for data in broken:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(3)
                s.connect(path)
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                try:
                    while s.recv(65536):
                        pass
                except OSError:
                    pass
        tap.ok(answers(), "a page in between")
    for _ in range(40):
        tap.ok(answers(), "every process answers")


def back_in_five_seconds():
    """whichever of the processes is killed runs again within 5 s"""
    for name in processes.MASTERS:
        old = processes.master(demo, name)
        processes.kill(old)
        began = time.monotonic()
        processes.back(demo, name, old)
        tap.until(well, max(1, 5 - (time.monotonic() - began)))
        tap.comment("%s: %.2f s" % (name, time.monotonic() - began))
        for where in ("/crl/client.crl", "/ca/root.cer"):
            tap.equal(demo.fetch(where).status, 200)
    for _ in range(3):
        tap.ok(me.collected("client", 13))


def reload():
    """a reload of portal, worker and signer loses no page and no application"""
    bad, done = [], threading.Event()

    def look():
        b = Browser(demo)
        b.cookies = me.cookies
        while not done.is_set():
            try:
                status = b.get("/certificates", follow=False).status
            except OSError as why:
                status = str(why)
            if status != 200:
                bad.append(status)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        before = processes.children(demo.pid("portal"))
        for name in ("portal", "worker", "signer"):
            os.kill(demo.pid(name), signal.SIGHUP)
            number = me.apply("client", 13)
            me.wait(number, "ready", seconds=10)
            time.sleep(0.5)
    finally:
        done.set()
        thread.join()
    tap.equal(bad, [])
    tap.until(lambda: not set(before) & set(processes.children(demo.pid("portal"))), 15)


def silent_clients():
    """people who connect and say nothing keep nobody else waiting"""
    port = int(demo["PORTAL_URL"].rsplit(":", 1)[1])
    silent = [socket.create_connection(("127.0.0.1", port + n % 3)) for n in range(60)]
    try:
        began = time.monotonic()
        for _ in range(10):
            tap.ok(answers())
            tap.equal(demo.fetch("/crl/client.crl").status, 200)
        tap.ok(time.monotonic() - began < 10)
    finally:
        for s in silent:
            s.close()


tap.run(no_mail_server, refused_for_good, database_away, signer_away, revoked_without_signer, worker_away, truncated_fastcgi,
        silent_clients, reload, back_in_five_seconds)
