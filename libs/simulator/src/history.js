import { deflateSync } from 'node:zlib';
import { proto } from 'baileys';
import { encryptMedia } from './media-crypto.js';
import { blobPath } from './media-server.js';

const { HistorySyncType } = proto.HistorySync;

/**
 * @typedef {object} PastChat
 * @property {string} with number
 * @property {string} [name]
 * @property {{id?: string, text: string, fromMe?: boolean, at: number}[]} messages `at` in seconds since 1970
 */

/** What phones remember of their chats, to tell the companions that are linked later. */
export class Histories {
  #server;
  #byNumber = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  async load() {
    for await (const [[number], past] of this.#server.database.entries('history/')) {
      this.#byNumber.set(number, past);
    }
  }

  /** @param {string} number @param {{recent: PastChat[], older: PastChat[], chunks: number}} past */
  async remember(number, past) {
    this.#byNumber.set(number, past);
    this.#server.database.put(`history/${number}`, past);
    await this.#server.database.commit();
  }

  /**
   * @param {import('./accounts.js').Account} account
   * @param {boolean} full whether the companion asked for all there is
   * @returns {Promise<proto.Message.IHistorySyncNotification[]>} the chats in chunks, each a blob: the recent ones, then,
   *   when it asked, the older ones
   */
  async tell(account, full) {
    const past = this.#byNumber.get(account.number);
    if (!past) {
      return [];
    }
    const recent = await this.#chunks(past.recent, past.chunks, HistorySyncType.RECENT);
    const older = full ? await this.#chunks(past.older, past.chunks, HistorySyncType.FULL) : [];
    return [...recent, ...older];
  }

  async #chunks(chats, count, syncType) {
    const size = Math.max(1, Math.ceil(chats.length / count));
    const told = [];
    for (let at = 0; at < chats.length; at += size) {
      const progress = Math.min(100, Math.round((100 * (at + size)) / chats.length));
      const chunkOrder = told.length + 1;
      const conversations = chats.slice(at, at + size).map((chat) => this.#conversation(chat));
      const sync = proto.HistorySync.encode({ syncType, chunkOrder, progress, conversations }).finish();
      told.push({ syncType, chunkOrder, progress, ...(await this.#blob(Buffer.from(sync))) });
    }
    return told;
  }

  async #blob(bytes) {
    const deflated = deflateSync(bytes);
    const { blob, ...keys } = await encryptMedia(deflated, 'md-msg-hist');
    return { ...keys, fileLength: deflated.length, directPath: blobPath(await this.#server.media.put(blob)) };
  }

  #conversation({ with: number, name, messages }) {
    const account = this.#server.accounts.open(number);
    const id = account.jid();
    return {
      id,
      lidJid: account.lid(),
      name: name ?? account.name,
      conversationTimestamp: messages.at(-1)?.at,
      messages: messages.map((message, order) => ({ message: webMessage(id, message, order), msgOrderId: order })),
    };
  }
}

function webMessage(remoteJid, { id, text, fromMe = false, at }, order) {
  return {
    key: { remoteJid, fromMe, id: id ?? `HIST${at}${String(order).padStart(6, '0')}` },
    message: { conversation: text },
    messageTimestamp: at,
    status: fromMe ? proto.WebMessageInfo.Status.READ : undefined,
  };
}
