import { once } from 'node:events';
import { BufferJSON, initAuthCreds, makeWASocket } from 'baileys';

export const DEADLINE_MS = 15_000;

const QUIET = {
  level: 'silent',
  child: () => QUIET,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Credentials and keys of one companion, in memory; they outlive its sockets. */
export class Companion {
  creds = initAuthCreds();
  #values = new Map();

  keys = {
    get: async (type, ids) => {
      const found = {};
      for (const id of ids) {
        const text = this.#values.get(`${type}/${id}`);
        if (text !== undefined) {
          found[id] = text;
        }
      }
      return found;
    },
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null) {
            this.#values.delete(`${type}/${id}`);
          } else {
            this.#values.set(`${type}/${id}`, value);
          }
        }
      }
    },
  };

  /** @returns {Companion} one that knows what this one knows now, and learns on its own from here */
  copy() {
    const twin = new Companion();
    const clone = (value) => JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver);
    twin.creds = clone(this.creds);
    twin.#values = new Map(clone([...this.#values]));
    return twin;
  }

  /** From the n-th time on that sessions are stored, storing never ends: a device whose storage hangs. */
  hangAfter(n) {
    const { set } = this.keys;
    let stored = 0;
    this.keys.set = (data) => {
      stored += data.session ? 1 : 0;
      return stored > n ? new Promise(() => undefined) : set(data);
    };
  }

  /** Forgets its Signal sessions, as a device does whose storage was damaged. */
  loseSessions() {
    for (const key of [...this.#values.keys()].filter((name) => name.startsWith('session/'))) {
      this.#values.delete(key);
    }
  }
}

/**
 * A real Baileys socket whose updates and messages can be waited for. It hears events as Baileys emits them, before its
 * buffer merges them into one another, and holds them for half a minute when two of its flushes cross.
 */
export class Client {
  #changed = new EventTarget();
  #hearers = new Map();
  updates = [];
  qrs = [];
  messages = [];
  statuses = [];
  calls = [];
  history = [];

  /** @param {string} url @param {Companion} companion @param {object} [options] Baileys' */
  constructor(url, companion, options = {}) {
    this.companion = companion;
    this.socket = makeWASocket({
      waWebSocketUrl: url,
      auth: { creds: companion.creds, keys: companion.keys },
      logger: QUIET,
      version: [2, 3000, 1043857760],
      browser: ['Pombo', 'Chrome', '1'],
      retryRequestDelayMs: 1,
      ...options,
    });
    const { ev } = this.socket;
    ev.on('creds.update', (update) => {
      Object.assign(companion.creds, update);
      this.#notify();
    });
    ev.on('connection.update', (update) => {
      this.updates.push(update);
      if (update.qr) {
        this.qrs.push(update.qr);
      }
      this.#notify();
    });
    this.#overhear(ev);
    this.on('messages.upsert', ({ messages, type }) => {
      const shown = messages.filter(({ message }) => !message?.protocolMessage);
      this.messages.push(...shown.map((message) => ({ ...message, upsert: type })));
    });
    this.on('messaging-history.set', (set) => this.history.push(set));
    this.on('call', (calls) => this.calls.push(...calls));
    this.on('messages.update', (updates) => {
      this.statuses.push(...updates.map(({ key, update }) => ({ id: key.id, status: update.status })));
    });
  }

  /** @param {string} event Baileys' name of it @param {(data: any) => void} hear */
  on(event, hear) {
    this.#hearers.set(event, [...(this.#hearers.get(event) ?? []), hear]);
  }

  /** @param {string} event @returns {any[]} all that comes with it from now on, lists of it in one list */
  heard(event) {
    const all = [];
    this.on(event, (data) => all.push(...[data].flat()));
    return all;
  }

  /** @returns {{code: number | undefined, message: string} | undefined} how the socket was closed */
  get closed() {
    const update = this.updates.find(({ connection }) => connection === 'close');
    const error = update?.lastDisconnect?.error;
    return update && { code: error?.output?.statusCode, message: error?.message ?? '' };
  }

  /** @returns {boolean} */
  get isOpen() {
    return this.updates.some(({ connection }) => connection === 'open') && !this.closed;
  }

  /** @returns {string[]} texts received, without those that could not be decrypted */
  get texts() {
    return this.messages
      .map(({ message }) => message?.conversation ?? message?.extendedTextMessage?.text)
      .filter(Boolean);
  }

  /**
   * @template T
   * @param {() => T} condition looked at after each update
   * @param {string} what
   * @returns {Promise<T>} its first true value
   */
  async until(condition, what) {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    for (;;) {
      const value = condition();
      if (value) {
        return value;
      }
      await once(this.#changed, 'change', { signal }).catch(() => {
        throw new Error(`did not come: ${what}; closed: ${JSON.stringify(this.closed)}`);
      });
    }
  }

  /** @returns {Promise<string>} the first QR code */
  untilQr() {
    return this.until(() => this.qrs[0], 'a QR code');
  }

  untilOpen() {
    return this.until(() => this.isOpen, 'open');
  }

  untilClosed() {
    return this.until(() => this.closed, 'close');
  }

  end() {
    return this.socket.end(undefined);
  }

  #overhear(ev) {
    const { emit } = ev;
    ev.emit = (event, data) => {
      for (const hear of this.#hearers.get(event) ?? []) {
        hear(data);
      }
      this.#notify();
      return emit(event, data);
    };
  }

  #notify() {
    this.#changed.dispatchEvent(new Event('change'));
  }
}
