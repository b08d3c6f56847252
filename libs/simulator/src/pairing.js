import { randomBytes } from 'node:crypto';
import { Curve, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX } from 'baileys';
import { ControlError } from './control-error.js';
import { child, element, streamError } from './stanzas.js';
import { verifySignature } from './xeddsa.js';

const ANSWER_MS = 10_000;
const RESTART_REQUIRED = 515;

/**
 * @typedef {object} Registration what an unpaired companion says of itself
 * @property {Buffer} noiseKey
 * @property {Buffer} identityKey
 * @property {number} registrationId
 * @property {{keyId: number, publicKey: Buffer, signature: Buffer}} signedPreKey
 */

/**
 * @param {object} data `devicePairingData` of the client's payload
 * @param {Buffer} noiseKey proven in the handshake
 * @returns {Registration}
 * @throws {Error} when it is malformed
 */
export function readRegistration(data, noiseKey) {
  const bytes = (name, length) => {
    const value = Buffer.from(data[name] ?? []);
    if (value.length !== length) {
      throw new Error(`the registration's ${name} is not ${length} bytes long`);
    }
    return value;
  };
  return {
    noiseKey,
    identityKey: bytes('eIdent', 32),
    registrationId: bytes('eRegid', 4).readUInt32BE(),
    signedPreKey: {
      keyId: bytes('eSkeyId', 3).readUIntBE(0, 3),
      publicKey: bytes('eSkeyVal', 32),
      signature: bytes('eSkeySig', 64),
    },
  };
}

/** @param {string} qr with or without the link in front @returns {{ref: string, noiseKey: Buffer, identityKey: Buffer, secret: Buffer}} */
function readQr(qr) {
  const [ref, noiseKey, identityKey, secret] = qr.slice(qr.indexOf('#') + 1).split(',');
  const bytes = (text) => Buffer.from(text ?? '', 'base64');
  return { ref, noiseKey: bytes(noiseKey), identityKey: bytes(identityKey), secret: bytes(secret) };
}

function expired() {
  return new ControlError(410, 'qr_expired', 'That QR code was used, was replaced or is not known.');
}

/** The sockets that show QR codes, and the phones that scan them. */
export class Pairings {
  #server;
  #byRef = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * Gives an unpaired companion its refs.
   * @param {import('./connection.js').Connection} connection
   * @param {Registration} registration
   * @returns {{closed: () => void}} to be told when the socket is gone
   */
  start(connection, registration) {
    const refs = Array.from({ length: this.#server.options.qrRefs }, () => `2@${randomBytes(48).toString('base64')}`);
    const pairing = { connection, registration, refs, startedAt: Date.now(), used: false, oldest: 0 };
    for (const ref of refs) {
      this.#byRef.set(ref, pairing);
    }
    const content = refs.map((ref) => element('ref', {}, Buffer.from(ref)));
    const request = element('iq', { from: 's.whatsapp.net', type: 'set', xmlns: 'md' }, [
      element('pair-device', {}, content),
    ]);
    void connection.query(request, ANSWER_MS);
    const closed = () => {
      for (const ref of refs) {
        this.#byRef.delete(ref);
      }
    };
    return { closed };
  }

  /**
   * @param {string} qr any of the texts an unpaired socket shows in its life
   * @returns {import('./connection.js').Connection}
   * @throws {ControlError} 410 when no live socket shows it
   */
  connectionOf(qr) {
    const pairing = this.#byRef.get(readQr(qr).ref);
    if (!pairing) {
      throw expired();
    }
    return pairing.connection;
  }

  /**
   * The phone of an account scans a QR code.
   * @param {import('./accounts.js').Account} account
   * @param {string} qr
   * @returns {Promise<string>} the new device's address
   * @throws {ControlError} 410 `qr_expired`, 409 `not_answered`
   */
  async scan(account, qr) {
    const code = readQr(qr);
    const pairing = this.#take(code);
    const { connection, registration } = pairing;
    const device = this.#server.accounts.takeDeviceNumber(account);
    const details = proto.ADVDeviceIdentity.encode({
      rawId: account.phone.identity.public[0] + 1,
      timestamp: Math.floor(Date.now() / 1000),
      keyIndex: device,
    }).finish();
    const answer = await connection.query(pairSuccess(account, device, details, registration, code.secret), ANSWER_MS);
    const signedIdentity = readSignedIdentity(answer, account, details, registration);
    if (!signedIdentity) {
      throw new ControlError(409, 'not_answered', 'The device did not answer with a valid signed identity.');
    }
    this.#server.accounts.saveCompanion(account, { device, ...registration, signedIdentity });
    await this.#server.database.commit();
    connection.end(streamError(RESTART_REQUIRED));
    return account.jid(device);
  }

  #take(code) {
    const pairing = this.#byRef.get(code.ref);
    const index = pairing?.refs.indexOf(code.ref);
    if (!pairing || pairing.used || index < pairing.oldest || Date.now() >= this.#shownUntil(pairing, index)) {
      throw expired();
    }
    const { noiseKey, identityKey } = pairing.registration;
    if (!noiseKey.equals(code.noiseKey) || !identityKey.equals(code.identityKey)) {
      throw expired();
    }
    pairing.oldest = index;
    pairing.used = true;
    return pairing;
  }

  // The server is not told when a client shows its next QR code; both keep the same time.
  #shownUntil(pairing, index) {
    const { qrFirstMs, qrNextMs } = this.#server.options;
    return pairing.startedAt + qrFirstMs + index * qrNextMs;
  }
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
