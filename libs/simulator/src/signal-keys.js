/**
 * The Signal keys and sessions of one simulated phone, in the form Baileys' Signal repository asks for.
 * Kept in memory and written through to the database.
 */
export class SignalKeys {
  #database;
  #prefix;
  #values = new Map();

  /** @param {import('./database.js').Database} database @param {string} number */
  constructor(database, number) {
    this.#database = database;
    this.#prefix = `signal/${number}/`;
  }

  /** @param {string[]} path type and id, as read from the database @param {any} value */
  restore(path, value) {
    this.#values.set(path.join('/'), value);
  }

  /** @param {string} type @param {string[]} ids @returns {Promise<Record<string, any>>} missing ids left out */
  async get(type, ids) {
    const found = {};
    for (const id of ids) {
      const value = this.#values.get(`${type}/${id}`);
      if (value !== undefined) {
        found[id] = value;
      }
    }
    return found;
  }

  /** @param {Record<string, Record<string, any>>} data by type and id; null deletes @returns {Promise<void>} */
  async set(data) {
    for (const [type, entries] of Object.entries(data)) {
      for (const [id, value] of Object.entries(entries)) {
        this.#setOne(`${type}/${id}`, value);
      }
    }
  }

  /**
   * The phone does one thing at a time, so its work needs no isolation of its own.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  transaction(work) {
    return work();
  }

  /** @returns {boolean} */
  isInTransaction() {
    return false;
  }

  #setOne(path, value) {
    if (value === null || value === undefined) {
      this.#values.delete(path);
      this.#database.delete(this.#prefix + path);
    } else {
      this.#values.set(path, value);
      this.#database.put(this.#prefix + path, value);
    }
  }
}
