"""Keeps the demo's daemons alive. Each is a direct child in a session of its own, so its death is seen at once, whatever
killed it. What it leaves behind is ended before it is started again (a killed nginx leaves workers that hold its ports), or
may finish what it does first (a killed portal's children, which know by themselves)."""

import ctypes
import os
import select
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
LONGEST_PAUSE = 2.0  # a daemon that fails at once is tried again after a pause that doubles up to this


class Service:
    """A daemon. COMMAND is its master in the foreground; STOP ends it gently, in PATIENCE seconds; BEFORE runs ahead of each
    start; GRACE: seconds that its children may outlive it."""

    def __init__(self, name, command, stop=signal.SIGTERM, patience=15, before=None, grace=0.0):
        self.name, self.command, self.stop, self.patience, self.before = name, command, stop, patience, before
        self.grace = grace
        self.pid = None
        self.started = 0.0
        self.not_before = 0.0
        self.pause = 0.0
        self.deaths = 0


class Supervisor:
    def __init__(self, place, say):
        self.place, self.say = place, say
        self.services = []
        self.stopping = False
        self.results = {}  # pid of a command that was run to its end: its status
        self.graces = {}   # session of a dead daemon: until when its children may live
        # Orphans come to us instead of init, so that a dead daemon's children can be found and ended.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.wake, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.asked_to_stop)

    def asked_to_stop(self, *_):
        self.stopping = True

    # --- daemons ---------------------------------------------------------------------------------------------------------------

    def add(self, service):
        self.services.append(service)
        self.start(service)

    def start(self, service):
        try:
            if service.before:
                service.before()
            log = os.open(self.place.path("log", f"{service.name}.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                service.pid = self.spawn(service.command, log)
            finally:
                os.close(log)
        except Exception as why:  # pylint: disable=broad-except
            self.say(f"{service.name} cannot be started: {why}")
            self.schedule(service, quick=True)
            return
        service.started = time.monotonic()
        self.place.write(os.path.join(self.place.run, f"{service.name}.pid"), f"{service.pid}\n")

    def spawn(self, command, log):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.place.dir,
                                 env=self.place.environment(), start_new_session=True)
        child.returncode = 0  # we reap it ourselves
        return child.pid

    def schedule(self, service, quick):
        service.pause = min(max(service.pause * 2, 0.1), LONGEST_PAUSE) if quick else 0.0
        service.not_before = time.monotonic() + service.pause

    def buried(self, service, status):
        quick = time.monotonic() - service.started < 2
        if service.grace and not self.stopping:
            self.graces[service.pid] = time.monotonic() + service.grace
        service.pid, service.deaths = None, service.deaths + 1
        self.end_orphans()
        if not self.stopping:
            self.say(f"{service.name} ended ({os.waitstatus_to_exitcode(status)}) and is started again; see its log")
            self.schedule(service, quick)

    def end_orphans(self):
        """Ends every process that came to us because its daemon died, unless it has a grace."""
        known = {service.pid for service in self.services}
        for _ in range(100):
            now = time.monotonic()
            self.graces = {session: end for session, end in self.graces.items() if end > now}
            orphans = [pid for pid, session in children()
                       if pid not in known and pid not in self.results and session not in self.graces]
            if not orphans:
                return
            for pid in orphans:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.01)
            self.reap()

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.results:
                self.results[pid] = status
            for service in self.services:
                if service.pid == pid:
                    self.buried(service, status)

    # --- the loop --------------------------------------------------------------------------------------------------------------

    def tick(self, seconds):
        """Waits at most SECONDS, buries who died, starts who is due."""
        now = time.monotonic()
        for service in self.services:
            if service.pid is None:
                seconds = min(seconds, max(service.not_before - now, 0.0))
        if self.graces:
            seconds = min(seconds, 0.5)
        if select.select([self.wake], [], [], seconds)[0]:
            try:
                os.read(self.wake, 4096)
            except BlockingIOError:
                pass
        self.reap()
        if self.stopping:
            return
        if any(end <= time.monotonic() for end in self.graces.values()):
            self.end_orphans()
        for service in self.services:
            if service.pid is None and service.not_before <= time.monotonic():
                self.start(service)

    def wait_for(self, what, ready, seconds):
        """Runs the loop until READY() is true; TimeoutError says what did not come."""
        end = time.monotonic() + seconds
        while not ready():
            if self.stopping:
                raise KeyboardInterrupt
            if time.monotonic() >= end:
                raise TimeoutError(f"{what}: not within {seconds} s")
            self.tick(0.1)

    def command(self, what, words, seconds=60, **more):
        """Runs WORDS to their end while the daemons are watched; returns (status, output with errors)."""
        output = os.memfd_create("output")
        try:
            child = subprocess.Popen(words, stdout=output, stderr=output, cwd=self.place.dir, start_new_session=True,
                                     env=self.place.environment(), **{"stdin": subprocess.DEVNULL, **more})
            child.returncode = 0
            self.results[child.pid] = None
            try:
                self.wait_for(what, lambda: self.results[child.pid] is not None, seconds)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                raise
            finally:
                status = self.results.pop(child.pid)
            os.lseek(output, 0, os.SEEK_SET)
            with os.fdopen(os.dup(output), encoding="utf-8", errors="replace") as text:
                return os.waitstatus_to_exitcode(status), text.read()
        finally:
            os.close(output)

    def stop_all(self):
        """Ends the daemons in the opposite order of their start."""
        self.stopping = True
        self.graces = {}
        for service in reversed(self.services):
            self.end(service)
            try:
                os.unlink(os.path.join(self.place.run, f"{service.name}.pid"))
            except FileNotFoundError:
                pass
        self.end_orphans()

    def end(self, service):
        for number, patience in ((service.stop, service.patience), (signal.SIGKILL, 5)):
            if service.pid is None:
                return
            os.kill(service.pid, number)
            end = time.monotonic() + patience
            while service.pid is not None and time.monotonic() < end:
                self.tick(0.1)
            if service.pid is not None:
                self.say(f"{service.name} did not end by itself within {patience} s")


def children():
    """[(pid, session)] of our children, orphans that came to us included; not those that are dead already."""
    mine = os.getpid()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                state, parent, _, session = file.read().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(parent) == mine and state != "Z":
            found.append((int(name), int(session)))
    return found
