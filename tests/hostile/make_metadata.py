#!/usr/bin/python3
"""Makes federation aggregates for tests/unit/test_sp_metadata.c out of the keys of `make.py keys DIR`: hostile ones, named
CHECK--what-it-tries.xml after the check that must refuse them, and good ones (ok--what.xml).

    make_metadata.py DIR                 DIR/aggregates/*.xml and DIR/expected-metadata: file, verdict, check, numbers of IdPs and of those left out
    make_metadata.py DIR FILE COUNT      one aggregate of COUNT IdPs into FILE (for measuring)
"""
import os
import re
import subprocess
import sys

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
ENC, MORE = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2001/04/xmldsig-more#"
EXC, INC = "http://www.w3.org/2001/10/xml-exc-c14n#", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
NAMESPACES = (' xmlns:md="%s" xmlns:ds="%s" xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" '
              'xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
              'xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"' % (MD, DS))

directory = ""
expected = []


def path(name):
    return os.path.join(directory, name)


def write(name, text):
    with open(path(name), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())


def read(name):
    with open(path(name), encoding="utf-8") as f:
        return f.read()


def certificate(name):
    return "".join(read(name + ".crt").split("-----")[2].split())


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit("%s\n%s" % (" ".join(command), done.stderr.decode(errors="replace")))


def entity(n, key="idp", binding=REDIRECT, location=None, attributes="", role="IDPSSODescriptor", extensions="", more="",
           protocol=SAMLP, entity_id=None, names=None, role_attributes=""):
    keys = ('<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data>'
            '</ds:KeyInfo></md:KeyDescriptor>' % certificate(key)) if key else ""
    names = names if names is not None else (
        '<mdui:UIInfo><mdui:DisplayName xml:lang="en">University %d</mdui:DisplayName><mdui:DisplayName xml:lang="ja">第%d大学'
        '</mdui:DisplayName><mdui:Keywords xml:lang="en">physics high+energy</mdui:Keywords><mdui:Logo height="16" width="16">'
        'https://idp%d.example.ac.jp/small.png</mdui:Logo>'
        '<mdui:Logo height="60" width="80">https://idp%d.example.ac.jp/logo.png'
        '</mdui:Logo></mdui:UIInfo>' % (n, n, n, n))
    return ('<md:EntityDescriptor entityID="%s"%s>%s<md:%s protocolSupportEnumeration="%s"%s><md:Extensions>'
            '<shibmd:Scope regexp="false">u%d.ac.jp</shibmd:Scope>%s</md:Extensions>%s'
            '<md:SingleLogoutService Binding="%s" Location="https://idp%d.example.ac.jp/slo"/>'
            '<md:SingleSignOnService Binding="%s" Location="%s"/></md:%s>'
            '<md:Organization><md:OrganizationName xml:lang="en">Org %d</md:OrganizationName>'
            '<md:OrganizationDisplayName xml:lang="en">Org %d</md:OrganizationDisplayName>'
            '<md:OrganizationURL xml:lang="en">https://example.ac.jp/</md:OrganizationURL></md:Organization>'
            '<md:ContactPerson contactType="support">'
            '<md:EmailAddress>mailto:help@u%d.ac.jp</md:EmailAddress></md:ContactPerson>'
            '<md:ContactPerson contactType="technical"><md:GivenName>Taro</md:GivenName><md:SurName>Suzuki</md:SurName>'
            '<md:EmailAddress>mailto:admin@u%d.ac.jp</md:EmailAddress></md:ContactPerson>%s</md:EntityDescriptor>'
            % (entity_id or "https://idp%d.example.ac.jp/idp" % n, attributes, extensions, role, protocol, role_attributes, n,
               names,
               keys, REDIRECT, n, binding, location or "https://idp%d.example.ac.jp/sso" % n, role, n, n, n, n, more))


def template(ref="#_root", method=MORE + "rsa-sha256", digest=ENC + "sha256", c14n=EXC, second=EXC, more="", extra=""):
    second = '<ds:Transform Algorithm="%s"/>' % second if second else ""
    return ('<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/>'
            '<ds:SignatureMethod Algorithm="%s"/>'
            '<ds:Reference URI="%s"><ds:Transforms><ds:Transform Algorithm="%senveloped-signature"/>%s</ds:Transforms>'
            '<ds:DigestMethod Algorithm="%s"/><ds:DigestValue/></ds:Reference>%s</ds:SignedInfo>'
            '<ds:SignatureValue/>%s</ds:Signature>'
            % (DS, c14n, method, ref, DS, second, digest, more, extra))


def aggregate(inside, signature=None, until="2026-12-01T00:00:00Z", name="_root"):
    signature = template() if signature is None else signature
    until = ' validUntil="%s"' % until if until else ""
    name = ' ID="%s"' % name if name else ""
    return '<?xml version="1.0" encoding="UTF-8"?>\n<md:EntitiesDescriptor%s%s%s>%s%s</md:EntitiesDescriptor>\n' % (
        NAMESPACES, name, until, signature, inside)


def sign(xml, key="federation", element="EntitiesDescriptor", certificate_file=None):
    write("work.xml", xml)
    run("xmlsec1", "--sign", "--privkey-pem", "%s,%s" % (path(key + ".key"), path((certificate_file or key) + ".crt")),
        "--id-attr:ID", "%s:%s" % (MD, element), "--output", path("work.out"), path("work.xml"))
    return read("work.out")


def case(name, xml, count="", check=None, skipped=0):
    write("aggregates/" + name + ".xml", xml)
    word = name.split("--")[0]
    expected.append("%s.xml\t%s\t%s\t%s\t%d" % (name, "passes" if word == "ok" else "refused", check or word, count, skipped))


def make_good(two):
    case("ok--two", sign(aggregate(two)), 2)
    case("ok--sha512", sign(aggregate(two, template(method=MORE + "rsa-sha512", digest=ENC + "sha512"))), 2)
    case("ok--whole-document", sign(aggregate(two, template(ref=""))), 2)
    case("ok--without-id", sign(aggregate(two, template(ref=""), name=None)), 2)
    case("ok--foreign-certificate-in-key-info", sign(aggregate(two, template(extra="<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>")),
                                                     certificate_file="foreign"), 2)
    case("ok--comments-and-cdata-added", sign(aggregate(two)).replace("Taro", "<!-- no --><![CDATA[Taro]]>").replace("?>",
            "?><!-- top -->", 1), 2)
    single = entity(1, attributes=NAMESPACES + ' ID="_root" validUntil="2026-12-01T00:00:00Z" cacheDuration="PT6H"',
                    extensions=template())
    case("ok--one-entity", sign(single, element="EntityDescriptor"), 1)
    nested = '<md:EntitiesDescriptor validUntil="2026-11-30T00:00:00Z">%s</md:EntitiesDescriptor>' % entity(3)
    case("ok--nested", sign(aggregate(two + nested)), 3)
    case("ok--nested-group-is-over", sign(aggregate(two + nested.replace("2026-11-30", "2026-11-20"))), 2, skipped=1)
    case("ok--nested-group-without-a-time", sign(aggregate(two + nested.replace("2026-11-30T00:00:00Z", "soon"))), 2, skipped=1)
    deep = entity(3)
    for _ in range(12):
        deep = "<md:EntitiesDescriptor>%s</md:EntitiesDescriptor>" % deep
    case("ok--group-too-deep-in-groups", sign(aggregate(two + deep)), 2, skipped=1)
    case("ok--the-same-twice", sign(aggregate(two + entity(1, location="https://evil.example/sso") + two)), 2, skipped=3)
    case("ok--control-characters", sign(aggregate(two + entity(3, entity_id="https://x\x7f.example/") + entity(4).replace(
        "u4.ac.jp</shibmd", "u4\x7f.ac.jp</shibmd").replace("第4大学", "第4\x7f大学"))), 3, skipped=1)
    case("ok--an-entity-id-that-reads-from-the-right", sign(aggregate(two + entity(3, entity_id="https://x.example/\u202eyl"))), 2, skipped=1)
    hide = ('<md:Extensions><mdattr:EntityAttributes><saml:Attribute Name="http://macedir.org/entity-category">'
            '<saml:AttributeValue>http://refeds.org/category/hide-from-discovery</saml:AttributeValue>'
            '</saml:Attribute></mdattr:EntityAttributes></md:Extensions>')
    others = (entity(4, role="SPSSODescriptor") + entity(5, key=None) + entity(6, key="idp-short")
              + entity(7, binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP") + entity(8,
            location="http://idp8.example.ac.jp/sso")
              + entity(9, location="javascript:alert(1)") + entity(10, attributes=' validUntil="2026-11-24T08:00:00Z"')
              + entity(11, attributes=' validUntil="soon"') + entity(12, protocol="urn:oasis:names:tc:SAML:1.1:protocol")
              + entity(1, names="<mdui:UIInfo/>") + entity(13, entity_id=" "))
    case("ok--what-is-no-idp-for-us-is-left-out", sign(aggregate(two + others + entity(14, extensions=hide))), 3, skipped=10)


def make_hostile(two):
    good = sign(aggregate(two))
    case("unsigned--nothing", aggregate(two, ""))
    inner = entity(1, attributes=' ID="_entity"', extensions=template("#_entity"))
    case("unsigned--only-an-entity-is-signed", sign(aggregate(inner, ""), element="EntityDescriptor"))
    case("signature--foreign-key", sign(aggregate(two), key="foreign"))
    case("signature--foreign-key-with-its-certificate", sign(aggregate(two,
            template(extra="<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>")), key="foreign"))
    case("signature--changed-location", good.replace("https://idp2.example.ac.jp/sso", "https://evil.example/sso"))
    case("signature--added-entity", good.replace("</md:EntitiesDescriptor>", entity(66) + "</md:EntitiesDescriptor>"))
    case("signature--longer-valid", good.replace("2026-12-01", "2026-12-02"))
    case("signature--two", good.replace("<ds:Signature ", template() + "<ds:Signature ", 1))
    case("signature--id-taken-by-another-element", good.replace("<md:Organization>", '<md:Organization xml:id="_root">', 1))
    case("signature--object", sign(aggregate(two, template(extra="<ds:Object/>"))))
    body = good[good.index("<md:EntitiesDescriptor"):]
    evil = aggregate(body + entity(66), "", name="_evil")
    case("unsigned--good-one-wrapped-in-another", evil)
    signature = re.search(r"<ds:Signature.*?</ds:Signature>", good, re.S).group(0)
    case("reference--signature-moved-to-the-wrapper", aggregate(body.replace(signature, "") + entity(66), signature,
                                                                name="_evil"))
    case("reference--to-an-entity", sign(aggregate(entity(1, attributes=' ID="_entity"'), template("#_entity")),
                                         element="EntityDescriptor"))
    case("reference--external", good.replace('URI="#_root"', 'URI="http://127.0.0.1:9/"'))
    more = '<ds:Reference URI="#_root"><ds:DigestMethod Algorithm="%ssha256"/><ds:DigestValue/></ds:Reference>' % ENC
    case("reference--two", sign(aggregate(two, template(more=more))))
    case("algorithm--rsa-sha1", sign(aggregate(two, template(method=DS + "rsa-sha1"))))
    case("algorithm--digest-sha1", sign(aggregate(two, template(digest=DS + "sha1"))))
    case("algorithm--inclusive-c14n", sign(aggregate(two, template(c14n=INC))))
    case("transform--none-but-enveloped", sign(aggregate(two, template(second=None))))
    case("transform--inclusive-c14n", sign(aggregate(two, template(second=INC))))
    case("valid-until--absent", sign(aggregate(two, until=None)))
    case("valid-until--past", sign(aggregate(two, until="2026-11-24T08:00:00Z")))
    case("valid-until--too-far", sign(aggregate(two, until="2027-11-24T08:00:00Z")))
    case("valid-until--no-time", sign(aggregate(two, until="tomorrow")))
    case("structure--not-metadata", "<x/>")
    case("xml--not-well-formed", good.replace("</md:EntitiesDescriptor>", ""))
    case("xml--prefix-without-namespace", good.replace("<md:Organization>", "<zz:a/><md:Organization>", 1))
    case("xml--processing-instruction", good.replace("<md:Organization>", "<?x y?><md:Organization>", 1))
    case("bytes--none", "")
    case("utf-8--broken", good.encode().replace(b"Taro", b"Ta\xffro", 1))
    case("utf-8--utf16", good.encode("utf-16"))
    case("dtd--plain", good.replace("<md:EntitiesDescriptor", "<!DOCTYPE x><md:EntitiesDescriptor", 1))
    deep = "<x>" * 100000 + "</x>" * 100000
    case("depth--bomb-before-the-signature", good.replace("<ds:Signature ", deep + "<ds:Signature ", 1))
    case("depth--bomb-in-an-entity", good.replace("<md:Organization>", deep + "<md:Organization>", 1))
    laughs = "".join('<!ENTITY l%d "%s">' % (i, ("&l%d;" % (i - 1)) * 10) for i in range(1, 12))
    case("dtd--billion-laughs", good.replace("<md:EntitiesDescriptor",
                                             '<!DOCTYPE x [<!ENTITY l0 "ha">%s]><md:EntitiesDescriptor a="&l11;"' % laughs, 1))


def main():
    global directory
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    directory = sys.argv[1]
    if len(sys.argv) == 4:
        with open(sys.argv[2], "w", encoding="utf-8") as f:
            f.write(sign(aggregate("\n".join(entity(n) + " " * 4000 for n in range(int(sys.argv[3]))))))
        return
    os.makedirs(path("aggregates"), exist_ok=True)
    two = entity(1) + entity(2)
    make_good(two)
    make_hostile(two)
    write("expected-metadata", "\n".join(expected) + "\n")


main()
