#!/usr/bin/python3
"""The pickup: guesses counted, links looked at by scanners, broken downloads, passwords of one's own, older devices.
tap: seconds 240"""
import os
import re
import socket
import sys
import tempfile
import time
import urllib.parse

from cryptography.hazmat.primitives.serialization import pkcs12

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, tool  # noqa: E402

demo = client.Demo()
folder = tempfile.TemporaryDirectory(prefix="inkan-pickup-")
me = Person(demo, "researcher")
other = Person(demo, "student")
WRONG = "0" * 16


def pickup(number, column="tries"):
    return demo.sql("select %s from pickup p join request r on r.number = p.request and r.cycle = p.cycle where r.number = %d" % (column, number))


def guess(path, pin, form=None):
    return me.submit(form or me.get(path).want(200).form(path, pin=None), pin=pin)


def scanners():
    """whoever only looks at the link changes nothing: no try is counted, no certificate made, the PIN still works"""
    number, pin, path = me.ready()
    before = demo.sql("select p::text from pickup p where request = %d" % number)
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        me.send(method, path)
        Browser(demo).send(method, path)
        Browser(demo).send(method, path + "?pin=" + pin)
    for end in ("/download", "/done"):
        Browser(demo).send("GET", path + end + "?pin=" + pin)
        me.send("GET", path + end + "?pin=" + pin)
    tap.equal(demo.sql("select p::text from pickup p where request = %d" % number), before)
    tap.equal(me.state(number), "ready")
    tap.equal(len(me.collect(number, pin, path)) > 1000, True)


def five_wrong():
    """five wrong PINs lock the pickup: the page counts down, the sixth and the right one get the same locked page, a mail says so"""
    number, pin, path = me.ready()
    form = me.get(path).form(path, pin=None)
    left = []
    for n in range(5):
        answer = guess(path, WRONG, form)
        tap.ok(400 <= answer.status < 500, repr(answer))
        tap.equal(pickup(number), str(n + 1))
        left.append(answer.text())
    for n, text in enumerate(left[:4]):
        tap.ok(re.search(r"\b%d\b" % (4 - n), text), "%d tries left: %s" % (4 - n, text[:300]))
    tap.ok(pickup(number, "locked_at"), "locked")
    faces = set()
    for word in (WRONG, pin, "", "x"):
        answer = guess(path, word, form)
        faces.add((answer.status, re.sub(r'value="[^"]*"|\b[0-9a-f]{8,32}\b', "", answer.html)))
        download = me.post(path + "/download", {"csrf": form.fields["csrf"], "pin": word})
        faces.add((download.status, re.sub(r'value="[^"]*"|\b[0-9a-f]{8,32}\b', "", download.html)))
    tap.equal(len(faces), 1, "one and the same page: %s" % [f[0] for f in faces])
    tap.equal(pickup(number), "5", "no more is counted")
    client.wait_mail(demo, number, "pickup-locked")
    time.sleep(0.5)
    tap.equal(len(client.mails(demo, number, "pickup-locked")), 1)
    # The owner, logged in, has a new PIN; the link stays.
    me.submit(me.detail(number).form("/certificates/%d/pin" % number)).want(303)
    new = tap.until(lambda: (lambda p: p if p and p != pin else None)(me.pin(number)), 10)
    tap.until(lambda: pickup(number, "locked_at") is None or pickup(number, "locked_at") == "")
    tap.ok(400 <= guess(path, pin).status < 500, "the old PIN")
    tap.ok(len(me.collect(number, new, path)) > 1000)


def parallel_guesses():
    """of twenty wrong guesses at once exactly five are counted, over all processes"""
    number, pin, path = me.ready()
    form = me.get(path).form(path, pin=None)

    def one():
        b = Browser(demo)
        b.cookies = me.cookies
        return b.submit(form, pin=WRONG)
    answers = client.at_once(*[one] * 20)
    tap.ok(all(400 <= a.status < 500 for a in answers), str([a.status for a in answers]))
    tap.equal(pickup(number), "5")
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'lock'" % number), 1)
    tap.ok(400 <= guess(path, pin, form).status < 500, "the right PIN comes too late")
    client.wait_mail(demo, number, "pickup-locked")
    time.sleep(0.5)
    tap.equal(len(client.mails(demo, number, "pickup-locked")), 1)


def both_posts_count():
    """wrong PINs at the page and at the download count together, and a right one starts the count anew"""
    number, pin, path = me.ready()
    form = me.get(path).form(path, pin=None)
    second = guess(path, pin, form).want(200).form(path + "/download")
    guess(path, WRONG, form)
    me.submit(second, pin=WRONG)
    tap.equal(pickup(number), "2")
    guess(path, pin, form).want(200)
    tap.equal(pickup(number), "0")
    for _ in range(2):
        guess(path, WRONG, form)
        me.submit(second, pin=WRONG)
    tap.equal(pickup(number), "4")
    me.submit(second, pin=WRONG)
    tap.ok(pickup(number, "locked_at"))
    tap.equal(me.state(number), "ready")


def spaces_in_the_pin():
    """a PIN that was copied with spaces around or within it is understood"""
    number, pin, path = me.ready()
    guess(path, "  %s %s\t" % (pin[:8], pin[8:])).want(200)
    tap.equal(pickup(number), "0")


def same_bytes():
    """after the first download the same bytes come again, whatever is asked for, until 'I have it'"""
    number, pin, path = me.ready()
    page = guess(path, pin).want(200)
    form = page.form(path + "/download")
    first = me.submit(form, pin=pin).want(200)
    tap.equal(first.header("Content-Type"), "application/x-pkcs12")
    tap.has(first.header("Content-Disposition") or "", "attachment")
    tap.has(first.header("Content-Disposition") or "", ".p12")
    tap.equal(me.submit(form, pin=pin).want(200).body, first.body)
    tap.equal(me.submit(form, pin=pin, encoding="older", password="something else 9").want(200).body, first.body, "the first success decides")
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    tap.ok(400 <= me.submit(form, pin=WRONG).status < 500, "each against the PIN")


def broken_download():
    """a download that breaks off costs nothing: the same bytes again"""
    number, pin, path = me.ready()
    page = guess(path, pin).want(200)
    form = page.form(path + "/download")
    body = urllib.parse.urlencode(dict(form.fields, pin=pin)).encode()
    parts = urllib.parse.urlsplit(form.action)
    for read in (0, 1, 200):
        raw = socket.create_connection(("127.0.0.1", parts.port))
        tls = demo.tls.wrap_socket(raw, server_hostname=parts.hostname)
        tls.sendall(("POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
                     % (parts.path, parts.netloc, me.cookie_header(parts.hostname), len(body))).encode() + body)
        if read:
            tls.recv(read)
        tls.close()
    data = me.submit(form, pin=pin).want(200).body
    tap.equal(me.submit(form, pin=pin).want(200).body, data)
    client.unpack(folder.name, data, pin)
    tap.equal(me.state(number), "collected")
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % number), 1)


def many_at_once():
    """ten downloads at once give one certificate, the same bytes each"""
    number, pin, path = me.ready()
    form = guess(path, pin).want(200).form(path + "/download")

    def one():
        b = Browser(demo)
        b.cookies = me.cookies
        return b.submit(form, pin=pin)
    answers = client.at_once(*[one] * 10)
    good = [a for a in answers if a.status == 200]
    tap.ok(good, str([a.status for a in answers]))
    tap.equal({a.status for a in answers} - {200, 409, 503}, set())
    tap.equal(len({a.body for a in good}), 1)
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 1)
    tap.equal(me.submit(form, pin=pin).want(200).body, good[0].body)
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % number), 1)


def own_password():
    """an own password locks the file, and the rules for it are kept: 8 to 64 printable ASCII characters"""
    number, pin, path = me.ready()
    form = guess(path, pin).want(200).form(path + "/download")
    for bad in ("short7!", "x" * 65, "ひらがなのパスワード", "tab\there and there", "línea de texto", "new\nline in it"):
        answer = me.submit(form, pin=pin, password=bad)
        tap.ok(400 <= answer.status < 500 and answer.is_html(), "%r for %r" % (answer, bad))
    tap.equal(me.state(number), "ready", "nothing was issued")
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 0)
    word = "~ my own & <password> 1"
    data = me.submit(form, pin=pin, password=word).want(200).body
    client.unpack(folder.name, data, word)
    p12 = os.path.join(folder.name, "a.p12")
    tap.ok(tool("openssl", "pkcs12", "-in", p12, "-nokeys", "-passin", "pass:" + pin, check=False).returncode != 0, "the PIN does not open it")


def password_bounds():
    """8 and 64 characters are both taken"""
    for length in (8, 64):
        _, pin, path = me.ready()
        data = me.pickup(path, pin, password="p" * length).want(200).body
        client.unpack(folder.name, data, "p" * length)


def encodings():
    """modern files are AES-256 with a SHA-256 MAC; older ones 3DES with a SHA-1 MAC; RC2 nowhere"""
    for encoding, wanted, mac in (("modern", "AES-256-CBC", "sha256"), ("older", "pbeWithSHA1And3-KeyTripleDES-CBC", "sha1")):
        _, pin, _, data = me.collected("client", 13, encoding=encoding)
        client.unpack(folder.name, data, pin)
        info = tool("openssl", "pkcs12", "-in", os.path.join(folder.name, "a.p12"), "-passin", "pass:" + pin, "-noout", "-info").stderr.decode()
        tap.has(info, wanted)
        tap.has(info, "MAC: " + mac)
        tap.lacks(info, "RC2")
        if encoding == "older":
            tap.lacks(info, "AES")
    number, pin, path = me.ready()
    answer = me.pickup(path, pin, encoding="rot13")
    tap.ok(400 <= answer.status < 500, repr(answer))
    tap.equal(me.state(number), "ready")


PHONES = [("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1", "ios"),
          ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1", "ios"),
          ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15", "macos"),
          ("Mozilla/5.0 (Android 15; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "android"),
          ("Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36", "android-older"),
          ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0", "windows"),
          ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36", "linux"), ("", "windows")]
OLD = "pbeWithSHA1And3-KeyTripleDES-CBC"
DEVICES = {"ios": OLD, "android": "AES-256-CBC", "android-older": OLD, "windows": "AES-256-CBC", "macos": OLD,
           "thunderbird": "AES-256-CBC", "firefox": "AES-256-CBC", "linux": "AES-256-CBC", "curl": "AES-256-CBC"}


def written_in(data, pin):
    client.unpack(folder.name, data, pin)
    return tool("openssl", "pkcs12", "-in", os.path.join(folder.name, "a.p12"), "-passin", "pass:" + pin, "-noout", "-info").stderr.decode()


def device_offered():
    """step 2 offers the devices that the type is for, the one that the browser runs on chosen ahead"""
    _, pin, path = me.ready()
    form = me.get(path).form(path, pin=None)
    for agent, device in PHONES:
        page = me.submit(form, pin=pin, headers={"User-Agent": agent}).want(200)
        offered = page.form(path + "/download")
        tap.equal(offered.fields["device"], device, agent)
        tap.equal(sorted(offered.choices["device"]), sorted(set(DEVICES) - {"thunderbird"}))


def device_decides():
    """the device decides how the file is written, and an encoding said beside it counts more"""
    for device, encoding, wanted in [(d, "", w) for d, w in DEVICES.items()] + [("ios", "modern", "AES-256-CBC"), ("linux", "older", OLD)]:
        number, pin, path = me.ready()
        data = me.pickup(path, pin, device=device, encoding=encoding).want(200).body
        tap.has(written_in(data, pin), wanted)
    number, pin, path = me.ready()
    answer = me.pickup(path, pin, device="toaster")
    tap.ok(400 <= answer.status < 500, repr(answer))
    tap.equal(me.state(number), "ready")


def names_in_the_file():
    """the name that a device lists tells type, number and memo"""
    for kind, word in (("client", "Client"), ("smime", "S/MIME")):
        number, pin, _, data = me.collected(kind, 13, memo="研究室の Laptop")
        client.unpack(folder.name, data, pin)
        file = os.path.join(folder.name, "a.p12")
        p12 = pkcs12.load_pkcs12(data, pin.encode())
        tap.equal(p12.cert.friendly_name.decode(), "%s #%d 研究室の Laptop" % (word, number), file)


def another_s():
    """another person, logged in, cannot use the link even with the PIN"""
    number, pin, path = me.ready()
    answer = other.get(path)
    tap.ok(400 <= answer.status < 500, repr(answer))
    csrf = other.dashboard().form("/certificates", type="client").fields["csrf"]
    for end in ("", "/download", "/done"):
        answer = other.post(path + end, {"csrf": csrf, "pin": pin})
        tap.ok(400 <= answer.status < 500, repr(answer))
    tap.equal(pickup(number), "0", "no try of another's is counted")
    tap.equal(me.state(number), "ready")


def made_up():
    """a link that was never given out is 404, the same for every shape, and costs no row"""
    rows = "select (select count(*) from pickup) || ' ' || (select count(*) from event where what in ('lock', 'pickup'))"
    before = demo.sql(rows)
    for token in ("A" * 43, "A" * 42, "A" * 44, "a", "%00" * 4, "x" * 3000, "..%2f..", "A" * 42 + "="):
        answer = me.get("/pickup/" + token, follow=False)
        tap.ok(answer.status in (404, 414, 400), "%r" % answer)
    tap.equal(demo.sql(rows).split()[1], before.split()[1])


def resend():
    """a new link ends the old one, goes to the request's own address, and the PIN stays"""
    number, pin, path = me.ready()
    me.submit(me.detail(number).form("/certificates/%d/resend" % number)).want(303)
    new = me.pickup_path(number, count=2)
    tap.ok(new != path)
    tap.ok(400 <= me.get(path).status < 500, "the old link")
    tap.equal(me.pin(number), pin)
    tap.ok(len(me.collect(number, pin, new)) > 1000)
    to = [str(m["To"].addresses[0].addr_spec) for m in client.mails(demo, number, "ready")]
    tap.equal(set(to), {demo.sql("select mail from request where number = %d" % number)})


def new_pin():
    """a new PIN replaces the old one, and after the collection there is none"""
    number, pin, path = me.ready()
    form = me.detail(number).form("/certificates/%d/pin" % number)
    me.submit(form).want(303)
    new = tap.until(lambda: (lambda p: p if p and p != pin else None)(me.pin(number)), 10)
    client.wait_mail(demo, number, "pin", 2)
    me.collect(number, new, path)
    answer = me.submit(form)
    tap.ok(answer.status == 303 or 400 <= answer.status < 500, repr(answer))
    tap.equal(me.pin(number), None)
    tap.equal(me.state(number), "collected")


def repeat_locked_after_collecting():
    """wrong PINs after the collection lock the repeat alone; the certificate stays in hand"""
    number, pin, path, _ = me.collected("client", 13)
    form = me.get(path).want(200).form(path, pin=None)
    for _ in range(5):
        guess(path, WRONG, form)
    tap.ok(400 <= guess(path, pin, form).status < 500)
    tap.equal(me.state(number), "collected")
    tap.equal(demo.number("select count(*) from certificate where request = %d and revoked_at is null" % number), 1)


tap.run(scanners, five_wrong, parallel_guesses, both_posts_count, spaces_in_the_pin, same_bytes, broken_download, many_at_once, own_password,
        password_bounds, encodings, device_offered, device_decides, names_in_the_file,
        another_s, made_up, resend, new_pin, repeat_locked_after_collecting)
