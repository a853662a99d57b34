"""Logs in to the demo's portal through its IdP as a browser does, by form and redirect: how the demo knows that it is ready.

    login.py PORTAL_URL TLS_CA IDP USER PASSWORD
prints the name on the dashboard and logs out again. Every host is 127.0.0.1, since *.localhost is not in everybody's resolver.
"""

import html.parser
import http.client
import http.cookies
import socket
import ssl
import sys
import urllib.parse


class Failed(Exception):
    pass


class Page(html.parser.HTMLParser):
    """A page's forms, as (where it goes, what it holds), and the text of the element with id 'person'."""

    def __init__(self, text):
        super().__init__()
        self.forms, self.person = [], None
        self.form, self.inside = None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == "form":
            self.form = (a.get("action") or "", {})
            self.forms.append(self.form)
        elif tag == "input" and self.form and a.get("name"):
            self.form[1][a["name"]] = a.get("value") or ""
        if a.get("id") == "person" and self.person is None:
            self.inside, self.person = tag, ""

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        if tag == self.inside:
            self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.person += data


class Browser:
    def __init__(self, tls_ca):
        self.context = ssl.create_default_context(cafile=tls_ca)
        self.cookies = {}  # host name: {name: value}; ports don't count, as in a browser
        self.url = ""

    def one(self, method, url, fields):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https":
            raise Failed(f"a redirect leads to {url}")
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, context=self.context, timeout=20)
        raw = socket.create_connection(("127.0.0.1", parts.port or 443), timeout=20)
        connection.sock = self.context.wrap_socket(raw, server_hostname=parts.hostname)
        headers = {"Host": parts.netloc, "Accept-Language": "en"}
        jar = self.cookies.setdefault(parts.hostname, {})
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            if self.url:
                before = urllib.parse.urlsplit(self.url)
                headers["Origin"] = f"{before.scheme}://{before.netloc}"
        connection.request(method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in http.cookies.SimpleCookie(line).items():
                jar[name] = morsel.value
        connection.close()
        return answer.status, answer.headers.get("Location"), text

    def go(self, url, fields=None):
        """GET or, with FIELDS, POST; follows redirects. Returns the page that is there in the end."""
        for _ in range(10):
            status, location, text = self.one("GET" if fields is None else "POST", url, fields)
            self.url, fields = url, None
            if status in (301, 302, 303) and location:
                url = urllib.parse.urljoin(url, location)
                continue
            if status != 200:
                raise Failed(f"{urllib.parse.urlsplit(url)._replace(query='').geturl()} answers {status}")
            return text
        raise Failed("redirects without end")

    def submit(self, text, **more):
        """Sends the first form of the page."""
        forms = Page(text).forms
        if not forms:
            raise Failed(f"no form on {self.url.partition('?')[0]}")
        return self.go(urllib.parse.urljoin(self.url, forms[0][0]), {**forms[0][1], **more})


def login(portal, tls_ca, idp, user, password):
    browser = Browser(tls_ca)
    text = browser.go(f"{portal}/login?idp={urllib.parse.quote(idp, safe='')}")
    text = browser.submit(text, username=user, password=password)
    if not any("SAMLResponse" in fields for _, fields in Page(text).forms):
        raise Failed("the IdP did not take the password")
    text = browser.submit(text)
    if urllib.parse.urlsplit(browser.url).path != "/certificates":
        text = browser.go(f"{portal}/certificates")
    page = Page(text)
    if page.person is None:
        raise Failed(f"no name on the dashboard {browser.url}")
    for action, fields in page.forms:
        if urllib.parse.urlsplit(action).path == "/logout":
            browser.one("POST", urllib.parse.urljoin(browser.url, action), fields)
    return " ".join(page.person.split())


if __name__ == "__main__":
    try:
        print(login(*sys.argv[1:]))
    except (Failed, OSError, http.client.HTTPException) as why:
        print(f"login: {why}", file=sys.stderr)
        sys.exit(1)
