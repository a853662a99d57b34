#!/usr/bin/python3
"""A certificate for the device: steps that fit, lines for a terminal that do what they say.
tap: seconds 240"""
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-device-")
me = Person(demo, "researcher")

GUIDES = {"client": ["ios", "android", "windows", "macos", "firefox", "linux", "curl"],
          "smime": ["ios", "android", "windows", "macos", "thunderbird", "linux", "curl"]}
PASSWORD = re.compile(rb"(?i)(?:password|pass phrase)[^\n]*: ?$")


def step2(pin, path):
    return me.submit(me.get(path).want(200).form(path, pin=None), pin=pin).want(200)


step3 = step2  # the same POST, once the file was fetched


def guides(page):
    return [d for d in page.tree.all("details") if (d["id"] or "").startswith("on-")]


def lines(page, system):
    guide = page.tree.first("details", id="on-" + system)
    return [pre.text() for pre in guide.all("pre")]


def typed(line, home, *answers):
    """LINE as a person types it in a terminal, in the folder HOME, with what is asked for; its output. HOME trusts the demo's CA."""
    env = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8", "CURL_CA_BUNDLE": demo["TLS_CA"], "TERM": "dumb"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe("bash", ["bash", "-c", line], env)
    said, waiting, end = b"", list(answers), time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                break
            if not data:
                break
            said += data
        elif waiting and (PASSWORD.search(said) or (line.startswith("read ") and not said)):
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            said += b"\n"
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    tap.equal(os.waitstatus_to_exitcode(status), 0, "%s\n%s" % (line, said.decode(errors="replace")))
    tap.equal(waiting, [], "%s asked for less" % line)
    return said.decode(errors="replace")


def home_with(name, data):
    home = tempfile.mkdtemp(prefix="home-", dir=folder.name)
    client.write(home, name, data)
    return home


def steps_that_fit():
    """step 3 shows the steps of the systems that the type is for, the chosen one first and open, each step with a drawing in words"""
    for kind, systems in GUIDES.items():
        number, pin, path = me.ready(kind, 13)
        chosen = systems[-3]
        me.pickup(path, pin, device=chosen).want(200)
        page = step3(pin, path)
        tap.equal([g["id"][3:] for g in guides(page)], [chosen] + [s for s in systems if s != chosen])
        tap.equal([g["id"][3:] for g in guides(page) if g["open"] is not None], [chosen])
        for guide in guides(page):
            steps = [li for ol in guide.all("ol") for li in ol.all("li")]
            tap.ok(steps or guide["id"] == "on-curl", guide["id"])
            for li in steps:
                drawing = li.first("svg")
                tap.equal(drawing["role"], "img")
                tap.ok(len(drawing["aria-label"]) > 20, drawing.raw())
        tap.has(page.html, "inkan-%d.p12" % number)


def devices_of_a_type():
    """step 2 offers the devices that a type is for: mail programs for S/MIME, browsers for client certificates"""
    for kind, has, lacks in (("client", "firefox", "thunderbird"), ("smime", "thunderbird", "firefox")):
        _, pin, path = me.ready(kind, 13)
        offered = step2(pin, path).form(path + "/download").choices["device"]
        tap.ok(has in offered and lacks not in offered, str(offered))


def terminal_client():
    """curl and OpenSSL: each line, typed as it is printed, does what it says; the certificate works"""
    number, pin, path = me.ready("client", 13)
    data = me.pickup(path, pin, device="curl").want(200).body
    page = step3(pin, path)
    home = home_with("inkan-%d.p12" % number, data)
    printed = lines(page, "curl")
    tap.equal(len(printed), 6, str(printed))
    cn = demo.sql("select common_name from request where number = %d" % number)
    whole, umask, certificate, key, chain, parts = printed
    tap.has(typed(whole, home, pin), cn)
    typed("%s; %s" % (umask, certificate), home, pin)
    typed("%s; %s" % (umask, key), home, pin, "a word of its own", "a word of its own")
    typed("%s; %s" % (umask, chain), home, pin)
    tap.has(open(os.path.join(home, "inkan-%d.key" % number), encoding="ascii").read(), "ENCRYPTED PRIVATE KEY")
    tap.equal(os.stat(os.path.join(home, "inkan-%d.key" % number)).st_mode & 0o077, 0)
    tap.has(typed(parts, home, "a word of its own"), cn)
    tool("openssl", "verify", "-CAfile", demo["CA_CHAIN"], os.path.join(home, "inkan-%d.crt" % number))


def terminal_mail():
    """OpenSSL with an S/MIME certificate: the printed lines sign a text and read an encrypted mail"""
    number, pin, path = me.ready("smime", 13)
    data = me.pickup(path, pin, device="curl").want(200).body
    page = step3(pin, path)
    home = home_with("inkan-%d.p12" % number, data)
    umask, certificate, key, chain, sign, read = lines(page, "curl")
    for line, answers in ((certificate, (pin,)), (key, (pin, "word word", "word word")), (chain, (pin,))):
        typed("%s; %s" % (umask, line), home, *answers)
    client.write(home, "mail.txt", "こんにちは\n".encode())
    typed(sign, home, "word word")
    out = tool("openssl", "cms", "-verify", "-in", "signed.eml", "-text", "-CAfile", demo["CA_CHAIN"], cwd=home).stdout
    tap.has(out.decode(), "こんにちは")
    tool("openssl", "cms", "-encrypt", "-aes256", "-in", "mail.txt", "-out", "encrypted.eml", "inkan-%d.crt" % number, cwd=home)
    tap.has(typed(read, home, "word word"), "こんにちは")


def terminal_nss():
    """NSS: the printed lines make a database and put key, certificate and chain into it, twice without harm"""
    number, pin, path = me.ready("client", 13, memo="研究室の Laptop")
    data = me.pickup(path, pin, device="linux").want(200).body
    page = step3(pin, path)
    home = home_with("inkan-%d.p12" % number, data)
    install, make_folder, make, take, show = lines(page, "linux")
    package = install.split()[-1]
    tap.equal(subprocess.run(["dpkg-query", "-W", package], stdout=subprocess.DEVNULL, check=False).returncode, 0, install)
    for _ in range(2):
        typed(make_folder, home)
        typed(make, home)
    typed(take, home, pin)
    listed = typed(show, home)
    tap.ok(re.search(r"Client #%d.*u,u,u" % number, listed), listed)


tap.run(steps_that_fit, devices_of_a_type, terminal_client, terminal_mail, terminal_nss)
