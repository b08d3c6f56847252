import { LineSplitter } from './lines.js';
import { wellFormed } from './well-formed.js';

/** The longest line, in bytes, that either side may write. */
export const LINE_LIMIT = 1024 * 1024;
const CONGESTED_BYTES = 4 * LINE_LIMIT;

/** An answer that is an error, or a request that can no longer be answered. */
export class WireError extends Error {
  /**
   * @param {string} code a word for programs, such as `fenced` or `unknown_method`
   * @param {string} message a sentence for people
   */
  constructor(code, message) {
    super(message);
    this.name = 'WireError';
    this.code = code;
  }
}

/**
 * JSON lines between this process and its parent: requests both ways, each side with its own ids, and notifications.
 */
export class Wire {
  #nextId = 1;
  #pending = new Map();
  #handlers = new Map();
  #congested = false;

  /**
   * @param {{input: import('node:stream').Readable, output: import('node:stream').Writable,
   *   spool: import('./spool.js').Spool, log: import('pino').Logger,
   *   onCongestion?: (congested: boolean) => void}} options `onCongestion` hears when the parent reads too slowly,
   *   and when it has caught up
   */
  constructor({ input, output, spool, log, onCongestion = () => {} }) {
    this.output = output;
    this.spool = spool;
    this.log = log;
    this.onCongestion = onCongestion;
    const lines = new LineSplitter({
      limit: LINE_LIMIT,
      onLine: (line) => this.#receive(line),
      onTooLong: () => log.error('a line over the limit was dropped'),
    });
    input.on('data', (chunk) => lines.push(chunk));
    output.on('drain', () => this.#relieve());
  }

  /**
   * @param {string} method
   * @param {(params: object) => unknown} handler its (awaited) return value is the result; a thrown WireError is the error
   */
  handle(method, handler) {
    this.#handlers.set(method, handler);
  }

  /**
   * @param {string} method
   * @param {object} params
   * @param {string} owner the session that asks: `drop(owner)` ends its open requests
   * @returns {Promise<object>} the result
   * @throws {WireError} with the code of the answer, or `closed` after a drop
   */
  request(method, params, owner) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { owner, resolve, reject });
      this.#write({ id, method, params });
    });
  }

  /**
   * @param {string} method
   * @param {object} params
   */
  notify(method, params) {
    this.#write({ method, params });
  }

  /** @param {string} owner whose open requests fail now with `closed` */
  drop(owner) {
    for (const [id, entry] of this.#pending) {
      if (entry.owner === owner) {
        this.#pending.delete(id);
        entry.reject(new WireError('closed', 'the session was closed'));
      }
    }
  }

  #write(message) {
    const line = wellFormed(JSON.stringify(message));
    const fits = Buffer.byteLength(line) <= LINE_LIMIT;
    this.#gather();
    this.output.write(`${fits ? line : JSON.stringify({ spool: this.spool.put(line) })}\n`);
    if (!this.#congested && this.output.writableLength > CONGESTED_BYTES) {
      this.#congested = true;
      this.onCongestion(true);
    }
  }

  /** What is said in one go, often a request and an answer, leaves in one write. */
  #gather() {
    if (this.output.writableCorked === 0) {
      this.output.cork();
      process.nextTick(() => this.output.uncork());
    }
  }

  #relieve() {
    if (this.#congested) {
      this.#congested = false;
      this.onCongestion(false);
    }
  }

  #receive(line) {
    let message;
    try {
      message = JSON.parse(line);
      if (typeof message?.spool === 'string') {
        message = JSON.parse(this.spool.take(message.spool));
      }
    } catch {
      this.log.error('a line that is not readable was ignored');
      return;
    }
    if (typeof message?.method === 'string') {
      void this.#serve(message);
    } else if (typeof message?.id === 'number') {
      this.#settle(message);
    } else {
      this.log.error('a line that is neither request nor answer was ignored');
    }
  }

  #settle({ id, result, error }) {
    const entry = this.#pending.get(id);
    this.#pending.delete(id);
    if (error) {
      entry?.reject(new WireError(String(error.code ?? 'error'), String(error.message ?? '')));
    } else {
      entry?.resolve(result ?? {});
    }
  }

  async #serve({ id, method, params }) {
    let answer;
    try {
      const handler = this.#handlers.get(method);
      if (!handler) {
        throw new WireError('unknown_method', 'this host does not know that method');
      }
      answer = { id, result: (await handler(params ?? {})) ?? {} };
    } catch (error) {
      this.log.warn({ error }, 'a request failed');
      answer = { id, error: { code: error?.code ?? 'failed', message: String(error?.message ?? error) } };
    }
    if (id !== undefined && id !== null) {
      this.#write(answer);
    }
  }
}
