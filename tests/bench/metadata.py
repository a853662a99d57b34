"""A refresh of a federation's aggregate, 6,000 and 12,000 IdPs, against xmlsec1's plain verification of the same file; what a login
by one of 12,000 costs."""
import os
import re
import resource
import shutil
import subprocess
import tempfile

from tools import BUILD, ROOT, TURNS, cpu_of, head, row, turns  # also where tests/lib is

import aggregate

SIZES = (6000, 12000)


def cpu_of_command(*words, **more):
    """(CPU seconds of it and of all that it waited for, its result)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


class Refresh:
    """A private PostgreSQL, the settings for one source, the aggregates."""

    def __init__(self, idps):
        self.idps = idps
        self.dir = tempfile.mkdtemp(prefix="inkan-bench-metadata-")
        self.cluster = subprocess.Popen(["tests/cluster", "shared_buffers=256MB"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sockets = self.cluster.stdout.readline().strip()
        aggregate.make_key(self.path("key.pem"), self.path("crt.pem"))
        aggregate.keep_in(self.dir)
        for name, days, changed in (("first", 7, 0), ("anew", 8, 0), ("changed", 7, idps // 100)):
            aggregate.sign(aggregate.aggregate(range(idps), aggregate.in_days(days), changed), self.path(name + ".xml"), self.path("key.pem"),
                           self.path("crt.pem"))
        self.megabytes = os.path.getsize(self.path("first.xml")) / 1e6
        roles = "".join("%s=host=%s dbname=inkan user=inkan_%s\n" % (r, self.sockets, r)
                        for r in ("portal", "worker", "signer", "responder", "owner"))
        with open(self.path("inkan.conf"), "w", encoding="utf-8") as file:
            file.write("[service]\nurl=https://portal.example\nclient_url=https://client.example\npublish_url=http://pki.example\n"
                       "secret_file=/x\nshare=%s\n[database]\n%s[saml]\nentity_id=https://portal.example/saml\nsigning_key=/x\n"
                       "signing_certificate=/x\ndecryption_key=/x\ndecryption_certificate=/x\nsources=big|file:%s\nmetadata_certificate=%s\n"
                       "[mail]\nfrom=a@inkan.example\nmessage_domain=inkan.example\n[signer]\npassphrase_file=/x\n"
                       % (ROOT, roles, self.path("now.xml"), self.path("crt.pem")))
        self.sql("insert into service (time_zone) values ('Asia/Tokyo')")

    def path(self, name):
        return os.path.join(self.dir, name)

    def sql(self, text):
        subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-U", "postgres", "-d", "inkan", "-c", text], check=True)

    def end(self):
        self.cluster.stdin.close()
        self.cluster.wait(60)
        shutil.rmtree(self.dir)

    def refresh(self, name, said):
        """CPU seconds of the command, its opener, the opener's child and the database."""
        if name:
            shutil.copy(self.path(name + ".xml"), self.path("new.xml"))
            os.rename(self.path("new.xml"), self.path("now.xml"))
        before = cpu_of([self.cluster.pid])
        seconds, done = cpu_of_command(os.path.join(BUILD, "inkan"), "-c", self.path("inkan.conf"), "metadata", "refresh")
        if done.returncode or said not in done.stdout:
            raise SystemExit("bench: %s: %s%s" % (name, done.stdout, done.stderr))
        return seconds + cpu_of([self.cluster.pid]) - before

    def first(self):
        self.sql("delete from idp; delete from metadata_skipped; delete from metadata_source")
        return self.refresh("first", "(%d changed)" % self.idps)

    def unchanged(self):
        return self.refresh("anew", "(0 changed)")

    def changed(self):
        return self.refresh("changed", "(%d changed)" % (self.idps // 100))

    def not_modified(self):
        return self.refresh(None, "big\tok")

    def verify(self):
        seconds, done = cpu_of_command("xmlsec1", "--verify", "--pubkey-cert-pem", self.path("crt.pem"), "--id-attr:ID",
                                       aggregate.MD + ":EntitiesDescriptor", self.path("first.xml"))
        if done.returncode:
            raise SystemExit("bench: xmlsec1: " + done.stderr)
        return seconds


def one_size(idps):
    with_files = Refresh(idps)
    try:
        verify, first, unchanged, changed, not_modified = turns(with_files.verify, with_files.first, with_files.unchanged, with_files.changed,
                                                                with_files.not_modified, count=min(TURNS, 3))
        head("Metadata of %d IdPs, %.0f MB: CPU seconds of a refresh, confined child and database included" % (idps, with_files.megabytes))
        against = "%.2f s xmlsec1 --verify" % verify
        row("first copy, every row written", "%.2f s" % first, against, first / verify)
        row("signed anew, nothing changed", "%.2f s" % unchanged, against, unchanged / verify)
        row("1 % changed", "%.2f s" % changed, against, changed / verify)
        row("not modified", "%.2f s" % not_modified, against, not_modified / verify)
        row("first copy", "%.2f s" % first, "5 s", first / 5, 1 if idps == 6000 else None, most=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        row("peak of the child, file included", "%.0f MB" % peak, "%.0f MB of file" % with_files.megabytes, peak / with_files.megabytes)
    finally:
        with_files.end()


def logins():
    program = os.path.join(BUILD, "tests", "integration", "test_metadata_scale")
    subprocess.run(["make", "--no-print-directory", "-s", "BUILD=" + BUILD, program], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([program, "--tap"], capture_output=True, text=True, check=True).stdout
    few, many, known, fresh = re.search(r"2 IdPs: .*?(\d+) kB at most.*12000 IdPs: \d+ kB, (\d+) kB, ([\d.]+) ms; each time another IdP: .*,"
                                        r" ([\d.]+) ms", said).groups()
    head("A portal process and 12,000 IdPs")
    row("memory after 300 logins", "%s kB" % many, "%s kB with 2 IdPs" % few, int(many) / int(few), 1.1, most=True)
    row("the way out, a known IdP", "%s ms" % known, "5 ms of CPU", float(known) / 5, 1, most=True)
    added = float(fresh) - float(known)
    row("what an IdP not seen before adds", "%.2f ms" % added, "5 ms of CPU", added / 5, 1, most=True)


def metadata():
    for idps in SIZES:
        one_size(idps)
    logins()
