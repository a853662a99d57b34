"""What the hostile messages are made of: keys, signatures, encryption, and the parts of a message. The parts are cut out of a
response that a real IdP sent (captured/simplesamlphp.xml, from the demo's second IdP): each keeps the attributes, the order and
the white space that it had there, but for what a trick changes. Needs Python's standard library, openssl and xmlsec1.

Where and when a message plays is said by the values below `setting`: the unit tests have fixed ones, the tests at a running
demo their own (set_scene)."""
import base64
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))

SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
DS, ENC = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#"
MORE, ENC11 = "http://www.w3.org/2001/04/xmldsig-more#", "http://www.w3.org/2009/xmlenc11#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

with open(os.path.join(HERE, "captured", "simplesamlphp.xml"), encoding="utf-8") as captured_file:
    CAPTURED = captured_file.read()

# --- setting -----------------------------------------------------------------------------------------------------------------

now = 1795507200  # 2026-11-24T08:00:00Z: the unit tests' clock stands here
slack = 0         # at a running clock: seconds that may pass until a message is judged (a busy machine takes its time)
IDP, IDP2 = "https://idp.example.ac.jp/idp", "https://idp2.example.ac.jp/idp"
SP, ACS = "https://portal.example.ac.jp/saml/metadata", "https://portal.example.ac.jp/saml/acs"
directory = ""
request_id = ""


def set_scene(**values):
    globals().update(values)


def at(seconds):
    """The setting's time and SECONDS more."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + seconds))


def ahead(seconds):
    """... too far in the future, still so when it is judged, however late."""
    return at(seconds + 20 * slack)


def just(seconds):
    """... in the past and still good, also when it is judged."""
    return at(seconds + slack)


# --- files ---------------------------------------------------------------------------------------------------------------------

def path(name):
    return os.path.join(directory, name)


def write(name, data):
    with open(path(name), "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


# xmlsec1 reads the system's CA certificates at each start, which takes three times as long as its work.
ENVIRONMENT = dict(os.environ, SSL_CERT_FILE="/dev/null", SSL_CERT_DIR="/dev/null")


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env=ENVIRONMENT)
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


SCOPE = ('<shibmd:Scope regexp="false">example.ac.jp</shibmd:Scope>'
         '<shibmd:Scope regexp="true">^.+\\.example\\.ac\\.jp$</shibmd:Scope>')


def make_keys():
    os.makedirs(directory, exist_ok=True)
    for name in ("sp-signing", "sp-decryption", "idp", "idp-next", "idp2", "idp-encryption", "foreign", "federation"):
        make_key(name, "rsa:2048")
    for name in ("idp-next", "federation"):
        expire(name)
    make_key("idp-short", "rsa:1024")
    make_key("idp-ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    make_key("idp-p384", "ec", "-pkeyopt", "ec_paramgen_curve:P-384")
    make_key("foreign-ec", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    write_metadata()


def write_metadata():
    write("idp.xml", metadata(IDP, [key_descriptor("idp-next"), key_descriptor("idp", ""), key_descriptor("idp-ec"),
                                    key_descriptor("idp-p384"), key_descriptor("idp-short"),
                                    key_descriptor("idp-encryption", ' use="encryption"')], SCOPE))
    write("idp2.xml", metadata(IDP2, [key_descriptor("idp2")], '<shibmd:Scope regexp="false">other.ac.jp</shibmd:Scope>'))


# --- signatures and encryption -----------------------------------------------------------------------------------------------

def transform(algorithm, inside=""):
    return '<ds:Transform Algorithm="%s">%s</ds:Transform>' % (algorithm, inside)


USUAL = transform(ENVELOPED) + transform(EXC)
X509 = "<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>"  # xmlsec1 puts the certificate of the signing key in


def template(ref, method=MORE + "rsa-sha256", digest=ENC + "sha256", c14n=EXC, transforms=USUAL, key_info=X509, more="",
             extra=""):
    """A ds:Signature to be filled, laid out as SimpleSAMLphp does. MORE: further Reference elements; EXTRA: further children of
    Signature."""
    transforms = "<ds:Transforms>%s</ds:Transforms>" % transforms if transforms else ""
    return ('<ds:Signature xmlns:ds="%s">\n  <ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/>\n    '
            '<ds:SignatureMethod Algorithm="%s"/>\n  <ds:Reference URI="%s">%s<ds:DigestMethod Algorithm="%s"/><ds:DigestValue/>'
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
            retrieval=None, beside=False, parameters=""):
    """An EncryptedAssertion around XML. BESIDE: the key beside the data, led to by a RetrievalMethod. PARAMETERS: children of
    the key's EncryptionMethod."""
    key = ('<xenc:EncryptedKey xmlns:xenc="%s" xmlns:ds="%s"%s><xenc:EncryptionMethod Algorithm="%s">%s</xenc:EncryptionMethod>'
           '<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey>'
           % (ENC, DS, ' Id="_key"' if beside else "", transport, parameters))
    data = ('<xenc:EncryptedData xmlns:xenc="%s" Type="%sElement"><xenc:EncryptionMethod Algorithm="%s"/>'
            '<ds:KeyInfo xmlns:ds="%s">%s</ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData>'
            '</xenc:EncryptedData>' % (ENC, ENC, method, DS, key))
    write("plain.xml", xml)
    write("work.xml", data)
    run("xmlsec1", "--encrypt", "--pubkey-cert-pem", path(to + ".crt"), "--session-key", session, "--xml-data",
        path("plain.xml"), "--output", path("work.out"), path("work.xml"))
    out = undeclared(read("work.out")).strip()
    if beside:
        start, end = out.index("<xenc:EncryptedKey"), out.index("</xenc:EncryptedKey>") + len("</xenc:EncryptedKey>")
        inner = out[start:end]
        lead = '<ds:RetrievalMethod Type="%sEncryptedKey" URI="%s"/>' % (ENC, retrieval or "#_key")
        out = out[:start] + lead + out[end:] + inner
    return '<saml:EncryptedAssertion xmlns:saml="%s">%s</saml:EncryptedAssertion>' % (SAML, out)


def rewrap(encrypted, digest, mask, transport=ENC + "rsa-oaep-mgf1p", parameters=""):
    """ENCRYPTED, which is for `foreign` (whose key is here in any scene), for the service: its session key wrapped anew by openssl,
    because xmlsec1 knows no OAEP but with SHA-1."""
    values = re.findall(r"(<xenc:EncryptedKey.*?<xenc:CipherValue>)(.*?)(</xenc:CipherValue>)", encrypted, re.S)
    write("wrapped", base64.b64decode(values[0][1]))
    run("openssl", "pkeyutl", "-decrypt", "-inkey", path("foreign.key"), "-pkeyopt", "rsa_padding_mode:oaep",
        "-in", path("wrapped"), "-out", path("session"))
    run("openssl", "pkeyutl", "-encrypt", "-certin", "-inkey", path("sp-decryption.crt"), "-pkeyopt", "rsa_padding_mode:oaep",
        "-pkeyopt", "rsa_oaep_md:" + digest, "-pkeyopt", "rsa_mgf1_md:" + mask, "-in", path("session"), "-out", path("wrapped"))
    with open(path("wrapped"), "rb") as file:
        wrapped = base64.b64encode(file.read()).decode()
    start = encrypted.index("<xenc:EncryptedKey")
    key = re.sub(r"(?s)<xenc:EncryptionMethod.*?(/>|</xenc:EncryptionMethod>)",
                 lambda _: '<xenc:EncryptionMethod Algorithm="%s">%s</xenc:EncryptionMethod>' % (transport, parameters),
                 encrypted[start:], count=1)
    return encrypted[:start] + key.replace(values[0][1], wrapped, 1)


def encrypted_id(name='<saml:NameID xmlns:saml="%s">_f1e2</saml:NameID>' % SAML, **how):
    """An EncryptedID around NAME."""
    return encrypt(name, **how).replace("saml:EncryptedAssertion", "saml:EncryptedID")


# --- the captured message, cut up ----------------------------------------------------------------------------------------------

def captured(name, nth=0):
    """The attributes of the NTH start tag NAME in the captured message, as they stand there."""
    return dict(re.findall(r'([\w:]+)="([^"]*)"', re.findall(r"<%s(?=[\s>/])([^>]*)" % name, CAPTURED)[nth]))


def tag(name, values, nth=0):
    """The inside of NAME's start tag as captured, with VALUES instead (None: without that attribute) or besides."""
    merged = {**captured(name, nth), **values}
    return name + tag_attributes(merged)


def tag_attributes(values):
    return "".join(' %s="%s"' % (k, v) for k, v in values.items() if v is not None)


def captured_attributes():
    """The AttributeStatement's inside, for a person of our test federation; without the eduPersonTargetedID, whose value is made
    of names of the setting."""
    inside = re.search(r"<saml:AttributeStatement>(.*)</saml:AttributeStatement>", CAPTURED, re.S).group(1)
    inside = re.sub(r'<saml:Attribute Name="%s".*?</saml:Attribute>' % re.escape(EPTID), "", inside, flags=re.S)
    for old, new in (("minato.example", "example.ac.jp"), ("researcher2", "hanako"), ("Minoru Minato", "Hanako Kagami"),
                     ("Minoru", "Hanako"), (">Minato<", ">Kagami<"), ("湊 実", "鏡 花子")):
        inside = inside.replace(old, new)
    return inside


MAIL, DISPLAY = "urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.16.840.1.113730.3.1.241"
EPPN, EPTID = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "urn:oid:1.3.6.1.4.1.5923.1.1.1.10"
JA, SUBJECT_ID = "urn:oid:1.3.6.1.4.1.32264.1.1.3", "urn:oasis:names:tc:SAML:attribute:subject-id"
ATTRIBUTES = captured_attributes()
EVIL = ATTRIBUTES.replace("hanako@", "operator@").replace("Hanako", "Evil")


def attribute(name, *values, raw=False):
    start = "<%s>" % tag("saml:AttributeValue", {})
    inside = "".join("<saml:AttributeValue>%s</saml:AttributeValue>" % v if raw else "%s%s</saml:AttributeValue>" % (start, escape(v))
                     for v in values)
    return "<%s>%s</saml:Attribute>" % (tag("saml:Attribute", {"Name": name}), inside)


def with_value(name, value):
    """ATTRIBUTES with VALUE as the one of NAME."""
    return re.sub(r'<saml:Attribute Name="%s".*?</saml:Attribute>' % re.escape(name), lambda _: attribute(name, value), ATTRIBUTES,
                  flags=re.S)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def issuer(name=None, extra=""):
    return "<saml:Issuer%s>%s</saml:Issuer>" % (extra, IDP if name is None else name)


def confirmation(method="urn:oasis:names:tc:SAML:2.0:cm:bearer", data=True, **over):
    values = {"NotOnOrAfter": at(300), "Recipient": ACS, "InResponseTo": request_id}
    values.update(over)
    inside = "<%s/>" % tag("saml:SubjectConfirmationData", values) if data else ""
    return '<saml:SubjectConfirmation Method="%s">%s</saml:SubjectConfirmation>' % (method, inside)


def subject(name_id=None, confirm=None):
    if name_id is None:
        name_id = "<%s>_f1e2</saml:NameID>" % tag("saml:NameID", {"SPNameQualifier": SP})
    return "<saml:Subject>%s%s</saml:Subject>" % (name_id, confirmation() if confirm is None else confirm)


def audience(*names):
    return "<saml:AudienceRestriction>%s</saml:AudienceRestriction>" % "".join(
        "<saml:Audience>%s</saml:Audience>" % n for n in names)


def conditions(inside=None, **over):
    values = {"NotBefore": at(-30), "NotOnOrAfter": at(300)}
    values.update(over)
    return "<%s>%s</saml:Conditions>" % (tag("saml:Conditions", values), audience(SP) if inside is None else inside)


PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"


def class_ref(uri):
    return "<saml:AuthnContextClassRef>%s</saml:AuthnContextClassRef>" % uri


def statement(context_=None, **over):
    values = {"AuthnInstant": at(-30), "SessionIndex": "_session1", "SessionNotOnOrAfter": at(28800)}
    values.update(over)
    return "<%s><saml:AuthnContext>%s</saml:AuthnContext></saml:AuthnStatement>" % (
        tag("saml:AuthnStatement", values), class_ref(PASSWORD) if context_ is None else context_)


def assertion(signature="", name="_assertion1", issuer_=None, subject_=None, conditions_=None, statement_=None,
              attributes=ATTRIBUTES, more="", **over):
    values = {"ID": name, "IssueInstant": at(-2), "Version": "2.0"}
    values.update(over)
    return ("<%s>%s%s%s%s%s%s<saml:AttributeStatement>%s</saml:AttributeStatement></saml:Assertion>"
            % (tag('saml:Assertion', {"xmlns:saml": SAML, **values}), issuer() if issuer_ is None else issuer_, signature,
               subject() if subject_ is None else subject_, conditions() if conditions_ is None else conditions_,
               statement() if statement_ is None else statement_, more, attributes))


def extensions(inside):
    return "<samlp:Extensions>%s</samlp:Extensions>" % inside


def advice(inside):
    return "<saml:Advice>%s</saml:Advice>" % inside


SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


def status(code=SUCCESS, inside="", detail=""):
    return '<samlp:Status><samlp:StatusCode Value="%s">%s</samlp:StatusCode>%s</samlp:Status>' % (code, inside, detail)


def response(inside, signature="", name="_response1", issuer_=None, status_=None, extensions_="", **over):
    values = {"ID": name, "Version": "2.0", "IssueInstant": at(-2), "Destination": ACS, "InResponseTo": request_id}
    values.update(over)
    return ("<%s>%s%s%s%s%s</samlp:Response>"
            % (tag("samlp:Response", values), issuer() if issuer_ is None else issuer_, signature, extensions_,
               status() if status_ is None else status_, inside))


def signed_assertion(key="idp", hmac=None, with_=None, **over):
    name = over.get("ID") or over.get("name", "_assertion1")
    return fill(assertion(template("#" + name, **(with_ or {})), **over), "Assertion", key, hmac)


def signed_response(inside, key="idp", hmac=None, with_=None, **over):
    return fill(response(inside, template("#_response1", **(with_ or {})), **over), "Response", key, hmac)


def usual(**over):
    """The usual message: a signed assertion, with changes that are signed too, in an unsigned response."""
    return response(signed_assertion(**over))


# --- the other product -----------------------------------------------------------------------------------------------------------

def references(text):
    """As pysaml2 writes what is not ASCII."""
    return "".join(c if ord(c) < 128 else "&#x%X;" % ord(c) for c in text)


def from_pysaml2(signed="Assertion"):
    """A captured response of pysaml2 for the scene that is set, its element SIGNED signed anew."""
    with open(os.path.join(HERE, "captured", "pysaml2.xml"), encoding="utf-8") as f:
        xml = undeclared(f.read())
    for name, value in (("IssueInstant", at(-2)), ("AuthnInstant", at(-30)), ("NotBefore", at(-30)), ("NotOnOrAfter", at(300)),
                        ("SessionNotOnOrAfter", at(28800)), ("SessionIndex", "_session1"), ("SPNameQualifier", SP), ("Destination", ACS),
                        ("Recipient", ACS), ("InResponseTo", request_id)):
        xml = re.sub(r'\b%s="[^"]*"' % name, '%s="%s"' % (name, value), xml)
    xml = re.sub(r"(Audience>)[^<]*", r"\g<1>" + SP, xml)
    xml = re.sub(r"(Issuer[^>]*>)[^<]*", r"\g<1>" + IDP, xml)
    for old, new in (("hoshi.example", "example.ac.jp"), ("researcher3", "hanako"), ("Hoshiko Tanabe", "Hanako Kagami"),
                     ("田辺 星子", "鏡 花子")):
        xml = xml.replace(old, new).replace(references(old), references(new))
    ids = re.findall(r'\bID="([^"]*)"', xml)
    xml = xml.replace(ids[0], "_response1").replace(ids[1], "_assertion1")
    kept = 0 if signed == "Response" else 1
    signatures = re.findall(r"<ns2:Signature .*?</ns2:Signature>", xml, re.S)
    xml = xml.replace(signatures[1 - kept], "")
    xml = re.sub(r"(<ns2:(?:DigestValue|SignatureValue|X509Data)>)(?:.|\n)*?(?=</ns2:(?:DigestValue|SignatureValue|X509Data)>)", r"\1", xml)
    return fill(xml, signed)
