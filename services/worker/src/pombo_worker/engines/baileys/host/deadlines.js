/**
 * Lease deadlines by this process's own monotonic clock.
 *
 * A renewal may have lain unread in the pipe while this process was stopped or busy, so it counts from the last
 * moment at which the pipe was surely empty: the tick before the last. That costs at most two ticks of a lease, and
 * never grants time that the lease does not have. A deadline that has passed cannot be revived.
 */
export class Deadlines {
  #deadlines = new Map();
  #timer;
  #lastTick;
  #emptySince;

  /**
   * @param {{onExpired: (session: string) => void, tickMs?: number, now?: () => number}} options `now` in milliseconds,
   *   monotonic
   */
  constructor({ onExpired, tickMs = 100, now = () => performance.now() }) {
    this.onExpired = onExpired;
    this.tickMs = tickMs;
    this.now = now;
    this.#lastTick = now();
    this.#emptySince = this.#lastTick;
  }

  start() {
    this.#timer = setInterval(() => this.tick(), this.tickMs);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /**
   * @param {string} session
   * @param {number} remainingMs what was left of the lease when the line was written
   */
  set(session, remainingMs) {
    this.#deadlines.set(session, this.#emptySince + remainingMs);
  }

  /**
   * Extends (or shortens) the deadline of a session that has one and has not passed it.
   *
   * @param {string} session unknown ones are ignored
   * @param {number} remainingMs
   */
  renew(session, remainingMs) {
    if (!this.#deadlines.has(session)) {
      return;
    }
    if (this.expired(session)) {
      this.onExpired(session);
      return;
    }
    this.set(session, remainingMs);
  }

  /** @param {string} session */
  forget(session) {
    this.#deadlines.delete(session);
  }

  /**
   * @param {string} session
   * @returns {boolean} whether its deadline has passed; asked before each read and write of its socket
   */
  expired(session) {
    return this.now() >= (this.#deadlines.get(session) ?? Number.POSITIVE_INFINITY);
  }

  /** Looks at all deadlines. */
  tick() {
    const now = this.now();
    for (const [session, deadline] of this.#deadlines) {
      if (now >= deadline) {
        this.onExpired(session);
      }
    }
    this.#emptySince = this.#lastTick;
    this.#lastTick = now;
  }
}
