#!/usr/bin/python3
"""A small discovery service, as federations run one: the SAML Identity Provider Discovery Service Protocol and Profile over
https. Written from the OASIS text: it asks for entityID, takes `return` only where the SP's metadata has it as a
DiscoveryResponse (default: the one that metadata names), puts the choice into returnIDParam (default entityID), and comes back
without it where nobody chose or isPassive=true forbids a page.

    with Service(demo) as ds: … ds.url …          beside a test
    discovery_service.py                          prints its URL, lives until its stdin ends
    with settings(demo, discovery=ds.url): …      the demo's portal with that setting
    discovery_service.py --use                    both: prints its URL when the portal uses it; undone when stdin ends"""
import contextlib
import html
import http.server
import os
import re
import signal
import ssl
import sys
import threading
import urllib.parse
import urllib.request
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client  # noqa: E402
import tap  # noqa: E402

RESPONSE = "{urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol}DiscoveryResponse"
BINDING = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"


class Service:
    def __init__(self, demo):
        self.demo, self.asked = demo, []
        folder = os.path.dirname(demo["TLS_CA"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                service.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://localhost:%d/ds" % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def responses(self):
        """(entity id, [locations of DiscoveryResponse, the default one first]) of the SP's metadata."""
        with urllib.request.urlopen(self.demo["SP_METADATA_URL"], context=self.demo.tls, timeout=10) as answer:
            root = xml.fromstring(answer.read())
        found = [e for e in root.iter(RESPONSE) if e.get("Binding") == BINDING]
        found.sort(key=lambda e: (e.get("isDefault") != "true", int(e.get("index") or 0)))
        return root.get("entityID"), [e.get("Location") for e in found]

    def answer(self, request):
        split = urllib.parse.urlsplit(request.path)
        query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        if split.path != "/ds":
            return self.say(request, 404, "nothing here")
        self.asked.append({"query": query, "raw": request.path, "headers": dict(request.headers)})
        entity, locations = self.responses()
        if query.get("entityID") != entity:
            return self.say(request, 400, "nobody knows this service provider")
        back = query.get("return", locations[0])
        if back not in locations:
            return self.say(request, 400, "return is no DiscoveryResponse of its metadata")
        name = query.get("returnIDParam", "entityID")
        if query.get("isPassive") == "true":
            request.send_response(302)
            request.send_header("Location", back)
            return request.end_headers()
        links = ["<li><a href=\"%s\">%s</a></li>" % (html.escape(self.leads(back, name, idp)), html.escape(words)) for words, idp in (
            ("Kagami", self.demo["IDP1"]), ("Minato", self.demo["IDP2"]), ("Nowhere", "https://nowhere.example/idp"))]
        return self.say(request, 200, "<h1>Where are you from?</h1><ul>%s<li><a href=\"%s\">None of these</a></li></ul>" %
                        ("".join(links), html.escape(back)))

    @staticmethod
    def leads(back, name, idp):
        return back + ("&" if "?" in back else "?") + urllib.parse.urlencode({name: idp})

    @staticmethod
    def say(request, status, text):
        body = ("<!DOCTYPE html><html lang=\"en\"><title>Discovery</title><body>%s</body></html>" % text).encode()
        request.send_response(status)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


def settings_file(demo):
    return demo["INKAN"].split(" -c ", 1)[1].strip("'\"")


def starts_at(demo):
    """Where a login without an IdP begins."""
    try:
        return client.Browser(demo).get("/login?return=/certificates", follow=False).location() or ""
    except OSError:
        return ""


@contextlib.contextmanager
def settings(demo, discovery):
    """The demo's portal with [saml] discovery set, until the end of the block."""
    file = settings_file(demo)
    with open(file, encoding="utf-8") as old:
        before = old.read()

    def use(text, there):
        with open(file, "w", encoding="utf-8") as new:
            new.write(text)
        os.kill(demo.pid("portal"), signal.SIGHUP)
        # Old processes finish what they have; only then is every answer the new one.
        tap.until(lambda: all(starts_at(demo).startswith(there) for _ in range(30)), 30)

    try:
        use(re.sub(r"(?m)^\[saml\]$", "[saml]\ndiscovery = " + discovery, before), discovery)
        yield
    finally:
        use(before, demo["PORTAL_URL"] + "/discovery")


def main():
    demo = client.Demo()
    with Service(demo) as service, settings(demo, service.url) if "--use" in sys.argv else contextlib.nullcontext():
        print(service.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
