#!/usr/bin/python3
"""Makes SAML messages for tests/unit/test_sp_hostile.c: hostile ones, each named CHECK--what-it-tries.xml after the one check
that must refuse it, and benign ones (ok--what.xml) that must pass. Keys are made on the spot and go with the folder.

    make.py keys DIR                     keys, certificates, metadata of two IdPs
    make.py messages DIR REQUEST_ID      the messages, and DIR/expected: file, verdict, check, values to be read
    make.py benign DIR REQUEST_ID        the benign ones only

Verdicts: passes, refused (by sp_response_verify), missing (passes, but sp_person_new finds a required attribute missing),
explained (refused, but all of it was right except the kind of login). Where the file's name says context, the login asked for
REFEDS MFA or a smart card.
Needs only Python's standard library and the commands openssl and xmlsec1.
"""
import base64
import os
import re
import subprocess
import sys

NOW = "2026-11-24T08:00:00Z"  # the test's clock stands here
IDP, IDP2 = "https://idp.example.ac.jp/idp", "https://idp2.example.ac.jp/idp"
SP, ACS = "https://portal.example.ac.jp/saml/metadata", "https://portal.example.ac.jp/saml/acs"

SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
DS, ENC = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#"
MORE, ENC11 = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2009/xmlenc11#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

directory = ""
request_id = ""


def path(name):
    return os.path.join(directory, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(command), done.stderr.decode(errors="replace")))
    return done.stdout


# --- keys and metadata -------------------------------------------------------------------------------------------------------

def make_key(name, *kind):
    run("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "2", "-subj", "/CN=" + name,
        "-keyout", path(name + ".key"), "-out", path(name + ".crt"))


CA = """[ca]
default_ca = own
[own]
database = {0}
new_certs_dir = {1}
default_md = sha256
policy = any
rand_serial = yes
[any]
commonName = supplied
"""


def expire(name):
    """Another certificate for the key of NAME that ended in 2020: what counts is the key, as metadata has it."""
    write("ca.index", "")
    write("ca.conf", CA.format(path("ca.index"), directory))
    run("openssl", "req", "-new", "-key", path(name + ".key"), "-subj", "/CN=" + name, "-out", path("ca.csr"))
    run("openssl", "ca", "-batch", "-selfsign", "-notext", "-config", path("ca.conf"), "-keyfile", path(name + ".key"), "-in",
        path("ca.csr"), "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-out", path(name + ".crt"))


def certificate(name):
    return "".join(read(name + ".crt").split("-----")[2].split())


def key_descriptor(name, use=' use="signing"'):
    return ('<md:KeyDescriptor%s><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>'
            '</ds:KeyInfo></md:KeyDescriptor>' % (use, certificate(name)))


def metadata(entity_id, keys, scope):
    base = entity_id.rsplit("/", 1)[0]
    redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
    post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
    return ('<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="%s" '
            'xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" entityID="%s">'
            '<md:IDPSSODescriptor protocolSupportEnumeration="%s"><md:Extensions>%s</md:Extensions>%s'
            '<md:SingleLogoutService Binding="%s" Location="%s/slo"/><md:SingleLogoutService Binding="%s" Location="%s/slo"/>'
            '<md:SingleSignOnService Binding="%s" Location="%s/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
            % (DS, entity_id, SAMLP, scope, "".join(keys), redirect, base, post, base, redirect, base))


def make_keys():
    os.makedirs(directory, exist_ok=True)
    for name in ("sp-signing", "sp-decryption", "idp", "idp-next", "idp2", "idp-encryption", "foreign", "federation"):
        make_key(name, "rsa:2048")
    for name in ("idp-next", "federation"):
        expire(name)
    make_key("idp-short", "rsa:1024")
    make_key("idp-ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    scope = ('<shibmd:Scope regexp="false">example.ac.jp</shibmd:Scope>'
             '<shibmd:Scope regexp="true">^.+\\.example\\.ac\\.jp$</shibmd:Scope>')
    write("idp.xml", metadata(IDP, [key_descriptor("idp-next"), key_descriptor("idp", ""), key_descriptor("idp-ec"),
                                    key_descriptor("idp-short"), key_descriptor("idp-encryption", ' use="encryption"')], scope))
    write("idp2.xml", metadata(IDP2, [key_descriptor("idp2")], '<shibmd:Scope regexp="false">other.ac.jp</shibmd:Scope>'))


# --- signatures and encryption -----------------------------------------------------------------------------------------------

def transform(algorithm, inside=""):
    return '<ds:Transform Algorithm="%s">%s</ds:Transform>' % (algorithm, inside)


USUAL = transform(ENVELOPED) + transform(EXC)


def template(ref, method=MORE + "rsa-sha256", digest=ENC + "sha256", c14n=EXC, transforms=USUAL, key_info="", more="",
             extra=""):
    """A ds:Signature to be filled. MORE: further Reference elements; EXTRA: further children of Signature."""
    transforms = "<ds:Transforms>%s</ds:Transforms>" % transforms if transforms else ""
    return ('<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/>'
            '<ds:SignatureMethod Algorithm="%s"/><ds:Reference URI="%s">%s<ds:DigestMethod Algorithm="%s"/><ds:DigestValue/>'
            '</ds:Reference>%s</ds:SignedInfo><ds:SignatureValue/>%s%s</ds:Signature>'
            % (DS, c14n, method, ref, transforms, digest, more, key_info, extra))


def undeclared(xml):
    return re.sub(r"^<\?xml[^>]*\?>\s*", "", xml)


def fill(xml, element, key="idp", hmac=None):
    """Signs the first template in XML (its IDs: attribute ID of ELEMENT)."""
    write("work.xml", '<?xml version="1.0" encoding="UTF-8"?>\n' + xml)
    ns = SAML if element == "Assertion" else SAMLP
    keys = ("--hmackey", path(hmac)) if hmac else ("--privkey-pem", "%s,%s" % (path(key + ".key"), path(key + ".crt")))
    run("xmlsec1", "--sign", *keys, "--id-attr:ID", "%s:%s" % (ns, element), "--output", path("work.out"), path("work.xml"))
    return undeclared(read("work.out")).strip()


def encrypt(xml, method=ENC11 + "aes128-gcm", transport=ENC + "rsa-oaep-mgf1p", to="sp-decryption", session="aes-128",
            retrieval=None, beside=False):
    """An EncryptedAssertion around XML. BESIDE: the key beside the data, led to by a RetrievalMethod."""
    key = ('<xenc:EncryptedKey xmlns:xenc="%s" xmlns:ds="%s"%s><xenc:EncryptionMethod Algorithm="%s"/>'
           '<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey>'
           % (ENC, DS, ' Id="_key"' if beside else "", transport))
    data = ('<xenc:EncryptedData xmlns:xenc="%s" Type="%sElement"><xenc:EncryptionMethod Algorithm="%s"/>'
            '<ds:KeyInfo xmlns:ds="%s">%s</ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData>'
            '</xenc:EncryptedData>' % (ENC, ENC, method, DS, key))
    write("plain.xml", xml)
    write("work.xml", data)
    run("xmlsec1", "--encrypt", "--pubkey-cert-pem", path(to + ".crt"), "--session-key", session, "--xml-data",
        path("plain.xml"),
        "--output", path("work.out"), path("work.xml"))
    out = undeclared(read("work.out")).strip()
    if beside:
        start, end = out.index("<xenc:EncryptedKey"), out.index("</xenc:EncryptedKey>") + len("</xenc:EncryptedKey>")
        inner = out[start:end]
        lead = '<ds:RetrievalMethod Type="%sEncryptedKey" URI="%s"/>' % (ENC, retrieval or "#_key")
        out = out[:start] + lead + out[end:] + inner
    return '<saml:EncryptedAssertion xmlns:saml="%s">%s</saml:EncryptedAssertion>' % (SAML, out)


# --- messages ----------------------------------------------------------------------------------------------------------------

def at(seconds):
    """NOW and SECONDS more, within the day."""
    all_ = 8 * 3600 + seconds
    return "2026-11-24T%02d:%02d:%02dZ" % (all_ // 3600, all_ // 60 % 60, all_ % 60)


def attribute(name, *values, raw=False):
    inside = "".join("<saml:AttributeValue>%s</saml:AttributeValue>" % (v if raw else escape(v)) for v in values)
    return ('<saml:Attribute Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">%s</saml:Attribute>'
            % (name, inside))


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


MAIL, DISPLAY = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.16.840.1.113730.3.1.241"
EPPN, EPTID = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "urn:oid:1.3.6.1.4.1.5923.1.1.1.10"
JA = "urn:oid:1.3.6.1.4.1.32264.1.1.3"
ATTRIBUTES = (attribute(EPPN, "hanako@example.ac.jp") + attribute(MAIL, "hanako@example.ac.jp") + attribute(DISPLAY,
        "Hanako Kagami")
              + attribute(JA, "鏡 花子"))
EVIL = ATTRIBUTES.replace("hanako@", "operator@").replace("Hanako", "Evil")



def tag_attributes(values):
    return "".join(' %s="%s"' % (k, v) for k, v in values.items() if v is not None)


def issuer(name=IDP, extra=""):
    return "<saml:Issuer%s>%s</saml:Issuer>" % (extra, name)


def confirmation(method="urn:oasis:names:tc:SAML:2.0:cm:bearer", data=True, **over):
    values = {"InResponseTo": request_id, "NotOnOrAfter": at(300), "Recipient": ACS}
    values.update(over)
    inside = "<saml:SubjectConfirmationData%s/>" % tag_attributes(values) if data else ""
    return '<saml:SubjectConfirmation Method="%s">%s</saml:SubjectConfirmation>' % (method, inside)


def subject(name_id='<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_f1e2</saml:NameID>',
            confirm=None):
    return "<saml:Subject>%s%s</saml:Subject>" % (name_id, confirmation() if confirm is None else confirm)


def audience(*names):
    return "<saml:AudienceRestriction>%s</saml:AudienceRestriction>" % "".join(
        "<saml:Audience>%s</saml:Audience>" % n for n in names)


def conditions(inside=None, **over):
    values = {"NotBefore": at(-5), "NotOnOrAfter": at(300)}
    values.update(over)
    return "<saml:Conditions%s>%s</saml:Conditions>" % (tag_attributes(values), audience(SP) if inside is None else inside)


PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"


def class_ref(uri):
    return "<saml:AuthnContextClassRef>%s</saml:AuthnContextClassRef>" % uri


def statement(context_=None, **over):
    values = {"AuthnInstant": at(-30), "SessionIndex": "_session1", "SessionNotOnOrAfter": at(28800)}
    values.update(over)
    return ('<saml:AuthnStatement%s><saml:AuthnContext>%s</saml:AuthnContext></saml:AuthnStatement>'
            % (tag_attributes(values), class_ref(PASSWORD) if context_ is None else context_))


def assertion(signature="", name="_assertion1", issuer_=None, subject_=None, conditions_=None, statement_=None,
              attributes=ATTRIBUTES, more="", **over):
    values = {"ID": name, "IssueInstant": at(-2), "Version": "2.0"}
    values.update(over)
    return ('<saml:Assertion xmlns:saml="%s" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"%s>%s%s%s%s%s%s'
            '<saml:AttributeStatement>%s</saml:AttributeStatement></saml:Assertion>'
            % (SAML, tag_attributes(values), issuer() if issuer_ is None else issuer_, signature,
               subject() if subject_ is None else subject_, conditions() if conditions_ is None else conditions_,
               statement() if statement_ is None else statement_, more, attributes))


def extensions(inside):
    return "<samlp:Extensions>%s</samlp:Extensions>" % inside


def advice(inside):
    return "<saml:Advice>%s</saml:Advice>" % inside


SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def status(code=SUCCESS, inside=""):
    return '<samlp:Status><samlp:StatusCode Value="%s">%s</samlp:StatusCode></samlp:Status>' % (code, inside)


def response(inside, signature="", name="_response1", issuer_=None, status_=None, extensions_="", **over):
    values = {"ID": name, "Version": "2.0", "IssueInstant": at(-2), "Destination": ACS, "InResponseTo": request_id}
    values.update(over)
    return ('<samlp:Response xmlns:samlp="%s" xmlns:saml="%s"%s>%s%s%s%s%s</samlp:Response>'
            % (SAMLP, SAML, tag_attributes(values), issuer() if issuer_ is None else issuer_, signature, extensions_,
               status() if status_ is None else status_, inside))


def signed_assertion(key="idp", hmac=None, with_=None, **over):
    name = over.get("ID") or over.get("name", "_assertion1")
    return fill(assertion(template("#" + name, **(with_ or {})), **over), "Assertion", key, hmac)


def signed_response(inside, key="idp", hmac=None, with_=None, **over):
    return fill(response(inside, template("#_response1", **(with_ or {})), **over), "Response", key, hmac)


def usual(**over):
    """The usual message: a signed assertion, with changes that are signed too, in an unsigned response."""
    return response(signed_assertion(**over))


# --- the list ----------------------------------------------------------------------------------------------------------------

expected = []


def case(name, xml, verdict="refused", values="", check=None):
    check = check or name.split("--")[0]
    data = xml.encode() if isinstance(xml, str) else xml
    write("messages/" + name, data)
    expected.append("%s\t%s\t%s\t%s" % (name, verdict, "" if verdict == "passes" else check, values))


def hostile(name, xml):
    case(name + ".xml", xml)


def benign(name, xml, values=""):
    case("ok--" + name + ".xml", xml, "passes", values)


def missing(name, xml):
    case(name + ".xml", xml, "missing")


def raw(name, text):
    case(name + ".b64", text)


def make_benign():
    plain = "eduPersonPrincipalName=hanako@example.ac.jp|mail=hanako@example.ac.jp|displayName=Hanako Kagami|jaDisplayName=鏡 花子"
    benign("assertion-signed", usual(), plain)
    benign("response-signed", signed_response(assertion()), plain)
    benign("both-signed", signed_response(signed_assertion()), plain)
    benign("declaration", '<?xml version="1.0" encoding="UTF-8"?>\n' + usual(), plain)
    for bits in ("384", "512"):
        with_ = {"method": MORE + "rsa-sha" + bits, "digest": (MORE if bits == "384" else ENC) + "sha" + bits}
        benign("rsa-sha" + bits, usual(with_=with_), plain)
    benign("ecdsa-sha256", usual(key="idp-ec", with_={"method": MORE + "ecdsa-sha256"}), plain)
    benign("second-signing-key-certificate-expired", usual(key="idp-next"), plain)
    prefixes = '<ec:InclusiveNamespaces xmlns:ec="%s" PrefixList="xs xsi"/>' % EXC
    benign("inclusive-namespaces", usual(with_={"transforms": transform(ENVELOPED) + transform(EXC, prefixes)}), plain)
    benign("key-info", usual(with_={"key_info": "<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"}), plain)
    benign("encrypted-cbc-in-signed-response", signed_response(encrypt(assertion(), method=ENC + "aes128-cbc")), plain)
    benign("encrypted-cbc-signed-twice", signed_response(encrypt(signed_assertion(), method=ENC + "aes256-cbc",
                                                                 session="aes-256")), plain)
    benign("encrypted-gcm", response(encrypt(signed_assertion())), plain)
    benign("encrypted-gcm-256", response(encrypt(signed_assertion(), method=ENC11 + "aes256-gcm", session="aes-256")), plain)
    benign("encrypted-key-beside", response(encrypt(signed_assertion(), beside=True)), plain)
    benign("skew-59-late", usual(conditions_=conditions(NotOnOrAfter=at(-59)),
                                 subject_=subject(confirm=confirmation(NotOnOrAfter=at(-59))),
                                 statement_=statement(SessionNotOnOrAfter=at(-59))), plain)
    benign("skew-60-early", usual(conditions_=conditions(NotBefore=at(60)), statement_=statement(AuthnInstant=at(60)),
                                  IssueInstant=at(60)), plain)
    benign("no-not-before", usual(conditions_=conditions(NotBefore=None)), plain)
    benign("no-session-end", usual(statement_=statement(SessionNotOnOrAfter=None)), plain)
    benign("fractions-of-seconds", usual(IssueInstant="2026-11-24T07:59:58.123456Z"), plain)
    benign("several-audiences", usual(conditions_=conditions(audience("https://another.example/sp", SP) + audience(SP))), plain)
    benign("one-time-use", usual(conditions_=conditions(audience(SP) + "<saml:OneTimeUse/>")), plain)
    benign("no-name-id", usual(subject_=subject("")), plain)
    benign("markup-in-values", usual(attributes=ATTRIBUTES + attribute("urn:oid:2.5.4.10", "A & B <x> &#x9280;")),
           "o=A & B <x> &#x9280;")
    benign("character-references", usual(attributes=ATTRIBUTES.replace("鏡 花子", "&#x93E1; &#33457;&#23376;")), plain)
    benign("several-values", usual(attributes=ATTRIBUTES + attribute(MAIL, "kagami@sub.example.ac.jp",
                                                                     " second@example.ac.jp ", "")),
           "mail=hanako@example.ac.jp,kagami@sub.example.ac.jp,second@example.ac.jp")
    benign("friendly-names", usual(attributes=ATTRIBUTES.replace(MAIL, "mail").replace(DISPLAY, "displayName")), plain)
    name_id = '<saml:NameID Format="%s" NameQualifier="%s" SPNameQualifier="%s">Zq1x=</saml:NameID>' % (PERSISTENT, IDP, SP)
    benign("targeted-id", usual(attributes=ATTRIBUTES + attribute(EPTID, name_id, raw=True)), "eduPersonTargetedID=Zq1x=")
    foreign = name_id.replace(SP, "https://another.example/sp")
    benign("targeted-id-of-another-sp-has-no-value", usual(attributes=ATTRIBUTES + attribute(EPTID, foreign, raw=True)),
           "eduPersonTargetedID=")
    benign("regexp-scope", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp", "hanako@lab.example.ac.jp")))
    benign("unknown-attribute", usual(attributes=ATTRIBUTES + attribute("urn:example:colour", "red")), plain)
    benign("issuer-format", usual(issuer_=issuer(IDP, ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity"')), plain)


def make_bytes():
    good = base64.b64encode(usual().encode()).decode()
    raw("base64--junk", good[:400] + "*" + good[401:])
    raw("base64--url-alphabet", good[:400] + "-_" + good[402:])
    raw("base64--space", good[:400] + "    " + good[400:])
    raw("base64--cut", good[:-1])
    raw("base64--padding-inside", good[:400] + "====" + good[400:])
    raw("base64--empty", "")
    raw("bytes--longer-than-allowed", base64.b64encode(b" " * 196609).decode())
    hostile("utf-8--broken-sequence", usual().encode().replace("鏡".encode(), b"\xe9\x8f"))
    hostile("utf-8--overlong", usual().encode().replace(b"Hanako", b"\xc0\xaeanako"))
    hostile("utf-8--nul", usual().encode().replace(b"Hanako", b"Ha\0ako"))
    hostile("utf-8--declared-latin1", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + usual().encode())
    hostile("utf-8--declared-utf7", b'<?xml version="1.0" encoding="UTF-7"?>' + usual().encode())
    hostile("utf-8--utf16", usual().encode("utf-16"))
    hostile("xml--not-well-formed", usual().replace("</saml:Subject>", "</saml:Subjekt>"))
    hostile("xml--ends-early", usual()[:-20])
    hostile("xml--two-roots", usual() + "<x/>")
    hostile("xml--prefix-without-namespace", usual().replace("<saml:Subject>", "<y:Subject>").replace("</saml:Subject>",
            "</y:Subject>"))
    hostile("xml--attribute-twice", usual().replace('Version="2.0"', 'Version="2.0" Version="2.0"', 1))
    hostile("xml--control-character", usual().replace("Hanako", "Ha\x01nako"))
    hostile("xml--version-1.1", '<?xml version="1.1"?>' + usual())
    hostile("xml--form-feed", usual().replace("<saml:Issuer>", "\x0c<saml:Issuer>", 1))
    hostile("xml--character-reference-to-nul", usual().replace("Hanako", "Ha&#0;nako"))
    hostile("dtd--plain", "<!DOCTYPE r>" + usual())
    hostile("dtd--external-subset", '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/evil.dtd">' + usual())
    hostile("dtd--local-file", '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + usual().replace("Hanako", "&x;"))
    laughs = "".join('<!ENTITY l%d "%s">' % (i, "&l%d;" % (i - 1) * 10) for i in range(1, 12))
    hostile("dtd--billion-laughs", '<!DOCTYPE r [<!ENTITY l0 "ha">%s]>' % laughs + usual().replace("Hanako", "&l11;"))
    hostile("dtd--default-attribute", '<!DOCTYPE r [<!ATTLIST Response ID ID "_x">]>' + usual())
    hostile("dtd--inside", usual().replace("<saml:Subject>", "<!ELEMENT x ANY><saml:Subject>"))
    hostile("entity--undeclared", usual().replace("Hanako", "&evil;"))
    hostile("entity--html-name", usual().replace("Hanako", "Hanako&nbsp;"))
    hostile("entity--in-an-attribute", usual().replace('Version="2.0"', 'Version="&two;"', 1))
    hostile("cdata--in-a-value", usual().replace("hanako@", "<![CDATA[operator@example.ac.jp]]>hanako@"))
    hostile("cdata--around-a-value", usual().replace("Hanako Kagami", "<![CDATA[Hanako Kagami]]>"))
    hostile("comment--in-name-id", usual().replace("_f1e2", "_f1<!-- -->e2"))
    hostile("comment--in-a-mail-address", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp",
                                                                              "hanako@example.ac.jp<!---->.evil.example")))
    hostile("comment--before-the-root", "<!-- -->" + usual())
    hostile("processing-instruction--in-a-value", usual().replace("Hanako", "Ha<?x y?>nako"))
    hostile("processing-instruction--stylesheet", '<?xml-stylesheet href="http://127.0.0.1:9/"?>' + usual())
    hostile("depth--nested-attribute-value", usual().replace("Hanako Kagami", "<a>" * 200 + "</a>" * 200))
    hostile("elements--many", usual().replace("<saml:AttributeStatement>", "<saml:AttributeStatement>" + "<a/>" * 5000))
    hostile("attributes--many-of-one-element", usual().replace("<saml:Subject>",
            "<saml:Subject%s>" % "".join(' a%d="x"' % i for i in range(200))))
    hostile("attributes--many-namespaces", usual().replace("<saml:Subject>",
                                                           "<saml:Subject%s>" % "".join(' xmlns:n%d="u:%d"' % (i,
                                                                   i) for i in range(200))))
    hostile("attributes--id-in-two-namespaces", usual().replace('ID="_response1"',
                                                                'xmlns:x="u:x" x:ID="_other" ID="_response1"'))
    hostile("duplicate-id--response-like-assertion", usual().replace('ID="_response1"', 'ID="_assertion1"'))
    hostile("duplicate-id--other-spelling", usual().replace("<saml:Subject>", '<saml:Subject Id="_assertion1">'))
    hostile("duplicate-id--xml-id", usual().replace("<samlp:Status>", '<samlp:Status xml:id="_assertion1">'))
    hostile("duplicate-id--not-a-name", usual().replace('ID="_response1"', "ID=\"x') or id('_assertion1\""))
    hostile("duplicate-id--empty", usual().replace('ID="_response1"', 'ID=""'))


def make_wrapping():
    good_assertion, evil = signed_assertion(), assertion(name="_evil", attributes=EVIL)
    good_response = signed_response(assertion())
    signature = re.search(r"<ds:Signature.*?</ds:Signature>", good_response, re.S).group(0)
    original = good_response.replace(signature, "")
    inner = original.replace('"_response1"', '"_inner"').replace('"_assertion1"', '"_a3"')
    evil_response = lambda inside: response(assertion(attributes=EVIL, name="_a2"), inside, name="_evil")
    # The eight forms of the literature. 1, 2: a whole signed response carried along by another; 3 to 8: a signed assertion.
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
    hostile("structure--xsw7-evil-in-extensions", response(good_assertion,
                                                           extensions_=extensions(evil)))
    wrapped = sig.replace("</ds:Signature>", "<ds:Object>%s</ds:Object></ds:Signature>" % bare)
    hostile("structure--xsw8-good-in-object", response(assertion(wrapped, name="_evil", attributes=EVIL)))
    hostile("structure--good-in-advice", response(assertion(name="_evil", attributes=EVIL,
                                                            more=advice(good_assertion))))
    hostile("structure--good-in-extensions-only", response("",
                                                           extensions_=extensions(good_assertion)))
    hostile("structure--good-beside-evil-encrypted", response(encrypt(evil) + good_assertion))
    hostile("structure--two-signed-assertions", response(good_assertion + signed_assertion(name="_assertion2")))
    hostile("structure--response-in-response", response(good_assertion,
                                                        extensions_=extensions(inner)))
    hostile("structure--empty-response-in-response", response(good_assertion, extensions_=extensions("<samlp:Response/>")))
    hostile("structure--no-assertion", response(""))
    hostile("structure--bare-assertion", good_assertion)
    hostile("structure--logout-response", usual().replace("samlp:Response", "samlp:LogoutResponse"))
    hostile("structure--assertion-without-namespace", response('<Assertion ID="_x"/>'))
    hostile("structure--soap-envelope",
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'
            % usual())
    hostile("reference--signature-of-another-assertion", response(assertion(sig, name="_evil", attributes=EVIL)))
    hostile("signature--moved-to-an-element-of-the-response", response(bare,
                                                                       extensions_=extensions(sig)))
    hostile("signature--evil-assertion-with-the-good-id", response(assertion(sig, attributes=EVIL)))


def make_signatures():
    good = usual()
    value = re.search(r"<ds:SignatureValue>(.*?)</ds:SignatureValue>", good, re.S).group(1)
    hostile("signature--changed-value", good.replace("Hanako Kagami", "Evil Kagami"))
    hostile("signature--changed-audience", good.replace(SP + "</saml:Audience>", SP + "/</saml:Audience>"))
    hostile("signature--added-attribute", good.replace("</saml:AttributeStatement>",
                                                       attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
                                                                 "admin") + "</saml:AttributeStatement>"))
    hostile("signature--changed-digest", re.sub(r"<ds:DigestValue>....", "<ds:DigestValue>AAAA", good))
    hostile("signature--cut-short", good.replace(value, value.strip()[:40]))
    hostile("signature--empty-value", good.replace(value, ""))
    hostile("signature--foreign-key", usual(key="foreign"))
    key_info = "<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"
    hostile("signature--foreign-key-in-key-info", usual(key="foreign", with_={"key_info": key_info}))
    hostile("signature--foreign-key-value", usual(key="foreign", with_={"key_info": "<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>"}))
    hostile("signature--key-of-another-idp", usual(key="idp2"))
    hostile("signature--the-idps-encryption-key", usual(key="idp-encryption"))
    hostile("signature--key-too-short", usual(key="idp-short"))
    hostile("signature--response-good-assertion-bad", signed_response(signed_assertion().replace("Hanako", "Evil")))
    hostile("signature--response-bad-assertion-good", signed_response(signed_assertion()).replace('Destination="',
            'Consent="urn:x" Destination="'))
    hostile("signature--response-signed-by-another", signed_response(signed_assertion(), key="foreign"))
    info = re.search(r"<ds:SignedInfo>.*?</ds:SignedInfo>", good, re.S).group(0)
    hostile("signature--two-signed-infos", good.replace(info, info + info))
    hostile("signature--two-signatures", response(good[good.index("<saml:Assertion"):good.index("</samlp:Response>")].replace(
        "<saml:Subject>", template("#_assertion1") + "<saml:Subject>")))
    hostile("signature--object", usual(with_={"extra": "<ds:Object><x/></ds:Object>"}))
    hostile("signature--manifest", usual(with_={"extra": "<ds:Object><ds:Manifest/></ds:Object>"}))
    hostile("signature--hidden-signed-info", good.replace("<ds:SignatureValue>",
                                                          "<ds:KeyInfo>%s</ds:KeyInfo><ds:SignatureValue>" % info))
    hostile("signature--on-the-subject", usual(subject_=subject(confirm=confirmation() + template("#_assertion1"))))
    hostile("signature--element-in-digest-value", good.replace("</ds:DigestValue>", "<x/></ds:DigestValue>"))
    # Only the place is wrong: a second meaning hidden where nobody looks for one.
    for check, name, element in (("signature", "object", "<ds:Object/>"), ("signature", "manifest", "<ds:Manifest/>"),
                                 ("signature", "signed-info", info), ("signature", "signature-value", "<ds:SignatureValue/>"),
                                 ("reference", "reference", '<ds:Reference URI="#_assertion1"/>'),
                                 ("transform", "transforms", "<ds:Transforms/>"),
                                 ("transform", "transform", transform(ENVELOPED))):
        hostile("%s--%s-in-key-info" % (check, name), usual(with_={"key_info": "<ds:KeyInfo/>"}).replace(
            "<ds:KeyInfo/>", "<ds:KeyInfo>%s</ds:KeyInfo>" % element))
    hostile("unsigned--nothing", response(assertion()))
    hostile("unsigned--in-gcm", response(encrypt(assertion())))
    hostile("unsigned--signature-stripped", re.sub(r"<ds:Signature.*?</ds:Signature>", "", good, flags=re.S))
    hostile("algorithm--rsa-sha1", usual(with_={"method": DS + "rsa-sha1"}))
    hostile("algorithm--digest-sha1", usual(with_={"digest": DS + "sha1"}))
    hostile("algorithm--rsa-md5", usual(with_={}).replace("rsa-sha256", "rsa-md5"))
    hostile("algorithm--digest-md5", usual().replace(ENC + "sha256", MORE + "md5"))
    hostile("algorithm--hmac-with-the-public-key", usual(hmac="idp.crt", with_={"method": MORE + "hmac-sha256"}))
    hostile("algorithm--ecdsa-sha1", usual(key="idp-ec", with_={"method": MORE + "ecdsa-sha1"}))
    hostile("algorithm--hmac-output-length", good.replace('rsa-sha256"/>',
            'hmac-sha256"><ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>'))
    hostile("algorithm--inclusive-c14n-of-signed-info", usual(with_={"c14n": INC}))
    hostile("algorithm--parameter-in-the-method", good.replace('rsa-sha256"/>', 'rsa-sha256"><x/></ds:SignatureMethod>'))
    xpath = '<ds:XPath>not(ancestor-or-self::saml:AttributeStatement)</ds:XPath>'
    hostile("transform--xpath-leaves-attributes-out",
            usual(with_={"transforms": USUAL + transform("http://www.w3.org/TR/1999/REC-xpath-19991116", xpath)}))
    hostile("transform--xpath-first", usual(with_={"transforms": transform("http://www.w3.org/TR/1999/REC-xpath-19991116",
                                                                           xpath) + USUAL}))
    sheet = ('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
             '<xsl:template match="/">x</xsl:template>'
             '</xsl:stylesheet>')
    hostile("transform--xslt", good.replace("</ds:Transforms>", transform("http://www.w3.org/TR/1999/REC-xslt-19991116",
                                                                          sheet) + "</ds:Transforms>"))
    hostile("transform--base64", good.replace("</ds:Transforms>", transform(DS + "base64") + "</ds:Transforms>"))
    hostile("transform--no-c14n", usual(with_={"transforms": transform(ENVELOPED)}))
    hostile("transform--inclusive-c14n", usual(with_={"transforms": transform(ENVELOPED) + transform(INC)}))
    hostile("transform--twice-enveloped", usual(with_={"transforms": transform(ENVELOPED) + USUAL}))
    hostile("transform--none", good.replace(re.search(r"<ds:Transforms>.*?</ds:Transforms>", good, re.S).group(0), ""))
    hostile("transform--unknown", good.replace(ENVELOPED, "urn:example:transform"))
    hostile("transform--decryption", good.replace("</ds:Transforms>",
                                                  transform("http://www.w3.org/2002/07/decrypt#XML") + "</ds:Transforms>"))
    hostile("reference--external", good.replace('URI="#_assertion1"', 'URI="http://127.0.0.1:9/x"'))
    hostile("reference--file", good.replace('URI="#_assertion1"', 'URI="file:///etc/passwd"'))
    hostile("reference--whole-document", good.replace('URI="#_assertion1"', 'URI=""'))
    hostile("reference--xpointer", good.replace('URI="#_assertion1"', 'URI="#xpointer(/)"'))
    hostile("reference--without-uri", good.replace(' URI="#_assertion1"', ""))
    more = '<ds:Reference URI="#_assertion1"><ds:DigestMethod Algorithm="%ssha256"/><ds:DigestValue/></ds:Reference>' % ENC
    hostile("reference--two", usual(with_={"more": more}))
    hostile("reference--none", good.replace(re.search(r"<ds:Reference .*?</ds:Reference>", good, re.S).group(0), ""))


def make_encryption():
    good = signed_assertion()
    hostile("encryption--cbc-in-unsigned-response", response(encrypt(good, method=ENC + "aes128-cbc")))
    hostile("encryption--triple-des", signed_response(encrypt(good, method=ENC + "tripledes-cbc", session="des-192")))
    hostile("encryption--unknown-method", response(encrypt(good).replace(ENC11 + "aes128-gcm", "urn:example:cipher")))
    encrypted_id = re.sub(r"saml:EncryptedAssertion", "saml:EncryptedID", encrypt("<x/>"))
    hostile("encryption--encrypted-name-id", usual(subject_=subject(encrypted_id)))
    hostile("encryption--encrypted-attribute", usual(attributes=ATTRIBUTES + encrypt("<x/>").replace("EncryptedAssertion",
            "EncryptedAttribute")))
    hostile("encryption--empty-encrypted-id", usual(subject_=subject("<saml:EncryptedID/>")))
    hostile("encryption--empty-encrypted-attribute", usual(attributes=ATTRIBUTES + "<saml:EncryptedAttribute/>"))
    hostile("encryption--new-encrypted-id", response(good, extensions_=extensions("<samlp:NewEncryptedID/>")))
    twice = encrypt(good)
    key = re.search(r"<xenc:EncryptedKey.*?</xenc:EncryptedKey>", twice, re.S).group(0)
    hostile("encryption--two-keys", response(twice.replace(key, key + key)))
    hostile("encryption--no-key", response(twice.replace(key, "")))
    hostile("encryption--two-data", response(twice.replace("</saml:EncryptedAssertion>",
                                                           twice[twice.index("<xenc:EncryptedData"):])))
    hostile("encryption--data-in-a-clear-assertion",
            usual(more=re.sub(r"</?saml:EncryptedAssertion[^>]*>", "", encrypt("<x/>"))))
    hostile("key-transport--rsa-1.5", response(encrypt(good, transport=ENC + "rsa-1_5")))
    hostile("key-transport--rsa-1.5-in-signed-response", signed_response(encrypt(good, transport=ENC + "rsa-1_5")))
    hostile("key-transport--key-wrap", response(twice.replace(ENC + "rsa-oaep-mgf1p", ENC + "kw-aes128")))
    hostile("key-transport--oaep-parameters", response(twice.replace('rsa-oaep-mgf1p"/>',
            'rsa-oaep-mgf1p"><xenc:OAEPparams>AAAA</xenc:OAEPparams></xenc:EncryptionMethod>')))
    value = re.findall(r"<xenc:CipherValue>.*?</xenc:CipherValue>", twice, re.S)
    for name, index in (("data", 1), ("key", 0)):
        hostile("cipher-reference--of-the-" + name, response(twice.replace(value[index],
            '<xenc:CipherReference URI="http://127.0.0.1:9/x"/>')))
    hostile("cipher-reference--beside-the-value", response(twice.replace(value[1],
            value[1] + '<xenc:CipherReference URI="file:///etc/passwd"/>')))
    hostile("reference--retrieval-method-outside", response(encrypt(good, beside=True, retrieval="http://127.0.0.1:9/key")))
    hostile("reference--retrieval-method-to-another", response(encrypt(good, beside=True, retrieval="#_response1")))
    hostile("decryption--for-another-sp", response(encrypt(good, to="foreign")))
    text = value[1][len("<xenc:CipherValue>"):-len("</xenc:CipherValue>")]
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    hostile("decryption--changed-cipher-text", response(twice.replace(text, base64.b64encode(bytes(data)).decode())))
    data[len(data) // 2] ^= 1
    hostile("decryption--tag-cut-off", response(twice.replace(text, base64.b64encode(bytes(data[:-16])).decode())))
    hostile("decryption--too-short", response(twice.replace(text, "AAAA")))
    hostile("structure--something-else-encrypted", response(encrypt('<x:y xmlns:x="u:x"/>')))
    hostile("structure--response-encrypted", response(encrypt(response(good))))
    hostile("structure--assertion-in-the-encrypted-one", response(encrypt(assertion(name="_evil", attributes=EVIL,
                                                                                    more=advice(good)))))
    hostile("comment--in-the-encrypted-assertion", response(encrypt(good.replace("_f1e2", "_f1<!-- -->e2"))))
    hostile("cdata--in-the-encrypted-assertion", response(encrypt(good.replace("hanako@", "<![CDATA[x]]>hanako@"))))
    hostile("signature--changed-in-the-encrypted-assertion", response(encrypt(good.replace("Hanako", "Evil"))))


def make_checks():
    """Messages that are signed as they should be, and say one wrong thing each."""
    hostile("version--of-the-response", response(signed_assertion(), Version="1.1"))
    hostile("version--of-the-assertion", usual(Version="2.1"))
    hostile("version--absent", response(signed_assertion(), Version=None))
    hostile("id--response-without", response(signed_assertion(), ID=None))
    hostile("id--assertion-without", signed_response(assertion(ID=None)))
    hostile("issuer--another-idp-in-the-assertion", usual(issuer_=issuer(IDP2)))
    hostile("issuer--another-idp-in-the-response", response(signed_assertion(), issuer_=issuer(IDP2)))
    hostile("issuer--absent-in-the-assertion", signed_response(assertion(issuer_="")))
    hostile("issuer--absent-in-the-response", response(signed_assertion(), issuer_=""))
    hostile("issuer--two", usual(issuer_=issuer() + issuer()))
    hostile("issuer--format", usual(issuer_=issuer(IDP, ' Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"')))
    hostile("issue-instant--absent", usual(IssueInstant=None))
    hostile("issue-instant--in-the-future", usual(IssueInstant=at(61)))
    hostile("issue-instant--of-the-response", response(signed_assertion(), IssueInstant=at(61)))
    hostile("issue-instant--not-utc", usual(IssueInstant="2026-11-24T17:00:00+09:00"))
    hostile("issue-instant--no-such-day", usual(IssueInstant="2026-02-30T08:00:00Z"))
    hostile("destination--absent", response(signed_assertion(), Destination=None))
    hostile("destination--empty", response(signed_assertion(), Destination=""))
    hostile("destination--another-sp", response(signed_assertion(), Destination="https://another.example/acs"))
    hostile("destination--longer", signed_response(assertion(), Destination=ACS + "/"))
    hostile("status--requester", response(signed_assertion(), status_=status("urn:oasis:names:tc:SAML:2.0:status:Requester")))
    hostile("status--success-below-responder", response(signed_assertion(), status_=status(
        "urn:oasis:names:tc:SAML:2.0:status:Responder", '<samlp:StatusCode Value="%s"/>' % SUCCESS)))
    hostile("status--failed-without-assertion", response("", status_=status(
        "urn:oasis:names:tc:SAML:2.0:status:Responder",
        '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/>')))
    hostile("status--absent", response(signed_assertion(), status_=""))
    hostile("status--two", response(signed_assertion(), status_=status() + status()))
    hostile("subject--absent", usual(subject_=""))
    hostile("subject--two", usual(subject_=subject() + subject()))
    hostile("subject--two-name-ids", usual(subject_=subject("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>")))
    hostile("subject--element-in-name-id", usual(subject_=subject("<saml:NameID>a<b/></saml:NameID>")))
    hostile("subject--empty-name-id", usual(subject_=subject("<saml:NameID> </saml:NameID>")))
    hostile("subject-confirmation--absent", usual(subject_=subject(confirm="")))
    hostile("subject-confirmation--holder-of-key",
            usual(subject_=subject(confirm=confirmation("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"))))
    hostile("subject-confirmation--sender-vouches",
            usual(subject_=subject(confirm=confirmation("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))))
    hostile("subject-confirmation--no-data", usual(subject_=subject(confirm=confirmation(data=False))))
    hostile("subject-confirmation--two",
            usual(subject_=subject(confirm=confirmation(Recipient="https://another.example/") + confirmation())))
    hostile("subject-confirmation--not-before", usual(subject_=subject(confirm=confirmation(NotBefore=at(-5)))))
    hostile("recipient--absent", usual(subject_=subject(confirm=confirmation(Recipient=None))))
    hostile("recipient--another-sp", usual(subject_=subject(confirm=confirmation(Recipient="https://another.example/acs"))))
    hostile("in-response-to--absent-in-the-response", response(signed_assertion(), InResponseTo=None))
    hostile("in-response-to--another-in-the-response", response(signed_assertion(), InResponseTo="_another"))
    hostile("in-response-to--absent-in-the-confirmation", usual(subject_=subject(confirm=confirmation(InResponseTo=None))))
    hostile("in-response-to--another-in-the-confirmation",
            usual(subject_=subject(confirm=confirmation(InResponseTo="_another"))))
    hostile("in-response-to--unsolicited",
            response(signed_assertion(subject_=subject(confirm=confirmation(InResponseTo=None))), InResponseTo=None))
    hostile("conditions--absent", usual(conditions_=""))
    hostile("conditions--two", usual(conditions_=conditions() + conditions()))
    hostile("conditions--one-that-we-do-not-know",
            usual(conditions_=conditions(audience(SP) + '<saml:Condition xmlns:x="u:x" xsi:type="x:Only"/>')))
    hostile("audience--no-restriction", usual(conditions_=conditions("")))
    hostile("audience--another-sp", usual(conditions_=conditions(audience("https://another.example/sp"))))
    hostile("audience--empty", usual(conditions_=conditions(audience())))
    hostile("audience--only-in-one-of-two",
            usual(conditions_=conditions(audience(SP) + audience("https://another.example/sp"))))
    hostile("audience--longer", usual(conditions_=conditions(audience(SP + ".evil.example"))))
    hostile("not-before--61-seconds-ahead", usual(conditions_=conditions(NotBefore=at(61))))
    hostile("not-before--no-time", usual(conditions_=conditions(NotBefore="soon")))
    hostile("not-on-or-after--60-seconds-ago", usual(conditions_=conditions(NotOnOrAfter=at(-60))))
    hostile("not-on-or-after--absent-in-conditions", usual(conditions_=conditions(NotOnOrAfter=None)))
    hostile("not-on-or-after--no-time", usual(conditions_=conditions(NotOnOrAfter="2026-11-25")))
    hostile("not-on-or-after--of-the-confirmation", usual(subject_=subject(confirm=confirmation(NotOnOrAfter=at(-60)))))
    hostile("not-on-or-after--absent-in-the-confirmation", usual(subject_=subject(confirm=confirmation(NotOnOrAfter=None))))
    hostile("authn-statement--absent", usual(statement_=""))
    hostile("authn-statement--without-time", usual(statement_=statement(AuthnInstant=None)))
    hostile("authn-statement--in-the-future", usual(statement_=statement(AuthnInstant=at(61))))
    hostile("session-not-on-or-after--over", usual(statement_=statement(SessionNotOnOrAfter=at(-60))))
    hostile("session-not-on-or-after--of-the-second-statement",
            usual(statement_=statement() + statement(SessionNotOnOrAfter=at(-600))))


def make_contexts():
    """Answers to a login that asked for REFEDS MFA or a smart card."""
    responder = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    none = status(responder, '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext"/>')

    def weaker(name, context_, more=""):
        case("context--%s.xml" % name, usual(statement_=statement(context_) + more), "explained")

    def cannot(name, check, verdict="refused", **over):
        case("%s--%s-no-context.xml" % (check, name), fill(response("", template("#_response1"), status_=none, **over), "Response",
                                                           "idp"), verdict)

    benign("context-as-asked", usual(statement_=statement(class_ref(MFA))))
    benign("context-the-other-one", usual(statement_=statement(class_ref("urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"))))
    weaker("password-only", class_ref(PASSWORD))
    weaker("absent", "<saml:AuthnContextDeclRef>%s</saml:AuthnContextDeclRef>" % MFA)
    weaker("empty", class_ref(""))
    weaker("begins-alike", class_ref(MFA + "/none"))
    weaker("in-capitals", class_ref(MFA.upper()))
    weaker("two-class-refs", class_ref(MFA) + class_ref(PASSWORD))
    weaker("only-in-a-second-statement", class_ref(PASSWORD), statement(class_ref(MFA)))
    weaker("element-inside", "<saml:AuthnContextClassRef><x>%s</x></saml:AuthnContextClassRef>" % MFA)
    cannot("signed", "no-context", "explained")
    cannot("for-another-request", "in-response-to", InResponseTo="_another")
    cannot("of-another-idp", "issuer", issuer_=issuer(IDP2))
    cannot("for-another-sp", "destination", Destination="https://another.example/acs")
    cannot("of-the-future", "issue-instant", IssueInstant=at(61))
    cannot("old", "version", Version="1.1")
    hostile("status--unsigned-no-context", response("", status_=none))
    hostile("status--no-authn-con-text-though-none-was-asked", fill(response("", template("#_response1"), status_=none), "Response",
                                                                    "idp"))
    hostile("signature--of-another-key-no-context", fill(response("", template("#_response1"), status_=none), "Response", "idp2"))
    hostile("status--no-context-with-an-assertion", response(signed_assertion(), status_=none))


def make_attributes():
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
    missing("eduPersonPrincipalName--scope-of-another-organisation",
            usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp", "hanako@other.ac.jp", 1)))
    missing("eduPersonPrincipalName--scope-ends-alike", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp",
            "hanako@evilexample.ac.jp", 1)))
    missing("eduPersonPrincipalName--scope-goes-on", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp",
            "hanako@lab.example.ac.jp.evil.example", 1)))
    missing("eduPersonPrincipalName--two-ats", usual(attributes=ATTRIBUTES.replace("hanako@example.ac.jp",
                                                                                   "hanako@other.ac.jp@evil", 1)))
    missing("eduPersonPrincipalName--two-values", usual(attributes=ATTRIBUTES + attribute(EPPN, "operator@example.ac.jp")))
    missing("eduPersonPrincipalName--absent", usual(attributes=ATTRIBUTES.replace(EPPN, "urn:x:eppn")))
    missing("mail--absent", usual(attributes=ATTRIBUTES.replace(MAIL, "urn:x:mail")))
    missing("mail--line-end", usual(attributes=ATTRIBUTES.replace(attribute(MAIL, "hanako@example.ac.jp"),
                                                                  attribute(MAIL, "a@example.ac.jp\nBcc: b@evil.example"))))
    missing("mail--two-addresses-in-one", usual(attributes=ATTRIBUTES.replace(attribute(MAIL, "hanako@example.ac.jp"),
                                                                              attribute(MAIL,
                                                                                        "a@example.ac.jp,b@evil.example"))))
    missing("displayName--absent", usual(attributes=attribute(EPPN, "hanako@example.ac.jp") + attribute(MAIL,
            "hanako@example.ac.jp")))


def make_messages(*makers):
    os.makedirs(path("messages"), exist_ok=True)
    for make in makers:
        make()
    names = [line.split("\t")[0] for line in expected]
    assert len(set(names)) == len(names), "a name is used twice"
    write("expected", "\n".join(expected) + "\n")


def main():
    global directory, request_id
    if len(sys.argv) == 3 and sys.argv[1] == "keys":
        directory = sys.argv[2]
        make_keys()
    elif len(sys.argv) == 4 and sys.argv[1] == "messages":
        directory, request_id = sys.argv[2:]
        make_messages(make_benign, make_bytes, make_wrapping, make_signatures, make_encryption, make_checks, make_contexts,
                      make_attributes)
    elif len(sys.argv) == 4 and sys.argv[1] == "benign":
        directory, request_id = sys.argv[2:]
        make_messages(make_benign)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
