import { setTimeout as delay } from 'node:timers/promises';

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const FINAL_CODES = new Set(['fenced', 'closed']);

/**
 * One session's way to its stored credentials and keys.
 *
 * A store that cannot be read or written ends the session before the caller hears of it. Baileys would take a failed
 * read for a missing key and a failed commit for an undecryptable message, and would tell the server so: the message
 * would be gone.
 */
export class StoreLink {
  #lost = false;

  /**
   * @param {{wire: import('./wire.js').Wire, session: string, onLost: (origin: 'fenced' | 'local') => void}} options
   *   `onLost` must cut the socket at once; it is called at most once
   */
  constructor({ wire, session, onLost }) {
    this.wire = wire;
    this.session = session;
    this.onLost = onLost;
  }

  /** From now on every request fails: the session has ended. */
  close() {
    this.#lost = true;
    this.wire.drop(this.session);
  }

  /**
   * Asks the worker, again after a short pause when it answers with an error that may pass.
   *
   * @param {string} method `creds.save`, `keys.get` or `keys.set`
   * @param {object} params without the session
   * @returns {Promise<object>} the result
   * @throws {import('./wire.js').WireError} `fenced`, `closed`, or the last error; the session has ended then
   */
  async request(method, params) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#refuseWhenLost();
        return await this.wire.request(method, { session: this.session, ...params }, this.session);
      } catch (error) {
        if (FINAL_CODES.has(error.code) || attempt === ATTEMPTS) {
          this.#lose(error);
          throw error;
        }
      }
      await delay(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  #refuseWhenLost() {
    if (this.#lost) {
      throw Object.assign(new Error('the session was closed'), { code: 'closed' });
    }
  }

  #lose(error) {
    if (!this.#lost) {
      this.#lost = true;
      this.onLost(error.code === 'fenced' ? 'fenced' : 'local');
    }
  }
}
