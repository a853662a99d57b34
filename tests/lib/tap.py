"""Test programs in Python: functions with a sentence as docstring, reported as TAP.

    import tap
    def applying_twice():
        '''the same form twice is one request'''
        tap.equal(a, b)
    tap.run(applying_twice, …)

A failure is an exception; the others still run. `tap.Skip("why")` leaves one out."""
import os
import sys
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Skip(Exception):
    """This test cannot be made here; the text says why."""


class Failed(Exception):
    """What was seen is not what was wanted."""


def ok(condition, text="not so"):
    if not condition:
        raise Failed(text() if callable(text) else text)


def equal(seen, wanted, what=""):
    if seen != wanted:
        raise Failed("%s\n  seen:   %s\n  wanted: %s" % (what or "differs", shorten(seen), shorten(wanted)))


def among(seen, wanted, what=""):
    if seen not in wanted:
        raise Failed("%s\n  seen:   %s\n  wanted: one of %s" % (what or "differs", shorten(seen), shorten(wanted)))


def has(text, part, what=""):
    if part not in text:
        raise Failed("%s\n  seen:   %s\n  wanted: with %s" % (what or "lacks something", shorten(text), shorten(part)))


def lacks(text, part, what=""):
    if part in text:
        raise Failed("%s\n  seen:   %s\n  wanted: without %s" % (what or "has too much", shorten(text), shorten(part)))


def shorten(value, most=2000):
    text = repr(value)
    return text if len(text) <= most else text[:most] + "…(%d)" % len(text)


def until(what, seconds=20, every=0.05):
    """Calls WHAT() until it gives something true, which is returned; after SECONDS that is a failure."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("after %s s still not: %s" % (seconds, getattr(what, "__doc__", None) or getattr(what, "__name__", what)))
        time.sleep(every)


def comment(text):
    for line in str(text).split("\n"):
        print("# " + line, flush=True)


def run(*tests):
    """Runs TESTS in order and ends the program. Words on the command line choose by name."""
    words = sys.argv[1:]
    tests = [t for t in tests if not words or any(w in t.__name__ for w in words)]
    print("1..%d" % len(tests), flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = (test.__doc__ or test.__name__).strip().replace("#", "No. ")
        began = time.monotonic()
        try:
            test()
            print("ok %d - %s" % (number, name), flush=True)
        except Skip as why:
            print("ok %d - %s # SKIP %s" % (number, name, why), flush=True)
        except Exception as why:  # every failure is reported, none stops the rest
            failed += 1
            print("not ok %d - %s" % (number, name), flush=True)
            comment(why if isinstance(why, Failed) else "")
            comment("".join(traceback.format_exception(type(why), why, why.__traceback__)[-4:]).rstrip())
        comment("%.2f s" % (time.monotonic() - began))
    sys.exit(1 if failed else 0)
