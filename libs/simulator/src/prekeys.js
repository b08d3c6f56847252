import { createHash } from 'node:crypto';
import { KEY_BUNDLE_TYPE } from 'baileys';
import { bigEndian, child, childBytes, childNumber, children, element } from './stanzas.js';

/** The one-time keys that companions uploaded, each given out once. */
export class PreKeys {
  #database;
  #byDevice = new Map();

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
  }

  async load() {
    for await (const [[number, device, id], publicKey] of this.#database.entries('prekey/')) {
      this.#of(`${number}/${device}`).set(Number(id), publicKey);
    }
  }

  /** @param {string} number @param {number} device @returns {number} */
  count(number, device) {
    return this.#of(`${number}/${device}`).size;
  }

  /** @param {string} number @param {number} device @param {{keyId: number, publicKey: Buffer}[]} keys */
  add(number, device, keys) {
    for (const { keyId, publicKey } of keys) {
      this.#of(`${number}/${device}`).set(keyId, publicKey);
      this.#database.put(`prekey/${number}/${device}/${keyId}`, publicKey);
    }
  }

  /** @param {string} number @param {number} device @returns {{keyId: number, publicKey: Buffer} | undefined} */
  take(number, device) {
    const keys = this.#of(`${number}/${device}`);
    const [first] = keys;
    if (!first) {
      return undefined;
    }
    keys.delete(first[0]);
    this.#database.delete(`prekey/${number}/${device}/${first[0]}`);
    return { keyId: first[0], publicKey: first[1] };
  }

  /** @param {string} number @param {number} device */
  deleteAll(number, device) {
    for (const keyId of this.#of(`${number}/${device}`).keys()) {
      this.#database.delete(`prekey/${number}/${device}/${keyId}`);
    }
    this.#byDevice.delete(`${number}/${device}`);
  }

  /** @param {string} number @param {number} device @returns {number[]} */
  ids(number, device) {
    return [...this.#of(`${number}/${device}`).keys()];
  }

  #of(owner) {
    if (!this.#byDevice.has(owner)) {
      this.#byDevice.set(owner, new Map());
    }
    return this.#byDevice.get(owner);
  }
}

/** @param {import('./stanzas.js').BinaryNode} node `skey` @returns {{keyId: number, publicKey: Buffer, signature: Buffer}} */
export function readSignedPreKey(node) {
  return {
    keyId: childNumber(node, 'id'),
    publicKey: childBytes(node, 'value'),
    signature: childBytes(node, 'signature'),
  };
}

/** @param {import('./stanzas.js').BinaryNode} node `key` @returns {{keyId: number, publicKey: Buffer}} */
export function readPreKey(node) {
  return { keyId: childNumber(node, 'id'), publicKey: childBytes(node, 'value') };
}

/**
 * @param {import('./stanzas.js').BinaryNode} upload the IQ that uploads keys
 * @returns {{identityKey: Buffer, registrationId: number, signedPreKey: object, preKeys: object[]}}
 * @throws {Error} when it is malformed
 */
export function readUpload(upload) {
  return {
    identityKey: childBytes(upload, 'identity'),
    registrationId: childNumber(upload, 'registration'),
    signedPreKey: readSignedPreKey(child(upload, 'skey')),
    preKeys: children(child(upload, 'list'), 'key').map(readPreKey),
  };
}

function keyNode(tag, { keyId, publicKey, signature }) {
  const content = [element('id', {}, bigEndian(keyId, 3)), element('value', {}, publicKey)];
  return element(tag, {}, signature ? [...content, element('signature', {}, signature)] : content);
}

/**
 * @param {string} jid as it was asked for
 * @param {import('./phone.js').KeyBundle} bundle
 * @param {Buffer} [signedIdentity] of a companion
 * @returns {import('./stanzas.js').BinaryNode}
 */
export function bundleNode(jid, bundle, signedIdentity = undefined) {
  const content = [
    element('registration', {}, bigEndian(bundle.registrationId, 4)),
    element('type', {}, KEY_BUNDLE_TYPE),
    element('identity', {}, bundle.identityKey),
    keyNode('skey', bundle.signedPreKey),
  ];
  if (bundle.preKey) {
    content.push(keyNode('key', bundle.preKey));
  }
  if (signedIdentity) {
    content.push(element('device-identity', {}, signedIdentity));
  }
  return element('user', { jid, t: '0' }, content);
}

/**
 * What the server holds of a device's keys, for the device to compare.
 * @param {import('./accounts.js').Companion} companion
 * @param {number[]} ids of the one-time keys that are left
 * @returns {import('./stanzas.js').BinaryNode}
 */
export function digestNode(companion, ids) {
  const hash = createHash('sha1').update(companion.identityKey).update(companion.signedPreKey.publicKey);
  for (const id of ids) {
    hash.update(bigEndian(id, 3));
  }
  const list = ids.map((id) => element('id', {}, bigEndian(id, 3)));
  return element('digest', {}, [
    element('registration', {}, bigEndian(companion.registrationId, 4)),
    element('type', {}, KEY_BUNDLE_TYPE),
    element('identity', {}, companion.identityKey),
    keyNode('skey', companion.signedPreKey),
    element('list', {}, list),
    element('hash', {}, hash.digest()),
  ]);
}
