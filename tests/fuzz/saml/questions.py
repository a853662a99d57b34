#!/usr/bin/python3
"""Seeds of fuzz_opener: questions to the opener's children and answers of theirs, as records (sp/record.h).

    questions.py WORK TO        WORK: the folder of make.sh"""
import base64
import os
import struct
import sys

work, to = sys.argv[1:]


def number(value):
    return b"N" + struct.pack("!q", value)


def field(kind, data):
    return kind + struct.pack("!I", len(data)) + data


def text(value):
    return field(b"-", b"") if value is None else field(b"T", value.encode())


def data(value):
    return field(b"B", value.encode() if isinstance(value, str) else value)


def items(*values):
    return b"L" + struct.pack("!I", len(values)) + b"".join(text(v) for v in values)


def seed(letter, name, content):
    with open(os.path.join(to, name), "wb") as file:
        file.write(letter.encode() + content)


def read(name):
    with open(os.path.join(work, name), "rb") as file:
        return file.read()


NOW = 1795507200
IDP = "https://idp.example.ac.jp/idp"
METADATA = read("idp.xml")
PEER = data(IDP) + data(METADATA)


def response(name, saml="", contexts=()):
    posted = base64.b64encode(read("messages/%s.xml" % name))
    return PEER + data(posted) + text("_fuzzed-request") + data(saml) + text(None) + number(NOW) + number(60) + items(*contexts)


def logout_input(query=None, request=None, answer=None, relay_state=None):
    return b"".join(number(1) + data(part) if part is not None else number(0) for part in (query, request, answer, relay_state))


def logout(given):
    return PEER + given + text("_ours") + number(NOW) + number(60)


def identity(attributes):
    start = b"".join(text(v) for v in (IDP, "_assertion1")) + number(NOW + 360) + b"".join(
        text(v) for v in ("_f1e2", "", "", "", "_session1")) + number(NOW + 28800) + number(NOW) + text(
            "https://refeds.org/profile/mfa") + text("0" * 64) + text("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    return start + number(len(attributes)) + b"".join(text(n) + text(f) + items(*v) for n, f, v in attributes)


seed("R", "question-response", response("ok--response-signed"))
seed("R", "question-context", response("context--password-only", contexts=("https://refeds.org/profile/mfa",)))
query = read("logout/ok--redirect.query")
seed("L", "question-logout", logout(logout_input(query=query)))
seed("L", "question-logout-post", logout(logout_input(request=read("logout/ok--post.request"), relay_state="state/1")))
seed("L", "question-logout-response", logout(logout_input(query=read("logout/ok--response.query"))))
seed("S", "question-issuer", logout_input(query=query))
seed("P", "question-peer", PEER)
seed("I", "answer-identity", identity([("urn:oid:0.9.2342.19200300.100.1.3", "mail", ["hanako@example.ac.jp", "b@example.ac.jp"]),
                                       ("urn:oid:1.3.6.1.4.1.32264.1.1.3", "", ["鏡 花子"])]))
seed("C", "answer-certificates", items("MIIB", "AAAA"))
seed("F", "frames", b"D" + struct.pack("!I", 3) + b"abc" + b"F" + struct.pack("!I", 25) + number(0) + field(b"T", b"utf-8: none"))
