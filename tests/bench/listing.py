"""One person's list of requests among 1,000 and among BENCH_ROWS certificates, by the statement of db/request.c."""
import os
import subprocess
import sys
import time

from tools import BUILD, ROWS, SECONDS, TURNS, head, row

FILL = """
set session_replication_role = replica;  -- no triggers, no foreign keys: rows by the million
set maintenance_work_mem = '1GB';
set max_parallel_maintenance_workers = 2;
do $$ declare i record; begin
  create table dropped (def text);
  for i in select c.conname, c.conrelid::regclass t, pg_get_constraintdef(c.oid) d from pg_constraint c where c.contype = 'f' loop
    execute format('alter table %%s drop constraint %%I', i.t, i.conname);
  end loop;
  for i in select indexrelid::regclass n, indexrelid, pg_get_indexdef(indexrelid) d from pg_index
    where indrelid in ('request'::regclass, 'certificate'::regclass, 'pickup'::regclass)
      and indexrelid not in (select conindid from pg_constraint where contype in ('p', 'u')) loop
    insert into dropped values (i.d);
    execute format('drop index %%s', i.n);
  end loop;
end $$;
alter table pickup set unlogged;
alter table request set unlogged;
alter table certificate set unlogged;
insert into institution (name, organization, mail_domains, max_active) values ('Kagami University', 'Kagami University', '{kagami.example}', 1000000);
insert into person (institution, idp, identifier, display_name, common_name, mails)
  select 1, 'https://idp', 'p' || n || '@kagami.example', 'Person ' || n, 'Person ' || n, array['p' || n || '@kagami.example']
  from generate_series(1, %(persons)d) n;
-- Ten requests a person, the n-th of everybody near each other as in real life (people apply all the year round), three years
-- back, nine of ten in hand and the rest revoked.
insert into request (person, institution, profile, type, months, memo, mail, state, applied_at, cycle_at, cycle_end, not_before, not_after,
                     country, locality, organization, common_name)
  select 1 + (n * 7919::bigint) %% %(persons)d, 1, 1, 'client', 52, 'laptop', 'p@kagami.example', case when n / %(persons)d %% 10 = 3 then 'revoked' else 'collected' end,
         t, t, t + interval '52 months', t, t + interval '52 months', 'JP', 'Academe', 'Kagami University', 'Person'
  from (select n, now() - interval '3 years' + n * interval '3 years' / %(rows)d as t from generate_series(1, %(rows)d::bigint) n) x;
insert into pickup (request, cycle, not_before, not_after, token_hash, pin_salt, pin_mail, expires_at, collected_at, ended, ended_at)
  select number, 1, not_before, not_after, sha256(number::text::bytea), '\\x00', true, applied_at, applied_at, 'done', applied_at from request;
insert into certificate (issuer, serial, request, pickup, der, subject, spki_sha256, fingerprint, not_before, not_after, key_kind, revoked_at, reason, published)
  select 'client', '01' || md5(number::text) || '000000', number, number, '\\x30', 'CN=Person', '\\x00', sha256(number::text::bytea), not_before, not_after, 'p256',
         case when state = 'revoked' then not_before end, case when state = 'revoked' then 'superseded' end, case when state = 'revoked' then 1 end
  from request;
do $$ declare d record; begin
  for d in select def from dropped loop execute d.def; end loop;
end $$;
"""


def listing():
    persons = {"small": 100, "big": ROWS // 10}
    head("One person's list, database statement of db/request.c: 1,000 against %d certificates" % ROWS)
    cluster = subprocess.Popen(["tests/cluster", "shared_buffers=2GB", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=16GB",
                                "effective_cache_size=8GB", "work_mem=64MB", "checkpoint_timeout=1h"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        sockets = cluster.stdout.readline().strip()

        def psql(database, *words):
            subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", sockets, "-U", "postgres", "-d", database] + list(words),
                           check=True, stdout=subprocess.DEVNULL)
        psql("postgres", "-c", "create database big template inkan", "-c", "alter database inkan rename to small")
        base = ("insert into service (time_zone) values ('Asia/Tokyo'); insert into issuer (name, certificate, key_name) values ('client', '\\x30', 'c');"
                "insert into profile (name, type, months, issuer, key_usage, extended) values ('c', 'client', 52, 'client', '{digitalSignature}', '{1.3.6.1.5.5.7.3.2}')")
        began = time.monotonic()
        for name, count in (("small", 1000), ("big", ROWS)):
            psql(name, "-c", base, "-c", "select")
            psql(name, "-c", FILL % {"rows": count, "persons": persons[name]})
            psql(name, "-c", "vacuum (analyze) request", "-c", "vacuum (analyze) certificate", "-c", "vacuum (analyze) pickup", "-c", "vacuum analyze person")
        print("(filled in %.0f s)" % (time.monotonic() - began), flush=True)
        conninfo = {n: "host=%s dbname=%s user=inkan_portal" % (sockets, n) for n in persons}
        words = [os.path.join(BUILD, "tests", "bench", "listing"), str(max(10.0, SECONDS * TURNS))]
        for name in ("small", "big"):
            words += [str(persons[name]), conninfo[name]]
        out = subprocess.run(words, capture_output=True, text=True, check=False)
        if out.returncode:
            sys.exit("bench: " + out.stderr)
        small, big = ([float(w) for w in line.split()] for line in out.stdout.strip().split("\n"))
        for n, name in enumerate(("p50", "p99")):
            row("list, %s" % name, "%.0f us" % big[n], "%.0f us among 1,000" % small[n], big[n] / small[n], 1.25, most=True)
    finally:
        cluster.stdin.close()
        cluster.wait(60)
