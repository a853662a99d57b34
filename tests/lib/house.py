"""A private PostgreSQL with a folder for one test program: settings, secrets, the command, SQL. It ends with the program."""
import os
import subprocess
import tempfile

import tap

BUILD = os.path.join(tap.ROOT, os.environ.get("BUILD", "build"))
INKAN = os.path.join(BUILD, "inkan")
ROLES = ("portal", "worker", "signer", "responder", "owner")


class House:
    """EMPTY: no migrations yet."""

    def __init__(self, name, empty=False):
        self.box = tempfile.TemporaryDirectory(prefix="inkan-%s-" % name)
        self.folder = self.box.name
        self.config = self.path("inkan.conf")
        env = dict(os.environ, CLUSTER_EMPTY="1") if empty else None
        self.cluster = subprocess.Popen([os.path.join(tap.ROOT, "tests", "cluster")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=env)
        self.sockets = self.cluster.stdout.readline().strip()

    def end(self):
        self.cluster.stdin.close()
        self.cluster.wait(60)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def sql(self, text, sockets=None):
        return subprocess.run(["psql", "-qXAt", "-h", sockets or self.sockets, "-U", "postgres", "-d", "inkan", "-c", text],
                              capture_output=True, text=True, check=True).stdout.strip()

    def databases(self):
        """[database], as a dict."""
        return {role: "host=%s dbname=inkan user=inkan_%s" % (self.sockets, role) for role in ROLES}

    def settings(self, **groups):
        """Writes inkan.conf: what must be there, and GROUPS, each a dict, on top. Keys and passphrases that a test needs not are
        files that are not there."""
        nothing = self.path("x")
        all_groups = {
            "service": {"url": "https://portal.example", "client_url": "https://client.example", "publish_url": "http://pki.example",
                        "secret_file": self.path("secret"), "share": tap.ROOT},
            "database": self.databases(),
            "saml": dict({"entity_id": "https://portal.example/saml"},
                         **{k: nothing for k in ("signing_key", "signing_certificate", "decryption_key", "decryption_certificate")}),
            "worker": {"pid_file": self.path("worker.pid"), "opener_socket": self.path("opener.sock")},
            "mail": {"from": "noreply@inkan.example", "message_domain": "inkan.example"},
            "signer": {"passphrase_file": nothing, "socket": self.path("signer.sock")},
        }
        for name, values in groups.items():
            all_groups.setdefault(name, {}).update(values)
        text = "".join("[%s]\n%s" % (name, "".join("%s=%s\n" % pair for pair in values.items())) for name, values in all_groups.items())
        self.write("inkan.conf", text, 0o644)
        return self.config

    def secret(self):
        """The service secret, made by the command."""
        made = subprocess.run([INKAN, "-c", self.config, "config", "secret"], capture_output=True, text=True, check=True).stdout
        return self.write("secret", made)
