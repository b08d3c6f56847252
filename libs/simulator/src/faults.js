import { ControlError } from './control-error.js';
import { loginFailure, removedError, replacedError, streamError } from './stanzas.js';

const RESTART_REQUIRED = 515;
const REFUSE_CODE = 'refuse-code';

function codeOf({ code }) {
  if (!Number.isInteger(code) || code < 100 || code > 999) {
    throw new ControlError(400, 'bad_code', 'code must be a whole number of three digits.');
  }
  return code;
}

function timesOf({ times = 1 }) {
  if (!Number.isInteger(times) || times < 1) {
    throw new ControlError(400, 'bad_times', 'times must be a whole number, at least 1.');
  }
  return times;
}

/** What can befall one socket. */
const ON_SOCKET = new Map([
  ['restart', (connection) => connection.end(streamError(RESTART_REQUIRED))],
  ['replaced', (connection) => connection.end(replacedError())],
  ['removed', (connection) => connection.end(removedError())],
  ['stream-error', (connection, fault) => connection.end(streamError(codeOf(fault)))],
  ['drop', (connection) => connection.drop()],
  ['silence', (connection) => connection.silence()],
  ['deaf', (connection) => connection.deafen()],
  ['garbage', (connection) => connection.sendGarbage()],
  ['end', (connection) => connection.endStream()],
  ['failure', (connection, fault) => connection.end(loginFailure(codeOf(fault)))],
]);

function onSocket(kind) {
  const act = ON_SOCKET.get(kind);
  if (!act) {
    throw new ControlError(400, 'bad_kind', `kind must be one of ${[...ON_SOCKET.keys()].join(', ')}.`);
  }
  return act;
}

/** Troubles on demand. */
export class Faults {
  #server;
  #loginFailures = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /** @param {string} number @returns {number | undefined} the reason to refuse this login with */
  takeLoginFailure(number) {
    const failure = this.#loginFailures.get(number);
    if (failure) {
      failure.times -= 1;
      if (failure.times <= 0) {
        this.#loginFailures.delete(number);
      }
    }
    return failure?.code;
  }

  /**
   * @param {import('./accounts.js').Account} account
   * @param {{kind: string, code?: number, times?: number}} fault
   * @returns {Promise<number>} sockets it befell
   * @throws {ControlError} 400 when the fault is not known, 404 `not_live` when there is no socket for it
   */
  async onDevices(account, fault) {
    const act = onSocket(fault.kind);
    if (fault.kind === 'failure') {
      this.#loginFailures.set(account.number, { code: codeOf(fault), times: timesOf(fault) });
      return 0;
    }
    const live = [...account.companions.keys()].flatMap((device) => this.#server.sessions.live(account.number, device));
    if (live.length === 0) {
      throw new ControlError(404, 'not_live', 'No device of that number is connected.');
    }
    for (const { connection, companion } of live) {
      if (fault.kind === 'removed') {
        await this.#server.unlink(account, companion.device, removedError());
      } else {
        act(connection, fault);
      }
    }
    return live.length;
  }

  /**
   * @param {import('./pairing.js').Pairing} pairing
   * @param {{kind: string, code?: number}} fault as on devices, or `refuse-code`: its next request for a pairing code
   *   is refused with `code`
   * @throws {ControlError} 400 when the fault is not known
   */
  onPairing(pairing, fault) {
    if (fault.kind === REFUSE_CODE) {
      pairing.codeRefusal = codeOf(fault);
    } else {
      onSocket(fault.kind)(pairing.connection, fault);
    }
  }
}
