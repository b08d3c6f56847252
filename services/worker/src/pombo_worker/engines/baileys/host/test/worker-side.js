import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const DEADLINE_MS = 15_000;
const LONGEST_LINE = 1024 * 1024;

/**
 * Plays the Python worker: starts a real host process, answers its requests from memory, and keeps all it says.
 */
export class WorkerSide {
  #nextId = 1;
  #answers = new Map();
  #watchers = new Set();

  constructor(env = {}) {
    /** Everything the host said, in order: notifications and requests. */
    this.heard = [];
    /** What is stored for each session: creds (text), keys (`type/id` to text), journal (id to message). */
    this.stored = new Map();
    /** May be replaced by a test: gets a request, returns a promise of an error (or of nothing) before it is stored. */
    this.gate = async () => undefined;
    this.stdout = '';
    this.stderr = '';
    this.spool = mkdtempSync(join(tmpdir(), 'pombo-host-'));
    this.child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, POMBO_HOST_SPOOL: this.spool, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.exited = new Promise((resolve) => this.child.once('exit', (code, signal) => resolve({ code, signal })));
    this.child.stdin.on('error', () => {});
    this.child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.lines = createInterface({ input: this.child.stdout }).on('line', (line) => this.#receive(line));
  }

  /** @returns {boolean} whether the host process is gone */
  get ended() {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** @returns {{creds: string | null, keys: Map<string, string>, journal: Map<string, object>}} */
  store(session) {
    if (!this.stored.has(session)) {
      this.stored.set(session, { creds: null, keys: new Map(), journal: new Map() });
    }
    return this.stored.get(session);
  }

  /** @returns {Promise<object>} the result; rejects with the error's code */
  request(method, params) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.write({ id, method, params });
    });
  }

  notify(method, params) {
    this.write({ method, params });
  }

  write(message) {
    const line = JSON.stringify(message);
    if (Buffer.byteLength(line) <= LONGEST_LINE) {
      this.child.stdin.write(`${line}\n`);
      return;
    }
    const path = join(this.spool, `worker-${this.#nextId++}.json`);
    writeFileSync(path, line, { mode: 0o600 });
    this.child.stdin.write(`${JSON.stringify({ spool: path })}\n`);
  }

  /** Opens a session with whatever is stored for it. */
  open(session, url, options = {}) {
    return this.request('session.open', {
      session,
      url,
      creds: this.store(session).creds,
      deadlineMs: 600_000,
      qrTimeoutMs: null,
      browser: ['Pombo', 'Chrome', '1.0'],
      version: null,
      ...options,
    });
  }

  /** @returns {Promise<object>} the params of the first thing heard from `from` on that matches */
  async hear(method, session, { from = 0, where = () => true } = {}) {
    const match = (said) => said.method === method && said.params.session === session && where(said.params);
    await this.until(() => this.heard.slice(from).some(match), `${method} of ${session}`);
    return this.heard.slice(from).find(match).params;
  }

  /** Waits until a condition holds; looked at after each line that the host writes. */
  until(condition, what) {
    if (condition()) {
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const watcher = () => {
        if (condition()) {
          this.#watchers.delete(watcher);
          clearTimeout(timer);
          resolve();
        }
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        const said = this.heard.map(
          ({ method, params }) => `${method} ${params.session ?? ''} ${params.message ?? ''}`,
        );
        reject(new Error(`not within ${DEADLINE_MS} ms: ${what}; heard: ${said.join(', ')}; ${this.stderr}`));
      }, DEADLINE_MS);
      this.#watchers.add(watcher);
    });
  }

  /** Ends the host and removes the spool folder. */
  async stop() {
    this.child.kill('SIGKILL');
    await this.exited;
    rmSync(this.spool, { recursive: true, force: true });
  }

  spooled() {
    return readdirSync(this.spool);
  }

  #receive(line) {
    this.stdout += `${line}\n`;
    let message = JSON.parse(line);
    if (message.spool) {
      const content = readFileSync(message.spool, 'utf8');
      rmSync(message.spool);
      message = JSON.parse(content);
    }
    if (message.method) {
      this.heard.push(message);
      if (message.id !== undefined) {
        void this.#serve(message);
      }
    } else {
      this.#settle(message);
    }
    for (const watcher of [...this.#watchers]) {
      watcher();
    }
  }

  #settle({ id, result, error }) {
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    error ? answer?.reject(Object.assign(new Error(error.message), { code: error.code })) : answer?.resolve(result);
  }

  async #serve(request) {
    const error = await this.gate(request);
    this.write(error ? { id: request.id, error } : { id: request.id, result: this.#apply(request) });
  }

  #apply({ method, params }) {
    const store = this.store(params.session);
    if (method === 'creds.save') {
      store.creds = params.creds;
      return {};
    }
    if (method === 'keys.get') {
      const found = params.ids.filter((id) => store.keys.has(`${params.type}/${id}`));
      return { values: Object.fromEntries(found.map((id) => [id, store.keys.get(`${params.type}/${id}`)])) };
    }
    for (const [type, id, value] of params.entries) {
      value === null ? store.keys.delete(`${type}/${id}`) : store.keys.set(`${type}/${id}`, value);
    }
    if (params.journal) {
      store.journal.set(params.journal.id, params.journal.message);
    }
    return {};
  }
}
