#!/usr/bin/python3
"""nginx as installed: one address is slowed down where that protects something, and never at what relying parties ask for."""
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

folder = tempfile.mkdtemp(prefix="inkan-limits-")
os.chmod(folder, 0o755)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def installed():
    """The files of deploy/nginx, as `make install` would put them."""
    shutil.copytree(os.path.join(tap.ROOT, "deploy/nginx"), folder + "/nginx")
    for name in os.listdir(folder + "/nginx"):
        if name.endswith(".conf"):
            with open(folder + "/nginx/" + name, encoding="utf-8") as file:
                text = file.read().replace("/usr/share/inkan/nginx", folder + "/nginx")
            with open(folder + "/nginx/" + name, "w", encoding="utf-8") as file:
                file.write(text)


def configured():
    """The portal's server of the site file, but with our port, without TLS; where nobody is behind, what passes is a 503. The
    address is what a header says, so that one machine can be many."""
    with open(folder + "/nginx/inkan.conf", encoding="utf-8") as file:
        server = re.search(r"(?ms)^server \{\n    listen      443.*?^\}", file.read()).group(0)
    server = re.sub(r"(?m)^    (listen|ssl_|access_log|include \S*tls).*\n", "", server)
    server = server.replace("server {", "server { listen 127.0.0.1:%d; set_real_ip_from 127.0.0.1; real_ip_header X-From;" % PORT)
    text = ("%sdaemon off; pid %s/pid; error_log stderr error; events { }\nhttp { default_type text/html; types { text/css css; }\n"
            "include %s/nginx/http.conf; include %s/nginx/headers.conf; access_log off;\n"
            % ("" if os.getuid() else "user root; ", folder, folder, folder))
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text += "%s_temp_path %s/%s;\n" % (kind, folder, kind)
    text += "upstream inkan_portal { server unix:%s/no.sock; }\nupstream inkan_publish { server unix:%s/no.sock; }\n%s }\n" % (folder, folder, server)
    with open(folder + "/nginx.conf", "w", encoding="utf-8") as file:
        file.write(text)


def asked(method, path, times, address="192.0.2.1"):
    """How often each status was answered, and the last answer."""
    seen, last = {}, None
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    for n in range(times):
        connection.request(method, path, headers={"X-From": address(n) if callable(address) else address})
        last = connection.getresponse()
        last.page = last.read().decode("utf-8")
        seen[last.status] = seen.get(last.status, 0) + 1
    return seen, last


def guesses_are_slowed_down():
    """logins, answers of IdPs and pickups count together: 300 at once pass, then ten a second"""
    seen, last = asked("GET", "/pickup/x", 150, "192.0.2.1")
    tap.equal(set(seen), {503})
    for path in ("/login?idp=x", "/saml/acs", "/pickup/x/download"):
        seen, last = asked("POST", path, 150, "192.0.2.1")
    tap.ok(seen.get(429, 0) > 50, str(seen))


def it_is_explained():
    """who is slowed down is told so in both languages, when to come back, and that nothing was changed"""
    _, last = asked("POST", "/login", 500, "192.0.2.2")
    tap.equal(last.status, 429)
    tap.equal(last.getheader("Retry-After"), "10")
    tap.equal(last.getheader("Cache-Control"), "no-store")
    tap.ok("default-src 'none'" in last.getheader("Content-Security-Policy"))
    tap.has(last.page, "アクセスが集中しています")
    tap.has(last.page, "Too many requests")


def codes_are_slowed_down_apart():
    """revocation codes, asked without a login, have a slower limit of their own; the other forms of that address still pass"""
    seen, _ = asked("POST", "/revoke", 100, "192.0.2.7")
    tap.equal(set(seen), {503})
    seen, last = asked("POST", "/revoke", 200, "192.0.2.7")
    tap.ok(seen.get(429, 0) > 100, str(seen))
    tap.equal(asked("POST", "/certificates", 1, "192.0.2.7")[0], {503: 1})
    tap.equal(asked("GET", "/revoke", 300, "192.0.2.7")[0], {503: 300})
    tap.equal(asked("POST", "/revoke", 1, "192.0.2.8")[0], {503: 1})


def people_do_not_meet_it():
    """a hundred pages and forms of one person, and what a class of two hundred does at once behind one address, pass"""
    for method, path, times in (("GET", "/certificates", 1000), ("POST", "/certificates", 500), ("GET", "/login?idp=x", 200)):
        seen, _ = asked(method, path, times, "192.0.2.3")
        tap.equal(set(seen), {503}, path)


def nobody_else_is_slowed_down():
    """one address does not stand in the way of another; all of one IPv6 network are one"""
    asked("POST", "/certificates", 900, "192.0.2.4")
    tap.equal(asked("POST", "/certificates", 1, "192.0.2.4")[0], {429: 1})
    tap.equal(asked("POST", "/certificates", 1, "192.0.2.5")[0], {503: 1})
    seen, _ = asked("POST", "/certificates", 900, lambda n: "2001:db8:1:2:%x::%x" % (n % 60000, n + 1))
    tap.ok(seen.get(429, 0) > 50, str(seen))
    tap.equal(asked("POST", "/certificates", 1, "2001:db8:1:3::1")[0], {503: 1})


def publishing_has_no_limit():
    """CRL, OCSP and certificates are answered however often one address asks"""
    for method, path in (("GET", "/crl/client-0.crl"), ("GET", "/ocsp/AAAA"), ("POST", "/ocsp"), ("GET", "/ca/client.cer"), ("GET", "/saml/metadata")):
        seen, _ = asked(method, path, 1500, "192.0.2.6")
        tap.equal(set(seen), {503}, path)


PORT = free_port()
installed()
configured()
nginx = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", folder + "/nginx.conf"])
try:
    tap.until(lambda: socket.socket().connect_ex(("127.0.0.1", PORT)) == 0)
    tap.run(guesses_are_slowed_down, codes_are_slowed_down_apart, it_is_explained, people_do_not_meet_it, nobody_else_is_slowed_down, publishing_has_no_limit)
finally:
    nginx.terminate()
    nginx.wait(10)
    shutil.rmtree(folder)
