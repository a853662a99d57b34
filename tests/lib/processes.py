"""The demo's processes, for tests that end, stop and confuse them. Only those that the demo's pid files lead to."""
import contextlib
import os
import random
import signal
import time

import tap

MASTERS = ("portal", "worker", "signer", "responder", "postgres", "nginx")


def parent(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def children(pid):
    return [int(n) for n in os.listdir("/proc") if n.isdigit() and parent(int(n)) == pid]


def master(demo, name):
    try:
        return demo.pid(name)
    except (OSError, ValueError, IndexError):
        return 0


def kill(pid, number=signal.SIGKILL):
    if pid <= 1:
        return
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def victim(demo, name, luck=random):
    """A process of NAME: 'portal' is its master, 'portal-child' any one below it. 0 when there is none just now."""
    pid = master(demo, name.replace("-child", ""))
    if name.endswith("-child"):
        below = children(pid) if pid else []
        return luck.choice(sorted(below)) if below else 0
    return pid


def back(demo, name, old, seconds=5):
    """Waits until NAME runs under another number than OLD."""
    def there():
        pid = master(demo, name)
        return pid if pid and pid != old and alive(pid) else None
    there.__doc__ = "%s is running again" % name
    return tap.until(there, seconds)


@contextlib.contextmanager
def nobody_watches(demo):
    """While the demo's watcher sleeps, what is killed stays down; afterwards it starts everything again."""
    pid = demo.pid("supervisor")
    kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        kill(pid, signal.SIGCONT)
        time.sleep(0.1)


def end(demo, name):
    """NAME's master and all below it, at once."""
    pid = master(demo, name)
    below = children(pid) if pid else []
    kill(pid)
    for one in below:
        kill(one)
    tap.until(lambda: not any(alive(p) for p in [pid] + below), 5)
