#!/usr/bin/python3
"""A certificate for the device: steps that fit, lines for a terminal that do what they say, profiles for Apple's devices,
passwords by an institution's own rules.
tap: alone
tap: seconds 240"""
import os
import plistlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
import uuid

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


APPLE = "application/x-apple-aspen-config"


def profile_of(answer):
    """The property list of a profile, after openssl has looked at its signature."""
    answer.want(200)
    tap.equal(answer.header("Content-Type"), APPLE)
    tap.has(answer.header("Content-Disposition"), ".mobileconfig")
    signed = client.write(folder.name, "a.mobileconfig", answer.body)
    shown = tool("openssl", "cms", "-verify", "-inform", "DER", "-in", signed, "-CAfile", demo["TLS_CA"])
    return plistlib.loads(shown.stdout)


def payload(profile, kind):
    return [p for p in profile["PayloadContent"] if p["PayloadType"] == "com.apple.security." + kind]


def profile_for_apple():
    """a profile for iPhone and Mac: signed by the service, the PKCS#12 and its chain in it, its password not"""
    for kind, device in (("client", "ios"), ("smime", "macos")):
        number, pin, path = me.ready(kind, 13, memo="研究室の <Mac> & 1")
        page = step2(pin, path)
        tap.ok(page.tree.first("button", name="format", value="mobileconfig"), "a button for it")
        answer = me.submit(page.form(path + "/download"), pin=pin, device=device, format="mobileconfig")
        profile = profile_of(answer)
        tap.equal((profile["PayloadType"], profile["PayloadVersion"]), ("Configuration", 1))
        tap.lacks(repr(profile), pin)
        tap.lacks(repr(profile), "Password'")
        p12, = payload(profile, "pkcs12")
        tap.has(p12["PayloadDisplayName"], "#%d 研究室の <Mac> & 1" % number)
        tap.equal(p12["PayloadCertificateFileName"], "inkan-%d.p12" % number)
        certificate, _, chain = client.unpack(folder.name, p12["PayloadContent"], pin)
        own = demo.sql("select issuer from certificate where request = %d" % number)
        root, = payload(profile, "root")
        middle, = payload(profile, "pkcs1")
        pems = [tool("openssl", "x509", "-inform", "DER", data=p["PayloadContent"]).stdout for p in (middle, root)]
        above = client.write(folder.name, "above.pem", pems[0])
        top = client.write(folder.name, "top.pem", pems[1])
        tool("openssl", "verify", "-CAfile", top, "-untrusted", above, certificate)
        tap.equal(tool("openssl", "x509", "-inform", "DER", data=me.get("/ca/%s.cer" % own).body).stdout, pems[0])
        kept = me.pickup(path, pin, device=device).want(200)
        tap.equal(kept.header("Content-Type"), "application/x-pkcs12", "without the word, the file itself")
        tap.equal(kept.body, p12["PayloadContent"], "the same that is in the profile")
        names = [profile] + profile["PayloadContent"]
        tap.equal(len({p["PayloadUUID"] for p in names}), 4)
        tap.equal(len({p["PayloadIdentifier"] for p in names}), 4)
        for p in names:
            tap.equal(str(uuid.UUID(p["PayloadUUID"])).upper(), p["PayloadUUID"])
            tap.has(p["PayloadIdentifier"], "localhost.inkan.%d.1" % number)
        tap.ok(os.path.exists(chain))


def profile_words():
    """its words are in the reader's language"""
    words = {}
    for language in ("ja", "en"):
        reader = Person(demo, "researcher", language=language)
        _, pin, path = reader.ready("client", 13)
        words[language] = profile_of(reader.pickup(path, pin, device="ios", format="mobileconfig"))["PayloadDescription"]
    tap.has(words["ja"], "証明書")
    tap.has(words["en"], "certificate")


def profile_again():
    """the first profile counts: the same bytes at each repeat, in whatever language, until it is erased with the file"""
    number, pin, path = me.ready("client", 13)
    file = me.pickup(path, pin, device="ios").want(200).body
    first = me.pickup(path, pin, format="mobileconfig")
    tap.equal(payload(profile_of(first), "pkcs12")[0]["PayloadContent"], file, "asked for later, it has the file that was given")
    other = Person(demo, "researcher", language="ja")
    answers = client.at_once(*[lambda: other.pickup(path, pin, format="mobileconfig")] * 4)
    tap.equal({a.body for a in answers}, {first.body})
    tap.equal(me.pickup(path, pin).want(200).body, file)
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)
    tap.equal(demo.number("select count(*) from event where request = %d and what = 'collect'" % number), 1)
    page = step3(pin, path)
    me.submit(page.form(path + "/done"), pin=pin).want(200)
    tap.equal(demo.number("select count(*) from pickup where request = %d and (pkcs12 is not null or mobileconfig is not null)" % number), 0)
    tap.equal(me.post(path + "/download", {"csrf": page.form(path + "/done").fields["csrf"], "pin": pin, "format": "mobileconfig"}).status, 410)


def profiles_at_once():
    """of ten profiles asked for at once, before and after the file is there, all are the same"""
    _, pin, path = me.ready("client", 13)
    form = step2(pin, path).form(path + "/download")

    def one():
        b = client.Browser(demo)
        b.cookies = me.cookies
        return b.submit(form, pin=pin, device="ios", format="mobileconfig")
    good = [a for a in client.at_once(*[one] * 10) if a.status == 200]
    tap.ok(good)
    tap.equal({a.body for a in good}, {one().want(200).body})


def profile_renewed():
    """the profile of a renewal stands beside the old one on the device: other identifiers, so that old mail stays readable"""
    number, pin, path = me.ready("smime", 13)
    first = profile_of(me.pickup(path, pin, device="ios", format="mobileconfig"))
    me.submit(step3(pin, path).form(path + "/done"), pin=pin).want(200)
    me.act(number, "renew")
    me.wait(number, "renew_ready")
    second_path = me.pickup_path(number, count=2)
    second = profile_of(me.pickup(second_path, me.pin(number), device="ios", format="mobileconfig"))
    for kind in ("pkcs12", "root", "pkcs1"):
        tap.ok(payload(first, kind)[0]["PayloadIdentifier"] != payload(second, kind)[0]["PayloadIdentifier"], kind)
    tap.ok(first["PayloadUUID"] != second["PayloadUUID"])


def profile_guesses():
    """wrong PINs at the profile count together with all others; a format that there is not is refused and issues nothing"""
    number, pin, path = me.ready("client", 13)
    form = step2(pin, path).form(path + "/download")
    for n, form_of in enumerate(("mobileconfig", "", "mobileconfig", "p12")):
        tap.ok(400 <= me.submit(form, pin="0" * 16, format=form_of).status < 500)
        tap.equal(demo.number("select tries from pickup where request = %d" % number), n + 1)
    tap.equal(me.submit(form, pin=pin, format="rot13").status, 400)
    csr = tool("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x").stdout.decode()
    tap.equal(me.submit(form, pin=pin, format="mobileconfig", csr=csr).status, 400)
    tap.equal(me.state(number), "ready")
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 0)


def profile_key_away():
    """without its signing key no profile is given out, but nothing is lost: the file itself comes, and the profile when the key is back"""
    key = os.path.join(os.path.dirname(demo["TLS_CA"]), "profile.key")
    number, pin, path = me.ready("client", 13)
    form = step2(pin, path).form(path + "/download")
    os.rename(key, key + ".away")
    try:
        answer = me.submit(form, pin=pin, device="ios", format="mobileconfig")
        tap.equal(answer.status, 503)
        tap.ok(answer.is_html() and "profile.key" not in answer.html, answer.html[:300])
        tap.equal(me.state(number), "collected")
        file = me.submit(form, pin=pin).want(200).body
    finally:
        os.rename(key + ".away", key)
    profile = profile_of(me.submit(form, pin=pin, format="mobileconfig"))
    tap.equal(payload(profile, "pkcs12")[0]["PayloadContent"], file)
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 1)


def profile_own_password():
    """with a password of one's own it is that one which opens what is in the profile"""
    _, pin, path = me.ready("client", 13)
    profile = profile_of(me.pickup(path, pin, device="macos", format="mobileconfig", password="a word of mine"))
    client.unpack(folder.name, payload(profile, "pkcs12")[0]["PayloadContent"], "a word of mine")


# rule; for each password what the page says of it, "" = taken
RULES = [
    ("mobile", True, [("", "missing"), ("a b", "characters"), ("p" * 17, "long"), ("印", "characters"), ("1", ""), ("~" * 16, "")]),
    ("length=12-20 need=upper,digit kinds=3 signs=!#$", False,
     [("Short1!", "short"), ("A1!" * 7, "long"), ("ABCDEFGHIJK1", "kinds"), ("abcdefghijk1!", "upper"), ("Abcdefghijkl!", "digit"),
      ("Abcdefghijk1%", "characters"), ("Abcdefghijk1", "")]),
    ("allow=lower,digit need=lower", False, [("Abcdefgh", "characters"), ("12345678", "lower"), ("abcdefg8", "")]),
    ("need=sign,space", False, [("no-space-here", "space"), ("no sign here", "sign"), ("both - here", "")]),
]


def password_rules():
    """an institution's own rules for passwords: told before anybody types, each broken one is named, and nothing is issued"""
    words = dict(re.findall(r'<m key="problem\.password\.(\w+)">(.*)</m>', open("web/messages/en.xml", encoding="utf-8").read()))
    try:
        for rule, required, cases in RULES:
            demo.inkan("institution", "set", "Kagami University", "--password-rule", rule)
            number, pin, path = me.ready("client", 13)
            page = step2(pin, path)
            form = page.form(path + "/download")
            hint = page.tree.first(id="password-hint").text()
            field = page.tree.first("input", id="password")
            tap.equal(field["required"] is not None, required)
            ends = re.search(r"length=(\d+)-(\d+)", rule)
            shortest, longest = ends.groups() if ends else ("1", "16") if rule == "mobile" else ("8", "64")
            tap.has(hint, "%s to %s" % (shortest, longest))
            tap.equal(field["maxlength"], longest)
            for word in re.findall(r"upper|lower|digit|sign(?!s)|space", rule.partition("need=")[2].split(" ")[0]):
                tap.has(hint, {"upper": "capital", "lower": "small", "digit": "digit", "sign": "sign", "space": "space"}[word])
            for password, wanted in cases:
                answer = me.submit(form, pin=pin, password=password)
                if not wanted:
                    client.unpack(folder.name, answer.want(200).body, password)
                    number, pin, path = me.ready("client", 13)
                    form = step2(pin, path).form(path + "/download")
                    continue
                tap.equal(answer.status, 400, "%s: %s" % (rule, password))
                said = answer.tree.first(id="password-problem").text()
                start = words[wanted].split("{")[0].strip()
                tap.has(said, start, "%s: %s" % (rule, password))
                tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 0)
        tap.has(demo.inkan("institution", "show", "Kagami University").stdout, RULES[-1][0])
    finally:
        demo.inkan("institution", "set", "Kagami University", "--password-rule", "default")


def password_rule_words():
    """a rule that is none, or that no password could keep, is refused with what is allowed"""
    for rule in ("length=0-8", "length=9-8", "length=8-65", "need=kanji", "signs=a", "kinds=5", "allow=lower need=upper", "strong",
                 "allow=digit kinds=2", "length=1-1 need=upper,lower", "own=perhaps", "length=8", "x" * 201):
        answer = demo.inkan("institution", "set", "Kagami University", "--password-rule", rule, check=False)
        tap.equal(answer.returncode, 2, rule)
        tap.has(answer.stderr, "need=upper,digit", rule)


tap.run(steps_that_fit, devices_of_a_type, terminal_client, terminal_mail, terminal_nss, profile_for_apple, profile_words,
        profile_again, profiles_at_once, profile_renewed, profile_guesses, profile_key_away, profile_own_password, password_rules, password_rule_words)
