import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX } from 'baileys';
import { ControlError } from './control-error.js';
import { child, element, streamError } from './stanzas.js';
import { verifySignature } from './xeddsa.js';

/** How long a phone waits for each answer of the companion it links, in milliseconds. */
export const ANSWER_MS = 10_000;
const RESTART_REQUIRED = 515;

/** @returns {ControlError} 409: the companion left the phone without a good answer */
export function notAnswered() {
  return new ControlError(409, 'not_answered', 'The device did not answer with a valid signed identity.');
}

/**
 * The last part of a pairing, by QR code or by number: the phone vouches for the companion, which signs in turn and
 * is then restarted.
 * @param {import('./simulator.js').Server} server
 * @param {import('./accounts.js').Account} account
 * @param {import('./pairing.js').Pairing} pairing
 * @param {Buffer} secret what phone and companion have agreed upon
 * @returns {Promise<string>} the new device's address
 * @throws {ControlError} 409 `not_answered`
 */
export async function link(server, account, { connection, registration }, secret) {
  const device = server.accounts.takeDeviceNumber(account);
  const details = proto.ADVDeviceIdentity.encode({
    rawId: account.phone.identity.public[0] + 1,
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex: device,
  }).finish();
  const answer = await connection.query(pairSuccess(account, device, details, registration, secret), ANSWER_MS);
  const signedIdentity = readSignedIdentity(answer, account, details, registration);
  if (!signedIdentity) {
    throw notAnswered();
  }
  server.accounts.saveCompanion(account, { device, ...registration, signedIdentity });
  await server.database.commit();
  connection.end(streamError(RESTART_REQUIRED));
  return account.jid(device);
}

function pairSuccess(account, device, details, registration, secret) {
  const { identity } = account.phone;
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, registration.identityKey]);
  const accountSignature = Curve.sign(identity.private, signed);
  const inner = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: identity.public,
    accountSignature,
  }).finish();
  const outer = proto.ADVSignedDeviceIdentityHMAC.encode({ details: inner, hmac: hmacSign(inner, secret) }).finish();
  return element('iq', { from: 's.whatsapp.net', type: 'set', xmlns: 'md' }, [
    element('pair-success', {}, [
      element('device-identity', {}, outer),
      element('device', { jid: account.jid(device), lid: account.lid(device) }),
      element('platform', { name: 'android' }),
      element('biz', { name: account.name }),
    ]),
  ]);
}

/** @returns {Buffer | undefined} the companion's signed identity, key of the account included; undefined if not valid */
function readSignedIdentity(answer, account, details, registration) {
  const content = child(child(answer, 'pair-device-sign'), 'device-identity')?.content;
  if (!(content instanceof Uint8Array)) {
    return undefined;
  }
  const identity = proto.ADVSignedDeviceIdentity.decode(content);
  const accountKey = account.phone.identity.public;
  const signed = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, registration.identityKey, accountKey]);
  if (!verifySignature(registration.identityKey, signed, identity.deviceSignature)) {
    return undefined;
  }
  return Buffer.from(proto.ADVSignedDeviceIdentity.encode({ ...identity, accountSignatureKey: accountKey }).finish());
}
