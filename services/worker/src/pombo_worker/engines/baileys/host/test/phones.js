import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../../../../../../libs/simulator/src/main.js', import.meta.url));
const DEADLINE_MS = 15_000;

/** The WhatsApp simulator as its own process, and what its phones and contacts can do. */
export class Phones {
  /** @returns {Promise<Phones>} once the simulator listens */
  static async start() {
    const folder = mkdtempSync(join(tmpdir(), 'pombo-simulator-'));
    const child = spawn(process.execPath, [MAIN, '--lifeline', '--data', join(folder, 'state')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const line = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
    });
    return new Phones(child, folder, JSON.parse(line));
  }

  constructor(child, folder, { port, url }) {
    this.child = child;
    this.folder = folder;
    this.base = `http://127.0.0.1:${port}`;
    this.url = url;
  }

  /** The phone of that number scans a QR text. */
  scan(number, qr) {
    return this.#call('POST', 'phones/scan', { number, qr });
  }

  /** A person types a pairing code on the phone of that number. */
  type(number, code) {
    return this.#call('POST', 'phones/pair', { number, code });
  }

  /** A contact calls. @returns {Promise<{id: string}>} */
  ring(from, to, rest = {}) {
    return this.#call('POST', 'contacts/call', { from, to, ...rest });
  }

  /** A contact sends a text. */
  text(from, to, text, pushName) {
    return this.#call('POST', 'contacts/message', { from, to, text, ...(pushName ? { pushName } : {}) });
  }

  /** Anything else of the control API. */
  post(path, body) {
    return this.#call('POST', path, body);
  }

  /** A contact sends a file. */
  media(from, to, { bytes, ...file }) {
    return this.#call('POST', 'contacts/media', { from, to, ...file, base64: bytes.toString('base64') });
  }

  /** @returns {Promise<object>} what a contact received under that id, once it has */
  async received(number, id) {
    let found;
    await this.#poll(async () => {
      found = (await this.#call('GET', `contacts/${number}/inbox`)).find((entry) => entry.id === id);
      return found;
    });
    return found;
  }

  /** @returns {Promise<Buffer>} the decrypted file of a message that a contact received */
  async file(number, id) {
    const response = await fetch(`${this.base}/control/contacts/${number}/media/${id}`);
    return Buffer.from(await response.arrayBuffer());
  }

  devices() {
    return this.#call('GET', 'devices');
  }

  /** @returns {Promise<{live: number, queued: number} | undefined>} the linked device of a number */
  async device(number) {
    return (await this.devices()).find((device) => device.number === number);
  }

  fault(number, fault) {
    return this.#call('POST', `devices/${number}/fault`, fault);
  }

  pairingFault(qr, fault) {
    return this.#call('POST', 'pairings/fault', { qr, ...fault });
  }

  /** Waits until the linked device of a number is as wanted. */
  async until(number, wanted) {
    await this.#poll(async () => {
      const device = await this.device(number);
      return device !== undefined && wanted(device);
    });
  }

  /** Waits until a number has no linked device. */
  async gone(number) {
    await this.#poll(async () => (await this.device(number)) === undefined);
  }

  /** Ends the simulator. */
  async stop() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #poll(condition) {
    const deadline = performance.now() + DEADLINE_MS;
    while (!(await condition())) {
      if (performance.now() > deadline) {
        throw new Error(`the simulator did not get there: ${JSON.stringify(await this.devices())}`);
      }
    }
  }

  async #call(method, path, body) {
    const response = await fetch(`${this.base}/control/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) {
      const { code, message } = answer;
      throw Object.assign(new Error(`${path}: ${code} ${message}`), { status: response.status, code });
    }
    return answer;
  }
}
