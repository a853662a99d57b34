"""What the demo's CA key can make and no page does: certificates of other days, and ones that nobody recorded."""
import configparser
import os
import re

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import client


def settings(demo):
    """inkan.conf of the demo."""
    found = configparser.ConfigParser(interpolation=None)
    found.read(os.path.join(os.path.dirname(demo.file), "etc", "inkan.conf"))
    return found


def key(demo, name="client"):
    signer = settings(demo)["signer"]
    with open(signer["passphrase_file"], "rb") as file:
        word = file.read().strip()
    with open(os.path.join(signer["keys"], name + ".pem"), "rb") as file:
        return serialization.load_pem_private_key(file.read(), word)


def signed(demo, folder, name, begin, end, units=(), common_name=None):
    """A certificate by the client CA's key, valid from BEGIN to END: ((certificate file, key file, None), the certificate)."""
    ca = x509.load_der_x509_certificate(demo.fetch("/ca/client.cer").want(200).body)
    mine = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")] +
                        [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units] +
                        [x509.NameAttribute(NameOID.COMMON_NAME, common_name or "Check " + name)])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(ca.subject).public_key(mine.public_key())
            .serial_number(int("0x7a" + os.urandom(19).hex(), 16)).not_valid_before(begin).not_valid_after(end)
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value), False)
            .sign(key(demo), hashes.SHA256()))
    crt = client.write(folder, name + ".crt", made.public_bytes(serialization.Encoding.PEM))
    secret = client.write(folder, name + ".key", mine.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return (crt, secret, None), made


def server_certificate(demo):
    """The demo's certificate for localhost, its key, and the line in which nginx's settings say as whom it runs ("": as who starts it)."""
    with open(os.path.join(os.path.dirname(demo.file), "etc", "nginx.conf"), encoding="utf-8") as file:
        running = file.read()
    return (re.search(r"ssl_certificate +(\S+);", running).group(1), re.search(r"ssl_certificate_key +(\S+);", running).group(1),
            "".join(re.findall(r"^\s*(user .*;)", running, re.M)[:1]))
