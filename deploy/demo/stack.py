"""The demo's daemons, in the order in which they need one another, and what is asked of them before it is called ready."""

import base64
import os
import signal
import socket
import sys
import time
import urllib.request

import federation
import login
import prepare
from layout import Trouble, postgresql_bin
from supervisor import Service, Supervisor

READER = "inkan_reader"
ACCOUNTS = {
    1: [("researcher", "a researcher, with Japanese names"), ("student", "a student"), ("desk", "officer of the institution"),
        ("operator", "operator of the service"), ("noattr", "the IdP sends no mail address"),
        ("twomails", "two mail addresses")],
    2: [("researcher2", "a researcher"), ("desk2", "officer of the institution")],
}


class Stack:
    def __init__(self, place, say):
        self.place, self.say = place, say
        self.supervisor = Supervisor(place, say)
        self.signed_at = 0.0

    # --- commands --------------------------------------------------------------------------------------------------------------

    def must(self, what, words, **more):
        status, output = self.supervisor.command(what, words, **more)
        if status != 0:
            raise RuntimeError(f"{what} failed ({status}): {output.strip()}")
        return output

    def inkan(self, *words):
        """The operator's command, as the daemons' user, so that the keys it makes are theirs."""
        return self.must("inkan " + " ".join(words[:2]), self.place.as_user(
            self.place.daemon_user, self.place.program("bin", "inkan"), "-c", self.place.settings, *words))

    def sql(self, text, database="inkan"):
        """SQL by the superuser; from a file that only its user can read, since it may hold passwords."""
        script = self.place.path("data", "script.sql")
        self.place.write(script, text, 0o600, self.place.database_user)
        try:
            return self.must("psql", self.place.as_user(
                self.place.database_user, "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.place.pg_sockets, "-p", "5432",
                "-d", database, "-f", script))
        finally:
            os.unlink(script)

    # --- the daemons -----------------------------------------------------------------------------------------------------------

    def daemon(self, name, *words, user=None, stop=signal.SIGTERM, **more):
        user = user or self.place.daemon_user
        self.supervisor.add(Service(name, self.place.as_user(user, *words, die=signal.Signals(stop).name[3:]), stop=stop, **more))

    def program(self, name, *words):
        self.daemon(name, self.place.program("sbin", words[0]), "-c", self.place.settings, *words[1:], grace=3.0)

    def bring_up(self):
        place, wait = self.place, self.supervisor.wait_for
        began = time.monotonic()
        for path in ("bin/inkan", "sbin/inkan-portal", "sbin/inkan-worker", "sbin/inkan-opener", "sbin/inkan-signer"):
            if not os.path.exists(place.program(path)):
                raise Trouble(f"{place.program(path)} is missing: start the demo by `make demo` or `make demo-up`")
        self.say(f"preparing {place.dir}")
        prepare.everything(place)
        place.write(place.path("etc", "port"), f"{place.port}\n")
        self.trim_logs()

        self.daemon("postgres", f"{postgresql_bin()}/postgres", "-D", place.path("data", "postgres"),
                    user=place.database_user, stop=signal.SIGINT, before=self.clear_database)
        wait("PostgreSQL", self.database_answers, 60)
        self.database()
        self.authority()
        self.institutions()

        self.program("signer", "inkan-signer")
        self.program("responder", "inkan-signer", "--responder")
        self.daemon("mail", sys.executable, "-B", place.program("demo", "mailcatcher.py"), "127.0.0.1", str(place.smtp_port),
                    place.path("tls", "server.pem"), place.path("tls", "server.key"), place.path("mail"),
                    place.socket("app/mail.sock"))
        self.daemon("php", "/usr/sbin/" + php_fpm(), "--nodaemonize", "--fpm-config", place.path("etc", "php-fpm.conf"), "-p",
                    place.path("tmp"))
        self.program("portal", "inkan-portal")
        self.daemon("nginx", "/usr/sbin/nginx", "-e", "stderr", "-p", place.path("tmp"), "-c", place.path("etc", "nginx.conf"),
                    stop=signal.SIGTERM)
        wait("the portal's metadata", self.service_metadata, 30)
        wait("the IdPs' metadata", self.idp_metadata, 30)
        federation.sign(place)
        self.program("worker", "inkan-worker")
        wait("the portal's /healthz", self.healthy, 30)
        wait("signer and responder", self.signers_answer, 30)
        wait("the first CRLs", self.published, 30)
        self.environment()
        wait("a login", self.login_works, 40)
        self.say(f"everything runs, after {time.monotonic() - began:.1f} s")

    def watch(self):
        """Until somebody asks for the end."""
        while not self.supervisor.stopping:
            self.supervisor.tick(30)
            if not self.supervisor.stopping and federation.stale(self.place):
                try:
                    self.idp_metadata()
                    federation.sign(self.place)
                    self.say("the federation's metadata is signed anew")
                except (RuntimeError, OSError) as why:
                    self.say(f"the federation's metadata cannot be signed: {why}")
        return 0

    # --- PostgreSQL ------------------------------------------------------------------------------------------------------------

    def clear_database(self):
        """Before each start: ends what a killed server left behind. Its processes have the data folder as working folder; no
        other server can be using it, since we hold the demo's lock."""
        data = os.stat(self.place.path("data", "postgres"))
        late = time.monotonic() + 3
        while left := processes_in(data):
            for pid in left:
                kill(pid, signal.SIGQUIT if time.monotonic() < late else signal.SIGKILL)
            time.sleep(0.05)
        lock = self.place.path("data", "postgres", "postmaster.pid")
        if os.path.exists(lock):
            # Nobody of it is alive: the number in it may be another process's by now, at which the server would stop.
            os.unlink(lock)

    def database_answers(self):
        status, _ = self.supervisor.command("psql", self.place.as_user(
            self.place.database_user, "psql", "-XqAt", "-h", self.place.pg_sockets, "-p", "5432", "-d", "postgres", "-c",
            "select"), seconds=10)
        return status == 0

    def database(self):
        """Roles with passwords, the database, the reader of demo.env, the tables."""
        quoted = {role: prepare.password_of(self.place, role).replace("'", "''") for role in prepare.ROLES}
        lines = []
        for role, password in quoted.items():
            more = "createrole" if role == "owner" else "nocreaterole"
            lines.append(f"do $$ begin create role inkan_{role}; exception when duplicate_object then null; end $$;\n"
                         f"alter role inkan_{role} login {more} password '{password}';")
        lines.append(f"do $$ begin create role {READER}; exception when duplicate_object then null; end $$;\n"
                     f"alter role {READER} login; grant pg_read_all_data to {READER};\n"
                     f"alter role {READER} set default_transaction_read_only = on;")
        self.sql("set client_min_messages = warning;\n" + "\n".join(lines), database="postgres")
        if not self.sql("select 1 from pg_database where datname = 'inkan'", database="postgres"):
            self.sql("create database inkan owner inkan_owner", database="postgres")
        keyring = self.place.path("secret", "keyring")
        if not os.path.exists(keyring):
            line = self.must("inkan config secret", self.place.as_user(
                self.place.daemon_user, self.place.program("bin", "inkan"), "config", "secret"))
            self.place.write(keyring, line, 0o600, self.place.daemon_user)
        self.inkan("migrate")

    def authority(self):
        place = self.place
        if self.sql("select count(*) from issuer").strip() == "0":
            self.inkan("ca", "init")
        chain = self.sql("select replace(encode(certificate, 'base64'), e'\\n', '') from issuer order by parent nulls first, name")
        pem = ""
        for line in chain.split():
            body = base64.encodebytes(base64.b64decode(line)).decode().replace("\n", "")
            pem += "-----BEGIN CERTIFICATE-----\n"
            pem += "\n".join(body[i:i + 64] for i in range(0, len(body), 64)) + "\n-----END CERTIFICATE-----\n"
        place.write(place.path("etc", "chain.pem"), pem)

    def institutions(self):
        for n, idp in prepare.IDPS.items():
            if self.sql(f"select 1 from institution_idp where entity_id = '{self.place.idp(n)}'"):
                continue
            self.inkan("institution", "add", idp["name"], "--name-ja", idp["name_ja"], "--mail-domain", idp["domain"], "--idp",
                       self.place.idp(n), "--max-active", "10000", "--pin-mail", "yes", "--approval", "no",
                       "--helpdesk-name", f"{idp['name']} IT desk", "--helpdesk-mail", f"desk@{idp['domain']}",
                       "--helpdesk-phone", f"03-0000-000{n}")

    # --- the federation --------------------------------------------------------------------------------------------------------

    def fetch(self, url):
        return login.Browser(self.place.path("tls", "ca.pem")).go(url)

    def service_metadata(self):
        """The IdPs read the portal's metadata at each request, so a changed one counts at once."""
        try:
            text = self.fetch(f"{self.place.portal_url}/saml/metadata")
        except (login.Failed, OSError):
            return False
        self.place.write(self.place.path("idp", "sp-metadata.xml"), text)
        return True

    def idp_metadata(self):
        try:
            for n in prepare.IDPS:
                self.place.write(self.place.path("idp", f"idp{n}.xml"), self.fetch(self.place.idp(n)))
        except (login.Failed, OSError):
            return False
        return True

    # --- ready? ----------------------------------------------------------------------------------------------------------------

    def healthy(self):
        try:
            self.fetch(f"{self.place.portal_url}/healthz")
        except (login.Failed, OSError):
            return False
        return True

    def signers_answer(self):
        """Both listen once they have their keys and the database."""
        for name in ("signer", "responder"):
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    probe.connect(self.place.socket(f"app/{name}.sock"))
                except OSError:
                    return False
        return True

    def published(self):
        """Is there a CRL of every CA, at the address that certificates name?"""
        names = self.sql("select name from issuer").split()
        for name in names:
            url = f"http://127.0.0.1:{self.place.port + 2}/crl/{name}.crl"
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as answer:
                    answer.read()
            except OSError:
                return False
        return bool(names)

    def login_works(self):
        done = self.supervisor.command("login", [
            sys.executable, "-B", self.place.program("demo", "login.py"), self.place.portal_url, self.place.path("tls", "ca.pem"),
            self.place.idp(1), "operator", "demo"])
        self.last_login = done[1].strip()
        return done[0] == 0

    def environment(self):
        place = self.place
        values = {
            "PORTAL_URL": place.portal_url, "CLIENT_URL": place.client_url, "PUBLISH_URL": place.publish_url,
            "TLS_CA": place.path("tls", "ca.pem"), "MAILDIR": place.path("mail"), "MAIL_URL": place.mail_url,
            "PGHOST": place.pg_sockets, "PGPORT": "5432", "PGDATABASE": "inkan", "PGUSER": READER,
            "CA_CHAIN": place.path("etc", "chain.pem"), "SP_METADATA_URL": f"{place.portal_url}/saml/metadata",
            "IDP1": place.idp(1), "IDP2": place.idp(2),
            "INKAN": f"{place.program('bin', 'inkan')} -c {place.settings}", "RUN_DIR": place.run,
        }
        place.write(place.path("demo.env"), "".join(f"{name}='{value}'\n" for name, value in values.items()))

    def guide(self):
        place = self.place
        lines = ["", "Log in as one of these, the password is always 'demo':"]
        for n, accounts in ACCOUNTS.items():
            lines.append(f"  {prepare.IDPS[n]['name']} ({prepare.IDPS[n]['name_ja']})")
            lines += [f"    {name:<12} {what}" for name, what in accounts]
        lines += ["", "Ask for two factors: $INKAN profile set smime-52 --contexts refeds-mfa   (student has none; '' asks nothing again)"]
        lines += ["", f"Read the mails:     {place.mail_url}", f"Try a certificate:  {place.client_url}/check",
                  f"Trust for https:    {place.path('tls', 'ca.pem')}", f"For scripts:        {place.path('demo.env')}",
                  f"Logs:               {place.path('log')}/", ""]
        return "\n".join(lines)

    def tails(self):
        """The ends of the daemons' logs, for somebody who waits for a demo that does not come."""
        text = getattr(self, "last_login", "")
        for service in self.supervisor.services:
            try:
                with open(self.place.path("log", f"{service.name}.log"), encoding="utf-8", errors="replace") as file:
                    end = file.read()[-1500:].splitlines()[-6:]
            except OSError:
                continue
            text += f"\n--- {service.name}\n" + "\n".join(end)
        return text

    def trim_logs(self):
        """A demo that is started for weeks does not fill the disk."""
        for name in os.listdir(self.place.path("log")):
            path = self.place.path("log", name)
            if os.path.getsize(path) > 20 * 1024 * 1024:
                os.replace(path, f"{path}.old")


def php_fpm():
    names = sorted(name for name in os.listdir("/usr/sbin") if name.startswith("php-fpm"))
    if not names:
        raise Trouble("php-fpm is not installed: run deploy/dependencies.sh demo")
    return names[-1]


def processes_in(folder):
    """Living processes whose working folder is FOLDER (a stat result)."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            seen = os.stat(f"/proc/{name}/cwd")
        except OSError:
            continue
        if (seen.st_dev, seen.st_ino) == (folder.st_dev, folder.st_ino):
            found.append(int(name))
    return found


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
