/**
 * Holds what is written to a WebSocket until the credentials are saved that were changed before it.
 *
 * Baileys answers `pair-success` without waiting for anyone who listens to `creds.update`. If the answer left first
 * and this process died, the phone would show a linked device whose keys nobody has. Frames keep their order: they
 * are encrypted with a counter before they get here.
 */
export class SendBarrier {
  #queue = [];

  /**
   * @param {{raw: import('ws').WebSocket, saver: import('./creds-saver.js').CredsSaver, mayWrite: () => boolean}}
   *   options `mayWrite` is asked before each frame; false drops it
   */
  constructor({ raw, saver, mayWrite }) {
    this.saver = saver;
    this.mayWrite = mayWrite;
    this.write = raw.send.bind(raw);
    raw.send = (...args) => this.#send(args);
    raw.once('close', () => this.#discard());
    saver.onSaved = () => this.#flush();
  }

  #send(args) {
    const version = this.saver.begun;
    if (this.#queue.length === 0 && this.saver.saved >= version) {
      this.#pass(args);
    } else {
      this.#queue.push({ args, version });
    }
  }

  #flush() {
    while (this.#queue.length > 0 && this.#queue[0].version <= this.saver.saved) {
      this.#pass(this.#queue.shift().args);
    }
  }

  #pass(args) {
    if (this.mayWrite()) {
      this.write(...args);
    } else {
      refuse(args);
    }
  }

  #discard() {
    const dropped = this.#queue;
    this.#queue = [];
    for (const { args } of dropped) {
      refuse(args);
    }
  }
}

function refuse(args) {
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    callback(new Error('the socket is closed'));
  }
}
