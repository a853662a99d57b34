// A key pair, its request (PKCS#10), and the file (PKCS#12) that holds key and certificates: all by WebCrypto, nothing is sent.
// Runs in browsers, and in Node.js for the tests.
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

// Everything that reads PKCS#12 today takes these: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC, the MAC with SHA-256. The key
// derivation of the MAC is the slower one here (it is no part of WebCrypto): a third of a second.
const ROUNDS = 100_000;
const LOCK = { contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 }, hmacHashAlgorithm: 'SHA-256', iterationCount: ROUNDS };

const OID = { commonName: '2.5.4.3', friendlyName: '1.2.840.113549.1.9.20', localKeyId: '1.2.840.113549.1.9.21',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2', certBag: '1.2.840.113549.1.12.10.1.3' };

const RSA = (bits) => ({ name: 'RSASSA-PKCS1-v1_5', modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' });
const EC = (curve) => ({ name: 'ECDSA', namedCurve: curve });
const KINDS = { rsa2048: RSA(2048), rsa3072: RSA(3072), rsa4096: RSA(4096), p256: EC('P-256'), p384: EC('P-384') };

export const kinds = Object.keys(KINDS);
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

// Extractable, or it could not be put into a file.
export const makeKey = (kind) => crypto.subtle.generateKey(KINDS[kind], true, ['sign', 'verify']);

export const publicKey = async (pair) => new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const pem = (label, bytes) => `-----BEGIN ${label}-----\n${base64(bytes).replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

// Only the key in it counts; the name is for who looks at it.
export async function makeRequest(pair) {
  const request = new pkijs.CertificationRequest({ attributes: [] });
  request.subject.typesAndValues.push(new pkijs.AttributeTypeAndValue({ type: OID.commonName, value: new asn1js.Utf8String({ value: 'request' }) }));
  await request.subjectPublicKeyInfo.importKey(pair.publicKey);
  await request.sign(pair.privateKey, pair.privateKey.algorithm.namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256');
  return pem('CERTIFICATE REQUEST', request.toSchema(true).toBER(false));
}

// The certificates in PEM text, the first one first; none where it is no such text.
export const readChain = (text) => [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)]
  .map(([, body]) => Uint8Array.from(atob(body.replace(/\s/g, '')), (c) => c.charCodeAt(0)))
  .map((bytes) => pkijs.Certificate.fromBER(bytes));

export const keyOf = (certificate) => new Uint8Array(certificate.subjectPublicKeyInfo.toSchema().toBER(false));

const attribute = (type, value) => new pkijs.Attribute({ type, values: [value] });

function bags(key, chain, name, keyId) {
  const mark = () => attribute(OID.localKeyId, new asn1js.OctetString({ valueHex: keyId }));
  const label = () => attribute(OID.friendlyName, new asn1js.BmpString({ value: name }));
  const keyBag = new pkijs.SafeBag({ bagId: OID.shroudedKeyBag, bagValue: new pkijs.PKCS8ShroudedKeyBag({ parsedValue: key }),
    bagAttributes: [mark(), label()] });
  const certificates = chain.map((certificate, i) => new pkijs.SafeBag({ bagId: OID.certBag,
    bagValue: new pkijs.CertBag({ parsedValue: certificate }), ...(i === 0 && { bagAttributes: [mark(), label()] }) }));
  return { keyBag, certificates };
}

// PASSWORD: printable ASCII. CHAIN: of readChain, the certificate of PAIR first. NAME: what lists of certificates show.
export async function makeFile(pair, chain, name, password) {
  const secret = new TextEncoder().encode(password).buffer;
  const key = pkijs.PrivateKeyInfo.fromBER(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
  const keyId = await crypto.subtle.digest('SHA-1', chain[0].toSchema().toBER(false));
  const { keyBag, certificates } = bags(key, chain, name, keyId);
  await keyBag.bagValue.makeInternalValues({ password: secret, ...LOCK });
  const contents = (safeBags, privacyMode) => ({ privacyMode, value: new pkijs.SafeContents({ safeBags }) });
  const file = new pkijs.PFX({ parsedValue: { integrityMode: 0, authenticatedSafe: new pkijs.AuthenticatedSafe({
    parsedValue: { safeContents: [contents([keyBag], 0), contents(certificates, 1)] } }) } });
  await file.parsedValue.authenticatedSafe.makeInternalValues({ safeContents: [{}, { password: secret, ...LOCK }] });
  await file.makeInternalValues({ password: secret, iterations: ROUNDS, pbkdf2HashAlgorithm: 'SHA-256', hmacHashAlgorithm: 'SHA-256' });
  return new Uint8Array(file.toSchema().toBER(false));
}
