"""What can be done to somebody else's good response without any key: taken apart and put together again. Works on the text of a
message of any IdP, whatever its prefixes, in which the assertion is signed and the response is not (assertion_only makes one of
a message that has both signatures, which stays good)."""
import re

DS = "http://www.w3.org/2000/09/xmldsig#"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


def element(xml, name, start=0):
    """(start, end) of the first element {any prefix}NAME behind START that does not hold another of its name."""
    found = re.compile(r"<((?:\w+:)?%s)(?=[\s>])" % name).search(xml, start)
    end = xml.index("</%s>" % found.group(1), found.start()) + len(found.group(1)) + 3
    return found.start(), end


def text_of(xml, name):
    start, end = element(xml, name)
    return xml[start:end]


def prefix_of(xml, name):
    return re.search(r"<(\w+:)?%s(?=[\s>])" % name, xml).group(1) or ""


def assertion_only(xml):
    """XML without the response's own signature."""
    head = xml[:element(xml, "Assertion")[0]]
    if "Signature" not in head:
        return xml
    start, end = element(xml, "Signature")
    return xml[:start] + xml[end:]


class Message:
    def __init__(self, xml):
        self.xml = re.sub(r"^<\?xml[^>]*\?>\s*", "", xml).strip()
        start, end = element(self.xml, "Assertion")
        self.before, self.good, self.after = self.xml[:start], self.xml[start:end], self.xml[end:]
        self.signature = text_of(self.good, "Signature")
        self.bare = self.good.replace(self.signature, "")
        self.id = re.search(r'\bID="([^"]+)"', self.good).group(1)
        self.evil = self.make_evil(self.bare)
        self.s, self.p, self.d = prefix_of(self.good, "Assertion"), prefix_of(self.xml, "Response"), prefix_of(self.good, "Signature")
        self.end = "</%sAssertion>" % self.s

    def make_evil(self, bare):
        """Another person, under another ID."""
        evil = bare.replace('ID="%s"' % self.id, 'ID="_evil"')
        return re.sub(r"(AttributeValue[^>]*>)([^<@]+)@", r"\1operator@", evil)

    def whole(self, inside, before=None):
        return (self.before if before is None else before) + inside + self.after

    def in_evil(self, more, signature=""):
        """The evil assertion with MORE at its end and SIGNATURE in its place behind the Issuer."""
        place = element(self.evil, "Issuer")[1]
        return self.evil[:place] + signature + self.evil[place:].replace(self.end, more + self.end)

    def with_extensions(self, inside):
        place = element(self.before, "Issuer")[1]
        return "%s<%sExtensions>%s</%sExtensions>%s" % (self.before[:place], self.p, inside, self.p, self.before[place:])


def wrapping(m):
    sig = m.signature
    yield "structure", "evil-first", m.whole(m.evil + m.good)
    yield "structure", "evil-last", m.whole(m.good + m.evil)
    yield "structure", "good-inside-evil", m.whole(m.in_evil(m.good))
    yield "structure", "good-bare-behind-evil-with-its-signature", m.whole(m.in_evil("", sig) + m.bare)
    close = "</%sSignature>" % m.d
    yield "structure", "good-in-evils-signature", m.whole(m.in_evil("", sig.replace(close, m.bare + close)))
    yield "structure", "good-in-an-object", m.whole(m.in_evil("", sig.replace(close, "<%sObject>%s</%sObject>%s" % (m.d, m.bare, m.d, close))))
    yield "structure", "evil-in-extensions", m.whole(m.good, m.with_extensions(m.evil))
    yield "structure", "good-in-extensions", m.whole(m.evil, m.with_extensions(m.good))
    yield "structure", "good-in-advice", m.whole(m.in_evil("<%sAdvice>%s</%sAdvice>" % (m.s, m.good, m.s)))
    yield "structure", "response-in-response", m.whole(m.good, m.with_extensions(re.sub(r'\b(I[Dd])="', r'\1="_x', m.xml)))
    yield "structure", "both-in-a-foreign-element", m.whole('<x:y xmlns:x="u:x">%s%s</x:y>' % (m.good, m.evil))
    yield "reference", "evil-with-the-signature-of-good", m.whole(m.in_evil("", sig))
    yield "signature", "evil-with-the-id-of-good", m.whole(m.in_evil("", sig).replace('"_evil"', '"%s"' % m.id))
    yield "signature", "signature-beside-the-assertion", m.whole(m.bare, m.with_extensions(sig))
    yield "unsigned", "stripped", m.whole(m.bare)


def spoiling(m):
    sig = m.signature
    info = text_of(sig, "SignedInfo")
    yield "signature", "another-address", re.sub(r"(AttributeValue[^>]*>)([^<@]+)@", r"\1operator@", m.xml)
    yield "signature", "two-signed-infos", m.xml.replace(info, info + info)
    yield "signature", "object", m.xml.replace("</%sSignature>" % m.d, "<%sObject/></%sSignature>" % (m.d, m.d))
    yield "algorithm", "digest-sha1", m.xml.replace("http://www.w3.org/2001/04/xmlenc#sha256", DS + "sha1")
    yield "algorithm", "hmac", m.xml.replace("xmldsig-more#rsa-sha256", "xmldsig-more#hmac-sha256")
    yield "reference", "whole-document", m.xml.replace('URI="#%s"' % m.id, 'URI=""')
    yield "reference", "outside", m.xml.replace('URI="#%s"' % m.id, 'URI="http://127.0.0.1:9/x"')
    end = "</%sTransforms>" % m.d
    yield "transform", "xpath", m.xml.replace(end, '<%sTransform Algorithm="%s"/>%s' % (m.d, XPATH, end))
    yield "comment", "in-the-name", re.sub(r"(NameID[^>]*>..)", r"\1<!-- -->", m.xml, count=1)
    yield "comment", "in-a-mail-address", re.sub(r"(AttributeValue[^>]*>[^<@]+@)", r"\1<!---->", m.xml, count=1)
    yield "comment", "in-the-digest", re.sub(r"(DigestValue>)", r"\1<!-- -->", m.xml, count=1)
    yield "cdata", "in-a-value", re.sub(r"(AttributeValue[^>]*>)(?=[^<@]+@)", r"\1<![CDATA[operator@]]>", m.xml, count=1)
    yield "processing-instruction", "in-a-value", re.sub(r"(AttributeValue[^>]*>)(?=[^<@]+@)", r"\1<?x y?>", m.xml, count=1)
    yield "dtd", "declared", "<!DOCTYPE x [<!ENTITY a 'b'>]>" + m.xml
    yield "entity", "in-a-value", re.sub(r"(AttributeValue[^>]*>)", r"\1&a;", m.xml, count=1)
    yield "duplicate-id", "on-the-status", re.sub(r"<(%sStatus)>" % m.p, r'<\1 ID="%s">' % m.id, m.xml)


def unsigned_part(m):
    """What the assertion's signature does not protect."""
    def head(pattern, new):
        return m.whole(m.good, re.sub(pattern, new, m.before, count=1))
    yield "destination", "another", head(r'Destination="[^"]*"', 'Destination="https://another.example/acs"')
    yield "destination", "none", head(r' Destination="[^"]*"', "")
    yield "in-response-to", "another", head(r'InResponseTo="[^"]*"', 'InResponseTo="_another"')
    yield "in-response-to", "none", head(r' InResponseTo="[^"]*"', "")
    yield "issuer", "another", head(r"(Issuer[^>]*>)[^<]*", r"\1https://another.example/idp")
    yield "version", "one", head(r'Version="2.0"', 'Version="1.1"')
    yield "status", "requester", head(r"status:Success", "status:Requester")
    yield "issue-instant", "far-ahead", head(r'IssueInstant="\d+', 'IssueInstant="2999')


def of(xml):
    """(class, check, name, changed message) for each trick with XML."""
    message = Message(assertion_only(xml))
    for kind, group in (("captured message: wrapping", wrapping), ("captured message: spoilt", spoiling),
                        ("captured message: unsigned part", unsigned_part)):
        for check, name, changed in group(message):
            yield kind, check, name, changed
