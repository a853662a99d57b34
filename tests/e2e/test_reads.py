#!/usr/bin/python3
"""Reading changes nothing: everything that can be had by GET is had, and the tables are compared.
tap: alone
tap: seconds 180"""
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import client  # noqa: E402
import tap  # noqa: E402
from client import Browser, Person  # noqa: E402

demo = client.Demo()
me = Person(demo, "researcher")
# A GET may touch the rows behind its cookies.
FREE = {"session", "login"}
MOST = 150


def quiet():
    """no job and no mail is waiting, what was done is counted, and has its place and its head in the audit"""
    return demo.number("select (select count(*) from job where run_at < now() + interval '1 minute') + (select count(*) from outbox where state = 'waiting')"
                       " + (select count(*) from request where state in ('revoking', 'applied'))"
                       " + (select count(*) from certificate_new) + (select count(*) from statistic_step) + (select count(*) from event_unchained) + (select max(seq) from event_chain) - (select max(seq) from event_head)") == 0


def tables():
    names = [r[0] for r in demo.sql("select tablename from pg_tables where schemaname = 'public' order by 1", rows=True)]
    return {n: demo.sql("select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by t::text)), '') from %s t" % n)
            for n in names if n not in FREE}


def crawl(browser, starts):
    """Every page of ours that can be reached by links, and every address that a form or a file names, by GET and HEAD."""
    todo, seen = list(starts), set()
    ours = tuple(demo[n] + "/" for n in ("PORTAL_URL", "PUBLISH_URL", "CLIENT_URL"))
    while todo and len(seen) < MOST:
        url = urllib.parse.urljoin(demo["PORTAL_URL"] + "/", todo.pop(0)).split("#")[0]
        # One application's table is like the other: a few of each kind of page will do.
        kind = re.sub(r"\d+", "N", url)
        if url in seen or not url.startswith(ours) or sum(re.sub(r"\d+", "N", s) == kind for s in seen) >= 5:
            continue
        seen.add(url)
        answer = browser.get(url, follow=False)
        browser.send("HEAD", url)
        tap.ok(answer.status < 500, repr(answer))
        if answer.status in (301, 302, 303):
            todo.append(answer.location())
        if answer.is_html():
            for node in answer.tree.walk():
                for name in ("href", "src", "action", "formaction"):
                    if node[name]:
                        todo.append(urllib.parse.urljoin(url, node[name]))
    return seen


def a_crawl_changes_nothing():
    """a crawl over all pages, forms' addresses, links of mails and files, by GET and HEAD, leaves every table as it was"""
    number, pin, path = me.ready()
    done, _, _, _ = me.collected("client", 13)
    extra = ["/certificates?all=1", path, path + "?pin=" + pin, "/healthz", "/metrics", "/saml/metadata", "/saml/acs", "/helpdesk",
             "/saml/slo?SAMLRequest=x", "/discovery?q=k", "/language/en", "/ocsp", "/check"]
    extra += ["/certificates/%d%s" % (n, e) for n in (number, done) for e in ("", "/accepted", "/memo", "/renew", "/revoke?confirm=1&reason=superseded",
                                                                              "/pin", "/resend", "/withdraw")]
    extra += [path + e for e in ("/download", "/done", "/download?pin=" + pin)]
    extra += [demo["PUBLISH_URL"] + p for p in ("/crl/client.crl", "/crl/client-0.crl", "/ca/client.cer")] + [demo["CLIENT_URL"] + "/check"]
    for tries in range(4):
        tap.until(quiet, 30)
        before = tables()
        seen = crawl(me, ["/", "/certificates"] + extra)
        seen |= crawl(Browser(demo), ["/"] + extra)
        after = tables()
        changed = [n for n in before if before[n] != after[n]]
        tap.comment("%d addresses; changed: %s" % (len(seen), changed))
        # The worker's own clockwork (CRLs on schedule, metadata, logos) may strike meanwhile: then once more.
        if not changed or not set(changed) <= {"crl", "issuer", "metadata_source", "idp", "idp_fetch", "metadata_skipped", "logo", "picture", "job"}:
            break
    tap.equal(changed, [])
    tap.ok(len(seen) > 30, "few addresses: %s" % sorted(seen))
    tap.equal(me.state(number), "ready")
    tap.equal(me.state(done), "collected")


tap.run(a_crawl_changes_nothing)
