import { S_WHATSAPP_NET } from 'baileys';

const MISSES = 2;
const LONGEST_ANSWER_MS = 20_000;
const TIMED_OUT = 408;

/**
 * Finds a socket that is open and deaf: its pings are answered, and nothing else. A cheap question that only WhatsApp
 * behind its front server can answer is asked when nothing came for a while.
 */
export class Probe {
  #timer;
  #heard = false;
  #misses = 0;

  /**
   * @param {{sock: import('baileys').WASocket, everyMs: number, held: () => boolean, onDeaf: () => void}} options
   *   `held` says whether the host itself reads nothing now; `onDeaf` is called once, after two questions without answer
   */
  constructor({ sock, everyMs, held, onDeaf }) {
    Object.assign(this, { sock, everyMs, held, onDeaf });
  }

  /** Begins to ask; called when the session is open. */
  start() {
    this.#plan();
  }

  /** Asks no more. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @param {{tag?: string}} frame one that came in; an answer alone says nothing, since pings are answered too */
  watch(frame) {
    if (frame?.tag && frame.tag !== 'iq') {
      this.#heard = true;
    }
  }

  #plan() {
    this.#timer = setTimeout(() => void this.#look(), this.everyMs).unref();
  }

  async #look() {
    const planned = this.#timer;
    while (!this.#heard && this.#timer === planned && this.#misses < MISSES) {
      const answered = await this.#answered();
      // What came in meanwhile counts as well.
      this.#heard ||= answered;
      // While the host does not read, a missing answer is its own doing.
      this.#misses = this.#heard || this.held() ? 0 : this.#misses + 1;
      if (this.held()) {
        break;
      }
    }
    if (this.#timer !== planned) {
      return;
    }
    if (this.#misses >= MISSES) {
      this.stop();
      this.onDeaf();
      return;
    }
    this.#heard = false;
    this.#plan();
  }

  async #answered() {
    const question = {
      tag: 'iq',
      attrs: { to: S_WHATSAPP_NET, type: 'get', xmlns: 'encrypt' },
      content: [{ tag: 'count', attrs: {} }],
    };
    try {
      const answer = await this.sock.query(question, Math.min(this.everyMs, LONGEST_ANSWER_MS));
      return answer !== undefined;
    } catch (error) {
      // A refusal is an answer as well; a connection that ends tells so by itself.
      return error?.output?.statusCode !== TIMED_OUT;
    }
  }
}
