"""OCSP answers a CPU second: the demo's against hello over FastCGI behind the same nginx, against `openssl ocsp`, which signs each
with a P-256 key and knows one certificate, and against CFSSL's responder, which keeps them ready."""
import base64
import contextlib
import os
import socket
import subprocess
import tempfile

from cfssl import listening
from tools import PORT, SECONDS, TURNS, Beside, cpu_of, head, load_once, row, settled, turns

POST = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/ocsp-request\r\nContent-Length: %d\r\n\r\n"


class Work:
    """A folder with what is asked, and with whom is asked."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        return subprocess.run(("openssl",) + words, cwd=self.folder, check=True, capture_output=True).stdout

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)

    def questions(self, name, path, issuer, certificate):
        """A file of requests for CERTIFICATE, more than can be answered."""
        self.openssl("ocsp", "-issuer", issuer, "-cert", certificate, "-no_nonce", "-reqout", name + ".req")
        with open(self.path(name + ".req"), "rb") as file:
            body = file.read()
        request = POST % (path, len(body)) + body
        self.write(name, (b"%d\n" % len(request) + request) * int(SECONDS * 40000))

    def start(self, port, *words):
        process = subprocess.Popen(words, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.running.append(process)
        listening(port, process)
        return process.pid

    def end(self):
        for process in self.running:
            process.terminate()
            process.wait(10)


def an_issue_of_ours(work, demo, client):
    """A certificate of the demo and its issuer."""
    me = client.Person(demo, "researcher")
    number = me.collected("client", 13)[0]
    work.write("issuer.der", demo.fetch("/ca/client.cer").body)
    work.openssl("x509", "-inform", "DER", "-in", "issuer.der", "-out", "issuer.pem")
    work.write("user.der", bytes.fromhex(demo.sql("select encode(der, 'hex') from certificate where request = %d" % number)))
    work.openssl("x509", "-inform", "DER", "-in", "user.der", "-out", "user.pem")
    work.openssl("ocsp", "-issuer", "issuer.pem", "-cert", "user.pem", "-no_nonce", "-noverify", "-url", demo["PUBLISH_URL"] + "/ocsp", "-respout", "answer")


def openssl_responder(work, port):
    """`openssl ocsp` with a P-256 CA that knows one certificate."""
    for name, more in (("theirs", ["-x509", "-subj", "/CN=Bench CA", "-days", "30"]), ("leaf", ["-subj", "/CN=Hanako Kagami"])):
        work.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
        work.openssl("req", "-new", "-key", name + ".key", "-out", name + ".pem", *more)
    work.openssl("x509", "-req", "-in", "leaf.pem", "-CA", "theirs.pem", "-CAkey", "theirs.key", "-set_serial", "4660", "-days", "30", "-out", "leaf.crt")
    work.write("index.txt", b"V\t401231235959Z\t\t1234\tunknown\t/CN=Hanako Kagami\n")
    work.questions("openssl", b"/", "theirs.pem", "leaf.crt")
    return work.start(port, "openssl", "ocsp", "-port", str(port), "-index", "index.txt", "-CA", "theirs.pem", "-rsigner", "theirs.pem", "-rkey",
                      "theirs.key", "-ndays", "1")


def cfssl_responder(work, port):
    with open(work.path("answer"), "rb") as file:
        work.write("responses", base64.b64encode(file.read()) + b"\n")
    work.questions("cfssl", b"/", "issuer.pem", "user.pem")
    return work.start(port, "cfssl", "ocspserve", "-port", str(port), "-responses", "responses", "-loglevel", "5")


@contextlib.contextmanager
def silent(port, count=100):
    """So many connections that say nothing, or half a request."""
    with contextlib.ExitStack() as stack:
        for n in range(count):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            if n % 2:
                one.sendall(POST[:60])
        yield


def ocsp_run(demo, client):
    with tempfile.TemporaryDirectory(prefix="inkan-bench-") as folder, Beside(publishing=True) as beside:
        work = Work(folder)
        try:
            an_issue_of_ours(work, demo, client)
            ours = [demo.pid("portal"), demo.pid("responder"), demo.pid("postgres"), beside.nginx]
            work.questions("ours", b"/ocsp", "issuer.pem", "user.pem")
            openssl, cfssl = openssl_responder(work, PORT + 14), cfssl_responder(work, PORT + 13)
            settled(ours)

            def rate(pids, file, port):
                def one():
                    before = cpu_of(pids)
                    count, other, _, _, wrong = load_once(work.path(file), port, 4, "200 OK")
                    if other or not count:
                        raise SystemExit("bench: %d of %d OCSP requests (%s) failed\n%s" % (other, count, file, wrong))
                    return count / (cpu_of(pids) - before)
                return one

            def hello():
                before = cpu_of([beside.hello, beside.nginx])
                count = beside.load("/hello")[3]
                return count / (cpu_of([beside.hello, beside.nginx]) - before)

            def beside_silent():
                with silent(beside.port):
                    return rate(ours, "ours", beside.port)()
            seen = turns(beside_silent, rate(ours, "ours", beside.port), hello, rate([openssl], "openssl", PORT + 14), rate([cfssl], "cfssl", PORT + 13), count=TURNS)
        finally:
            work.end()
    quiet, *seen = seen
    head("OCSP by POST, behind nginx; per CPU second of all server processes")
    row("ocsp, beside 100 silent clients", "%.0f/s" % quiet, "%.0f/s without them" % seen[0], quiet / seen[0], 0.9)
    row("ocsp", "%.0f/s" % seen[0], "%.0f/s hello" % seen[1], seen[0] / seen[1], 0.9)
    row("ocsp", "%.0f/s" % seen[0], "%.0f/s openssl ocsp, P-256" % seen[2], seen[0] / seen[2], 2)
    row("ocsp", "%.0f/s" % seen[0], "%.0f/s CFSSL's responder" % seen[3], seen[0] / seen[3], 2)
