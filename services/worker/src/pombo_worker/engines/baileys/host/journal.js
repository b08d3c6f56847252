import { AsyncLocalStorage } from 'node:async_hooks';
import { cleanMessage, decodeMessageNode, proto, unpadRandomMax16 } from 'baileys';
import { carriesContent, journalId, plainMessage } from './message.js';

/**
 * Stores each received message in the very step that moves its Signal ratchet on.
 *
 * Baileys sends its receipt after `decryptMessage` returns and before it emits the message. After the receipt the
 * server forgets the message, and after the ratchet's step nobody can decrypt it again. So decryption runs inside an
 * outer key transaction, whose one commit carries both: the ratchet's entries and the plain message.
 */
export class Journal {
  #decrypting = new AsyncLocalStorage();
  #stanzas = new WeakMap();
  #decoded = new WeakMap();
  #awaitingEvent = new Set();

  /**
   * @param {{me: () => {id: string, lid?: string}, keep: (entry: object) => Promise<unknown>,
   *   log: import('pino').Logger}} options `me` names the account; `keep` stores an entry whose message moved no ratchet
   */
  constructor({ me, keep, log }) {
    this.me = me;
    this.keep = keep;
    this.log = log;
  }

  /**
   * Remembers which stanza a ciphertext came with. The Signal repository is handed nothing but the ciphertext, the
   * same object that hangs in the stanza.
   *
   * @param {unknown} frame as Baileys emits it before any handler runs
   */
  watch(frame) {
    if (frame?.tag !== 'message' || !Array.isArray(frame.content)) {
      return;
    }
    for (const child of frame.content) {
      if (child.tag === 'enc' && child.content instanceof Uint8Array) {
        this.#stanzas.set(child.content, frame);
      }
    }
  }

  /**
   * @param {Function} makeRepository Baileys' own maker of a Signal repository
   * @returns {Function} a maker of one that journals what it decrypts
   */
  wrap(makeRepository) {
    return (auth, logger, findLids) => {
      const inner = makeRepository(auth, logger, findLids);
      return {
        ...inner,
        decryptMessage: (options) =>
          this.#decrypt(auth.keys, options.jid, options.ciphertext, () => inner.decryptMessage(options)),
        decryptGroupMessage: (options) =>
          this.#decrypt(auth.keys, options.group, options.msg, () => inner.decryptGroupMessage(options)),
      };
    };
  }

  /** @returns {{id: string, message: object} | null} the entry that belongs to the commit now being written */
  current() {
    const holder = this.#decrypting.getStore();
    return holder && !holder.committed ? holder.entry : null;
  }

  /** Called by the key store once the commit that carried the current entry was answered. */
  committed() {
    const holder = this.#decrypting.getStore();
    if (holder?.entry) {
      holder.committed = true;
    }
  }

  /**
   * @param {string} id
   * @returns {boolean} whether the message of that id was journalled and its event was not yet sent; asking takes it out
   */
  claim(id) {
    return this.#awaitingEvent.delete(id);
  }

  async #decrypt(keys, transactionKey, ciphertext, decrypt) {
    const holder = { entry: null, committed: false };
    const plaintext = await this.#decrypting.run(holder, () =>
      keys.transaction(async () => {
        const result = await decrypt();
        holder.entry = this.#entryOf(ciphertext, result);
        return result;
      }, transactionKey),
    );
    if (holder.entry) {
      if (!holder.committed) {
        await this.keep(holder.entry);
        holder.committed = true;
      }
      this.#awaitingEvent.add(holder.entry.id);
    }
    return plaintext;
  }

  /** What cannot be decoded here cannot be decoded by Baileys either: it fails there, and asks for a retry. */
  #entryOf(ciphertext, plaintext) {
    const stanza = this.#stanzas.get(ciphertext);
    try {
      return stanza ? this.#decode(stanza, plaintext) : null;
    } catch (error) {
      this.log.warn({ error }, 'a decrypted message could not be decoded');
      return null;
    }
  }

  #decode(stanza, plaintext) {
    const part = proto.Message.decode(unpadRandomMax16(plaintext));
    const content = part.deviceSentMessage?.message || part;
    const { id, lid = '' } = this.me();
    const { fullMessage } = decodeMessageNode(stanza, id, lid);
    // A stanza may hold several ciphertexts; Baileys merges what they hold into one message, and so does the entry.
    fullMessage.message = Object.assign(this.#decoded.get(stanza) ?? new proto.Message(), content);
    this.#decoded.set(stanza, fullMessage.message);
    if (!carriesContent(fullMessage)) {
      return null;
    }
    // Cleaning rewrites the keys inside reactions, once; the parts are kept as they came.
    const cleaned = { ...fullMessage, message: copyOf(fullMessage.message) };
    cleanMessage(cleaned, id, lid);
    return { id: journalId(cleaned.key), message: plainMessage(cleaned) };
  }
}

/** Decoded as Baileys decodes it, not as a Buffer, whose broken characters are read otherwise: a replay reads alike. */
function copyOf(message) {
  const bytes = proto.Message.encode(message).finish();
  return proto.Message.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
}
