import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_CONNECTION_CONFIG } from 'baileys';
import { Announcements } from './announcements.js';
import { makeKeyStore, parseCreds, serialiseCreds } from './auth-state.js';
import { SendBarrier } from './barrier.js';
import { classify } from './closing.js';
import { CredsSaver } from './creds-saver.js';
import { deferred } from './deferred.js';
import { Journal } from './journal.js';
import { MediaDownload } from './media-download.js';
import { keepOrder } from './ordering.js';
import { Outgoing } from './outgoing.js';
import { PairingCode } from './pairing-code.js';
import { showPresence } from './presence.js';
import { Probe } from './probe.js';
import { overhear } from './reports.js';
import { sentMessages } from './resending.js';
import { boundClose, dial, guardReader } from './socket.js';
import { StoreLink } from './store-link.js';
import { WireError } from './wire.js';

const LOGOUT_FLUSH_MS = 3_000;
const LAST_SAVE_MS = 5_000;
const PROBE_MS = 60_000;
const DEAF = 408;
const SILENT_ENDINGS = new Set(['fenced', 'lease']);

/** One WhatsApp session: a Baileys socket, and what stands between it and the worker. */
export class Session {
  #ending;
  #finishing = false;
  #isOpen = false;
  #wasCut = false;
  #closed = deferred();

  /**
   * @param {{id: string, wire: import('./wire.js').Wire, log: import('pino').Logger,
   *   baileysLog: import('pino').Logger, settings: object, expired: () => boolean}} options `expired` says whether the
   *   lease has run out
   */
  constructor({ id, wire, log, baileysLog, settings, expired }) {
    Object.assign(this, { id, wire, log, baileysLog, settings, expired });
  }

  /** @returns {Promise<void>} settled once `session.closed` was written */
  get closed() {
    return this.#closed.promise;
  }

  /**
   * Starts to dial.
   *
   * @param {object} params of `session.open`
   * @throws {WireError} `bad_creds`, `bad_url` or `open_failed`; nothing is left behind then
   */
  open(params) {
    this.creds = readCreds(params.creds);
    this.link = new StoreLink({ wire: this.wire, session: this.id, onLost: (origin) => this.#storeLost(origin) });
    this.saver = new CredsSaver(() => this.link.request('creds.save', { creds: serialiseCreds(this.creds) }));
    this.journal = new Journal({
      me: () => this.creds.me,
      keep: (entry) => this.link.request('keys.set', { entries: [], journal: entry }),
      log: this.log,
    });
    try {
      this.sock = dial({
        params,
        auth: { creds: this.creds, keys: makeKeyStore({ link: this.link, journal: this.journal }) },
        makeSignalRepository: this.journal.wrap(DEFAULT_CONNECTION_CONFIG.makeSignalRepository),
        baileysLog: this.baileysLog,
        settings: this.settings,
        getMessage: sentMessages({ wire: this.wire, session: this.id, log: this.log }),
      });
    } catch (error) {
      this.link.close();
      throw error instanceof WireError ? error : new WireError('open_failed', 'the socket could not be made');
    }
    this.media = new MediaDownload(params);
    this.#attach(params);
  }

  /**
   * Asks WhatsApp for a pairing code, as soon as it may be asked.
   *
   * @param {{number: string, code?: string | null}} wanted see `PairingCode.request`
   * @returns {Promise<{code: string}>}
   * @throws {WireError} `bad_request`, `not_pairing` or `pair_failed`
   */
  pair(wanted) {
    return this.pairingCode.request(wanted);
  }

  /**
   * @param {string} presence see `showPresence`
   * @returns {Promise<void>}
   * @throws {WireError} `not_open`, `bad_request` or `no_name`
   */
  async show(presence) {
    await showPresence(this.#openSocket(), this.creds.me, presence);
  }

  /**
   * @returns {Outgoing} what an open session can send
   * @throws {WireError} `not_open`
   */
  get outgoing() {
    const sock = this.#openSocket();
    this.sending ??= new Outgoing(sock);
    return this.sending;
  }

  /**
   * @param {{callId: string, from: string}} call as its offer named it
   * @returns {Promise<void>} settled once WhatsApp has taken the rejection
   * @throws {WireError} `not_open`
   */
  async rejectCall({ callId, from }) {
    try {
      await this.#openSocket().rejectCall(callId, from);
    } catch {
      throw new WireError('not_open', 'the connection went away, or WhatsApp refused');
    }
  }

  /**
   * Closes the socket on the worker's wish.
   *
   * @param {{logout: boolean}} options logout first tells the server to remove this device, and waits at most 3 s for
   *   that frame to leave
   * @returns {Promise<void>} settled once the connection is gone and `session.closed` was written
   */
  async close({ logout }) {
    if (logout && !this.#ending) {
      this.#ending = { code: 401, message: 'Intentional Logout', origin: 'local' };
      const left = this.sock.logout().then(
        () => true,
        () => false,
      );
      if (!(await Promise.race([left, delay(LOGOUT_FLUSH_MS, false, { ref: false })]))) {
        this.#cut();
      }
    } else {
      this.end('local', 'closed by the worker');
    }
    await this.closed;
  }

  /**
   * Cuts the connection now, also when a polite close or a logout is under way.
   *
   * @param {'local' | 'lease' | 'fenced' | 'garbage' | 'deaf'} origin
   * @param {string} message
   * @param {number | null} code
   */
  end(origin, message, code = null) {
    if (!this.#wasCut && !this.#finishing) {
      this.#ending = { code, message, origin };
      this.#cut();
    }
  }

  /** @param {boolean} congested whether the worker reads too slowly: then nothing more is read from the network */
  hold(congested) {
    if (this.raw.readyState === this.raw.OPEN) {
      congested ? this.raw.pause() : this.raw.resume();
    }
  }

  #openSocket() {
    if (!this.#isOpen) {
      throw new WireError('not_open', 'the session is not open');
    }
    return this.sock;
  }

  #attach({ qrTimeoutMs = null, probeMs = PROBE_MS, alwaysOnline = false }) {
    const { ws, ev } = this.sock;
    const { wire, id, creds, journal } = this;
    this.announce = new Announcements({ wire, session: id, creds, journal, qrTimeoutMs });
    this.pairingCode = new PairingCode({
      sock: this.sock,
      linked: Boolean(creds.account),
      queryTimeoutMs: this.settings.queryTimeoutMs,
    });
    this.raw = ws.socket;
    this.probe = new Probe({
      sock: this.sock,
      everyMs: probeMs,
      held: () => this.raw.isPaused,
      onDeaf: () => this.end('deaf', 'WhatsApp answers pings and nothing else', DEAF),
    });
    boundClose(this.raw);
    this.raw.once('close', () => this.#rawClosed());
    new SendBarrier({ raw: this.raw, saver: this.saver, mayWrite: () => this.#alive() });
    guardReader(ws, {
      mayRead: () => this.#alive(),
      onGarbage: () => this.end('garbage', 'a frame could not be read'),
    });
    ws.on('frame', (frame) => {
      this.journal.watch(frame);
      this.pairingCode.watch(frame);
      this.probe.watch(frame);
    });
    ev.on('creds.update', ({ me }) => {
      this.saver.begin();
      if (alwaysOnline && me?.name && this.#isOpen) {
        // Until WhatsApp has told the name it takes no presence, so that of the connect was lost.
        void this.sock.sendPresenceUpdate('available').catch(() => undefined);
      }
    });
    ev.on('connection.update', (update) => this.#connectionUpdate(update));
    keepOrder(ws);
    overhear(ev, (event, data) => this.announce.hear(event, data));
    ev.on('call', (calls) => this.announce.calls(calls));
  }

  /** The lease is asked at each read and write too: after a stop of the process, a frame may come before the timer. */
  #alive() {
    if (this.expired()) {
      this.end('lease', 'the lease was not renewed in time');
      return false;
    }
    return true;
  }

  #connectionUpdate({ connection, qr, isNewLogin, receivedPendingNotifications, lastDisconnect }) {
    if (receivedPendingNotifications) {
      // On a device's first logins Baileys would hold back what came while it was away, for up to 20 s, in the hope
      // of a history to merge it with.
      this.sock.ev.flush();
    }
    if (connection === 'close') {
      this.#ending ??= classify(lastDisconnect?.error);
      // Events that wait in Baileys' buffer are thrown away after this call.
      this.sock.ev.flush();
      void this.#finish();
    } else if (connection === 'open') {
      this.#isOpen = true;
      this.probe.start();
      this.announce.open();
    } else if (connection === 'connecting') {
      this.announce.connecting();
    } else if (qr) {
      this.announce.qr(qr);
      this.pairingCode.ready();
    } else if (isNewLogin) {
      this.pairingCode.end();
      void this.#paired();
    }
  }

  async #paired() {
    if (await this.saver.whenSaved(this.saver.begun)) {
      this.announce.paired();
    }
  }

  #storeLost(origin) {
    this.end(origin, origin === 'fenced' ? 'another owner holds the lease' : 'the store refused the session');
  }

  #cut() {
    this.#wasCut = true;
    this.raw.terminate();
    void this.sock.end(undefined);
  }

  /** Baileys reports a close right after the socket's; should it not, the session must not linger. */
  #rawClosed() {
    this.rawGone = true;
    setTimeout(() => void this.#finish(), LAST_SAVE_MS).unref();
  }

  async #finish() {
    if (this.#finishing) {
      return;
    }
    this.#finishing = true;
    this.#isOpen = false;
    this.probe.stop();
    this.pairingCode.end();
    this.#ending ??= { code: null, message: 'the connection ended', origin: 'network' };
    if (!this.rawGone) {
      this.raw.terminate();
      await new Promise((resolve) => this.raw.once('close', resolve));
    }
    if (!SILENT_ENDINGS.has(this.#ending.origin)) {
      await Promise.race([this.saver.whenSaved(this.saver.begun), delay(LAST_SAVE_MS, false, { ref: false })]);
    }
    this.link.close();
    this.announce.closed(this.#ending);
    this.#closed.resolve();
  }
}

function readCreds(text) {
  try {
    return parseCreds(text);
  } catch {
    throw new WireError('bad_creds', 'the credentials could not be read');
  }
}
