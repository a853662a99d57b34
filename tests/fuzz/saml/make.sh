#!/bin/sh
# Makes the seeds of the SAML fuzz targets anew: messages of tests/hostile signed by keys that are thrown away afterwards. What
# stays is public: certificates (tests/fuzz/saml) and signed messages (tests/fuzz/corpus).   tests/fuzz/saml/make.sh
set -eu
cd "$(dirname "$0")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 tests/hostile/make.py keys "$work"
/usr/bin/python3 tests/hostile/make.py messages "$work" _fuzzed-request
/usr/bin/python3 tests/hostile/make_metadata.py "$work"
/usr/bin/python3 tests/hostile/make_logout.py "$work"
cp "$work/idp.xml" "$work/federation.crt" tests/fuzz/saml/

# The first byte says how the target reads the rest: see the targets.
seed() { # LETTER FROM TO
  { printf '%s' "$1"; cat "$2"; } >"tests/fuzz/corpus/$3"
}
for target in saml_response metadata logout strict; do
  mkdir -p tests/fuzz/corpus/$target
  rm -f tests/fuzz/corpus/$target/*
done
for name in ok--assertion-signed ok--response-signed ok--both-signed ok--declaration ok--encrypted-gcm ok--encrypted-key-beside \
    ok--encrypted-cbc-in-signed-response ok--ecdsa-sha256 ok--inclusive-namespaces ok--markup-in-values ok--several-values \
    structure--xsw1-response-in-its-signature structure--xsw4-good-inside-evil structure--xsw8-good-in-object \
    signature--two-signed-infos transform--xpath-first transform--xslt dtd--billion-laughs cipher-reference--of-the-data \
    duplicate-id--xml-id comment--in-name-id cdata--in-a-value entity--html-name utf-8--overlong; do
  seed R "$work/messages/$name.xml" "saml_response/$name"
done
for name in ok--targeted-id ok--several-audiences ok--no-name-id ok--character-references attributes--too-many \
    conditions--one-that-we-do-not-know attribute-value--two-name-ids subject-confirmation--two; do
  seed U "$work/messages/$name.xml" "saml_response/unsigned-$name"
done
seed B "$work/messages/base64--junk.b64" saml_response/base64
# Of each check that needs no key, and of each product: what a scanner can stumble over.
for name in ok--assertion-signed ok--pysaml2 ok--default-namespace ok--byte-order-mark ok--declaration ok--encrypted-key-beside \
    utf-8--surrogate utf-8--nul xml--attribute-twice xml--prefix-without-namespace xml--character-reference-to-nul dtd--inside \
    dtd--parameter-entity entity--broken-character-reference cdata--in-a-value comment--in-the-digest processing-instruction--in-a-value \
    attributes--id-in-two-namespaces duplicate-id--small-letters structure--xsw6-good-in-evils-signature signature--two-signed-infos \
    signature--manifest-in-key-info transform--xpath-first reference--two encryption--two-keys cipher-reference--beside-the-value; do
  seed X "$work/messages/$name.xml" "strict/$name"
done
seed B "$work/messages/base64--padding-inside.b64" strict/base64
for name in ok--redirect ok--response ok--other-parameters query--message-twice deflate--cut-short; do
  seed Q "$work/logout/$name.query" "strict/$name"
done
for name in ok--assertion-signed ok--pysaml2-response-signed ok--ecdsa-sha256 structure--xsw3-evil-assertion-first \
    signature--changed-value audience--another-sp; do
  seed r "$work/messages/$name.xml" "opener/$name"
done
/usr/bin/python3 tests/fuzz/saml/questions.py "$work" tests/fuzz/corpus/opener
for name in ok--two ok--nested ok--whole-document ok--one-entity ok--what-is-no-idp-for-us-is-left-out ok--comments-and-cdata-added \
    reference--two signature--added-entity dtd--billion-laughs valid-until--no-time ok--the-same-twice ok--group-too-deep-in-groups \
    ok--control-characters; do
  seed S "$work/aggregates/$name.xml" "metadata/$name"
done
for name in ok--one-entity ok--two unsigned--only-an-entity-is-signed; do
  seed Q "$work/aggregates/$name.xml" "metadata/asked-$name"
done
/usr/bin/python3 - <<'PYTHON'
# Rows as sp/metadata_job.c sends them: the record of one, one too short, one that is something else.
import struct
def text(value, kind=b"T"):
    return kind + struct.pack(">I", len(value.encode())) + value.encode()
def number(value):
    return b"N" + struct.pack(">q", value)
def listed(*values):
    return b"L" + struct.pack(">I", len(values)) + b"".join(map(text, values))
row = (number(2) + b"".join(map(text, ("https://idp1.example.ac.jp/idp", "University 1", "第1大学", "physics", "", "Taro", "admin@u1.ac.jp",
       "| university 1"))) + listed("u1.ac.jp") + listed("^.+\\.u1$") + number(0) + number(1) + number(1796083200) + text("<x/>", b"B"))
for name, data in (("row", row), ("row-too-short", row[:-3]), ("row-of-another-kind", number(1) + number(0) + number(0))):
    with open("tests/fuzz/corpus/metadata/" + name, "wb") as file:
        file.write(b"R" + data)
PYTHON
seed E "$work/idp.xml" metadata/entity
seed E "$work/aggregates/ok--one-entity.xml" metadata/entity-with-names
for name in ok--redirect ok--response ok--two-session-indexes deflate--cut-short query--message-twice unsigned--redirect; do
  seed Q "$work/logout/$name.query" "logout/$name"
done
/usr/bin/python3 - "$work" <<'PYTHON'
import base64, sys
for name, letter in (("ok--post.request", "P"), ("ok--response-post.response", "A"), ("comment--post.request", "P")):
    with open("%s/logout/%s" % (sys.argv[1], name), "rb") as f:
        text = base64.b64decode(f.read())
    with open("tests/fuzz/corpus/logout/" + name, "wb") as f:
        f.write(letter.encode() + text)
PYTHON
