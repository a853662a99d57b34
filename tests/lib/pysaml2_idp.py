#!/usr/bin/python3
"""An IdP of another make than the demo's two: Debian's python3-pysaml2, which shares no code with lasso or SimpleSAMLphp, behind
https with a login form.

    pysaml2_idp.py [--port N] [--domain D] [--institution NAME]

It makes its keys, registers itself at the demo (`inkan metadata import`), prints `ready ENTITY` and serves until its standard
input ends. The demo's CA signs its https certificate, so whoever trusts the demo trusts it. Accounts: researcher3, student3, operator3,
password `demo`; where the service asks for the REFEDS MFA profile the form also wants a code, `123456`.

Besides the protocol (/metadata, /sso, /slo, Redirect and POST both ways):
  /logout?binding=redirect|post    a logout that begins here; ends on a page with #result
  /control?sign=both|response|assertion&encrypt=no|gcm|cbc&mfa=yes|no     how it answers from now on
"""
import argparse
import html
import http.server
import os
import re
import secrets
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import client  # noqa: E402

import saml2  # noqa: E402
import saml2.assertion  # noqa: E402
import saml2.authn_context  # noqa: E402
import saml2.entity  # noqa: E402
import saml2.metadata  # noqa: E402
import saml2.saml  # noqa: E402
import saml2.samlp  # noqa: E402
import saml2.server  # noqa: E402
import saml2.sigver  # noqa: E402
import saml2.time_util  # noqa: E402
from saml2.config import IdPConfig  # noqa: E402

REDIRECT, POST = saml2.BINDING_HTTP_REDIRECT, saml2.BINDING_HTTP_POST
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"
CODE = "123456"
OIDS = {
    "subject-id": "urn:oasis:names:tc:SAML:attribute:subject-id",
    "eduPersonPrincipalName": "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "mail": "urn:oid:0.9.2342.19200300.100.1.3",
    "displayName": "urn:oid:2.16.840.1.113730.3.1.241", "jaDisplayName": "urn:oid:1.3.6.1.4.1.32264.1.1.3",
    "givenName": "urn:oid:2.5.4.42", "sn": "urn:oid:2.5.4.4", "eduPersonScopedAffiliation": "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
    "eduPersonAssurance": "urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "eduPersonEntitlement": "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
}
CIPHERS = {
    "gcm": ("http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes-128"),
    "cbc": ("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "aes-256"),
}


def people(domain):
    def person(uid, given, sn, japanese, affiliation):
        return {"subject-id": ["%s@%s" % (uid, domain)], "eduPersonPrincipalName": ["%s@%s" % (uid, domain)],
                "mail": ["%s@%s" % (uid, domain)], "displayName": ["%s %s" % (given, sn)], "jaDisplayName": [japanese],
                "givenName": [given], "sn": [sn], "eduPersonScopedAffiliation": ["%s@%s" % (affiliation, domain)],
                "eduPersonAssurance": ["https://refeds.org/assurance", "https://refeds.org/assurance/IAP/medium"]}
    return {"researcher3": person("researcher3", "Hoshiko", "Tanabe", "田辺 星子", "faculty"),
            "student3": person("student3", "Ren", "Mori", "森 蓮", "student"),
            # Says of itself what only IDP1 of the demo is heard for.
            "operator3": dict(person("operator3", "Rin", "Hoshi", "星 凛", "staff"),
                              eduPersonEntitlement=["https://inkan.example/entitlement/operator"])}


class Refused(Exception):
    """What this IdP does not take; the text says why."""


class SsoSession:
    """One login at this IdP: who, and where the person was sent from here."""

    def __init__(self, account, context):
        self.account, self.context, self.since = account, context, int(time.time())
        self.services = []  # (entity id, NameID, session index)


class Pysaml2Idp:
    """The protocol half: pysaml2 with keys of its own. FOLDER holds keys and metadata."""

    def __init__(self, demo, folder, port, domain, institution, host="idp3.localhost"):
        self.demo, self.folder, self.port, self.domain, self.institution = demo, folder, port, domain, institution
        self.host = host
        self.base = "https://%s:%d" % (host, port)
        self.entity = self.base + "/metadata"
        self.how = {"sign": "both", "encrypt": "no", "mfa": "yes"}
        self.accounts = people(domain)
        self.sessions, self.waiting = {}, {}
        self.make_keys()
        self.write_map()
        self.service_file = os.path.join(folder, "service.xml")
        self.read_service()
        self.server = saml2.server.Server(config=self.config())
        self.xml = str(saml2.metadata.entity_descriptor(self.config()))

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_keys(self):
        client.tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.path("key.pem"), "-out", self.path("crt.pem"),
                    "-days", "2", "-subj", "/CN=" + self.host)
        ca = os.path.splitext(self.demo["TLS_CA"])[0]
        client.tool("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    self.path("tls.key"), "-out", self.path("tls.csr"), "-subj", "/CN=" + self.host)
        with open(self.path("tls.ext"), "w", encoding="ascii") as out:
            out.write("subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth\n" % self.host)
        client.tool("openssl", "x509", "-req", "-in", self.path("tls.csr"), "-CA", ca + ".pem", "-CAkey", ca + ".key", "-set_serial",
                    "0x" + secrets.token_hex(8), "-days", "2", "-extfile", self.path("tls.ext"), "-out", self.path("tls.pem"))

    def write_map(self):
        """Attributes by OID, the Japanese names too."""
        os.makedirs(self.path("maps"), exist_ok=True)
        with open(self.path("maps/uri.py"), "w", encoding="utf-8") as out:
            out.write("MAP = {'identifier': 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri', 'fro': %r, 'to': %r}\n"
                      % ({v: k for k, v in OIDS.items()}, OIDS))

    def read_service(self):
        """The service's metadata as it is now: keys change."""
        with open(self.service_file, "wb") as out:
            out.write(client.Browser(self.demo).get(self.demo["SP_METADATA_URL"]).want(200).body)

    def config(self):
        name = {"text": self.institution, "lang": "en"}
        config = IdPConfig().load({
            "entityid": self.entity, "key_file": self.path("key.pem"), "cert_file": self.path("crt.pem"),
            "xmlsec_binary": "/usr/bin/xmlsec1", "attribute_map_dir": self.path("maps"), "accepted_time_diff": 60,
            "metadata": {"local": [self.service_file]},
            "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
            "service": {"idp": {
                "name": self.institution, "scope": [self.domain], "ui_info": {"display_name": [name]},
                "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
                "name_id_format": [saml2.saml.NAMEID_FORMAT_TRANSIENT, saml2.saml.NAMEID_FORMAT_PERSISTENT],
                "endpoints": {
                    "single_sign_on_service": [(self.base + "/sso", REDIRECT), (self.base + "/sso", POST)],
                    "single_logout_service": [(self.base + "/slo", REDIRECT), (self.base + "/slo", POST)],
                },
                "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": saml2.saml.NAME_FORMAT_URI,
                                       "nameid_format": saml2.saml.NAMEID_FORMAT_TRANSIENT}},
            }},
            "contact_person": [{"given_name": "Identity", "sur_name": "Desk", "email_address": ["identity@" + self.domain],
                                "contact_type": "technical"}],
        })
        # This version looks for the map in another place than it puts it, and for names as they are written in lower case.
        setattr(config, "_idp_attribute_converters", config.attribute_converters)
        for converter in config.attribute_converters:
            converter._fro.update({v: k for k, v in OIDS.items()})  # pylint: disable=protected-access
        return config

    def register(self, *more):
        """Makes the portal know it, as the one IdP of its institution."""
        with open(self.path("idp.xml"), "w", encoding="utf-8") as out:
            out.write(self.xml)
        os.chmod(self.folder, 0o755)
        os.chmod(self.path("idp.xml"), 0o644)
        return self.demo.inkan("metadata", "import", self.path("idp.xml"), "--institution", self.institution, "--mail-domain", self.domain, *more)

    # --- requests ----------------------------------------------------------------------------------------------------------------

    def signed_query(self, query, sender):
        """Is QUERY (a dictionary) signed by a key that SENDER's metadata names?"""
        if "Signature" not in query or "SigAlg" not in query:
            raise Refused("the query is not signed")
        names = ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature")
        message = {k: v for k, v in query.items() if k in names}
        for certificate in self.server.metadata.certs(sender, "any", "signing"):
            body = certificate[1] if isinstance(certificate, tuple) else certificate
            if saml2.sigver.verify_redirect_signature(message, self.server.sec.sec_backend, body):
                return
        raise Refused("the query's signature does not fit")

    def authn_request(self, query, binding):
        parsed = self.server.parse_authn_request(query["SAMLRequest"], binding)
        message = parsed.message
        sender = message.issuer.text.strip()
        if binding == REDIRECT:
            self.signed_query(query, sender)
        elif message.signature is None:
            raise Refused("the request is not signed")
        return message

    def wanted_context(self, message):
        """The context that the answer will state; None: not one that we have."""
        have = [PASSWORD] + ([MFA] if self.how["mfa"] == "yes" else [])
        wanted = message.requested_authn_context
        if wanted is None or not wanted.authn_context_class_ref:
            return PASSWORD
        if (wanted.comparison or "exact") not in ("exact", "minimum"):
            return None
        return next((c.text.strip() for c in wanted.authn_context_class_ref if c.text.strip() in have), None)

    # --- responses -----------------------------------------------------------------------------------------------------------------

    def response(self, message, session):
        """The form with the signed response to MESSAGE."""
        args = self.server.response_args(message)
        drawn = []
        draw = saml2.assertion.sid

        def sid():
            drawn.append(draw())
            return drawn[-1]
        saml2.assertion.sid = sid
        try:
            name = self.server.ident.transient_nameid(session.account, args["sp_entity_id"])
            answer = self.server.create_authn_response(
                self.accounts[session.account], userid=session.account, name_id=name,
                authn={"class_ref": session.context, "authn_instant": session.since},
                session_not_on_or_after=saml2.time_util.instant(time_stamp=time.time() + 28800), **self.signing(), **args)
        finally:
            saml2.assertion.sid = draw
        session.services.append((args["sp_entity_id"], name, drawn[0]))
        return answer, args["destination"]

    def signing(self):
        sign, encrypt = self.how["sign"], self.how["encrypt"]
        if encrypt in CIPHERS:
            self.use_cipher(*CIPHERS[encrypt])
        return {"sign_response": sign in ("both", "response"), "sign_assertion": sign in ("both", "assertion"), "encrypt_assertion": encrypt in CIPHERS,
                "encrypt_assertion_self_contained": True}

    def use_cipher(self, method, key_type):
        """pysaml2 can do it, but has no setting for it in this version: its default is triple DES."""
        saml2.entity.pre_encryption_part = lambda **more: saml2.sigver.pre_encryption_part(msg_enc=method, **more)
        context = self.server.sec
        context.encrypt_assertion = lambda statement, key, template, node_xpath=None: context.crypto.encrypt_assertion(
            statement, key, template, key_type, node_xpath)

    def no_context(self, message):
        args = self.server.response_args(message)
        answer = self.server.create_error_response(args["in_response_to"], args["destination"], (saml2.samlp.STATUS_NO_AUTHN_CONTEXT, "not available"),
                                                   sign=True)
        return answer, args["destination"]

    # --- logout --------------------------------------------------------------------------------------------------------------------

    def logout_request(self, query, binding):
        """Verified: the session that it means is over; gives the message."""
        parsed = self.server.parse_logout_request(query["SAMLRequest"], binding)
        message = parsed.message
        if binding == REDIRECT:
            self.signed_query(query, message.issuer.text.strip())
        elif message.signature is None:
            raise Refused("the request is not signed")
        self.end(message.name_id.text)
        return message

    def end(self, name):
        for key, session in list(self.sessions.items()):
            if any(n.text == name for _, n, _ in session.services):
                del self.sessions[key]

    def logout_answer(self, message, binding):
        """(binding, message, destination) of the signed answer, by the binding that the question came by."""
        found, where = self.server.pick_binding("single_logout_service", [binding, REDIRECT, POST], "spsso", entity_id=message.issuer.text.strip())
        answer = self.server.create_logout_response(message, [found], sign=found == POST)
        return found, str(answer), where

    def begin_logout(self, session, binding):
        """(binding, message, destination, request id) of a signed LogoutRequest to the last service of SESSION."""
        entity, name, index = session.services[-1]
        found, where = self.server.pick_binding("single_logout_service", [binding], "spsso", entity_id=entity)
        request_id, message = self.server.create_logout_request(where, entity, name_id=name, session_indexes=[index], sign=found == POST,
                                                                expire=saml2.time_util.in_a_while(minutes=5))
        return found, str(message), where, request_id

    def logout_response(self, query, binding):
        """The verified status and InResponseTo of the service's answer."""
        parsed = self.server.parse_logout_request_response(query["SAMLResponse"], binding)
        sender = parsed.response.issuer.text.strip()
        if binding == REDIRECT:
            self.signed_query(query, sender)
        elif parsed.response.signature is None:
            raise Refused("the answer is not signed")
        return parsed.response.status.status_code.value, parsed.response.in_response_to

    def carry(self, binding, message, where, relay_state, response):
        """HTTP for a message: ('redirect', URL) or ('page', HTML)."""
        info = self.server.apply_binding(binding, message, where, relay_state or "", response=response, sign=True)
        if binding == REDIRECT:
            return "redirect", dict(info["headers"])["Location"]
        return "page", post_form(where, "SAMLResponse" if response else "SAMLRequest", message, relay_state)


# --- the web half -----------------------------------------------------------------------------------------------------------------

PAGE = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>%s</title></head><body><h1>%s</h1>%s</body></html>'


def page(title, body):
    return PAGE % (html.escape(title), html.escape(title), body)


def post_form(where, field, message, relay_state):
    import base64  # pylint: disable=import-outside-toplevel
    fields = {field: base64.b64encode(message.encode()).decode()}
    if relay_state:
        fields["RelayState"] = relay_state
    inputs = "".join('<input type="hidden" name="%s" value="%s">' % (html.escape(k), html.escape(v)) for k, v in fields.items())
    return page("One moment", '<form method="post" action="%s">%s<button>Continue</button></form><script>document.forms[0].submit()</script>'
                % (html.escape(where), inputs))


def login_form(ticket, with_code, wrong):
    code = '<label>Code <input name="code" inputmode="numeric" autocomplete="one-time-code"></label>' if with_code else ""
    return page("Hoshi College", '%s<form method="post" action="/login"><input type="hidden" name="ticket" value="%s">'
                '<label>Name <input name="username"></label> <label>Password <input name="password" type="password"></label> %s'
                '<button>Log in</button></form>' % ("<p id=wrong>That is not right.</p>" if wrong else "", html.escape(ticket), code))


class Handler(http.server.BaseHTTPRequestHandler):
    idp = None
    lock = threading.Lock()  # pysaml2's objects are for one thread
    protocol_version = "HTTP/1.0"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.handle_one(urllib.parse.urlsplit(self.path).query, REDIRECT)

    def do_POST(self):
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(), POST)

    def handle_one(self, text, binding):
        routes = {"/metadata": self.metadata, "/sso": self.sso, "/login": self.login, "/slo": self.slo, "/logout": self.logout,
                  "/control": self.control}
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        route = routes.get(urllib.parse.urlsplit(self.path).path)
        with self.lock:
            try:
                if route is None:
                    self.answer(404, page("Not here", ""))
                else:
                    route(query, binding)
            except Exception as why:  # whatever pysaml2 refuses with
                self.answer(400, page("Refused", "<p id=refused>%s: %s</p>" % (html.escape(type(why).__name__), html.escape(str(why)))))

    def answer(self, status, body, kind="text/html; charset=utf-8", headers=()):
        data = body.encode()
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", str(len(data))), ("Cache-Control", "no-store"), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def carry(self, what, value, headers=()):
        if what == "redirect":
            self.answer(303, "", headers=[("Location", value), *headers])
        else:
            self.answer(200, value, headers=headers)

    def cookie(self):
        found = re.search(r"\bhoshi=([\w-]+)", self.headers.get("Cookie") or "")
        return found.group(1) if found else ""

    def metadata(self, _query, _binding):
        self.answer(200, self.idp.xml, "application/samlmetadata+xml")

    def control(self, query, _binding):
        self.idp.how.update({k: v for k, v in query.items() if k in self.idp.how})
        self.answer(200, str(self.idp.how), "text/plain")

    # --- login

    def sso(self, query, binding):
        message = self.idp.authn_request(query, binding)
        context, relay_state = self.idp.wanted_context(message), query.get("RelayState")
        session = self.idp.sessions.get(self.cookie())
        if context is None:
            self.send_response_form(*self.idp.no_context(message), relay_state)
        elif session and message.force_authn != "true" and context in (session.context, PASSWORD):
            self.send_response_form(*self.idp.response(message, session), relay_state)
        else:
            ticket = secrets.token_urlsafe(16)
            self.idp.waiting[ticket] = (message, relay_state, context)
            self.answer(200, login_form(ticket, context == MFA, False))

    def login(self, query, _binding):
        ticket = query.get("ticket", "")
        message, relay_state, context = self.idp.waiting[ticket]
        good = query.get("username") in self.idp.accounts and query.get("password") == "demo" and (context != MFA or query.get("code") == CODE)
        if not good:
            self.answer(200, login_form(ticket, context == MFA, True))
            return
        del self.idp.waiting[ticket]
        old = self.idp.sessions.get(self.cookie())
        session = SsoSession(query["username"], context)
        if old and old.account == session.account:
            session.services = old.services
        key = secrets.token_urlsafe(16)
        self.idp.sessions[key] = session
        self.send_response_form(*self.idp.response(message, session), relay_state,
                                [("Set-Cookie", "hoshi=%s; Path=/; Secure; HttpOnly; SameSite=None" % key)])

    def send_response_form(self, message, where, relay_state, headers=()):
        self.answer(200, post_form(where, "SAMLResponse", str(message), relay_state), headers=headers)

    # --- logout

    def slo(self, query, binding):
        if "SAMLResponse" in query:
            status, to = self.idp.logout_response(query, binding)
            known = self.idp.waiting.pop(to, None)
            same = known is not None and query.get("RelayState") == known
            self.answer(200, page("Logged out", "<p id=result data-status='%s' data-relay-state='%s'>%s</p>" % (
                html.escape(status), "same" if same else "other", "Everything is over.")))
            return
        message = self.idp.logout_request(query, binding)
        found, text, where = self.idp.logout_answer(message, binding)
        self.carry(*self.idp.carry(found, text, where, query.get("RelayState"), True))

    def logout(self, query, _binding):
        session = self.idp.sessions.pop(self.cookie(), None)
        if session is None:
            raise Refused("nobody is logged in")
        found, text, where, request_id = self.idp.begin_logout(session, POST if query.get("binding") == "post" else REDIRECT)
        relay_state = secrets.token_urlsafe(12)
        self.idp.waiting[request_id] = relay_state
        self.carry(*self.idp.carry(found, text, where, relay_state, False))


class Https(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, handler, context):
        super().__init__(address, handler)
        self.context = context

    def get_request(self):
        # The handshake is done by the first read, in the thread: a browser's spare connections hold nobody up.
        sock, address = self.socket.accept()
        sock.settimeout(30)
        return self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        pass


def serve(idp):
    """Starts serving in a thread; gives the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(idp.path("tls.pem"), idp.path("tls.key"))
    handler = type("BoundHandler", (Handler,), {"idp": idp})
    server = Https(("127.0.0.1", idp.port), handler, context)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port(demo, place=14):
    """One of the demo's twenty ports that the demo itself does not use; each test program has its own PLACE."""
    return urllib.parse.urlsplit(demo["PORTAL_URL"]).port + place


class Running:
    """The program in a process of its own, for a `with` of a test."""

    def __init__(self, demo, place=14):
        self.demo, self.words = demo, ("--port", str(free_port(demo, place)))

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/bin/python3", os.path.abspath(__file__), *self.words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=dict(os.environ, DEMO_ENV=self.demo.file))
        line = self.process.stdout.readline().split()
        if not line or line[0] != "ready":
            self.process.wait(10)
            raise client.tap.Failed("the pysaml2 IdP did not start")
        self.entity, self.base = line[1], line[1].rsplit("/", 1)[0]
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def control(self, **how):
        client.Browser(self.demo).get(self.base + "/control?" + urllib.parse.urlencode(how)).want(200)


def main():
    demo = client.Demo()
    words = argparse.ArgumentParser()
    words.add_argument("--port", type=int, default=free_port(demo))
    words.add_argument("--domain", default="hoshi.example")
    words.add_argument("--institution", default="Hoshi College")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="inkan-pysaml2-") as folder:
        idp = Pysaml2Idp(demo, folder, given.port, given.domain, given.institution)
        server = serve(idp)
        idp.register()
        print("ready", idp.entity, flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
