"""strace as a source of faults: at the n-th of a system call a process is killed, or the call fails. It is attached to processes that
run already, all of a kind at once; each counts for itself, and whichever comes there first meets the fault.

    with inject.Fault(pids, "sendto", 3, "KILL") as fault:
        ...
    fault.happened      # whether any process came so far

A process under seccomp or not dumpable can be traced by root alone; where the kernel forbids it, tap.Skip says so."""
import collections
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import processes  # noqa: E402
import tap  # noqa: E402

ENDS = ("KILL", "TERM")
LINE = re.compile(r"(?:(\d+) +)?(\w+)\(")  # without a number where one process is traced


def nice(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return int(file.read().rsplit(")", 1)[1].split()[16])
    except (OSError, IndexError):
        return 0


def name_of(pid):
    try:
        with open("/proc/%d/comm" % pid, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def pids_of(demo, kind):
    """The working processes of a KIND; 'keymaker' is the portal's niced child, 'backend' what our programs have in PostgreSQL. No master
    is among them."""
    if kind == "backend":
        return [int(row[0]) for row in demo.sql("select pid from pg_stat_activity where usename in ('inkan_portal', 'inkan_worker',"
                                                " 'inkan_signer', 'inkan_responder')", rows=True)]
    below = processes.children(processes.master(demo, "portal" if kind == "keymaker" else kind))
    below = [pid for pid in below if name_of(pid) != "inkan-opener" and processes.alive(pid)]
    if kind in ("portal", "keymaker"):
        below = [pid for pid in below if (nice(pid) > 0) == (kind == "keymaker")]
    return below


class Trace:
    """strace on PIDS while the block runs; WORDS are its options."""

    def __init__(self, pids, *words):
        self.pids, self.words, self.process, self.lines = pids, words, None, []
        self.log = tempfile.NamedTemporaryFile(prefix="inkan-strace-", mode="r", encoding="utf-8", errors="replace")

    def __enter__(self):
        if not self.pids:
            return self
        attach = [word for pid in self.pids for word in ("-p", str(pid))]
        self.process = subprocess.Popen(["strace", "-s", "0", "-o", self.log.name, *self.words, *attach], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        said, attached = [], 0
        for _ in self.pids:  # a line for each: attached, or why not
            said.append(self.process.stderr.readline())
            attached += " attached" in said[-1]
        if not attached and any(processes.alive(pid) for pid in self.pids):
            self.end()
            raise tap.Skip("no process can be traced here: " + " ".join(said).strip())
        return self

    def end(self):
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
            try:
                self.process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
        self.lines = self.log.read().splitlines()
        self.log.close()

    def __exit__(self, *_):
        self.end()

    def calls(self):
        """{name: the most that one process made}"""
        each = collections.Counter(found.groups() for found in map(LINE.match, self.lines) if found)
        most = collections.Counter()
        for (_, name), count in each.items():
            most[name] = max(most[name], count)
        return most


class Fault(Trace):
    """Several at once, each (call, which one of them, how) of another call. HOW: a signal (KILL, TERM), the name of an error, or
    'retval=N'. Which one None: every such call. PATH: only on this file."""

    def __init__(self, pids, *faults, path=None):
        self.faults = faults
        words = ["-e", "trace=" + ",".join(call for call, _, _ in faults)]
        for call, nth, how in faults:
            what = "signal=" + how if how in ENDS else how if "=" in how else "error=" + how
            words += ["-e", "inject=%s:%s%s" % (call, what, ":when=%d" % nth if nth else "")]
        super().__init__(pids, *words, *(["-P", path] if path else []))

    def __enter__(self):
        super().__enter__()
        # With an error strace must not leave early: a process in the midst of one would be left with ENOSYS, which no kernel gives.
        if self.process and all(nth and how in ENDS for _, nth, how in self.faults):
            threading.Thread(target=self.once, daemon=True).start()
        return self

    def once(self):
        """What has befallen one process is not to befall the next one that does the work again."""
        while self.process.poll() is None and not self.log.closed:
            with open(self.log.name, encoding="utf-8", errors="replace") as file:
                if len(self.met(file.read().splitlines())) == len(self.faults):
                    self.process.send_signal(signal.SIGINT)
                    return
            time.sleep(0.05)

    def met(self, lines=None):
        """Those that a process came to."""
        lines = self.lines if lines is None else lines
        killed = any("killed by SIGKILL" in line or "--- SIGTERM" in line for line in lines)
        failed = {LINE.match(line).group(2) for line in lines if "INJECTED" in line and LINE.match(line)}
        failed |= {line.split()[2] for line in lines if "INJECTED" in line and " resumed>" in line}
        return [fault for fault in self.faults if (killed if fault[2] in ENDS else fault[0] in failed)]


def wait_alive(demo, kind, seconds=15):
    """Until the KIND has a process again."""
    end = time.monotonic() + seconds
    while not pids_of(demo, kind):
        tap.ok(time.monotonic() < end, "%s did not come back" % kind)
        time.sleep(0.05)
