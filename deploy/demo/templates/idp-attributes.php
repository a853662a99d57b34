<?php
// How attributes are named on the wire: by OID, as federations of universities do; the Japanese names by GakuNin's.
$attributemap = [
    'uid' => 'urn:oid:0.9.2342.19200300.100.1.1',
    'mail' => 'urn:oid:0.9.2342.19200300.100.1.3',
    'sn' => 'urn:oid:2.5.4.4',
    'o' => 'urn:oid:2.5.4.10',
    'ou' => 'urn:oid:2.5.4.11',
    'givenName' => 'urn:oid:2.5.4.42',
    'displayName' => 'urn:oid:2.16.840.1.113730.3.1.241',
    'eduPersonPrincipalName' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6',
    'eduPersonEntitlement' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.7',
    'eduPersonScopedAffiliation' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.9',
    'eduPersonTargetedID' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.10',
    'eduPersonAssurance' => 'urn:oid:1.3.6.1.4.1.5923.1.1.1.11',
    'jasn' => 'urn:oid:1.3.6.1.4.1.32264.1.1.1',
    'jaGivenName' => 'urn:oid:1.3.6.1.4.1.32264.1.1.2',
    'jaDisplayName' => 'urn:oid:1.3.6.1.4.1.32264.1.1.3',
    'jao' => 'urn:oid:1.3.6.1.4.1.32264.1.1.4',
    'jaou' => 'urn:oid:1.3.6.1.4.1.32264.1.1.5',
    'subject-id' => 'urn:oasis:names:tc:SAML:attribute:subject-id',
];
