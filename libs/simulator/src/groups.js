import { randomBytes } from 'node:crypto';
import { ControlError } from './control-error.js';
import { element, timestamp } from './stanzas.js';

/** What can be done to participants, and the rank they have after it. */
const RANKS = { add: 'member', remove: undefined, promote: 'admin', demote: 'member' };

/**
 * @typedef {object} Group
 * @property {string} id its JID
 * @property {string} subject
 * @property {string} owner number
 * @property {number} creation seconds since 1970
 * @property {'pn' | 'lid'} addressing how participants show
 * @property {Record<string, 'member' | 'admin' | 'superadmin'>} participants by number
 * @property {Record<string, string[]>} keyHolders devices that hold the sender key of the phone of that number
 */

/** @param {string} jid @returns {boolean} */
export function isGroup(jid) {
  return String(jid).endsWith('@g.us');
}

/** The groups there are, and what happens to them. Every companion of a participant is told. */
export class Groups {
  #server;
  #byId = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  async load() {
    for await (const [[id], group] of this.#server.database.entries('group/')) {
      this.#byId.set(id, group);
    }
  }

  /** @param {string} id @returns {Group | undefined} */
  find(id) {
    return this.#byId.get(id);
  }

  /** @param {string} id @returns {Group} @throws {ControlError} 404 `group_unknown` */
  get(id) {
    const group = this.#byId.get(id);
    if (!group) {
      throw new ControlError(404, 'group_unknown', 'There is no group of that id.');
    }
    return group;
  }

  /** @param {string} number @returns {Group[]} that it is in */
  of(number) {
    return [...this.#byId.values()].filter(({ participants }) => number in participants);
  }

  /**
   * @param {{owner: string, subject: string, participants: string[], addressing?: 'pn' | 'lid'}} wanted
   * @returns {Promise<Group>} once its participants' companions will hear of it
   */
  async create({ owner, subject, participants, addressing = 'pn' }) {
    const id = `1203630${String(randomBytes(6).readUIntBE(0, 6)).padStart(15, '0').slice(-11)}@g.us`;
    const ranks = Object.fromEntries(participants.map((number) => [number, 'member']));
    const creation = Math.floor(Date.now() / 1000);
    const group = { id, subject, owner, creation, addressing, participants: ranks, keyHolders: {} };
    group.participants[owner] = 'superadmin';
    this.#byId.set(id, group);
    await this.#tell(group, owner, element('create', {}, [this.describe(group)]));
    return group;
  }

  /**
   * @param {Group} group
   * @param {{author: string, action: 'add' | 'remove' | 'promote' | 'demote', participants: string[]}} change
   */
  async change(group, { author, action, participants }) {
    const before = Object.keys(group.participants);
    for (const number of participants) {
      group.participants[number] = RANKS[action];
      if (action === 'remove') {
        delete group.participants[number];
        group.keyHolders = {};
      }
    }
    const affected = participants.map((number) => this.#participant(group, number));
    await this.#tell(group, author, element(action, {}, affected), [...before, ...participants]);
  }

  /** @param {Group} group @param {{author: string, subject: string}} change */
  async rename(group, { author, subject }) {
    group.subject = subject;
    await this.#tell(group, author, element('subject', { subject, s_t: timestamp() }));
  }

  /** @param {Group} group whose record has changed */
  save(group) {
    this.#server.database.put(`group/${group.id}`, group);
  }

  /** @param {Group} group @returns {import('./stanzas.js').BinaryNode} */
  describe(group) {
    const { id, subject, owner, creation, addressing, participants } = group;
    const creator = this.#addressOf(group, owner);
    const attrs = {
      id: id.split('@')[0],
      subject,
      creation: String(creation),
      s_t: String(creation),
      creator,
      s_o: creator,
      addressing_mode: addressing,
      size: String(Object.keys(participants).length),
    };
    const members = Object.keys(participants).map((number) => this.#participant(group, number));
    return element('group', attrs, members);
  }

  #addressOf({ addressing }, number) {
    const account = this.#server.accounts.open(number);
    return addressing === 'lid' ? account.lid() : account.jid();
  }

  #participant({ addressing, participants }, number) {
    const account = this.#server.accounts.open(number);
    const rank = participants[number];
    const type = rank && rank !== 'member' ? { type: rank } : {};
    return addressing === 'lid'
      ? element('participant', { jid: account.lid(), phone_number: account.jid(), ...type })
      : element('participant', { jid: account.jid(), lid: account.lid(), ...type });
  }

  async #tell(group, author, what, numbers = Object.keys(group.participants)) {
    this.save(group);
    const account = this.#server.accounts.open(author);
    const mode = { addressing_mode: group.addressing };
    const participant =
      group.addressing === 'lid'
        ? { participant: account.lid(), participant_pn: account.jid() }
        : { participant: account.jid(), participant_lid: account.lid() };
    const id = randomBytes(8).toString('hex').toUpperCase();
    const attrs = { from: group.id, id, type: 'w:gp2', t: timestamp(), notify: account.name, ...participant, ...mode };
    for (const number of new Set(numbers)) {
      for (const device of this.#server.accounts.open(number).companions.keys()) {
        const stanza = element('notification', attrs, [what]);
        await this.#server.mailboxes.of(number, device).add({ kind: 'notification', id, stanza });
      }
    }
    await this.#server.database.commit();
  }
}
