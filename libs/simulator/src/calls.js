import { randomBytes } from 'node:crypto';
import { ControlError } from './control-error.js';
import { child, element, timestamp } from './stanzas.js';

const RINGS_MS = 20_000;
const MOST_CALLS = 1_000;

/**
 * @typedef {object} Call
 * @property {string} id
 * @property {string} from number
 * @property {string} to number
 * @property {'ringing' | 'rejected' | 'timeout'} state
 */

/** Calls that contacts make to accounts. Nobody can take one: it rings until it is rejected or its caller gives up. */
export class Calls {
  #server;
  #calls = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * Rings at the account's devices that are connected now.
   * @param {{from: string, to: string, isVideo: boolean, timeoutMs?: number, addressing?: 'pn' | 'lid'}} call numbers,
   *   after how many milliseconds (20,000 by default) the caller gives up, and whether it shows as phone number (the
   *   default) or LID
   * @returns {string} the call's id
   */
  start({ from, to, isVideo, timeoutMs = RINGS_MS, addressing = 'pn' }) {
    const { accounts } = this.#server;
    const [caller, callee] = [accounts.open(from), accounts.open(to)];
    const id = randomBytes(16).toString('hex').toUpperCase();
    const jid = addressing === 'lid' ? caller.lid() : caller.jid();
    const creator = { 'call-id': id, 'call-creator': jid, caller_pn: caller.jid() };
    const media = [element('audio', { enc: 'opus', rate: '16000' }), ...(isVideo ? [element('video')] : [])];
    const call = { id, from, to, state: 'ringing', jid, callee, creator };
    call.timer = setTimeout(() => this.#end(call, 'timeout', { reason: 'timeout' }), timeoutMs);
    this.#keep(call);
    this.#tell(call, element('offer', creator, media));
    return id;
  }

  /** @param {string} id @returns {Call} @throws {ControlError} 404 `call_unknown` */
  get(id) {
    const call = this.#calls.get(id);
    if (!call) {
      throw new ControlError(404, 'call_unknown', 'There is no call of that id.');
    }
    const { from, to, state } = call;
    return { id, from, to, state };
  }

  /**
   * A companion says something about a call; the simulator understands a rejection, and tells the other devices.
   * @param {import('./sessions.js').Session} session
   * @param {import('./stanzas.js').BinaryNode} node
   */
  receive(session, node) {
    const call = this.#calls.get(child(node, 'reject')?.attrs['call-id']);
    if (call?.state === 'ringing' && call.callee === session.account) {
      this.#end(call, 'rejected', {}, session);
    }
  }

  /** Lets no call ring any longer. */
  stop() {
    for (const { timer } of this.#calls.values()) {
      clearTimeout(timer);
    }
  }

  #end(call, state, attrs, except = undefined) {
    clearTimeout(call.timer);
    call.state = state;
    this.#tell(call, element('terminate', { ...call.creator, ...attrs }), except);
  }

  #tell({ jid, callee }, content, except = undefined) {
    for (const device of callee.companions.keys()) {
      for (const session of this.#server.sessions.live(callee.number, device)) {
        if (session !== except) {
          const attrs = { from: jid, id: randomBytes(8).toString('hex').toUpperCase(), t: timestamp() };
          session.connection.send(element('call', attrs, [content]));
        }
      }
    }
  }

  #keep(call) {
    this.#calls.set(call.id, call);
    const [oldest] = this.#calls.values();
    if (this.#calls.size > MOST_CALLS && oldest.state !== 'ringing') {
      this.#calls.delete(oldest.id);
    }
  }
}
