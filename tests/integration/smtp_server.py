#!/usr/bin/python3
"""A real SMTP server for one test: aiosmtpd, STARTTLS demanded.

    smtp_server.py FOLDER [--port N] [--plain] [--login USER:PASSWORD]

Makes a certificate for localhost in FOLDER (ca.pem), prints its port, then takes mails into FOLDER/new until its standard input
ends. Recipients that begin with `refuse` are refused by 550, those with `later` by 451 twice and then taken, with `drop` the
connection breaks off at DATA; the sender `bad@…` is refused.
"""
import argparse
import asyncio
import itertools
import os
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--plain", action="store_true", help="no TLS at all")
parser.add_argument("--login", help="a login is demanded")
options = parser.parse_args()

new = os.path.join(options.folder, "new")
os.makedirs(new, exist_ok=True)
numbers = itertools.count(1)
asked = {}


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, mail_options):
        if address.startswith("bad@"):
            return "550 5.7.1 this sender may not send"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        asked[address] = asked.get(address, 0) + 1
        if address.startswith("refuse"):
            return "550 5.1.1 no such mailbox here"
        if address.startswith("later") and asked[address] <= 2:
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("drop"):
            server.transport.abort()
            return "421 4.3.0 gone"
        name = os.path.join(options.folder, "mail-%06d" % next(numbers))
        with open(name, "wb") as file:
            file.write(b"X-RcptTo: " + ", ".join(envelope.rcpt_tos).encode() + b"\r\n" + envelope.original_content)
        os.rename(name, os.path.join(new, os.path.basename(name)))
        return "250 2.0.0 taken"


def tls():
    key, certificate = os.path.join(options.folder, "smtp.key"), os.path.join(options.folder, "ca.pem")
    if not os.path.exists(certificate):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def authenticate(server, session, envelope, mechanism, data):
    wanted = options.login.split(":")
    return AuthResult(success=[data.login.decode(), data.password.decode()] == wanted)


async def serve():
    words = {} if options.plain else {"tls_context": tls(), "require_starttls": True}
    if options.login:
        words.update(auth_required=True, authenticator=authenticate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Handler(), hostname="localhost", loop=loop, **words), "127.0.0.1", options.port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
os._exit(0)
