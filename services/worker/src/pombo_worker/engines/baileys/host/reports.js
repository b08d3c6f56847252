import { carriesContent, plainMessage, plainValue } from './message.js';

const HISTORY_PART = 500;
const MOST_NAMES = 5_000;

/**
 * Hears Baileys' events as they are emitted, before its buffer merges them: there a receipt becomes a member of the
 * message it is for, an edit replaces the text that it changes, and parts of the history become one.
 *
 * @param {{emit: (event: string, data: unknown) => boolean}} ev Baileys' event buffer
 * @param {(event: string, data: any) => void} hear
 */
export function overhear(ev, hear) {
  const emit = ev.emit;
  ev.emit = (event, data) => {
    hear(event, data);
    return emit(event, data);
  };
}

function contact({ id, lid, phoneNumber, name, notify, verifiedName, imgUrl }) {
  return { id, lid, phoneNumber, name, notify, verifiedName, imgUrl };
}

function chat({ id, name, unreadCount }) {
  return { id, name, unreadCount };
}

/** Content, which comes as messages too, is left out: edits and deletions are read from those. */
function statuses(updates) {
  return updates
    .filter(({ update }) => Number.isInteger(update?.status))
    .map(({ key, update }) => ({ key, status: update.status }));
}

/** What the worker is told of each event, and nothing else of it. */
const TOLD = {
  'messages.update': statuses,
  'message-receipt.update': (receipts) => receipts,
  'messages.delete': (deleted) => deleted,
  'presence.update': (presence) => presence,
  'contacts.upsert': (contacts) => contacts.map(contact),
  'contacts.update': (contacts) => contacts.map(contact),
  'chats.upsert': (chats) => chats.map(chat),
  // A message's own chat is told of with the message.
  'chats.update': (chats) => chats.filter(({ messages }) => !messages).map(chat),
  'chats.delete': (ids) => ids,
  'groups.upsert': (groups) => groups,
  'groups.update': (groups) => groups,
  'group-participants.update': (change) => change,
  'labels.edit': (label) => label,
  'labels.association': (association) => association,
};

/** Tells the worker of everything but messages and calls: notification `session.report`, kind and data. */
export class Reports {
  #names = new Map();

  /** @param {(params: {kind: string, data: object}) => void} tell */
  constructor(tell) {
    this.tell = tell;
  }

  /** @param {string} event @param {any} data as Baileys emits them */
  hear(event, data) {
    if (event === 'messaging-history.set') {
      this.#history(data);
    } else if (Object.hasOwn(TOLD, event)) {
      const told = plainValue(TOLD[event](event === 'contacts.update' ? this.#renamed(data) : data));
      if (told !== undefined) {
        this.tell({ kind: event, data: told });
      }
    }
  }

  /** Baileys tells the name of a sender with every message; the worker is told when it is another than before. */
  #renamed(contacts) {
    return contacts.filter(({ id, notify, ...rest }) => {
      const known = notify !== undefined && this.#names.get(id) === notify;
      if (notify !== undefined) {
        this.#remember(id, notify);
      }
      return !known || Object.values(rest).some((value) => value !== undefined);
    });
  }

  #remember(id, notify) {
    this.#names.delete(id);
    this.#names.set(id, notify);
    if (this.#names.size > MOST_NAMES) {
      this.#names.delete(this.#names.keys().next().value);
    }
  }

  #history({ chats, contacts, messages, progress, isLatest }) {
    const told = messages.filter(carriesContent).map(plainMessage);
    const common = { progress: progress ?? null, isLatest: isLatest ?? null };
    const first = { chats: chats.map(chat), contacts: contacts.map(contact), messages: told.splice(0, HISTORY_PART) };
    this.tell({ kind: 'messaging-history.set', data: plainValue({ ...common, ...first }) });
    while (told.length > 0) {
      const messages = told.splice(0, HISTORY_PART);
      this.tell({ kind: 'messaging-history.set', data: plainValue({ ...common, messages }) });
    }
  }
}
