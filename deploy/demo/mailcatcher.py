"""The demo's mail server: takes every mail (STARTTLS demanded) into a Maildir, and shows them to people, newest first.

    mailcatcher.py HOST PORT CERTIFICATE KEY MAILDIR SOCKET      (SOCKET: where the pages are served, by http)
"""

import asyncio
import email
import email.policy
import html
import http.server
import os
import re
import secrets
import signal
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

from aiosmtpd.smtp import SMTP

LONGEST = 5 * 1024 * 1024
A_PAGE = 20


class Catcher:
    """aiosmtpd's handler: a mail is answered with 250 when it is a whole file in new/."""

    def __init__(self, maildir):
        self.maildir = maildir
        self.count = 0

    async def handle_DATA(self, _server, _session, envelope):
        self.count += 1
        # Sorts by arrival: the page shows them by name.
        name = f"{time.time_ns():020d}.{os.getpid()}_{self.count}.{secrets.token_hex(4)}"
        aside, there = os.path.join(self.maildir, "tmp", name), os.path.join(self.maildir, "new", name)
        text = f"Return-Path: <{envelope.mail_from}>\r\n" + "".join(f"Delivered-To: {to}\r\n" for to in envelope.rcpt_tos)
        try:
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text.encode("utf-8", "replace").replace(b"\r\n", b"\n"))
                file.write(envelope.content.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            os.rename(aside, there)
        except OSError as why:
            print(f"mail not kept: {why}", file=sys.stderr, flush=True)
            return "452 4.3.1 no room for the mail, try again"
        return "250 2.0.0 kept"


# --- the pages ---------------------------------------------------------------------------------------------------------------

STYLE = """
:root { color-scheme: light dark; --line: #c8ccd2; --soft: #5b6470; }
@media (prefers-color-scheme: dark) { :root { --line: #3c434d; --soft: #a0a8b3; } }
body { font: 1rem/1.6 "Hiragino Sans", "Yu Gothic UI", "Noto Sans JP", system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem;
       max-width: 52rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; margin: 0; } p.facts { color: var(--soft); margin: .2rem 0 .8rem; font-size: .9rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
"""
LINK = re.compile(r"https?://[^\s<>\"']+")


def linked(text):
    """TEXT as HTML, its addresses as links."""
    out, end = [], 0
    for found in LINK.finditer(text):
        address = found.group().rstrip(".,;)。、」")
        out.append(html.escape(text[end:found.start()]))
        out.append(f'<a href="{html.escape(address)}">{html.escape(address)}</a>')
        end = found.start() + len(address)
    return "".join(out) + html.escape(text[end:])


def article(path):
    with open(path, "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    body = mail.get_body(("plain", "html"))
    try:
        text = body.get_content() if body else ""
    except (LookupError, UnicodeError, KeyError) as why:
        text = f"(cannot be shown: {why})"
    others = "".join(f"<p>+ {html.escape(part.get_filename() or part.get_content_type())}</p>"
                     for part in mail.iter_attachments() if part is not body)
    facts = " · ".join(html.escape(str(mail.get(name, ""))) for name in ("To", "Date", "X-Inkan-Event") if mail.get(name))
    return (f"<article><h2>{html.escape(str(mail.get('Subject', '(no subject)')))}</h2><p class=facts>{facts}</p>"
            f"<pre>{linked(text)}</pre>{others}</article>")


def page(maildir, skip):
    names = sorted(os.listdir(os.path.join(maildir, "new")), reverse=True)
    shown = []
    for name in names[skip:skip + A_PAGE]:
        try:
            shown.append(article(os.path.join(maildir, "new", name)))
        except OSError:
            pass
    more = f'<p><a href="?skip={skip + A_PAGE}">older</a></p>' if len(names) > skip + A_PAGE else ""
    return ("<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<title>Mails of the demo</title><link rel=stylesheet href=/style.css>"
            f"<h1>Mails of the demo</h1><p>{len(names)} mails, newest first. <a href='/'>Refresh</a></p>"
            f"{''.join(shown) or '<p>None yet.</p>'}{more}</html>")


class Pages(http.server.BaseHTTPRequestHandler):
    maildir = ""

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/style.css":
            self.answer(200, "text/css", STYLE)
        elif url.path == "/":
            skip = urllib.parse.parse_qs(url.query).get("skip", ["0"])[0]
            self.answer(200, "text/html", page(self.maildir, int(skip) if re.fullmatch(r"[0-9]{1,9}", skip) else 0))
        else:
            self.answer(404, "text/plain", "Not here; the mails are at /\n")

    do_HEAD = do_GET

    def answer(self, status, kind, text):
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def address_string(self):
        return "-"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main(host, port, certificate, key, maildir, socket):
    if os.path.exists(socket):
        os.unlink(socket)
    Pages.maildir = maildir
    pages = Server(socket, Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    catcher = Catcher(maildir)

    async def serve():
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        server = await loop.create_server(
            lambda: SMTP(catcher, hostname="localhost", ident="Inkan demo", tls_context=context, require_starttls=True,
                         data_size_limit=LONGEST, enable_SMTPUTF8=True, loop=loop),
            host, int(port))
        async with server:
            await stop.wait()

    asyncio.run(serve())
    os.unlink(socket)


if __name__ == "__main__":
    main(*sys.argv[1:])
