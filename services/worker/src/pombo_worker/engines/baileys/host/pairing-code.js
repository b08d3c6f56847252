import { setTimeout as delay } from 'node:timers/promises';
import { deferred } from './deferred.js';
import { WireError } from './wire.js';

const MOST_WAIT_MS = 10_000;
const NUMBER = /^[1-9]\d{6,14}$/;
// WhatsApp's own letters: no 0, I, O, U.
const CODE = /^[1-9A-HJ-NP-TV-Z]{8}$/;

/** The code that links one socket's device when its owner types it on the phone, instead of scanning a QR text. */
export class PairingCode {
  #sock;
  #waitMs;
  #over;
  #ready = deferred();
  #ended = deferred();
  #answer = deferred();
  #asked;
  #turn = Promise.resolve();

  /**
   * @param {{sock: import('baileys').WASocket, linked: boolean, queryTimeoutMs: number}} options `linked`: the device
   *   is, and only logs in
   */
  constructor({ sock, linked, queryTimeoutMs }) {
    this.#sock = sock;
    this.#waitMs = Math.min(MOST_WAIT_MS, queryTimeoutMs);
    this.#ended.promise.catch(() => undefined);
    this.#over = linked;
  }

  /** The server waits for the device to be linked: it may be asked for a code. */
  ready() {
    this.#ready.resolve();
  }

  /** The device was linked, or the socket is gone. */
  end() {
    this.#over = true;
    this.#ended.reject(notPairing());
  }

  /**
   * Looks for the server's answer, at which Baileys does not look.
   *
   * @param {unknown} frame as Baileys emits it before any handler runs
   */
  watch(frame) {
    if (frame?.tag === 'iq' && Array.isArray(frame.content)) {
      const names = frame.content.map(({ tag }) => tag);
      if (names.includes('link_code_companion_reg')) {
        this.#answer.resolve(true);
      } else if (frame.attrs.type === 'error') {
        this.#answer.resolve(false);
      }
    }
  }

  /**
   * @param {{number: string, code?: string | null}} wanted `number` in digits; `code`: one to use instead of a random one
   * @returns {Promise<{code: string}>} the code the server now knows of; asked again for the same number, the same
   * @throws {WireError} `bad_request`; `not_pairing` when the device is linked or the socket closed; `pair_failed` when
   *   the server refuses, or does not get ready or answer in time
   */
  async request({ number, code = null }) {
    if (typeof number !== 'string' || !NUMBER.test(number)) {
      throw new WireError('bad_request', 'a phone number in 7 to 15 digits is needed');
    }
    if (code !== null && !(typeof code === 'string' && CODE.test(code))) {
      throw new WireError('bad_request', 'a pairing code has 8 characters: 1 to 9, and A to Z without I, O and U');
    }
    if (this.#over) {
      throw notPairing();
    }
    if (this.#asked?.number !== number || ![null, this.#asked.wanted, this.#asked.code].includes(code)) {
      this.#asked = this.#next(number, code);
    }
    const asked = this.#asked;
    try {
      asked.code = await asked.outcome;
      return { code: asked.code };
    } catch (error) {
      if (this.#asked === asked) {
        this.#asked = undefined;
      }
      throw error;
    }
  }

  /** One after the other: Baileys has room for one code, and hands out whatever it holds in the end. */
  #next(number, wanted) {
    const outcome = this.#turn.then(() => this.#ask(number, wanted));
    this.#turn = outcome.catch(() => undefined);
    return { number, wanted, code: undefined, outcome };
  }

  async #ask(number, wanted) {
    const timer = new AbortController();
    const late = delay(this.#waitMs, undefined, { ref: false, signal: timer.signal }).then(() => {
      throw new WireError('pair_failed', 'the server did not answer in time');
    });
    const within = (promise) => Promise.race([promise, late, this.#ended.promise]);
    try {
      await within(this.#ready.promise);
      this.#answer = deferred();
      const code = await within(this.#sock.requestPairingCode(number, wanted ?? undefined));
      if (!(await within(this.#answer.promise))) {
        throw new WireError('pair_failed', 'the server refused to give a pairing code');
      }
      return code;
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('pair_failed', 'the server could not be asked');
    } finally {
      late.catch(() => undefined);
      timer.abort();
    }
  }
}

function notPairing() {
  return new WireError('not_pairing', 'the session does not wait for a phone');
}
