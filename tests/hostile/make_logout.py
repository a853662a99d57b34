#!/usr/bin/python3
"""Makes logout messages for tests/unit/test_sp_logout.c out of the keys of `make.py keys DIR`: hostile ones, named
CHECK--what-it-tries after the check that must refuse them, and good ones (ok--what). FILE.query is a query string, FILE.request
and FILE.response are posted fields.

    make_logout.py DIR       DIR/logout/* and DIR/expected-logout: file, verdict, check
"""
import base64
import os
import subprocess
import sys
import urllib.parse
import zlib

sys.dont_write_bytecode = True
import parts as make
from parts import MORE, SAML, SAMLP, DS, ENC, ENC11, IDP, IDP2, at, encrypted_id, issuer, template, tag_attributes

SLO = "https://portal.example.ac.jp/saml/slo"
RSA = MORE + "rsa-sha256"
NAME = '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_f1e2</saml:NameID>'
expected = []


def request(name=NAME, index="<samlp:SessionIndex>_session1</samlp:SessionIndex>", issuer_=None, signature="",
            element="LogoutRequest",
            more="", **over):
    values = {"ID": "_logout1", "Version": "2.0", "IssueInstant": at(-2), "Destination": SLO, "NotOnOrAfter": at(300)}
    values.update(over)
    return '<samlp:%s xmlns:samlp="%s" xmlns:saml="%s"%s>%s%s%s%s%s</samlp:%s>' % (
        element, SAMLP, SAML, tag_attributes(values), issuer() if issuer_ is None else issuer_, signature, name, index, more,
        element)


def response(status_=None, issuer_=None, signature="", **over):
    values = {"ID": "_answer1", "Version": "2.0", "IssueInstant": at(-2), "Destination": SLO, "InResponseTo": "_ours"}
    values.update(over)
    return '<samlp:LogoutResponse xmlns:samlp="%s" xmlns:saml="%s"%s>%s%s%s</samlp:LogoutResponse>' % (
        SAMLP, SAML, tag_attributes(values), issuer() if issuer_ is None else issuer_, signature,
        make.status() if status_ is None else status_)


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data if isinstance(data, bytes) else data.encode()) + packer.flush()


def quote(data):
    return urllib.parse.quote(data, safe="")


def signature_over(octets, key="idp", digest="-sha256"):
    make.write("work.bin", octets)
    return subprocess.run(["openssl", "dgst", digest, "-sign", make.path(key + ".key"), make.path("work.bin")],
                          stdout=subprocess.PIPE, check=True).stdout


def query(xml, name="SAMLRequest", relay="state%2F1", algorithm=RSA, key="idp", digest="-sha256", packed=None):
    packed = deflate(xml) if packed is None else packed
    octets = "%s=%s" % (name, quote(base64.b64encode(packed)))
    if relay is not None:
        octets += "&RelayState=" + relay
    octets += "&SigAlg=" + quote(algorithm)
    return octets + "&Signature=" + quote(base64.b64encode(signature_over(octets, key, digest)))


def unsigned(xml, name="SAMLRequest"):
    return "%s=%s" % (name, quote(base64.b64encode(deflate(xml))))


def fill(xml, element="LogoutRequest", key="idp"):
    make.write("work.xml", '<?xml version="1.0" encoding="UTF-8"?>\n' + xml)
    make.run("xmlsec1", "--sign", "--privkey-pem", make.path(key + ".key"), "--id-attr:ID", "%s:%s" % (SAMLP, element),
             "--output",
             make.path("work.out"), make.path("work.xml"))
    return make.undeclared(make.read("work.out")).strip()


def post(xml):
    return base64.b64encode(xml.encode()).decode()


def case(name, kind, text):
    make.write("logout/%s.%s" % (name, kind), text)
    check = name.split("--")[0]
    expected.append("%s.%s\t%s\t%s" % (name, kind, "passes" if check == "ok" else "refused", check))


def redirect(name, *args, **more):
    case(name, "query", query(*args, **more))


def answered(name, xml, **more):
    case(name, "query", query(xml, "SAMLResponse", **more))


def make_good():
    redirect("ok--redirect", request())
    redirect("ok--no-relay-state", request(), relay=None)
    redirect("ok--relay-state-in-lower-case-escapes", request(), relay="state%2f1")
    redirect("ok--rsa-sha512", request(), algorithm=MORE + "rsa-sha512", digest="-sha512")
    redirect("ok--second-key", request(), key="idp-next")
    redirect("ok--no-session-index", request(index=""))
    redirect("ok--two-session-indexes", request(
        index="<samlp:SessionIndex>_session1</samlp:SessionIndex><samlp:SessionIndex>_session2</samlp:SessionIndex>"))
    redirect("ok--empty-qualifiers", request(NAME.replace("Format=", 'NameQualifier="" SPNameQualifier="" Format=')))
    redirect("ok--no-end", request(NotOnOrAfter=None))
    case("ok--other-parameters", "query", "lang=ja&" + query(request()) + "&x=1&x=2")
    case("ok--post", "request", post(fill(request(signature=template("#_logout1")))))
    redirect("ok--encrypted-id", request(name=encrypted_id()))
    redirect("ok--encrypted-id-by-sha256", request(name=make.rewrap(encrypted_id(to="foreign"), "sha256", "sha256", ENC11 + "rsa-oaep",
        '<ds:DigestMethod Algorithm="%ssha256"/><e:MGF xmlns:e="%s" Algorithm="%smgf1sha256"/>' % (ENC, ENC11, ENC11))))
    case("ok--encrypted-id-cbc-post", "request", post(fill(request(name=encrypted_id(method=ENC + "aes256-cbc", session="aes-256"),
        signature=template("#_logout1")))))
    answered("ok--response", response())
    case("ok--response-post", "response", post(fill(response(signature=template("#_answer1")), "LogoutResponse")))


def make_queries():
    good = query(request())
    case("unsigned--redirect", "query", unsigned(request()))
    case("unsigned--redirect-with-a-signature-inside", "query", unsigned(fill(request(signature=template("#_logout1")))))
    case("unsigned--response", "query", unsigned(response(), "SAMLResponse"))
    case("query--no-message", "query", "RelayState=x")
    case("query--empty", "query", "")
    case("query--both-messages", "query", good + "&SAMLResponse=x")
    case("query--message-twice", "query", "SAMLRequest=" + quote(base64.b64encode(deflate(request(ID="_evil")))) + "&" + good)
    case("query--relay-state-twice", "query", good + "&RelayState=other")
    case("query--algorithm-twice", "query", good + "&SigAlg=" + quote(RSA))
    case("query--signature-without-algorithm", "query", good.replace("&SigAlg=" + quote(RSA), ""))
    case("query--algorithm-without-signature", "query", good[:good.index("&Signature=")])
    case("query--broken-escape", "query", good.replace("state%2F1", "state%ZZ"))
    case("query--nul-in-relay-state", "query", good.replace("state%2F1", "state%00"))
    case("query--relay-state-too-long", "query", query(request(), relay="x" * 1025))
    case("query--another-encoding", "query", good + "&SAMLEncoding=urn%3Aexample")
    case("base64--junk", "query", good.replace("SAMLRequest=", "SAMLRequest=*"))
    case("base64--signature", "query", good.replace("&Signature=", "&Signature=%20"))
    redirect("deflate--not-compressed", "", packed=request().encode())
    redirect("deflate--cut-short", "", packed=deflate(request())[:-20])
    redirect("bytes--bomb", "", packed=deflate(b" " * 30000000))
    case("bytes--long-query", "query", "SAMLRequest=" + "A" * 70000)
    case("bytes--long-post", "request", "A" * 70000)
    case("signature--other-relay-state", "query", good.replace("state%2F1", "state%2F2"))
    case("signature--relay-state-escaped-otherwise", "query", good.replace("state%2F1", "state/1"))
    case("signature--relay-state-removed", "query", good.replace("&RelayState=state%2F1", ""))
    case("signature--message-exchanged", "query",
         "SAMLRequest=" + quote(base64.b64encode(deflate(request(ID="_evil")))) + good[good.index("&RelayState"):])
    case("signature--of-a-response-as-request", "query", query(request(), "SAMLResponse").replace("SAMLResponse=",
            "SAMLRequest="))
    redirect("signature--foreign-key", request(), key="foreign")
    redirect("signature--another-idps-key", request(), key="idp2")
    redirect("signature--empty", request())
    make.write("logout/signature--empty.query", good[:good.index("&Signature=")] + "&Signature=AAAA")
    redirect("signature--ec-algorithm-with-an-rsa-signature", request(), algorithm=MORE + "ecdsa-sha256")
    redirect("algorithm--rsa-sha1", request(), algorithm=DS + "rsa-sha1", digest="-sha1")
    redirect("algorithm--rsa-sha1-of-a-sha256-signature", request(), algorithm=DS + "rsa-sha1")
    redirect("algorithm--hmac", request(), algorithm=MORE + "hmac-sha256")
    redirect("algorithm--unknown", request(), algorithm="urn:example:none")
    redirect("algorithm--digest-as-signature", request(), algorithm=ENC + "sha256")


def make_posts():
    signed = fill(request(signature=template("#_logout1")))
    case("unsigned--post", "request", post(request()))
    case("unsigned--post-response", "response", post(response()))
    case("signature--post-changed", "request", post(signed.replace("_f1e2", "_operator")))
    case("signature--post-foreign-key", "request", post(fill(request(signature=template("#_logout1")), key="foreign")))
    case("algorithm--post-rsa-sha1", "request", post(fill(request(signature=template("#_logout1", method=DS + "rsa-sha1")))))
    case("algorithm--post-digest-sha1", "request", post(fill(request(signature=template("#_logout1", digest=DS + "sha1")))))
    case("reference--post-of-another-element", "request", post(signed.replace('ID="_logout1"',
                                                                              'ID="_evil"').replace("</samlp:LogoutRequest>",
            '<x ID="_logout1"/></samlp:LogoutRequest>')))
    case("structure--post-wrapped", "request", post('<samlp:Response xmlns:samlp="%s">%s</samlp:Response>' % (SAMLP, signed)))
    case("structure--response-posted-as-request", "request", post(fill(response(signature=template("#_answer1")),
                                                                       "LogoutResponse")))
    case("structure--request-as-response", "response", post(signed))
    case("signature--post-two", "request", post(signed.replace("<saml:NameID", template("#_logout1") + "<saml:NameID")))
    case("comment--post", "request", post(signed.replace("_f1e2", "_f1<!---->e2")))
    case("dtd--post", "request", post("<!DOCTYPE x>" + signed))
    case("base64--post", "request", "%%%%")


def make_checks():
    redirect("structure--an-authn-request", request(element="AuthnRequest"))
    redirect("structure--an-assertion-inside", request(more='<saml:Assertion ID="_x"/>'))
    redirect("encryption--empty-encrypted-id", request(name="<saml:EncryptedID><x/></saml:EncryptedID>"))
    redirect("encryption--something-else-in-encrypted-id", request(name=encrypted_id("<x/>")))
    redirect("encryption--two-encrypted-ids", request(name=encrypted_id() + encrypted_id()))
    redirect("encryption--encrypted-id-deeper", request(more="<samlp:Extensions>%s</samlp:Extensions>" % encrypted_id()))
    redirect("name-id--encrypted-beside-clear", request(name=encrypted_id() + NAME))
    redirect("decryption--name-for-another-sp", request(name=encrypted_id(to="foreign")))
    redirect("comment--in-name-id", request(name=NAME.replace("_f1e2", "_f1<!---->e2")))
    redirect("version--old", request(Version="1.1"))
    redirect("id--absent", request(ID=None))
    redirect("issuer--absent", request(issuer_=""))
    redirect("issuer--two", request(issuer_=issuer() + issuer(IDP2)))
    redirect("destination--absent", request(Destination=None))
    redirect("destination--another-sp", request(Destination="https://another.example/slo"))
    redirect("issue-instant--absent", request(IssueInstant=None))
    redirect("issue-instant--old", request(IssueInstant=at(-360)))
    redirect("issue-instant--in-the-future", request(IssueInstant=at(61)))
    redirect("issue-instant--no-time", request(IssueInstant="now"))
    redirect("not-on-or-after--past", request(NotOnOrAfter=at(-60)))
    redirect("not-on-or-after--no-time", request(NotOnOrAfter="never"))
    redirect("name-id--absent", request(name=""))
    redirect("name-id--two", request(name=NAME + NAME))
    redirect("name-id--empty", request(name="<saml:NameID/>"))
    redirect("name-id--element-inside", request(name="<saml:NameID>a<x/></saml:NameID>"))
    redirect("session-index--empty", request(index="<samlp:SessionIndex/>"))
    redirect("session-index--too-many", request(index="<samlp:SessionIndex>a</samlp:SessionIndex>" * 101))
    answered("in-response-to--absent", response(InResponseTo=None))
    answered("in-response-to--another", response(InResponseTo="_another"))
    answered("status--absent", response(""))
    answered("destination--response-for-another", response(Destination="https://another.example/slo"))
    answered("issue-instant--old-response", response(IssueInstant=at(-360)))
    answered("issuer--of-a-response-absent", response(issuer_=""))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make.directory = sys.argv[1]
    os.makedirs(make.path("logout"), exist_ok=True)
    for part in (make_good, make_queries, make_posts, make_checks):
        part()
    names = [line.split("\t")[0] for line in expected]
    assert len(set(names)) == len(names), "a name is used twice"
    make.write("expected-logout", "\n".join(expected) + "\n")


if __name__ == "__main__":
    main()
