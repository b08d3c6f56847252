import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * The private folder through which messages travel that are too large for a line.
 *
 * Reading and writing is synchronous on purpose: such messages are rare, and lines must keep their order.
 */
export class Spool {
  /** @param {string} folder an existing folder that only this worker and its hosts can read */
  constructor(folder) {
    this.folder = resolve(folder);
  }

  /** Leaves nothing of what went through it when this process ends: a worker that was killed cannot tidy up. */
  removeAtExit() {
    process.on('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /**
   * @param {string} content the message that did not fit into a line
   * @returns {string} the absolute path of the file that now holds it
   */
  put(content) {
    const path = join(this.folder, `host-${process.pid}-${randomUUID()}.json`);
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    return path;
  }

  /**
   * Reads a file of the folder and deletes it.
   *
   * @param {string} path as named by the other side
   * @returns {string} its content
   * @throws {Error} when the path is not directly inside the folder, or cannot be read
   */
  take(path) {
    const full = resolve(path);
    if (dirname(full) !== this.folder) {
      throw new Error('the file named by a line is outside the spool folder');
    }
    try {
      return readFileSync(full, 'utf8');
    } finally {
      rmSync(full, { force: true });
    }
  }
}
