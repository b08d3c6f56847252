/**
 * @typedef {object} InboxText a text a phone received and could decrypt
 * @property {string} id of the message
 * @property {string} from number
 * @property {string} text
 * @property {string} at ISO 8601, UTC
 */

/** What the phones received. Each arrival is an entry, so that a message sent twice is seen twice. */
export class Inbox {
  #database;
  #byNumber = new Map();

  /** @param {import('./database.js').Database} database */
  constructor(database) {
    this.#database = database;
  }

  async load() {
    for await (const [[number], entry] of this.#database.entries('inbox/')) {
      this.of(number).push(entry);
    }
  }

  /** @param {string} number @returns {InboxText[]} oldest first */
  of(number) {
    if (!this.#byNumber.has(number)) {
      this.#byNumber.set(number, []);
    }
    return this.#byNumber.get(number);
  }

  /** @param {string} number @param {{id: string, from: string, text: string}} arrival */
  add(number, { id, from, text }) {
    const texts = this.of(number);
    const entry = { id, from, text, at: new Date().toISOString() };
    this.#database.put(`inbox/${number}/${String(texts.length).padStart(9, '0')}`, entry);
    texts.push(entry);
  }
}
