import { decryptMedia, encryptMedia, fingerprint } from './media-crypto.js';
import { blobName, blobPath } from './media-server.js';

/** The kinds of media: the member of a message that holds one, and the word its keys are derived with. */
const KINDS = {
  image: { member: 'imageMessage', type: 'image' },
  video: { member: 'videoMessage', type: 'video' },
  audio: { member: 'audioMessage', type: 'audio' },
  document: { member: 'documentMessage', type: 'document' },
  sticker: { member: 'stickerMessage', type: 'image' },
};

/** What people can send. */
export const MEDIA_KINDS = Object.keys(KINDS);

/**
 * A person attaches a file to a message: it is encrypted, and its blob stored.
 * @param {import('./media-store.js').MediaStore} store
 * @param {{kind: string, mimetype: string, bytes: Buffer, caption?: string, fileName?: string, host: string}} file
 *   `host` is where clients reach the simulator
 * @returns {Promise<import('baileys').proto.IMessage>}
 */
export async function mediaMessage(store, { kind, mimetype, bytes, caption, fileName, host }) {
  const { member, type } = KINDS[kind];
  const { blob, ...keys } = await encryptMedia(bytes, type);
  const directPath = blobPath(await store.put(blob));
  const content = {
    url: `https://${host}${directPath}`,
    directPath,
    mimetype,
    ...keys,
    fileLength: bytes.length,
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
  };
  if (caption !== undefined) {
    content.caption = caption;
  }
  if (fileName !== undefined) {
    content.fileName = fileName;
  }
  if (kind === 'document' && caption !== undefined) {
    return { documentWithCaptionMessage: { message: { documentMessage: content } } };
  }
  return { [member]: content };
}

/** @param {import('baileys').proto.IMessage} message @returns {{kind: string, content: object} | undefined} */
function mediaIn(message) {
  const inner = message.documentWithCaptionMessage?.message ?? message;
  for (const [kind, { member }] of Object.entries(KINDS)) {
    if (inner[member]) {
      return { kind, content: inner[member] };
    }
  }
  return undefined;
}

/**
 * What a phone shows of a media message it received. The blob is fetched and decrypted; one that cannot be has neither
 * size nor hash.
 * @param {import('./media-store.js').MediaStore} store
 * @param {import('baileys').proto.IMessage} message
 * @returns {Promise<object | undefined>} the members of its inbox entry; undefined when it is no media
 */
export async function shownMedia(store, message) {
  const found = mediaIn(message);
  if (!found) {
    return undefined;
  }
  const { kind, content } = found;
  const name = blobName(content.directPath ?? '');
  const locked = { kind, name, mediaKey: content.mediaKey && Buffer.from(content.mediaKey) };
  const bytes = await openMedia(store, locked).catch(() => undefined);
  return {
    kind,
    mimetype: content.mimetype ?? null,
    caption: content.caption ?? null,
    fileName: content.fileName ?? null,
    size: bytes?.length ?? null,
    sha256: bytes ? fingerprint(bytes) : null,
    locked,
  };
}

/**
 * @param {import('./media-store.js').MediaStore} store
 * @param {{kind: string, name: string, mediaKey: Uint8Array}} locked
 * @returns {Promise<Buffer>}
 * @throws {Error} when the blob is gone, or the key is another's
 */
export async function openMedia(store, { kind, name, mediaKey }) {
  const blob = await store.read(name);
  if (!blob) {
    throw new Error('there is no such blob');
  }
  return decryptMedia(blob, mediaKey, KINDS[kind].type);
}
