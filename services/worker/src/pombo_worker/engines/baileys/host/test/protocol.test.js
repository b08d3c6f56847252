import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { WorkerSide } from './worker-side.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
let worker;

before(() => {
  worker = new WorkerSide();
});

after(() => worker.stop());

test('the first line says which protocol and which Baileys this is', async () => {
  await worker.until(() => worker.heard.length > 0, 'a first line');
  const { method, params } = worker.heard[0];
  assert.equal(method, 'ready');
  assert.deepEqual(params, { protocol: 1, baileys: '7.0.0-rc14', node: process.version, pid: worker.child.pid });
});

test('an unknown method is an error, and a malformed line is passed over', async () => {
  worker.child.stdin.write('{not json\n\n42\n{"id":999999,"result":{}}\n{"spool":"/etc/hostname"}\n');
  await assert.rejects(worker.request('session.dance', {}), { code: 'unknown_method' });
});

test('closing a session nobody opened is no error', async () => {
  assert.deepEqual(await worker.request('session.close', { session: 'nobody', logout: false }), {
    unlinked: false,
  });
});

test('a session that cannot be made is refused and leaves nothing behind', async () => {
  const from = worker.heard.length;
  await assert.rejects(worker.open('bad', 'ws://127.0.0.1:1/', { creds: '{"me"' }), { code: 'bad_creds' });
  await assert.rejects(worker.open('bad', 'ws://127.0.0.1:1/', { creds: '{"me":{}}' }), { code: 'bad_creds' });
  await assert.rejects(worker.open('bad', 'http://127.0.0.1:1/'), { code: 'bad_url' });
  await assert.rejects(worker.open('bad', 'nowhere'), { code: 'bad_url' });
  await assert.rejects(worker.open('bad', 'ws://127.0.0.1:1/', { deadlineMs: 0 }), { code: 'bad_request' });
  assert.deepEqual(worker.heard.slice(from), []);
});

test('a server that cannot be reached closes the session as network trouble, once, and the name is free again', async () => {
  for (const _ of [1, 2]) {
    const from = worker.heard.length;
    assert.deepEqual(await worker.open('unreachable', 'ws://127.0.0.1:1/'), {});
    const closed = await worker.hear('session.closed', 'unreachable', { from });
    assert.equal(closed.code, 408);
    assert.equal(closed.origin, 'network');
    const said = worker.heard.slice(from).filter(({ method }) => method === 'session.closed');
    assert.equal(said.length, 1);
  }
});

test('a server that accepts and says nothing: a session is closed at once on request, even while dialling', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const took = [];
  // The machine may stall at one of them, but hardly at each.
  for (const _ of [1, 2, 3]) {
    const from = worker.heard.length;
    await worker.open('dialling', `ws://127.0.0.1:${server.address().port}/`);
    await assert.rejects(worker.open('dialling', null), { code: 'already_open' });
    const started = performance.now();
    await worker.request('session.close', { session: 'dialling', logout: true });
    took.push(performance.now() - started);
    const closed = worker.heard.slice(from).filter(({ method }) => method === 'session.closed');
    assert.deepEqual(
      closed.map(({ params }) => params.origin),
      ['local'],
    );
  }
  assert.ok(Math.min(...took) < 4_500);
  await new Promise((resolve) => server.close(resolve));
});

test('a request of more than 1 MiB comes by file, which is deleted', async () => {
  const creds = JSON.stringify({ filler: 'x'.repeat(1_200_000) });
  await assert.rejects(worker.open('large', 'ws://127.0.0.1:1/', { creds }), { code: 'bad_creds' });
  assert.deepEqual(worker.spooled(), []);
});

test('a host ends when its standard input ends, and its spool folder goes with it', async () => {
  const other = new WorkerSide();
  await other.until(() => other.heard.length > 0, 'a first line');
  other.child.stdin.end();
  assert.deepEqual(await other.exited, { code: 0, signal: null });
  assert.equal(existsSync(other.spool), false);
  await other.stop();
});

test('a host without a spool folder does not start', async () => {
  const { POMBO_HOST_SPOOL, ...env } = process.env;
  await assert.rejects(promisify(execFile)(process.execPath, [MAIN], { env }), /POMBO_HOST_SPOOL/);
});

/** A parent that starts a host and says its pid; a grandchild keeps the host's standard input open behind it. */
const PARENT = `
const { spawn } = require('node:child_process');
const host = spawn(process.execPath, process.argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
const keeper = spawn('sleep', ['30'], { stdio: [host.stdin, 'ignore', 'ignore'], detached: true });
host.stdout.once('data', () => process.stdout.write(host.pid + ' ' + keeper.pid));
`;

/** Blocks the main thread for good as soon as the first line has been written. */
const BLOCK = `
const write = process.stdout.write;
process.stdout.write = function (...args) {
  setTimeout(() => { for (;;); });
  return write.apply(this, args);
};
`;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a host whose parent was killed dies, also when its main thread is blocked', async () => {
  const spool = mkdtempSync(join(tmpdir(), 'pombo-host-'));
  const blocked = ['--import', `data:text/javascript,${encodeURIComponent(BLOCK)}`];
  for (const options of [[], blocked]) {
    const parent = spawn(process.execPath, ['-e', PARENT, '--', ...options, MAIN], {
      env: { ...process.env, POMBO_HOST_SPOOL: spool },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const said = await new Promise((resolve) => parent.stdout.once('data', resolve));
    const [host, keeper] = String(said).split(' ').map(Number);
    assert.ok(isAlive(host));
    parent.kill('SIGKILL');
    const deadline = performance.now() + 10_000;
    while (isAlive(host) && performance.now() < deadline) {
      await pause(20);
    }
    process.kill(keeper, 'SIGKILL');
    assert.equal(isAlive(host), false);
  }
  rmSync(spool, { recursive: true, force: true });
});
