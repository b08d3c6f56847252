import { plainCall } from './call.js';
import { carriesContent, journalId, plainMessage } from './message.js';
import { Reports } from './reports.js';

const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;

/** What the worker is told of one session, in the words of the protocol. */
export class Announcements {
  #firstSecret;
  #name;

  /**
   * @param {{wire: import('./wire.js').Wire, session: string, creds: import('baileys').AuthenticationCreds,
   *   journal: import('./journal.js').Journal, qrTimeoutMs: number | null}} options
   */
  constructor({ wire, session, creds, journal, qrTimeoutMs }) {
    Object.assign(this, { wire, session, creds, journal, qrTimeoutMs });
    this.reports = new Reports((params) => this.#notify('session.report', params));
  }

  connecting() {
    this.#notify('session.connecting', {});
  }

  /**
   * A pairing code that was typed wrong leaves other credentials behind than those Baileys goes on to write into its
   * QR texts; the phone would agree with this device upon a secret that it has given up.
   *
   * @param {string} qr as Baileys made it
   */
  qr(qr) {
    const usual = this.#firstSecret === undefined ? FIRST_QR_MS : NEXT_QR_MS;
    this.#firstSecret ??= this.creds.advSecretKey;
    const current = qr.replace(this.#firstSecret, () => this.creds.advSecretKey);
    this.#notify('session.qr', { qr: current, expiresInMs: this.qrTimeoutMs ?? usual });
  }

  paired() {
    const { platform } = this.creds;
    this.#notify('session.paired', { me: this.#me(), ...(platform ? { platform } : {}) });
  }

  open() {
    const me = this.#me();
    this.#name = me.name;
    this.#notify('session.open', { me });
  }

  /** The account of an open session may have got its name, or another one; it comes after the login if at all. */
  named() {
    const { name } = this.#me();
    if (name && name !== this.#name) {
      this.#name = name;
      this.#notify('session.named', { name });
    }
  }

  /** @param {string} event @param {any} data as Baileys emits them, before they are buffered */
  hear(event, data) {
    if (event === 'messages.upsert') {
      this.messages(data.messages, data.type);
    } else {
      this.reports.hear(event, data);
    }
  }

  /** @param {object[]} messages as Baileys emits them @param {'notify' | 'append'} upsert */
  messages(messages, upsert) {
    for (const message of messages) {
      if (carriesContent(message)) {
        const id = journalId(message.key);
        const journal = this.journal.claim(id) ? id : null;
        this.#notify('session.message', { journal, upsert, message: plainMessage(message) });
      }
    }
  }

  /** @param {import('baileys').WACallEvent[]} calls */
  calls(calls) {
    for (const call of calls) {
      this.#notify('session.call', { call: plainCall(call) });
    }
  }

  /** @param {{code: number | null, message: string, origin: string}} ending */
  closed(ending) {
    this.#notify('session.closed', ending);
  }

  #me() {
    const { id, lid, name } = this.creds.me ?? {};
    return { id, ...(lid ? { lid } : {}), ...(name ? { name } : {}) };
  }

  #notify(method, params) {
    this.wire.notify(method, { session: this.session, ...params });
  }
}
