"""An IdP of the tests' own, for people whom the demo's two IdPs do not have: its EntityDescriptor goes into the portal by
`inkan metadata import`, and it answers AuthnRequests with responses that xmlsec1 signs."""
import base64
import datetime
import os
import re
import secrets
import subprocess
import tempfile
import urllib.parse
import xml.sax.saxutils
import zlib

import client
import tap

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
OIDS = {
    "subject-id": "urn:oasis:names:tc:SAML:attribute:subject-id",
    "eduPersonPrincipalName": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "mail": "urn:oid:0.9.2342.19200300.100.1.3",
    "displayName": "urn:oid:2.16.840.1.113730.3.1.241", "jaDisplayName": "urn:oid:1.3.6.1.4.1.32264.1.1.3",
    "givenName": "urn:oid:2.5.4.42", "sn": "urn:oid:2.5.4.4", "eduPersonScopedAffiliation": "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
    "eduPersonEntitlement": "urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "eduPersonAssurance": "urn:oid:1.3.6.1.4.1.5923.1.1.1.11",
}


def text(value):
    return xml.sax.saxutils.escape(value)


class Idp:
    """ENTITY of an institution with SCOPE; a fresh one for each test program."""

    def __init__(self, demo, scope, name="Testing College"):
        self.demo, self.scope, self.name = demo, scope, name
        self.entity = "https://idp.%s/%s" % (scope, secrets.token_hex(4))
        self.folder = tempfile.TemporaryDirectory(prefix="inkan-idp-")
        self.key, self.crt = (os.path.join(self.folder.name, n) for n in ("key.pem", "crt.pem"))
        client.tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.crt, "-days", "2",
                    "-subj", "/CN=" + scope)

    def metadata(self):
        with open(self.crt, encoding="ascii") as file:
            body = "".join(line.strip() for line in file if "CERTIFICATE" not in line)
        return """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"
  xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" xmlns:shibmd="urn:mace:shibboleth:metadata:1.0" entityID="%s">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:Extensions><shibmd:Scope regexp="false">%s</shibmd:Scope>
      <mdui:UIInfo><mdui:DisplayName xml:lang="en">%s</mdui:DisplayName></mdui:UIInfo></md:Extensions>
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.%s/sso"/>
  </md:IDPSSODescriptor>
  <md:ContactPerson contactType="technical"><md:GivenName>Identity desk</md:GivenName>
    <md:EmailAddress>mailto:identity@%s</md:EmailAddress></md:ContactPerson>
</md:EntityDescriptor>
""" % (self.entity, self.scope, text(self.name), body, self.scope, self.scope)

    def register(self, institution, *domains):
        """Makes the portal know this IdP, as one of INSTITUTION."""
        file = os.path.join(self.folder.name, "metadata.xml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(self.metadata())
        os.chmod(self.folder.name, 0o755)
        os.chmod(file, 0o644)
        words = ["metadata", "import", file, "--institution", institution]
        for domain in domains:
            words += ["--mail-domain", domain]
        return self.demo.inkan(*words)

    def response(self, request_id, acs, ours, attributes, **changed):
        now = datetime.datetime.now(datetime.timezone.utc)

        def stamp(seconds):
            return (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        values = dict({"destination": acs, "recipient": acs, "audience": ours, "in_response_to": request_id, "issuer": self.entity,
                       "until": stamp(300), "since": stamp(-5), "context": PASSWORD}, **changed)
        statement = "".join(
            '<saml:Attribute Name="%s" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">%s</saml:Attribute>' % (
                OIDS.get(name, name), "".join("<saml:AttributeValue>%s</saml:AttributeValue>" % text(v)
                                              for v in ([vs] if isinstance(vs, str) else vs)))
            for name, vs in attributes.items())
        assertion_id = "_" + secrets.token_hex(16)
        return """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_%s" Version="2.0" IssueInstant="%s" Destination="%s" InResponseTo="%s"><saml:Issuer>%s</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="%s" Version="2.0" IssueInstant="%s"><saml:Issuer>%s</saml:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#%s"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_%s</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="%s" Recipient="%s" InResponseTo="%s"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="%s" NotOnOrAfter="%s"><saml:AudienceRestriction><saml:Audience>%s</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="%s" SessionIndex="_%s"><saml:AuthnContext><saml:AuthnContextClassRef>%s</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>%s</saml:AttributeStatement></saml:Assertion></samlp:Response>""" % (
            secrets.token_hex(16), stamp(0), values["destination"], values["in_response_to"], values["issuer"], assertion_id, stamp(0),
            values["issuer"], assertion_id, secrets.token_hex(16), values["until"], values["recipient"], values["in_response_to"],
            values["since"], values["until"], values["audience"], stamp(0), secrets.token_hex(8), values["context"], statement)

    def sign(self, message):
        file = os.path.join(self.folder.name, "response.xml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(message)
        done = subprocess.run(["xmlsec1", "--sign", "--privkey-pem", self.key, "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
                               file], capture_output=True, check=False)
        if done.returncode != 0:
            raise tap.Failed(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def answer(self, browser, attributes, start=None, **changed):
        """The login of BROWSER with these ATTRIBUTES up to the portal's answer at its ACS."""
        sent = browser.get(start or "/login?idp=" + urllib.parse.quote(self.entity, safe=""), follow=False).want(303)
        return self.finish(browser, sent, attributes, **changed)

    def finish(self, browser, sent, attributes, **changed):
        """Answers the AuthnRequest that SENT (the portal's redirect) carries."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(sent.location()).query)
        request = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15).decode()
        acs = re.search(r'AssertionConsumerServiceURL="([^"]+)"', request)
        issuer = re.search(r"<saml:Issuer[^>]*>([^<]+)<", request).group(1)
        message = self.sign(self.response(re.search(r'\bID="([^"]+)"', request).group(1), acs.group(1) if acs else self.demo["PORTAL_URL"] + "/saml/acs",
                                          issuer, attributes, **changed))
        return browser.post("/saml/acs", {"SAMLResponse": base64.b64encode(message).decode(), "RelayState": query["RelayState"][0]})

    def person(self, identifier="hana", **more):
        """What the IdP sends about a person, with MORE instead (None: not sent)."""
        values = dict({"subject-id": "%s@%s" % (identifier, self.scope), "eduPersonPrincipalName": "%s@%s" % (identifier, self.scope),
                       "mail": "%s@%s" % (identifier, self.scope), "displayName": "Hana Sakura", "jaDisplayName": "佐倉 花",
                       "givenName": "Hana", "sn": "Sakura", "eduPersonScopedAffiliation": "member@" + self.scope}, **more)
        return {k: v for k, v in values.items() if v is not None}
