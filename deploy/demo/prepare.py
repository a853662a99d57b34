"""What the demo makes once and keeps: its TLS, SAML and federation keys, passwords, the PostgreSQL cluster, the settings of
every daemon. Each step looks first whether its result is there, so a second start continues with the data of the first."""

import base64
import json
import os
import secrets
import subprocess

from layout import fill, postgresql_bin

ROLES = ("owner", "portal", "worker", "signer", "responder")
OFFICER = "https://inkan.example/entitlement/officer"
OPERATOR = "https://inkan.example/entitlement/operator"


def everything(place):
    folders(place)
    tls(place)
    saml(place)
    passwords(place)
    cluster(place)
    idps(place)
    settings(place)


def template(place, name, **values):
    return fill(place.program("demo", "templates", name), DIR=place.dir, PROGRAM=place.program(), SOCKETS=place.sockets,
                **values)


def folders(place):
    daemon, database = place.daemon_user, place.database_user
    public = 0o755 if place.root else 0o700
    place.folder(place.dir, public)
    for name in ("etc", "tls", "run", "idp"):
        place.folder(place.path(name), public)
    place.folder(place.path("log"), public, daemon)
    place.folder(place.path("data"), 0o700, database)
    for name in ("secret", "ca", "tmp", "mail", "mail/new", "mail/cur", "mail/tmp"):
        place.folder(place.path(name), 0o700, daemon)
    place.make_sockets_folder()
    place.folder(place.socket("app"), 0o700, daemon)
    # PostgreSQL's user owns it, the daemons' group may enter, so that no other user of this machine reaches the server.
    place.folder(place.pg_sockets, 0o750, database)
    if place.root:
        os.chown(place.pg_sockets, -1, os.stat(place.socket("app")).st_gid)


# --- keys ----------------------------------------------------------------------------------------------------------------------

def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env={"PATH": "/usr/bin:/bin", "OPENSSL_CONF": "/dev/null"})
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.strip()}")


def lasts(certificate, days):
    """Is CERTIFICATE there, and valid for DAYS more?"""
    return os.path.exists(certificate) and subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-checkend", str(days * 86400)], check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def self_signed(place, stem, name, kind, days, *extensions, folder="secret"):
    """KEY and certificate STEM.key and STEM.pem; the certificate last, so that its being there means both are."""
    key, certificate = place.path(folder, f"{stem}.key"), place.path(folder, f"{stem}.pem")
    if lasts(certificate, 30):
        return
    words = ["req", "-x509", "-newkey", *kind, "-nodes", "-sha256", "-days", str(days), "-subj", f"/CN={name}",
             "-keyout", f"{key}.new", "-out", f"{certificate}.new"]
    for extension in extensions:
        words += ["-addext", extension]
    openssl(*words)
    settle(place, key, 0o600)
    settle(place, certificate, 0o644)


def settle(place, path, mode):
    os.chmod(f"{path}.new", mode)
    place.own(f"{path}.new", place.daemon_user)
    os.rename(f"{path}.new", path)


RSA = ("rsa:2048",)
P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def tls(place):
    """A CA for the https of this demo alone (its key stays in DEMO_DIR), one certificate for all its host names, and one for profiles."""
    self_signed(place, "ca", "Inkan demo TLS CA", P256, 3650, "basicConstraints=critical,CA:TRUE,pathlen:0",
                "keyUsage=critical,keyCertSign,cRLSign", folder="tls")
    issued(place, "server", "localhost", "extendedKeyUsage=serverAuth",
           "subjectAltName=DNS:localhost,DNS:idp1.localhost,DNS:idp2.localhost,IP:127.0.0.1")
    # Signs configuration profiles. Whoever trusts this demo's https trusts it too, as with one certificate for both; a key of its
    # own, because nginx has no business with it.
    issued(place, "profile", "Inkan demo, configuration profiles", "extendedKeyUsage=emailProtection")


def issued(place, stem, name, *more):
    """A key and a certificate STEM of the demo's TLS CA."""
    ca, key, certificate = place.path("tls", "ca"), place.path("tls", f"{stem}.key"), place.path("tls", f"{stem}.pem")
    if lasts(certificate, 30) and os.stat(certificate).st_mtime >= os.stat(f"{ca}.pem").st_mtime:
        return
    request, extensions = place.path("tls", f"{stem}.csr"), place.path("tls", f"{stem}.ext")
    place.write(extensions, "\n".join(("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                                       "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid", *more)) + "\n")
    openssl("req", "-new", "-newkey", *P256, "-nodes", "-sha256", "-subj", f"/CN={name}", "-keyout", f"{key}.new",
            "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-set_serial",
            "0x" + secrets.token_hex(19), "-sha256", "-days", "397", "-extfile", extensions, "-out", f"{certificate}.new")
    settle(place, key, 0o600)
    settle(place, certificate, 0o644)
    os.unlink(request)
    os.unlink(extensions)


def saml(place):
    for stem, name in (("sp-signing", "Inkan demo SP, signing"), ("sp-decryption", "Inkan demo SP, decryption"),
                       ("federation", "Demo federation metadata signer"), ("idp1", "idp1.localhost"),
                       ("idp2", "idp2.localhost")):
        self_signed(place, stem, name, RSA, 3650)


def secret(place, name, make):
    """The text of a secret file, made by MAKE() the first time."""
    path = place.path("secret", name)
    if not os.path.exists(path):
        place.write(path, make() + "\n", 0o600, place.daemon_user)
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


# --- PostgreSQL ----------------------------------------------------------------------------------------------------------------

def passwords(place):
    """A password for each service role, in a passfile of its own (libpq refuses one that others may read)."""
    for role in ROLES:
        secret(place, f"pgpass-{role}", lambda role=role: f"*:*:*:inkan_{role}:{secrets.token_urlsafe(32)}")
    secret(place, "passphrase", lambda: secrets.token_urlsafe(32))


def password_of(place, role):
    return secret(place, f"pgpass-{role}", str).rpartition(":")[2]


def connection(place, role):
    return (f"host={place.pg_sockets} port=5432 dbname=inkan user=inkan_{role} "
            f"passfile={place.path('secret', f'pgpass-{role}')} connect_timeout=5")


def cluster(place):
    data, user = place.path("data", "postgres"), place.database_user
    if not os.path.exists(os.path.join(data, "PG_VERSION.whole")):
        # A cluster whose making was cut short is made again.
        subprocess.run(["rm", "-rf", data], check=True)
        done = subprocess.run(place.as_user(user, f"{postgresql_bin()}/initdb", "--no-sync", "-A", "peer", "-U", user,
                                            "-E", "UTF8", "--locale=C.UTF-8", "-D", data),
                              capture_output=True, text=True, check=False, cwd="/", env=place.environment())
        if done.returncode != 0:
            raise RuntimeError(f"initdb: {done.stdout}{done.stderr}")
        place.write(os.path.join(data, "PG_VERSION.whole"), "", 0o600, user)
    place.write(os.path.join(data, "postgresql.conf"), template(place, "postgresql.conf"), 0o600, user)
    place.write(os.path.join(data, "pg_hba.conf"), template(place, "pg_hba.conf", SUPERUSER=user), 0o600, user)


# --- the IdPs ------------------------------------------------------------------------------------------------------------------

IDPS = {
    1: {"name": "Kagami University", "name_ja": "かがみ大学", "domain": "kagami.example", "encrypt": True,
        "logo": "kagami.png", "keywords": "kagami mirror"},
    2: {"name": "Minato Institute", "name_ja": "湊研究所", "domain": "minato.example", "encrypt": False,
        "logo": "minato.png", "keywords": "minato port"},
}


def idps(place):
    """Two SimpleSAMLphp configurations; both read the same PHP files and differ by one JSON file."""
    for n, idp in IDPS.items():
        folder = place.folder(place.path("idp", str(n)))
        for name in ("log", "data", "tmp", "sessions"):
            place.folder(os.path.join(folder, name), 0o700, place.daemon_user)
        place.folder(os.path.join(folder, "metadata"))
        place.folder(os.path.join(folder, "attributemap"))
        with open(place.program("demo", "templates", idp["logo"]), "rb") as file:
            logo = "data:image/png;base64," + base64.b64encode(file.read()).decode()
        values = {**idp, "n": n, "logo": logo, "url": f"https://{place.idp_host(n)}", "entity_id": place.idp(n), "folder": folder,
                  "secret": place.path("secret"), "sp_metadata": place.path("idp", "sp-metadata.xml"),
                  "salt": secret(place, f"idp{n}-salt", lambda: secrets.token_urlsafe(32)),
                  "admin": secret(place, f"idp{n}-admin", lambda: secrets.token_urlsafe(32)),
                  "officer": OFFICER, "operator": OPERATOR}
        place.write(os.path.join(folder, "demo.json"), json.dumps(values, ensure_ascii=False, indent=1), 0o600,
                    place.daemon_user)
        templates = place.program("demo", "templates")
        for source, target in (("idp-config.php", "config.php"), ("idp-authsources.php", "authsources.php"),
                               ("idp-hosted.php", "metadata/saml20-idp-hosted.php"),
                               ("idp-attributes.php", "attributemap/demo.php"), ("idp-step-up.php", "step-up.php"),
                               ("idp-second-factor.php", "second-factor.php")):
            with open(os.path.join(templates, source), "rb") as file:
                place.write(os.path.join(folder, target), file.read())
    if not os.path.exists(place.path("idp", "sp-metadata.xml")):
        place.write(place.path("idp", "sp-metadata.xml"), '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>\n')


# --- settings of the daemons ---------------------------------------------------------------------------------------------------

def settings(place):
    place.write(place.path("etc", "inkan.conf"), template(
        place, "inkan.conf", PORTAL_URL=place.portal_url, CLIENT_URL=place.client_url, PUBLISH_URL=place.publish_url,
        PORT=place.port, SMTP_PORT=place.smtp_port, OFFICER=OFFICER, OPERATOR=OPERATOR, IDP1=place.idp(1),
        **{f"DB_{role.upper()}": connection(place, role) for role in ROLES}))
    ports = {f"PORT_{n}": place.port + n for n in range(7)}
    place.write(place.path("etc", "nginx.conf"), template(place, "nginx.conf", **ports))
    place.write(place.path("etc", "nginx-idp.conf"), template(place, "nginx-idp.conf"))
    place.write(place.path("etc", "php-fpm.conf"), template(place, "php-fpm.conf"))
