#!/usr/bin/python3
"""What an institution allows: operators change it group by group, with a preview, officers read it, two at once overwrite nothing.
tap: alone
tap: seconds 60"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

demo = client.Demo()
have = {}
HERE = "select id from institution where name = 'Kagami University'"


def path(group=""):
    return "/helpdesk/institutions/%d%s" % (have["id"], "/" + group if group else "")


def form(b, group):
    return b.get(path(group)).want(200).form(path(group))


def changes():
    return demo.number("select count(*) from event where what = 'institution-changed'")


def column(name):
    return demo.sql("select %s from institution where id = %d" % (name, have["id"]))


def change(b, group, **fields):
    """as an operator does it: the form, what it would do, done"""
    fields = {k.replace("_", "-"): v for k, v in fields.items()}
    asked = b.submit(form(b, group), **fields).want(200)
    return asked, b.submit(asked.form(path(group), confirm="1")).want(303)


def prepared():
    """an operator, an officer, the institution as it is"""
    have.update(id=demo.number(HERE), operator=Person(demo, "operator"), desk=Person(demo, "desk"), researcher=Person(demo, "researcher"))
    have["contact"] = [demo.sql("select helpdesk_%s from institution where id = %d" % (word, have["id"])) or "" for word in ("name", "phone")]
    have["other"] = demo.number("select id from institution where name = 'Minato Institute'")


def list_of_institutions():
    """operators find an institution by a part of its name or domain; an officer sees the own one, and no way to change it"""
    page = have["operator"].get("/helpdesk/institutions?q=kaga").want(200)
    tap.equal([n["data-institution"] for n in page.tree.all("tr") if n["data-institution"]], [str(have["id"])])
    page = have["operator"].get("/helpdesk/institutions?q=MINATO.example").want(200)
    tap.equal([n["data-institution"] for n in page.tree.all("tr") if n["data-institution"]], [str(have["other"])])
    tap.has(have["operator"].get("/helpdesk/institutions?q=nowhere").want(200).text(), "No institution was found")
    own = have["desk"].get("/helpdesk/institutions").want(200)
    tap.has(own.text(), "Kagami University")
    tap.equal([a["href"] for a in own.tree.all("a") if (a["href"] or "").startswith("/helpdesk/institutions/")], [])
    tap.equal(own.id("mail-domain").text().strip(), column("array_to_string(mail_domains, ' ')"))


def officers_change_nothing():
    """an officer gets no form, and a form of an operator's is refused to an officer; another institution is not there"""
    before, there = changes(), form(have["operator"], "contact")
    have["desk"].get(path("contact"), follow=False).want(403)
    csrf = have["desk"].get("/helpdesk").form("/logout").fields["csrf"]
    fields = dict(there.fields, csrf=csrf, confirm="1", **{"helpdesk-name": "Mine"})
    have["desk"].post(path("contact"), fields).want(403)
    have["desk"].get("/helpdesk/institutions/%d" % have["other"], follow=False).want(404)
    tap.equal(changes(), before)


def edited():
    """old and new are shown, with the subject that a certificate then has; the change is in the audit with both, by whom it was"""
    b, before = have["operator"], changes()
    asked = b.submit(form(b, "names"), locality="Kyoto").want(200)
    tap.equal([n["data-field"] for n in asked.tree.all("div") if n["data-field"]], ["locality"])
    tap.has(asked.text(), "Academe")
    tap.equal(asked.id("example-subject").text(), "C=JP, L=Kyoto, O=Kagami University, OU=No N, CN=Hanako Yamada")
    tap.equal((column("locality"), changes()), ("Academe", before), "asking changes nothing")
    confirmed = asked.form(path("names"), confirm="1")
    there = b.submit(confirmed).want(303).location()
    tap.equal(b.submit(confirmed).want(303).location(), there, "the same form twice is the same change")
    tap.equal((column("locality"), changes()), ("Kyoto", before + 1))
    tap.equal(demo.sql("select actor || ' ' || (detail ->> 'locality') from event where what = 'institution-changed' order by id desc limit 1"),
              'operator:%s {"new": "Kyoto", "old": "Academe"}' % demo.sql("select person from session where role = 'operator' order by created_at desc limit 1"))
    page = b.get(there).want(200)
    tap.has(page.text(), "The policy is changed.")
    tap.equal(page.id("locality").text(), "Kyoto")
    number = have["researcher"].apply("client", 13)
    tap.equal(demo.sql("select locality from request where number = %d" % number), "Kyoto")
    change(b, "names", locality="Academe")


def consequences():
    """who could apply for nothing, what could not be issued and not be renewed is counted before it is done"""
    b, who = have["operator"], have["researcher"]
    demo.owner("update institution set approval = true where id = %d" % have["id"])
    waits = who.apply("client", 13)
    demo.owner("update institution set approval = false where id = %d" % have["id"])
    tap.equal(who.state(waits), "approval")
    asked = b.submit(form(b, "offers"), **{"types.client": "", "months": "52, 25"}).want(200)
    said = {n["data-effect"]: n.text() for n in asked.tree.all("li") if n["data-effect"]}
    tap.ok("stopped" in said, str(said))
    tap.equal([n["data-type"] for n in asked.tree.all("li") if n["data-type"]], ["smime"])
    asked = b.submit(form(b, "names"), **{"mail-domain": "elsewhere.example"}).want(200)
    said = {n["data-effect"]: n.text() for n in asked.tree.all("li") if n["data-effect"]}
    tap.ok("no-mail" in said and "stopped" in said, str(said))
    tap.has(asked.id("refused-domains").text(), "@kagami.example")
    asked = b.submit(form(b, "people"), idp="").want(200)
    said = {n["data-effect"]: n.text() for n in asked.tree.all("li") if n["data-effect"]}
    tap.ok("strangers" in said, str(said))
    tap.equal(column("types"), "{client,smime}")
    who.act(waits, "withdraw")


def hostile():
    """what is out of bounds is refused beside its field, which says what is allowed; hostile text stays text; nothing is changed"""
    b, before, version = have["operator"], changes(), column("version")
    for group, field, value in (("names", "country", "Japan"), ("names", "locality", ""), ("names", "organization", "x" * 65), ("names", "unit", "京都"),
                                ("names", "mail-domain", "*.example"), ("names", "mail-domain", "a@b.example"), ("names", "name-ja", "a\u202eb"),
                                ("names", "name-form", "latin"), ("offers", "months", "0"), ("offers", "months", ""), ("offers", "types", "server"),
                                ("offers", "max-active", "-1"), ("steps", "approval", "maybe"), ("steps", "grace-days", "3651"),
                                ("steps", "password-rule", "length=9-3"), ("contact", "helpdesk-mail", "a@b\r\nBcc: c@d.example"),
                                ("people", "identifier", "mail"), ("people", "idp", "javascript"), ("people", "idp", "https://a.example/\"><script>")):
        page = b.submit(form(b, group), **{field: value}).want(400)
        tap.ok(page.tree.first(id=field + "-problem") is not None, "%s %r: nothing beside the field" % (field, value))
        tap.ok(b"<script>" not in page.body, field)
    taken = demo.sql("select entity_id from institution_idp where institution = %d" % have["other"])
    page = b.submit(form(b, "people"), idp=taken).want(400)
    tap.has(page.id("idp-problem").text(), "another institution")
    b.submit(form(b, "contact")).want(400)  # nothing differs
    b.submit(form(b, "contact"), version="x", **{"helpdesk-name": "New"}).want(400)
    b.submit(form(b, "contact"), form_key="x", **{"helpdesk-name": "New"}).want(403)
    b.submit(form(b, "contact"), csrf="x", **{"helpdesk-name": "New"}).want(403)
    b.get(path("nothing"), follow=False).want(404)
    b.get("/helpdesk/institutions/99999999", follow=False).want(404)
    # Only the fields of the group that the form is of.
    asked = b.submit(form(b, "contact"), **{"helpdesk-name": "<b>New</b> & \"co\"", "locality": "Elsewhere", "version_": "9"}).want(200)
    b.submit(asked.form(path("contact"), confirm="1"), locality="Elsewhere").want(303)
    tap.equal((column("helpdesk_name"), column("locality"), changes()), ('<b>New</b> & "co"', "Academe", before + 1))
    tap.equal(int(column("version")), int(version) + 1)
    tap.lacks(b.get(path()).html, "<b>New</b>")


def two_at_once():
    """who comes second is told what the first one changed, keeps the own changes in the form, and overwrites nothing"""
    one, two = have["operator"], Person(demo, "operator")
    mine = two.submit(form(two, "contact"), **{"helpdesk-phone": "+81-3-0000-0000"}).want(200).form(path("contact"), confirm="1")
    page = form(two, "contact")
    change(one, "contact", helpdesk_name="Media Center")
    told = two.submit(mine).want(409)
    tap.has(told.text(), "Somebody else changed the policy")
    tap.has(told.text(), "Media Center")
    tap.equal(column("helpdesk_name || ' ' || helpdesk_phone <> ' +81-3-0000-0000'"), "t")
    told = two.submit(page, **{"helpdesk-phone": "+81-3-0000-0000"}).want(409)
    again = told.form(path("contact"))
    tap.equal((again.fields["helpdesk-name"], again.fields["helpdesk-phone"]), ("Media Center", "+81-3-0000-0000"))
    asked = two.submit(again).want(200)
    tap.equal([n["data-field"] for n in asked.tree.all("div") if n["data-field"]], ["helpdesk-phone"])
    two.submit(asked.form(path("contact"), confirm="1")).want(303)
    tap.equal(column("helpdesk_name || ' ' || helpdesk_phone"), "Media Center +81-3-0000-0000")


def units():
    """people choose one of the institution's other OUs, also one in its own script, and the certificate says it; others are refused"""
    b, who = have["operator"], have["researcher"]
    tap.ok("unit" not in who.apply_form("client").choices, "none to choose from by default")
    change(b, "names", **{"allowed-unit": "Library\r\n附属図書館", "unit-choice": "person"})
    form = who.apply_form("client")
    asked = who.submit(form, unit="附属図書館", months="13").want(200)
    tap.has(asked.text(), "OU=附属図書館, OU=No N, CN=")
    number = int(who.submit(asked.form("/certificates", confirm="1")).want(303).location().split("/")[-2])
    who.wait(number, "ready")
    who.collect(number, who.pin(number), who.pickup_path(number))
    subject = demo.sql("select subject from certificate where request = %d" % number)
    tap.has(subject, "O=Kagami University, OU=附属図書館, OU=No %d, CN=" % number)
    tap.has(who.submit(who.apply_form("client"), unit="Secret Service", months="13").want(422).text(), "This unit is not available")
    forged = who.submit(who.apply_form("client"), unit="Library", months="13").want(200).form("/certificates", confirm="1")
    change(b, "names", **{"allowed-unit": "", "unit-choice": "officer"})
    who.submit(forged).want(422)
    tap.equal(column("units"), "{}")


def command_and_page():
    """the command changes the same fields and leaves the same record, which the page shows"""
    demo.inkan("institution", "set", "Kagami University", "--grace-days", "7")
    page = have["desk"].get("/helpdesk/institutions").want(200)
    tap.has(page.id("grace-days").text(), "7 days")
    tap.has(page.text(), "by the operator’s command")
    tap.has(demo.inkan("institution", "show", "Kagami University").stdout, "+81-3-0000-0000")
    change(have["operator"], "steps", grace_days="")
    tap.equal(column("grace_days is null"), "t")
    name, phone = have["contact"]
    change(have["operator"], "contact", helpdesk_name=name, helpdesk_phone=phone)
    tap.equal(column("helpdesk_name || helpdesk_phone") or "", name + phone)


tap.run(prepared, list_of_institutions, officers_change_nothing, edited, consequences, hostile, two_at_once, units, command_and_page)
