#!/usr/bin/python3
"""Hostile and benign answers over HTTP at the running demo: every message of tests/hostile, what is done to fresh messages of real
IdPs, and what takes more than one message: replay over nodes and restarts, RelayState tricks, login CSRF, session fixation, IdP
mix-up. Each refusal has the same status and page, the log names the check, no process of the portal dies.
tap: seconds 180"""
import base64
import os
import re
import sys
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "hostile")]
import client  # noqa: E402
import make  # noqa: E402
import node  # noqa: E402
import parts  # noqa: E402
import processes  # noqa: E402
import pysaml2_idp  # noqa: E402
import stage  # noqa: E402
import tap  # noqa: E402
import tricks  # noqa: E402
from client import Browser, Person, q  # noqa: E402
from stage import Log, Login, number_of, scene  # noqa: E402

demo = client.Demo()
# Of these the ones that are named context answer a login that asked for a strong one: weaker_logins.
ELSEWHERE = "weaker logins than were asked for"
faces = set()
counted = {}  # class: number of messages refused here


def face(answer):
    """What an outsider sees, without the number."""
    headers = [(k, v) for k, v in answer.headers if k in ("Content-Type", "Cache-Control", "Content-Language", "Location", "Refresh")]
    return answer.status, re.sub(r"<code>[0-9a-f]{8}</code>", "", answer.html), tuple(sorted(headers))


def refused(answer, check, what, log, klass):
    """ANSWER is the one face, and the log has CHECK for it."""
    tap.equal(answer.status, 403, what)
    faces.add(face(answer))
    tap.equal(log.checks().get(number_of(answer)), check, what)
    counted[klass] = counted.get(klass, 0) + 1


# --- every message -----------------------------------------------------------------------------------------------------------------

def family():
    """{pid: state} of everything below the portal's master, and itself."""
    pids, todo = {}, [demo.pid("portal")]
    while todo:
        pid = todo.pop()
        pids[pid] = processes.alive(pid)
        todo += processes.children(pid)
    return pids


def all_hostile():
    """every hostile message is refused with 403 and one page, the log names the expected check, the login can still be answered"""
    before, log, login = family(), Log(), Login(parts.IDP)
    scene(request_id=login.request_id)
    cases = [c for c in make.make_all() if c[1] == "refused" and (c[4] != ELSEWHERE or "context" not in c[0])]
    answers, lock, todo = {}, threading.Lock(), list(cases)

    def work():
        while True:
            with lock:
                if not todo:
                    return
                case = todo.pop()
            data = case[5] if isinstance(case[5], bytes) else case[5].encode()
            answers[case[0]] = login.answer(data.decode() if case[0].endswith(".b64") else data)
    client.at_once(*[work] * 4)
    checks, wrong = log.checks(), []
    for name, _, check, _, klass, _ in cases:
        answer = answers[name]
        if check == "bytes":  # longer than a form may be
            tap.among(answer.status, (403, 413), name)
        elif answer.status != 403 or checks.get(number_of(answer)) != check:
            wrong.append("%s: %d, check %s" % (name, answer.status, checks.get(number_of(answer))))
        else:
            faces.add(face(answer))
        counted[klass] = counted.get(klass, 0) + 1
    tap.ok(not wrong, "%d are not:\n%s" % (len(wrong), "\n".join(wrong[-20:])))
    tap.equal(len(faces), 1, "pages differ")
    tap.equal(login.answer(login.good()).status, 303, "the good answer, after all these")
    tap.equal(family(), before, "the portal's processes")
    tap.comment("%d messages refused" % len(cases))


def all_benign():
    """every benign message logs its person in"""
    login, wrong = Login(parts.IDP), []
    scene(request_id=login.request_id)
    for name, verdict, _, _, _, data in make.make_only_benign():
        if verdict != "passes":
            continue
        login.restore()
        answer = login.answer(data if isinstance(data, bytes) else data.encode())
        if answer.status != 303 or not answer.location().endswith("/certificates"):
            wrong.append("%s: %r" % (name, answer))
    tap.ok(not wrong, "\n".join(wrong))


def missing_attributes():
    """what is signed and lacks a usable attribute gets a page that explains, logs nobody in and spends the login"""
    login, log = Login(parts.IDP), Log()
    scene(request_id=login.request_id)
    make.cases.clear()
    make.make_attributes()
    for name, verdict, check, _, klass, data in make.cases:
        if verdict != "missing":
            continue
        login.restore()
        answer = login.answer(data)
        tap.equal(answer.status, 403, name)
        tap.has(answer.html, check, name)
        tap.ok(not any("session" in line for line in answer.all_headers("Set-Cookie")), name)
        counted[klass] = counted.get(klass, 0) + 1
    tap.ok("attributes" in log.checks().values(), "the log says attributes")
    tap.equal(login.answer(login.good()).status, 403, "the login is spent")


def weaker_logins():
    """where a login was to be a strong one, a weaker answer is explained, a forged one has the usual page, a strong one is taken"""
    stage.demanding_profile()
    first = Login(parts.IDP)
    person = Browser(demo)
    person.cookies["localhost"] = dict(first.cookies)
    first.answer(first.good(name="_person"), sender=person).want(303)
    login, log, seen = Login("", person, "/login?step-up=client-14&x="), Log(), []
    scene(request_id=login.request_id)
    make.cases.clear()
    make.make_contexts()
    for name, verdict, check, _, klass, data in make.cases:
        if "context" not in name:
            continue
        login.restore()
        answer = login.answer(data if isinstance(data, bytes) else data.encode())
        if verdict == "passes":
            tap.equal(answer.status, 303, name)
            continue
        tap.equal(answer.status, 403, name)
        if verdict == "explained":
            tap.ok(face(answer) not in faces, name + ": no explanation")
        seen.append((name, number_of(answer), check))
        counted[klass] = counted.get(klass, 0) + 1
    checks = log.checks()
    for name, number, check in seen:
        tap.equal(checks.get(number), check, name)


# --- fresh messages of real IdPs ----------------------------------------------------------------------------------------------------

def tricks_with(login, message):
    """All tricks with MESSAGE, which then is still good itself."""
    log = Log()
    for klass, check, name, changed in tricks.of(message):
        refused(login.answer(changed.encode()), check, name, log, klass)
    tap.equal(login.answer(message.encode()).status, 303, "the message as the IdP sent it")


def real_simplesamlphp():
    """a fresh response of SimpleSAMLphp, taken apart in all ways, is refused each time; as it was sent it is good afterwards"""
    b = Person(demo, "researcher2", login=False)
    login = Login(demo["IDP2"], b)
    page = b.get(b.seen[-1].location())
    form = b.submit(page.form(username=None), follow=True, username="researcher2", password="demo").form(SAMLResponse=None)
    tricks_with(login, base64.b64decode(form.fields["SAMLResponse"]).decode())


def real_pysaml2():
    """the same with a fresh response of pysaml2"""
    with pysaml2_idp.Running(demo, place=15) as idp:
        b = Browser(demo)
        login = Login(idp.entity, b)
        page = b.get(b.seen[-1].location())
        form = b.submit(page.form("/login"), username="researcher3", password="demo").form(SAMLResponse=None)
        tricks_with(login, base64.b64decode(form.fields["SAMLResponse"]).decode())


# --- more than one message -----------------------------------------------------------------------------------------------------------

def replays():
    """a response counts once: not again, not for another login, not its assertion in a new response, not at another node"""
    klass, log = "replay over nodes and restarts", Log()
    login, other = Login(parts.IDP), Login(parts.IDP)
    message = login.good(name="_once")
    tap.equal(login.answer(message).status, 303)
    refused(login.answer(message), "login-used", "the same again", log, klass)
    refused(login.answer(login.good()), "login-used", "another answer to the same request", log, klass)
    refused(other.answer(message), "in-response-to", "as the answer to another login", log, klass)
    refused(other.answer(other.good(name="_once")), "replay", "its assertion's ID in a new answer", log, klass)
    bare = Browser(demo)
    bare.cookies["localhost"] = dict(other.cookies)
    refused(login.answer(message, sender=bare), "login-cookie", "from another browser", log, klass)
    with node.Node(demo) as second:
        there = Log(second.log)
        refused(login.answer(message, sender=at_node(second, login)), "login-used", "at another node", there, klass)
        refused(other.answer(other.good(name="_once"), sender=at_node(second, other)), "replay", "assertion at another node",
                there, klass)
        both_at_once(second)
    tap.equal(other.answer(other.good(name="_fresh")).status, 303, "the other login is not spent by all this")


def at_node(second, login):
    return node.NodeBrowser(second, {"localhost": dict(login.cookies)})


def both_at_once(second):
    """One answer sent sixteen times at once to two nodes logs in once; so does one assertion in answers to sixteen logins."""
    login = Login(parts.IDP)
    message = login.good(name="_race")
    answers = client.at_once(*[lambda i=i: login.answer(message, sender=at_node(second, login) if i % 2 else None) for i in range(16)])
    tap.equal(sorted(a.status for a in answers), [303] + [403] * 15)
    logins = [Login(parts.IDP) for _ in range(8)]
    messages = [one.good(name="_race2") for one in logins]
    answers = client.at_once(*[lambda i=i: logins[i].answer(messages[i], sender=at_node(second, logins[i]) if i % 2 else None)
                               for i in range(8)])
    tap.equal(sorted(a.status for a in answers), [303] + [403] * 7)


def relay_states():
    """RelayState names a pending login of this browser and nothing else"""
    klass, log = "RelayState tricks", Log()
    login, other = Login(parts.IDP), Login(parts.IDP)
    both = Login(parts.IDP, login.browser)  # another tab of the same browser
    message = login.good(name="_relayed")
    for name, value, check in (("none", False, "relay-state"), ("empty", "", "relay-state"), ("an address", "https://evil.example/", "relay-state"),
                               ("a path", "/certificates", "relay-state"), ("long", "A" * 80000, "relay-state"),
                               ("with a line end", login.relay_state + "\r\nX: y", "relay-state"), ("made up", "A" * 43, "login-cookie"),
                               ("of another browser's login", other.relay_state, "login-cookie"),
                               ("in other letters", login.relay_state.swapcase(), "login-cookie")):
        refused(login.answer(message, relay_state=value), check, name, log, klass)
    refused(both.answer(message), "in-response-to", "of another tab's login", log, klass)
    b = Browser(demo)
    b.cookies["localhost"] = dict(login.cookies)
    answer = b.send("POST", "/saml/acs", urllib.parse.urlencode([("SAMLResponse", base64.b64encode(message).decode()),
                    ("RelayState", other.relay_state), ("RelayState", login.relay_state)]), {"Content-Type": "application/x-www-form-urlencoded"})
    tap.equal(answer.status // 100, 4, "two RelayStates")
    tap.equal(login.answer(message).status, 303, "with the right one it is good")
    where_one_lands(klass)


def where_one_lands(klass):
    """An address to return to is never another site's."""
    for back in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aX: y", "https:evil.example"):
        login = Login(parts.IDP, path="/login?return=%s&idp=" % urllib.parse.quote(back, safe=""))
        answer = login.answer(login.good(name="_" + os.urandom(8).hex())).want(303)
        target = urllib.parse.urlsplit(answer.location())
        tap.equal("%s://%s" % (target.scheme, target.netloc), demo["PORTAL_URL"], back)
        counted[klass] = counted.get(klass, 0) + 1


def login_csrf():
    """nobody can log another's browser in: with the attacker's answer, with a cookie or RelayState of the attacker, unsolicited"""
    klass, log = "login CSRF", Log()
    attacker, victim = Login(parts.IDP), Login(parts.IDP)
    message = attacker.good(name="_attackers")

    def as_victim(cookies, **more):
        b = Browser(demo)
        b.cookies["localhost"] = cookies
        return attacker.answer(message, sender=b, **more)
    refused(as_victim({}), "login-cookie", "a browser that never asked", log, klass)
    refused(as_victim(dict(victim.cookies)), "login-cookie", "a browser that asked for something else", log, klass)
    refused(as_victim(dict(victim.cookies), relay_state=victim.relay_state), "in-response-to", "with the victim's RelayState", log, klass)
    name = next(k for k in attacker.cookies if "login-" in k)
    tossed = {name: next(v for k, v in victim.cookies.items() if "login-" in k)}
    refused(as_victim(tossed), "login-cookie", "with the victim's cookie under the attacker's name", log, klass)
    refused(as_victim({}, relay_state=False), "relay-state", "unsolicited", log, klass)
    tap.equal(attacker.answer(message).status, 303, "the attacker's own browser may")


def session_of(browser):
    names = [k for k in browser.cookies["localhost"] if k.startswith("__Host-inkan-session")]
    tap.equal(len(names), 1, "session cookies %s" % list(browser.cookies["localhost"]))
    return names[0], browser.cookies["localhost"][names[0]]


def is_in(cookies):
    b = Browser(demo)
    b.cookies["localhost"] = cookies
    return b.get("/certificates", follow=False).status == 200


def session_fixation():
    """a session's id is new at each login, whatever the browser had; the old one is dead, a planted one never lives"""
    klass = "session fixation"
    attacker = Person(demo, "student")
    name, planted = session_of(attacker)
    for value in (planted, ("A" * 43, {}), ("x", {})):
        b = Browser(demo)
        b.cookies["localhost"] = {name: value}
        login = Login(parts.IDP, b)
        b.cookies["localhost"].update(login.cookies)
        answer = login.answer(login.good(name="_" + os.urandom(8).hex()), sender=b).want(303)
        tap.ok(session_of(b)[1][0] != value[0], "the planted id is kept")
        tap.ok(is_in({name: session_of(b)[1]}), repr(answer))
        tap.ok(not is_in({name: value}), "the planted id is logged in, as the attacker's or the victim's")
        counted[klass] = counted.get(klass, 0) + 1
    person = Person(demo, "student")
    old = session_of(person)[1]
    person.login()
    tap.ok(is_in({name: session_of(person)[1]}) and not is_in({name: old}), "the id of the login before")
    tap.ok(not is_in({name: (session_of(person)[1][0].swapcase(), {})}), "other letters")
    counted[klass] += 2


def idp_mix_up():
    """an answer counts only from the IdP that was asked, at this institution, at this browser"""
    klass, log = "IdP mix-up, wrong issuer", Log()
    login = Login(parts.IDP)
    scene(request_id=login.request_id)
    theirs = parts.response(parts.signed_assertion(key="idp2", issuer_=parts.issuer(parts.IDP2)), issuer_=parts.issuer(parts.IDP2))
    refused(login.answer(theirs.encode()), "signature", "all of the other IdP", log, klass)
    refused(login.answer(parts.usual(key="idp2").encode()), "signature", "signed by the other IdP in this one's name", log, klass)
    at_other = Login(parts.IDP2)
    refused(at_other.answer(at_other.good()), "signature", "this IdP's answer to a question to the other", log, klass)
    real = Person(demo, "researcher2", login=False)
    form = real.saml_response()
    refused(login.answer(base64.b64decode(form.fields["SAMLResponse"])), "signature", "a real answer of a real IdP of another institution", log, klass)
    demo.owner("delete from institution_idp where entity_id = %s" % q(parts.IDP2))
    answer = at_other.answer(parts.response(parts.signed_assertion(key="idp2", issuer_=parts.issuer(parts.IDP2), subject_=parts.subject(
        confirm=parts.confirmation(InResponseTo=at_other.request_id))), issuer_=parts.issuer(parts.IDP2), InResponseTo=at_other.request_id).encode())
    tap.equal((answer.status, log.checks().get(number_of(answer), "institution")), (403, "institution"), "an IdP that left its institution")
    counted[klass] = counted.get(klass, 0) + 1


def keys_change():
    """an IdP changes its keys: both are good while its metadata names both, afterwards only the new one"""
    klass, log = "keys of the attacker in KeyInfo, other keys", Log()
    login = Login(parts.IDP)

    def by(key):
        login.restore()
        return login.answer(login.good(key=key))
    tap.equal([by("idp").status, by("idp-next").status], [303, 303], "both keys in the metadata")
    whole = parts.read("idp.xml")
    parts.write("idp.xml", whole.replace(parts.key_descriptor("idp", ""), ""))
    stage.register("idp", "Hostile College")
    tap.equal(by("idp-next").status, 303, "the new key")
    refused(by("idp"), "signature", "the old key", log, klass)
    parts.write("idp.xml", whole)
    stage.register("idp", "Hostile College")
    tap.equal(by("idp").status, 303, "the old key again")


def too_late():
    """an answer to a login that has expired is refused"""
    login, log = Login(parts.IDP), Log()
    message = login.good(name="_late")
    demo.owner("update login set expires_at = now() - interval '1 second' where request_id = %s" % q(login.request_id))
    refused(login.answer(message), "login-expired", "late", log, "wrong time")


def enough():
    """refused here: at least 200 messages in at least 20 classes, with one face, as tests/hostile/README.md counts them"""
    tap.equal(len(faces), 1, "pages differ")
    with open(os.path.join(HERE, "..", "hostile", "README.md"), encoding="utf-8") as file:
        index = file.read()
    for klass in ("replay over nodes and restarts", "RelayState tricks", "login CSRF", "session fixation"):
        tap.has(index, "| %s | %d |" % (klass, counted[klass]))
    for klass in sorted(counted):
        tap.comment("%4d  %s" % (counted[klass], klass))
    tap.ok(sum(counted.values()) >= 200 and len(counted) >= 20, "%d in %d" % (sum(counted.values()), len(counted)))


if __name__ == "__main__":
    stage.prepare("Hostile College")
    tap.run(all_hostile, all_benign, missing_attributes, weaker_logins, real_simplesamlphp, real_pysaml2, replays, relay_states, login_csrf, session_fixation,
            idp_mix_up, keys_change, too_late, enough)
