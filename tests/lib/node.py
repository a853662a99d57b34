"""A second portal node: another master of inkan-portal with sockets of its own on the demo's database, and a browser that talks
FastCGI to it, as that node's nginx would."""
import configparser
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import urllib.parse

import client
import tap


def record(kind, body):
    return struct.pack("!BBHHBB", 1, kind, 1, len(body), 0, 0) + body


def pair(name, value):
    def size(n):
        return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)
    name, value = name.encode(), value.encode()
    return size(len(name)) + size(len(value)) + name + value


def stream(kind, body):
    return b"".join(record(kind, body[i:i + 65000]) for i in range(0, len(body), 65000)) + record(kind, b"")


def ask(path, params, body):
    """The answer's bytes (headers and body) to one request at the socket PATH."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(path)
        sock.sendall(record(1, struct.pack("!HB5x", 1, 0)) + stream(4, b"".join(pair(k, v) for k, v in params.items()))
                     + stream(5, body))
        read = sock.makefile("rb")
        out = b""
        while True:
            head = read.read(8)
            if len(head) < 8:
                return out
            _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", head)
            data = read.read(length)
            read.read(padding)
            if kind == 6:
                out += data
            elif kind == 3:
                return out


class Node:
    """For a `with`: the node runs inside it. Its log is in `log`."""

    def __init__(self, demo, processes=3):
        self.demo, self.processes = demo, processes

    def __enter__(self):
        words = self.demo["INKAN"].split()
        settings = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
        settings.optionxform = str
        settings.read(words[words.index("-c") + 1], encoding="utf-8")
        self.folder = tempfile.TemporaryDirectory(prefix="inkan-node-")
        os.chmod(self.folder.name, 0o777)
        for key in list(settings["portal"]):
            if key == "socket" or key.endswith("_socket"):
                settings["portal"][key] = os.path.join(self.folder.name, key)
        settings["portal"].update({"processes": str(self.processes), "publish_processes": "1", "key_pool": "1"})
        file = os.path.join(self.folder.name, "inkan.conf")
        with open(file, "w", encoding="utf-8") as out:
            settings.write(out)
        os.chmod(file, 0o644)
        self.socket, self.log = os.path.join(self.folder.name, "socket"), os.path.join(self.folder.name, "log")
        program = os.path.join(os.path.dirname(os.path.dirname(words[0])), "sbin", "inkan-portal")
        who = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] if os.getuid() == 0 else []
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(who + [program, "-c", file], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        try:
            tap.until(self.answers, 20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.folder.cleanup()

    def answers(self):
        """the second node answers"""
        if self.process.poll() is not None:
            raise tap.Failed("the second node ended: %s" % self.log_text())
        try:
            return NodeBrowser(self).get("/healthz", follow=False).status == 200
        except (OSError, ValueError):
            return False

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class NodeBrowser(client.Browser):
    """A browser whose requests to the portal go to NODE. COOKIES: another browser's, to be the same person's."""

    def __init__(self, node, cookies=None, language="en"):
        super().__init__(node.demo, language)
        self.node = node
        if cookies is not None:
            self.cookies = cookies

    def send(self, method, url, body=None, headers=None, timeout=60):
        if url.startswith("/"):
            url = self.demo["PORTAL_URL"] + url
        if not url.startswith(self.demo["PORTAL_URL"] + "/"):
            return super().send(method, url, body, headers, timeout)
        parts = urllib.parse.urlsplit(url)
        data = body.encode() if isinstance(body, str) else (body or b"")
        sent = {k.lower(): v for k, v in (headers or {}).items()}
        params = {"REQUEST_METHOD": method, "REQUEST_URI": (parts.path or "/") + ("?" + parts.query if parts.query else ""),
                  "SCRIPT_NAME": parts.path, "DOCUMENT_URI": parts.path, "QUERY_STRING": parts.query, "SERVER_PROTOCOL": "HTTP/1.1",
                  "HTTPS": "on", "INKAN_PORT": "portal", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": parts.netloc, "HTTP_ACCEPT_LANGUAGE": self.language,
                  "HTTP_COOKIE": self.cookie_header(parts.hostname), "CONTENT_TYPE": sent.get("content-type", ""),
                  "CONTENT_LENGTH": str(len(data)) if body is not None else ""}
        head, _, rest = ask(self.node.socket, params, data).partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = int(re.match(r"\d+", dict(lines).get("Status", "200")).group(0))
        answer = client.Answer(url, method, status, [tuple(line) for line in lines], rest)
        self.keep(parts.hostname, answer)
        self.seen.append(answer)
        return answer
