"""The helpdesk's first pages among BENCH_ROWS certificates, by the statements of db/officer.c."""
import os
import subprocess
import sys
import time

from listing import FILL
from tools import BUILD, ROWS, head, row

# One of twenty is of a second institution; keys as the trigger makes them, which the filling leaves out.
MORE = """
set session_replication_role = replica;
insert into institution (name, organization, mail_domains) values ('Minato Institute', 'Minato Institute', '{minato.example}');
update person set institution = 2 where id %% 20 = 0;
update request set institution = 2 where person %% 20 = 0;
insert into person_key (institution, key, person)
  select distinct institution, k, id from (select p.institution, p.id, desk_keys(p) as k from person p) x where k <> '';
insert into certificate_sha1 (sha1, request) select substr(fingerprint, 1, 20), request from certificate;
update request set state = 'approval' where number in (select number from request order by number desc limit 30);
vacuum (analyze) person;
vacuum (analyze) person_key;
vacuum (analyze) request;
vacuum (analyze) certificate;
vacuum (analyze) certificate_sha1;
vacuum (analyze) pickup;
"""
BASE = ("insert into service (time_zone) values ('Asia/Tokyo'); insert into issuer (name, certificate, key_name) values ('client', '\\x30', 'c');"
        "insert into profile (name, type, months, issuer, key_usage, extended)"
        " values ('c', 'client', 52, 'client', '{digitalSignature}', '{1.3.6.1.5.5.7.3.2}')")
RUNS = 200


def helpdesk():
    head("Helpdesk, first page of each kind of search, database time with the round trip: %d certificates" % ROWS)
    cluster = subprocess.Popen(["tests/cluster", "shared_buffers=2GB", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=16GB",
                                "effective_cache_size=8GB", "work_mem=64MB", "checkpoint_timeout=1h"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        sockets = cluster.stdout.readline().strip()

        def psql(*words, script=None):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", sockets, "-U", "postgres", "-d", "inkan"] + list(words),
                           check=True, stdout=subprocess.DEVNULL, input=script, text=True)
        persons, began = max(100, ROWS // 10), time.monotonic()
        psql("-c", BASE)
        psql("-c", FILL % {"rows": ROWS, "persons": persons})
        psql(script=MORE.replace("%%", "%"))
        print("(filled in %.0f s)" % (time.monotonic() - began), flush=True)
        began = time.monotonic()
        psql("-c", "select statistic_rebuild()")
        print("(statistics: counted from the rows in %.1f s)" % (time.monotonic() - began), flush=True)
        out = subprocess.run([os.path.join(BUILD, "tests", "bench", "helpdesk"), str(RUNS), str(persons),
                              "host=%s dbname=inkan user=inkan_portal" % sockets], capture_output=True, text=True, check=False)
        if out.returncode:
            sys.exit("bench: " + out.stderr)
        for line in out.stdout.strip().split("\n"):
            name, median, worst, rows = line.split()
            row("%s (%s rows)" % (name.replace("-", " "), rows), "%.1f ms" % (int(median) / 1000), "50 ms; worst of %d %.1f ms" % (RUNS, int(worst) / 1000),
                int(median) / 50000, 1, most=True)
    finally:
        cluster.stdin.close()
        cluster.wait(60)
