import { proto } from 'baileys';
import { ControlError } from './control-error.js';
import { openMedia, shownMedia } from './media-messages.js';

const { Type } = proto.Message.ProtocolMessage;

/**
 * @typedef {object} InboxEntry a message a phone received and could decrypt
 * @property {string} id of the message
 * @property {string} from number
 * @property {string} [group] it was sent to
 * @property {string} [text] of a text
 * @property {string} [edited] id of the message whose new text it is
 * @property {string} [deleted] id of the message that its sender took back
 * @property {{kind: string, mimetype: string | null, caption: string | null, fileName: string | null,
 *   size: number | null, sha256: string | null}} [media] of a file; size and hash of the decrypted bytes, null when
 *   they could not be had
 * @property {{id: string, participant?: string, chat?: string, text?: string}} [quoted] the message that it answers:
 *   its author, the chat if it is another, and its text
 * @property {string[]} [mentioned] addresses
 * @property {string} at ISO 8601, UTC
 */

/** @param {import('baileys').proto.IMessage} message @returns {string | undefined} its text, when it is one */
function textOf(message) {
  return message.conversation || message.extendedTextMessage?.text || undefined;
}

/** @param {import('baileys').proto.IMessage} message @returns {{quoted?: object, mentioned?: string[]}} what it refers to */
function referencesOf(message) {
  const inner = message.documentWithCaptionMessage?.message ?? message;
  const context = Object.values(inner).find((content) => content?.contextInfo)?.contextInfo;
  const quoted = context?.stanzaId && {
    id: context.stanzaId,
    participant: context.participant ?? undefined,
    chat: context.remoteJid ?? undefined,
    text: textOf(context.quotedMessage ?? {}),
  };
  const mentioned = context?.mentionedJid ?? [];
  return { ...(quoted ? { quoted } : {}), ...(mentioned.length > 0 ? { mentioned } : {}) };
}

/** @param {import('baileys').proto.IMessage} message @returns {{edited: string, text?: string} | {deleted: string}} */
function changeOf({ protocolMessage }) {
  if (protocolMessage?.type === Type.MESSAGE_EDIT) {
    return { edited: protocolMessage.key?.id, text: textOf(protocolMessage.editedMessage ?? {}) };
  }
  return protocolMessage?.type === Type.REVOKE ? { deleted: protocolMessage.key?.id } : undefined;
}

/** What the phones received. Each arrival is an entry, so that a message sent twice is seen twice. */
export class Inbox {
  #database;
  #media;
  #byNumber = new Map();

  /** @param {import('./database.js').Database} database @param {import('./media-store.js').MediaStore} media */
  constructor(database, media) {
    this.#database = database;
    this.#media = media;
  }

  async load() {
    for await (const [[number], entry] of this.#database.entries('inbox/')) {
      this.#entries(number).push(entry);
    }
  }

  /** @param {string} number @returns {InboxEntry[]} oldest first */
  of(number) {
    return this.#entries(number).map(({ locked, ...shown }) => shown);
  }

  /**
   * @param {string} number
   * @param {string} id of a message
   * @returns {Promise<{bytes: Buffer, mimetype: string | null}>} the decrypted file
   * @throws {ControlError} 404 `media_unknown`
   */
  async file(number, id) {
    const entry = this.#entries(number).find((arrival) => arrival.id === id && arrival.locked);
    const bytes = entry && (await openMedia(this.#media, entry.locked).catch(() => undefined));
    if (!bytes) {
      throw new ControlError(404, 'media_unknown', 'That phone has no such file.');
    }
    return { bytes, mimetype: entry.media.mimetype };
  }

  /**
   * @param {string} number
   * @param {{id: string, from: string, group?: string, message: import('baileys').proto.IMessage}} arrival kept when a phone shows it
   */
  async add(number, { id, from, group, message }) {
    const content = await this.#content(message);
    if (content) {
      const entries = this.#entries(number);
      const where = group ? { group } : {};
      const entry = { id, from, ...where, ...content, ...referencesOf(message), at: new Date().toISOString() };
      this.#database.put(`inbox/${number}/${String(entries.length).padStart(9, '0')}`, entry);
      entries.push(entry);
    }
  }

  async #content(message) {
    const text = textOf(message);
    if (text !== undefined) {
      return { text };
    }
    const change = changeOf(message.editedMessage?.message ?? message);
    if (change) {
      return change;
    }
    const shown = await shownMedia(this.#media, message);
    if (shown) {
      const { locked, ...media } = shown;
      return { media, locked };
    }
    return undefined;
  }

  #entries(number) {
    if (!this.#byNumber.has(number)) {
      this.#byNumber.set(number, []);
    }
    return this.#byNumber.get(number);
  }
}
