import { rejectCall } from './call.js';
import { Deadlines } from './deadlines.js';
import { FreshCreds } from './fresh-creds.js';
import { showPresence } from './presence.js';
import { checkProxy } from './proxy-check.js';
import { Session } from './session.js';
import { fetchWebVersion } from './web-version.js';
import { WireError } from './wire.js';

/** What an open session is asked to send, by method. */
const SENDING = {
  'message.send': (outgoing, params) => outgoing.send(params),
  'chat.numbers': (outgoing, params) => outgoing.check(params),
  'chat.read': (outgoing, params) => outgoing.read(params),
  'chat.presence': (outgoing, params) => outgoing.presence(params),
};

/** The sessions this process carries, by the worker's names for them, and their leases. */
export class Sessions {
  #sessions = new Map();

  /**
   * @param {{wire: import('./wire.js').Wire, log: import('pino').Logger, baileysLog: import('pino').Logger,
   *   settings: object}} options
   */
  constructor({ wire, log, baileysLog, settings }) {
    this.parts = { wire, log, baileysLog, settings, fresh: new FreshCreds() };
    this.deadlines = new Deadlines({
      onExpired: (id) => this.#sessions.get(id)?.end('lease', 'the lease was not renewed in time'),
    });
  }

  /** Registers the methods that the worker may call, and starts to watch the leases. */
  serve() {
    const { wire } = this.parts;
    wire.handle('session.open', (params) => this.open(params));
    wire.handle('session.close', (params) => this.close(params));
    wire.handle('session.pair', (params) => this.pair(params));
    wire.handle('session.presence', (params) => this.show(params));
    wire.handle('session.alwaysOnline', (params) => this.stayOnline(params));
    for (const [method, act] of Object.entries(SENDING)) {
      wire.handle(method, ({ session, ...params }) => act(this.#known(session, 'not_open').outgoing, params));
    }
    wire.handle('proxy.check', (params) => checkProxy(params));
    wire.handle('version.fetch', (params) => fetchWebVersion(params));
    wire.handle('host.ping', () => ({ rss: process.memoryUsage.rss(), sessions: this.#sessions.size }));
    wire.handle('session.rejectCall', ({ session, ...call }) =>
      rejectCall(this.#known(session, 'not_open').socket, call),
    );
    wire.handle('session.media', ({ session, ...wanted }) => this.#known(session, 'not_open').media.fetch(wanted));
    wire.handle('lease.renew', ({ sessions }) => this.renew(sessions ?? {}));
    this.deadlines.start();
  }

  /**
   * @param {{session: string, deadlineMs: number}} params of `session.open`
   * @throws {WireError} `bad_request`, `already_open`, or what the session's opening throws
   */
  open(params) {
    const { session: id, deadlineMs } = params;
    if (typeof id !== 'string' || id === '' || !(deadlineMs > 0)) {
      throw new WireError('bad_request', 'a session and the milliseconds left of its lease are needed');
    }
    if (this.#sessions.has(id)) {
      throw new WireError('already_open', 'a session of that name is open');
    }
    const session = new Session({ ...this.parts, id, expired: () => this.deadlines.expired(id) });
    session.open(params);
    this.#sessions.set(id, session);
    this.deadlines.set(id, deadlineMs);
    void session.closed.then(() => this.#forget(id));
  }

  /**
   * @param {{session: string, logout?: boolean}} params of `session.close`; an unknown session counts as closed
   * @returns {Promise<{unlinked: boolean}>} settled once its connection is gone
   */
  async close({ session, logout = false }) {
    return (await this.#sessions.get(session)?.close({ logout })) ?? { unlinked: false };
  }

  /**
   * @param {{session: string, number: string, code?: string | null}} params of `session.pair`
   * @returns {Promise<{code: string}>}
   * @throws {WireError} `not_pairing`, also for an unknown session, `bad_request` or `pair_failed`
   */
  async pair({ session, number, code }) {
    return this.#known(session, 'not_pairing').pair({ number, code });
  }

  /**
   * @param {{session: string, presence: string}} params of `session.presence`
   * @returns {Promise<void>}
   * @throws {WireError} `not_open`, also for an unknown session, `bad_request` or `no_name`
   */
  async show({ session, presence }) {
    const { socket, creds } = this.#known(session, 'not_open');
    await showPresence(socket, creds.me, presence);
  }

  /**
   * @param {{session: string, always: boolean}} params of `session.alwaysOnline`
   * @throws {WireError} `not_open` for an unknown session
   */
  stayOnline({ session, always }) {
    this.#known(session, 'not_open').online.set(always === true);
  }

  /** @param {Record<string, number>} remaining milliseconds left of each lease */
  renew(remaining) {
    for (const [id, remainingMs] of Object.entries(remaining)) {
      if (Number.isFinite(remainingMs)) {
        this.deadlines.renew(id, remainingMs);
      }
    }
  }

  /** @param {boolean} congested whether the worker reads too slowly */
  hold(congested) {
    for (const session of this.#sessions.values()) {
      session.hold(congested);
    }
  }

  #known(id, otherwise) {
    const session = this.#sessions.get(id);
    if (!session) {
      throw new WireError(otherwise, 'there is no session of that name');
    }
    return session;
  }

  #forget(id) {
    this.#sessions.delete(id);
    this.deadlines.forget(id);
  }
}
