import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from './deferred.js';

const LOGOUT_FLUSH_MS = 3_000;
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
   * Tells the server first to remove this device, and waits at most 3 s for that frame to leave; one that is ending
   * already is cut.
   *
   * @param {Reason} reason
   */
  async logout(reason) {
    if (this.#reason) {
      this.cut({ code: null, message: 'closed by the worker', origin: 'local' });
      return;
    }
    this.#reason = reason;
    const left = this.sock.logout().then(
      () => true,
      () => false,
    );
    if (!(await Promise.race([left, delay(LOGOUT_FLUSH_MS, false, { ref: false })]))) {
      this.#cut();
    }
  }

  /** Baileys says that the connection is over. @param {Reason} reason unless there is one already */
  closed(reason) {
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
