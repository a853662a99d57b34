<?php
// The people of the demo, per institution; everybody's password is 'demo'.
$demo = json_decode(file_get_contents(__DIR__ . '/demo.json'), true);

$person = function (string $name, array $affiliations, array $more = []) use ($demo): array {
    [$given, $sn] = explode(' ', $more['displayName']);
    $domain = $demo['domain'];
    return array_filter(array_merge([
        'uid' => [$name],
        'subject-id' => ["$name@$domain"],
        'eduPersonPrincipalName' => ["$name@$domain"],
        'eduPersonScopedAffiliation' => array_map(function ($a) use ($domain) { return "$a@$domain"; }, $affiliations),
        'eduPersonAssurance' => ['https://refeds.org/assurance', 'https://refeds.org/assurance/IAP/medium'],
        'mail' => ["$name@$domain"],
        'givenName' => [$given],
        'sn' => [$sn],
        'o' => [$demo['name']],
    ], array_map(function ($v) { return (array) $v; }, $more)));
};

$people = [
    1 => [
        'researcher:demo' => $person('researcher', ['faculty', 'member'], [
            'displayName' => 'Hanako Kagami', 'ou' => 'Graduate School of Science',
            'jaDisplayName' => '鏡 花子', 'jaGivenName' => '花子', 'jasn' => '鏡',
            'jao' => $demo['name_ja'], 'jaou' => '理学研究科',
        ]),
        'student:demo' => $person('student', ['student', 'member'], [
            'displayName' => 'Taro Yamada', 'eduPersonAssurance' => 'https://refeds.org/assurance',
        ]),
        'desk:demo' => $person('desk', ['staff', 'member'], [
            'displayName' => 'Sakura Tanaka', 'jaDisplayName' => '田中 さくら', 'jao' => $demo['name_ja'],
            'eduPersonEntitlement' => $demo['officer'],
        ]),
        'operator:demo' => $person('operator', ['staff', 'member'], [
            'displayName' => 'Ken Watanabe', 'jaDisplayName' => '渡辺 健', 'jao' => $demo['name_ja'],
            'eduPersonEntitlement' => $demo['operator'],
        ]),
        'noattr:demo' => $person('noattr', ['faculty', 'member'], ['displayName' => 'Jiro Suzuki', 'mail' => []]),
        'twomails:demo' => $person('twomails', ['faculty', 'member'], [
            'displayName' => 'Yuki Sato', 'jaDisplayName' => '佐藤 由紀', 'jao' => $demo['name_ja'],
            'mail' => ['twomails@' . $demo['domain'], 'yuki.sato@' . $demo['domain']],
        ]),
    ],
    2 => [
        'researcher2:demo' => $person('researcher2', ['faculty', 'member'], [
            'displayName' => 'Minoru Minato', 'jaDisplayName' => '湊 実', 'jao' => $demo['name_ja'],
        ]),
        'desk2:demo' => $person('desk2', ['staff', 'member'], [
            'displayName' => 'Akira Hayashi', 'jaDisplayName' => '林 明', 'jao' => $demo['name_ja'],
            'eduPersonEntitlement' => $demo['officer'],
        ]),
    ],
];

$config = ['people' => ['exampleauth:UserPass'] + $people[$demo['n']]];
