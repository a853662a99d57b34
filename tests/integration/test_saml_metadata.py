#!/usr/bin/python3
"""Our metadata, plain and signed, small and full, in the middle of a change of keys, read by others: the OASIS schemas, pysaml2,
SimpleSAMLphp, xmlsec1; and what deploy/federation.md says of it.
tap: seconds 120"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from saml_keys import Keys, box, run  # noqa: E402

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
FULL = {"entity_categories": "http://refeds.org/category/code-of-conduct/v2;https://refeds.org/category/personalized",
        "assurance_certifications": "https://refeds.org/sirtfi", "organization_en": "Example University", "organization_ja": "例大学",
        "technical_mail": "tech@portal.example", "security_mail": "security@portal.example", "subject_id": "subject-id"}


def documents():
    """Plain and signed, small and full, in the middle of a change."""
    small, full = Keys("small"), Keys("full", **FULL)
    full.good("saml", "rollover", "start")
    return [(k.path(name), k) for k in (small, full) for name, words in (("plain.xml", []), ("signed.xml", ["--signed"]))
            if open(k.path(name), "w", encoding="utf-8").write(k.good("saml", "metadata", *words))]


IMPORTS = {"saml-schema-metadata-2.0.xsd": MD, "sstc-saml-metadata-ui-v1.0.xsd": "urn:oasis:names:tc:SAML:metadata:ui",
           "sstc-metadata-attr.xsd": "urn:oasis:names:tc:SAML:metadata:attribute",
           "sstc-saml-metadata-algsupport-v1.0.xsd": "urn:oasis:names:tc:SAML:metadata:algsupport",
           "sstc-saml-idp-discovery.xsd": "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"}


def xmllint(schema, path):
    """The schemas import those of W3C by their addresses; the files are in SimpleSAMLphp."""
    catalog = os.path.join(box.name, "catalog.xml")
    with open(catalog, "w", encoding="ascii") as file:
        file.write('<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">%s</catalog>' % "".join(
            '<system systemId="%s" uri="file:///usr/share/simplesamlphp/schemas/%s"/>' % (address, address.rsplit("/", 1)[1])
            for address in ("http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd",
                            "http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd", "http://www.w3.org/2001/xml.xsd")))
    return subprocess.run(["xmllint", "--nonet", "--noout", "--schema", schema, path], capture_output=True, text=True, check=False,
                          env=dict(os.environ, XML_CATALOG_FILES=catalog))


def schemas():
    """the schemas of OASIS for metadata, UI, entity attributes, algorithms and discovery, as Shibboleth's libraries ship them"""
    folder = "/usr/share/xml/opensaml"
    if not os.path.exists(folder + "/saml-schema-metadata-2.0.xsd"):
        raise tap.Skip("OpenSAML's schemas are not installed")
    wrapper = os.path.join(box.name, "all.xsd")
    with open(wrapper, "w", encoding="ascii") as file:
        file.write('<schema xmlns="http://www.w3.org/2001/XMLSchema">%s</schema>' % "".join(
            '<import namespace="%s" schemaLocation="file://%s/%s"/>' % (namespace, folder, name) for name, namespace in IMPORTS.items()))
    for path, _ in documents_made:
        done = xmllint(wrapper, path)
        tap.equal(done.returncode, 0, path + ": " + done.stderr)


def pysaml2():
    """pysaml2 reads names, endpoints, keys, wanted attributes and contacts"""
    import saml2.attribute_converter
    import saml2.config
    import saml2.mdstore
    converters = saml2.attribute_converter.ac_factory()
    for path, keys in documents_made:
        store = saml2.mdstore.MetadataStore(converters, saml2.config.Config())
        store.load("local", path)
        entity = "https://portal.example/saml"
        tap.equal(sorted(store.keys()), [entity])
        acs = store.assertion_consumer_service(entity)
        tap.equal([(one["location"], one.get("is_default")) for one in acs], [("https://portal.example/saml/acs", "true")])
        bindings = {b for b in store[entity]["spsso_descriptor"][0]["single_logout_service"] for b in [b["binding"].rsplit(":", 1)[1]]}
        tap.equal(bindings, {"HTTP-Redirect", "HTTP-POST"})
        needed = store.attribute_requirement(entity)
        tap.equal({one["friendly_name"] for one in needed["required"]}, {"mail", "displayName"})
        tap.equal(len(needed["optional"]), 14)
        certificates = store.certs(entity, "spsso", "signing"), store.certs(entity, "spsso", "encryption")
        tap.equal([len(c) for c in certificates], [2, 2] if "full" in keys.folder else [1, 1], path)
        if "full" in keys.folder:
            attributes = store.entity_attributes(entity)
            tap.equal(attributes["http://macedir.org/entity-category"], FULL["entity_categories"].split(";"))
            tap.equal(attributes["urn:oasis:names:tc:SAML:profiles:subject-id:req"], ["subject-id"])


PHP = r"""
require '/usr/share/simplesamlphp/lib/_autoload.php';
foreach (\SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($argv[1]) as $id => $entity) {
    $sp = $entity->getMetadata20SP();
    $keys = array_map(function ($k) { return ($k['signing'] ? 's' : '') . ($k['encryption'] ? 'e' : ''); }, $sp['keys']);
    print json_encode(['id' => $id, 'acs' => $sp['AssertionConsumerService'], 'slo' => count($sp['SingleLogoutService']), 'keys' => $keys,
        'required' => $sp['attributes.required'], 'name' => $sp['UIInfo']['DisplayName'], 'privacy' => $sp['UIInfo']['PrivacyStatementURL'],
        'logo' => $sp['UIInfo']['Logo'], 'contacts' => count($sp['contacts'])]);
}
"""


def simplesamlphp():
    """SimpleSAMLphp reads the same"""
    for path, keys in documents_made:
        told = json.loads(run(["php", "-d", "error_reporting=0", "-r", PHP, path]))
        tap.equal(told["id"], "https://portal.example/saml")
        tap.equal(told["acs"][0]["Location"], "https://portal.example/saml/acs")
        tap.equal(told["slo"], 2)
        tap.equal(told["keys"], ["s", "s", "e", "e"] if "full" in keys.folder else ["s", "e"], path)
        tap.equal(sorted(told["required"]), ["urn:oid:0.9.2342.19200300.100.1.3", "urn:oid:2.16.840.1.113730.3.1.241"])
        tap.equal(told["name"]["ja"], "Inkan 証明書")
        tap.equal(told["privacy"]["en"], "https://portal.example/privacy")
        tap.equal((told["logo"][0]["url"], told["contacts"]), ("https://portal.example/logo.png", 3))


def signed():
    """xmlsec1 verifies the signed document with the key in use, and with no other"""
    for path, keys in documents_made:
        if not path.endswith("signed.xml"):
            continue
        for number, pem in enumerate(keys.blocks("signing.pem", "CERTIFICATE")):
            with open(keys.path("one.pem"), "w", encoding="ascii") as file:
                file.write(pem + "\n")
            done = subprocess.run(["xmlsec1", "--verify", "--id-attr:ID", MD + ":EntityDescriptor", "--pubkey-cert-pem", keys.path("one.pem"),
                                   path], capture_output=True, check=False)
            tap.equal(done.returncode == 0, number == 0, "%s by certificate %d" % (path, number))


def manual():
    with open(os.path.join(tap.ROOT, "deploy", "federation.md"), encoding="utf-8") as file:
        return file.read()


def block(language):
    return re.search("```%s\n(.*?)```" % language, manual(), re.S).group(1)


def manual_names_the_attributes():
    """deploy/federation.md names every attribute that the metadata asks for, by the same Name"""
    text = manual()
    for name, oid in re.findall(r'FriendlyName="([^"]+)" Name="([^"]+)"', open(documents_made[0][0], encoding="utf-8").read()):
        tap.has(text, "`%s`" % oid, name)
        tap.has(text, name)


def manual_filter_is_valid():
    """its filter for the Shibboleth IdP is valid by Shibboleth's schema"""
    schema = "/usr/share/xml/shibboleth/shibboleth-2.0-afp.xsd"
    if not os.path.exists(schema):
        raise tap.Skip("Shibboleth's schemas are not installed")
    path = os.path.join(box.name, "filter.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write('<AttributeFilterPolicyGroup id="all" xmlns="urn:mace:shibboleth:2.0:afp"'
                   ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">%s</AttributeFilterPolicyGroup>' % block("xml"))
    done = xmllint(schema, path)
    tap.equal(done.returncode, 0, done.stderr)


RELEASE = """
require '/usr/share/simplesamlphp/lib/_autoload.php';
$sp = \\SimpleSAML\\Metadata\\SAMLParser::parseFile($argv[1])->getMetadata20SP();
$state = ['Attributes' => array_fill_keys(explode(' ', $argv[2]), ['x']), 'Source' => [], 'Destination' => $sp];
foreach ($inkan['authproc'] as $settings) {
    $class = \\SimpleSAML\\Module::resolveClass($settings['class'], 'Auth\\Process');
    unset($settings['class']);
    (new $class($settings, null))->process($state);
}
print implode(' ', array_keys($state['Attributes']));
"""


def manual_settings_release_by_oid():
    """SimpleSAMLphp with its settings sends by OID what our metadata asks for, and nothing else"""
    with open(os.path.join(box.name, "config.php"), "w", encoding="ascii") as file:
        file.write("<?php $config = ['attributenamemapdir' => '/etc/simplesamlphp/attributemap/', 'logging.handler' => 'errorlog',"
                   " 'logging.level' => 0, 'secretsalt' => 'x'];")
    known = "subject-id mail displayName jaDisplayName givenName sn eduPersonScopedAffiliation eduPersonAssurance"
    done = run(["php", "-d", "error_reporting=0", "-r", block("php") + RELEASE, documents_made[0][0], known + " telephoneNumber"],
               environment={"SIMPLESAMLPHP_CONFIG_DIR": box.name})
    wanted = dict(re.findall(r'FriendlyName="([^"]+)" Name="([^"]+)"', open(documents_made[0][0], encoding="utf-8").read()))
    tap.equal(sorted(done.split()), sorted(wanted[name] for name in known.split()))


documents_made = documents()
tap.run(schemas, pysaml2, simplesamlphp, signed, manual_names_the_attributes, manual_filter_is_valid, manual_settings_release_by_oid)
