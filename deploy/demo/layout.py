"""Where the demo keeps what, on which ports, and as which users its daemons run."""

import hashlib
import os
import pwd
import re
import stat
import subprocess
import tempfile


class Trouble(Exception):
    """Something that the person in front of the demo can mend; the text says how."""


class Place:
    """One demo: a folder and the first of its twenty ports."""

    def __init__(self, folder, port):
        self.dir = os.path.realpath(folder)
        if not re.fullmatch(r"[\w/.,+@=~-]+", self.dir):
            # It goes into shell lines, connection strings and nginx's configuration.
            raise Trouble(f"DEMO_DIR is {self.dir}: use a path of letters, digits and / . , + @ = ~ - _ only")
        if not re.fullmatch(r"\d{4,5}", port) or not 1024 <= int(port) <= 65535 - 19:
            raise Trouble(f"DEMO_PORT is {port}: use a number from 1024 to 65516")
        self.port = int(port)
        self.root = os.getuid() == 0
        # Socket paths may have 107 bytes; DEMO_DIR may be deep. One short folder for each DEMO_DIR and user.
        mark = hashlib.sha256(os.fsencode(self.dir)).hexdigest()[:12]
        self.sockets = f"/tmp/inkan-demo-{os.getuid()}-{mark}"

    # --- folders and files ---------------------------------------------------------------------------------------------------

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def program(self, *parts):
        return self.path("program", *parts)

    @property
    def run(self):
        return self.path("run")

    @property
    def settings(self):
        return self.path("etc", "inkan.conf")

    def socket(self, name):
        return os.path.join(self.sockets, name)

    @property
    def pg_sockets(self):
        return os.path.join(self.sockets, "pg")

    # --- addresses -------------------------------------------------------------------------------------------------------------

    @property
    def portal_url(self):
        return f"https://localhost:{self.port}"

    @property
    def client_url(self):
        return f"https://localhost:{self.port + 1}"

    @property
    def publish_url(self):
        return f"http://localhost:{self.port + 2}"

    def idp_host(self, n):
        return f"idp{n}.localhost:{self.port + 2 + n}"

    def idp(self, n):
        return f"https://{self.idp_host(n)}/simplesaml/saml2/idp/metadata.php"

    @property
    def smtp_port(self):
        return self.port + 5

    @property
    def mail_url(self):
        return f"https://localhost:{self.port + 6}/"

    # --- users -----------------------------------------------------------------------------------------------------------------

    @property
    def daemon_user(self):
        return "nobody" if self.root else pwd.getpwuid(os.getuid()).pw_name

    @property
    def database_user(self):
        return "postgres" if self.root else pwd.getpwuid(os.getuid()).pw_name

    def as_user(self, user, *command, die="KILL"):
        """COMMAND run by USER; it gets signal DIE when whoever started it is gone."""
        words = ["setpriv", f"--pdeathsig={die}"]
        if self.root and user != "root":
            entry = pwd.getpwnam(user)
            words += [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--no-new-privs"]
        return words + ["--", *command]

    def own(self, path, user):
        if self.root:
            entry = pwd.getpwnam(user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def folder(self, path, mode=0o755, user="root"):
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        self.own(path, user)
        return path

    def make_sockets_folder(self):
        """It has a name that anybody could foresee: it must be ours, or nothing goes there."""
        try:
            os.mkdir(self.sockets, 0o700)
        except FileExistsError:
            pass
        seen = os.lstat(self.sockets)
        if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
            raise Trouble(f"{self.sockets} belongs to somebody else: take it away, or choose another DEMO_DIR")
        os.chmod(self.sockets, 0o711 if self.root else 0o700)

    def write(self, path, data, mode=0o644, user="root"):
        """The whole file or nothing of it."""
        if isinstance(data, str):
            data = data.encode()
        handle, aside = tempfile.mkstemp(dir=os.path.dirname(path))
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                os.fchmod(handle, mode)
                self.own(aside, user)
                file.flush()
                os.fsync(handle)
            os.rename(aside, path)
        except BaseException:
            os.unlink(aside)
            raise

    def environment(self):
        """What the daemons get: nothing of the caller's PG*, LANG, HOME and the like, which would change what they do."""
        kept = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": self.run,
                **{name: os.environ[name] for name in kept if name in os.environ}}


def fill(template, **values):
    """The text of TEMPLATE with each @NAME@ replaced; an unknown name is a mistake in the template."""
    with open(template, encoding="utf-8") as file:
        return re.sub(r"@([A-Z][A-Z0-9_]*)@", lambda found: str(values[found.group(1)]), file.read())


def postgresql_bin():
    """The folder of initdb and postgres, newest version; only psql and the like are in PATH."""
    base = "/usr/lib/postgresql"
    versions = [v for v in os.listdir(base) if os.path.exists(f"{base}/{v}/bin/postgres")] if os.path.isdir(base) else []
    if not versions:
        raise Trouble("PostgreSQL's server is not installed: run deploy/dependencies.sh demo")
    return f"{base}/{max(versions, key=float)}/bin"


def unreachable(place):
    """The topmost folder above DEMO_DIR that the daemons' users cannot pass (such as /root), or None."""
    if not place.root:
        return None
    parts = place.dir.split("/")[1:-1]
    for n in range(1, len(parts) + 1):
        above = "/" + "/".join(parts[:n])
        if not os.path.isdir(above):
            return None
        for user in (place.daemon_user, place.database_user):
            if subprocess.run(place.as_user(user, "test", "-x", above), cwd="/", check=False).returncode != 0:
                return above
    return None


def may_unshare():
    """May we have a mount namespace of our own? In some containers not even root may."""
    return subprocess.run(["unshare", "--mount", "true"], check=False, stderr=subprocess.DEVNULL).returncode == 0
