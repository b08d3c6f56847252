import { proto } from 'baileys';
import { bundleOf } from './bundles.js';
import { child, children, element, timestamp } from './stanzas.js';

function keyShare(group, senderKey) {
  return { senderKeyDistributionMessage: { groupId: group.id, axolotlSenderKeyDistributionMessage: senderKey } };
}

function authorAttrs(group, account, device) {
  return group.addressing === 'lid'
    ? { participant: account.lid(device), participant_pn: account.jid(device), addressing_mode: 'lid' }
    : { participant: account.jid(device), participant_lid: account.lid(device), addressing_mode: 'pn' };
}

/**
 * Messages to groups: encrypted once, with the sender's key for that group, which each device gets along with the
 * first message of that sender.
 */
export class GroupMessages {
  #server;

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * A person sends a message to a group from a phone.
   * @param {import('./accounts.js').Account} sender
   * @param {import('./groups.js').Group} group
   * @param {Record<string, string>} attrs id, type, t and notify of the stanza
   * @param {proto.IMessage} message
   */
  async send(sender, group, attrs, message) {
    const { accounts, inbox, groups } = this.#server;
    const { ciphertext, senderKey } = await sender.phone.encryptToGroup(group.id, sender.lid(), message);
    const skmsg = element('enc', { v: '2', type: 'skmsg' }, ciphertext);
    const holders = new Set(group.keyHolders[sender.number] ?? []);
    const origin = { number: sender.number, plaintext: Buffer.from(proto.Message.encode(message).finish()) };
    for (const number of Object.keys(group.participants)) {
      const account = accounts.open(number);
      if (account !== sender) {
        await inbox.add(number, { id: attrs.id, from: sender.number, group: group.id, message });
      }
      for (const companion of account.companions.values()) {
        const holder = `${number}/${companion.device}`;
        const encs = holders.has(holder)
          ? [skmsg]
          : [await this.#keyFor(sender, account, companion, keyShare(group, senderKey)), skmsg];
        holders.add(holder);
        const stanza = element('message', { ...attrs, from: group.id, ...authorAttrs(group, sender, 0) }, encs);
        const entry = { kind: 'message', id: attrs.id, stanza, origin };
        await this.#server.mailboxes.of(number, companion.device).add(entry);
      }
    }
    group.keyHolders[sender.number] = [...holders];
    groups.save(group);
  }

  /**
   * A companion sends a message to a group.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   * @param {import('./groups.js').Group} group
   * @returns {Promise<import('./stanzas.js').BinaryNode[]>} the receipts of the phones that took it
   */
  async receive({ account: sender, companion }, node, group) {
    const { id, type } = node.attrs;
    const skmsg = children(node, 'enc').find(({ attrs }) => attrs.type === 'skmsg');
    const shares = this.#shares(node);
    const attrs = { id, type, t: timestamp(), notify: sender.name };
    const receipts = [];
    for (const number of Object.keys(group.participants)) {
      const account = this.#server.accounts.open(number);
      const share = shares.get(`${number}/0`);
      if (account !== sender && (await this.#reads(account, sender.lid(companion.device), group, share, skmsg, id))) {
        receipts.push(element('receipt', { id, from: group.id, participant: account.jid(), t: timestamp() }));
      }
      for (const device of account.companions.keys()) {
        if (account !== sender || device !== companion.device) {
          const own = shares.get(`${number}/${device}`);
          const from = { from: group.id, ...authorAttrs(group, sender, companion.device) };
          const stanza = element('message', { ...attrs, ...from }, [own, skmsg].filter(Boolean));
          await this.#server.mailboxes.of(number, device).add({ kind: 'message', id, stanza });
        }
      }
    }
    return receipts;
  }

  #shares(node) {
    const shares = new Map();
    for (const { attrs, content } of children(child(node, 'participants'), 'to')) {
      const target = this.#server.accounts.find(attrs.jid);
      if (target) {
        shares.set(
          `${target.account.number}/${target.device}`,
          content.find(({ tag }) => tag === 'enc'),
        );
      }
    }
    return shares;
  }

  async #reads(account, author, group, share, skmsg, id) {
    try {
      if (share) {
        const { senderKeyDistributionMessage } = await account.phone.decrypt(author, share.attrs.type, share.content);
        await account.phone.learnSenderKey(author, senderKeyDistributionMessage);
      }
      const message = await account.phone.decryptFromGroup(group.id, author, skmsg.content);
      const from = this.#server.accounts.find(author).account.number;
      await this.#server.inbox.add(account.number, { id, from, group: group.id, message });
      return true;
    } catch (error) {
      this.#server.log(`a phone could not decrypt a message to a group: ${error.name}`);
      return false;
    }
  }

  async #keyFor(sender, recipient, companion, message) {
    const bundle = () => bundleOf(this.#server, recipient, companion);
    const { type, ciphertext } = await sender.phone.encrypt(recipient.lid(companion.device), message, bundle);
    return element('enc', { v: '2', type }, ciphertext);
  }
}
