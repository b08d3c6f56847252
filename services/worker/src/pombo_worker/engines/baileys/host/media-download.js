import { createHash } from 'node:crypto';
import { downloadContentFromMessage } from 'baileys';
import { AgentDispatcher } from './agent-dispatcher.js';
import { mediaAgent } from './media-agent.js';
import { exitOf } from './proxy.js';
import { WireError } from './wire.js';

/** The members of a message that hold a file, and the word its keys are derived with. */
const TYPES = {
  imageMessage: 'image',
  videoMessage: 'video',
  ptvMessage: 'ptv',
  audioMessage: 'audio',
  documentMessage: 'document',
  stickerMessage: 'sticker',
};

function failed(message) {
  return new WireError('media_failed', message);
}

/** Fetches and decrypts the files of received messages, by the way that the session itself takes. */
export class MediaDownload {
  #options = {};

  /** @param {{url?: string | null, proxy?: string | null}} params of `session.open` */
  constructor({ url, proxy }) {
    const agent = mediaAgent(url, exitOf(proxy).agent);
    if (agent) {
      this.#options = { dispatcher: new AgentDispatcher(agent) };
    }
  }

  /**
   * @param {{kind: string, content: object, mostBytes: number, timeoutMs: number}} wanted `content` is the member
   *   `kind` of a message, as plain JSON
   * @returns {Promise<{base64: string}>}
   * @throws {WireError} `bad_request`, `media_failed`
   */
  async fetch({ kind, content, mostBytes, timeoutMs }) {
    if (!Object.hasOwn(TYPES, kind) || !content?.mediaKey) {
      throw new WireError('bad_request', 'that is no file with a key');
    }
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(failed('the file did not come in time')), timeoutMs);
    });
    try {
      return await Promise.race([this.#fetch(TYPES[kind], content, mostBytes, late), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #fetch(type, { mediaKey, directPath, url, fileSha256 }, mostBytes, late) {
    const key = Buffer.from(mediaKey, 'base64');
    const chunks = [];
    let size = 0;
    try {
      const stream = await downloadContentFromMessage({ mediaKey: key, directPath, url }, type, {
        options: this.#options,
      });
      late.catch((error) => stream.destroy(error));
      for await (const chunk of stream) {
        size += chunk.length;
        if (size > mostBytes) {
          throw failed('the file is too large');
        }
        chunks.push(chunk);
      }
    } catch (error) {
      throw error instanceof WireError ? error : failed('the file could not be fetched or decrypted');
    }
    const bytes = Buffer.concat(chunks);
    if (fileSha256 && createHash('sha256').update(bytes).digest('base64') !== fileSha256) {
      throw failed('the file is not the one that was sent');
    }
    return { base64: bytes.toString('base64') };
  }
}
