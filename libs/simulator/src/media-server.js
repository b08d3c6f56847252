import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ControlError } from './control-error.js';
import { MOST_BLOB_BYTES } from './media-store.js';
import { element, result } from './stanzas.js';

const UPLOAD = /^\/(?:mms|product|pps)\/[\w-]+\/(?<name>[\w-]+)$/;
const DOWNLOAD = /^\/v\/(?<name>[\w-]+)$/;
const TTL_SECONDS = 3_600;

/** @param {string} name of a blob @returns {string} where it is downloaded, WhatsApp's `directPath` */
export function blobPath(name) {
  return `/v/${name}`;
}

/** @param {string} path @returns {string} the name of the blob there; empty when it is no such path */
export function blobName(path) {
  return DOWNLOAD.exec(path.split('?')[0])?.groups.name ?? '';
}

/** The media server: takes and gives encrypted blobs on the simulator's own port. */
export class MediaServer {
  #store;
  #log;
  #auth = randomBytes(16).toString('hex');

  /** @param {{media: import('./media-store.js').MediaStore, log: (text: string) => void}} server */
  constructor({ media, log }) {
    this.#store = media;
    this.#log = log;
  }

  /**
   * Tells a companion where to upload: to the host it reached the simulator by.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   * @returns {import('./stanzas.js').BinaryNode}
   */
  whereabouts({ connection }, node) {
    const host = element('host', { hostname: connection.host, maxContentLengthBytes: String(MOST_BLOB_BYTES) });
    const attrs = { auth: this.#auth, ttl: String(TTL_SECONDS), auth_ttl: String(TTL_SECONDS) };
    return result(node, [element('media_conn', attrs, [host])]);
  }

  /** @param {string} path of a request @returns {boolean} whether it is for media */
  serves(path) {
    return UPLOAD.test(path) || DOWNLOAD.test(path);
  }

  /**
   * @param {import('node:http').IncomingMessage} request for which `serves` is true
   * @param {import('node:http').ServerResponse} response
   */
  async answer(request, response) {
    try {
      const url = new URL(request.url, 'http://simulator');
      if (request.method === 'POST' && UPLOAD.test(url.pathname)) {
        await this.#upload(url, request, response);
      } else if (request.method === 'GET' && DOWNLOAD.test(url.pathname)) {
        await this.#download(url.pathname, response);
      } else {
        throw new ControlError(405, 'method_not_allowed', 'Blobs are posted to be stored and fetched with GET.');
      }
    } catch (error) {
      this.#refuse(response, error);
    }
  }

  async #upload(url, request, response) {
    const auth = Buffer.from(url.searchParams.get('auth') ?? '');
    const expected = Buffer.from(this.#auth);
    if (auth.length !== expected.length || !timingSafeEqual(auth, expected)) {
      throw new ControlError(401, 'unauthorized', 'The upload has no valid auth.');
    }
    const { name } = UPLOAD.exec(url.pathname).groups;
    await this.#store.upload(name, request);
    const path = blobPath(name);
    sendJson(response, 200, { url: `https://${request.headers.host}${path}`, direct_path: path });
  }

  async #download(path, response) {
    const blob = this.#store.find(blobName(path));
    if (!blob) {
      throw new ControlError(404, 'not_found', 'There is no such blob.');
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': blob.size });
    await pipeline(createReadStream(blob.path), response);
  }

  #refuse(response, error) {
    if (response.headersSent) {
      response.destroy();
    } else if (error instanceof ControlError) {
      response.setHeader('connection', 'close');
      sendJson(response, error.status, { code: error.code, message: error.message });
    } else {
      this.#log(`a media request failed: ${error.code ?? error.name}`);
      response.destroy();
    }
  }
}

function sendJson(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
