<?php
// A filter of the demo's IdPs: answers RequestedAuthnContext. A password it has seen already; for two factors it asks for a
// code, of everybody but the student, who has none. twomails' answer ignores what was asked, as an IdP does that knows nothing
// of it.
use SimpleSAML\Auth\State;
use SimpleSAML\Module\saml\Error\NoAuthnContext;
use SimpleSAML\Utils\HTTP;

$wanted = $state['saml:RequestedAuthnContext']['AuthnContextClassRef'] ?? [];
$who = $attributes['uid'][0];
if (!$wanted || $who === 'twomails') {
    return;
}
$password = ['urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport', 'https://refeds.org/profile/sfa'];
$two_factors = ['https://refeds.org/profile/mfa', 'https://www.gakunin.jp/profile/AAL2'];
foreach ($wanted as $context) {
    if (in_array($context, $password, true)) {
        $state['saml:AuthnContextClassRef'] = $context;
        return;
    }
    if (in_array($context, $two_factors, true) && $who !== 'student') {
        $demo = json_decode(file_get_contents(__DIR__ . '/demo.json'), true);
        $state['demo:context'] = $context;
        HTTP::redirectTrustedURL($demo['url'] . '/second-factor', ['StateId' => State::saveState($state, 'demo:second-factor')]);
    }
}
throw new NoAuthnContext(\SAML2\Constants::STATUS_RESPONDER, 'this person cannot be logged in so');
