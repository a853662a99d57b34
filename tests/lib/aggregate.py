#!/usr/bin/python3
"""A federation's aggregate as eduGAIN's looks: IdPs of 8 to 10 kB, every sixth entity a service, names in two languages, logos,
several certificates, scopes, contacts; signed.

    tests/lib/aggregate.py FILE IDPS --key KEY --certificate CRT [--until TIME] [--change N]
    tests/lib/aggregate.py FILE N --entity …      the EntityDescriptor of the Nth IdP alone, as MDQ gives it [--cache DURATION]
    tests/lib/aggregate.py keys KEY CRT           a signing key with its certificate, made on the spot

--change N lets the first N differ, as on the next day (certificates are kept in FILE's folder, so that the others are alike).
Signed by xmlsec1 with exclusive c14n and RSA-SHA256. In Python: keep_in(folder), descriptor(n), aggregate(…), sign(…).
"""
import argparse
import base64
import datetime
import functools
import hashlib
import json
import os
import subprocess
import sys

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SAMLP, SAML1 = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol"
BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
NAMESPACES = (' xmlns:md="%s" xmlns:ds="%s" xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
              ' xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
              ' xmlns:mdrpi="urn:oasis:names:tc:SAML:metadata:rpi" xmlns:remd="http://refeds.org/metadata"'
              ' xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' % (MD, DS))
PLACES = ("Aoba", "Bandai", "Chikuma", "Daisetsu", "Edo", "Fuji", "Goto", "Hakone", "Izumo", "Joetsu", "Kagami", "Lyon", "Minato",
          "Nagano", "Oulu", "Porto", "Quito", "Riga", "Sendai", "Turku", "Uji", "Vaasa", "Wako", "Xalapa", "Yamato", "Zao")
KANJI = ("青葉", "磐梯", "千曲", "大雪", "江戸", "富士", "五島", "箱根", "出雲", "上越", "鏡", "里昂", "湊", "長野", "奥路", "港",
         "基多", "里加", "仙台", "土庫", "宇治", "瓦薩", "和光", "沙拉", "大和", "蔵王")
CERTIFICATES = 48  # different ones: making a key takes longer than all the rest
kept = []          # the file that keeps them, if any


def keep_in(folder):
    kept[:] = [os.path.join(folder, "certificates.json")]


@functools.lru_cache(maxsize=None)
def pool():
    """Base64 of certificates as metadata has them, wrapped in lines: mostly RSA of 2048 bits, some of 3072, some on P-256."""
    if kept and os.path.exists(kept[0]):
        with open(kept[0], encoding="utf-8") as file:
            return json.load(file)
    made = make_pool()
    if kept:
        with open(kept[0], "w", encoding="utf-8") as file:
            json.dump(made, file)
    return made


def make_pool():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(4)] + [rsa.generate_private_key(65537, 3072),
                                                                       ec.generate_private_key(ec.SECP256R1())]
    start, made = datetime.datetime(2020, 1, 1), []
    for n in range(CERTIFICATES):
        key = keys[n % len(keys)]
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp%d.example.org" % n)])
        crt = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
               .serial_number(1000 + n).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=7300))
               .add_extension(x509.SubjectAlternativeName([x509.DNSName("idp%d.example.org" % n)]), False)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False).sign(key, hashes.SHA256()))
        text = base64.b64encode(crt.public_bytes(serialization.Encoding.DER)).decode()
        made.append("\n".join(text[i:i + 64] for i in range(0, len(text), 64)))
    return made


def key_descriptor(n, use):
    return ('\n      <md:KeyDescriptor%s>\n        <ds:KeyInfo>\n          <ds:X509Data>\n            <ds:X509Certificate>\n%s\n'
            '            </ds:X509Certificate>\n          </ds:X509Data>\n        </ds:KeyInfo>\n      </md:KeyDescriptor>'
            % (' use="%s"' % use if use else "", pool()[n % CERTIFICATES]))


def endpoint(name, binding, location, index=None):
    return '\n      <md:%s Binding="%s" Location="%s"%s/>' % (name, binding, location, ' index="%d"' % index if index else "")


def both(element, en, ja, prefix="mdui"):
    return "".join('\n        <%s:%s xml:lang="%s">%s</%s:%s>' % (prefix, element, lang, text, prefix, element)
                   for lang, text in (("en", en), ("ja", ja)))


def names(n):
    return "%s University %d" % (PLACES[n % 26], n), "%s大学%d" % (KANJI[n % 26], n)


def host(n):
    return "idp.%s%d.example.org" % (PLACES[n % 26].lower(), n)


def idp_id(n):
    return "https://%s/idp/shibboleth" % host(n)


def ui_info(n, variant):
    en, ja = names(n)
    text = ("%s is where people of the university log in to services of research and teaching (%s)." % (en, variant),
            "%sの構成員が研究・教育のサービスにログインするためのIdPです（%s）。" % (ja, variant))
    base = "https://www.%s" % host(n)[4:]
    embedded = "data:image/png;base64," + base64.b64encode(hashlib.sha512(str(n).encode()).digest() * 6).decode()
    return ("\n      <mdui:UIInfo>" + both("DisplayName", en, ja) + both("Description", *text)
            + both("InformationURL", base + "/en/", base + "/ja/") + both("PrivacyStatementURL", base + "/en/privacy", base + "/privacy")
            + '\n        <mdui:Keywords xml:lang="en">%s higher+education research</mdui:Keywords>' % PLACES[n % 26].lower()
            + '\n        <mdui:Logo height="16" width="16">%s</mdui:Logo>' % (embedded if n % 4 == 0 else base + "/favicon.png")
            + '\n        <mdui:Logo height="80" width="120">%s/logo.png</mdui:Logo>\n      </mdui:UIInfo>' % base
            + "\n      <mdui:DiscoHints>\n        <mdui:IPHint>192.0.2.0/24</mdui:IPHint>\n        <mdui:DomainHint>%s</mdui:DomainHint>"
              "\n        <mdui:GeolocationHint>geo:35.68,139.76</mdui:GeolocationHint>\n      </mdui:DiscoHints>" % host(n)[4:])


def extensions(n, categories):
    values = "".join("\n          <saml:AttributeValue>%s</saml:AttributeValue>" % c for c in categories)
    return ('\n    <md:Extensions>\n      <mdrpi:RegistrationInfo registrationAuthority="https://federation%d.example.org"'
            ' registrationInstant="2019-0%d-01T00:00:00Z">\n        <mdrpi:RegistrationPolicy xml:lang="en">'
            'https://federation%d.example.org/policy</mdrpi:RegistrationPolicy>\n      </mdrpi:RegistrationInfo>'
            '\n      <mdattr:EntityAttributes>\n        <saml:Attribute Name="http://macedir.org/entity-category-support"'
            ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">%s\n        </saml:Attribute>'
            '\n        <saml:Attribute Name="urn:oasis:names:tc:SAML:attribute:assurance-certification"'
            ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">\n          <saml:AttributeValue>'
            'https://refeds.org/sirtfi</saml:AttributeValue>\n        </saml:Attribute>\n      </mdattr:EntityAttributes>'
            '\n    </md:Extensions>' % (n % 70, 1 + n % 9, n % 70, values))


def contact(kind, n, attributes=""):
    return ('\n    <md:ContactPerson contactType="%s"%s>\n      <md:GivenName>Service Desk</md:GivenName>\n      <md:SurName>%s</md:SurName>'
            '\n      <md:EmailAddress>mailto:%s@%s</md:EmailAddress>\n    </md:ContactPerson>'
            % (kind, attributes, PLACES[n % 26], kind, host(n)[4:]))


def people(n):
    en, ja = names(n)
    return ("\n    <md:Organization>" + both("OrganizationName", en, ja, "md") + both("OrganizationDisplayName", en, ja, "md")
            + both("OrganizationURL", "https://www.%s/en/" % host(n)[4:], "https://www.%s/" % host(n)[4:], "md") + "\n    </md:Organization>"
            + contact("technical", n) + contact("support", n)
            + contact("other", n, ' remd:contactType="http://refeds.org/metadata/contactType/security"'))


def descriptor(n, attributes="", signature="", variant="2026"):
    """The EntityDescriptor of the Nth IdP. ATTRIBUTES: more on the element; VARIANT: a text that differs from day to day."""
    base = "https://%s/idp/profile" % host(n)
    keys = key_descriptor(n, "signing") + (key_descriptor(n + 7, "signing") if n % 3 == 0 else "") + key_descriptor(n + 13, "encryption")
    scope = '\n        <shibmd:Scope regexp="false">%s</shibmd:Scope>' % host(n)[4:]
    if n % 5 == 0:
        scope += '\n        <shibmd:Scope regexp="true">^.+\\.%s$</shibmd:Scope>' % host(n)[4:].replace(".", "\\.")
    idp = ('\n    <md:IDPSSODescriptor protocolSupportEnumeration="%s %s urn:mace:shibboleth:1.0">\n      <md:Extensions>' % (SAMLP, SAML1)
           + scope + ui_info(n, variant) + "\n      </md:Extensions>" + keys
           + endpoint("ArtifactResolutionService", BINDINGS + "SOAP", base + "/SAML2/SOAP/ArtifactResolution", 1)
           + "".join(endpoint("SingleLogoutService", BINDINGS + b, base + "/SAML2/%s/SLO" % b) for b in ("HTTP-Redirect", "HTTP-POST", "SOAP"))
           + "".join("\n      <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:%s</md:NameIDFormat>" % f for f in ("transient", "persistent"))
           + endpoint("SingleSignOnService", "urn:mace:shibboleth:1.0:profiles:AuthnRequest", base + "/Shibboleth/SSO")
           + "".join(endpoint("SingleSignOnService", BINDINGS + b, base + "/SAML2/%s/SSO" % b)
                     for b in ("HTTP-POST", "HTTP-POST-SimpleSign", "HTTP-Redirect")) + "\n    </md:IDPSSODescriptor>")
    authority = ""
    if n % 4 == 1:
        authority = ('\n    <md:AttributeAuthorityDescriptor protocolSupportEnumeration="%s">\n      <md:Extensions>%s\n      </md:Extensions>'
                     % (SAMLP, scope) + key_descriptor(n, "") + endpoint("AttributeService", BINDINGS + "SOAP", base + "/SAML2/SOAP/AttributeQuery")
                     + "\n    </md:AttributeAuthorityDescriptor>")
    return ('<md:EntityDescriptor%s entityID="%s">' % (attributes, idp_id(n)) + signature
            + extensions(n, ("http://refeds.org/category/research-and-scholarship", "http://www.geant.net/uri/dataprotection-code-of-conduct/v1"))
            + idp + authority + people(n) + "\n  </md:EntityDescriptor>")


def service(n):
    """A service provider: in every aggregate, and nothing to us."""
    base = "https://service%d.example.org" % n
    wanted = "".join('\n        <md:RequestedAttribute FriendlyName="%s" Name="urn:oid:%s" NameFormat="urn:oasis:names:tc:SAML:2.0:'
                     'attrname-format:uri" isRequired="true"/>' % a for a in
                     (("mail", "0.9.2342.19200300.100.1.3"), ("displayName", "2.16.840.1.113730.3.1.241"), ("sn", "2.5.4.4")))
    return ('<md:EntityDescriptor entityID="%s/shibboleth">' % base + extensions(n, ("http://refeds.org/category/research-and-scholarship",))
            + '\n    <md:SPSSODescriptor protocolSupportEnumeration="%s">\n      <md:Extensions>' % SAMLP + ui_info(n, "service")
            + "\n      </md:Extensions>" + key_descriptor(n, "")
            + "".join(endpoint("AssertionConsumerService", BINDINGS + b, base + "/Shibboleth.sso/SAML2/" + b, i + 1)
                      for i, b in enumerate(("HTTP-POST", "HTTP-POST-SimpleSign", "HTTP-Artifact", "PAOS")))
            + '\n      <md:AttributeConsumingService index="1">' + both("ServiceName", "Service %d" % n, "サービス%d" % n, "md") + wanted
            + "\n      </md:AttributeConsumingService>\n    </md:SPSSODescriptor>" + people(n) + "\n  </md:EntityDescriptor>")


def template(name):
    return ('<ds:Signature><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/><ds:SignatureMethod Algorithm="'
            'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="%s'
            'enveloped-signature"/><ds:Transform Algorithm="%s"/></ds:Transforms><ds:DigestMethod Algorithm="'
            'http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
            '<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo></ds:Signature>' % (EXC, name, DS, EXC))


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def in_days(days):
    return iso(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days))


def aggregate(numbers, until, changed=0):
    """Unsigned, the template in its place. The first CHANGED entities differ from those without."""
    inside = []
    for place, n in enumerate(numbers):
        inside.append(descriptor(n, variant="2026" + (" changed" if place < changed else "")))
        if place % 6 == 5:
            inside.append(service(n))
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<md:EntitiesDescriptor%s ID="_root" Name="urn:x-inkan:big" cacheDuration="PT6H"'
            ' validUntil="%s">%s\n  ' % (NAMESPACES, until, template("_root")) + "\n  ".join(inside) + "\n</md:EntitiesDescriptor>\n")


def sign(text, file, key, certificate, element="EntitiesDescriptor"):
    """Writes TEXT, signed, as FILE, in one step."""
    with open(file + ".unsigned", "w", encoding="utf-8") as out:
        out.write(text)
    done = subprocess.run(["xmlsec1", "--sign", "--privkey-pem", key + "," + certificate, "--id-attr:ID", MD + ":" + element,
                           "--output", file + ".new", file + ".unsigned"], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit("aggregate.py: xmlsec1: " + done.stderr)
    subprocess.run(["mv", file + ".new", file], check=True)
    subprocess.run(["rm", file + ".unsigned"], check=True)


def entity(n, until, cache=None, variant="2026"):
    """One EntityDescriptor, unsigned, the template in its place."""
    attributes = '%s ID="_root" validUntil="%s"%s' % (NAMESPACES, until, ' cacheDuration="%s"' % cache if cache else "")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + descriptor(n, attributes, template("_root"), variant) + "\n"


def make_key(key, certificate):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=Federation signer", "-keyout",
                    key, "-out", certificate], check=True, capture_output=True)


def main():
    if sys.argv[1:2] == ["keys"]:
        return make_key(sys.argv[2], sys.argv[3])
    parser = argparse.ArgumentParser(description="makes a signed aggregate")
    parser.add_argument("file")
    parser.add_argument("idps", type=int)
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--until", default=in_days(7))
    parser.add_argument("--change", type=int, default=0)
    parser.add_argument("--entity", action="store_true")
    parser.add_argument("--cache")
    a = parser.parse_args()
    keep_in(os.path.dirname(os.path.abspath(a.file)))
    if a.entity:
        return sign(entity(a.idps, a.until, a.cache, "changed" if a.change else "2026"), a.file, a.key, a.certificate, "EntityDescriptor")
    return sign(aggregate(range(a.idps), a.until, a.change), a.file, a.key, a.certificate)


if __name__ == "__main__":
    main()
