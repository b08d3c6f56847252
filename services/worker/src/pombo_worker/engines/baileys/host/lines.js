const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines of text.
 *
 * A line that grows over the limit is dropped whole, and reading goes on behind its end: one oversized line must not
 * cost the ones after it.
 */
export class LineSplitter {
  #parts = [];
  #size = 0;
  #dropping = false;

  /**
   * @param {{limit: number, onLine: (line: string) => void, onTooLong: () => void}} options limit in bytes, without the
   *   newline
   */
  constructor({ limit, onLine, onTooLong }) {
    this.limit = limit;
    this.onLine = onLine;
    this.onTooLong = onTooLong;
  }

  /** @param {Buffer} chunk the next bytes of the stream */
  push(chunk) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) {
        this.#keep(chunk.subarray(start));
        return;
      }
      this.#keep(chunk.subarray(start, end));
      this.#finishLine();
      start = end + 1;
    }
  }

  #keep(part) {
    if (this.#dropping || part.length === 0) {
      return;
    }
    this.#size += part.length;
    if (this.#size > this.limit) {
      this.#dropping = true;
      this.#parts = [];
      this.onTooLong();
      return;
    }
    this.#parts.push(part);
  }

  #finishLine() {
    const line = this.#dropping ? '' : Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#size = 0;
    this.#dropping = false;
    if (line.trim() !== '') {
      this.onLine(line);
    }
  }
}
