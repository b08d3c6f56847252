import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ControlError } from './control-error.js';

/** The largest blob that can be uploaded, in bytes. */
export const MOST_BLOB_BYTES = 128 * 1024 * 1024;
const MOST_BYTES = 1024 * 1024 * 1024;
const NAME = /^[\w-]{43}$/;

function tooLarge() {
  return new ControlError(413, 'too_large', 'The blob is larger than 128 MiB.');
}

/** Encrypted media, each a file named by its SHA-256. Beyond 1 GiB in all, the oldest are forgotten. */
export class MediaStore {
  #folder;
  #sizes = new Map();
  #total = 0;

  /** @param {string} folder made when missing */
  constructor(folder) {
    this.#folder = folder;
  }

  async load() {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const found = [];
    for (const name of await readdir(this.#folder)) {
      if (NAME.test(name)) {
        const { size, mtimeMs } = await stat(this.#path(name));
        found.push({ name, size, mtimeMs });
      } else {
        await rm(this.#path(name), { force: true });
      }
    }
    for (const { name, size } of found.sort((one, other) => one.mtimeMs - other.mtimeMs)) {
      this.#count(name, size);
    }
  }

  /**
   * @param {string} name SHA-256 of the blob, base64url
   * @param {import('node:stream').Readable} source
   * @returns {Promise<void>} resolves once it can be read
   * @throws {ControlError} 413 `too_large`, 400 `bad_hash`
   */
  async upload(name, source) {
    const hash = createHash('sha256');
    let size = 0;
    const meter = new Transform({
      transform(chunk, _encoding, done) {
        size += chunk.length;
        hash.update(chunk);
        done(size > MOST_BLOB_BYTES ? tooLarge() : null, chunk);
      },
    });
    const part = this.#part();
    try {
      await pipeline(source, meter, createWriteStream(part, { mode: 0o600 }));
      if (hash.digest('base64url') !== name) {
        throw new ControlError(400, 'bad_hash', 'The blob is not what its name says.');
      }
      await this.#take(part, name, size);
    } finally {
      await rm(part, { force: true });
    }
  }

  /** @param {Buffer} bytes @returns {Promise<string>} its name */
  async put(bytes) {
    if (bytes.length > MOST_BLOB_BYTES) {
      throw tooLarge();
    }
    const name = createHash('sha256').update(bytes).digest('base64url');
    const part = this.#part();
    await writeFile(part, bytes, { mode: 0o600 });
    await this.#take(part, name, bytes.length);
    return name;
  }

  /** @param {string} name @returns {{path: string, size: number} | undefined} its file */
  find(name) {
    const size = this.#sizes.get(name);
    return size === undefined ? undefined : { path: this.#path(name), size };
  }

  /** @param {string} name @returns {Promise<Buffer | undefined>} */
  async read(name) {
    return this.#sizes.has(name) ? readFile(this.#path(name)) : undefined;
  }

  async #take(part, name, size) {
    await rename(part, this.#path(name));
    this.#count(name, size);
    for (const [oldest, bytes] of this.#sizes) {
      if (this.#total <= MOST_BYTES) {
        return;
      }
      this.#sizes.delete(oldest);
      this.#total -= bytes;
      await rm(this.#path(oldest), { force: true });
    }
  }

  #count(name, size) {
    this.#total += size - (this.#sizes.get(name) ?? 0);
    this.#sizes.delete(name);
    this.#sizes.set(name, size);
  }

  #part() {
    return this.#path(`part.${randomBytes(8).toString('hex')}`);
  }

  #path(name) {
    return join(this.#folder, name);
  }
}
