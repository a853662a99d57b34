"""The demo's federation: a metadata aggregate of the two IdPs, signed by a key of its own."""

import datetime
import os
import re
import secrets
import subprocess
import time

DAYS = 7          # that an aggregate is valid
DAILY = 24 * 3600  # after so long it is signed anew

AGGREGATE = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="{id}" Name="urn:x-inkan:demo" validUntil="{until}"
    cacheDuration="PT1H">
<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>
<ds:Reference URI="#{id}">
<ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
</ds:Transforms>
<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<ds:DigestValue/>
</ds:Reference>
</ds:SignedInfo>
<ds:SignatureValue/>
<ds:KeyInfo><ds:X509Data><ds:X509Certificate/></ds:X509Data></ds:KeyInfo>
</ds:Signature>
{entities}
</md:EntitiesDescriptor>
"""


def sign(place):
    """Signs idp/idp1.xml and idp/idp2.xml, which are there, as idp/aggregate.xml."""
    entities = []
    for n in (1, 2):
        with open(place.path("idp", f"idp{n}.xml"), encoding="utf-8") as file:
            entities.append(re.sub(r"^\s*<\?xml[^>]*\?>", "", file.read()))
    until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=DAYS)
    template, target = place.path("idp", "unsigned.xml"), place.path("idp", "aggregate.xml")
    place.write(template, AGGREGATE.format(id="_" + secrets.token_hex(16), until=until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                                           entities="\n".join(entities)))
    done = subprocess.run(
        ["xmlsec1", "--sign", "--privkey-pem", place.path("secret", "federation.key") + "," +
         place.path("secret", "federation.pem"), "--id-attr:ID",
         "urn:oasis:names:tc:SAML:2.0:metadata:EntitiesDescriptor", "--output", f"{target}.new", template],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=place.environment())
    if done.returncode != 0:
        raise RuntimeError(f"the aggregate cannot be signed: {done.stderr.strip()}")
    os.chmod(f"{target}.new", 0o644)
    os.rename(f"{target}.new", target)
    os.unlink(template)


def stale(place):
    """Was the aggregate signed more than a day ago? By the file's own time, which sleep of the machine does not stop."""
    try:
        return time.time() - os.stat(place.path("idp", "aggregate.xml")).st_mtime > DAILY
    except FileNotFoundError:
        return True
