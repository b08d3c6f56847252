import { randomBytes } from 'node:crypto';
import { proto } from 'baileys';
import { ControlError } from './control-error.js';
import { ANSWER_MS, link } from './linking.js';
import { element } from './stanzas.js';

/**
 * @typedef {object} Registration what an unpaired companion says of itself
 * @property {Buffer} noiseKey
 * @property {Buffer} identityKey
 * @property {number} registrationId
 * @property {{keyId: number, publicKey: Buffer, signature: Buffer}} signedPreKey
 */

/**
 * @typedef {object} Pairing an unpaired companion's socket, as long as it lives
 * @property {import('./connection.js').Connection} connection
 * @property {Registration} registration
 * @property {string[]} refs of its QR codes
 * @property {number} startedAt ms since 1970
 * @property {boolean} used whether a phone has taken it
 * @property {number} oldest index of the ref below which none is good any more
 * @property {number} [codeRefusal] the error with which its next request for a pairing code is answered
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
    wantsFullHistory: proto.DeviceProps.decode(data.deviceProps ?? []).requireFullSync === true,
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
   * @returns {Pairing} to be given back with `end` when the socket is gone
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
    return pairing;
  }

  /** @param {Pairing} pairing whose socket is gone */
  end({ refs }) {
    for (const ref of refs) {
      this.#byRef.delete(ref);
    }
  }

  /**
   * @param {string} qr any of the texts an unpaired socket shows in its life
   * @returns {Pairing}
   * @throws {ControlError} 410 when no live socket shows it
   */
  of(qr) {
    const pairing = this.#byRef.get(readQr(qr).ref);
    if (!pairing) {
      throw expired();
    }
    return pairing;
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
    return link(this.#server, account, this.#take(code), code.secret);
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
