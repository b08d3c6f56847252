import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from './deferred.js';
import { removeDevice } from './unlinking.js';

const UNLINKED = 401;
const LAST_SAVE_MS = 5_000;
const SILENT_ENDINGS = new Set(['fenced', 'lease']);

/**
 * @typedef {object} Reason why a session ended, as `session.closed` tells it
 * @property {number | null} code of WhatsApp or HTTP
 * @property {string} message
 * @property {'server' | 'network' | 'local' | 'lease' | 'fenced' | 'garbage' | 'deaf'} origin
 */

/** How one session comes to its end: its connection is gone first, what must be saved is saved, then it is told. */
export class Ending {
  #reason;
  #wasCut = false;
  #finishing = false;
  #rawGone = false;
  #loggingOut = false;
  #unlinked = false;
  #over = deferred();

  /**
   * @param {{sock: import('baileys').WASocket, raw: import('ws').WebSocket,
   *   saver: import('./creds-saver.js').CredsSaver, onFinish: () => void, onOver: (reason: Reason) => void}} options
   *   `onFinish` is called when nothing more will come, `onOver` after the last save
   */
  constructor({ sock, raw, saver, onFinish, onOver }) {
    Object.assign(this, { sock, raw, saver, onFinish, onOver });
    raw.once('close', () => this.#rawClosed());
  }

  /** @returns {Promise<void>} settled once it was told */
  get over() {
    return this.#over.promise;
  }

  /** @returns {boolean} whether the server said that this device is removed, as a logout asked */
  get unlinked() {
    return this.#unlinked;
  }

  /**
   * Cuts the connection now, also when a polite close or a logout is under way.
   *
   * @param {Reason} reason
   */
  cut(reason) {
    if (!this.#wasCut && !this.#finishing) {
      this.#reason = reason;
      this.#cut();
    }
  }

  /**
   * Has the server remove this device first, for which it has 3 s; one that is ending already is cut.
   *
   * @param {Reason} reason
   */
  async logout(reason) {
    if (this.#reason) {
      this.cut({ code: null, message: 'closed by the worker', origin: 'local' });
      return;
    }
    this.#reason = reason;
    this.#loggingOut = true;
    if (await removeDevice(this.sock)) {
      this.#unlinked = true;
    }
    this.#cut();
  }

  /** Baileys says that the connection is over. @param {Reason} reason unless there is one already */
  closed(reason) {
    if (this.#loggingOut && reason.code === UNLINKED && reason.origin === 'server') {
      // The server may close the connection of a removed device before it answers.
      this.#unlinked = true;
    }
    this.#reason ??= reason;
    // Events that wait in Baileys' buffer are thrown away after this call.
    this.sock.ev.flush();
    void this.#finish();
  }

  #cut() {
    this.#wasCut = true;
    this.raw.terminate();
    void this.sock.end(undefined);
  }

  /** Baileys reports a close right after the socket's; should it not, the session must not linger. */
  #rawClosed() {
    this.#rawGone = true;
    setTimeout(() => void this.#finish(), LAST_SAVE_MS).unref();
  }

  async #finish() {
    if (this.#finishing) {
      return;
    }
    this.#finishing = true;
    this.onFinish();
    this.#reason ??= { code: null, message: 'the connection ended', origin: 'network' };
    if (!this.#rawGone) {
      this.raw.terminate();
      await new Promise((resolve) => this.raw.once('close', resolve));
    }
    if (!SILENT_ENDINGS.has(this.#reason.origin)) {
      await Promise.race([this.saver.whenSaved(this.saver.begun), delay(LAST_SAVE_MS, false, { ref: false })]);
    }
    this.onOver(this.#reason);
    this.#over.resolve();
  }
}
