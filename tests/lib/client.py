"""A person in front of the portal, without a browser: HTTP with cookies, forms as the pages give them out, the login at the
real IdP, mails from the mail folder, SQL as the demo's reading user. Standard library only."""
import datetime
import email
import email.policy
import html.parser
import http.client
import os
import re
import shlex
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import tap

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


# --- the demo ---------------------------------------------------------------------------------------------------------------

class Demo:
    """demo.env of the demo that the runner started, or the one that DEMO_ENV names."""

    def __init__(self):
        folder = os.environ.get("DEMO_DIR") or os.path.join(tap.ROOT, os.environ.get("BUILD", "build"), "test-demo")
        self.file = os.environ.get("DEMO_ENV") or os.path.join(folder, "demo.env")
        self.env = {}
        with open(self.file, encoding="utf-8") as file:
            for line in file:
                found = re.match(r"(?:export\s+)?(\w+)=(.*)", line.strip())
                if found:
                    self.env[found.group(1)] = " ".join(shlex.split(found.group(2)))
        self.tls = ssl.create_default_context(cafile=self["TLS_CA"])

    def __getitem__(self, name):
        return self.env[name]

    def sql(self, query, *, rows=False):
        """QUERY's first value as text (None without one), or all rows as lists of text; {} is filled by nobody: quote with q()."""
        done = subprocess.run(["psql", "-qXAt", "-F", "\x1f", "-R", "\x1e", "-v", "ON_ERROR_STOP=1", "-c", query],
                              env=dict(os.environ, **{k: v for k, v in self.env.items() if k.startswith("PG")}),
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise tap.Failed("%s\n%s" % (query, done.stderr))
        found = [row.split("\x1f") for row in done.stdout.rstrip("\n").split("\x1e")] if done.stdout.strip("\n") else []
        return found if rows else (found[0][0] if found else None)

    def number(self, query):
        return int(self.sql(query) or 0)

    def owner(self, script):
        """SCRIPT as the superuser: for what a test must arrange and no page or command does (a day that is past)."""
        if os.getuid() == 0:
            who = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        else:
            who = []
        done = subprocess.run(who + ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", self["PGHOST"], "-p", self["PGPORT"], "-d",
                                     self["PGDATABASE"], "-c", script], capture_output=True, text=True, check=False, cwd="/",
                              env={k: v for k, v in os.environ.items() if not k.startswith("PG")})
        if done.returncode != 0:
            raise tap.Failed("%s\n%s" % (script, done.stderr))
        return done.stdout.strip()

    def inkan(self, *words, check=True):
        done = subprocess.run(shlex.split(self["INKAN"]) + list(words), capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise tap.Failed("inkan %s: %s" % (" ".join(words), done.stderr))
        return done

    def pid(self, name):
        with open(os.path.join(self["RUN_DIR"], name + ".pid"), encoding="ascii") as file:
            return int(file.read().split()[0])

    def fetch(self, path, base=None):
        return Browser(self).get((base or self["PUBLISH_URL"]) + path)


def q(text):
    return "'" + str(text).replace("'", "''") + "'"


# --- HTML -------------------------------------------------------------------------------------------------------------------

class Node:
    def __init__(self, tag, attributes):
        self.tag, self.attributes, self.children = tag, attributes, []

    def __getitem__(self, name):
        return self.attributes.get(name)

    def walk(self):
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag=None, **wanted):
        wanted = {k.rstrip("_").replace("_", "-"): v for k, v in wanted.items()}
        return [n for n in self.walk() if (tag is None or n.tag == tag)
                and all(n.attributes.get(k) == v if v is not True else k in n.attributes for k, v in wanted.items())]

    def first(self, tag=None, **wanted):
        found = self.all(tag, **wanted)
        return found[0] if found else None

    BLOCKS = {"p", "li", "dt", "dd", "td", "th", "tr", "div", "h1", "h2", "h3", "br", "option", "summary", "section", "header", "title",
              "label", "button", "main", "nav", "footer", "article", "legend"}

    def raw(self):
        """What the DOM calls textContent, but for a blank around what a browser sets apart."""
        if self.tag in ("script", "style"):
            return ""
        inner = "".join(c if isinstance(c, str) else c.raw() for c in self.children)
        return " %s " % inner if self.tag in self.BLOCKS else inner

    def text(self):
        return re.sub(r"\s+", " ", self.raw()).strip()


class Tree(html.parser.HTMLParser):
    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.root = Node("#root", {})
        self.open = [self.root]
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        node = Node(tag, {k: v if v is not None else "" for k, v in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Node(tag, {k: v or "" for k, v in attrs}))

    def handle_endtag(self, tag):
        for i in range(len(self.open) - 1, 0, -1):
            if self.open[i].tag == tag:
                del self.open[i:]
                return

    def handle_data(self, data):
        self.open[-1].children.append(data)


class Form:
    def __init__(self, node, url):
        self.node = node
        self.action = urllib.parse.urljoin(url, node["action"] or url)
        self.method = (node["method"] or "get").lower()
        self.path = urllib.parse.urlsplit(self.action).path
        self.fields, self.choices = {}, {}
        for n in node.walk():
            name, kind = n["name"], (n["type"] or "text").lower()
            if not name:
                continue
            if n.tag == "textarea":
                self.fields[name] = n.text()
            elif n.tag == "select":
                options = n.all("option")
                self.choices[name] = [o["value"] if o["value"] is not None else o.text() for o in options]
                chosen = [o for o in options if "selected" in o.attributes] or options[:1]
                if chosen:
                    self.fields[name] = chosen[0]["value"] if chosen[0]["value"] is not None else chosen[0].text()
            elif n.tag == "input" and kind in ("radio", "checkbox"):
                self.choices.setdefault(name, []).append(n["value"])
                if "checked" in n.attributes:
                    self.fields[name] = n["value"] or "on"
            elif n.tag == "input" and kind not in ("submit", "button", "image", "file"):
                self.fields[name] = n["value"] or ""
        self.buttons = {n["name"]: n["value"] or "" for n in node.walk() if n.tag in ("button", "input") and n["name"]
                        and (n["type"] or ("submit" if n.tag == "button" else "text")) == "submit"}

    def takes(self, name, value):
        return self.fields.get(name) == value or value in self.choices.get(name, []) or self.buttons.get(name) == value


class Answer:
    """Status, headers and body of one answer; for HTML also what is in it."""

    def __init__(self, url, method, status, headers, body):
        self.url, self.method, self.status, self.headers, self.body = url, method, status, headers, body
        self._tree = None

    def __repr__(self):
        return "%s %s -> %d %s" % (self.method, self.url, self.status, self.header("Location") or self.header("Content-Type"))

    def header(self, name):
        values = self.all_headers(name)
        return values[0] if values else None

    def all_headers(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    @property
    def html(self):
        return self.body.decode("utf-8", "replace")

    @property
    def tree(self):
        if self._tree is None:
            self._tree = Tree(self.html).root
        return self._tree

    @property
    def title(self):
        node = self.tree.first("title")
        return node.text() if node else ""

    @property
    def path(self):
        return urllib.parse.urlsplit(self.url).path

    def location(self):
        return urllib.parse.urljoin(self.url, self.header("Location") or "")

    def text(self):
        return self.tree.text()

    def id(self, name):
        node = self.tree.first(id=name)
        if node is None:
            raise tap.Failed("%r has no element with id %s" % (self, name))
        return node

    def value(self, name):
        return self.id(name).text()

    def forms(self):
        return [Form(n, self.url) for n in self.tree.all("form")]

    def form(self, path=None, **wanted):
        """The first form whose action is PATH and that can send the WANTED values (None: has the field)."""
        for form in self.forms():
            if (path is None or form.path == path) and all(
                    form.takes(k, v) if v is not None else k in form.fields or k in form.choices for k, v in wanted.items()):
                return form
        raise tap.Failed("%r has no form to %s with %s; it has %s\n%s" % (
            self, path, wanted, [(f.method, f.path, sorted(f.fields)) for f in self.forms()], self.text()[:1500]))

    def rows(self):
        """{number: data-state} of the dashboard's table."""
        return {int(n["data-request"]): n["data-state"] for n in self.tree.all("tr") if n["data-request"]}

    def want(self, *statuses):
        if self.status not in statuses:
            raise tap.Failed("%r: wanted %s\n%s" % (self, statuses, self.text()[:1500] if self.is_html() else self.body[:300]))
        return self

    def is_html(self):
        return (self.header("Content-Type") or "").startswith("text/html")


# --- HTTP -------------------------------------------------------------------------------------------------------------------

class Connection(http.client.HTTPSConnection):
    """Every name below localhost is 127.0.0.1."""

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


class Browser:
    def __init__(self, demo, language="en", certificate=None):
        self.demo, self.language = demo, language
        self.cookies = {}          # host -> {name: (value, attributes)}: cookies ignore ports
        self.seen = []             # every answer, for tests that look at all of them
        self.tls = demo.tls
        if certificate:            # (certificate file, key file, password)
            self.tls = ssl.create_default_context(cafile=demo["TLS_CA"])
            self.tls.load_cert_chain(*certificate)

    def cookie_header(self, host):
        return "; ".join("%s=%s" % (k, v[0]) for k, v in self.cookies.get(host, {}).items())

    def keep(self, host, answer):
        for line in answer.all_headers("Set-Cookie"):
            parts = [p.strip() for p in line.split(";")]
            name, _, value = parts[0].partition("=")
            attributes = {p.partition("=")[0].lower(): p.partition("=")[2] for p in parts[1:]}
            gone = attributes.get("max-age", "1").startswith(("0", "-")) or "1970" in attributes.get("expires", "")
            if gone:
                self.cookies.get(host, {}).pop(name, None)
            else:
                self.cookies.setdefault(host, {})[name] = (value, attributes)

    def send(self, method, url, body=None, headers=None, timeout=60):
        if url.startswith("/"):
            url = self.demo["PORTAL_URL"] + url
        parts = urllib.parse.urlsplit(url)
        wanted = {"Accept": "text/html,*/*", "Accept-Language": self.language, "User-Agent": "inkan-tests", "Connection": "close"}
        cookies = self.cookie_header(parts.hostname)
        if cookies:
            wanted["Cookie"] = cookies
        wanted.update(headers or {})
        wanted = {k: v for k, v in wanted.items() if v is not None}
        context = self.tls if parts.scheme == "https" else None
        connection = Connection(parts.hostname, parts.port or (443 if context else 80), timeout=timeout, context=self.tls)
        connection._context = context
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        try:
            connection.request(method, target, body=body, headers=dict(wanted, Host=parts.netloc))
            reply = connection.getresponse()
            answer = Answer(url, method, reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()
        self.keep(parts.hostname, answer)
        self.seen.append(answer)
        return answer

    def follow(self, answer, most=12):
        while answer.status in (301, 302, 303, 307, 308) and most:
            most -= 1
            answer = self.send("GET", answer.location())
        return answer

    def get(self, url, follow=True, **more):
        answer = self.send("GET", url, **more)
        return self.follow(answer) if follow else answer

    def post(self, url, fields, follow=False, headers=None, **more):
        body = urllib.parse.urlencode(fields)
        answer = self.send("POST", url, body, dict({"Content-Type": "application/x-www-form-urlencoded"}, **(headers or {})), **more)
        return self.follow(answer) if follow else answer

    def submit(self, form, follow=False, headers=None, without=(), **fields):
        values = {k: v for k, v in dict(form.fields, **fields).items() if k not in without and v is not None}
        if form.method == "get":
            return self.get(form.action.split("?")[0] + "?" + urllib.parse.urlencode(values), follow=follow)
        return self.post(form.action, values, follow=follow, headers=headers)

    def upload(self, form, file, name="lines.tsv", headers=None, **fields):
        """The form as a browser sends one with a file: multipart/form-data."""
        mark, parts = "----b" + os.urandom(8).hex(), []
        for key, value in dict(form.fields, **fields).items():
            if key != "file" and value is not None:
                parts.append(('Content-Disposition: form-data; name="%s"\r\n\r\n%s' % (key, value)).encode())
        parts.append(('Content-Disposition: form-data; name="file"; filename="%s"\r\nContent-Type: text/plain\r\n\r\n' % name).encode() + file)
        body = b"".join(b"--%s\r\n%s\r\n" % (mark.encode(), part) for part in parts) + b"--%s--\r\n" % mark.encode()
        return self.send("POST", form.action, body, dict({"Content-Type": "multipart/form-data; boundary=" + mark}, **(headers or {})))


# --- a person ---------------------------------------------------------------------------------------------------------------

class Person(Browser):
    """One of the demo's accounts, logged in unless told otherwise."""

    IDP2 = ("researcher2", "desk2")

    def __init__(self, demo, account="researcher", language="en", login=True):
        super().__init__(demo, language)
        self.account = account
        if login:
            self.login()

    def idp(self):
        return self.demo["IDP2" if self.account in self.IDP2 else "IDP1"]

    def login(self, start=None, password="demo"):
        """Through the IdP's own pages; gives the page that the portal ends on."""
        page = self.get(start or "/login?idp=" + urllib.parse.quote(self.idp(), safe=""))
        return self.at_the_idp(page, password)

    def at_the_idp(self, page, password="demo"):
        for _ in range(12):
            if page.path == "/discovery":
                mark = urllib.parse.quote(self.idp(), safe="")
                links = [a["href"] for a in page.tree.all("a") if mark in (a["href"] or "")]
                if not links:
                    raise tap.Failed("the discovery has no link for %s\n%s" % (self.idp(), page.text()[:800]))
                page = self.get(urllib.parse.urljoin(page.url, links[0]))
                continue
            if page.url.startswith((self.demo["PORTAL_URL"] + "/", self.demo["CLIENT_URL"] + "/")):
                return page
            page.want(200)
            forms = page.forms()
            login = [f for f in forms if "username" in f.fields]
            answer = [f for f in forms if "SAMLResponse" in f.fields]
            if login:
                page = self.submit(login[0], follow=True, username=self.account, password=password)
            elif answer:
                page = self.submit(answer[0], follow=True)
            elif forms:
                page = self.submit(forms[0], follow=True)
            else:
                raise tap.Failed("at the IdP: no form on %r\n%s" % (page, page.text()[:800]))
        raise tap.Failed("the login did not end: %r" % page)

    def saml_response(self):
        """The form with the response, not sent yet (for those who send something else)."""
        page = self.get("/login?idp=" + urllib.parse.quote(self.idp(), safe=""))
        form = page.form(username=None)
        page = self.submit(form, follow=True, username=self.account, password="demo")
        return page.form(SAMLResponse=None)

    def dashboard(self, everything=False):
        return self.get("/certificates" + ("?all=1" if everything else "")).want(200)

    def detail(self, number):
        return self.get("/certificates/%d" % number).want(200)

    def state(self, number):
        return self.detail(number).id("state")["data-state"]

    def apply_form(self, kind="client"):
        return self.dashboard().form("/certificates", type=kind)

    def apply(self, kind="client", months=52, memo="", **more):
        """Applies through the confirmation; gives the request's number."""
        confirm = self.submit(self.apply_form(kind), type=kind, months=str(months), memo=memo, **more).want(200)
        answer = self.submit(confirm.form("/certificates", confirm="1")).want(303)
        found = re.fullmatch(r"/certificates/(\d+)/accepted", urllib.parse.urlsplit(answer.location()).path)
        if not found:
            raise tap.Failed("after apply: %r" % answer)
        return int(found.group(1))

    def wait(self, number, *states, seconds=20):
        def there():
            state = self.state(number)
            return state if state in states else None
        there.__doc__ = "request %d is %s" % (number, " or ".join(states))
        return tap.until(there, seconds)

    def pin(self, number):
        text = self.detail(number).value("pin")
        found = re.search(r"(?<![A-Za-z0-9])[A-Za-z0-9]{16}(?![A-Za-z0-9])", text)
        return found.group(0) if found else None

    def ready(self, kind="client", months=52, **more):
        """Applies and waits; gives number, PIN and the pickup's path."""
        number = self.apply(kind, months, **more)
        self.wait(number, "ready")
        return number, tap.until(lambda: self.pin(number)), self.pickup_path(number)

    def pickup_path(self, number, nth=-1, count=1):
        """The path in the NTH 'ready' mail, once there are COUNT of them."""
        mails = tap.until(lambda: (lambda m: m if len(m) >= count else None)(self.demo_mails(number, "ready")), 20)
        return pickup_path(mails[nth])

    def demo_mails(self, number, event=None):
        return mails(self.demo, number, event)

    def pickup(self, path, pin, **fields):
        """Through both steps; gives the answer to the download."""
        first = self.get(path).want(200)
        second = self.submit(first.form(path, pin=None), pin=pin).want(200)
        return self.submit(second.form(path + "/download"), **dict({"pin": pin}, **fields))

    def collect(self, number, pin, path, **fields):
        answer = self.pickup(path, pin, **fields).want(200)
        if answer.header("Content-Type") != "application/x-pkcs12":
            raise tap.Failed("no PKCS#12: %r" % answer)
        return answer.body

    def collected(self, kind="client", months=52, encoding=None, **more):
        """From the application to the file: (number, PIN, path, bytes)."""
        number, pin, path = self.ready(kind, months, **more)
        fields = {"encoding": encoding} if encoding else {}
        data = self.collect(number, pin, path, **fields)
        return number, pin, path, data

    def act(self, number, what, **fields):
        """renew, revoke: from the detail through the confirmation."""
        page = self.detail(number)
        path = "/certificates/%d/%s" % (number, what)
        confirm = self.submit(page.form(path), **fields).want(200)
        return self.submit(confirm.form(path, confirm="1"), **fields).want(303)


# --- mails ------------------------------------------------------------------------------------------------------------------

class Mailbox:
    """The demo's delivered mails; each file is read once, so that ten thousand requests cost no more than ten."""

    def __init__(self, folder):
        self.folder, self.lock = folder, threading.Lock()
        self.names, self.messages, self.of = set(), [], {}  # of: the request's number → its mails

    def read(self, name):
        path = os.path.join(self.folder, name)
        try:
            with open(path, "rb") as file:
                message = email.message_from_binary_file(file, policy=email.policy.default)
            message.arrived = os.stat(path).st_mtime_ns
        except OSError:
            return
        if message["X-Inkan-Event"] is None:
            return  # still being written
        message.file = path
        self.names.add(name)
        self.messages.append(message)
        found = re.match(r"\[Inkan #(\d+)\]", str(message["Subject"]))
        if found:
            self.of.setdefault(int(found.group(1)), []).append(message)

    def look(self):
        with self.lock:
            try:
                names = os.listdir(self.folder)
            except OSError:
                names = []
            for name in names:
                if name not in self.names:
                    self.read(name)


_boxes = {}


def mailbox(demo):
    box = _boxes.setdefault(demo["MAILDIR"], Mailbox(os.path.join(demo["MAILDIR"], "new")))
    box.look()
    return box


def all_mails(demo):
    """Every delivered mail as email.message.EmailMessage, the oldest first."""
    return sorted(mailbox(demo).messages, key=lambda m: m.arrived)


def mails(demo, number, event=None):
    found = sorted(mailbox(demo).of.get(number, ()), key=lambda m: m.arrived)
    return [m for m in found if event is None or m["X-Inkan-Event"] == event]


def wait_mail(demo, number, event, count=1, seconds=20):
    def there():
        found = mails(demo, number, event)
        return found if len(found) >= count else None
    there.__doc__ = "mail %s of request %d" % (event, number)
    return tap.until(there, seconds)[-1]


def body(message):
    """The words; beside them may be a calendar."""
    return message.get_body(("plain",)).get_content()


def pickup_path(message):
    found = re.search(r"https://[^\s]+(/pickup/[A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])", body(message))
    if not found:
        raise tap.Failed("no pickup URL in the mail:\n" + body(message))
    return found.group(1)


def pin_in(message):
    found = re.findall(r"(?<![A-Za-z0-9_/-])(?=[A-Za-z0-9]*[0-9A-Z])[A-Za-z0-9]{16}(?![A-Za-z0-9_-])", body(message))
    return found[0] if found else None


# --- other people's tools -----------------------------------------------------------------------------------------------------

def tool(*words, data=None, check=True, env=None, cwd=None):
    """Runs a program; gives CompletedProcess with bytes."""
    done = subprocess.run([str(w) for w in words], input=data, capture_output=True, check=False, cwd=cwd,
                          env=dict(os.environ, **env) if env else None, timeout=120)
    if check and done.returncode != 0:
        raise tap.Failed("%s -> %d\n%s\n%s" % (" ".join(str(w) for w in words), done.returncode, done.stdout.decode("utf-8", "replace")[-1500:],
                                               done.stderr.decode("utf-8", "replace")[-1500:]))
    return done


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def unpack(folder, data, password, name="a"):
    """A PKCS#12 as openssl reads it: (certificate file, key file without password, chain file)."""
    p12 = write(folder, name + ".p12", data)
    word = write(folder, name + ".word", password.encode())
    base = ["openssl", "pkcs12", "-in", p12, "-passin", "file:" + word]
    certificate, key, chain = (os.path.join(folder, name + end) for end in (".crt", ".key", ".chain"))
    tool(*base, "-clcerts", "-nokeys", "-out", certificate)
    tool(*base, "-nocerts", "-nodes", "-out", key)
    tool(*base, "-cacerts", "-nokeys", "-out", chain)
    return certificate, key, chain


def certificate_says(file, *what):
    return tool("openssl", "x509", "-in", file, "-noout", *what).stdout.decode().strip()


def tokyo(text):
    """A time as openssl prints it ('Mar 24 14:59:59 2031 GMT') as time of Tokyo."""
    parsed = datetime.datetime.strptime(text.split("=", 1)[-1], "%b %d %H:%M:%S %Y %Z")
    return parsed.replace(tzinfo=datetime.timezone.utc).astimezone(datetime.timezone(datetime.timedelta(hours=9)))


def plus_months(day, months):
    n = day.year * 12 + day.month - 1 + months
    last = [31, 29 if (n // 12 % 4 == 0 and n // 12 % 100 != 0) or n // 12 % 400 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return datetime.date(n // 12, n % 12 + 1, min(day.day, last[n % 12]))


def at_once(*works):
    """Runs WORKS in threads; gives their results in order (an exception is raised here)."""
    results = [None] * len(works)

    def work(i):
        try:
            results[i] = (works[i](), None)
        except Exception as why:  # handed to the caller below
            results[i] = (None, why)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _, why in results:
        if why:
            raise why
    return [value for value, _ in results]


def now():
    return time.time()
