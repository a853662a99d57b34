#!/usr/bin/python3
"""SAML keys as files: `inkan saml rollover` step by step, killed at each of its writes, repeated, refused; what is published and
what can be opened fits together at every moment.
tap: seconds 600"""
import concurrent.futures
import glob
import os
import re
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from saml_keys import ROLES, Keys, run  # noqa: E402

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


tap.run(three_steps, killed_anywhere, waiting, several_nodes, files, wrong_files)
