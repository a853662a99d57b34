#!/usr/bin/python3
"""SAML keys as files: `inkan saml rollover` step by step, killed at each of its writes, repeated, refused; what is published and
what can be opened fits together at every moment. And our metadata, read by others: the OASIS schemas, pysaml2, SimpleSAMLphp.
tap: seconds 300"""
import base64
import concurrent.futures
import glob
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

INKAN = os.path.join(tap.ROOT, os.environ.get("BUILD", "build"), "inkan")
ROLES = ("signing", "decryption")
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
box = tempfile.TemporaryDirectory(prefix="inkan-rollover-")


class Keys:
    """A folder with settings and the four files, as somebody makes them by openssl."""

    def __init__(self, name, **settings):
        self.folder = os.path.join(box.name, name)
        os.mkdir(self.folder)
        for role in ROLES:
            shutil.copy(os.path.join(originals, role + ".key"), self.folder)
            shutil.copy(os.path.join(originals, role + ".pem"), self.folder)
            os.chmod(self.path(role + ".key"), 0o640)
        self.configure(**settings)

    def configure(self, **settings):
        saml = dict({"entity_id": "https://portal.example/saml", "signing_key": self.path("signing.key"),
                     "signing_certificate": self.path("signing.pem"), "decryption_key": self.path("decryption.key"),
                     "decryption_certificate": self.path("decryption.pem")}, **settings)
        with open(self.path("inkan.conf"), "w", encoding="utf-8") as file:
            file.write("[service]\nurl=https://portal.example\nclient_url=https://client.example\npublish_url=http://pki.example\n"
                       "secret_file=/nowhere\nhelpdesk_mail=help@portal.example\n[mail]\nfrom=a@b.example\nmessage_domain=b.example\n"
                       "[signer]\npassphrase_file=/nowhere\n[saml]\n" + "".join("%s=%s\n" % one for one in saml.items()))

    def path(self, name):
        return os.path.join(self.folder, name)

    def inkan(self, *words, kill=None):
        command = [INKAN, "-c", self.path("inkan.conf")] + list(words)
        if kill:
            command = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=%s" % kill[0],
                       "-e", "inject=%s:signal=KILL:when=%d" % kill] + command
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def good(self, *words):
        done = self.inkan(*words)
        tap.equal(done.returncode, 0, " ".join(words) + ": " + done.stderr)
        return done.stdout

    def bad(self, status, *words):
        done = self.inkan(*words)
        tap.equal(done.returncode, status, "%s: %s%s" % (" ".join(words), done.stdout, done.stderr))
        return done.stderr

    def blocks(self, name, label):
        with open(self.path(name), encoding="ascii") as file:
            return re.findall("-----BEGIN %s-----.*?-----END %s-----" % (label, label), file.read(), re.S)

    def key_ids(self, role):
        """The public keys of the role's private keys, in order; and of its certificates."""
        keys = [run(["openssl", "pkey", "-pubout"], pem) for pem in self.blocks(role + ".key", "PRIVATE KEY")]
        return keys, [run(["openssl", "x509", "-noout", "-pubkey"], pem) for pem in self.blocks(role + ".pem", "CERTIFICATE")]

    def published(self):
        """[use, public key] of each KeyDescriptor, in order."""
        found = re.findall(r'<md:KeyDescriptor use="(\w+)">.*?X509Certificate>([^<]+)<', self.good("saml", "metadata"), re.S)
        return [(use, run(["openssl", "x509", "-inform", "DER", "-noout", "-pubkey"], base64.b64decode(body))) for use, body in found]


def run(command, given=None):
    if isinstance(given, str):
        given = given.encode()
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    tap.equal(done.returncode, 0, "%s: %s" % (command[0], done.stderr.decode("utf-8", "replace")))
    return done.stdout.decode()


def make_originals():
    folder = os.path.join(box.name, "originals")
    os.mkdir(folder)
    for role in ROLES:
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=portal.example " + role, "-keyout",
             os.path.join(folder, role + ".key"), "-out", os.path.join(folder, role + ".pem")])
    return folder


originals = make_originals()
STEPS = (("start",), ("switch", "--force"), ("finish", "--force"))
# What a step says that is over already.
OVER = {"start": "go on with `inkan saml rollover switch`", "switch": "go on with `inkan saml rollover finish`",
        "finish": "no change is under way"}


def works(keys, what):
    """Who believes what is published gets an answer: the key that signs is among the published ones, and whatever may be encrypted
    to can be decrypted."""
    published = keys.published()
    signing, _ = keys.key_ids("signing")
    decryption, _ = keys.key_ids("decryption")
    tap.ok(("signing", signing[0]) in published, what + ": the key that signs is published")
    encryption = [key for use, key in published if use == "encryption"]
    tap.ok(encryption, what + ": something to encrypt to is published")
    tap.ok(set(encryption) <= set(decryption), what + ": what is encrypted to can be decrypted")
    return published


# --- the steps --------------------------------------------------------------------------------------------------------------------

def three_steps():
    """start, switch, finish: who still believes the metadata of the step before is served too"""
    keys = Keys("steps")
    before = works(keys, "before")
    old = {role: keys.key_ids(role)[0][0] for role in ROLES}
    tap.equal(len(before), 2)
    for step in STEPS:
        keys.good("saml", "rollover", *step)
        after = works(keys, step[0])
        # Who has not read the new metadata yet: its keys still open what is encrypted, and it knows the key that signs.
        tap.ok(("signing", keys.key_ids("signing")[0][0]) in before, step[0] + ": an IdP with the metadata of the step before")
        stale = {key for use, key in before if use == "encryption"}
        tap.ok(stale <= set(keys.key_ids("decryption")[0]), step[0] + ": encrypted by an IdP with the metadata of the step before")
        counts = {use: sum(1 for one in after if one[0] == use) for use in ("signing", "encryption")}
        tap.equal(counts, {"start": {"signing": 2, "encryption": 2}, "switch": {"signing": 2, "encryption": 1},
                           "finish": {"signing": 1, "encryption": 1}}[step[0]], step[0])
        before = after
    for role in ROLES:
        new, certificates = keys.key_ids(role)
        tap.equal(new, certificates, role)
        tap.ok(old[role] not in new, role + " has another key")
        bits = run(["openssl", "x509", "-noout", "-text"], keys.blocks(role + ".pem", "CERTIFICATE")[0])
        tap.ok("(3072 bit)" in bits and "sha256WithRSAEncryption" in bits, bits)
    tap.ok(keys.key_ids("signing")[0] != keys.key_ids("decryption")[0], "separate keys")


def killed_at(call, n):
    """All steps, each killed at its Nth CALL and then repeated. How many were killed."""
    keys, cut = Keys("%s-%d" % (call, n)), 0
    for step in STEPS:
        done = keys.inkan("saml", "rollover", *step, kill=(call, n))
        what = "%s killed at %s %d" % (step[0], call, n)
        works(keys, what)
        if done.returncode != 0:
            tap.ok(done.returncode in (-9, 137), what + ": %d %s" % (done.returncode, done.stderr))
            cut += 1
            again = keys.inkan("saml", "rollover", *step)
            tap.ok(again.returncode == 0 or (again.returncode == 4 and OVER[step[0]] in again.stderr), what + ": " + again.stderr)
            works(keys, what + ", then repeated")
    tap.equal([len(keys.key_ids(role)[0]) for role in ROLES], [1, 1], "%s %d: at the end" % (call, n))
    tap.equal(glob.glob(keys.path("*.new")), [], "nothing is left lying about")
    return cut


def killed_anywhere():
    """killed at any of its writes: what is there works, and the same command does the rest"""
    points = [("renameat", n) for n in range(1, 6)] + [("fsync", n) for n in (1, 4, 8, 9)]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        cut = dict(zip(points, pool.map(lambda point: killed_at(*point), points)))
    tap.equal([cut["renameat", n] for n in range(1, 6)], [3, 3, 3, 2, 0], "start and switch write four files, finish three")
    tap.equal(cut["fsync", 9], 0, "no write was left out")


def waiting():
    """a step too early is refused, and says until when and why"""
    keys = Keys("waiting", rollover_wait=3600)
    tap.ok("no change is under way" in keys.bad(4, "saml", "rollover", "switch", "--force"))
    keys.good("saml", "rollover", "start")
    state = keys.published()
    tap.ok("go on with `inkan saml rollover switch`" in keys.bad(4, "saml", "rollover", "start"))
    said = keys.bad(4, "saml", "rollover", "switch")
    tap.ok("--force" in said and "rollover_wait" in said and re.search(r"until 20\d\d-\d\d-\d\d \d\d:\d\d ", said), said)
    tap.equal(keys.published(), state, "nothing was changed")
    keys.configure(rollover_wait=0)
    keys.good("saml", "rollover", "switch")
    keys.good("saml", "rollover", "finish")


def several_nodes():
    """with --prepare the keys come first: copied to the other nodes before anybody can encrypt to them"""
    one, two = Keys("node1"), Keys("node2")
    one.good("saml", "rollover", "start", "--prepare")
    tap.equal(len(one.published()), 2, "nothing is published yet")
    tap.ok("prepared" in one.good("saml", "status", "--offline"))

    def copy(*endings):
        for ending in endings:
            for role in ROLES:
                shutil.copy(one.path(role + ending), two.path(role + ending))
        return works(two, "the other node")
    copy(".key")
    one.good("saml", "rollover", "start")
    opened = set(two.key_ids("decryption")[0])
    tap.ok({key for use, key in one.published() if use == "encryption"} <= opened, "node 2 opens what is encrypted by node 1's metadata")
    tap.equal(copy(".pem"), one.published(), "then the certificates")
    # From here on the order does not matter.
    one.good("saml", "rollover", "switch", "--force")
    tap.ok(("signing", one.key_ids("signing")[0][0]) in two.published(), "node 1 signs with a key that node 2 publishes")
    copy(".pem"), copy(".key")
    one.good("saml", "rollover", "finish", "--force")
    copy(".key"), copy(".pem")
    tap.equal(two.published(), one.published())


def files():
    """owner, group and mode stay; a key is never for others; a link is not followed"""
    keys = Keys("files")
    if os.getuid() == 0:
        os.chown(keys.path("signing.key"), 65534, 65534)
    keys.good("saml", "rollover", "start")
    about = os.stat(keys.path("signing.key"))
    tap.equal(stat.S_IMODE(about.st_mode), 0o640)
    tap.equal(stat.S_IMODE(os.stat(keys.path("signing.pem")).st_mode), 0o644)
    if os.getuid() == 0:
        tap.equal((about.st_uid, about.st_gid), (65534, 65534))
    link = Keys("link")
    os.rename(link.path("signing.key"), link.path("elsewhere"))
    os.symlink("elsewhere", link.path("signing.key"))
    tap.ok("it is a link" in link.bad(1, "saml", "rollover", "start"))
    tap.ok(os.path.islink(link.path("signing.key")))
    link.bad(1, "saml", "rollover", "start")


def wrong_files():
    """what does not go together is said with the files' names, and nothing is written"""
    def trouble(name, change, word, status=4):
        keys = Keys(name)
        change(keys)
        said = keys.bad(status, "saml", "rollover", "start")
        tap.ok(word in said and keys.folder in said, said)
    trouble("swapped", lambda k: shutil.copy(k.path("decryption.pem"), k.path("signing.pem")), "the certificate in use has no key")
    trouble("empty", lambda k: open(k.path("signing.pem"), "w", encoding="ascii").close(), "holds nothing in PEM")
    trouble("open", lambda k: os.chmod(k.path("signing.key"), 0o644), "others cannot read")
    trouble("gone", lambda k: os.unlink(k.path("decryption.key")), "decryption.key")
    trouble("same", lambda k: k.configure(decryption_key=k.path("signing.key"), decryption_certificate=k.path("signing.pem")),
            "files of their own")
    locked = Keys("locked")
    other = subprocess.Popen(["flock", locked.folder, "sleep", "30"], stdout=subprocess.DEVNULL)
    try:
        tap.until(lambda: locked.inkan("saml", "status", "--offline").returncode == 4)
    finally:
        other.kill()
        other.wait()


# --- our metadata, read by others ----------------------------------------------------------------------------------------------

FULL = {"entity_categories": "http://refeds.org/category/code-of-conduct/v2;https://refeds.org/category/personalized",
        "assurance_certifications": "https://refeds.org/sirtfi", "organization_en": "Example University", "organization_ja": "例大学",
        "technical_mail": "tech@portal.example", "security_mail": "security@portal.example", "subject_id": "subject-id"}


def documents():
    """Plain and signed, small and full, in the middle of a change."""
    small, full = Keys("small"), Keys("full", **FULL)
    full.good("saml", "rollover", "start")
    return [(k.path(name), k) for k in (small, full) for name, words in (("plain.xml", []), ("signed.xml", ["--signed"]))
            if open(k.path(name), "w", encoding="utf-8").write(k.good("saml", "metadata", *words))]


IMPORTS = {"saml-schema-metadata-2.0.xsd": MD, "sstc-saml-metadata-ui-v1.0.xsd": "urn:oasis:names:tc:SAML:metadata:ui",
           "sstc-metadata-attr.xsd": "urn:oasis:names:tc:SAML:metadata:attribute",
           "sstc-saml-metadata-algsupport-v1.0.xsd": "urn:oasis:names:tc:SAML:metadata:algsupport",
           "sstc-saml-idp-discovery.xsd": "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"}


def schemas():
    """the schemas of OASIS for metadata, UI, entity attributes, algorithms and discovery, as Shibboleth's libraries ship them"""
    folder = "/usr/share/xml/opensaml"
    if not os.path.exists(folder + "/saml-schema-metadata-2.0.xsd"):
        raise tap.Skip("OpenSAML's schemas are not installed")
    wrapper = os.path.join(box.name, "all.xsd")
    with open(wrapper, "w", encoding="ascii") as file:
        file.write('<schema xmlns="http://www.w3.org/2001/XMLSchema">%s</schema>' % "".join(
            '<import namespace="%s" schemaLocation="file://%s/%s"/>' % (namespace, folder, name) for name, namespace in IMPORTS.items()))
    # The schemas import those of W3C by their addresses; the files are in SimpleSAMLphp.
    catalog = os.path.join(box.name, "catalog.xml")
    with open(catalog, "w", encoding="ascii") as file:
        file.write('<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">%s</catalog>' % "".join(
            '<system systemId="%s" uri="file:///usr/share/simplesamlphp/schemas/%s"/>' % (address, address.rsplit("/", 1)[1])
            for address in ("http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd",
                            "http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd", "http://www.w3.org/2001/xml.xsd")))
    for path, _ in documents_made:
        done = subprocess.run(["xmllint", "--nonet", "--noout", "--schema", wrapper, path], capture_output=True, text=True, check=False,
                              env=dict(os.environ, XML_CATALOG_FILES=catalog))
        tap.equal(done.returncode, 0, path + ": " + done.stderr)


def pysaml2():
    """pysaml2 reads names, endpoints, keys, wanted attributes and contacts"""
    import saml2.attribute_converter
    import saml2.config
    import saml2.mdstore
    converters = saml2.attribute_converter.ac_factory()
    for path, keys in documents_made:
        store = saml2.mdstore.MetadataStore(converters, saml2.config.Config())
        store.load("local", path)
        entity = "https://portal.example/saml"
        tap.equal(sorted(store.keys()), [entity])
        acs = store.assertion_consumer_service(entity)
        tap.equal([(one["location"], one.get("is_default")) for one in acs], [("https://portal.example/saml/acs", "true")])
        bindings = {b for b in store[entity]["spsso_descriptor"][0]["single_logout_service"] for b in [b["binding"].rsplit(":", 1)[1]]}
        tap.equal(bindings, {"HTTP-Redirect", "HTTP-POST"})
        needed = store.attribute_requirement(entity)
        tap.equal({one["friendly_name"] for one in needed["required"]}, {"mail", "displayName"})
        tap.equal(len(needed["optional"]), 14)
        certificates = store.certs(entity, "spsso", "signing"), store.certs(entity, "spsso", "encryption")
        tap.equal([len(c) for c in certificates], [2, 2] if "full" in keys.folder else [1, 1], path)
        if "full" in keys.folder:
            attributes = store.entity_attributes(entity)
            tap.equal(attributes["http://macedir.org/entity-category"], FULL["entity_categories"].split(";"))
            tap.equal(attributes["urn:oasis:names:tc:SAML:profiles:subject-id:req"], ["subject-id"])


PHP = r"""
require '/usr/share/simplesamlphp/lib/_autoload.php';
foreach (\SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($argv[1]) as $id => $entity) {
    $sp = $entity->getMetadata20SP();
    $keys = array_map(function ($k) { return ($k['signing'] ? 's' : '') . ($k['encryption'] ? 'e' : ''); }, $sp['keys']);
    print json_encode(['id' => $id, 'acs' => $sp['AssertionConsumerService'], 'slo' => count($sp['SingleLogoutService']), 'keys' => $keys,
        'required' => $sp['attributes.required'], 'name' => $sp['UIInfo']['DisplayName'], 'privacy' => $sp['UIInfo']['PrivacyStatementURL'],
        'logo' => $sp['UIInfo']['Logo'], 'contacts' => count($sp['contacts'])]);
}
"""


def simplesamlphp():
    """SimpleSAMLphp reads the same"""
    import json
    for path, keys in documents_made:
        told = json.loads(run(["php", "-d", "error_reporting=0", "-r", PHP, path]))
        tap.equal(told["id"], "https://portal.example/saml")
        tap.equal(told["acs"][0]["Location"], "https://portal.example/saml/acs")
        tap.equal(told["slo"], 2)
        tap.equal(told["keys"], ["s", "s", "e", "e"] if "full" in keys.folder else ["s", "e"], path)
        tap.equal(sorted(told["required"]), ["urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.16.840.1.113730.3.1.241"])
        tap.equal(told["name"]["ja"], "Inkan 証明書")
        tap.equal(told["privacy"]["en"], "https://portal.example/privacy")
        tap.equal((told["logo"][0]["url"], told["contacts"]), ("https://portal.example/logo.png", 3))


def signed():
    """xmlsec1 verifies the signed document with the key in use, and with no other"""
    for path, keys in documents_made:
        if not path.endswith("signed.xml"):
            continue
        for number, pem in enumerate(keys.blocks("signing.pem", "CERTIFICATE")):
            with open(keys.path("one.pem"), "w", encoding="ascii") as file:
                file.write(pem + "\n")
            done = subprocess.run(["xmlsec1", "--verify", "--id-attr:ID", MD + ":EntityDescriptor", "--pubkey-cert-pem", keys.path("one.pem"),
                                   path], capture_output=True, check=False)
            tap.equal(done.returncode == 0, number == 0, "%s by certificate %d" % (path, number))


documents_made = documents()
tap.run(three_steps, killed_anywhere, waiting, several_nodes, files, wrong_files, schemas, pysaml2, simplesamlphp, signed)
