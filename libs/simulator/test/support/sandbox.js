import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator.js';
import { Client, Companion, DEADLINE_MS } from './client.js';

// The Signal library of the clients under test prints its sessions.
console.info = () => undefined;
console.warn = () => undefined;
console.error = () => undefined;

// Baileys leaves timers of half a minute behind; they must not keep a finished test run alive.
const startTimer = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = startTimer(callback, delay, ...rest);
  return delay > DEADLINE_MS ? timer.unref() : timer;
};

/** Speaks to the control API of a simulator. */
export class Control {
  #base;
  #headers;

  /** @param {number} port @param {string} [key] */
  constructor(port, key = '') {
    this.#base = `http://127.0.0.1:${port}/control`;
    this.#headers = key ? { 'x-sandbox-key': key } : {};
  }

  /** @returns {Promise<{status: number, body: any}>} */
  async request(method, path, body = undefined) {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: this.#headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return { status: response.status, body: await response.json() };
  }

  async #ok(method, path, body) {
    const answer = await this.request(method, path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  get(path) {
    return this.#ok('GET', path);
  }

  post(path, body) {
    return this.#ok('POST', path, body);
  }

  scan(number, qr) {
    return this.post('/phones/scan', { number, qr });
  }

  type(number, code) {
    return this.request('POST', '/phones/pair', { number, code });
  }

  call(from, to, rest = {}) {
    return this.post('/contacts/call', { from, to, ...rest });
  }

  text(from, to, text) {
    return this.post('/contacts/message', { from, to, text });
  }

  fault(number, kind, rest = {}) {
    return this.post(`/devices/${number}/fault`, { kind, ...rest });
  }

  async device(number) {
    return (await this.get('/devices')).find((row) => row.number === number);
  }
}

/** Asks until the answer satisfies. @template T @param {() => Promise<T>} ask @returns {Promise<T>} */
export async function eventually(ask, what) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await ask();
    if (value) {
      return value;
    }
    assert.ok(Date.now() < deadline, `did not come: ${what}`);
    await turn();
  }
}

/** @param {import('node:test').TestContext} context removes the folder in the end @returns {Promise<string>} */
export async function makeFolder(context) {
  const folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Pairs a fresh companion, logs it in and lets it take the phone's history. */
export async function link(url, control, number, options = {}) {
  const companion = new Companion();
  const showing = new Client(url, companion, options);
  await control.scan(number, await showing.untilQr());
  assert.equal((await showing.untilClosed()).code, 515);
  const client = await logIn(url, companion, options);
  await client.until(() => companion.creds.accountSyncCounter > 0, 'the history');
  return client;
}

/** @returns {Promise<Client>} open */
export async function logIn(url, companion, options = {}) {
  const client = new Client(url, companion, options);
  await client.untilOpen();
  return client;
}

/** Starts a simulator in this process for one test. */
export async function sandbox(context, options = {}) {
  const data = await makeFolder(context);
  const simulator = await startSimulator({ data: join(data, 'state'), log: () => undefined, ...options });
  context.after(() => simulator.close());
  return { url: simulator.url, port: simulator.port, control: new Control(simulator.port, options.key) };
}
