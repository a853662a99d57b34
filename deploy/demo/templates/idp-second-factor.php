<?php
// The demo's second factor: a code that is the same for everybody.
require_once '/usr/share/simplesamlphp/lib/_autoload.php';

const CODE = '123456';
$id = (string) ($_REQUEST['StateId'] ?? '');
$state = SimpleSAML\Auth\State::loadState($id, 'demo:second-factor');
$code = $_POST['code'] ?? null;
if ($code === CODE) {
    $state['saml:AuthnContextClassRef'] = $state['demo:context'];
    SimpleSAML\Auth\ProcessingChain::resumeProcessing($state);
}
header('Content-Type: text/html; charset=utf-8');
header('Cache-Control: no-store');
?>
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Second factor</title></head>
<body>
<h1>Second factor / 二要素認証</h1>
<?php if ($code !== null) { ?><p role="alert">That was not the code. / コードが違います。</p><?php } ?>
<form method="post" action="/second-factor">
<input type="hidden" name="StateId" value="<?= htmlspecialchars($id) ?>">
<p><label>Code (in this demo: <?= CODE ?>) <input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus required></label></p>
<p><button type="submit">Continue / 続ける</button></p>
</form>
</body>
</html>
