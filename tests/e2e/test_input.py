#!/usr/bin/python3
"""People and institutions that don't fit: each gets a clear page and the right status, and nothing is half done.
tap: seconds 180"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import idp  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person, q  # noqa: E402

demo = client.Demo()
college = idp.Idp(demo, "testing.example")
have = {}


class Guest(Person):
    """Somebody of the tests' own IdP."""

    def __init__(self, attributes, at=None, language="en", **changed):
        super().__init__(demo, "guest", language, login=False)
        self.home = at or college
        self.answered = self.home.answer(self, attributes, **changed)

    def inside(self):
        self.answered.want(303)
        return self


def inside(entity=None):
    """How many persons and sessions of an IdP there are; other tests log in beside."""
    return demo.sql("select (select count(*) from person where idp = %s) || ' ' || (select count(*) from session s join person p"
                    " on p.id = s.person where p.idp = %s)" % ((q(entity or college.entity),) * 2))


def requests_of(name):
    return demo.number("select count(*) from request r join person p on p.id = r.person where p.idp = %s and p.identifier = %s"
                       % (q(college.entity), q(name + "@testing.example")))


def registered():
    """an IdP is imported by hand from its EntityDescriptor, and makes its institution with the default policy"""
    done = college.register("Testing College", "testing.example")
    tap.equal(done.returncode, 0)
    row = demo.sql("select types, months, approval, max_active, mail_domains from institution where name = 'Testing College'", rows=True)
    tap.equal(row, [["{client,smime}", "{52,25,13}", "f", row[0][3], "{testing.example}"]])
    guest = Guest(college.person("first")).inside()
    tap.equal(guest.dashboard().value("person"), "Hana Sakura")
    college.register("Testing College", "testing.example")
    tap.equal(demo.number("select count(*) from institution where name = 'Testing College'"), 1, "a second import")


def not_metadata():
    """an import of what is no EntityDescriptor says so and changes nothing"""
    before = demo.sql("select count(*) || ' ' || (select count(*) from idp) from institution")
    for content in ("", "hello", "<x/>", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", college.metadata()[:400],
                    college.metadata().replace("IDPSSODescriptor", "SPSSODescriptor")):
        file = os.path.join(college.folder.name, "bad.xml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(content)
        os.chmod(file, 0o644)
        done = demo.inkan("metadata", "import", file, "--institution", "Bad College", check=False)
        tap.ok(done.returncode != 0, "taken: %r" % content[:50])
        tap.ok(len(done.stderr.strip()) > 10, "no word about it: %r" % done.stderr)
    done = demo.inkan("metadata", "import", "/nowhere/at/all.xml", "--institution", "Bad College", check=False)
    tap.ok(done.returncode != 0 and "/nowhere/at/all.xml" in done.stderr, done.stderr)
    tap.equal(demo.sql("select count(*) || ' ' || (select count(*) from idp) from institution"), before)


def refused_login(answer, *words):
    """A page that explains; nobody is logged in half."""
    tap.ok(400 <= answer.status < 500 and answer.is_html(), repr(answer))
    text = answer.text()
    for word in words:
        tap.has(text.lower(), word.lower())


def missing_mail():
    """an IdP that sends no mail address: the page names the attribute, the IdP and whom to ask; nobody is logged in"""
    before = inside()
    someone = Person(demo, "noattr", login=False)
    page = someone.login()
    refused_login(page, "mail", "Kagami")
    tap.equal(someone.get("/certificates", follow=False).status, 303)
    guest = Guest(college.person("nomail", mail=None))
    refused_login(guest.answered, "mail", "Testing College", "identity@testing.example")
    tap.equal(guest.get("/certificates", follow=False).status, 303)
    ja = Guest(college.person("nomail", mail=None), language="ja")
    refused_login(ja.answered, "mail", "identity@testing.example")
    tap.ok(any("\u3040" <= c <= "\u30ff" for c in ja.answered.text()), "in Japanese")
    tap.equal(inside(), before)


def missing_identifier():
    """an IdP that sends no identifier is refused by name, and so is one for another's scope"""
    guest = Guest(college.person("noid", **{"subject-id": None}))
    refused_login(guest.answered, "subject-id")
    attributes = college.person("thief")
    attributes["subject-id"] = "researcher@kagami.example"
    guest = Guest(attributes)
    tap.ok(400 <= guest.answered.status < 500, "another's scope: %r" % guest.answered)
    tap.equal(guest.get("/certificates", follow=False).status, 303)


def several_mails():
    """where the IdP sends several addresses the person picks one, and no other is taken"""
    both = Person(demo, "twomails")
    form = both.apply_form("smime")
    tap.equal(len(form.choices.get("mail", [])), 2, "a select with both")
    tap.ok(400 <= both.submit(form, type="smime", months="13", mail="third@kagami.example", confirm="1").status < 500)
    for address in form.choices["mail"]:
        number = both.apply("smime", 13, mail=address)
        tap.equal(demo.sql("select mail from request where number = %d" % number), address)
        ready = client.wait_mail(demo, number, "ready")
        tap.equal(str(ready["To"].addresses[0].addr_spec), address)


def mail_outside():
    """an address outside the institution's domains is refused when applying, with the reason"""
    guest = Guest(college.person("outside", mail="hana@elsewhere.example")).inside()
    page = guest.dashboard()
    forms = [f for f in page.forms() if f.path == "/certificates"]
    if forms:
        answer = guest.submit(forms[0], type="client", months="13", confirm="1")
        tap.ok(400 <= answer.status < 500 and answer.is_html(), repr(answer))
        tap.ok("elsewhere.example" in answer.text() or "testing.example" in answer.text(), answer.text()[:500])
    else:
        tap.has(page.text(), "not in your institution’s domains")
    tap.equal(demo.number("select count(*) from request r join person p on p.id = r.person where 'hana@elsewhere.example' = any (p.mails)"), 0)


def domains_by_case_and_suffix():
    """domains are compared without case, and 'ends with the name' is not 'below it'"""
    guest = Guest(college.person("case", mail="Hana@TESTING.example")).inside()
    tap.ok(guest.apply("client", 13))
    guest = Guest(college.person("suffix", mail="hana@eviltesting.example")).inside()
    forms = [f for f in guest.dashboard().forms() if f.path == "/certificates"]
    if forms:
        tap.ok(400 <= guest.submit(forms[0], type="client", months="13", confirm="1").status < 500)


def no_ascii_name():
    """a name that has no ASCII form is refused with words that say what is missing, at the login or when applying"""
    guest = Guest(college.person("kanji", displayName="佐倉 花", givenName="花", sn="佐倉"))
    if guest.answered.status == 303:
        page = guest.dashboard()
        forms = [f for f in page.forms() if f.path == "/certificates"]
        if forms:
            page = guest.submit(forms[0], type="client", months="13", confirm="1")
            tap.ok(400 <= page.status < 500, repr(page))
        text = page.text()
    else:
        tap.ok(400 <= guest.answered.status < 500)
        text = guest.answered.text()
    tap.ok("displayName" in text or "name" in text.lower(), text[:600])
    tap.equal(requests_of("kanji"), 0)


def unknown_institution():
    """an IdP that belongs to no institution, or to none any more, gets a page that says so; nobody is logged in"""
    lonely = idp.Idp(demo, "lonely.example", "Lonely Institute")
    lonely.register("Lonely Institute", "lonely.example")
    before = inside(lonely.entity)
    # It leaves while somebody is on the way: the answer comes from an IdP that is known, of no institution.
    guest = Person(demo, "guest", login=False)
    sent = guest.get("/login?idp=" + urllib.parse.quote(lonely.entity, safe=""), follow=False).want(303)
    demo.owner("delete from institution_idp where entity_id = %s" % q(lonely.entity))
    answer = lonely.finish(guest, sent, lonely.person("solo"))
    refused_login(answer)
    tap.equal(guest.get("/certificates", follow=False).status, 303)
    answer = guest.get("/login?idp=" + urllib.parse.quote(lonely.entity, safe=""), follow=False)
    tap.equal(answer.status, 404, "not on the list any more")
    tap.equal(inside(lonely.entity), before)


def policy(**columns):
    demo.owner("update institution set " + ", ".join("%s = %s" % kv for kv in columns.items()) + " where name = 'Testing College'")


def forbidden_by_policy():
    """what the institution does not offer is not shown, and refused when sent all the same, with the reason; the key stays good"""
    guest = Guest(college.person("policy")).inside()
    client_form, smime = guest.apply_form("client"), guest.apply_form("smime")
    policy(types="'{client}'", months="'{25,13}'")
    try:
        page = guest.dashboard()
        tap.equal([f for f in page.forms() if f.path == "/certificates" and f.takes("type", "smime")], [])
        offered = page.form("/certificates", type="client")
        tap.lacks(offered.choices.get("months", []), "52")
        for form, fields in ((smime, {"type": "smime", "months": "13"}), (client_form, {"type": "client", "months": "52"})):
            for confirm in ({}, {"confirm": "1"}):
                answer = guest.submit(form, **fields, **confirm)
                tap.ok(400 <= answer.status < 500 and answer.is_html() and len(answer.text()) > 40, repr(answer))
        tap.equal(guest.submit(client_form, type="client", months="13", confirm="1").status, 303)
    finally:
        policy(types="'{client,smime}'", months="'{52,25,13}'")


def too_many():
    """at the cap a further application is refused with the number allowed; withdrawing or revoking makes room"""
    guest = Guest(college.person("capped")).inside()
    policy(max_active="2")
    try:
        first = guest.apply("client", 13)
        form = guest.apply_form("client")
        guest.apply("client", 13)
        answer = guest.submit(form, type="client", months="13", confirm="1")
        tap.ok(400 <= answer.status < 500 and "2" in answer.text(), repr(answer) + answer.text()[:400])
        tap.equal(requests_of("capped"), 2)
        guest.wait(first, "ready")
        pin = tap.until(lambda: guest.pin(first))
        guest.collect(first, pin, guest.pickup_path(first))
        guest.act(first, "revoke", reason="superseded")
        tap.equal(guest.submit(form, type="client", months="13", confirm="1").status, 303)
    finally:
        policy(max_active="20")


def cap_at_once():
    """simultaneous applications don't get over the cap together"""
    guest = Guest(college.person("racer")).inside()
    policy(max_active="3")
    try:
        forms = [guest.apply_form("client") for _ in range(8)]

        def send(form):
            b = Browser(demo)
            b.cookies = guest.cookies
            return lambda: b.submit(form, type="client", months="13", confirm="1")
        answers = client.at_once(*[send(f) for f in forms])
        tap.equal(sorted({a.status for a in answers if a.status >= 500}), [])
        tap.equal(requests_of("racer"), 3, "answers: %s" % [a.status for a in answers])
    finally:
        policy(max_active="20")


def expired_pickup():
    """a link after its days says that it is over and what to do; it is not the page of a link that never was"""
    guest = Guest(college.person("late")).inside()
    number, pin, path = guest.ready()
    demo.owner("update pickup set expires_at = now() - interval '1 minute' where request = %d" % number)
    page = guest.get(path)
    tap.ok(400 <= page.status < 500 and page.is_html(), repr(page))
    csrf = guest.dashboard().form("/certificates", type="client").fields["csrf"]
    for end in ("", "/download"):
        tap.ok(400 <= guest.post(path + end, {"csrf": csrf, "pin": pin}).status < 500)
    tap.equal(demo.number("select count(*) from certificate where request = %d" % number), 0)


def no_pin_mail():
    """without PIN mail the pickup asks for the PIN alone, and no mail carries it"""
    guest = Guest(college.person("nopinmail")).inside()
    policy(pin_mail="false")
    try:
        number, pin, path = guest.ready()
        stranger = Browser(demo)
        page = stranger.get(path, follow=False)
        tap.equal(page.status, 200, "no login is asked for")
        second = stranger.submit(page.form(path, pin=None), pin=pin).want(200)
        data = stranger.submit(second.form(path + "/download"), pin=pin).want(200).body
        tap.ok(len(data) > 1000)
        tap.equal(client.mails(demo, number, "pin"), [])
        bad = stranger.submit(page.form(path, pin=None), csrf="x" * 43, pin=pin)
        tap.equal(bad.status, 403)
        tap.equal(Browser(demo).post(path, {"csrf": page.form(path, pin=None).fields["csrf"], "pin": pin}).status, 403, "without the cookie")
    finally:
        policy(pin_mail="true")


def approval():
    """where the policy asks for approval an application waits, with words that say so, and can be withdrawn or not, but not collected"""
    guest = Guest(college.person("patient")).inside()
    policy(approval="true")
    try:
        number = guest.apply("client", 13)
        tap.equal(guest.state(number), "approval")
        tap.equal(guest.get("/certificates/%d/accepted" % number).status, 200)
        tap.equal(demo.number("select count(*) from pickup where request = %d" % number), 0)
    finally:
        policy(approval="false")


def hostile_names():
    """names and memos with markup are shown as text, in pages and mails"""
    name = "Hana <script>alert('x')</script> & \"Co\""
    guest = Guest(college.person("markup", displayName=name, jaDisplayName="<b>花</b>")).inside()
    page = guest.dashboard()
    tap.equal(page.value("person") in (name, "<b>花</b>"), True, page.value("person"))
    tap.lacks(page.html, "<script>alert")
    for part in ("<b>花",):
        tap.lacks(page.html, part)


def sql_and_long_values():
    """quotes, percent signs and very long values in what an IdP sends do no harm"""
    for extra in ({"displayName": "O'Hara; drop table person; --"}, {"displayName": "x" * 5000}, {"mail": ["a%d@testing.example" % i for i in range(60)]},
                  {"eduPersonEntitlement": ["urn:x:%d" % i for i in range(500)]}, {"displayName": "%s%n%d {} \\x00"}):
        guest = Guest(college.person("odd", **extra))
        tap.ok(guest.answered.status == 303 or 400 <= guest.answered.status < 500, "%r for %s" % (guest.answered, str(extra)[:80]))


def wrong_responses():
    """a response for somebody else, too late, too early or to another place is refused at the door"""
    for changed in ({"audience": "https://other.example/sp"}, {"destination": "https://other.example/saml/acs"},
                    {"recipient": "https://other.example/saml/acs"}, {"in_response_to": "_0123456789"}, {"until": "2020-01-01T00:00:00Z"},
                    {"since": "2099-01-01T00:00:00Z"}, {"issuer": demo["IDP1"]}):
        guest = Guest(college.person("wrong"), **changed)
        tap.ok(400 <= guest.answered.status < 500, "%r for %s" % (guest.answered, changed))
        tap.equal(guest.get("/certificates", follow=False).status, 303, str(changed))


def identities_stay_apart():
    """the same identifier at another IdP is another person"""
    twin = idp.Idp(demo, "testing.example", "Testing College")
    twin.register("Testing College", "testing.example")
    one, two = Guest(college.person("twin")).inside(), Guest(twin.person("twin"), at=twin).inside()
    number = one.apply("client", 13)
    tap.equal(two.get("/certificates/%d" % number).status, 404)
    tap.equal(urllib.parse.urlsplit(one.get("/certificates").url).path, "/certificates")


tap.run(registered, not_metadata, missing_mail, missing_identifier, several_mails, mail_outside, domains_by_case_and_suffix, no_ascii_name,
        unknown_institution, forbidden_by_policy, too_many, cap_at_once, expired_pickup, no_pin_mail, approval, hostile_names,
        sql_and_long_values, wrong_responses, identities_stay_apart)
