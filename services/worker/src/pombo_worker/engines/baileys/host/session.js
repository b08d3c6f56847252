import { DEFAULT_CONNECTION_CONFIG } from 'baileys';
import { Announcements } from './announcements.js';
import { makeKeyStore, parseCreds, serialiseCreds } from './auth-state.js';
import { SendBarrier } from './barrier.js';
import { CredsSaver } from './creds-saver.js';
import { Departures } from './departures.js';
import { Ending } from './ending.js';
import { Journal } from './journal.js';
import { MediaDownload } from './media-download.js';
import { keepOrder } from './ordering.js';
import { Outgoing } from './outgoing.js';
import { PairingCode } from './pairing-code.js';
import { AlwaysOnline } from './presence.js';
import { Probe } from './probe.js';
import { Progress } from './progress.js';
import { overhear } from './reports.js';
import { sentMessages } from './resending.js';
import { boundClose, dial, guardReader } from './socket.js';
import { StoreLink } from './store-link.js';
import { WireError } from './wire.js';

const PROBE_MS = 60_000;
const DEAF = 408;

/** One WhatsApp session: a Baileys socket, and what stands between it and the worker. */
export class Session {
  /**
   * @param {{id: string, wire: import('./wire.js').Wire, log: import('pino').Logger,
   *   baileysLog: import('pino').Logger, settings: object, fresh: import('./fresh-creds.js').FreshCreds,
   *   expired: () => boolean}} options `expired` says whether the lease has run out
   */
  constructor({ id, wire, log, baileysLog, settings, fresh, expired }) {
    Object.assign(this, { id, wire, log, baileysLog, settings, fresh, expired });
  }

  /** @returns {Promise<void>} settled once `session.closed` was written */
  get closed() {
    return this.ending.over;
  }

  /**
   * Starts to dial.
   *
   * @param {object} params of `session.open`
   * @throws {WireError} `bad_creds`, `bad_url` or `open_failed`; nothing is left behind then
   */
  open(params) {
    this.creds = readCreds(params.creds, this.fresh);
    this.link = new StoreLink({ wire: this.wire, session: this.id, onLost: (origin) => this.#storeLost(origin) });
    this.saver = new CredsSaver(() => this.link.request('creds.save', { creds: serialiseCreds(this.creds) }));
    this.departures = new Departures();
    this.journal = new Journal({
      me: () => this.creds.me,
      keep: (entry) => this.link.request('keys.set', { entries: [], journal: entry }),
      log: this.log,
    });
    const { link, journal, departures } = this;
    try {
      this.sock = dial({
        params,
        auth: { creds: this.creds, keys: makeKeyStore({ link, journal, departures }) },
        makeSignalRepository: journal.wrap(DEFAULT_CONNECTION_CONFIG.makeSignalRepository),
        baileysLog: this.baileysLog,
        settings: this.settings,
        getMessage: sentMessages({ wire: this.wire, session: this.id, log: this.log }),
      });
    } catch (error) {
      link.close();
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
   * @returns {import('baileys').WASocket} that is logged in
   * @throws {WireError} `not_open`
   */
  get socket() {
    if (!this.progress.isOpen) {
      throw new WireError('not_open', 'the session is not open');
    }
    return this.sock;
  }

  /**
   * @returns {Outgoing} what an open session can send
   * @throws {WireError} `not_open`
   */
  get outgoing() {
    const { socket: sock } = this;
    this.sending ??= new Outgoing({ sock, departures: this.departures, logger: this.baileysLog });
    return this.sending;
  }

  /**
   * Closes the socket on the worker's wish.
   *
   * @param {{logout: boolean}} options logout removes this device at the server first, see `Ending.logout`
   * @returns {Promise<{unlinked: boolean}>} settled once the connection is gone and `session.closed` was written
   */
  async close({ logout }) {
    if (logout) {
      await this.ending.logout({ code: 401, message: 'Intentional Logout', origin: 'local' });
    } else {
      this.end('local', 'closed by the worker');
    }
    await this.closed;
    return { unlinked: this.ending.unlinked };
  }

  /**
   * Cuts the connection now, also when a polite close or a logout is under way.
   *
   * @param {'local' | 'lease' | 'fenced' | 'garbage' | 'deaf'} origin
   * @param {string} message
   * @param {number | null} code
   */
  end(origin, message, code = null) {
    this.ending.cut({ code, message, origin });
  }

  /** @param {boolean} congested whether the worker reads too slowly: then nothing more is read from the network */
  hold(congested) {
    if (this.raw.readyState === this.raw.OPEN) {
      congested ? this.raw.pause() : this.raw.resume();
    }
  }

  #attach(params) {
    this.raw = this.sock.ws.socket;
    boundClose(this.raw);
    this.#watchOver(params);
    this.#guard();
    this.#listen();
  }

  #watchOver({ qrTimeoutMs = null, probeMs = PROBE_MS, alwaysOnline = false }) {
    const { sock, wire, id, creds, journal, raw, saver } = this;
    const linked = Boolean(creds.account);
    this.announce = new Announcements({ wire, session: id, creds, journal, qrTimeoutMs });
    this.pairingCode = new PairingCode({ sock, linked, queryTimeoutMs: this.settings.queryTimeoutMs });
    const onDeaf = () => this.end('deaf', 'WhatsApp answers pings and nothing else', DEAF);
    this.probe = new Probe({ sock, everyMs: probeMs, held: () => raw.isPaused, onDeaf });
    this.online = new AlwaysOnline({ sock, creds, always: alwaysOnline });
    const { announce, pairingCode, probe, online } = this;
    const onClosed = (reason) => this.ending.closed(reason);
    this.progress = new Progress({ sock, saver, announce, pairingCode, probe, online, onClosed });
    const onOver = (reason) => this.#over(reason);
    this.ending = new Ending({ sock, raw, saver, onFinish: () => this.progress.stop(), onOver });
  }

  #over(reason) {
    this.link.close();
    this.announce.closed(reason);
  }

  #guard() {
    new SendBarrier({ raw: this.raw, saver: this.saver, mayWrite: () => this.#alive() });
    guardReader(this.sock.ws, {
      mayRead: () => this.#alive(),
      onGarbage: () => this.end('garbage', 'a frame could not be read'),
    });
  }

  #listen() {
    const { ws, ev } = this.sock;
    ws.on('frame', (frame) => {
      this.journal.watch(frame);
      this.pairingCode.watch(frame);
      this.probe.watch(frame);
    });
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

  #storeLost(origin) {
    this.end(origin, origin === 'fenced' ? 'another owner holds the lease' : 'the store refused the session');
  }
}

function readCreds(text, fresh) {
  try {
    return parseCreds(text, fresh);
  } catch {
    throw new WireError('bad_creds', 'the credentials could not be read');
  }
}
