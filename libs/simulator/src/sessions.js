import { replacedError } from './stanzas.js';

/**
 * @typedef {object} Session a logged-in socket
 * @property {import('./connection.js').Connection} connection
 * @property {import('./accounts.js').Account} account
 * @property {import('./accounts.js').Companion} companion
 * @property {import('./queue.js').Mailbox} mailbox
 */

/** Which devices are logged in now, and how they were since the start. */
export class Sessions {
  #byDevice = new Map();

  /**
   * Counts a session in; an earlier one of the same device is told that it was replaced.
   * @param {Session} session
   */
  open(session) {
    const device = this.#of(session.account.number, session.companion.device);
    const earlier = [...device.live];
    device.live.add(session);
    device.logins += 1;
    device.maxLive = Math.max(device.maxLive, device.live.size);
    for (const { connection } of earlier) {
      connection.end(replacedError());
    }
  }

  /**
   * Counts a login, whatever comes of it.
   * @param {number | string} number
   * @param {number} device
   * @param {{primary?: number, secondary?: number, tertiary?: number}} version of WhatsApp Web that the client gives
   */
  tried(number, device, { primary, secondary, tertiary } = {}) {
    const entry = this.#of(String(number), device);
    entry.tries += 1;
    entry.version = [primary, secondary, tertiary].join('.');
  }

  /** @param {Session} session that is over */
  close(session) {
    this.#of(session.account.number, session.companion.device).live.delete(session);
    session.mailbox.detach(session.connection);
  }

  /** @param {string} number @param {number} device @returns {Session[]} */
  live(number, device) {
    return [...this.#of(number, device).live];
  }

  /** @param {Session} session @param {string | undefined} presence that it wants its contacts to see */
  show({ account, companion }, presence) {
    if (presence === 'available' || presence === 'unavailable') {
      this.#of(account.number, companion.device).presence = presence;
    }
  }

  /**
   * @param {string} number
   * @param {number} device
   * @returns {{live: number, maxLive: number, tries: number, logins: number, version: string | null,
   *   presence: 'available' | 'unavailable' | null}} null until it has told one
   */
  summary(number, device) {
    const { live, ...rest } = this.#of(number, device);
    return { live: live.size, ...rest };
  }

  #of(number, device) {
    const key = `${number}/${device}`;
    if (!this.#byDevice.has(key)) {
      this.#byDevice.set(key, { live: new Set(), maxLive: 0, tries: 0, logins: 0, version: null, presence: null });
    }
    return this.#byDevice.get(key);
  }
}
