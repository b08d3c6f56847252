const KEY_FIELDS = ['remoteJid', 'fromMe', 'id', 'participant', 'remoteJidAlt', 'participantAlt', 'addressingMode'];
const CIPHERTEXT_STUB = 2;
/** The kinds of protocol message that change an earlier one: REVOKE and MESSAGE_EDIT. */
const CHANGES = new Set([0, 14]);
const NOT_CONTENT = new Set(['senderKeyDistributionMessage', 'messageContextInfo']);

/**
 * @param {{remoteJid?: string, participant?: string, id?: string}} key of a message, as Baileys cleaned it
 * @returns {string} the name of its journal entry: chat, participant (may be empty) and message id, joined by slashes
 */
export function journalId(key) {
  return `${key.remoteJid}/${key.participant || ''}/${key.id}`;
}

/**
 * @param {object} message a Baileys WAMessage
 * @returns {boolean} whether it makes an event: not the protocol's own traffic (keys, history, app state; an edit or a
 *   deletion of an earlier message does), and not a stub that stands for something undecryptable
 */
export function carriesContent(message) {
  const content = message.message;
  if (!content || message.category === 'peer' || message.messageStubType === CIPHERTEXT_STUB) {
    return false;
  }
  const fields = Object.keys(content).filter((name) => content[name] !== null && content[name] !== undefined);
  if (fields.includes('protocolMessage')) {
    return changesAnother(content.protocolMessage);
  }
  return fields.some((name) => !NOT_CONTENT.has(name));
}

function changesAnother({ type, key }) {
  return CHANGES.has(type ?? 0) && Boolean(key?.id);
}

/**
 * @param {object} message a Baileys WAMessage
 * @returns {object} the message as the host protocol carries it: bytes as base64, 64-bit integers as numbers, or as
 *   strings when a number cannot hold them
 */
export function plainMessage(message) {
  const plain = { key: {}, messageTimestamp: Number(plainValue(message.messageTimestamp) ?? 0) };
  for (const field of KEY_FIELDS) {
    const value = message.key[field];
    if (value !== undefined && value !== null && value !== '') {
      plain.key[field] = value;
    }
  }
  for (const field of ['pushName', 'status', 'category']) {
    // Of a protobuf, a member that was not sent has a default.
    if (Object.hasOwn(message, field) && message[field] !== undefined && message[field] !== null) {
      plain[field] = message[field];
    }
  }
  plain.message = plainValue(message.message) ?? {};
  return plain;
}

/**
 * Protobuf objects keep only what was on the wire as own properties, apart from empty lists.
 *
 * @param {unknown} value
 * @returns {unknown} it as plain JSON, bytes as base64; undefined when nothing is left of it
 */
export function plainValue(value) {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if (typeof value === 'bigint' || typeof value.toNumber === 'function') {
    return plainInteger(value);
  }
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((item) => plainValue(item) ?? null);
  }
  if (typeof value === 'object') {
    return plainObject(value);
  }
  return value;
}

function plainInteger(value) {
  const number = Number(value.toString());
  return Number.isSafeInteger(number) ? number : value.toString();
}

function plainObject(value) {
  const plain = {};
  for (const [name, item] of Object.entries(value)) {
    const converted = plainValue(item);
    if (converted !== undefined && typeof converted !== 'function') {
      plain[name] = converted;
    }
  }
  return plain;
}
