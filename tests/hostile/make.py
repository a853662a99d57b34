#!/usr/bin/python3
"""Makes SAML responses for tests/unit/test_sp_hostile.c and tests/e2e/test_hostile_live.py: hostile ones, each named
CHECK--what-it-tries.xml after the one check that must refuse it and put into a class of attacks, and benign ones (ok--what.xml)
that must pass. All are a captured response of a real IdP with one thing changed (parts.py). Keys are made on the spot and go
with the folder. README.md counts them.

    make.py keys DIR                     keys, certificates, metadata of two IdPs
    make.py messages DIR REQUEST_ID      the messages, and DIR/expected: file, verdict, check, values to be read, class
    make.py benign DIR REQUEST_ID        the benign ones only
    make.py index DIR                    README.md's table of the messages in DIR, to be put there

Verdicts: passes, refused (by sp_response_verify), missing (passes, but sp_person_new finds a required attribute missing),
explained (refused, but all of it was right except the kind of login). Where the file's name says context, the login asked for
REFEDS MFA or a smart card.
"""
import base64
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import parts  # noqa: E402
import tricks  # noqa: E402
from parts import (ATTRIBUTES, DISPLAY, DS, ENC, ENC11, ENVELOPED, EPPN, EPTID, EVIL, EXC, INC, JA, MAIL, MORE, PERSISTENT, SAML,  # noqa: E402
                   SUBJECT_ID, SUCCESS, USUAL, advice, ahead, assertion, at, attribute, audience, conditions, confirmation, encrypt,
                   encrypted_id, extensions, issuer, just, response, rewrap, signed_assertion, signed_response, statement, status, subject,
                   template, transform, usual, with_value)

# What a message tries. Each hostile message is of the class that was named last.
cases = []  # (file, verdict, check, values, class, bytes)
now_in = ""


def attack(name):
    global now_in
    now_in = name


def case(name, xml, verdict="refused", values="", check=None):
    check = check or name.split("--")[0]
    data = xml.encode() if isinstance(xml, str) else xml
    cases.append((name, verdict, "" if verdict == "passes" else check, values, now_in, data))


def hostile(name, xml):
    case(name + ".xml", xml)


def benign(name, xml, values=""):
    case("ok--" + name + ".xml", xml, "passes", values)


def missing(name, xml):
    case(name + ".xml", xml, "missing")


def raw(name, text):
    case(name + ".b64", text)


# --- what must pass --------------------------------------------------------------------------------------------------------------

PLAIN = "eduPersonPrincipalName=hanako@example.ac.jp|mail=hanako@example.ac.jp|displayName=Hanako Kagami|jaDisplayName=鏡 花子"


def benign_signatures():
    benign("assertion-signed", usual(), PLAIN)
    benign("response-signed", signed_response(assertion()), PLAIN)
    benign("both-signed", signed_response(signed_assertion()), PLAIN)
    for bits in ("384", "512"):
        with_ = {"method": MORE + "rsa-sha" + bits, "digest": (MORE if bits == "384" else ENC) + "sha" + bits}
        benign("rsa-sha" + bits, usual(with_=with_), PLAIN)
    benign("ecdsa-sha256", usual(key="idp-ec", with_={"method": MORE + "ecdsa-sha256"}), PLAIN)
    benign("ecdsa-p384-sha384", usual(key="idp-p384", with_={"method": MORE + "ecdsa-sha384", "digest": MORE + "sha384"}), PLAIN)
    benign("ecdsa-p384-sha512-response-signed", signed_response(assertion(), key="idp-p384", with_={
        "method": MORE + "ecdsa-sha512", "digest": ENC + "sha512"}), PLAIN)
    benign("rsa-and-ecdsa", signed_response(signed_assertion(key="idp-ec", with_={"method": MORE + "ecdsa-sha256"})), PLAIN)
    benign("second-signing-key-certificate-expired", usual(key="idp-next"), PLAIN)
    benign("one-by-the-old-key-one-by-the-new", signed_response(signed_assertion(key="idp-next")), PLAIN)
    prefixes = '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="xs xsi"/>' % EXC
    benign("inclusive-namespaces", usual(with_={"transforms": transform(ENVELOPED) + transform(EXC, prefixes)}), PLAIN)
    benign("exclusive-c14n-with-comments", usual(with_={"c14n": EXC + "WithComments"}), PLAIN)
    benign("no-key-info", usual(with_={"key_info": ""}), PLAIN)
    benign("key-name-only", usual(with_={"key_info": "<ds:KeyInfo><ds:KeyName>key</ds:KeyName></ds:KeyInfo>"}), PLAIN)


# RSA-OAEP with other digests and masks: name, OpenSSL's names, what the message says.
OAEP = (
    ("sha256-mask-sha1", "sha256", "sha1", ENC + "rsa-oaep-mgf1p", '<ds:DigestMethod Algorithm="%ssha256"/>' % ENC),
    ("11-sha256", "sha256", "sha256", ENC11 + "rsa-oaep",
     '<ds:DigestMethod Algorithm="%ssha256"/><xenc11:MGF xmlns:xenc11="%s" Algorithm="%smgf1sha256"/>' % (ENC, ENC11, ENC11)),
    ("11-sha512", "sha512", "sha384", ENC11 + "rsa-oaep",
     '<xenc11:MGF xmlns:xenc11="%s" Algorithm="%smgf1sha384"/><ds:DigestMethod Algorithm="%ssha512"/>' % (ENC11, ENC11, ENC)),
    ("11-nothing-said", "sha1", "sha1", ENC11 + "rsa-oaep", ""),
)


def benign_encryption():
    good = signed_assertion()
    benign("encrypted-cbc-in-signed-response", signed_response(encrypt(assertion(), method=ENC + "aes128-cbc")), PLAIN)
    benign("encrypted-cbc-signed-twice", signed_response(encrypt(good, method=ENC + "aes256-cbc", session="aes-256")), PLAIN)
    benign("encrypted-cbc-192", signed_response(encrypt(good, method=ENC + "aes192-cbc", session="aes-192")), PLAIN)
    benign("encrypted-gcm", response(encrypt(good)), PLAIN)
    benign("encrypted-gcm-256", response(encrypt(good, method=ENC11 + "aes256-gcm", session="aes-256")), PLAIN)
    benign("encrypted-gcm-in-signed-response", signed_response(encrypt(assertion())), PLAIN)
    benign("encrypted-oaep-digest-named", response(encrypt(good, parameters='<ds:DigestMethod Algorithm="%ssha1"/>' % DS)), PLAIN)
    benign("encrypted-key-beside", response(encrypt(good, beside=True)), PLAIN)
    benign("encrypted-gcm-192", response(encrypt(good, method=ENC11 + "aes192-gcm", session="aes-192")), PLAIN)
    for name, digest, mask, transport, parameters in OAEP:
        benign("encrypted-oaep-" + name, response(rewrap(encrypt(good, to="foreign"), digest, mask, transport, parameters)), PLAIN)
    benign("encrypted-name-id", usual(subject_=subject(encrypted_id())), PLAIN)
    benign("encrypted-name-id-cbc", usual(subject_=subject(encrypted_id(method=ENC + "aes128-cbc"))), PLAIN)
    benign("encrypted-name-id-in-signed-response", signed_response(assertion(subject_=subject(encrypted_id()))), PLAIN)
    benign("encrypted-name-id-in-the-encrypted-assertion",
           response(encrypt(signed_assertion(subject_=subject(encrypted_id(beside=True))))), PLAIN)
    benign("encrypted-name-id-by-sha256", usual(subject_=subject(rewrap(encrypted_id(to="foreign"), *OAEP[1][1:]))), PLAIN)


def benign_times():
    benign("skew-59-late", usual(conditions_=conditions(NotOnOrAfter=just(-59)),
                                 subject_=subject(confirm=confirmation(NotOnOrAfter=just(-59))),
                                 statement_=statement(SessionNotOnOrAfter=just(-59))), PLAIN)
    benign("skew-60-early", usual(conditions_=conditions(NotBefore=at(60)), statement_=statement(AuthnInstant=at(60)),
                                  IssueInstant=at(60)), PLAIN)
    benign("no-not-before", usual(conditions_=conditions(NotBefore=None)), PLAIN)
    benign("no-session-end", usual(statement_=statement(SessionNotOnOrAfter=None)), PLAIN)
    benign("fractions-of-seconds", usual(IssueInstant=at(-2).replace("Z", ".123456Z")), PLAIN)


def benign_forms():
    """The same said in another way."""
    benign("declaration", '<?xml version="1.0" encoding="UTF-8"?>\n' + usual(), PLAIN)
    benign("byte-order-mark", b"\xef\xbb\xbf" + usual().encode(), PLAIN)
    spaced = usual().replace("<samlp:Status>", "\n  <samlp:Status>\n    ").replace("</samlp:Response>", "\n</samlp:Response>\n")
    benign("white-space-between-elements", spaced, PLAIN)
    benign("white-space-inside-what-is-signed", parts.response(parts.fill(re.sub(r"(<saml:(Subject|Conditions|Attribute)[ >])", r"\n\t  \1",
           assertion(template("#_assertion1"))), "Assertion")), PLAIN)
    benign("single-quotes", usual().replace('Destination="%s"' % parts.ACS, "Destination='%s'" % parts.ACS), PLAIN)
    renamed = re.sub(r"(</?|xmlns:)saml(?=[:=])", r"\1a", response(assertion(template("#_assertion1"))))
    benign("other-prefixes", parts.fill(re.sub(r"(</?|xmlns:)samlp(?=[:=])", r"\1p", renamed), "Assertion"), PLAIN)
    default = re.sub(r"(</?)saml:", r"\1", assertion(template("#_assertion1"))).replace("xmlns:saml=", "xmlns=")
    benign("default-namespace", response(parts.fill(default, "Assertion")), PLAIN)
    benign("several-audiences", usual(conditions_=conditions(audience("https://another.example/sp", parts.SP) + audience(parts.SP))), PLAIN)
    benign("one-time-use", usual(conditions_=conditions(audience(parts.SP) + "<saml:OneTimeUse/>")), PLAIN)
    benign("no-name-id", usual(subject_=subject("")), PLAIN)
    benign("persistent-name-id", usual(subject_=subject('<saml:NameID Format="%s" NameQualifier="%s">p1</saml:NameID>' % (
        PERSISTENT, parts.IDP))), PLAIN)
    benign("issuer-format", usual(issuer_=issuer(None, ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"')), PLAIN)
    benign("authority-named", usual(statement_=statement(
        parts.class_ref(parts.PASSWORD) + "<saml:AuthenticatingAuthority>https://proxy.example/</saml:AuthenticatingAuthority>")), PLAIN)


def benign_products():
    """As python3-pysaml2 writes it."""
    benign("pysaml2", parts.from_pysaml2(), PLAIN)
    benign("pysaml2-response-signed", parts.from_pysaml2(signed="Response"), PLAIN)


def benign_values():
    benign("markup-in-values", usual(attributes=with_value("urn:oid:2.5.4.10", "A & B <x> &#x9280;")), "o=A & B <x> &#x9280;")
    benign("character-references", usual(attributes=ATTRIBUTES.replace("鏡 花子", "&#x93E1; &#33457;&#23376;")), PLAIN)
    benign("japanese-beyond-the-first-plane", usual(attributes=with_value(JA, "𠮷田 髙橋")), "jaDisplayName=𠮷田 髙橋")
    benign("several-values", usual(attributes=with_value(MAIL, "hanako@example.ac.jp") + attribute(
        MAIL, "kagami@sub.example.ac.jp", " second@example.ac.jp ", "")),
           "mail=hanako@example.ac.jp,kagami@sub.example.ac.jp,second@example.ac.jp")
    benign("friendly-names", usual(attributes=ATTRIBUTES.replace(MAIL, "mail").replace(DISPLAY, "displayName")), PLAIN)
    name_id = '<saml:NameID Format="%s" NameQualifier="%s" SPNameQualifier="%s">Zq1x=</saml:NameID>' % (PERSISTENT, parts.IDP, parts.SP)
    benign("targeted-id", usual(attributes=ATTRIBUTES + attribute(EPTID, name_id, raw=True)), "eduPersonTargetedID=Zq1x=")
    foreign = name_id.replace(parts.SP, "https://another.example/sp")
    benign("targeted-id-of-another-sp-has-no-value", usual(attributes=ATTRIBUTES + attribute(EPTID, foreign, raw=True)),
           "eduPersonTargetedID=")
    benign("regexp-scope", usual(attributes=with_value(EPPN, "hanako@lab.example.ac.jp")), "eduPersonPrincipalName=hanako@lab.example.ac.jp")
    benign("unknown-attribute", usual(attributes=ATTRIBUTES + attribute("urn:example:colour", "red")), PLAIN)
    many = "".join(attribute("urn:example:group:%d" % i, "member of group %d" % i) for i in range(80))
    benign("large-many-attributes", usual(attributes=ATTRIBUTES + many), PLAIN)
    benign("large-unread-attributes", usual(attributes=ATTRIBUTES + attribute("urn:example:groups", *["group-%d" % i for i in range(300)])
                                           + attribute("urn:example:photograph", "A" * 20000)), PLAIN)
    benign("large-long-values", usual(attributes=ATTRIBUTES + attribute("urn:example:roles", *["役" * 1300] * 20)), PLAIN)


def make_benign():
    attack("")
    for part in (benign_signatures, benign_encryption, benign_times, benign_forms, benign_products, benign_values):
        part()


# --- what must not ---------------------------------------------------------------------------------------------------------------

def make_bytes():
    good = base64.b64encode(usual().encode()).decode()
    attack("broken encoding and characters")
    raw("base64--junk", good[:400] + "*" + good[401:])
    raw("base64--url-alphabet", good[:400] + "-_" + good[402:])
    raw("base64--space", good[:400] + "    " + good[400:])
    raw("base64--cut", good[:-1])
    raw("base64--padding-inside", good[:400] + "====" + good[400:])
    raw("base64--empty", "")
    hostile("utf-8--broken-sequence", usual().encode().replace("鏡".encode(), b"\xe9\x8f"))
    hostile("utf-8--overlong", usual().encode().replace(b"Hanako", b"\xc0\xaeanako"))
    hostile("utf-8--surrogate", usual().encode().replace(b"Hanako", b"\xed\xa0\x80anako"))
    hostile("utf-8--nul", usual().encode().replace(b"Hanako", b"Ha\0ako"))
    hostile("utf-8--declared-latin1", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + usual().encode())
    hostile("utf-8--declared-utf7", b'<?xml version="1.0" encoding="UTF-7"?>' + usual().encode())
    hostile("utf-8--utf16", usual().encode("utf-16"))
    attack("XML that readers differ on")
    hostile("xml--not-well-formed", usual().replace("</saml:Subject>", "</saml:Subjekt>"))
    hostile("xml--base64-twice", good)
    hostile("xml--ends-early", usual()[:-20])
    hostile("xml--two-roots", usual() + "<x/>")
    hostile("xml--text-behind-the-root", usual() + "x")
    hostile("xml--prefix-without-namespace", usual().replace("<saml:Subject>", "<y:Subject>").replace("</saml:Subject>",
            "</y:Subject>"))
    hostile("xml--attribute-twice", usual().replace('Version="2.0"', 'Version="2.0" Version="2.0"', 1))
    hostile("xml--attribute-without-quotes", usual().replace('Version="2.0"', "Version=2.0", 1))
    hostile("xml--control-character", usual().replace("Hanako", "Ha\x01nako"))
    hostile("xml--version-1.1", '<?xml version="1.1"?>' + usual())
    hostile("xml--form-feed", usual().replace("<saml:Issuer>", "\x0c<saml:Issuer>", 1))
    hostile("xml--character-reference-to-nul", usual().replace("Hanako", "Ha&#0;nako"))
    hostile("attributes--id-in-two-namespaces", usual().replace('ID="_response1"', 'xmlns:x="u:x" x:ID="_other" ID="_response1"'))
    attack("DTD and entities")
    hostile("dtd--plain", "<!DOCTYPE r>" + usual())
    hostile("dtd--external-subset", '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd">' + usual())
    hostile("dtd--local-file", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + usual().replace("Hanako", "&x;"))
    hostile("dtd--parameter-entity", '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>' + usual())
    laughs = "".join('<!ENTITY l%d "%s">' % (i, "&l%d;" % (i - 1) * 10) for i in range(1, 12))
    hostile("dtd--billion-laughs", '<!DOCTYPE r [<!ENTITY l0 "ha">%s]>' % laughs + usual().replace("Hanako", "&l11;"))
    hostile("dtd--quadratic-blow-up", '<!DOCTYPE r [<!ENTITY a "%s">]>' % ("a" * 5000) + usual().replace("Hanako", "&a;" * 5000))
    hostile("dtd--default-attribute", '<!DOCTYPE r [<!ATTLIST Response ID ID "_x">]>' + usual())
    hostile("dtd--id-type", '<!DOCTYPE r [<!ATTLIST saml:Subject Evil ID #IMPLIED>]>' + usual().replace("<saml:Subject>",
            '<saml:Subject Evil="_assertion1">'))
    hostile("dtd--inside", usual().replace("<saml:Subject>", "<!ELEMENT x ANY><saml:Subject>"))
    hostile("entity--undeclared", usual().replace("Hanako", "&evil;"))
    hostile("entity--html-name", usual().replace("Hanako", "Hanako&nbsp;"))
    hostile("entity--in-an-attribute", usual().replace('Version="2.0"', 'Version="&two;"', 1))
    hostile("entity--broken-character-reference", usual().replace("Hanako", "&#x;"))
    attack("comments, CDATA, processing instructions in values and digests")
    hostile("cdata--in-a-value", usual().replace("hanako@", "<![CDATA[operator@example.ac.jp]]>hanako@"))
    hostile("cdata--around-a-value", usual().replace("Hanako Kagami", "<![CDATA[Hanako Kagami]]>"))
    hostile("comment--in-name-id", usual().replace("_f1e2", "_f1<!-- -->e2"))
    hostile("comment--in-a-mail-address", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp",
                                                                              "hanako@example.ac.jp<!---->.evil.example")))
    hostile("comment--in-the-issuer", usual(issuer_=issuer(parts.IDP + "<!-- -->")))
    hostile("comment--in-the-audience", usual(conditions_=conditions(audience(parts.SP + "<!-- -->.evil.example"))))
    hostile("comment--in-the-digest", usual().replace("<ds:DigestValue>", "<ds:DigestValue><!-- evil -->"))
    hostile("comment--in-the-signature-value", usual().replace("<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"))
    hostile("comment--with-a-whole-assertion", usual().replace("<samlp:Status>", "<!--%s--><samlp:Status>" % assertion(
        name="_evil", attributes=EVIL).replace("--", "")))
    hostile("comment--signed-with-comments", usual(with_={"transforms": transform(ENVELOPED) + transform(EXC + "WithComments")},
                                                   attributes=ATTRIBUTES.replace("hanako@", "han<!-- -->ako@")))
    hostile("comment--before-the-root", "<!-- -->" + usual())
    hostile("processing-instruction--in-a-value", usual().replace("Hanako", "Ha<?x y?>nako"))
    hostile("processing-instruction--in-the-digest", usual().replace("<ds:DigestValue>", "<ds:DigestValue><?x y?>"))
    hostile("processing-instruction--stylesheet", '<?xml-stylesheet href="http://127.0.0.1:9/"?>' + usual())
    attack("size and depth bombs")
    raw("bytes--longer-than-allowed", base64.b64encode(b" " * 196609).decode())
    hostile("depth--nested-attribute-value", usual().replace("Hanako Kagami", "<a>" * 200 + "</a>" * 200))
    hostile("depth--twenty-thousand", "<a>" * 20000 + "</a>" * 20000)
    hostile("elements--many", usual().replace("<saml:AttributeStatement>", "<saml:AttributeStatement>" + "<a/>" * 5000))
    hostile("attributes--many-of-one-element", usual().replace("<saml:Subject>",
            "<saml:Subject%s>" % "".join(' a%d="x"' % i for i in range(200))))
    hostile("attributes--many-namespaces", usual().replace("<saml:Subject>",
                                                           "<saml:Subject%s>" % "".join(' xmlns:n%d="u:%d"' % (i, i) for i in range(200))))
    attack("duplicate and odd IDs")
    hostile("duplicate-id--response-like-assertion", usual().replace('ID="_response1"', 'ID="_assertion1"'))
    hostile("duplicate-id--other-spelling", usual().replace("<saml:Subject>", '<saml:Subject Id="_assertion1">'))
    hostile("duplicate-id--small-letters", usual().replace("<samlp:Status>", '<samlp:Status id="_assertion1">'))
    hostile("duplicate-id--xml-id", usual().replace("<samlp:Status>", '<samlp:Status xml:id="_assertion1">'))
    hostile("duplicate-id--not-a-name", usual().replace('ID="_response1"', "ID=\"x') or id('_assertion1\""))
    hostile("duplicate-id--empty", usual().replace('ID="_response1"', 'ID=""'))
    hostile("duplicate-id--too-long", usual().replace('ID="_response1"', 'ID="_%s"' % ("x" * 256)))
    hostile("id--response-without", response(signed_assertion(), ID=None))
    hostile("id--assertion-without", signed_response(assertion(ID=None)))


def make_wrapping():
    """A signature that is good, over something else than what is read. xsw1 to xsw8 are the forms of the literature (1, 2: a whole
    signed response carried along by another; 3 to 8: a signed assertion)."""
    attack("signature wrapping")
    good_assertion, evil = signed_assertion(), assertion(name="_evil", attributes=EVIL)
    good_response = signed_response(assertion())
    signature = re.search(r"<ds:Signature.*?</ds:Signature>", good_response, re.S).group(0)
    original = good_response.replace(signature, "")
    inner = original.replace('"_response1"', '"_inner"').replace('"_assertion1"', '"_a3"')
    evil_response = lambda inside: response(assertion(attributes=EVIL, name="_a2"), inside, name="_evil")
    hostile("structure--xsw1-response-in-its-signature", evil_response(signature.replace("</ds:Signature>",
            original + "</ds:Signature>")))
    hostile("structure--xsw2-response-before-signature", evil_response(original + signature))
    hostile("structure--xsw3-evil-assertion-first", response(evil + good_assertion))
    hostile("structure--xsw3b-evil-assertion-last", response(good_assertion + evil))
    hostile("structure--xsw4-good-inside-evil", response(evil.replace("</saml:Assertion>",
                                                                      good_assertion + "</saml:Assertion>")))
    sig = re.search(r"<ds:Signature.*?</ds:Signature>", good_assertion, re.S).group(0)
    bare = good_assertion.replace(sig, "")
    hostile("structure--xsw5-good-last", response(assertion(sig, name="_evil", attributes=EVIL) + bare))
    hostile("structure--xsw6-good-in-evils-signature", response(assertion(sig.replace("</ds:Signature>",
            bare + "</ds:Signature>"), name="_evil", attributes=EVIL)))
    hostile("structure--xsw7-evil-in-extensions", response(good_assertion, extensions_=extensions(evil)))
    wrapped = sig.replace("</ds:Signature>", "<ds:Object>%s</ds:Object></ds:Signature>" % bare)
    hostile("structure--xsw8-good-in-object", response(assertion(wrapped, name="_evil", attributes=EVIL)))
    places = (("advice", lambda x: {"more": advice(x)}), ("the-subject", lambda x: {"subject_": subject(confirm=confirmation() + x)}),
              ("an-attribute-value", lambda x: {"attributes": EVIL + attribute("urn:example:x", x, raw=True)}),
              ("the-conditions", lambda x: {"conditions_": conditions(audience(parts.SP) + x)}),
              ("the-authn-context", lambda x: {"statement_": statement("<saml:AuthnContextDecl>%s</saml:AuthnContextDecl>" % x)}),
              ("key-info", lambda x: {"signature": sig.replace("</ds:KeyInfo>", x + "</ds:KeyInfo>")}))
    for name, place in places:
        # The evil assertion holds the whole signed one, or only its signature names it.
        hostile("structure--good-in-" + name, response(assertion(name="_evil", **{"attributes": EVIL, **place(good_assertion)})))
    hostile("structure--good-in-status-detail", response(evil, status_=status(detail="<samlp:StatusDetail>%s</samlp:StatusDetail>"
                                                                             % good_assertion)))
    hostile("structure--good-in-extensions-only", response("", extensions_=extensions(good_assertion)))
    hostile("structure--good-in-a-foreign-element", response('<x:y xmlns:x="u:x">%s</x:y>' % good_assertion))
    hostile("structure--good-beside-evil-encrypted", response(encrypt(evil) + good_assertion))
    hostile("structure--two-signed-assertions", response(good_assertion + signed_assertion(name="_assertion2")))
    hostile("structure--two-encrypted-assertions", response(encrypt(good_assertion) + encrypt(evil)))
    hostile("structure--evil-outside-a-signed-response", signed_response(assertion()).replace("</samlp:Response>", evil + "</samlp:Response>"))
    hostile("structure--response-in-response", response(good_assertion, extensions_=extensions(inner)))
    hostile("structure--empty-response-in-response", response(good_assertion, extensions_=extensions("<samlp:Response/>")))
    hostile("structure--assertion-of-another-namespace", response('<e:Assertion xmlns:e="urn:oasis:names:tc:SAML:1.0:assertion"/>'))
    hostile("reference--signature-of-another-assertion", response(assertion(sig, name="_evil", attributes=EVIL)))
    hostile("reference--response-signature-over-the-assertion", response(bare, sig))
    hostile("signature--moved-to-an-element-of-the-response", response(bare, extensions_=extensions(sig)))
    hostile("signature--evil-assertion-with-the-good-id", response(assertion(sig, attributes=EVIL)))
    hostile("signature--evil-response-with-the-good-id", response(assertion(attributes=EVIL), signature))
    attack("not a response with one assertion")
    hostile("structure--no-assertion", response(""))
    hostile("structure--bare-assertion", good_assertion)
    hostile("structure--logout-response", usual().replace("samlp:Response", "samlp:LogoutResponse"))
    hostile("structure--assertion-without-namespace", response('<Assertion ID="_x"/>'))
    hostile("structure--soap-envelope",
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>' % usual())
    hostile("structure--artifact-response", '<samlp:ArtifactResponse xmlns:samlp="%s">%s</samlp:ArtifactResponse>' % (parts.SAMLP, usual()))
    hostile("structure--authn-request", usual().replace("samlp:Response", "samlp:AuthnRequest"))


def make_signatures():
    good = usual()
    value = re.search(r"<ds:SignatureValue>(.*?)</ds:SignatureValue>", good, re.S).group(1)
    attack("changed or stripped signature")
    hostile("signature--changed-value", good.replace("Hanako Kagami", "Evil Kagami"))
    hostile("signature--changed-audience", good.replace(parts.SP + "</saml:Audience>", parts.SP + "/</saml:Audience>"))
    hostile("signature--changed-white-space", good.replace("<saml:Subject>", "<saml:Subject> "))
    hostile("signature--added-attribute", good.replace("</saml:AttributeStatement>",
                                                       attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
                                                                 "admin") + "</saml:AttributeStatement>"))
    hostile("signature--changed-digest", re.sub(r"<ds:DigestValue>....", "<ds:DigestValue>AAAA", good))
    hostile("signature--digest-of-the-evil-one", good.replace("Hanako", "Evil").replace(
        re.search(r"<ds:DigestValue>(.*?)</ds:DigestValue>", good).group(1),
        re.search(r"<ds:DigestValue>(.*?)</ds:DigestValue>", usual(attributes=EVIL)).group(1)))
    hostile("signature--cut-short", good.replace(value, value.strip()[:40]))
    hostile("signature--empty-value", good.replace(value, ""))
    hostile("signature--all-zero", good.replace(value, base64.b64encode(bytes(256)).decode()))
    hostile("signature--response-good-assertion-bad", signed_response(signed_assertion().replace("Hanako", "Evil")))
    hostile("signature--response-bad-assertion-good", signed_response(signed_assertion()).replace('Destination="',
            'Consent="urn:x" Destination="'))
    hostile("signature--element-in-digest-value", good.replace("</ds:DigestValue>", "<x/></ds:DigestValue>"))
    hostile("unsigned--nothing", response(assertion()))
    hostile("unsigned--in-gcm", response(encrypt(assertion())))
    hostile("unsigned--signature-stripped", re.sub(r"<ds:Signature.*?</ds:Signature>", "", good, flags=re.S))
    hostile("unsigned--signature-of-another-namespace", good.replace('xmlns:ds="%s"' % DS, 'xmlns:ds="urn:x"'))
    attack("keys of the attacker in KeyInfo, other keys")
    hostile("signature--foreign-key", usual(key="foreign", with_={"key_info": ""}))
    hostile("signature--foreign-key-in-key-info", usual(key="foreign"))
    hostile("signature--foreign-key-value", usual(key="foreign", with_={"key_info": "<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>"}))
    hostile("signature--foreign-ec-key-value", usual(key="foreign-ec", with_={"method": MORE + "ecdsa-sha256"}))
    hostile("signature--foreign-key-with-the-idps-certificate", usual(key="foreign", with_={"key_info": ""}).replace(
        "</ds:Signature>", "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</ds:Signature>" % parts.certificate("idp")))
    hostile("signature--key-to-be-fetched", usual(key="foreign", with_={"key_info": '<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:9/k"/>'
                                                                        '</ds:KeyInfo>'}))
    hostile("signature--key-of-another-idp", usual(key="idp2"))
    hostile("signature--the-idps-encryption-key", usual(key="idp-encryption"))
    hostile("signature--key-too-short", usual(key="idp-short"))
    hostile("signature--our-own-key", usual(key="sp-signing"))
    hostile("signature--response-signed-by-another", signed_response(signed_assertion(), key="foreign"))
    attack("several SignedInfo, signatures, manifests")
    info = re.search(r"<ds:SignedInfo>.*?</ds:SignedInfo>", good, re.S).group(0)
    hostile("signature--two-signed-infos", good.replace(info, info + info))
    hostile("signature--two-signed-infos-evil-first", good.replace(info, info.replace("DigestValue>", "DigestValue>A", 1) + info))
    hostile("signature--signed-info-last", good.replace(info, "").replace("</ds:Signature>", info + "</ds:Signature>"))
    hostile("signature--two-signature-values", good.replace("<ds:SignatureValue>", "<ds:SignatureValue>AAAA</ds:SignatureValue>"
                                                            "<ds:SignatureValue>"))
    hostile("signature--two-signatures", response(good[good.index("<saml:Assertion"):good.index("</samlp:Response>")].replace(
        "<saml:Subject>", template("#_assertion1") + "<saml:Subject>")))
    hostile("signature--object", usual(with_={"extra": "<ds:Object><x/></ds:Object>"}))
    hostile("signature--manifest", usual(with_={"extra": "<ds:Object><ds:Manifest/></ds:Object>"}))
    hostile("signature--hidden-signed-info", good.replace("<ds:SignatureValue>",
                                                          "<ds:KeyInfo>%s</ds:KeyInfo><ds:SignatureValue>" % info))
    hostile("signature--on-the-subject", usual(subject_=subject(confirm=confirmation() + template("#_assertion1"))))
    # Only the place is wrong: a second meaning hidden where nobody looks for one.
    for check, name, element in (("signature", "object", "<ds:Object/>"), ("signature", "manifest", "<ds:Manifest/>"),
                                 ("signature", "signed-info", info), ("signature", "signature-value", "<ds:SignatureValue/>"),
                                 ("reference", "reference", '<ds:Reference URI="#_assertion1"/>'),
                                 ("transform", "transforms", "<ds:Transforms/>"),
                                 ("transform", "transform", transform(ENVELOPED))):
        hostile("%s--%s-in-key-info" % (check, name), usual(with_={"key_info": "<ds:KeyInfo/>"}).replace(
            "<ds:KeyInfo/>", "<ds:KeyInfo>%s</ds:KeyInfo>" % element))
    attack("algorithm confusion")
    hostile("algorithm--rsa-sha1", usual(with_={"method": DS + "rsa-sha1"}))
    hostile("algorithm--digest-sha1", usual(with_={"digest": DS + "sha1"}))
    hostile("algorithm--rsa-md5", usual().replace("rsa-sha256", "rsa-md5"))
    hostile("algorithm--digest-md5", usual().replace(ENC + "sha256", MORE + "md5"))
    hostile("algorithm--rsa-ripemd160", usual().replace("rsa-sha256", "rsa-ripemd160"))
    hostile("algorithm--rsa-sha224", usual(with_={"method": MORE + "rsa-sha224"}))
    hostile("algorithm--hmac-with-the-public-key", usual(hmac="idp.crt", with_={"method": MORE + "hmac-sha256", "key_info": ""}))
    hostile("algorithm--hmac-sha1", usual(hmac="idp.crt", with_={"method": DS + "hmac-sha1", "key_info": ""}))
    hostile("algorithm--dsa-sha1", good.replace(MORE + "rsa-sha256", DS + "dsa-sha1"))
    hostile("algorithm--none", good.replace(MORE + "rsa-sha256", "none"))
    hostile("algorithm--another-spelling", good.replace(MORE + "rsa-sha256", MORE + "RSA-SHA256"))
    hostile("algorithm--space-behind", good.replace(MORE + 'rsa-sha256"', MORE + 'rsa-sha256 "'))
    hostile("algorithm--ecdsa-sha1", usual(key="idp-ec", with_={"method": MORE + "ecdsa-sha1"}))
    hostile("algorithm--hmac-output-length", good.replace('rsa-sha256"/>',
            'hmac-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>'))
    hostile("algorithm--inclusive-c14n-of-signed-info", usual(with_={"c14n": INC}))
    hostile("algorithm--hundreds-of-prefixes", good.replace('CanonicalizationMethod Algorithm="%s"/>' % EXC,
            'CanonicalizationMethod Algorithm="%s">%s</ds:CanonicalizationMethod>' % (EXC, '<ec:InclusiveNamespaces xmlns:ec="%s" '
            'PrefixList="%s"/>' % (EXC, " ".join("p%d" % i for i in range(200))))))
    hostile("algorithm--parameter-in-the-method", good.replace('rsa-sha256"/>', 'rsa-sha256"><x/></ds:SignatureMethod>'))
    hostile("signature--rsa-key-said-to-be-ecdsa", good.replace("rsa-sha256", "ecdsa-sha256"))
    hostile("signature--sha512-said-to-be-sha256", usual(with_={"method": MORE + "rsa-sha512"}).replace("rsa-sha512", "rsa-sha256"))


def make_transforms():
    good = usual()
    attack("transforms that leave something out")
    xpath = '<ds:XPath>not(ancestor-or-self::saml:AttributeStatement)</ds:XPath>'
    path = "http://www.w3.org/TR/1999/REC-xpath-19991116"
    hostile("transform--xpath-leaves-attributes-out", usual(with_={"transforms": USUAL + transform(path, xpath)}))
    hostile("transform--xpath-first", usual(with_={"transforms": transform(path, xpath) + USUAL}))
    hostile("transform--xpath-instead-of-c14n", usual(with_={"transforms": transform(ENVELOPED) + transform(path, xpath)}))
    hostile("transform--xpath-filter-2", good.replace("</ds:Transforms>", transform("http://www.w3.org/2002/06/xmldsig-filter2")
                                                      + "</ds:Transforms>"))
    sheet = ('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
             '<xsl:template match="/">x</xsl:template></xsl:stylesheet>')
    hostile("transform--xslt", good.replace("</ds:Transforms>", transform("http://www.w3.org/TR/1999/REC-xslt-19991116",
                                                                          sheet) + "</ds:Transforms>"))
    hostile("transform--base64", good.replace("</ds:Transforms>", transform(DS + "base64") + "</ds:Transforms>"))
    hostile("transform--no-c14n", usual(with_={"transforms": transform(ENVELOPED)}))
    one, other = re.findall(r"<ds:Transform .*?/>", good)
    hostile("transform--not-enveloped", good.replace(one, ""))
    hostile("transform--wrong-order", good.replace(one + other, other + one))
    hostile("transform--inclusive-c14n", usual(with_={"transforms": transform(ENVELOPED) + transform(INC)}))
    hostile("transform--twice-enveloped", usual(with_={"transforms": transform(ENVELOPED) + USUAL}))
    hostile("transform--none", good.replace(re.search(r"<ds:Transforms>.*?</ds:Transforms>", good, re.S).group(0), ""))
    hostile("signature--no-transform", good.replace(re.search(r"<ds:Transforms>.*?</ds:Transforms>", good, re.S).group(0), "<ds:Transforms/>"))
    hostile("transform--unknown", good.replace(ENVELOPED, "urn:example:transform"))
    many = '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="%s"/>' % (EXC, " ".join("p%d" % i for i in range(200)))
    hostile("transform--hundreds-of-prefixes", usual(with_={"transforms": transform(ENVELOPED) + transform(EXC, many)}))
    hostile("transform--decryption", good.replace("</ds:Transforms>",
                                                  transform("http://www.w3.org/2002/07/decrypt#XML") + "</ds:Transforms>"))
    attack("references to something else")
    here = 'URI="#_assertion1"'
    hostile("reference--external", good.replace(here, 'URI="http://127.0.0.1:9/x"'))
    hostile("reference--file", good.replace(here, 'URI="file:///etc/passwd"'))
    hostile("reference--whole-document", good.replace(here, 'URI=""'))
    hostile("reference--xpointer", good.replace(here, 'URI="#xpointer(/)"'))
    hostile("reference--xpointer-to-the-id", good.replace(here, "URI=\"#xpointer(id('_assertion1'))\""))
    hostile("reference--without-uri", good.replace(" " + here, ""))
    hostile("reference--to-the-response", good.replace(here, 'URI="#_response1"'))
    hostile("reference--to-nothing", good.replace(here, 'URI="#_nothing"'))
    more = '<ds:Reference %s><ds:DigestMethod Algorithm="%ssha256"/><ds:DigestValue/></ds:Reference>' % (here, ENC)
    hostile("reference--two", usual(with_={"more": more}))
    hostile("reference--none", good.replace(re.search(r"<ds:Reference .*?</ds:Reference>", good, re.S).group(0), ""))


def make_encryption():
    good = signed_assertion()
    attack("weak or unknown encryption")
    hostile("encryption--cbc-in-unsigned-response", response(encrypt(good, method=ENC + "aes128-cbc")))
    hostile("encryption--triple-des", signed_response(encrypt(good, method=ENC + "tripledes-cbc", session="des-192")))
    hostile("encryption--unknown-method", response(encrypt(good).replace(ENC11 + "aes128-gcm", "urn:example:cipher")))
    hostile("key-transport--rsa-1.5", response(encrypt(good, transport=ENC + "rsa-1_5")))
    hostile("key-transport--rsa-1.5-in-signed-response", signed_response(encrypt(good, transport=ENC + "rsa-1_5")))
    twice = encrypt(good)
    hostile("key-transport--key-wrap", response(twice.replace(ENC + "rsa-oaep-mgf1p", ENC + "kw-aes128")))
    hostile("key-transport--oaep-parameters", response(encrypt(good, parameters="<xenc:OAEPparams>AAAA</xenc:OAEPparams>")))
    hostile("key-transport--oaep-digest-md5", response(re.sub(r'(rsa-oaep-mgf1p")(/>|></xenc:EncryptionMethod>)', lambda m: (
        '%s><ds:DigestMethod Algorithm="%smd5"/></xenc:EncryptionMethod>' % (m.group(1), MORE)), twice)))
    make_oaep(good)
    attack("encryption in odd places")
    hostile("encryption--something-else-in-encrypted-id", usual(subject_=subject(encrypted_id("<x/>"))))
    hostile("encryption--a-name-of-no-namespace-in-encrypted-id", usual(subject_=subject(encrypted_id("<NameID>x</NameID>"))))
    hostile("encryption--two-encrypted-ids", usual(subject_=subject(encrypted_id() + encrypted_id())))
    hostile("encryption--encrypted-id-in-the-confirmation", usual(subject_=subject(confirm=confirmation().replace(
        "<saml:SubjectConfirmationData", encrypted_id() + "<saml:SubjectConfirmationData", 1))))
    hostile("subject--encrypted-id-beside-a-name", usual(subject_=subject(encrypted_id() + "<saml:NameID>x</saml:NameID>")))
    hostile("subject--empty-name-in-encrypted-id", usual(subject_=subject(encrypted_id('<saml:NameID xmlns:saml="%s"/>' % SAML))))
    hostile("comment--in-encrypted-id", usual(subject_=subject(encrypted_id('<saml:NameID xmlns:saml="%s">a<!-- -->b</saml:NameID>' % SAML))))
    hostile("decryption--name-for-another-sp", usual(subject_=subject(encrypted_id(to="foreign"))))
    hostile("encryption--encrypted-attribute", usual(attributes=ATTRIBUTES + encrypt("<x/>").replace("EncryptedAssertion",
            "EncryptedAttribute")))
    hostile("encryption--empty-encrypted-id", usual(subject_=subject("<saml:EncryptedID/>")))
    hostile("encryption--empty-encrypted-attribute", usual(attributes=ATTRIBUTES + "<saml:EncryptedAttribute/>"))
    hostile("encryption--new-encrypted-id", response(good, extensions_=extensions("<samlp:NewEncryptedID/>")))
    key = re.search(r"<xenc:EncryptedKey.*?</xenc:EncryptedKey>", twice, re.S).group(0)
    hostile("encryption--two-keys", response(twice.replace(key, key + key)))
    hostile("encryption--no-key", response(twice.replace(key, "")))
    hostile("encryption--two-data", response(twice.replace("</saml:EncryptedAssertion>",
                                                           twice[twice.index("<xenc:EncryptedData"):])))
    hostile("encryption--data-in-a-clear-assertion",
            usual(more=re.sub(r"</?saml:EncryptedAssertion[^>]*>", "", encrypt("<x/>"))))
    hostile("structure--something-else-encrypted", response(encrypt('<x:y xmlns:x="u:x"/>')))
    hostile("structure--response-encrypted", response(encrypt(response(good))))
    hostile("structure--assertion-in-the-encrypted-one", response(encrypt(assertion(name="_evil", attributes=EVIL,
                                                                                    more=advice(good)))))
    hostile("structure--encrypted-in-the-encrypted-one", response(encrypt(encrypt(good))))
    hostile("comment--in-the-encrypted-assertion", response(encrypt(good.replace("_f1e2", "_f1<!-- -->e2"))))
    hostile("cdata--in-the-encrypted-assertion", response(encrypt(good.replace("hanako@", "<![CDATA[x]]>hanako@"))))
    hostile("dtd--in-the-encrypted-assertion", response(encrypt('<!DOCTYPE x [<!ENTITY a "b">]>' + good)))
    hostile("depth--in-the-encrypted-assertion", response(encrypt(good.replace("Hanako Kagami", "<a>" * 40 + "</a>" * 40))))
    hostile("signature--changed-in-the-encrypted-assertion", response(encrypt(good.replace("Hanako", "Evil"))))
    make_cipher_texts(good, twice)


def make_oaep(good):
    sha1, sha256 = ['<ds:DigestMethod Algorithm="%s"/>' % uri for uri in (DS + "sha1", ENC + "sha256")]
    mask = '<xenc11:MGF xmlns:xenc11="%s" Algorithm="%smgf1sha256"/>' % (ENC11, ENC11)
    for name, transport, parameters in (
            ("old-name-with-a-mask", ENC + "rsa-oaep-mgf1p", mask), ("two-digests", ENC + "rsa-oaep-mgf1p", sha1 + sha256),
            ("two-masks", ENC11 + "rsa-oaep", mask + mask), ("md5", ENC11 + "rsa-oaep", '<ds:DigestMethod Algorithm="%smd5"/>' % MORE),
            ("unknown-mask", ENC11 + "rsa-oaep", mask.replace("mgf1sha256", "mgf1md5"))):
        hostile("key-transport--" + name, response(rewrap(encrypt(good, to="foreign"), "sha256", "sha256", transport, parameters)))
    hostile("decryption--another-digest-than-said", response(rewrap(encrypt(good, to="foreign"), "sha256", "sha256", ENC11 + "rsa-oaep", sha256)))


def make_cipher_texts(good, twice):
    value = re.findall(r"<xenc:CipherValue>.*?</xenc:CipherValue>", twice, re.S)
    attack("things to be fetched")
    for name, index in (("data", 1), ("key", 0)):
        hostile("cipher-reference--of-the-" + name, response(twice.replace(value[index],
            '<xenc:CipherReference URI="http://127.0.0.1:9/x"/>')))
    hostile("cipher-reference--beside-the-value", response(twice.replace(value[1],
            value[1] + '<xenc:CipherReference URI="file:///etc/passwd"/>')))
    hostile("cipher-reference--in-a-signed-response", signed_response(twice.replace(value[1],
            '<xenc:CipherReference URI="http://127.0.0.1:9/x"/>')))
    hostile("reference--retrieval-method-outside", response(encrypt(good, beside=True, retrieval="http://127.0.0.1:9/key")))
    hostile("reference--retrieval-method-to-another", response(encrypt(good, beside=True, retrieval="#_response1")))
    attack("encrypted rubbish")
    hostile("decryption--for-another-sp", response(encrypt(good, to="foreign")))
    text = value[1][len("<xenc:CipherValue>"):-len("</xenc:CipherValue>")]
    data = base64.b64decode(text)

    def with_data(changed):
        return response(twice.replace(text, base64.b64encode(changed).decode()))
    half = len(data) // 2
    hostile("decryption--changed-cipher-text", with_data(data[:half] + bytes([data[half] ^ 1]) + data[half + 1:]))
    hostile("decryption--changed-nonce", with_data(bytes([data[0] ^ 1]) + data[1:]))
    hostile("decryption--changed-tag", with_data(data[:-1] + bytes([data[-1] ^ 1])))
    hostile("decryption--tag-cut-off", with_data(data[:-16]))
    hostile("decryption--nothing-but-a-tag", with_data(data[:28]))
    hostile("decryption--too-short", response(twice.replace(text, "AAAA")))
    hostile("decryption--empty", response(twice.replace(text, "")))
    hostile("decryption--random", with_data(os.urandom(3000)))
    key_text = value[0][len("<xenc:CipherValue>"):-len("</xenc:CipherValue>")]
    hostile("decryption--random-key", response(twice.replace(key_text, base64.b64encode(os.urandom(256)).decode())))
    hostile("decryption--short-key", response(twice.replace(key_text, "AAAA")))
    hostile("decryption--key-of-another-cipher", response(encrypt(good).replace("aes128-gcm", "aes256-gcm")))


def make_checks():
    """Messages that are signed as they should be, and say one wrong thing each."""
    another, sp = "https://another.example/", parts.SP
    attack("wrong version or issue instant")
    hostile("version--of-the-response", response(signed_assertion(), Version="1.1"))
    hostile("version--of-the-assertion", usual(Version="2.1"))
    hostile("version--absent", response(signed_assertion(), Version=None))
    hostile("issue-instant--absent", usual(IssueInstant=None))
    hostile("issue-instant--in-the-future", usual(IssueInstant=ahead(61)))
    hostile("issue-instant--of-the-response", response(signed_assertion(), IssueInstant=ahead(61)))
    hostile("issue-instant--not-utc", usual(IssueInstant=at(0).replace("Z", "+09:00")))
    hostile("issue-instant--no-such-day", usual(IssueInstant="2026-02-30T08:00:00Z"))
    attack("IdP mix-up, wrong issuer")
    hostile("issuer--another-idp-in-the-assertion", usual(issuer_=issuer(parts.IDP2)))
    hostile("issuer--another-idp-in-the-response", response(signed_assertion(), issuer_=issuer(parts.IDP2)))
    hostile("issuer--absent-in-the-assertion", signed_response(assertion(issuer_="")))
    hostile("issuer--absent-in-the-response", response(signed_assertion(), issuer_=""))
    hostile("issuer--two", usual(issuer_=issuer() + issuer()))
    hostile("issuer--element-inside", usual(issuer_=issuer("<x/>" + parts.IDP)))
    hostile("issuer--space-around", usual(issuer_=issuer(parts.IDP + " x")))
    hostile("issuer--format", usual(issuer_=issuer(None, ' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"')))
    hostile("signature--all-of-another-idp", response(signed_assertion(key="idp2", issuer_=issuer(parts.IDP2)), issuer_=issuer(parts.IDP2)))
    hostile("signature--another-idp-says-it-is-this-one", signed_response(signed_assertion(key="idp2"), key="idp2"))
    attack("wrong destination")
    hostile("destination--absent", response(signed_assertion(), Destination=None))
    hostile("destination--empty", response(signed_assertion(), Destination=""))
    hostile("destination--another-sp", response(signed_assertion(), Destination=another + "acs"))
    hostile("destination--longer", signed_response(assertion(), Destination=parts.ACS + "/"))
    hostile("destination--other-letters", signed_response(assertion(), Destination=parts.ACS.replace("https", "HTTPS")))
    hostile("destination--our-logout", signed_response(assertion(), Destination=parts.ACS.replace("/acs", "/slo")))
    attack("wrong status")
    hostile("status--requester", response(signed_assertion(), status_=status("urn:oasis:names:tc:SAML:2.0:status:Requester")))
    hostile("status--success-below-responder", response(signed_assertion(), status_=status(
        "urn:oasis:names:tc:SAML:2.0:status:Responder", '<samlp:StatusCode Value="%s"/>' % SUCCESS)))
    hostile("status--failed-without-assertion", response("", status_=status(
        "urn:oasis:names:tc:SAML:2.0:status:Responder",
        '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/>')))
    hostile("status--absent", response(signed_assertion(), status_=""))
    hostile("status--two", response(signed_assertion(), status_=status() + status()))
    hostile("status--two-codes", response(signed_assertion(), status_=status(detail='<samlp:StatusCode Value="urn:x"/>')))
    attack("forged subject")
    hostile("subject--absent", usual(subject_=""))
    hostile("subject--two", usual(subject_=subject() + subject()))
    hostile("subject--two-name-ids", usual(subject_=subject("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>")))
    hostile("subject--base-id", usual(subject_=subject("<saml:BaseID/>")))
    hostile("subject--element-in-name-id", usual(subject_=subject("<saml:NameID>a<b/></saml:NameID>")))
    hostile("subject--empty-name-id", usual(subject_=subject("<saml:NameID> </saml:NameID>")))
    hostile("subject--long-name-id", usual(subject_=subject("<saml:NameID>%s</saml:NameID>" % ("a" * 1025))))
    attack("wrong confirmation or recipient")
    hostile("subject-confirmation--absent", usual(subject_=subject(confirm="")))
    hostile("subject-confirmation--holder-of-key",
            usual(subject_=subject(confirm=confirmation("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"))))
    hostile("subject-confirmation--sender-vouches",
            usual(subject_=subject(confirm=confirmation("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))))
    hostile("subject-confirmation--no-data", usual(subject_=subject(confirm=confirmation(data=False))))
    hostile("subject-confirmation--two",
            usual(subject_=subject(confirm=confirmation(Recipient=another) + confirmation())))
    hostile("subject-confirmation--not-before", usual(subject_=subject(confirm=confirmation(NotBefore=at(-5)))))
    hostile("recipient--absent", usual(subject_=subject(confirm=confirmation(Recipient=None))))
    hostile("recipient--another-sp", usual(subject_=subject(confirm=confirmation(Recipient=another + "acs"))))
    hostile("recipient--longer", usual(subject_=subject(confirm=confirmation(Recipient=parts.ACS + "?x"))))
    attack("answers to another request, unsolicited ones")
    hostile("in-response-to--absent-in-the-response", response(signed_assertion(), InResponseTo=None))
    hostile("in-response-to--another-in-the-response", response(signed_assertion(), InResponseTo="_another"))
    hostile("in-response-to--empty", response(signed_assertion(), InResponseTo=""))
    hostile("in-response-to--absent-in-the-confirmation", usual(subject_=subject(confirm=confirmation(InResponseTo=None))))
    hostile("in-response-to--another-in-the-confirmation",
            usual(subject_=subject(confirm=confirmation(InResponseTo="_another"))))
    hostile("in-response-to--unsolicited",
            response(signed_assertion(subject_=subject(confirm=confirmation(InResponseTo=None))), InResponseTo=None))
    attack("conditions that we don't fulfil or know")
    hostile("conditions--absent", usual(conditions_=""))
    hostile("conditions--two", usual(conditions_=conditions() + conditions()))
    hostile("conditions--one-that-we-do-not-know",
            usual(conditions_=conditions(audience(sp) + '<saml:Condition xmlns:x="u:x" xsi:type="x:Only"/>')))
    hostile("conditions--of-another-namespace", usual(conditions_=conditions(audience(sp) + '<OneTimeUse xmlns="u:x"/>')))
    attack("wrong audience")
    hostile("audience--no-restriction", usual(conditions_=conditions("")))
    hostile("audience--another-sp", usual(conditions_=conditions(audience(another + "sp"))))
    hostile("audience--empty", usual(conditions_=conditions(audience())))
    hostile("audience--only-in-one-of-two", usual(conditions_=conditions(audience(sp) + audience(another + "sp"))))
    hostile("audience--longer", usual(conditions_=conditions(audience(sp + ".evil.example"))))
    hostile("audience--element-inside", usual(conditions_=conditions(audience("<x>%s</x>" % sp))))
    hostile("audience--our-address-only", usual(conditions_=conditions(audience(parts.ACS))))
    make_times()


def make_times():
    attack("wrong time")
    hostile("not-before--61-seconds-ahead", usual(conditions_=conditions(NotBefore=ahead(61))))
    hostile("not-before--no-time", usual(conditions_=conditions(NotBefore="soon")))
    hostile("not-on-or-after--60-seconds-ago", usual(conditions_=conditions(NotOnOrAfter=at(-60))))
    hostile("not-on-or-after--absent-in-conditions", usual(conditions_=conditions(NotOnOrAfter=None)))
    hostile("not-on-or-after--no-time", usual(conditions_=conditions(NotOnOrAfter=at(86400)[:10])))
    hostile("not-on-or-after--of-the-confirmation", usual(subject_=subject(confirm=confirmation(NotOnOrAfter=at(-60)))))
    hostile("not-on-or-after--absent-in-the-confirmation", usual(subject_=subject(confirm=confirmation(NotOnOrAfter=None))))
    hostile("not-on-or-after--another-time-zone", usual(conditions_=conditions(NotOnOrAfter=at(300).replace("Z", "-12:00"))))
    hostile("authn-statement--absent", usual(statement_=""))
    hostile("authn-statement--without-time", usual(statement_=statement(AuthnInstant=None)))
    hostile("authn-statement--in-the-future", usual(statement_=statement(AuthnInstant=ahead(61))))
    hostile("session-not-on-or-after--over", usual(statement_=statement(SessionNotOnOrAfter=at(-60))))
    hostile("session-not-on-or-after--no-time", usual(statement_=statement(SessionNotOnOrAfter="never")))
    hostile("session-not-on-or-after--of-the-second-statement",
            usual(statement_=statement() + statement(SessionNotOnOrAfter=at(-600))))


def make_contexts():
    """Answers to a login that asked for REFEDS MFA or a smart card."""
    attack("weaker logins than were asked for")
    responder = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    none = status(responder, '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext"/>')

    def weaker(name, context_, more=""):
        case("context--%s.xml" % name, usual(statement_=statement(context_) + more), "explained")

    def cannot(name, check, verdict="refused", **over):
        case("%s--%s-no-context.xml" % (check, name), parts.fill(response("", template("#_response1"), status_=none, **over), "Response",
                                                           "idp"), verdict)

    benign("context-as-asked", usual(statement_=statement(parts.class_ref(parts.MFA))))
    benign("context-the-other-one", usual(statement_=statement(parts.class_ref("urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"))))
    weaker("password-only", parts.class_ref(parts.PASSWORD))
    weaker("absent", "<saml:AuthnContextDeclRef>%s</saml:AuthnContextDeclRef>" % parts.MFA)
    weaker("empty", parts.class_ref(""))
    weaker("begins-alike", parts.class_ref(parts.MFA + "/none"))
    weaker("in-capitals", parts.class_ref(parts.MFA.upper()))
    weaker("two-class-refs", parts.class_ref(parts.MFA) + parts.class_ref(parts.PASSWORD))
    weaker("only-in-a-second-statement", parts.class_ref(parts.PASSWORD), statement(parts.class_ref(parts.MFA)))
    weaker("element-inside", "<saml:AuthnContextClassRef><x>%s</x></saml:AuthnContextClassRef>" % parts.MFA)
    cannot("signed", "no-context", "explained")
    cannot("for-another-request", "in-response-to", InResponseTo="_another")
    cannot("of-another-idp", "issuer", issuer_=issuer(parts.IDP2))
    cannot("for-another-sp", "destination", Destination="https://another.example/acs")
    cannot("of-the-future", "issue-instant", IssueInstant=ahead(61))
    cannot("old", "version", Version="1.1")
    hostile("status--unsigned-no-context", response("", status_=none))
    hostile("status--no-authn-con-text-though-none-was-asked", parts.fill(response("", template("#_response1"), status_=none), "Response",
                                                                    "idp"))
    hostile("signature--of-another-key-no-context", parts.fill(response("", template("#_response1"), status_=none), "Response", "idp2"))
    hostile("status--no-context-with-an-assertion", response(signed_assertion(), status_=none))


def make_attributes():
    attack("smuggled attributes")
    hostile("attribute-value--element-in-mail", usual(attributes=attribute(MAIL, "<x>operator@example.ac.jp</x>", raw=True)))
    name_id = '<saml:NameID Format="%s">a</saml:NameID>' % PERSISTENT
    hostile("attribute-value--name-id-in-mail", usual(attributes=attribute(MAIL, name_id, raw=True)))
    hostile("attribute-value--two-name-ids", usual(attributes=attribute(EPTID, name_id + name_id, raw=True)))
    hostile("attribute-value--element-in-name-id", usual(attributes=attribute(EPTID, name_id.replace(">a<", "><b/>a<"),
                                                                              raw=True)))
    hostile("attributes--too-many", usual(attributes="".join(attribute("urn:x:%d" % i, "v") for i in range(101))))
    hostile("attributes--too-many-values", usual(attributes=attribute(MAIL, *["a%d@example.ac.jp" % i for i in range(101)])))
    hostile("attributes--value-too-long", usual(attributes=attribute(MAIL, "a" * 4097)))
    hostile("attributes--no-name", usual(attributes=attribute("", "v")))
    hostile("attributes--something-else-inside", usual(attributes="<saml:Other/>"))
    attack("scopes of other organisations")
    for name, value in (("of-another-organisation", "hanako@other.ac.jp"), ("ends-alike", "hanako@evilexample.ac.jp"),
                        ("goes-on", "hanako@lab.example.ac.jp.evil.example"), ("two-ats", "hanako@other.ac.jp@evil"),
                        ("with-a-line-end", "hanako@example.ac.jp\n.evil.example"), ("empty", "hanako@"), ("none", "hanako")):
        missing("eduPersonPrincipalName--scope-" + name, usual(attributes=with_value(EPPN, value)))
    missing("eduPersonPrincipalName--two-values", usual(attributes=ATTRIBUTES + attribute(EPPN, "operator@example.ac.jp")))
    missing("eduPersonPrincipalName--only-a-name-that-looks-like-it", usual(attributes=ATTRIBUTES.replace(EPPN, EPPN + ".0")))
    missing("eduPersonPrincipalName--absent", usual(attributes=ATTRIBUTES.replace(EPPN, "urn:x:eppn")))
    attack("values that would do harm further on")
    missing("mail--absent", usual(attributes=ATTRIBUTES.replace(MAIL, "urn:x:mail")))
    missing("mail--line-end", usual(attributes=with_value(MAIL, "a@example.ac.jp\nBcc: b@evil.example")))
    missing("mail--two-addresses-in-one", usual(attributes=with_value(MAIL, "a@example.ac.jp,b@evil.example")))
    missing("displayName--absent", usual(attributes=attribute(EPPN, "hanako@example.ac.jp")
                                         + attribute(SUBJECT_ID, "hanako@example.ac.jp") + attribute(MAIL, "hanako@example.ac.jp")))


def make_captured():
    """What can be done to a captured message without any key, with messages of both products (signed anew, so that only the trick
    is wrong)."""
    for product, message in (("simplesamlphp", usual()), ("pysaml2", parts.from_pysaml2())):
        for kind, check, name, changed in tricks.of(message):
            attack(kind)
            hostile("%s--%s-%s" % (check, product, name), changed)


def make_all():
    """All cases, benign and hostile, for the scene that parts has."""
    cases.clear()
    for part in (make_benign, make_bytes, make_wrapping, make_signatures, make_transforms, make_encryption, make_checks,
                 make_contexts, make_attributes, make_captured):
        part()
    names = [c[0] for c in cases]
    assert len(set(names)) == len(names), "a name is used twice"
    return cases


def make_only_benign():
    cases.clear()
    make_benign()
    return cases


def index():
    """A line for each class: how many messages, which checks must refuse them."""
    classes = {}
    for line in parts.read("expected").splitlines():
        _, verdict, check, _, klass = line.split("\t")
        if verdict != "passes":
            classes.setdefault(klass, []).append(check)
    for klass, checks in classes.items():
        print("| %s | %d | %s |" % (klass, len(checks), ", ".join(dict.fromkeys(checks))))


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("keys", "messages", "benign", "index"):
        sys.exit(__doc__)
    parts.set_scene(directory=sys.argv[2])
    if sys.argv[1] in ("keys", "index"):
        parts.make_keys() if sys.argv[1] == "keys" else index()
        return
    parts.set_scene(request_id=sys.argv[3])
    os.makedirs(parts.path("messages"), exist_ok=True)
    made = make_all() if sys.argv[1] == "messages" else make_only_benign()
    for name, _, _, _, _, data in made:
        parts.write("messages/" + name, data)
    parts.write("expected", "".join("\t".join(c[:5]) + "\n" for c in made))


if __name__ == "__main__":
    main()
