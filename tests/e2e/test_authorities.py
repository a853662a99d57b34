#!/usr/bin/python3
"""The page of CA certificates: every file in every form read by other people's programs, and the lines to type, typed.
tap: seconds 120"""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, certificate_says, tool  # noqa: E402

demo = client.Demo()
box = tempfile.TemporaryDirectory(prefix="inkan-ca-")
ISSUERS = ("root", "client", "smime")
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
AGENTS = {"Windows": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
          "Android": "Mozilla/5.0 (Linux; Android 15; Pixel 9)", "Mac": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Linux": LINUX}


def at(name):
    return os.path.join(box.name, name)


def page(base="PORTAL_URL", agent=LINUX, language="en"):
    return Browser(demo, language).get(demo[base] + "/ca", headers={"User-Agent": agent}).want(200)


def fetched(name, kind, base="PUBLISH_URL"):
    answer = Browser(demo).get("%s/ca/%s" % (demo[base], name)).want(200)
    tap.equal(answer.header("Content-Type"), kind, name)
    return client.write(box.name, name, answer.body)


def fingerprint(file, form="PEM"):
    return certificate_says(file, "-inform", form, "-fingerprint", "-sha256").split("=")[1]


def same_in_every_form():
    """each authority in DER and PEM, over https and plain http, is the same certificate, with the fingerprint on the page"""
    seen = page().text()
    for name in ISSUERS:
        prints = set()
        for base in ("PORTAL_URL", "PUBLISH_URL"):
            prints.add(fingerprint(fetched(name + ".cer", "application/pkix-cert", base), "DER"))
            prints.add(fingerprint(fetched(name + ".pem", "application/x-pem-file", base)))
        tap.equal(len(prints), 1, name)
        tap.has(seen, prints.pop())


def chain_files():
    """the whole chain as PEM and as PKCS#7: openssl, GnuTLS and Java find every authority in it"""
    pem, p7b, p7c = (fetched(n, t) for n, t in (("chain.pem", "application/x-pem-file"), ("chain.p7b", "application/pkcs7-mime"),
                                                ("chain.p7c", "application/pkcs7-mime")))
    subjects = [certificate_says(fetched(n + ".pem", "application/x-pem-file"), "-subject").split("=", 1)[1].strip() for n in ISSUERS]
    listed = tool("openssl", "pkcs7", "-inform", "DER", "-in", p7b, "-print_certs").stdout.decode()
    for subject in subjects:
        tap.has(listed, subject)
    tap.equal(listed.count("BEGIN CERTIFICATE"), open(pem, encoding="ascii").read().count("BEGIN CERTIFICATE"))
    tap.equal(open(p7b, "rb").read(), open(p7c, "rb").read())
    names = [s.rsplit("CN = ", 1)[1] for s in subjects]
    gnutls = tool("certtool", "--p7-info", "--inder", "--infile", p7b).stdout.decode()
    tap.equal(gnutls.count("BEGIN CERTIFICATE"), len(ISSUERS))
    if shutil.which("keytool"):
        java = tool("keytool", "-printcert", "-file", p7b).stdout.decode()
        for name in names:
            tap.has(java, name)
    for name in ("nobody.p7b", "root.p7b", "chain.cer", "root.txt"):
        Browser(demo).get(demo["PUBLISH_URL"] + "/ca/" + name).want(404)


def this_system_first():
    """the page begins with the fingerprint, then with this browser's system; all links on it work, on both origins"""
    for name, agent in AGENTS.items():
        headings = [n.text() for n in page(agent=agent).tree.first("main").all("h2")]
        tap.has(headings[0], "fingerprint")
        tap.has(headings[1], name)
    for base in ("PORTAL_URL", "PUBLISH_URL"):
        shown = page(base)
        links = {a["href"] for a in shown.tree.first("main").all("a") if re.match(r"/(ca|crl)/|http://", a["href"])}
        tap.ok(len(links) >= 11, links)
        for link in links:
            Browser(demo).get(link if link.startswith("http") else demo[base] + link).want(200)
        for word in ("title", "desc"):
            tap.ok(shown.tree.first("svg", role="img").first(word).text(), "the picture has words")
        tap.has(shown.tree.first("svg", role="img").text(), "has issued")


def lines_after(shown, before):
    """The lines of the first terminal after the words BEFORE."""
    part = "<code>" + shown.html.split(before)[-1].split('<pre class="terminal"', 1)[1].split("<code>", 1)[1].split("</code>")[0] + "</code>"
    node = client.Tree(part).root.first("code")
    return [line for line in "".join(c for c in node.children if isinstance(c, str)).split("\n") if line]


def typed(lines, setup=""):
    """LINES in a shell of their own, in a folder of their own, where /etc and /usr/local are private copies that nobody else sees."""
    folder = tempfile.mkdtemp(dir=box.name)
    client.write(folder, "sudo", b'#!/bin/sh\nexec "$@"\n')
    os.chmod(os.path.join(folder, "sudo"), 0o755)
    script = "\n".join([
        "set -e", "mkdir etc local", "cp -a /etc/ssl /etc/ca-certificates /etc/ca-certificates.conf etc/", "cp -a /usr/local/share local/share",
        "mkdir -p local/share/ca-certificates", "mount --bind etc/ssl /etc/ssl", "mount --bind etc/ca-certificates /etc/ca-certificates",
        "mount --bind local/share /usr/local/share", setup, "set -x"] + lines)
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
    if os.getuid() != 0:
        words = ["sudo", "-n", "env", "PATH=%s:%s" % (folder, os.environ["PATH"]), "HOME=" + folder] + words
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=100,
                          env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"], HOME=folder))
    if "unshare" in done.stderr and "ermitted" in done.stderr:
        raise tap.Skip("no private mount namespace here: " + done.stderr.strip()[:200])
    tap.equal(done.returncode, 0, done.stdout + done.stderr)
    return folder, done.stdout


def linux_lines():
    """Linux: the printed lines make the root trusted, and its fingerprint is printed"""
    lines = lines_after(page(), "Install them on Linux")
    tap.equal(len(lines), 4, lines)
    crt = shlex.quote(fetched("client.pem", "application/x-pem-file"))
    _, out = typed(lines + ["openssl verify -CApath /etc/ssl/certs " + crt])
    tap.has(out, fingerprint(fetched("root.pem", "application/x-pem-file")))
    tap.has(out, "client.pem: OK")


def chromium_lines():
    """Chromium: the printed lines put the root into its store, trusted for servers"""
    lines = lines_after(page(), "Install them for Chromium")
    setup = "mkdir -p $HOME/.pki/nssdb; certutil -N -d sql:$HOME/.pki/nssdb --empty-password"
    _, out = typed(lines + ["certutil -L -d sql:$HOME/.pki/nssdb"], setup)
    tap.ok(re.search(r"inkan-root\s+C,C,", out), out)


def java_lines():
    """Java: the printed lines make a trust store with the root in it"""
    if not shutil.which("keytool"):
        raise tap.Skip("keytool is not installed here")
    lines = lines_after(page(), "Use them in Java")
    _, out = typed(lines + ["keytool -list -keystore inkan.p12 -storepass changeit"])
    tap.has(out, "inkan-root")
    tap.has(out, "trustedCertEntry")


tap.run(same_in_every_form, chain_files, this_system_first, linux_lines, chromium_lines, java_lines)
