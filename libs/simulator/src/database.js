import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BufferJSON } from 'baileys';
import { ClassicLevel } from 'classic-level';

/**
 * The simulator's state on disk: an ordered map from text keys to JSON values (buffers allowed).
 *
 * Writes are staged and go to disk in atomic batches, one at a time, so that many small changes share one write
 * and none is ever half there after a `kill -9`. A second simulator on the same path is refused by the store's own
 * file lock, which the operating system frees when its owner dies.
 */
export class Database {
  #level;
  #staged = new Map();
  #scheduled;
  #last = Promise.resolve();

  /** @param {ClassicLevel} level an open store */
  constructor(level) {
    this.#level = level;
  }

  /**
   * @param {string} path folder that holds the state; made when missing
   * @returns {Promise<Database>}
   * @throws {Error} with code LEVEL_DATABASE_NOT_OPEN when another simulator holds the path
   */
  static async open(path) {
    await mkdir(dirname(path), { recursive: true });
    const level = new ClassicLevel(path, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
    await level.open();
    return new Database(level);
  }

  /**
   * Reads what is on disk; meant for start-up, before anything is staged.
   * @param {string} prefix
   * @returns {AsyncGenerator<[string[], any]>} the parts of each key after the prefix (split at `/`) and its value
   */
  async *entries(prefix) {
    for await (const [key, value] of this.#level.iterator({ gte: prefix, lt: `${prefix}\uffff` })) {
      yield [key.slice(prefix.length).split('/'), JSON.parse(value, BufferJSON.reviver)];
    }
  }

  /** @param {string} key @param {any} value stored as it is now: later changes to it are not seen */
  put(key, value) {
    this.#stage(key, JSON.stringify(value, BufferJSON.replacer));
  }

  /** @param {string} key */
  delete(key) {
    this.#stage(key, undefined);
  }

  /** @returns {Promise<void>} resolves once everything staged so far is on disk */
  commit() {
    if (this.#staged.size > 0 && !this.#scheduled) {
      this.#scheduled = this.#last.then(() => this.#write());
      this.#last = this.#scheduled;
    }
    return this.#last;
  }

  /** @returns {Promise<void>} */
  async close() {
    await this.commit();
    await this.#level.close();
  }

  #stage(key, text) {
    if (this.#staged.size === 0) {
      // What nobody waits for (a delivered message leaving its queue) is still written soon.
      setImmediate(() => this.commit().catch(() => undefined));
    }
    this.#staged.set(key, text);
  }

  async #write() {
    const operations = [];
    for (const [key, value] of this.#staged) {
      operations.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value });
    }
    this.#staged = new Map();
    this.#scheduled = undefined;
    await this.#level.batch(operations);
  }
}
