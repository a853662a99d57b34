#!/usr/bin/python3
"""Keys that people make themselves: requests (CSR) pasted, the commands as the page prints them, each thing that can be wrong,
and where a key was made.
tap: alone
tap: seconds 240"""
import base64
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person, tool  # noqa: E402

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-ownkey-")
me = Person(demo, "researcher")
KINDS = ["rsa2048", "rsa3072", "rsa4096", "p256", "p384"]
PASSPHRASE = "a passphrase of mine"
TYPED = (PASSPHRASE + "\n").encode()


def place(name):
    path = os.path.join(folder.name, name)
    os.makedirs(path, exist_ok=True)
    return path


def request(*words, name="r", key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem")):
    """A request as openssl makes it; the folder holds key.pem."""
    where = place(name)
    tool("openssl", "req", "-new", *key, "-subj", "/CN=request", *words, "-out", "request.pem", cwd=where)
    with open(os.path.join(where, "request.pem"), encoding="ascii") as file:
        return where, file.read()


def step2(pin, path):
    return me.submit(me.get(path).want(200).form(path, pin=None), pin=pin).want(200)


def send(number, pin, path, csr, **more):
    return me.submit(step2(pin, path).form(path + "/download"), pin=pin, csr=csr, **more)


def public(file, *how):
    return tool("openssl", *how, "-in", file, "-passin", "pass:" + PASSPHRASE).stdout


def origin(number):
    return demo.sql("select c.key_origin || ' ' || coalesce(e.detail ->> 'key_origin', '-') from certificate c join event e"
                    " on e.request = c.request and e.what = 'collect' where c.request = %d and c.revoked_at is null" % number)


def typed_in(command, where):
    """COMMAND in a shell without a terminal, so that openssl reads what it asks for from the input: each passphrase twice."""
    return tool("setsid", "-w", "sh", "-c", command, data=TYPED * 4, cwd=where)


def printed():
    """the commands for OpenSSL do what the page says as it prints them, and lead to a certificate, for each kind of key"""
    for kind in KINDS:
        number, pin, path = me.ready()
        page = step2(pin, path)
        where = place("printed-" + kind)
        typed_in(page.tree.first("code", id="make-" + kind).text(), where)
        with open(os.path.join(where, "request.pem"), encoding="ascii") as file:
            answer = send(number, pin, path, file.read()).want(200)
        tap.equal(answer.header("Content-Type"), "application/pem-certificate-chain")
        client.write(where, "inkan-%d.pem" % number, answer.body)
        tap.equal(public(os.path.join(where, "key.pem"), "pkey", "-pubout"),
                  tool("openssl", "x509", "-in", os.path.join(where, "inkan-%d.pem" % number), "-noout", "-pubkey").stdout)
        tap.equal(demo.sql("select key_kind from certificate where request = %d" % number), kind)
        tap.equal(origin(number), "csr csr")
        together = step2(pin, path).tree.first("code", id="together-command").text()
        typed_in(together, where)
        with open(os.path.join(where, "inkan-%d.p12" % number), "rb") as file:
            certificate, key, chain = client.unpack(where, file.read(), PASSPHRASE)
        tool("openssl", "verify", "-CAfile", demo["CA_CHAIN"], certificate)
        tap.has(open(chain, encoding="utf-8").read(), "BEGIN CERTIFICATE")
        answer = tool("curl", "-sS", "--cacert", demo["TLS_CA"], "--cert", certificate, "--key", key, demo["CLIENT_URL"] + "/check")
        tap.has(answer.stdout.decode(), "Hanako Kagami")


def shapes():
    """DER in base64, text before and after, Windows' line ends: all are read; what else the request says is left out"""
    for shape in ("base64", "text", "crlf"):
        number, pin, path = me.ready()
        where, pem = request("-addext", "basicConstraints=critical,CA:TRUE", name=shape)
        der = tool("openssl", "req", "-in", os.path.join(where, "request.pem"), "-outform", "DER").stdout
        if shape == "base64":
            pem = base64.b64encode(der).decode()
        elif shape == "text":
            pem = tool("openssl", "req", "-in", os.path.join(where, "request.pem"), "-text").stdout.decode() + "\nregards\n"
        else:
            pem = pem.replace("\n", "\r\n")
        answer = send(number, pin, path, pem).want(200)
        file = client.write(where, "chain.pem", answer.body)
        said = client.certificate_says(file, "-subject", "-ext", "basicConstraints")
        tap.has(said, "Hanako Kagami")
        tap.lacks(said, "CA:TRUE")
        again = send(number, pin, path, pem).want(200) if me.state(number) != "collected" else \
            me.submit(step2(pin, path).form(path + "/download"), pin=pin, csr=pem).want(200)
        tap.equal(again.body, answer.body, "the same request gets the same certificate")


def wrong():
    """whatever is wrong with a request is said beside the field, spends nothing, and the next one is good"""
    number, pin, path = me.ready()
    where, good = request(name="wrong")
    key = open(os.path.join(where, "key.pem"), encoding="ascii").read()
    der = bytearray(tool("openssl", "req", "-in", os.path.join(where, "request.pem"), "-outform", "DER").stdout)
    der[-1] ^= 1
    cases = [("form", "hello"), ("form", tool("openssl", "x509", "-in", demo["CA_CHAIN"]).stdout.decode()), ("private", key + good),
             ("two", good + good), ("long", good + " " * 16384), ("proof", base64.b64encode(bytes(der)).decode()),
             ("algorithm", request("-sha1", name="sha1")[1]),
             ("kind", request(name="short", key=("-newkey", "rsa:1024", "-nodes", "-keyout", "key.pem"))[1]),
             ("kind", request(name="curve", key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-nodes", "-keyout", "key.pem"))[1])]
    words = set()
    for rule, csr in cases:
        answer = send(number, pin, path, csr).want(400)
        said = answer.tree.first("p", id="csr-problem").text()
        words.add((rule, said))
        tap.equal(answer.tree.first("details", id="ownkey")["open"] is not None, True)
    tap.equal(len(words), len({rule for rule, _ in cases}), "each has a sentence of its own: %s" % words)
    tap.equal(me.state(number), "ready")
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 0)
    send(number, pin, path, good).want(200)
    # The key of a certificate that was revoked as compromised, and another person's.
    student = Person(demo, "student")
    theirs, their_pin, their_path = student.ready()
    page = student.submit(student.get(their_path).want(200).form(their_path, pin=None), pin=their_pin).want(200)
    answer = student.submit(page.form(their_path + "/download"), pin=their_pin, csr=good).want(400)
    tap.has(answer.tree.first("p", id="csr-problem").text(), "Another person")
    me.act(number, "revoke", reason="keyCompromise")
    second, pin2, path2 = me.ready()
    tap.has(send(second, pin2, path2, good).want(400).tree.first("p", id="csr-problem").text(), "compromised")


def key_kinds(number, kinds):
    """The profile of a request as if it had begun with KINDS: a row in force is kept, by triggers that replication leaves out."""
    demo.owner("set session_replication_role = replica; update profile set key_kinds = '{%s}' where id ="
               " (select profile from request where number = %d)" % (",".join(kinds), number))


def allowed():
    """a kind of key that the profile does not allow is refused, and its command is not shown"""
    number, pin, path = me.ready(months=25)
    key_kinds(number, ["rsa2048", "p384"])
    try:
        page = step2(pin, path)
        tap.equal([k for k in KINDS if page.tree.first("code", id="make-" + k)], ["rsa2048", "p384"])
        answer = send(number, pin, path, request(name="not-allowed")[1]).want(400)
        tap.has(answer.tree.first("p", id="csr-problem").text(), "kind or size")
    finally:
        key_kinds(number, KINDS)


def shown():
    """who made the key stands in the detail, in the history, and in what `inkan request show` prints"""
    made = me.collected()[0]
    sent, pin, path = me.ready()
    send(sent, pin, path, request(name="shown")[1]).want(200)
    claimed, pin, path = me.ready()
    send(claimed, pin, path, request(name="claimed")[1], key_origin="browser").want(200)
    for number, word, page, says in ((made, "service", "made by this service", "made by the service"),
                                     (sent, "csr", "made by you", "made by the person (a CSR)"),
                                     (claimed, "browser", "in your browser", "made by the person's browser")):
        tap.equal(origin(number), word + " " + word)
        detail = me.detail(number)
        tap.has(detail.tree.first("dd", id="key").text(), page)
        tap.has(detail.tree.first("li", **{"class": "event-collect"}).text(), page)
        printed_by = demo.inkan("request", "show", str(number))
        tap.has(printed_by if isinstance(printed_by, str) else printed_by.stdout, says)


tap.run(printed, shapes, wrong, allowed, shown)
