import { randomBytes } from 'node:crypto';
import { proto } from 'baileys';
import { bundleOf } from './bundles.js';
import { greetings } from './greeting.js';
import { bigEndian, child, children, element, timestamp } from './stanzas.js';

const STATUS = 'status@broadcast';

function messageId() {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`;
}

/** Carries messages between phones and companions. */
export class Messages {
  #server;
  #unreadable = new Set();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * A person sends a message from a phone; every companion of both sides gets it, encrypted for it alone, or once for
   * all of a group.
   * @param {{from: string, to: string, message: proto.IMessage, type?: 'text' | 'media', edit?: string,
   *   pushName?: string, addressing?: 'pn' | 'lid'}} letter numbers, or a group to send to; `edit` marks a change of an
   *   earlier message; whether the sender shows as phone number (the default) or LID; `post`: it is a status post that `to` may see
   * @returns {Promise<string>} the message's id, once it is on disk for every companion
   */
  async send({ from, to, message, type = 'text', edit, pushName, addressing = 'pn', post = false }) {
    const sender = this.#server.accounts.open(from);
    const group = this.#server.groups.find(to);
    const id = messageId();
    const common = { id, type, t: timestamp(), ...(edit ? { edit } : {}) };
    const shown = { ...common, notify: pushName ?? sender.name };
    if (group) {
      await this.#server.groupMessages.send(sender, group, shown, message);
    } else if (post) {
      const attrs = { ...shown, from: STATUS, participant: sender.jid() };
      await this.#encryptForAll(this.#server.accounts.open(to), sender, attrs, message);
    } else {
      const recipient = this.#server.accounts.open(to);
      await this.#server.inbox.add(to, { id, from, message });
      await this.#encryptForAll(recipient, sender, { ...shown, ...senderAttrs(sender, 0, addressing) }, message);
      const copy = { deviceSentMessage: { destinationJid: recipient.jid(), message } };
      const copyAttrs = { ...shown, ...senderAttrs(sender, 0, 'pn'), recipient: recipient.jid() };
      await this.#encryptForAll(sender, sender, copyAttrs, copy);
    }
    await this.#server.database.commit();
    return id;
  }

  /**
   * The phone greets a companion that logged in for the first time.
   * @param {import('./sessions.js').Session} session
   */
  async greet({ account, companion }) {
    if (companion.greeted) {
      return;
    }
    companion.greeted = true;
    this.#server.accounts.saveCompanion(account, companion);
    for (const message of await greetings(this.#server, account, companion)) {
      const attrs = {
        id: messageId(),
        type: 'text',
        t: timestamp(),
        category: 'peer',
        ...senderAttrs(account, 0, 'pn'),
      };
      await this.#encryptFor(account, companion, { kind: 'peer', sender: account, attrs, message });
    }
  }

  /**
   * A companion sends a message: each part goes to the device it is encrypted for.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   */
  async receive(session, node) {
    const { id, to } = node.attrs;
    const group = this.#server.groups.find(to);
    const receipts = group
      ? await this.#server.groupMessages.receive(session, node, group)
      : await this.#receiveParts(session, node);
    await this.#server.database.commit();
    session.connection.send(element('ack', { class: 'message', id, from: to, t: timestamp() }));
    for (const stanza of receipts) {
      await session.mailbox.add({ kind: 'receipt', id, stanza });
    }
  }

  /** @param {string} number whose phone cannot read the next message, and asks its sender to send it again */
  failToRead(number) {
    this.#unreadable.add(number);
  }

  async #receiveParts(session, node) {
    const receipts = [];
    for (const { jid, enc } of partsOf(node)) {
      const target = this.#server.accounts.find(jid);
      if (target && enc.content instanceof Uint8Array) {
        receipts.push(await this.#receivePart(session, node, target, enc));
      }
    }
    return receipts.filter(Boolean);
  }

  async #encryptForAll(recipient, sender, attrs, message) {
    for (const companion of recipient.companions.values()) {
      await this.#encryptFor(recipient, companion, { kind: 'message', sender, attrs, message });
    }
  }

  async #encryptFor(recipient, companion, { kind, sender, attrs, message }) {
    const bundle = () => bundleOf(this.#server, recipient, companion);
    const { type, ciphertext } = await sender.phone.encrypt(recipient.lid(companion.device), message, bundle);
    const stanza = element('message', attrs, [element('enc', { v: '2', type }, ciphertext)]);
    const plaintext = Buffer.from(proto.Message.encode(message).finish());
    const origin = { number: sender.number, plaintext };
    await this.#server.mailboxes.of(recipient.number, companion.device).add({ kind, id: attrs.id, stanza, origin });
  }

  /** @returns {Promise<object | undefined>} the receipt of a phone that took it */
  async #receivePart(session, node, { account, device }, enc) {
    const { account: sender, companion } = session;
    const { id } = node.attrs;
    if (device !== 0) {
      await this.#relay(session, node, account, device, enc);
      return undefined;
    }
    if (this.#unreadable.delete(account.number)) {
      return retryReceipt(node, account);
    }
    let message;
    try {
      message = await account.phone.decrypt(sender.lid(companion.device), enc.attrs.type, enc.content);
    } catch (error) {
      this.#server.log(`a phone could not decrypt a message: ${error.name}`);
      return undefined;
    }
    if (account === sender) {
      return undefined;
    }
    await this.#server.inbox.add(account.number, { id, from: sender.number, message });
    const from = node.attrs.to.endsWith('@lid') ? account.lid() : account.jid();
    return element('receipt', { id, from, t: timestamp() });
  }

  async #relay({ account: sender, companion }, node, recipient, device, enc) {
    if (!recipient.companions.has(device)) {
      return;
    }
    const { id, type, to } = node.attrs;
    const own = recipient === sender ? { recipient: to } : {};
    const attrs = {
      id,
      type,
      t: timestamp(),
      notify: sender.name,
      ...senderAttrs(sender, companion.device, 'pn'),
      ...own,
    };
    const stanza = element('message', attrs, [enc]);
    await this.#server.mailboxes.of(recipient.number, device).add({ kind: 'message', id, stanza });
  }
}

function senderAttrs(account, device, addressing) {
  return addressing === 'lid'
    ? { from: account.lid(device), sender_pn: account.jid(device), addressing_mode: 'lid' }
    : { from: account.jid(device), sender_lid: account.lid(device), addressing_mode: 'pn' };
}

function partsOf(node) {
  const single = children(node, 'enc').map((enc) => ({ jid: node.attrs.to, enc }));
  const several = children(child(node, 'participants'), 'to').map((part) => ({
    jid: part.attrs.jid,
    enc: child(part, 'enc'),
  }));
  return [...single, ...several].filter(({ enc }) => enc);
}

/** What a phone answers that could not decrypt a message. */
function retryReceipt({ attrs: { id, to, t } }, account) {
  const from = to.endsWith('@lid') ? account.lid() : account.jid();
  const retry = element('retry', { count: '1', id, t: t ?? timestamp(), v: '1' });
  const registration = element('registration', {}, bigEndian(account.record.creds.registrationId, 4));
  return element('receipt', { id, from, type: 'retry', t: timestamp() }, [retry, registration]);
}
