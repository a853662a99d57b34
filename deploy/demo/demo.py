"""The demo: all of Inkan on this machine, with two IdPs, a federation and a mail server of its own.

    demo.py --dir DIR --port PORT run | up | down | settle | running

run: in the foreground, until Ctrl-C; up: the same in the background, returns when it is ready; down: ends it; settle: says
whether the folder and the ports can be used, before Inkan is installed into DIR/program; running: exit status 0 if it is.
Called by `make demo` and its like.
"""

import argparse
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

from layout import Place, Trouble, may_unshare, unreachable

READY_WITHIN = 90


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


# --- one demo a folder ---------------------------------------------------------------------------------------------------------

def lock(place, wait=0.0, kind=fcntl.LOCK_EX):
    """The lock that a running demo holds until its process is gone; None if another one holds it."""
    os.makedirs(place.run, exist_ok=True)
    handle = os.open(os.path.join(place.run, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(handle)
                return None
            time.sleep(0.1)


def running(place):
    """Is a demo of this folder running?"""
    if not os.path.exists(os.path.join(place.run, "lock")):
        return False
    handle = lock(place, kind=fcntl.LOCK_SH)  # shared: two who look don't take each other for a demo
    if handle is not None:
        os.close(handle)
    return handle is None


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def check(place):
    if os.path.isdir(place.dir) and os.stat(place.dir).st_uid != os.getuid():
        raise Trouble(f"{place.dir} belongs to another user: choose another DEMO_DIR, or remove it")
    made_for = read(place.path("etc", "port"))
    if made_for and made_for != str(place.port):
        # It is in certificates, entity ids and persons by now.
        raise Trouble(f"{place.dir} is a demo on port {made_for}: use DEMO_PORT={made_for}, or another DEMO_DIR, "
                      f"or remove {place.dir} to begin anew")
    if running(place):
        return
    end = time.monotonic() + 3  # a killed demo's daemons are gone a moment later
    while taken := taken_port(place):
        if time.monotonic() > end:
            raise Trouble(f"port {taken} of 127.0.0.1 is taken: end what uses it, or choose another DEMO_PORT (20 ports "
                          "from there are used)")
        time.sleep(0.2)


def taken_port(place):
    for port in range(place.port, place.port + 7):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return port
    return None


def settle(place):
    """Before anything is put into DEMO_DIR: where the daemons' users could not reach it in any way, it becomes a link to a
    folder in /tmp."""
    check(place)
    if unreachable(place) is None or may_unshare():
        return
    if os.path.isdir(place.dir) and os.listdir(place.dir):
        raise Trouble(f"{place.dir} cannot be reached by users {place.daemon_user} and {place.database_user}: choose a "
                      "DEMO_DIR that everybody can reach, such as /tmp/inkan-demo")
    target = f"{place.sockets}-data"
    if os.path.lexists(target):
        if os.path.islink(target) or os.stat(target).st_uid != os.getuid():
            raise Trouble(f"{target} belongs to somebody else: take it away, or choose another DEMO_DIR")
        shutil.rmtree(target)  # of a DEMO_DIR that has been removed since
    os.mkdir(target, 0o755)
    if os.path.isdir(place.dir):
        os.rmdir(place.dir)
    os.makedirs(os.path.dirname(place.dir), exist_ok=True)
    os.symlink(target, place.dir)


# --- a view of the machine in which the daemons' users can reach the demo's folder ---------------------------------------------

IN_NAMESPACE = "INKAN_DEMO_NAMESPACE"


def reachable_view(place):
    """Where a folder above DEMO_DIR is closed to other users (/root is), goes on in a mount namespace of our own: there an
    empty folder lies over the closed one and holds nothing but DEMO_DIR, at the same path. Nobody else sees any of it."""
    closed = unreachable(place)
    if closed is None:
        return
    if os.environ.get(IN_NAMESPACE):
        raise Trouble(f"users {place.daemon_user} and {place.database_user} cannot reach {place.dir}")
    os.environ[IN_NAMESPACE] = "1"
    hold = os.path.join(place.sockets, "hold")
    os.makedirs(hold, exist_ok=True)
    script = ('set -e; dir=$1 hold=$2 closed=$3; shift 3; mount --bind "$dir" "$hold"; '
              'mount -t tmpfs -o mode=0755,size=1m tmpfs "$closed"; mkdir -p -m 0755 "$dir"; mount --move "$hold" "$dir"; '
              'cd "$dir"; exec "$@"')
    if not may_unshare():
        raise Trouble(f"{closed} is closed to users {place.daemon_user} and {place.database_user}, and a private mount "
                      "namespace cannot be made here: choose a DEMO_DIR that everybody can reach, such as /tmp/inkan-demo")
    sys.stdout.flush()
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", place.dir, hold, closed,
                          sys.executable, "-B", place.program("demo", "demo.py"), "--dir", place.dir, "--port",
                          str(place.port), "run"])


# --- the three commands ----------------------------------------------------------------------------------------------------

def run(place):
    check(place)
    os.umask(0o022 if place.root else 0o077)
    prepare_limits()
    place.make_sockets_folder()
    reachable_view(place)
    held = lock(place, wait=5)
    if held is None:
        raise Trouble(f"a demo of {place.dir} is running already; `make demo-down` ends it")
    from stack import Stack  # pylint: disable=import-outside-toplevel
    place.write(os.path.join(place.run, "supervisor.pid"), f"{os.getpid()}\n")
    stack = Stack(place, say)
    status = 1
    try:
        stack.bring_up()
        place.write(os.path.join(place.run, "ready"), f"{os.getpid()}\n")
        say(f"ready: {place.portal_url}/")
        print(stack.guide(), flush=True)
        status = stack.watch()
    except KeyboardInterrupt:
        status = 130
    except (Trouble, TimeoutError, RuntimeError) as why:
        say(f"the demo cannot go on: {why}")
        print(stack.tails(), flush=True)
    finally:
        # A second Ctrl-C must not leave daemons behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say("ending")
        forget(place, "ready")
        stack.supervisor.stop_all()
        forget(place, "supervisor.pid")
        for name in ("app", "pg"):
            shutil.rmtree(place.socket(name), ignore_errors=True)
        for name in ("hold", ""):
            try:
                os.rmdir(place.socket(name))
            except OSError:
                pass
        say("ended")
    os.close(held)
    return status


def forget(place, name):
    try:
        os.unlink(os.path.join(place.run, name))
    except FileNotFoundError:
        pass


def prepare_limits():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Keys are kept in locked memory; root's limit is inherited by the daemons.
    wanted, (_, most) = 64 * 1024 * 1024, resource.getrlimit(resource.RLIMIT_MEMLOCK)
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (wanted, max(wanted, most) if most != -1 else most))
    except (ValueError, OSError):
        pass


def up(place):
    ready, log = os.path.join(place.run, "ready"), place.path("demo.log")
    os.makedirs(place.run, exist_ok=True)
    begun = None
    end = time.monotonic() + READY_WITHIN
    while running(place) and not os.path.exists(ready) and time.monotonic() < end:
        time.sleep(0.1)  # one that is just beginning, or ending
    if not running(place):
        check(place)
        forget(place, "ready")
        with open(log, "ab") as output:
            where = output.tell()
            begun = subprocess.Popen([sys.executable, "-B", place.program("demo", "demo.py"), "--dir", place.dir, "--port",
                                      str(place.port), "run"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     cwd=place.dir, start_new_session=True)
    while time.monotonic() < end:
        if os.path.exists(ready) and running(place):
            print(f"ready: {place.portal_url}/  (settings of this demo: {place.path('demo.env')}, log: {log})")
            return 0
        if begun is not None and begun.poll() is not None:
            break
        time.sleep(0.1)
    print(f"the demo is not ready; its log, {log}, ends:", file=sys.stderr)
    if os.path.exists(log):
        with open(log, "rb") as file:
            file.seek(where if begun is not None else 0)
            print(b"\n".join(file.read().splitlines()[-40:]).decode("utf-8", "replace"), file=sys.stderr)
    if begun is not None and begun.poll() is None:
        begun.terminate()
        try:
            begun.wait(60)
        except subprocess.TimeoutExpired:
            begun.kill()
    return 1


def down(place):
    if not running(place):
        print(f"no demo of {place.dir} is running")
        return 0
    pid = read(os.path.join(place.run, "supervisor.pid"))
    if pid:
        os.kill(int(pid), signal.SIGTERM)
    held = lock(place, wait=90)
    if held is None:
        print(f"the demo of {place.dir}, process {pid or '?'}, does not end; see {place.path('demo.log')}", file=sys.stderr)
        return 1
    os.close(held)
    print("ended")
    return 0


COMMANDS = {"settle": settle, "run": run, "up": up, "down": down, "running": lambda place: 0 if running(place) else 1}


def main():
    words = argparse.ArgumentParser(description="The demo of Inkan; see `make help`.")
    words.add_argument("--dir", required=True)
    words.add_argument("--port", required=True)
    words.add_argument("command", choices=COMMANDS)
    given = words.parse_args()
    try:
        place = Place(given.dir, given.port)
        return COMMANDS[given.command](place) or 0
    except Trouble as why:
        print(f"demo: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
