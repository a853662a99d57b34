#!/usr/bin/python3
"""What review found twice, a machine finds: arrows between the folders, the house's own mistakes, settings against manual
and sample, messages of both languages. Reads sources only, so it is part of `make test`; `make lint` adds the compilers and
cppcheck. TAP; each finding names file and line."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)

# --- what there is ----------------------------------------------------------------------------------------------------

SKIP = ("build/", "tests/browser/node_modules/")


def files():
    """Files of the project: what git knows and what is new and not ignored, as far as it exists."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True,
                                check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive
        listed = [os.path.join(d, n)[2:] for d, _, names in os.walk(".") for n in names if "/.git/" not in d + "/"]
    return sorted(f for f in listed if f and os.path.isfile(f) and not f.startswith(SKIP))


FILES = files()
SOURCES = [f for f in FILES if f.endswith((".c", ".h"))]
TEXTS = {}


def text(name):
    if name not in TEXTS:
        with open(name, encoding="utf-8", errors="replace") as file:
            TEXTS[name] = file.read()
    return TEXTS[name]


def lines(name):
    return enumerate(text(name).split("\n"), 1)


def bare(source):
    """C without comments and without what is in strings, line numbers kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(found):
        part = found.group(0)
        return '""' if part[0] == '"' else "' '" if part[0] == "'" else "\n" * part.count("\n")
    return re.sub(pattern, blank, source, flags=re.S)


def room(name):
    return name.split("/")[0] if "/" in name else ""


# --- arrows ---------------------------------------------------------------------------------------------------------------

# Leaves that every main program and long-lived process may include.
LEAVES = ["db/settings.h", "db/log.h", "db/prefork.h", "db/counter.h"]
# Rows: files, what of ours they may include. The first row that matches counts.
ARROWS = [
    (r"db/", [r"db/"]),
    # The ceremony makes the issuers' rows; signer and responder are the processes with a key.
    (r"ca/(signer|responder|ceremony)[a-z_]*\.[ch]$", [r"ca/", r"db/"]),
    # Its process; and the two ends of a connection, whose log lines carry one id.
    (r"ca/keymaker[a-z_]*\.[ch]$", [r"ca/"] + LEAVES),
    (r"ca/(client|desk)\.c$", [r"ca/", r"db/log\.h$"]),
    (r"ca/", [r"ca/"]),
    # A process of its own, under prefork.
    (r"sp/(opener|confine)\.[ch]$", [r"sp/"] + LEAVES),
    (r"sp/", [r"sp/", r"db/db\.h$", r"db/(metadata|discovery|logo|reading|json)\.h$"]),
    (r"web/", [r"web/"]),
    (r"ra/(worker|inkan|command|metadata|jobs|saml|opener)[a-z_]*\.[ch]$", [r"ra/", r"db/", r"ca/", r"web/", r"sp/(metadata|metadata_job|opener|pem|service)\.h$"]),
    (r"ra/logo\.[ch]$", [r"ra/", r"db/", r"ca/", r"sp/(logo|opener|error)\.h$"]),
    (r"ra/", [r"ra/", r"db/", r"ca/", r"web/"]),
    # The portal's master starts the keymaker.
    (r"fcgi/portal_main\.c$", [r"fcgi/", r"ra/", r"sp/", r"web/", r"db/db\.h$", r"db/session\.h$", r"ca/crypto\.h$",
                               r"ca/keymaker\.h$"] + LEAVES),
    (r"fcgi/", [r"fcgi/", r"ra/", r"sp/", r"web/", r"db/db\.h$", r"db/session\.h$", r"ca/crypto\.h$"] + LEAVES),
    (r"tests/", [r"(db|ca|sp|web|ra|fcgi|tests)/"]),
]
# Library headers and the only rooms that see them.
LIBRARIES = [
    (r"libpq|postgres", ["db"]), (r"openssl/", ["ca"]), (r"lasso|xmlsec", ["sp"]), (r"libxslt|libexslt|qrencode", ["web"]),
    (r"libxml", ["web", "fcgi", "ra", "sp"]), (r"(png|jpeglib|zlib)\.h", ["sp"]), (r"curl/", ["ra"]), (r"fcgiapp|fcgi_stdio|fastcgi", ["fcgi"]),
]


def arrows():
    """includes go down the house, never sideways or up"""
    for name in SOURCES:
        allowed = next((a for pattern, a in ARROWS if re.match(pattern, name)), None)
        for number, line in lines(name):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not found:
                continue
            if allowed is None:
                yield "%s:%d: no row of the table of arrows is about this file" % (name, number)
            elif not any(re.match(a, found.group(1)) for a in allowed):
                yield "%s:%d: may not include %s" % (name, number, found.group(1))


def libraries():
    """a library's headers are seen in its own room only"""
    for name in SOURCES:
        if room(name) == "tests":
            continue
        for number, line in lines(name):
            found = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
            for pattern, rooms in LIBRARIES if found else []:
                if re.match(pattern, found.group(1)) and room(name) not in rooms:
                    yield "%s:%d: <%s> belongs to %s" % (name, number, found.group(1), ", ".join(rooms))


def tests_are_not_included():
    """nothing outside tests/ includes anything of tests/"""
    for name in SOURCES:
        if room(name) == "tests":
            continue
        for number, line in lines(name):
            if re.match(r'\s*#\s*include\s+"(\.\./|tests/)', line):
                yield "%s:%d: %s" % (name, number, line.strip())


# --- the house's own mistakes --------------------------------------------------------------------------------------------------

SECRETISH = r"token|hash|pin\b|_pin|\bmac\b|secret|digest|cookie"
# What is said against it, where (a pattern on the path), what (a pattern on a line of code without strings and comments).
MISTAKES = [
    ("compare secrets and hashes by crypto_equal (constant time)", r"(db|ca|sp|web|ra|fcgi)/.*\.[ch]$",
     r"\b(memcmp|g_bytes_equal|g_bytes_compare)\s*\([^()]*(%s)" % SECRETISH),
    ("SQL runs in db/ only", r"(ca|sp|web|ra|fcgi)/.*\.[ch]$", r"\bPQ[a-z][A-Za-z]*\s*\("),
    ("values go to SQL as parameters: only scripts of migrations run by PQexec", r"db/(?!db\.c).*\.[ch]$", r"\bPQexec\s*\("),
    ("sprintf has no bound", r".*\.[ch]$", r"\bv?sprintf\s*\("),
    ("no bound", r".*\.[ch]$", r"\b(strcpy|strcat|gets|alloca|strncpy|g_alloca)\s*\("),
    ("no shell", r"(db|ca|sp|web|ra|fcgi)/.*\.[ch]$", r"\b(system|popen|g_spawn_command_line_a?sync)\s*\("),
    ("reads entities in the value: xmlNewTextChild, xmlNodeAddContent", r"(sp|web|ra|fcgi)/.*\.[ch]$",
     r"\b(xmlNewChild|xmlNodeSetContent(Len)?|xmlStringGetNodeList)\s*\(|\bxmlNewDocNode\s*\((?!.*, NULL\))"),
    ("not random enough for anything here", r"(db|ca|sp|web|ra|fcgi)/.*\.[ch]$",
     r"\b(rand|random|srand|g_random_int|g_random_int_range|g_random_double|drand48)\s*\("),
    ("threads are not for this house", r"(db|ca|sp|web|ra|fcgi)/.*\.[ch]$", r"\b(g_thread_new|pthread_create)\s*\("),
    ("not safe beside signals and time zones: GDateTime", r".*\.[ch]$", r"\b(localtime|gmtime|ctime|asctime)\s*\("),
]


def mistakes():
    """none of the house's own mistakes"""
    for name in SOURCES:
        code = bare(text(name)).split("\n")
        for why, where, what in MISTAKES:
            if not re.match(where, name):
                continue
            for number, line in enumerate(code, 1):
                if re.search(what, line, re.I if "memcmp" in what else 0):
                    yield "%s:%d: %s: %s" % (name, number, why, line.strip())


def escaping():
    """no template switches escaping off or reads what a document names"""
    for name in FILES:
        if not name.endswith((".xsl", ".xslt")):
            continue
        for number, line in lines(name):
            if re.search(r"disable-output-escaping|unparsed-text|exsl:document|dyn:evaluate", line):
                yield "%s:%d: %s" % (name, number, line.strip())
            if re.search(r"\bdocument\(\s*(?!'')[^')]", line):
                yield "%s:%d: document() of something that is not fixed: %s" % (name, number, line.strip())


def unfinished():
    """nothing is left to be done: no note of that kind"""
    marks = "TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK"
    for name in FILES:
        if name.endswith((".c", ".h", ".py", ".sh", ".mjs", ".js", ".css", ".xsl", ".xml", ".sql", ".mk", ".md", ".php", ".conf",
                          "Makefile")) and not name.endswith("lint/test_house.py"):
            for number, line in lines(name):
                if re.search(r"\b(%s)\b" % marks, line) and "XXXXXX" not in line:
                    yield "%s:%d: %s" % (name, number, line.strip()[:120])


def machine_paths():
    """no path of one machine, no host of a registry"""
    pattern = r"(?<![\w.$}])/(work|home|Users|root)/[\w.]|registry\.npmjs|registry\.yarnpkg|/tmp/bash_"
    for name in FILES:
        if name.endswith(("lint/test_house.py", ".png", ".ico")):
            continue
        for number, line in lines(name):
            if re.search(pattern, line):
                yield "%s:%d: %s" % (name, number, line.strip()[:120])
    lock = "tests/browser/package-lock.json"
    if '"resolved"' in text(lock):
        yield lock + ': "resolved" names a host; npm works without it'


# --- shape ------------------------------------------------------------------------------------------------------------------

# 128 columns are aimed at; a table's row or a statement in SQL may need more to stay one line.
MOST_LINES, MOST_COLUMNS = 90, 160


def long_functions():
    """no function is longer than 90 lines"""
    for name in SOURCES:
        began = None
        for number, line in enumerate(bare(text(name)).split("\n"), 1):
            if began is None and re.match(r"[A-Za-z_].*\)\s*\{$", line):
                began = number
            elif began is not None and line.startswith("}"):
                if number - began + 1 > MOST_LINES:
                    yield "%s:%d: %d lines" % (name, began, number - began + 1)
                began = None


def long_lines():
    """no line is longer than 160 columns, has a tab or ends in blanks"""
    for name in SOURCES:
        for number, line in lines(name):
            if len(line) > MOST_COLUMNS:
                yield "%s:%d: %d columns" % (name, number, len(line))
            if "\t" in line:
                yield "%s:%d: a tab" % (name, number)
            if line != line.rstrip():
                yield "%s:%d: blanks at the end" % (name, number)


def headers():
    """each header has its guard and says what it is for"""
    for name in SOURCES:
        if not name.endswith(".h"):
            continue
        if not text(name).lstrip().startswith("/*"):
            yield name + ": does not begin with its contract"
        guard = re.sub(r"\W", "_", name).upper()
        # The tests' own may leave out a folder's name.
        wanted = guard if room(name) != "tests" else r"\w*%s" % guard.rsplit("_", 2)[-2] + "_H"
        if not re.search(r"#ifndef %s\b" % wanted, text(name)):
            yield "%s: guard %s missing" % (name, guard)


def statics():
    """what a .c file defines and no header names is static"""
    declared = " ".join(bare(text(f)) for f in SOURCES if f.endswith(".h"))
    for name in SOURCES:
        if not name.endswith(".c") or name.startswith("tests/fuzz/"):
            continue
        for found in re.finditer(r"^(?!static|extern|typedef|return|else|G_DEFINE)[A-Za-z_][\w *]*?\b([a-z]\w*)\([^;{}]*\)\s*\{",
                                 bare(text(name)), re.M):
            if found.group(1) != "main" and not re.search(r"\b%s\s*\(" % found.group(1), declared):
                yield "%s: %s is in no header and not static" % (name, found.group(1))


# --- settings, statements, messages ----------------------------------------------------------------------------------------------

def settings_table():
    return set(re.findall(r'^\s*\{\s*"(\w+)",\s*"(\w+)",\s*[A-Z]+,', text("db/settings.c"), re.M))


def settings_used():
    """every setting that the code asks for is in the table, and every one in the table is asked for"""
    table, used = settings_table(), set()
    for name in SOURCES:
        if room(name) in ("tests", "db") and name != "db/settings.c":
            continue
        for found in re.finditer(r'settings_(?:text|number|flag|list)\(\s*[^,()]+(?:\([^()]*\))?[^,()]*,\s*"(\w+)",\s*"(\w+)"',
                                 text(name)):
            used.add(found.groups())
            if found.groups() not in table:
                yield "%s: [%s] %s is not in db/settings.c" % ((name,) + found.groups())
    # A table may hold the key: the word must stand somewhere.
    everything = " ".join(text(f) for f in SOURCES if room(f) not in ("tests",) and f != "db/settings.c")
    for group, key in sorted(table - used):
        if '"%s"' % key not in everything and group != "database":
            yield "db/settings.c: nothing asks for [%s] %s" % (group, key)


def ini_keys(name, commented):
    """[(group, key)] of a settings file; COMMENTED: a key behind '#' counts."""
    found, group = [], ""
    for _, line in lines(name):
        head = re.match(r"\s*#?\s*\[(\w+)\]\s*$", line)
        if head:
            group = head.group(1)
            continue
        key = re.match(r"\s*%s(\w+)\s*=" % ("#?\\s*" if commented else ""), line)
        if key:
            found.append((group, key.group(1)))
    return found


def settings_sample():
    """deploy/inkan.conf.sample has every setting of db/settings.c and no other"""
    table, sample = settings_table(), ini_keys("deploy/inkan.conf.sample", True)
    for group, key in sorted(table - set(sample)):
        yield "deploy/inkan.conf.sample: [%s] %s is missing" % (group, key)
    for group, key in sorted(set(sample) - table):
        yield "deploy/inkan.conf.sample: [%s] %s is no setting" % (group, key)


def settings_manual():
    """deploy/man/inkan.conf.5 explains every setting of db/settings.c and no other"""
    table, manual, group = settings_table(), set(), ""
    groups = {g for g, _ in table}
    for _, line in lines("deploy/man/inkan.conf.5"):
        plain = re.sub(r"\\f.|\\&", "", line).replace("\\_", "_").replace("\\-", "-")
        head = re.match(r"\.\s*(?:SS|SH|Ss|Sh)\s+\"?\[?(\w+)\]?\"?", plain)
        if head and head.group(1).lower() in groups:
            group = head.group(1).lower()
            continue
        key = re.match(r"\.\s*(?:B|BI|BR|It(?:\s+(?:Ic|Cm|Va|Sy|Ar|Li))?)\s+\"?([a-z][a-z0-9_]*)\"?", plain)
        if key and group:
            manual.add((group, key.group(1)))
    for group, key in sorted(table - manual):
        yield "deploy/man/inkan.conf.5: [%s] %s is missing" % (group, key)
    for group, key in sorted(manual - table):
        yield "deploy/man/inkan.conf.5: [%s] %s is no setting" % (group, key)


def groups_listed():
    """every group of statements is in db/groups.c, so that the test prepares it"""
    listed = set(re.findall(r"&(db_\w+_group)\b", text("db/groups.c")))
    for name in SOURCES:
        if room(name) != "db" or not name.endswith(".c") or name == "db/groups.c":
            continue
        for found in re.findall(r"^const DbGroup (db_\w+_group)\b", text(name), re.M):
            if found not in listed:
                yield "%s: %s is not in db/groups.c" % (name, found)
        if re.search(r"\bDbStatement\b.*=", text(name)) and not re.search(r"^const DbGroup ", text(name), re.M):
            yield "%s: has statements and no group" % name


def messages():
    """ja and en have the same messages, none is empty, and each language is in its own letters"""
    found = {}
    for name in FILES:
        place = re.match(r"web/(?:.*/)?messages/(?:(\w+)[._-])?(ja|en)(?:\W|$)|web/(?:.*/)?messages[._-](ja|en)\b", name)
        if not place or not name.endswith(".xml"):
            continue
        language = place.group(2) or place.group(3)
        for key, value in re.findall(r'<(?:message|m|text)\b[^>]*?\b(?:key|id|name)="([^"]+)"[^>]*>(.*?)</', text(name), re.S):
            if (language, key) in found:
                yield "%s: %s is there twice" % (name, key)
            found[language, key] = value
            if not value.strip():
                yield "%s: %s is empty" % (name, key)
    ja, en = ({k for l, k in found if l == language} for language in ("ja", "en"))
    if not ja or not en:
        yield "no messages found in web/"
    for key in sorted(ja ^ en):
        yield "%s is missing in %s" % (key, "en" if key in ja else "ja")
    for (language, key), value in sorted(found.items()):
        if language == "en" and re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", value) and "language" not in key:
            yield "en: %s has Japanese letters: %s" % (key, value.strip()[:60])


def migrations():
    """migrations have numbers without a gap"""
    names = sorted(glob.glob("db/migrations/*.sql"))
    for number, name in enumerate(names, 1):
        if not os.path.basename(name).startswith("%04d_" % number):
            yield "%s: expected number %04d" % (name, number)


CHECKS = [arrows, libraries, tests_are_not_included, mistakes, escaping, unfinished, machine_paths, long_functions, long_lines,
          headers, statics, settings_used, settings_sample, settings_manual, groups_listed, messages, migrations]


def main():
    print("1..%d" % len(CHECKS))
    failed = 0
    for number, check in enumerate(CHECKS, 1):
        try:
            findings = list(check())
        except OSError as why:
            findings = [str(why)]
        print("%sok %d - %s" % ("not " if findings else "", number, check.__doc__), flush=True)
        for finding in findings:
            print("#   " + finding)
        failed += bool(findings)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
