import { randomBytes } from 'node:crypto';
import { extractE2ESessionFromRetryReceipt, proto } from 'baileys';
import { bundleOf } from './bundles.js';
import { greetings } from './greeting.js';
import { child, children, element, timestamp } from './stanzas.js';

const MOST_RETRIES = 5;
// The code with which a client refuses a message it asks to have encrypted again.
const RETRY_PENDING = '500';

function messageId() {
  return `3A${randomBytes(9).toString('hex').toUpperCase()}`;
}

/** Carries messages between phones and companions, and the receipts for them. */
export class Messages {
  #server;

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * A person sends a message from a phone; every companion of both sides gets it, encrypted for it alone.
   * @param {{from: string, to: string, message: proto.IMessage, type?: 'text' | 'media', pushName?: string,
   *   addressing?: 'pn' | 'lid'}} letter numbers, and whether the sender shows as phone number (the default) or LID
   * @returns {Promise<string>} the message's id, once it is on disk for every companion
   */
  async send({ from, to, message, type = 'text', pushName, addressing = 'pn' }) {
    const { accounts, inbox } = this.#server;
    const [sender, recipient] = [accounts.open(from), accounts.open(to)];
    const id = messageId();
    const common = { id, type, t: timestamp() };
    await inbox.add(to, { id, from, message });
    const attrs = { ...common, notify: pushName ?? sender.name, ...senderAttrs(sender, 0, addressing) };
    await this.#encryptForAll(recipient, sender, attrs, message);
    const copy = { deviceSentMessage: { destinationJid: recipient.jid(), message } };
    const copyAttrs = { ...common, ...senderAttrs(sender, 0, 'pn'), recipient: recipient.jid() };
    await this.#encryptForAll(sender, sender, copyAttrs, copy);
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
    for (const message of greetings(account)) {
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
    const receipts = [];
    for (const { jid, enc } of partsOf(node)) {
      const target = this.#server.accounts.find(jid);
      if (target && enc.content instanceof Uint8Array) {
        receipts.push(await this.#receivePart(session, node, target, enc));
      }
    }
    await this.#server.database.commit();
    session.connection.send(element('ack', { class: 'message', id, from: to, t: timestamp() }));
    for (const stanza of receipts.filter(Boolean)) {
      await session.mailbox.add({ kind: 'receipt', id, stanza });
    }
  }

  /**
   * A companion confirms messages, or says that it cannot decrypt one.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   */
  async receipt(session, node) {
    const { id, to, type, participant } = node.attrs;
    const items = children(child(node, 'list'), 'item').map((item) => item.attrs.id);
    if (type === 'retry') {
      await this.#encryptAgain(session, node);
    } else {
      for (const confirmed of [id, ...items]) {
        session.mailbox.remove('message', confirmed);
        session.mailbox.remove('peer', confirmed);
      }
    }
    const attrs = { class: 'receipt', id, from: to, t: timestamp() };
    session.connection.send(
      element('ack', { ...attrs, ...(type ? { type } : {}), ...(participant ? { participant } : {}) }),
    );
    await this.#forwardReceipt(session, node);
  }

  /**
   * A companion acknowledges a stanza, or refuses a message for good.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   */
  acknowledge(session, node) {
    const { class: kind, id, error } = node.attrs;
    const entry = kind === 'message' ? findMessage(session, id) : session.mailbox.find(kind, id);
    const retrying = kind === 'message' && error === RETRY_PENDING && (entry?.retries ?? 0) < MOST_RETRIES;
    if (entry && !retrying) {
      session.mailbox.remove(entry.kind, id);
    }
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

  async #encryptAgain(session, receipt) {
    const { account, companion, mailbox } = session;
    const entry = findMessage(session, receipt.attrs.id);
    if (!entry?.origin) {
      return;
    }
    if ((entry.retries ?? 0) >= MOST_RETRIES) {
      mailbox.remove(entry.kind, entry.id);
      return;
    }
    const { phone } = this.#server.accounts.open(entry.origin.number);
    const jid = account.lid(companion.device);
    const fresh = extractE2ESessionFromRetryReceipt(receipt);
    await phone.forget(jid);
    const bundle = () => fresh ?? bundleOf(this.#server, account, companion);
    const message = proto.Message.decode(entry.origin.plaintext);
    const { type, ciphertext } = await phone.encrypt(jid, message, bundle);
    entry.retries = (entry.retries ?? 0) + 1;
    entry.stanza.content = [element('enc', { v: '2', type, count: String(entry.retries) }, ciphertext)];
    await mailbox.replace(entry);
  }

  // The other side's companions hear of a receipt, as its phone would.
  async #forwardReceipt({ account, companion }, node) {
    const target = this.#server.accounts.find(node.attrs.to)?.account;
    if (!target || target === account) {
      return;
    }
    const { id, type } = node.attrs;
    const shown = type && type !== 'inactive' ? { type } : {};
    const attrs = { id, from: account.jid(type === 'retry' ? companion.device : 0), t: timestamp(), ...shown };
    for (const device of target.companions.keys()) {
      const stanza = element('receipt', attrs, node.content);
      await this.#server.mailboxes.of(target.number, device).add({ kind: 'receipt', id, stanza });
    }
  }
}

function findMessage({ mailbox }, id) {
  return mailbox.find('message', id) ?? mailbox.find('peer', id);
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
