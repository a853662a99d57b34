#!/usr/bin/python3
"""Metadata as programs do it: the worker with an aggregate and an MDQ server over https, and the operator's commands at 3 a.m.
tap: seconds 300"""
import hashlib
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import aggregate  # noqa: E402
import house  # noqa: E402
import tap  # noqa: E402

N = 300
home = house.House("metadata")
path, sql = home.path, home.sql
web = path("web")
os.mkdir(web)
server = subprocess.Popen(["/usr/bin/python3", os.path.join(tap.ROOT, "tests/lib/mdq_server.py"), web], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
port = server.stdout.readline().strip()


def settings(**more):
    values = {"sources": "big|https://localhost:%(p)s/files/big.xml;asked|mdq:https://localhost:%(p)s|%(d)s/second.crt" % {"p": port,
              "d": home.folder}, "metadata_certificate": path("first.crt"), "metadata_ca_file": path("web", "tls.pem")}
    values.update(more)
    home.settings(saml=values, mail={"server": "smtp://localhost:9"})


def inkan(*words):
    return subprocess.run([os.path.join(house.BUILD, "inkan"), "-c", path("inkan.conf"), *words], capture_output=True, text=True, timeout=60,
                          check=False)


def good(*words):
    done = inkan(*words)
    tap.equal(done.returncode, 0, done.stdout + done.stderr)
    return done.stdout


def bad(status, *words):
    done = inkan(*words)
    tap.equal(done.returncode, status, done.stdout + done.stderr)
    return done.stdout + done.stderr


def publish(changed=0, days=7, name="first"):
    aggregate.sign(aggregate.aggregate(range(N), aggregate.in_days(days), changed), path("web", "big.xml"), path(name + ".key"),
                   path(name + ".crt"))


def publish_entity(n, days=7):
    name = hashlib.sha1(aggregate.idp_id(n).encode()).hexdigest()
    aggregate.sign(aggregate.entity(n, aggregate.in_days(days), "PT1H"), path("web", "entities", name + ".xml"), path("second.key"),
                   path("second.crt"), "EntityDescriptor")


def prepare():
    for name in ("first", "second", "foreign"):
        aggregate.make_key(path(name + ".key"), path(name + ".crt"))
    aggregate.keep_in(home.folder)
    publish()
    for n in (1, 1000):
        publish_entity(n)
    settings()
    secret = good("config", "secret")
    with open(os.open(path("secret"), os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(secret)
    sql("insert into service (time_zone) values ('Asia/Tokyo')")


def requests():
    try:
        with open(path("web", "requests"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Worker:
    def __enter__(self):
        self.log = open(path("worker.log"), "a+", encoding="utf-8")
        self.process = subprocess.Popen([os.path.join(house.BUILD, "inkan-worker"), "-c", path("inkan.conf")], stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()

    def said(self):
        with open(path("worker.log"), encoding="utf-8") as file:
            return file.read()


def nothing_yet():
    """without a source and a worker the status says what to do; a wrong item of sources is named by the check"""
    tap.has(good("metadata", "status"), "set [saml] sources")
    tap.has(bad(3, "metadata", "refresh", "nobody"), "big, asked")
    settings(sources="big|ftp://x;ok|https://localhost:%s/files/big.xml" % port)
    tap.has(inkan("config", "check").stdout, "WRONG     [saml] sources: sources: [saml] sources has 'big|ftp://x'; allowed: NAME|URL")
    tap.has(bad(2, "metadata", "refresh"), "'big|ftp://x'")
    settings()


def worker_fetches():
    """the worker fetches at its start, asks by MDQ for nobody, and says so in one line a source"""
    with Worker() as worker:
        tap.until(lambda: "event=metadata-refreshed source=big entities=300 changed=300 skipped=0" in worker.said(), 60)
        tap.lacks(requests(), "/entities/")
        tap.lacks(worker.said(), " error ")
    tap.equal(sql("select count(*) from idp"), "300")
    tap.has(good("metadata", "status"), "big\tok")


def asked_at_once():
    """an institution's new IdP is asked for within seconds, one that nobody has is not, one taken away is forgotten"""
    with Worker() as worker:
        tap.until(lambda: sql("select count(*) from pg_stat_activity where query like '%inkan_idp%'") != "0" or
                  "start" in worker.said(), 30)
        time.sleep(1)
        began = time.monotonic()
        good("institution", "add", "Zao University", "--mail-domain", "zao.example", "--idp", aggregate.idp_id(1000))
        tap.until(lambda: sql("select count(*) from idp where source = 'asked'") == "1", 9)
        tap.comment("%.1f s after `inkan institution add`" % (time.monotonic() - began))
        shown = good("metadata", "show", aggregate.idp_id(1000))
        tap.has(shown, "Zao University")
        tap.has(shown, "source asked, valid until")
        tap.equal(len(re.findall("/entities/", requests())), 1)
        good("institution", "set", "Zao University", "--without-idp", aggregate.idp_id(1000))
        tap.until(lambda: sql("select count(*) from idp where source = 'asked'") == "0", 9)


def changed_and_unchanged():
    """a refresh by hand: nothing newer costs no row, a change only what changed, and each source can be named"""
    publish(changed=5)
    tap.has(good("metadata", "refresh", "big"), "(5 changed)")
    before = sql("select md5(string_agg(xmin::text, ',' order by entity_id)) from idp")
    good("metadata", "refresh")
    tap.has(requests(), "\t304\n")
    tap.equal(sql("select md5(string_agg(xmin::text, ',' order by entity_id)) from idp"), before)


def told_why():
    """what fails is said with the reason, what still counts and what to do; status is 1 for a monitoring job"""
    publish(changed=7, name="foreign")
    said = bad(1, "metadata", "refresh", "big")
    for words in ("FAILING: the last good copy still counts", "signature: not by a pinned key", "announced a new key", "in 7.0 days"):
        tap.has(said, words)
    bad(1, "metadata", "status")
    tap.equal(sql("select count(*) from idp"), "300")
    with open(path("web", "down"), "w", encoding="utf-8"):
        pass
    tap.has(bad(1, "metadata", "refresh", "big"), "503")
    os.unlink(path("web", "down"))
    publish(changed=7)
    tap.has(good("metadata", "refresh", "big"), "big\tok")
    good("metadata", "status")


def over():
    """a copy that is over does not count, and the status says so in capital letters"""
    sql("update metadata_source set valid_until = now() - interval '1 minute' where name = 'big'")
    tap.has(bad(1, "metadata", "status"), "OVER")
    said = bad(3, "metadata", "show", aggregate.idp_id(5))
    tap.has(said, "source big had it until")
    tap.equal(good("metadata", "list"), "")
    good("metadata", "refresh", "big")  # not asked for what is newer only: our copy is nothing any more
    tap.equal(len(good("metadata", "list").splitlines()), 300)


def listed():
    """the list finds by id, name and scope; what is left out is listed with its reason, and shown"""
    tap.equal(len(good("metadata", "list", "aoba0.example").splitlines()), 1)
    tap.has(good("metadata", "list", "青葉大学26"), aggregate.idp_id(26))
    tap.has(good("metadata", "list", "--limit", "3"), aggregate.idp_id(0))
    text = aggregate.aggregate(range(N), aggregate.in_days(7)).replace('HTTP-Redirect" Location="https://idp.chikuma2.',
                                                                       'SOAP" Location="https://idp.chikuma2.')
    aggregate.sign(text, path("web", "big.xml"), path("first.key"), path("first.crt"))
    tap.has(good("metadata", "refresh", "big"), "1 of them cannot be used")
    why = "no SingleSignOnService by HTTP-Redirect"
    tap.has(good("metadata", "list", "--skipped"), why)
    tap.has(bad(3, "metadata", "show", aggregate.idp_id(2)), "left out of source big: it has " + why)


def killed():
    """a worker that is killed while it refreshes leaves the copy before, whole"""
    publish(changed=N)
    sql("update metadata_source set asked_at = asked_at - interval '1 day' where name = 'big'")
    with Worker() as worker:
        for _ in range(20):
            time.sleep(0.1)
            pids = subprocess.run(["pgrep", "-P", str(worker.process.pid)], capture_output=True, text=True, check=False).stdout.split()
            for pid in pids:
                os.kill(int(pid), signal.SIGKILL)
            tap.among(sql("select count(distinct xml like '%2026 changed%') from idp where source = 'big'"), ("1",))

        def there():
            """the new copy is there"""
            # A try that was noted as failed, because the opener died first, would be made again after a minute: that minute is over.
            sql("update metadata_source set failed_at = failed_at - interval '1 minute' where name = 'big'")
            return sql("select bool_and(xml like '%2026 changed%') from idp where source = 'big'") == "t"
        tap.until(there, 60, 1)


def settled():
    """sources that the settings do not have any more are forgotten when the worker starts, and their order is the settings' order"""
    settings(sources="other|https://localhost:%s/files/big.xml" % port)
    with Worker():
        tap.until(lambda: sql("select string_agg(distinct source, ',') from idp") == "other", 60)
    tap.equal(sql("select string_agg(name || priority, ',') from metadata_source"), "other1")


prepare()
try:
    tap.run(nothing_yet, worker_fetches, asked_at_once, changed_and_unchanged, told_why, over, listed, killed, settled)
finally:
    server.stdin.close()
    home.end()
