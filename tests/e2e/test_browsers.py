#!/usr/bin/python3
"""Debian's own Chromium and Firefox present the certificate: imported into their own stores from the file of the pickup, chosen
and sent by themselves to nginx at the port that asks for one.
tap: seconds 240"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-browsers-")
CHECK = demo["CLIENT_URL"] + "/check"
have = {}


def file(encoding):
    """A collected file with its password beside it, and whose it is."""
    if encoding not in have:
        number, pin, _, data = Person(demo, "researcher").collected("client", 13, encoding=encoding)
        have[encoding] = (client.write(box.name, encoding + ".p12", data), client.write(box.name, encoding + ".word", pin.encode()),
                          demo.sql("select common_name from request where number = %d" % number))
    return have[encoding]


def store(folder, encoding):
    """An NSS database as the browsers keep one; ENCODING None: without a certificate of one's own. The server's CA is trusted."""
    os.makedirs(folder)
    tool("certutil", "-N", "-d", "sql:" + folder, "--empty-password")
    tool("certutil", "-A", "-d", "sql:" + folder, "-t", "C,,", "-n", "demo", "-a", "-i", demo["TLS_CA"])
    if encoding:
        p12, word, _ = file(encoding)
        tool("pk12util", "-i", p12, "-d", "sql:" + folder, "-w", word)


def verdict(source):
    tree = client.Tree(source).root
    node, whose = tree.first("div", data_verdict=True), tree.first(id="whose")
    tap.ok(node is not None, "not the check page: " + source[:600])
    return node["data-verdict"], whose.text() if whose else None


# --- Chromium -------------------------------------------------------------------------------------------------------------------

def chromium(name, encoding):
    """What Chromium shows. Only a policy makes it choose without asking, and only /etc has those: so it sees an /etc/chromium of its
    own."""
    home = os.path.join(box.name, name)
    store(os.path.join(home, ".pki", "nssdb"), encoding)
    policies = os.path.join(home, "chromium", "policies", "managed")
    os.makedirs(policies)
    choose = json.dumps({"pattern": demo["CLIENT_URL"], "filter": {}})
    client.write(policies, "inkan.json", json.dumps({"AutoSelectCertificateForUrls": [choose]}).encode())
    root = os.getuid() == 0
    words = ["unshare", "--mount", "--propagation", "private"] + ([] if root else ["--map-root-user"])
    words += ["sh", "-c", 'mount --bind "$0" /etc/chromium && exec "$@"', os.path.join(home, "chromium"),
              "timeout", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
              "--user-data-dir=" + os.path.join(home, "profile"), "--timeout=30000", "--dump-dom", CHECK]
    done = tool(*words, check=False, env={"HOME": home, "LANG": "en_US.UTF-8"})
    said = done.stderr.decode("utf-8", "replace")
    if "unshare" in said or "mount:" in said:
        raise tap.Skip("no private mount namespace here, so Chromium can be given no policy: " + said.strip()[:200])
    return verdict(done.stdout.decode("utf-8", "replace"))


def with_chromium():
    """Chromium sends the certificate from its store: the page says yes and whose; without one it says that none came"""
    if not shutil.which("chromium"):
        raise tap.Skip("chromium is not installed here")
    if not os.path.isdir("/etc/chromium"):
        raise tap.Skip("there is no /etc/chromium to cover")
    tap.equal(chromium("with", "older"), ("works", file("older")[2]))
    tap.equal(chromium("without", None), ("none", None))


# --- Firefox --------------------------------------------------------------------------------------------------------------------

class Marionette:
    """Firefox's own remote control: LENGTH:JSON over TCP, [0, id, command, parameters] there, [1, id, error, result] back."""

    def __init__(self, port, process):
        def connected():
            tap.ok(process.poll() is None, "Firefox ended")
            try:
                return socket.create_connection(("127.0.0.1", port), 60)
            except ConnectionRefusedError:
                return None
        self.socket = tap.until(connected, 60)
        self.stream = self.socket.makefile("rb")
        self.last = 0
        self.read()  # it greets

    def read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.stream.read(1)
        return json.loads(self.stream.read(int(length[:-1])))

    def do(self, command, **parameters):
        self.last += 1
        message = json.dumps([0, self.last, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self.read()
        tap.ok(error is None, "%s: %s" % (command, error))
        return result


def firefox(name, encoding):
    profile = os.path.join(box.name, name)
    store(profile, encoding)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    wishes = {"security.default_personal_cert": "Select Automatically", "marionette.port": port, "intl.accept_languages": "en",
              "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False, "app.update.auto": False,
              "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
              "browser.safebrowsing.update.enabled": False, "extensions.update.enabled": False}
    client.write(profile, "user.js", "".join("user_pref(%s, %s);\n" % (json.dumps(k), json.dumps(v)) for k, v in wishes.items()).encode())
    with open(os.path.join(profile, "log"), "wb") as log:
        process = subprocess.Popen(["firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", profile], stdout=log, stderr=log,
                                   env=dict(os.environ, HOME=profile, MOZ_CRASHREPORTER_DISABLE="1"), start_new_session=True)
    try:
        remote = Marionette(port, process)
        remote.do("WebDriver:NewSession")
        remote.do("WebDriver:Navigate", url=CHECK)
        return verdict(remote.do("WebDriver:GetPageSource")["value"])
    finally:
        os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def with_firefox():
    """Firefox sends the certificate from its store: the page says yes and whose"""
    if not shutil.which("firefox-esr"):
        raise tap.Skip("firefox-esr is not installed here")
    tap.equal(firefox("fox-with", "modern"), ("works", file("modern")[2]))


tap.run(with_chromium, with_firefox)
