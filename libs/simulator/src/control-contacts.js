import { badRequest, bytesFrom, milliseconds, numberFrom, oneOf, optionalText, textFrom } from './control-input.js';
import { MEDIA_KINDS, mediaMessage } from './media-messages.js';

const MOST_MEDIA_BODY_BYTES = 96 * 1024 * 1024;

/** An answer that is no JSON. */
export class RawAnswer {
  /** @param {Buffer} bytes @param {string | null} mimetype */
  constructor(bytes, mimetype) {
    this.bytes = bytes;
    this.mimetype = mimetype ?? 'application/octet-stream';
  }
}

/** @param {object} body @returns {{from: string, to: string, pushName?: string, addressing?: 'pn' | 'lid'}} */
function envelopeFrom(body) {
  return {
    from: numberFrom(body.from, 'from'),
    to: numberFrom(body.to, 'to'),
    pushName: optionalText(body.pushName, 'pushName'),
    addressing: body.addressing,
  };
}

async function message(server, { body }) {
  const letter = { ...envelopeFrom(body), message: { conversation: textFrom(body.text, 'text') } };
  return { id: await server.messages.send(letter) };
}

async function media(server, { body, host }) {
  const envelope = envelopeFrom(body);
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
  ['POST', /^\/control\/contacts\/call$/, startCall],
  ['GET', /^\/control\/calls\/(?<id>[^/]+)$/, (server, { id }) => server.calls.get(id)],
  ['GET', /^\/control\/contacts\/(?<number>[^/]+)\/inbox$/, inbox],
  ['GET', /^\/control\/contacts\/(?<number>[^/]+)\/media\/(?<id>[^/]+)$/, file],
];
