"""What the benchmarks share: the table, turns, the demo that they measure, load and CPU time."""
import http.client
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
os.chdir(ROOT)
BUILD = os.environ.get("BUILD", "build")
SECONDS = float(os.environ.get("BENCH_SECONDS") or 1)
TURNS = int(os.environ.get("BENCH_TURNS") or 5)
ROWS = int(os.environ.get("BENCH_ROWS") or 10000000)
PORT = int(os.environ.get("DEMO_PORT") or 9443)
DEMO_DIR = os.path.abspath(os.environ.get("BENCH_DEMO") or os.path.join(BUILD, "bench-demo"))

lines, not_reached = [], []


def row(name, seen, against, ratio, wanted=None, most=False):
    """One line of the table; WANTED: the figure to reach, at least, or at MOST."""
    verdict = "" if wanted is None else ("reached" if (ratio <= wanted if most else ratio >= wanted) else "not reached")
    figure = "" if wanted is None else "%s %g" % ("<=" if most else ">=", wanted)
    text = "%-34s %16s  %-30s %10s  %-10s %s" % (name, seen, against, ("%.3f" if ratio < 10 else "%.1f") % ratio, figure, verdict)
    if verdict.startswith("not"):
        not_reached.append(name)
    say(text)


def say(text):
    """Prints TEXT now, and once more with the whole table at the end."""
    lines.append(text)
    print(text, flush=True)


def head(title):
    say("\n%s" % title)
    say("%-34s %16s  %-30s %10s  %-10s" % ("what", "seen", "against", "ratio", "to reach"))


def finish(began, whole):
    """The last words; the WHOLE table once more where it is scattered over a long run."""
    if whole:
        print("\n--- the whole table ---\n" + "\n".join(lines))
    verdict = "not reached: " + ", ".join(not_reached) if not_reached else "every figure to reach was reached"
    print("\n%s (%.0f s)" % (verdict, time.monotonic() - began))


def turns(*works, count=None):
    """Medians of each of WORKS, taken in turns."""
    seen = [[] for _ in works]
    for _ in range(count or TURNS):
        for n, work in enumerate(works):
            seen[n].append(work())
    return [statistics.median(s) for s in seen]


def number(*words):
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[0])


def inkan(name, seconds=None):
    return lambda: number(os.path.join(BUILD, "inkan-bench"), name, "--seconds", str(seconds or SECONDS))


# --- the running demo ----------------------------------------------------------------------------------------------------------

class Demo:
    def __init__(self):
        self.words = ["make", "--no-print-directory", "DEMO_AS_BUILT=1", "BUILD=" + BUILD, "DEMO_DIR=" + DEMO_DIR, "DEMO_PORT=%d" % PORT]
        self.env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DEMO_DIR", "DEMO_PORT")}

    def __enter__(self):
        if os.environ.get("BENCH_DEMO"):
            return self.running()
        self.down()
        with open(os.path.join(BUILD, "bench-demo.log"), "wb") as log:
            if subprocess.run(self.words + ["demo-up"], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env, check=False).returncode:
                self.down()
                sys.exit("bench: the demo does not start, see %s/bench-demo.log" % BUILD)
        return self.running()

    def running(self):
        os.environ["DEMO_DIR"] = DEMO_DIR
        import client
        self.client = client
        return client.Demo()

    def down(self):
        if os.path.exists(DEMO_DIR) and not os.environ.get("BENCH_DEMO"):
            subprocess.run(self.words + ["demo-down"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.env, check=False)
            shutil.rmtree(os.path.realpath(DEMO_DIR))
            if os.path.islink(DEMO_DIR):
                os.unlink(DEMO_DIR)

    def __exit__(self, *_):
        self.down()


def families():
    """All processes: {pid: (parent's pid, CPU clock ticks, those of ended children included)}."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                found[int(name)] = (int(fields[1]), sum(int(f) for f in fields[11:15]))
            except OSError:
                pass
    return found


def cpu_of(pids):
    """CPU seconds of PIDS and all below them, those included that have ended and been waited for."""
    all_of_them = families()
    wanted, before = set(pids), 0
    while len(wanted) != before:
        before = len(wanted)
        wanted |= {pid for pid, (parent, _) in all_of_them.items() if parent in wanted}
    return sum(all_of_them[pid][1] for pid in wanted if pid in all_of_them) / os.sysconf("SC_CLK_TCK")


NGINX = """daemon off; worker_processes 1; pid %(dir)s/pid; error_log %(dir)s/error.log;
events { worker_connections 256; }
http { access_log off; client_body_temp_path %(dir)s/b; proxy_temp_path %(dir)s/p; fastcgi_temp_path %(dir)s/f; uwsgi_temp_path %(dir)s/u;
  scgi_temp_path %(dir)s/s; keepalive_requests 1000000; keepalive_timeout 60s;
  server { listen 127.0.0.1:%(port)d; server_name localhost; include %(params)s;
    fastcgi_param HTTPS on; fastcgi_buffers 16 16k; fastcgi_buffer_size 32k;
    location = /hello { fastcgi_pass unix:%(hello)s; }
    location = /ocsp { include %(params)s; fastcgi_param INKAN_PORT publish; fastcgi_pass unix:%(publish)s; }
    location / { include %(params)s; fastcgi_param HTTPS on; fastcgi_param INKAN_PORT portal; fastcgi_pass unix:%(portal)s; } } }
"""


def portal_settings():
    """(socket, publish_socket, processes, publish_processes) of the demo's portal."""
    with open(os.path.join(DEMO_DIR, "etc", "inkan.conf"), encoding="utf-8") as file:
        text = re.search(r"(?ms)^\[portal\](.*?)(^\[|\Z)", file.read()).group(1)
    return [re.search(r"(?m)^%s\s*=\s*(\S+)" % name, text).group(1) for name in ("socket", "publish_socket", "processes", "publish_processes")]


def settled(pids):
    """Waits until PIDS and all below them are idle: a demo that has just started makes keys for its pool. A minute at most."""
    for _ in range(30):
        before = cpu_of(pids)
        time.sleep(2)
        if cpu_of(pids) - before < 0.1:
            return


class Beside:
    """nginx with hello and the portal behind it, over plain HTTP, with the same worker and the same settings for both."""

    def __init__(self, publishing=False):
        """PUBLISHING: hello has as many processes as publish, not as many as serve pages."""
        self.publishing = publishing

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="inkan-bench-")
        os.chmod(self.dir, 0o755)
        self.port, (portal, publish, pages, publishers) = PORT + 19, portal_settings()
        count = publishers if self.publishing else pages
        hello = os.path.join(self.dir, "hello.sock")
        with open(os.path.join(self.dir, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(("" if os.getuid() else "user root;\n") + NGINX % {
                "dir": self.dir, "port": self.port, "hello": hello, "portal": portal, "publish": publish, "params": os.path.abspath("deploy/nginx/fastcgi.conf")})
        self.running = [subprocess.Popen([os.path.join(BUILD, "tests", "bench", "hello"), hello, count]),
                        subprocess.Popen(["/usr/sbin/nginx", "-e", os.path.join(self.dir, "error.log"), "-p", self.dir, "-c",
                                          os.path.join(self.dir, "nginx.conf")])]
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                break
            except OSError:
                time.sleep(0.05)
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def nginx(self):
        return self.running[1].pid

    @property
    def hello(self):
        return self.running[0].pid

    def tag(self, path, cookie):
        """The ETag of the page in the language that load asks for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path, headers={"Cookie": cookie, "Accept-Language": "en"})
        return connection.getresponse().getheader("ETag")

    def load(self, path, cookie="", connections=4, tag=""):
        words = [os.path.join(BUILD, "tests", "bench", "load"), str(self.port), path, str(SECONDS), str(connections)]
        if cookie:
            words.append("Cookie: " + cookie)
        if tag:  # then 304 is what is wanted
            words.append("If-None-Match: " + tag)
        rate, p50, p99, other, count = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
        if int(other):
            sys.exit("bench: %s of %s answers to %s were not as wanted" % (other, count, path))
        return float(rate), float(p50), float(p99), int(count)


def load_once(file, port, connections, mark, seconds=None):
    """Sends the requests of FILE: (how many were answered, how many without MARK in the header, p50, p99, what was wrong)."""
    done = subprocess.run([os.path.join(BUILD, "tests", "bench", "load"), "--once", file, str(port), str(seconds or SECONDS), str(connections), mark],
                          capture_output=True, text=True, check=True)
    _, p50, p99, other, count = done.stdout.split()
    return int(count), int(other), float(p50), float(p99), done.stderr


def with_demo(*works):
    holder = Demo()
    with holder as demo:
        for work in works:
            work(demo, holder.client)
