#!/usr/bin/python3
"""A server of pictures by https: picture_server.py FOLDER PICTURES. Makes its certificate in FOLDER/pictures.pem, prints its origin,
notes each path in FOLDER/asked, lives until its stdin ends.

/NAME is the file of PICTURES; /sometimes.png is there while FOLDER/sometimes is; /large.png never ends; /redirect leads to an
address of this machine; /away breaks off."""
import http.server
import os
import ssl
import subprocess
import sys
import threading

folder, pictures = sys.argv[1:]
pem = os.path.join(folder, "pictures.pem")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.path.join(folder, "asked"), "a", encoding="ascii") as log:
            log.write(self.path + "\n")
        name = self.path.lstrip("/")
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "https://127.0.0.1:%d/inside.png" % self.server.server_address[1])
            return self.end_headers()
        if self.path == "/large.png":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"\x89PNG\r\n\x1a\n" * 1000)
            except OSError:
                return None
        if self.path == "/sometimes.png":
            name = "gray-alpha.png" if os.path.exists(os.path.join(folder, "sometimes")) else ""
        file = os.path.join(pictures, name)
        if self.path == "/away":
            return self.connection.close()
        if not name or "/" in name or not os.path.isfile(file):
            return self.send_error(404)
        with open(file, "rb") as picture:
            body = picture.read()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # those who hang up are part of the test


subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", pem + ".key",
                "-out", pem, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
               check=True, capture_output=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(pem, pem + ".key")
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("https://localhost:%d" % server.server_address[1], flush=True)
sys.stdin.read()
