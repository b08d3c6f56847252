import { element } from './stanzas.js';

const SEQUENCE_DIGITS = 12;

/**
 * @typedef {object} Entry one stanza a device has not confirmed yet
 * @property {'message' | 'peer' | 'receipt' | 'notification'} kind `peer` is a message between the account's own devices
 * @property {string} id of the stanza
 * @property {import('./stanzas.js').BinaryNode} stanza exactly as it is sent, ciphertext included
 * @property {{number: string, plaintext: Buffer}} [origin] the phone that wrote it and what, to encrypt it again
 * @property {number} [retries] how often it was encrypted again
 */

/** What waits for one device, in order. A stanza stays until the device confirms it, whatever becomes of the socket. */
export class Mailbox {
  #database;
  #prefix;
  #entries = new Map();
  #nextSequence = 1;
  #storedUpTo = 0;
  #sentUpTo = 0;
  #connection;

  /** @param {import('./database.js').Database} database @param {string} prefix of its keys */
  constructor(database, prefix) {
    this.#database = database;
    this.#prefix = prefix;
  }

  /** @param {number} sequence @param {Entry} entry as read from the database, in ascending order */
  restore(sequence, entry) {
    this.#entries.set(sequence, entry);
    this.#storedUpTo = sequence;
    this.#nextSequence = sequence + 1;
  }

  /** @returns {number} messages the device has not confirmed */
  get messages() {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'message').length;
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<void>} resolves once it is on disk, and on its way when the device is connected
   */
  async add(entry) {
    const sequence = this.#nextSequence++;
    this.#entries.set(sequence, entry);
    this.#store(sequence, entry);
    await this.#database.commit();
    this.#storedUpTo = Math.max(this.#storedUpTo, sequence);
    this.#pump();
  }

  /** @param {Entry['kind']} kind @param {string} id @returns {Entry | undefined} */
  find(kind, id) {
    return this.#entries.get(this.#sequenceOf(kind, id));
  }

  /** @param {Entry['kind']} kind @param {string} id confirmed by the device */
  remove(kind, id) {
    const sequence = this.#sequenceOf(kind, id);
    if (this.#entries.delete(sequence)) {
      this.#database.delete(this.#key(sequence));
    }
  }

  /** @param {Entry} entry was changed @returns {Promise<void>} stored and sent again */
  async replace(entry) {
    const sequence = this.#sequenceOf(entry.kind, entry.id);
    if (sequence !== undefined) {
      this.#store(sequence, entry);
      await this.#database.commit();
      this.#connection?.send(entry.stanza);
    }
  }

  /**
   * Sends all that waits, then the marker that ends it. What the phone tells its own companion comes after the marker:
   * a client that has not seen it yet does not take the history for its first one.
   * @param {import('./connection.js').Connection} connection
   */
  attach(connection) {
    this.#connection = connection;
    const waiting = [...this.#entries].filter(([sequence]) => sequence <= this.#storedUpTo).map(([, entry]) => entry);
    const offline = waiting.filter(({ kind }) => kind !== 'peer');
    for (const [index, { stanza }] of offline.entries()) {
      connection.send({ ...stanza, attrs: { ...stanza.attrs, offline: String(index) } });
    }
    const marker = element('offline', { count: String(offline.length) });
    connection.send(element('ib', { from: 's.whatsapp.net' }, [marker]));
    for (const { stanza } of waiting.filter(({ kind }) => kind === 'peer')) {
      connection.send(stanza);
    }
    this.#sentUpTo = this.#storedUpTo;
  }

  /** @param {import('./connection.js').Connection} connection that is gone */
  detach(connection) {
    if (this.#connection === connection) {
      this.#connection = undefined;
    }
  }

  /** Forgets everything. */
  clear() {
    for (const sequence of this.#entries.keys()) {
      this.#database.delete(this.#key(sequence));
    }
    this.#entries.clear();
  }

  #pump() {
    if (!this.#connection) {
      return;
    }
    for (let sequence = this.#sentUpTo + 1; sequence <= this.#storedUpTo; sequence++) {
      const entry = this.#entries.get(sequence);
      if (entry) {
        this.#connection.send(entry.stanza);
      }
    }
    this.#sentUpTo = this.#storedUpTo;
  }

  #sequenceOf(kind, id) {
    for (const [sequence, entry] of this.#entries) {
      if (entry.id === id && entry.kind === kind) {
        return sequence;
      }
    }
    return undefined;
  }

  #store(sequence, entry) {
    this.#database.put(this.#key(sequence), entry);
  }

  #key(sequence) {
    return this.#prefix + String(sequence).padStart(SEQUENCE_DIGITS, '0');
  }
}

/** The mailboxes of all companion devices. */
export class Mailboxes {
  #database;
  #byDevice = new Map();

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
  }

  async load() {
    for await (const [[number, device, sequence], entry] of this.#database.entries('queue/')) {
      this.of(number, device).restore(Number(sequence), entry);
    }
  }

  /** @param {string} number @param {number | string} device @returns {Mailbox} */
  of(number, device) {
    const owner = `${number}/${device}`;
    if (!this.#byDevice.has(owner)) {
      this.#byDevice.set(owner, new Mailbox(this.#database, `queue/${owner}/`));
    }
    return this.#byDevice.get(owner);
  }

  /** @param {string} number @param {number} device */
  delete(number, device) {
    this.of(number, device).clear();
    this.#byDevice.delete(`${number}/${device}`);
  }
}
