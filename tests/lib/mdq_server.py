#!/usr/bin/python3
"""A small server of metadata over https, for tests:   tests/lib/mdq_server.py FOLDER

Prints its port; FOLDER/tls.pem is whom to trust for https://localhost:PORT. Ends with its standard input.

    /files/NAME          FOLDER/NAME, with ETag and Last-Modified; If-None-Match and If-Modified-Since answer 304
    /entities/ID         MDQ: FOLDER/entities/SHA1.xml, ID percent-encoded or {sha1}HASH; 404 where there is none
    /moved/NAME          redirect to the same at 127.0.0.1: an address inside
    /plain/NAME          redirect to http
    /endless, /bomb      more than anybody wants: as it is, and compressed
    /silent              never answers

While FOLDER/down exists everything is 503. FOLDER/requests has a line for each: path, If-None-Match, status.
"""
import email.utils
import gzip
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder = ""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        with open(os.path.join(self.folder, "requests"), "a", encoding="utf-8") as log:
            log.write("%s\t%s\t%d\n" % (self.path, self.headers.get("If-None-Match", ""), status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def file(self, path):
        try:
            with open(path, "rb") as file:
                body = file.read()
        except FileNotFoundError:
            return self.answer(404)
        etag, changed = '"%s"' % hashlib.sha1(body).hexdigest(), email.utils.formatdate(int(os.stat(path).st_mtime), usegmt=True)
        wanted = self.headers.get("If-None-Match")
        if wanted == etag or (not wanted and self.headers.get("If-Modified-Since") == changed):
            return self.answer(304, ETag=etag, Last_Modified=changed)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            return self.answer(200, gzip.compress(body, 1), ETag=etag, Last_Modified=changed, Content_Encoding="gzip",
                               Content_Type="application/samlmetadata+xml")
        return self.answer(200, body, ETag=etag, Last_Modified=changed, Content_Type="application/samlmetadata+xml")

    def entity(self, escaped):
        name = urllib.parse.unquote(escaped)
        if self.headers.get("Accept") != "application/samlmetadata+xml" or "/" in escaped:
            return self.answer(400)
        hashed = name[6:] if name.startswith("{sha1}") else hashlib.sha1(name.encode()).hexdigest()
        return self.file(os.path.join(self.folder, "entities", os.path.basename(hashed) + ".xml"))

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b"<a/>" * 16384)
        except OSError:
            pass

    def do_GET(self):
        first, _, rest = self.path[1:].partition("/")
        port = self.server.server_address[1]
        if os.path.exists(os.path.join(self.folder, "down")):
            return self.answer(503)
        if first == "files":
            return self.file(os.path.join(self.folder, os.path.basename(rest)))
        if first == "entities":
            return self.entity(rest)
        if first == "moved":
            return self.answer(302, Location="https://127.0.0.1:%d/files/%s" % (port, rest))
        if first == "plain":
            return self.answer(302, Location="http://localhost:%d/files/%s" % (port, rest))
        if first == "endless":
            return self.endless()
        if first == "bomb":
            return self.answer(200, gzip.compress(b" " * 100000000, 9), Content_Encoding="gzip")
        if first == "silent":
            return time.sleep(3600)
        return self.answer(404)


def main():
    Handler.folder = folder = sys.argv[1]
    os.makedirs(os.path.join(folder, "entities"), exist_ok=True)
    certificate, key = os.path.join(folder, "tls.pem"), os.path.join(folder, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
