<?php
// SimpleSAMLphp as one of the demo's IdPs; what differs between the two is in demo.json.
$demo = json_decode(file_get_contents(__DIR__ . '/demo.json'), true);

$config = [
    'baseurlpath' => $demo['url'] . '/simplesaml/',
    'certdir' => $demo['secret'] . '/',
    'loggingdir' => $demo['folder'] . '/log/',
    'datadir' => $demo['folder'] . '/data/',
    'tempdir' => $demo['folder'] . '/tmp',
    'metadatadir' => $demo['folder'] . '/metadata',
    'attributenamemapdir' => $demo['folder'] . '/attributemap/',
    'metadata.sources' => [
        ['type' => 'flatfile'],
        ['type' => 'xml', 'file' => $demo['sp_metadata']],
    ],

    'secretsalt' => $demo['salt'],
    'auth.adminpassword' => $demo['admin'],
    'admin.protectindexpage' => true,
    'admin.checkforupdates' => false,
    'technicalcontact_name' => $demo['name'] . ' IdP desk',
    'technicalcontact_email' => 'idp@' . $demo['domain'],
    'timezone' => 'Asia/Tokyo',

    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
    'logging.handler' => 'file',
    'logging.level' => SimpleSAML\Logger::NOTICE,
    'showerrors' => true,
    'errorreporting' => false,

    // Cookies ignore ports and, in part, hosts: each IdP has names of its own.
    'store.type' => 'phpsession',
    'session.cookie.name' => 'SimpleSAMLSessionID' . $demo['n'],
    'session.cookie.secure' => true,
    'session.cookie.samesite' => 'None',
    'session.phpsession.cookiename' => 'SimpleSAML' . $demo['n'],
    'session.phpsession.savepath' => $demo['folder'] . '/sessions',
    'session.phpsession.httponly' => true,
    'session.authtoken.cookiename' => 'SimpleSAMLAuthToken' . $demo['n'],

    'language.available' => ['en', 'ja'],
    'language.default' => 'en',
    'language.cookie.name' => 'language' . $demo['n'],
];
