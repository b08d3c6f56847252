import { randomBytes } from 'node:crypto';
import { decodeBinaryNode, encodeBinaryNode } from 'baileys';
import { FrameReader, frame } from './framing.js';
import { NoiseResponder } from './noise.js';
import { element } from './stanzas.js';

const HANDSHAKE_MS = 20_000;
const FLUSH_MS = 2_000;

/**
 * @typedef {object} ConnectionEvents
 * @property {(payload: object, noiseKey: Buffer) => Promise<void>} opened the handshake is complete
 * @property {(node: import('./stanzas.js').BinaryNode) => Promise<void>} stanza one stanza; the next waits for it
 * @property {() => void} closed called once: the client left, or the server will not hear it any more
 */

/** One client's encrypted stanza stream over a WebSocket. */
export class Connection {
  #ws;
  #socket;
  #identity;
  #log;
  #events;
  #reader = new FrameReader();
  #noise;
  #inbound = Promise.resolve();
  #answers = new Map();
  #nextId = 1;
  #state = 'hello';
  #silent = false;
  #deaf = false;
  #pings = new Set();
  #handshakeTimer;

  /**
   * @param {import('ws').WebSocket} ws
   * @param {import('node:net').Socket} socket the TCP connection below it
   * @param {{identity: object, log: (text: string) => void}} server
   * @param {string} host by which the client reached the server, with its port
   */
  constructor(ws, socket, { identity, log }, host) {
    this.host = host;
    this.#ws = ws;
    this.#socket = socket;
    this.#identity = identity;
    this.#log = log;
    this.#handshakeTimer = setTimeout(() => ws.terminate(), HANDSHAKE_MS).unref();
    ws.on('message', (data) => this.#receive(data));
    ws.on('error', (error) => this.#log(`socket error: ${error.code ?? error.name}`));
    ws.on('close', () => this.#finish());
  }

  /** @param {ConnectionEvents} events */
  listen(events) {
    this.#events = events;
  }

  /** @returns {boolean} whether stanzas still go both ways */
  get isOpen() {
    return this.#state === 'open';
  }

  /** @param {import('./stanzas.js').BinaryNode} node */
  send(node) {
    if (this.#state === 'open' && !this.#silent && (!this.#deaf || this.#pings.delete(node.attrs?.id))) {
      this.#ws.send(frame(this.#noise.encrypt(encodeBinaryNode(node))));
    }
  }

  /**
   * Asks the client something.
   * @param {import('./stanzas.js').BinaryNode} node an IQ; gets its id here
   * @param {number} timeoutMs
   * @returns {Promise<import('./stanzas.js').BinaryNode | undefined>} its answer; undefined when there was none
   */
  query(node, timeoutMs) {
    const id = `sim-${this.#nextId++}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answer(id, undefined), timeoutMs);
      this.#answers.set(id, { resolve, timer });
      this.send({ ...node, attrs: { ...node.attrs, id } });
    });
  }

  /** @param {import('./stanzas.js').BinaryNode} node says goodbye with it and closes */
  end(node) {
    this.send(node);
    this.#finish();
    this.#ws.close();
    setTimeout(() => this.#ws.terminate(), FLUSH_MS).unref();
  }

  /** Ends the stream the way a server does that goes away in good order. */
  endStream() {
    this.end(element('xmlstreamend'));
  }

  /** Resets the TCP connection. */
  drop() {
    this.#finish();
    this.#socket.resetAndDestroy();
  }

  /** From now on hears and says nothing, with the TCP connection left open. */
  silence() {
    this.#silent = true;
  }

  /** From now on answers pings, and does nothing else. */
  deafen() {
    this.#deaf = true;
  }

  /** Sends a frame that cannot be decrypted. */
  sendGarbage() {
    this.#ws.send(frame(randomBytes(64)));
  }

  #receive(data) {
    if (this.#silent || this.#state === 'closed') {
      return;
    }
    try {
      for (const bytes of this.#reader.push(Buffer.from(data))) {
        this.#inbound = this.#inbound.then(() => this.#handle(bytes)).catch((error) => this.#fail(error));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #handle(bytes) {
    if (this.#state === 'hello') {
      this.#noise = new NoiseResponder(this.#identity, this.#reader.header);
      this.#ws.send(frame(this.#noise.answerHello(bytes)));
      this.#state = 'finish';
    } else if (this.#state === 'finish') {
      const { payload, noiseKey } = this.#noise.finish(bytes);
      clearTimeout(this.#handshakeTimer);
      this.#state = 'open';
      await this.#events.opened(payload, noiseKey);
    } else if (this.#state === 'open') {
      await this.#dispatch(await decodeBinaryNode(this.#noise.decrypt(bytes)));
    }
  }

  async #dispatch(node) {
    const isAnswer = node.tag === 'iq' && (node.attrs.type === 'result' || node.attrs.type === 'error');
    if (isAnswer) {
      this.#answer(node.attrs.id, node);
    } else if (!this.#silent && (!this.#deaf || this.#isPing(node))) {
      await this.#events.stanza(node);
    }
  }

  #isPing({ tag, attrs }) {
    const isPing = tag === 'iq' && attrs.xmlns === 'w:p';
    if (isPing) {
      this.#pings.add(attrs.id);
    }
    return isPing;
  }

  #answer(id, node) {
    const waiting = this.#answers.get(id);
    if (waiting) {
      clearTimeout(waiting.timer);
      this.#answers.delete(id);
      waiting.resolve(node);
    }
  }

  // A client that sends what cannot be read loses its socket; nobody else notices.
  #fail(error) {
    this.#log(`closing a socket: ${error.name} while in state ${this.#state}: ${error.stack?.split('\n')[1]?.trim()}`);
    this.#finish();
    this.#ws.terminate();
  }

  #finish() {
    if (this.#state === 'closed') {
      return;
    }
    this.#state = 'closed';
    clearTimeout(this.#handshakeTimer);
    for (const id of [...this.#answers.keys()]) {
      this.#answer(id, undefined);
    }
    this.#events?.closed();
  }
}
