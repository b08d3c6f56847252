import { aesDecryptGCM, aesEncryptGCM, Curve, hkdf, NOISE_MODE, proto, sha256, WA_CERT_DETAILS } from 'baileys';

const EMPTY = Buffer.alloc(0);
const { Details } = proto.CertChain.NoiseCertificate;

/** @typedef {{private: Uint8Array, public: Uint8Array}} KeyPair */

/**
 * The server's long-term key and the chain of certificates that vouches for it, made afresh.
 * @returns {{key: KeyPair, certificates: Uint8Array}}
 */
export function makeServerIdentity() {
  const [root, issuer, key] = [Curve.generateKeyPair(), Curve.generateKeyPair(), Curve.generateKeyPair()];
  const certificate = (signer, serial, issuerSerial, subject) => {
    const details = Details.encode({ serial, issuerSerial, key: subject.public }).finish();
    return { details, signature: Curve.sign(signer.private, details) };
  };
  const certificates = proto.CertChain.encode({
    intermediate: certificate(root, 1, WA_CERT_DETAILS.SERIAL, issuer),
    leaf: certificate(issuer, 2, 1, key),
  }).finish();
  return { key, certificates };
}

function nonce(counter) {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}

/** One direction of the encrypted transport after the handshake. */
class CipherState {
  #key;
  #counter = 0;

  constructor(key) {
    this.#key = key;
  }

  encrypt(plaintext) {
    return aesEncryptGCM(plaintext, this.#key, nonce(this.#counter++), EMPTY);
  }

  decrypt(ciphertext) {
    return aesDecryptGCM(ciphertext, this.#key, nonce(this.#counter++), EMPTY);
  }
}

/** The responder's side of the Noise XX handshake (25519, AES-GCM, SHA-256) and the transport that follows. */
export class NoiseResponder {
  #identity;
  #ephemeral = Curve.generateKeyPair();
  #hash = Buffer.from(NOISE_MODE);
  #salt = this.#hash;
  #key = this.#hash;
  #counter = 0;
  #receive;
  #send;

  /**
   * @param {{key: KeyPair, certificates: Uint8Array}} identity
   * @param {Uint8Array} header the bytes the client opened the stream with
   */
  constructor(identity, header) {
    this.#identity = identity;
    this.#authenticate(header);
  }

  /**
   * @param {Uint8Array} message the client's first handshake message
   * @returns {Uint8Array} the answer to it
   * @throws {Error} when the message is malformed
   */
  answerHello(message) {
    const ephemeral = proto.HandshakeMessage.decode(message).clientHello?.ephemeral;
    if (ephemeral?.length !== 32) {
      throw new Error('the client hello carries no key');
    }
    this.#authenticate(ephemeral);
    this.#authenticate(this.#ephemeral.public);
    this.#mix(Curve.sharedKey(this.#ephemeral.private, ephemeral));
    const staticKey = this.#encrypt(this.#identity.key.public);
    this.#mix(Curve.sharedKey(this.#identity.key.private, ephemeral));
    const payload = this.#encrypt(this.#identity.certificates);
    const serverHello = { ephemeral: this.#ephemeral.public, static: staticKey, payload };
    return proto.HandshakeMessage.encode({ serverHello }).finish();
  }

  /**
   * @param {Uint8Array} message the client's second handshake message
   * @returns {{noiseKey: Buffer, payload: proto.ClientPayload}} the client's long-term key (32 bytes), proven, and
   *   what it asks for
   * @throws {Error} when the message is malformed or not made by the owner of that key
   */
  finish(message) {
    const clientFinish = proto.HandshakeMessage.decode(message).clientFinish;
    if (!clientFinish?.static || !clientFinish.payload) {
      throw new Error('the client finish is incomplete');
    }
    const noiseKey = this.#decrypt(clientFinish.static);
    this.#mix(Curve.sharedKey(this.#ephemeral.private, noiseKey));
    const payload = proto.ClientPayload.decode(this.#decrypt(clientFinish.payload));
    const [receive, send] = this.#derive(EMPTY);
    this.#receive = new CipherState(receive);
    this.#send = new CipherState(send);
    return { noiseKey: Buffer.from(noiseKey), payload };
  }

  /** @param {Uint8Array} plaintext @returns {Buffer} */
  encrypt(plaintext) {
    return this.#send.encrypt(plaintext);
  }

  /** @param {Uint8Array} ciphertext @returns {Buffer} @throws {Error} when it was not made for this place */
  decrypt(ciphertext) {
    return this.#receive.decrypt(ciphertext);
  }

  #authenticate(data) {
    this.#hash = sha256(Buffer.concat([this.#hash, data]));
  }

  #derive(material) {
    const key = Buffer.from(hkdf(Buffer.from(material), 64, { salt: this.#salt, info: '' }));
    return [key.subarray(0, 32), key.subarray(32)];
  }

  #mix(material) {
    [this.#salt, this.#key] = this.#derive(material);
    this.#counter = 0;
  }

  #encrypt(plaintext) {
    const ciphertext = aesEncryptGCM(plaintext, this.#key, nonce(this.#counter++), this.#hash);
    this.#authenticate(ciphertext);
    return ciphertext;
  }

  #decrypt(ciphertext) {
    const plaintext = aesDecryptGCM(ciphertext, this.#key, nonce(this.#counter++), this.#hash);
    this.#authenticate(ciphertext);
    return plaintext;
  }
}
