import { S_WHATSAPP_NET } from 'baileys';

/** @typedef {import('baileys').BinaryNode} BinaryNode */

/**
 * @param {string} tag
 * @param {Record<string, string>} [attrs]
 * @param {BinaryNode[] | Uint8Array | string} [content]
 * @returns {BinaryNode}
 */
export function element(tag, attrs = {}, content = undefined) {
  return { tag, attrs, content };
}

/** @param {number} value @param {number} bytes @returns {Buffer} big-endian */
export function bigEndian(value, bytes) {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** @param {BinaryNode} node @param {string} tag @returns {BinaryNode | undefined} */
export function child(node, tag) {
  return Array.isArray(node?.content) ? node.content.find((candidate) => candidate.tag === tag) : undefined;
}

/** @param {BinaryNode} node @param {string} [tag] @returns {BinaryNode[]} */
export function children(node, tag = undefined) {
  const all = Array.isArray(node?.content) ? node.content : [];
  return tag === undefined ? all : all.filter((candidate) => candidate.tag === tag);
}

/**
 * @param {BinaryNode} node
 * @param {string} tag
 * @returns {Buffer} the bytes inside that child
 * @throws {Error} when there is none
 */
export function childBytes(node, tag) {
  const content = child(node, tag)?.content;
  if (content instanceof Uint8Array) {
    return Buffer.from(content);
  }
  if (typeof content === 'string') {
    return Buffer.from(content);
  }
  throw new Error(`<${node?.tag}> carries no bytes in <${tag}>`);
}

/** @param {BinaryNode} node @param {string} tag @returns {number} a big-endian number of at most six bytes */
export function childNumber(node, tag) {
  const bytes = childBytes(node, tag);
  if (bytes.length === 0 || bytes.length > 6) {
    throw new Error(`<${tag}> is not a number`);
  }
  return bytes.readUIntBE(0, bytes.length);
}

/** @param {BinaryNode} request @param {BinaryNode[]} [content] @returns {BinaryNode} the answer to an IQ */
export function result(request, content = undefined) {
  return element('iq', { from: request.attrs.to || S_WHATSAPP_NET, type: 'result', id: request.attrs.id }, content);
}

/** @param {BinaryNode} request @param {number} code @param {string} text @returns {BinaryNode} its refusal */
export function refusal(request, code, text) {
  const attrs = { from: request.attrs.to || S_WHATSAPP_NET, type: 'error', id: request.attrs.id };
  return element('iq', attrs, [element('error', { code: String(code), text })]);
}

/**
 * @param {number | undefined} code
 * @param {BinaryNode[]} [content]
 * @returns {BinaryNode} the last stanza of a stream
 */
export function streamError(code, content = undefined) {
  return element('stream:error', code === undefined ? {} : { code: String(code) }, content);
}

/** @returns {BinaryNode} what a socket gets when the same device logs in elsewhere */
export function replacedError() {
  return streamError(undefined, [element('conflict', { type: 'replaced' })]);
}

/** @returns {BinaryNode} what a companion gets when it was unlinked; without the code clients read it as replaced */
export function removedError() {
  return streamError(401, [element('conflict', { type: 'device_removed' })]);
}

/** @param {number} code @returns {BinaryNode} the refusal of a login */
export function loginFailure(code) {
  return element('failure', { reason: String(code), location: 'sim' });
}

/** @returns {string} seconds since 1970 */
export function timestamp() {
  return String(Math.floor(Date.now() / 1000));
}
