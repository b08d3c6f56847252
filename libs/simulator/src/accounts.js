import { initAuthCreds, jidDecode } from 'baileys';
import { isNumber, lidJid, lidOf, phoneJid } from './numbers.js';
import { Phone } from './phone.js';
import { SignalKeys } from './signal-keys.js';

/**
 * @typedef {object} Companion one linked device, as the server knows it
 * @property {number} device 1, 2, …
 * @property {Buffer} noiseKey what it must prove to log in
 * @property {Buffer} identityKey
 * @property {number} registrationId
 * @property {{keyId: number, publicKey: Buffer, signature: Buffer}} signedPreKey
 * @property {Buffer} signedIdentity its ADVSignedDeviceIdentity
 * @property {boolean} [wantsFullHistory] whether it asked for all of the phone's history
 * @property {boolean} [greeted] whether the phone has sent it its history
 */

/** The holder of a phone number: the phone itself (device 0, a full Signal peer) and its companions. */
export class Account {
  /** @param {object} record what is stored of it @param {SignalKeys} keys */
  constructor(record, keys) {
    this.record = record;
    this.phone = new Phone(record.creds, keys);
    /** @type {Map<number, Companion>} */
    this.companions = new Map();
  }

  get number() {
    return this.record.number;
  }

  get name() {
    return this.record.name;
  }

  /** @param {number} [device] @returns {string} */
  jid(device = 0) {
    return phoneJid(this.record.number, device);
  }

  /** @param {number} [device] @returns {string} */
  lid(device = 0) {
    return lidJid(this.record.lid, device);
  }
}

/** Every account there is. A number becomes one when it is first spoken of. */
export class Accounts {
  #database;
  #byNumber = new Map();
  #byLid = new Map();

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
  }

  async load() {
    for await (const [, record] of this.#database.entries('account/')) {
      this.#add(record);
    }
    for await (const [[number, ...path], value] of this.#database.entries('signal/')) {
      this.#byNumber.get(number)?.phone.keys.restore(path, value);
    }
    for await (const [[number], companion] of this.#database.entries('device/')) {
      this.#byNumber.get(number)?.companions.set(companion.device, companion);
    }
  }

  /** @returns {IterableIterator<Account>} */
  all() {
    return this.#byNumber.values();
  }

  /** @param {string} number @returns {Account | undefined} */
  get(number) {
    return this.#byNumber.get(number);
  }

  /** @param {string} number a valid one @returns {Account} */
  open(number) {
    return this.#byNumber.get(number) ?? this.#create(number);
  }

  /**
   * @param {string} jid of a phone number or a LID, with or without a device
   * @returns {{account: Account, device: number} | undefined} undefined when nobody can have that address
   */
  find(jid) {
    const { user, server, device = 0 } = jidDecode(jid) ?? {};
    if (server === 'lid') {
      const account = this.#byLid.get(user);
      return account && { account, device };
    }
    if ((server === 's.whatsapp.net' || server === 'c.us') && isNumber(user)) {
      return { account: this.open(user), device };
    }
    return undefined;
  }

  /** @param {Account} account its changed record is staged */
  save(account) {
    this.#database.put(`account/${account.number}`, account.record);
  }

  /** @param {Account} account @returns {number} a companion number never used before on that account */
  takeDeviceNumber(account) {
    const device = account.record.nextDevice++;
    this.save(account);
    return device;
  }

  /** @param {Account} account @param {Companion} companion */
  saveCompanion(account, companion) {
    account.companions.set(companion.device, companion);
    this.#database.put(`device/${account.number}/${companion.device}`, companion);
  }

  /** @param {Account} account @param {number} device */
  deleteCompanion(account, device) {
    account.companions.delete(device);
    this.#database.delete(`device/${account.number}/${device}`);
  }

  #create(number) {
    const { signedIdentityKey, signedPreKey, registrationId } = initAuthCreds();
    const creds = { signedIdentityKey, signedPreKey, registrationId, nextPreKeyId: 1 };
    const name = `Phone ${number.slice(-4)}`;
    const account = this.#add({ number, lid: lidOf(number), name, nextDevice: 1, creds });
    this.save(account);
    return account;
  }

  #add(record) {
    const account = new Account(record, new SignalKeys(this.#database, record.number));
    this.#byNumber.set(record.number, account);
    this.#byLid.set(record.lid, account);
    return account;
  }
}
