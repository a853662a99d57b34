#!/usr/bin/python3
"""`inkan migrate`, `inkan config` and their complaints, on a private PostgreSQL."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import house  # noqa: E402
import tap  # noqa: E402

home = house.House("migrate", empty=True)


def settings(name="inkan.conf", changed="", **database):
    """A settings file from the sample in deploy/, with the database of the test; CHANGED: lines put at the end of groups."""
    with open(os.path.join(tap.ROOT, "deploy", "inkan.conf.sample"), encoding="utf-8") as file:
        text = file.read()
    values = dict(home.databases(), **database)
    text = re.sub(r"(?ms)^\[database\].*?(?=^\[|\Z)", "[database]\n" + "".join("%s=%s\n" % kv for kv in values.items()) + "\n", text)
    text = re.sub(r"(?m)^#?\s*share\s*=.*$", "share=" + tap.ROOT, text, count=1)
    for line in filter(None, changed.split("\n")):
        group, rest = line.split(" ", 1)
        key = rest.split("=")[0]
        text = re.sub(r"(?ms)(^\[%s\]\n)(.*?)(?=^\[|\Z)" % group,
                      lambda m, k=key, r=rest: m.group(1) + r + "\n" + re.sub(r"(?m)^%s\s*=.*\n" % k, "", m.group(2)), text)
    return home.write(name, text)


def inkan(*words, config=None):
    return subprocess.run([house.INKAN, "-c", config or settings()] + list(words), capture_output=True, text=True, check=False, timeout=60)


def dump():
    done = subprocess.run(["pg_dump", "-h", home.sockets, "-U", "postgres", "inkan"], capture_output=True, text=True, check=True)
    # Newer pg_dump puts a random word on two lines.
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("\\"))


def migrates():
    """an empty database is migrated"""
    done = inkan("migrate")
    tap.equal(done.returncode, 0, done.stderr)
    tap.has(dump(), "CREATE TABLE public.request ")


def migrates_twice():
    """a second time changes nothing and says so without complaint"""
    before = dump()
    done = inkan("migrate")
    tap.equal(done.returncode, 0, done.stderr)
    tap.equal(dump() == before, True, "the database changed")


def two_at_once():
    """two at once on an empty database do it once"""
    subprocess.run(["psql", "-qX", "-h", home.sockets, "-U", "postgres", "-d", "postgres", "-c", "drop database inkan", "-c",
                    "create database inkan owner inkan_owner"], check=True)
    config = settings()
    running = [subprocess.Popen([house.INKAN, "-c", config, "migrate"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(3)]
    outputs = [p.communicate(timeout=60)[0] for p in running]
    tap.equal([p.returncode for p in running], [0, 0, 0], "\n".join(outputs))
    tap.equal(inkan("migrate").returncode, 0)


def database_away():
    """without a server it says which one was asked for, and fails"""
    done = inkan("migrate", config=settings("away.conf", owner="host=/nowhere dbname=inkan user=inkan_owner"))
    tap.ok(done.returncode not in (0, -6, -11), str(done.returncode))
    tap.has(done.stderr, "/nowhere")


def wrong_settings():
    """a wrong setting is an error that names the file, the key and what is allowed"""
    for changed, words in (("portal processes=many", ("processes", "number|1 to|between|from 1")), ("portal processes=0", ("processes", "1")),
                           ("portal proceses=3", ("proceses",)), ("service log_level=loud", ("log_level", "debug")),
                           ("mail tries=-1", ("tries", "1"))):
        path = settings("wrong.conf", changed)
        done = inkan("config", "check", config=path)
        tap.ok(done.returncode not in (0, -6, -11), "%s: %s" % (changed, done.returncode))
        tap.has(done.stderr, path)
        for word in words:
            tap.ok(re.search(word, done.stderr), "%s: %s" % (changed, done.stderr))
    done = inkan("config", "check", config="/nowhere/inkan.conf")
    tap.ok(done.returncode not in (0, -6, -11) and "/nowhere/inkan.conf" in done.stderr, done.stderr)


def unknown_command():
    """an unknown command, or none, says what there is"""
    for words in (("dance",), ()):
        done = inkan(*words)
        tap.ok(done.returncode not in (0, -6, -11), str(done.returncode))
        tap.has(done.stderr + done.stdout, "migrate")


def settings_listed():
    """`inkan config keys` lists every setting of the sample"""
    done = inkan("config", "keys")
    tap.equal(done.returncode, 0, done.stderr)
    for key in ("publish_url", "keymaker_socket", "metadata_certificate", "password_longest"):
        tap.has(done.stdout, key)


def secret():
    """`inkan config secret` makes a line for the service secret, another one each time"""
    one, two = inkan("config", "secret").stdout, inkan("config", "secret").stdout
    tap.ok(re.fullmatch(r"\S+ [0-9a-f]{64}\n", one), repr(one))
    tap.ok(one.split()[1] != two.split()[1])


try:
    tap.run(migrates, migrates_twice, two_at_once, database_away, wrong_settings, unknown_command, settings_listed, secret)
finally:
    home.end()
