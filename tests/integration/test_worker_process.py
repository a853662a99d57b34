#!/usr/bin/python3
"""The worker as a program: at once, with a mail server, through restarts of everything around it.   tap: seconds 200"""
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import house  # noqa: E402
import tap  # noqa: E402

home = house.House("worker")
PID = home.path("worker.pid")
smtp = subprocess.Popen(["/usr/bin/python3", os.path.join(tap.ROOT, "tests/integration/smtp_server.py"), home.folder], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
port = smtp.stdout.readline().strip()


sql = home.sql


def psql_here(text):
    """The same where the socket has been moved out of the worker's way."""
    link = tempfile.mkdtemp(prefix="inkan-aside-")
    try:
        os.symlink(os.path.join(home.sockets, ".s.PGSQL.5432.away"), os.path.join(link, ".s.PGSQL.5432"))
        return sql(text, link)
    finally:
        shutil.rmtree(link)


def settings():
    home.settings(mail={"server": "smtp://localhost:" + port, "ca_file": home.path("ca.pem"), "backoff": 1})
    home.secret()


def rows():
    sql("insert into service (time_zone) values ('Asia/Tokyo')")
    sql("insert into issuer (name, parent, certificate, key_name) values ('root', null, '\\x30', 'root'), ('client', 'root', '\\x30', 'client')")
    sql("insert into profile (name, type, months, issuer, key_usage, extended) values ('c', 'client', 13, 'client', '{digitalSignature}', '{1.2}')")
    sql("insert into institution (name, organization, mail_domains, max_active) values ('K', 'K', '{k.example}', 100000)")
    sql("insert into institution_idp values ('https://idp', 1)")
    sql("insert into person (institution, idp, identifier, display_name, common_name, mails) values (1, 'https://idp', 'h', 'Hana', 'Hana',"
        " '{h@k.example}')")


def apply(n=1):
    return sql("insert into request (person, type, months, mail) select 1, 'client', 13, 'h@k.example' from generate_series(1, %d)"
               " returning number" % n).split("\n")


def start():
    return subprocess.Popen([os.path.join(house.BUILD, "inkan-worker"), "-c", home.config], stderr=open(home.path("log"), "a",
                                                                                           encoding="utf-8"))


def log():
    with open(home.path("log"), encoding="utf-8") as file:
        return file.read()


def all_ready(seconds=30):
    """The bound is the worker's own: three attempts that failed are repeated after 2, 4 and 8 s, and a lost word is made up for
    every 2 s. It is less than the minute after which a request without a job gets one: none may be lost here."""
    try:
        tap.until(lambda: sql("select count(*) from request where state <> 'ready'") == "0", seconds)
    except tap.Failed:
        print("# jobs: %s\n# log: %s" % (sql("select id, request, tries, run_at - now(), error from job"), log()[-3000:].replace("\n", "\n# ")))
        raise


def all_sent(seconds=30):
    tap.until(lambda: sql("select count(*) from outbox where state <> 'sent'") == "0", seconds)


def nothing_twice():
    for table, words in (("pickup", "request"), ("outbox", "request, event"), ("event", "request, what")):
        tap.equal(sql("select count(*) from (select from %s where request is not null group by %s having count(*) > 1) x" % (table, words)), "0")


def children():
    with open(PID, encoding="utf-8") as file:
        master = file.read().strip()
    return master, subprocess.run(["pgrep", "-P", master], capture_output=True, text=True, check=False).stdout.split()


def at_once():
    """a request has its PIN within a tenth of a second, and its mails soon after"""
    tap.until(lambda: os.path.exists(PID))
    apply()
    all_ready()
    times = []
    for _ in range(15):
        apply()
        all_ready()
        times.append(float(sql("select extract(epoch from k.made_at - r.applied_at) from request r join pickup k on k.request = r.number"
                               " order by number desc limit 1")))
        time.sleep(0.05)
    print("# median %.1f ms, longest %.1f ms" % (1000 * statistics.median(times), 1000 * max(times)))
    tap.ok(statistics.median(times) < (1 if os.environ.get("SANITIZED") else 0.1), str(times))
    all_sent()
    nothing_twice()


def all_killed():
    """every child killed again and again, and the master once: all is done once"""
    global worker
    apply(150)
    for _ in range(8):
        for pid in children()[1]:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.25)
    worker.kill()
    worker.wait()
    worker = start()
    all_ready()
    all_sent()
    nothing_twice()
    mails = {}
    for name in glob.glob(home.path("new", "*")):
        with open(name, encoding="utf-8") as file:
            key = re.search(r"(?m)^Message-ID: (.*)$", file.read()).group(1)
        mails[key] = mails.get(key, 0) + 1
    tap.equal(len(mails), int(sql("select count(*) from outbox")))
    print("# sent more than once under the same Message-ID: %d" % sum(1 for n in mails.values() if n > 1))


def database_restarts():
    """PostgreSQL closes every connection: the worker goes on by itself"""
    for n in range(12):  # at many points of a job's transaction, also where a statement is prepared in the new connection
        apply(20)
        sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'inkan_worker'")
        time.sleep(0.01 * n)
    all_ready()
    all_sent()
    nothing_twice()
    before = children()
    tap.equal(before, children(), "a child ended for it")


def database_is_away():
    """PostgreSQL is away for a while: each process says so once, not with each attempt, and once when it is back"""
    before = len(log())
    name = os.path.join(home.sockets, ".s.PGSQL.5432")
    os.rename(name, name + ".away")
    try:
        pids = psql_here("select pid from pg_stat_activity where usename = 'inkan_worker'").split()
        psql_here("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'inkan_worker'")
        tap.until(lambda: log()[before:].count("event=database-away") >= len(pids))
        time.sleep(5)
    finally:
        os.rename(name + ".away", name)
    during = [line for line in log()[before:].strip().split("\n") if "event=database-back" not in line]
    away = [re.search(r"\[(\d+)\]", line).group(1) for line in during if "event=database-away" in line]
    tap.equal(len(away), len(set(away)), "told again within the minute")
    tap.equal([line for line in during if "event=database-away" not in line and "event=job-failed" not in line], [])
    tap.until(lambda: log()[before:].count("event=database-back") >= len(away))
    tap.ok(re.search(r"event=database-back since=\S+ seconds=\S+ times=\d+", log()[before:]), log()[before:])
    apply()
    all_ready()


def reloads():
    """SIGHUP starts new children, and work goes on"""
    before = set(children()[1])
    os.kill(worker.pid, signal.SIGHUP)
    tap.until(lambda: len(set(children()[1]) - before) >= len(before))
    apply()
    all_ready()
    all_sent()


def stops():
    """SIGTERM ends it all, with nothing half done"""
    apply(30)
    _, kids = children()
    worker.terminate()
    tap.equal(worker.wait(30), 0)
    tap.ok(not any(os.path.exists("/proc/" + pid) for pid in kids), "a child is left")
    nothing_twice()


def no_secrets_in_the_log():
    """the log names no token, no PIN and no finding of a sanitizer"""
    text = log()
    tap.lacks(text, "Sanitizer")
    tap.lacks(text, "runtime error")
    for name in glob.glob(home.path("new", "*"))[:50]:
        body = subprocess.run(["/usr/bin/python3", "-c", "import email,email.policy,sys;print(email.message_from_binary_file(open(sys.argv[1],"
                               "'rb'),policy=email.policy.default).get_content())", name], capture_output=True, text=True, check=True).stdout
        for secret in re.findall(r"/pickup/([\w-]{43})", body) + re.findall(r"(?m)^\s*([A-Za-z0-9]{16})\s*$", body):
            tap.lacks(text, secret)


settings()
rows()
worker = start()
try:
    tap.run(at_once, all_killed, database_restarts, database_is_away, reloads, stops, no_secrets_in_the_log)
finally:
    worker.kill()
    worker.wait()
    smtp.kill()
    home.end()
