import { proto } from 'baileys';
import {
  badRequest,
  bytesFrom,
  listFrom,
  milliseconds,
  numberFrom,
  oneOf,
  optionalText,
  textFrom,
} from './control-input.js';
import { isGroup } from './groups.js';
import { MEDIA_KINDS, mediaMessage } from './media-messages.js';
import { PRESENCES, showPresence } from './presence.js';
import { RECEIPTS } from './receipts.js';

const { Type } = proto.Message.ProtocolMessage;
const MOST_MEDIA_BODY_BYTES = 96 * 1024 * 1024;
/** How stanzas mark a change of an earlier message. */
const EDITED = '1';
const TAKEN_BACK = '7';

/** An answer that is no JSON. */
export class RawAnswer {
  /** @param {Buffer} bytes @param {string | null} mimetype */
  constructor(bytes, mimetype) {
    this.bytes = bytes;
    this.mimetype = mimetype ?? 'application/octet-stream';
  }
}

/** Who writes to whom: `to` is a number, or the id of a group. */
function envelopeFrom(server, body) {
  return {
    from: numberFrom(body.from, 'from'),
    to: isGroup(body.to) ? server.groups.get(body.to).id : numberFrom(body.to, 'to'),
    pushName: optionalText(body.pushName, 'pushName'),
    addressing: body.addressing,
  };
}

async function message(server, { body }) {
  const letter = { ...envelopeFrom(server, body), message: { conversation: textFrom(body.text, 'text') } };
  return { id: await server.messages.send({ ...letter, post: body.post === true }) };
}

async function media(server, { body, host }) {
  const envelope = envelopeFrom(server, body);
  const file = {
    kind: oneOf(body.kind, 'kind', MEDIA_KINDS),
    mimetype: textFrom(body.mimetype, 'mimetype'),
    bytes: bytesFrom(body.base64, 'base64'),
    caption: optionalText(body.caption, 'caption'),
    fileName: optionalText(body.fileName, 'fileName'),
    host,
  };
  const content = await mediaMessage(server.media, file);
  return { id: await server.messages.send({ ...envelope, message: content, type: 'media' }) };
}

/** The key of a message as its sender writes it. */
function ownKey(server, to, id) {
  return { remoteJid: isGroup(to) ? to : server.accounts.open(to).jid(), fromMe: true, id };
}

async function edit(server, { body }) {
  const envelope = envelopeFrom(server, body);
  const protocolMessage = {
    key: ownKey(server, envelope.to, textFrom(body.id, 'id')),
    type: Type.MESSAGE_EDIT,
    editedMessage: { conversation: textFrom(body.text, 'text') },
    timestampMs: Date.now(),
  };
  return { id: await server.messages.send({ ...envelope, message: { protocolMessage }, edit: EDITED }) };
}

async function revoke(server, { body }) {
  const envelope = envelopeFrom(server, body);
  const protocolMessage = { key: ownKey(server, envelope.to, textFrom(body.id, 'id')), type: Type.REVOKE };
  return { id: await server.messages.send({ ...envelope, message: { protocolMessage }, edit: TAKEN_BACK }) };
}

async function receipt(server, { body }) {
  await server.receipts.send({
    from: numberFrom(body.from, 'from'),
    to: numberFrom(body.to, 'to'),
    ids: listFrom(body.ids, 'ids', textFrom),
    type: oneOf(body.type, 'type', RECEIPTS),
    group: optionalText(body.group, 'group'),
  });
  return { ok: true };
}

function presence(server, { body }) {
  const { lastSeen } = body;
  if (lastSeen !== undefined && !Number.isInteger(lastSeen)) {
    throw badRequest('lastSeen must be seconds since 1970.');
  }
  const devices = showPresence(server, {
    from: numberFrom(body.from, 'from'),
    to: numberFrom(body.to, 'to'),
    presence: oneOf(body.presence, 'presence', PRESENCES),
    group: optionalText(body.group, 'group'),
    lastSeen,
  });
  return { devices };
}

function startCall(server, { body }) {
  const { isVideo = false, timeoutMs } = body;
  if (typeof isVideo !== 'boolean') {
    throw badRequest('isVideo must be true or false.');
  }
  return {
    id: server.calls.start({
      from: numberFrom(body.from, 'from'),
      to: numberFrom(body.to, 'to'),
      isVideo,
      timeoutMs: timeoutMs === undefined ? undefined : milliseconds(timeoutMs, 'timeoutMs'),
      addressing: body.addressing,
    }),
  };
}

function failToRead(server, { body }) {
  server.messages.failToRead(numberFrom(body.number, 'number'));
  return { ok: true };
}

function inbox(server, { number }) {
  return server.inbox.of(numberFrom(number, 'number'));
}

async function file(server, { number, id }) {
  const { bytes, mimetype } = await server.inbox.file(numberFrom(number, 'number'), id);
  return new RawAnswer(bytes, mimetype);
}

/** What contacts do, and what they have received: method, path, handler, and the most bytes of a body. */
export const CONTACT_ROUTES = [
  ['POST', /^\/control\/contacts\/message$/, message],
  ['POST', /^\/control\/contacts\/media$/, media, MOST_MEDIA_BODY_BYTES],
  ['POST', /^\/control\/contacts\/edit$/, edit],
  ['POST', /^\/control\/contacts\/revoke$/, revoke],
  ['POST', /^\/control\/contacts\/receipt$/, receipt],
  ['POST', /^\/control\/contacts\/presence$/, presence],
  ['POST', /^\/control\/contacts\/fail-to-read$/, failToRead],
  ['POST', /^\/control\/contacts\/call$/, startCall],
  ['GET', /^\/control\/calls\/(?<id>[^/]+)$/, (server, { id }) => server.calls.get(id)],
  ['GET', /^\/control\/contacts\/(?<number>[^/]+)\/inbox$/, inbox],
  ['GET', /^\/control\/contacts\/(?<number>[^/]+)\/media\/(?<id>[^/]+)$/, file],
];
