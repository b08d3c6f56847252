import { extractE2ESessionFromRetryReceipt, proto } from 'baileys';
import { bundleOf } from './bundles.js';
import { isGroup } from './groups.js';
import { child, children, element, timestamp } from './stanzas.js';

const MOST_RETRIES = 5;
// The code with which a client refuses a message it asks to have encrypted again.
const RETRY_PENDING = '500';
const READ = new Set(['read', 'read-self']);
const MOST_READ = 1_000;

/** What a contact can confirm: that a message arrived at its phone, was seen, or was listened to. */
export const RECEIPTS = ['delivered', 'read', 'played'];

/** Carries the receipts for messages, both ways. */
export class Receipts {
  #server;
  #read = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * A contact's phone confirms messages of an account.
   * @param {{from: string, to: string, ids: string[], type: 'delivered' | 'read' | 'played', group?: string}} receipt
   *   numbers, and the group that the messages were sent to
   * @throws {ControlError} 404 `group_unknown`
   */
  async send({ from, to, ids, type, group }) {
    const { accounts, groups } = this.#server;
    const sender = accounts.open(from);
    const where = group ? { from: groups.get(group).id, participant: sender.jid() } : { from: sender.jid() };
    const [id, ...others] = ids;
    const attrs = { id, ...where, t: timestamp(), ...(type === 'delivered' ? {} : { type }) };
    const items = others.map((other) => element('item', { id: other }));
    const content = items.length > 0 ? [element('list', {}, items)] : undefined;
    await this.#deliver(accounts.open(to), element('receipt', attrs, content));
  }

  /**
   * A companion confirms messages, or says that it cannot decrypt one.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   */
  async receive(session, node) {
    const { id, to, type, participant } = node.attrs;
    const items = children(child(node, 'list'), 'item').map((item) => item.attrs.id);
    if (type === 'retry') {
      await this.#encryptAgain(session, node);
    } else {
      for (const confirmed of [id, ...items]) {
        if (READ.has(type)) {
          this.#noteRead(session.account.number, confirmed);
        }
        session.mailbox.remove('message', confirmed);
        session.mailbox.remove('peer', confirmed);
      }
    }
    const attrs = { class: 'receipt', id, from: to, t: timestamp() };
    session.connection.send(
      element('ack', { ...attrs, ...(type ? { type } : {}), ...(participant ? { participant } : {}) }),
    );
    await this.#forward(session, node);
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

  /** @param {string} number @returns {string[]} ids of the messages that its companions marked as read, oldest first */
  readBy(number) {
    return [...(this.#read.get(number) ?? [])];
  }

  #noteRead(number, id) {
    const ids = this.#read.get(number) ?? new Set();
    ids.add(id);
    if (ids.size > MOST_READ) {
      ids.delete(ids.values().next().value);
    }
    this.#read.set(number, ids);
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
    this.#forgetSenderKey(entry, account, companion);
    const bundle = () => fresh ?? bundleOf(this.#server, account, companion);
    const message = proto.Message.decode(entry.origin.plaintext);
    const { type, ciphertext } = await phone.encrypt(jid, message, bundle);
    entry.retries = (entry.retries ?? 0) + 1;
    entry.stanza.content = [element('enc', { v: '2', type, count: String(entry.retries) }, ciphertext)];
    await mailbox.replace(entry);
  }

  // A device that could not read a message to a group gets the sender's key again with the next one.
  #forgetSenderKey(entry, account, companion) {
    const group = this.#server.groups.find(entry.stanza.attrs.from);
    const holders = group?.keyHolders[entry.origin.number];
    if (holders) {
      const device = `${account.number}/${companion.device}`;
      group.keyHolders[entry.origin.number] = holders.filter((holder) => holder !== device);
      this.#server.groups.save(group);
    }
  }

  // The other side's companions hear of a receipt, as its phone would.
  async #forward({ account, companion }, node) {
    const { id, type, to, participant } = node.attrs;
    const target = this.#server.accounts.find(isGroup(to) ? participant : to)?.account;
    if (!target || target === account) {
      return;
    }
    const shown = type && type !== 'inactive' ? { type } : {};
    const reader = account.jid(type === 'retry' ? companion.device : 0);
    const where = isGroup(to) ? { from: to, participant: reader } : { from: reader };
    await this.#deliver(target, element('receipt', { id, ...where, t: timestamp(), ...shown }, node.content));
  }

  async #deliver(target, stanza) {
    for (const device of target.companions.keys()) {
      const entry = { kind: 'receipt', id: stanza.attrs.id, stanza };
      await this.#server.mailboxes.of(target.number, device).add(entry);
    }
  }
}

function findMessage({ mailbox }, id) {
  return mailbox.find('message', id) ?? mailbox.find('peer', id);
}
