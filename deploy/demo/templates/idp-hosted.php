<?php
$demo = json_decode(file_get_contents(__DIR__ . '/../demo.json'), true);

$metadata[$demo['entity_id']] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp' . $demo['n'] . '.key',
    'certificate' => 'idp' . $demo['n'] . '.pem',
    'auth' => 'people',
    'scope' => [$demo['domain']],

    'OrganizationName' => ['en' => $demo['name'], 'ja' => $demo['name_ja']],
    'OrganizationURL' => ['en' => 'https://www.' . $demo['domain'] . '/', 'ja' => 'https://www.' . $demo['domain'] . '/'],
    'UIInfo' => [
        'DisplayName' => ['en' => $demo['name'], 'ja' => $demo['name_ja']],
        'Keywords' => ['en' => explode(' ', $demo['keywords'])],
        // Twice, as federations have them: in the metadata itself, and by an address.
        'Logo' => [
            ['url' => $demo['logo'], 'width' => 64, 'height' => 64],
            ['url' => $demo['url'] . '/logo.png', 'width' => 64, 'height' => 64],
        ],
    ],
    'DiscoHints' => ['DomainHint' => [$demo['domain']]],

    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => true,
    'saml20.sign.assertion' => true,
    'assertion.encryption' => $demo['encrypt'],
    'validate.authnrequest' => true,
    'sign.logout' => true,
    'validate.logout' => true,
    'SingleLogoutServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],
    'NameIDFormat' => [
        'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
        'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
    ],

    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'authproc' => [
        5 => ['class' => 'core:PHP', 'code' => 'require ' . var_export($demo['folder'] . '/step-up.php', true) . ';'],
        10 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
        20 => ['class' => 'core:TargetedID', 'identifyingAttribute' => 'uid', 'nameId' => true],
        30 => ['class' => 'core:AttributeMap', 'demo'],
    ],
    // The XML value of eduPersonTargetedID is not to be escaped.
    'attributeencodings' => ['urn:oid:1.3.6.1.4.1.5923.1.1.1.10' => 'raw'],
];
