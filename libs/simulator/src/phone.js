import {
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateSignalPubKey,
  proto,
  unpadRandomMax16,
} from 'baileys';

const SILENT = {
  level: 'silent',
  child: () => SILENT,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/**
 * @typedef {object} KeyBundle what a sender needs to open a Signal session with a device
 * @property {number} registrationId
 * @property {Buffer} identityKey 32 bytes
 * @property {{keyId: number, publicKey: Buffer, signature: Buffer}} signedPreKey
 * @property {{keyId: number, publicKey: Buffer}} [preKey]
 */

/** A simulated phone as a Signal peer: it encrypts, decrypts and hands out keys like a real one. */
export class Phone {
  #creds;
  #repository;
  #work = Promise.resolve();

  /** @param {object} creds its identity @param {import('./signal-keys.js').SignalKeys} keys */
  constructor(creds, keys) {
    this.#creds = creds;
    this.keys = keys;
  }

  /** @returns {{private: Uint8Array, public: Uint8Array}} */
  get identity() {
    return this.#creds.signedIdentityKey;
  }

  /** @returns {Promise<KeyBundle>} with a one-time key nobody else gets */
  async takeBundle() {
    const { registrationId, signedIdentityKey, signedPreKey } = this.#creds;
    const keyId = this.#creds.nextPreKeyId++;
    const pair = Curve.generateKeyPair();
    await this.keys.set({ 'pre-key': { [keyId]: pair } });
    return {
      registrationId,
      identityKey: signedIdentityKey.public,
      signedPreKey: {
        keyId: signedPreKey.keyId,
        publicKey: signedPreKey.keyPair.public,
        signature: signedPreKey.signature,
      },
      preKey: { keyId, publicKey: pair.public },
    };
  }

  /**
   * @param {string} jid the receiving device, by LID
   * @param {proto.IMessage} message
   * @param {() => KeyBundle} bundle gives the device's keys; called only when there is no session with it yet
   * @returns {Promise<{type: 'pkmsg' | 'msg', ciphertext: Buffer}>}
   */
  encrypt(jid, message, bundle) {
    return this.#inTurn(async (signal) => {
      const { exists } = await signal.validateSession(jid);
      if (!exists) {
        await signal.injectE2ESession({ jid, session: asSession(bundle()) });
      }
      return signal.encryptMessage({ jid, data: encodeWAMessage(message) });
    });
  }

  /**
   * @param {string} jid the sending device, by LID
   * @param {'pkmsg' | 'msg'} type
   * @param {Uint8Array} ciphertext
   * @returns {Promise<proto.Message>}
   * @throws {Error} when it cannot be decrypted
   */
  decrypt(jid, type, ciphertext) {
    return this.#inTurn(async (signal) => {
      const plaintext = await signal.decryptMessage({ jid, type, ciphertext });
      return proto.Message.decode(unpadRandomMax16(plaintext));
    });
  }

  /**
   * @param {string} group
   * @param {string} author the phone's own address
   * @param {proto.IMessage} message
   * @returns {Promise<{ciphertext: Uint8Array, senderKey: Uint8Array}>} `senderKey` for who cannot decrypt it yet
   */
  encryptToGroup(group, author, message) {
    return this.#inTurn(async (signal) => {
      const made = await signal.encryptGroupMessage({ group, meId: author, data: encodeWAMessage(message) });
      return { ciphertext: made.ciphertext, senderKey: made.senderKeyDistributionMessage };
    });
  }

  /**
   * @param {string} author the sending device, by LID
   * @param {proto.Message.ISenderKeyDistributionMessage} item
   * @returns {Promise<void>}
   */
  learnSenderKey(author, item) {
    return this.#inTurn((signal) => signal.processSenderKeyDistributionMessage({ authorJid: author, item }));
  }

  /**
   * @param {string} group
   * @param {string} author the sending device, by LID
   * @param {Uint8Array} ciphertext
   * @returns {Promise<proto.Message>}
   * @throws {Error} when it cannot be decrypted
   */
  decryptFromGroup(group, author, ciphertext) {
    return this.#inTurn(async (signal) => {
      const plaintext = await signal.decryptGroupMessage({ group, authorJid: author, msg: ciphertext });
      return proto.Message.decode(unpadRandomMax16(plaintext));
    });
  }

  /** @param {string} jid a device whose session is no good any more @returns {Promise<void>} */
  forget(jid) {
    return this.#inTurn((signal) => signal.deleteSession([jid]));
  }

  #inTurn(work) {
    this.#repository ??= DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { creds: this.#creds, keys: this.keys },
      SILENT,
      async () => [],
    );
    const done = this.#work.then(() => work(this.#repository));
    this.#work = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }
}

function asSession({ registrationId, identityKey, signedPreKey, preKey }) {
  return {
    registrationId,
    identityKey: generateSignalPubKey(identityKey),
    signedPreKey: { ...signedPreKey, publicKey: generateSignalPubKey(signedPreKey.publicKey) },
    preKey: preKey && { ...preKey, publicKey: generateSignalPubKey(preKey.publicKey) },
  };
}
