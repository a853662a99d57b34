"""Signatures a CPU second beside CFSSL: its own server, with a P-256 CA of its own, gets the same kind of request again and again."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tools import PORT, SECONDS, cpu_of, load_once

PROFILE = {"signing": {"default": {"expiry": "8760h", "usages": ["digital signature", "key encipherment", "client auth", "email protection"],
                                   "crl_url": "http://pki.kagami.example/crl/client-0.crl", "ocsp_url": "http://pki.kagami.example/ocsp",
                                   "issuer_urls": ["http://pki.kagami.example/ca/client.cer"]}}}


def is_listened_to(port):
    """Without a connection: an empty one makes `openssl ocsp` spin and answer nobody."""
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as file:
            if any(line.split()[1].endswith(":%04X" % port) and line.split()[3] == "0A" for line in file):
                return True
    return False


def listening(port, process):
    """Waits until PROCESS serves PORT."""
    for _ in range(200):
        if is_listened_to(port):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit("bench: %s does not serve port %d" % (process.args[0], port))


class Cfssl:
    """`cfssl serve` on 127.0.0.1."""

    def __enter__(self):
        if not shutil.which("cfssl"):
            sys.exit("bench: no cfssl: deploy/dependencies.sh bench")
        self.port, self.dir = PORT + 15, tempfile.mkdtemp(prefix="inkan-bench-")
        self.tool("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
        self.tool("req", "-x509", "-new", "-key", "ca.key", "-subj", "/C=JP/O=Inkan/CN=Bench CA", "-days", "3650", "-out", "ca.pem")
        self.tool("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "user.key")
        self.tool("req", "-new", "-key", "user.key", "-subj", "/C=JP/L=Academe/O=Kagami University/OU=Bench/CN=Hanako Kagami", "-out", "user.csr")
        with open(self.path("config.json"), "w", encoding="utf-8") as file:
            json.dump(PROFILE, file)
        with open(self.path("user.csr"), encoding="ascii") as file:
            self.write("sign", {"certificate_request": file.read()})
        self.write("info", {"label": ""})
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(["cfssl", "serve", "-address", "127.0.0.1", "-port", str(self.port), "-ca", "ca.pem", "-ca-key", "ca.key",
                                             "-config", "config.json", "-loglevel", "5"], cwd=self.dir, stdout=log, stderr=log)
        listening(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def tool(self, *words):
        subprocess.run(("openssl",) + words, cwd=self.dir, check=True, capture_output=True)

    def write(self, name, question):
        """The request to NAME of its API, more often than it can be answered."""
        body = json.dumps(question).encode()
        request = ("POST /api/v1/cfssl/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                   % (name, len(body))).encode() + body
        with open(self.path(name), "wb") as file:
            file.write((b"%d\n" % len(request) + request) * int(SECONDS * 15000))

    def seconds_each(self, name):
        """CPU seconds for one request to NAME."""
        before = cpu_of([self.process.pid])
        count, other, _, _, wrong = load_once(self.path(name), self.port, 2, "HTTP/1.1 200")
        if other or not count:
            sys.exit("bench: %d of %d requests to cfssl failed\n%s" % (other, count, wrong))
        return (cpu_of([self.process.pid]) - before) / count

    def signatures(self):
        """Signatures a CPU second, without what HTTP and JSON cost it: a request that signs nothing is taken off."""
        return 1 / (self.seconds_each("sign") - self.seconds_each("info"))
