"""A person who does not give up: every step of a certificate's life, taken again until it succeeds, as somebody does who reads 'try
again in a moment'. What a broken neighbour answers (502, 503, a cut line) is no failure; a refusal, or a bare 500, is.

    someone = Stubborn(demo, "researcher")
    life = someone.begin(memo)     # a form to apply with
    life.apply()                   # one request in demo.numbers, however often it was sent"""
import http.client
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Person  # noqa: E402

PATIENCE = 90  # seconds that one step may take while something around it fails
PAUSE = 0.15   # between two tries
REFUSALS = (400, 403, 404, 405, 409, 410, 413, 422, 423, 500)


def again(what, work, wanted=lambda answer: True, patience=PATIENCE):
    """WORK() until it gives what is WANTED."""
    end, last = time.monotonic() + patience, None
    while time.monotonic() < end:
        try:
            last = work()
            if last is not None and wanted(last):
                return last
        except (OSError, tap.Failed, http.client.HTTPException) as why:
            last = why
        time.sleep(PAUSE)
    raise tap.Failed("%s: not within %d s; last: %s" % (what, patience, tap.shorten(str(last), 600)))


def status(*wanted):
    """For again(): the answer has one of these; a refusal is final, and raised as SystemError."""
    def check(answer):
        if answer.status in REFUSALS and answer.status not in wanted:
            raise SystemError("%r\n%s" % (answer, answer.text()[:600]))
        return answer.status in wanted
    return check


class Life:
    """One certificate: applied for, collected, renewed, collected again, revoked. What a step needs is read before it (look), so
    that the step itself is the act alone."""

    def __init__(self, person, memo):
        self.person, self.demo, self.memo = person, person.demo, memo
        self.number, self.count = None, 0
        self.files = []  # (pin, path, bytes)
        self.form = self.pin = self.path = None

    def page(self, path):
        return again(path, lambda: self.person.get(path, follow=False), status(200))

    def state_is(self, *states):
        """By the table: the portal, which may be what fails, is not asked."""
        return again("request %d is %s" % (self.number, " or ".join(states)),
                     lambda: self.demo.sql("select state from request where number = %d" % self.number), lambda s: s in states)

    def look_apply(self):
        self.form = again("form", lambda: self.person.apply_form("client"))

    def apply(self):
        fields = dict(type="client", months="13", memo=self.memo, confirm="1")
        answer = again("apply", lambda: self.person.submit(self.form, **fields), status(303))
        self.number = int(answer.location().rstrip("/").split("/")[-2])
        self.state_is("ready")
        self.mailed()

    def rest(self):
        """Until its mails are sent."""
        waiting = "select count(*) from outbox where request = %d and state = 'waiting'" % self.number
        again("mails", lambda: self.demo.number(waiting) == 0, bool)

    def mailed(self):
        self.rest()
        self.count += 1
        client.wait_mail(self.demo, self.number, "ready", self.count, seconds=PATIENCE)

    def look_pin(self):
        self.pin = again("pin", lambda: self.person.pin(self.number))
        self.path = client.pickup_path(client.mails(self.demo, self.number, "ready")[-1])
        self.look_pin_page()

    def look_pin_page(self):
        self.form = self.page(self.path).form(self.path, pin=None)

    def show_pin(self):
        answer = again("pin", lambda: self.person.submit(self.form, pin=self.pin), status(200))
        self.form = answer.form(self.path + "/download")

    def download(self):
        answer = again("download", lambda: self.person.submit(self.form, pin=self.pin), status(200))
        tap.equal(answer.header("Content-Type"), "application/x-pkcs12")
        self.files.append((self.pin, self.path, answer.body))
        self.rest()

    def look_again(self):
        """The download's form of what was collected already."""
        self.look_pin_page()
        self.show_pin()

    def look_renew(self):
        path = "/certificates/%d" % self.number
        self.form = self.page(path).form(path + "/renew")

    def renew(self):
        again("renew", lambda: self.person.submit(self.form, confirm="1"), status(303))
        self.state_is("renew_ready")
        self.mailed()

    def look_revoke(self):
        path = "/certificates/%d" % self.number
        self.form = self.page(path).form(path + "/revoke")

    def revoke(self):
        # A revocation whose answer got lost has been carried out, and its form leads to the same place.
        again("revoke", lambda: self.person.submit(self.form, reason="superseded", confirm="1"), status(303))
        self.state_is("revoked")
        self.rest()
