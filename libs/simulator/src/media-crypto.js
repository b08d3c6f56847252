import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { getMediaKeys } from 'baileys';

const MAC_BYTES = 10;

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest();
}

function mac({ macKey, iv }, ciphertext) {
  return createHmac('sha256', macKey).update(iv).update(ciphertext).digest().subarray(0, MAC_BYTES);
}

/**
 * @typedef {object} EncryptedMedia
 * @property {Buffer} mediaKey
 * @property {Buffer} fileSha256 of the bytes
 * @property {Buffer} fileEncSha256 of the blob
 * @property {Buffer} blob what is uploaded: the ciphertext and its MAC
 */

/**
 * @param {Buffer} bytes
 * @param {string} type WhatsApp's word for the kind of media, such as `image` or `md-msg-hist`
 * @returns {Promise<EncryptedMedia>}
 */
export async function encryptMedia(bytes, type) {
  const mediaKey = randomBytes(32);
  const keys = await getMediaKeys(mediaKey, type);
  const cipher = createCipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const blob = Buffer.concat([ciphertext, mac(keys, ciphertext)]);
  return { mediaKey, fileSha256: sha256(bytes), fileEncSha256: sha256(blob), blob };
}

/**
 * @param {Buffer} blob
 * @param {Uint8Array} mediaKey
 * @param {string} type as it was encrypted
 * @returns {Promise<Buffer>} the bytes
 * @throws {Error} when the blob was not made with that key
 */
export async function decryptMedia(blob, mediaKey, type) {
  const keys = await getMediaKeys(mediaKey, type);
  const ciphertext = blob.subarray(0, -MAC_BYTES);
  if (!timingSafeEqual(blob.subarray(-MAC_BYTES), mac(keys, ciphertext))) {
    throw new Error('the media has a wrong MAC');
  }
  const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** @param {Buffer} bytes @returns {string} their SHA-256, base64 */
export function fingerprint(bytes) {
  return sha256(bytes).toString('base64');
}
