const LENGTH_BYTES = 3;
const ROUTING_INTRO = Buffer.from('ED');
const ROUTING_HEADER_BYTES = 7;
const HEADER_BYTES = 4;

/**
 * @param {Uint8Array} payload at most 2^24 - 1 bytes
 * @returns {Buffer} the payload with its length in front, as the stream carries it
 */
export function frame(payload) {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + payload.length);
  framed.writeUIntBE(payload.length, 0, LENGTH_BYTES);
  framed.set(payload, LENGTH_BYTES);
  return framed;
}

/** Cuts a client's byte stream into its opening header and its frames. */
export class FrameReader {
  #bytes = Buffer.alloc(0);
  #header;

  /** @returns {Buffer | undefined} the four opening bytes, once they are there */
  get header() {
    return this.#header;
  }

  /**
   * @param {Buffer} chunk
   * @returns {Buffer[]} the frames that are complete with it
   * @throws {Error} when the stream does not open as WhatsApp's does
   */
  push(chunk) {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!this.#header && !this.#readHeader()) {
      return [];
    }
    const frames = [];
    for (;;) {
      const end = this.#bytes.length < LENGTH_BYTES ? Infinity : LENGTH_BYTES + this.#bytes.readUIntBE(0, LENGTH_BYTES);
      if (this.#bytes.length < end) {
        return frames;
      }
      frames.push(this.#bytes.subarray(LENGTH_BYTES, end));
      this.#bytes = this.#bytes.subarray(end);
    }
  }

  #readHeader() {
    let start = 0;
    if (this.#bytes.subarray(0, 2).equals(ROUTING_INTRO)) {
      if (this.#bytes.length < ROUTING_HEADER_BYTES) {
        return false;
      }
      start = ROUTING_HEADER_BYTES + this.#bytes.readUIntBE(4, 3);
    }
    if (this.#bytes.length < start + HEADER_BYTES) {
      return false;
    }
    const header = this.#bytes.subarray(start, start + HEADER_BYTES);
    if (header.toString('latin1', 0, 2) !== 'WA') {
      throw new Error('the stream does not open with a WhatsApp header');
    }
    this.#header = header;
    this.#bytes = this.#bytes.subarray(start + HEADER_BYTES);
    return true;
  }
}
