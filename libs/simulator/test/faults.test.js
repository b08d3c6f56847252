import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client, Companion } from './support/client.js';
import { eventually, link, logIn, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650030';

/** Kind of fault, its fields, and the close code Baileys makes of it. */
const STREAM_FAULTS = [
  ['restart', {}, 515],
  ['replaced', {}, 440],
  ['stream-error', { code: 503 }, 503],
  ['stream-error', { code: 500 }, 500],
  ['end', {}, 428],
  ['drop', {}, 428],
];

test('each fault on a live socket closes it with its code, and the device may log in again', async (context) => {
  const { url, control } = await sandbox(context);
  let client = await link(url, control, NUMBER);
  const { companion } = client;
  for (const [kind, fields, code] of STREAM_FAULTS) {
    assert.deepEqual(await control.fault(NUMBER, kind, fields), { sockets: 1 });
    assert.equal((await client.untilClosed()).code, code, kind);
    assert.equal((await control.device(NUMBER)).live, 0, kind);
    client = await logIn(url, companion);
  }
  const { logins, maxLive } = await control.device(NUMBER);
  assert.deepEqual({ logins, maxLive }, { logins: STREAM_FAULTS.length + 1, maxLive: 1 });
  await client.end();
});

test('a refused login closes with the reason given, as often as was asked', async (context) => {
  const { url, control } = await sandbox(context);
  const { companion, ...first } = await link(url, control, NUMBER);
  await first.socket.end(undefined);
  for (const code of [401, 403, 405, 503]) {
    await control.fault(NUMBER, 'failure', { code, times: 1 });
    assert.equal((await new Client(url, companion).untilClosed()).code, code);
  }
  await control.fault(NUMBER, 'failure', { code: 503, times: 2 });
  for (const _ of [1, 2]) {
    assert.equal((await new Client(url, companion).untilClosed()).code, 503);
  }
  await (await logIn(url, companion)).end();
});

test('an unlinked device gets 401 at once and at its next login', async (context) => {
  const { url, control } = await sandbox(context);
  for (const unlink of [
    () => control.post('/phones/unlink', { number: NUMBER }),
    () => control.fault(NUMBER, 'removed'),
  ]) {
    const client = await link(url, control, NUMBER);
    await unlink();
    assert.equal((await client.untilClosed()).code, 401);
    assert.equal((await new Client(url, client.companion).untilClosed()).code, 401);
    assert.deepEqual(await control.get('/devices'), []);
  }
});

test('a logout of the companion unlinks it', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  await client.socket.logout();
  assert.equal((await client.untilClosed()).code, 401);
  await eventually(async () => (await control.get('/devices')).length === 0, 'the unlinking');
  assert.equal((await new Client(url, client.companion).untilClosed()).code, 401);
});

test('a second login of the same device replaces the first, and both are counted', async (context) => {
  const { url, control } = await sandbox(context);
  const first = await link(url, control, NUMBER);
  const second = await logIn(url, first.companion.copy());
  assert.equal((await first.untilClosed()).code, 440);
  const { live, maxLive, logins } = await control.device(NUMBER);
  assert.deepEqual({ live, maxLive, logins }, { live: 1, maxLive: 2, logins: 2 });
  await second.end();
  await eventually(async () => (await control.device(NUMBER)).live === 0, 'the end');
});

test('a silent server is noticed by the client: 408, connection lost', async (context) => {
  const { url, control } = await sandbox(context);
  const { companion, ...first } = await link(url, control, NUMBER);
  await first.socket.end(undefined);
  const client = await logIn(url, companion, { keepAliveIntervalMs: 500 });
  await control.fault(NUMBER, 'silence');
  assert.equal((await control.device(NUMBER)).live, 1);
  const { code, message } = await client.untilClosed();
  assert.equal(code, 408);
  assert.match(message, /lost/);
  await eventually(async () => (await control.device(NUMBER)).live === 0, 'the end');
});

test('garbage is an unhandled rejection in the client, which ends a process that is not ready for it', async () => {
  const program = fileURLToPath(new URL('./programs/garbage.js', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = [text(child.stdout), text(child.stderr)];
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
  assert.equal(await output, 'linked\n');
  assert.match(await errors, /unable to authenticate data/);
});

test('faults reach the unpaired socket that shows a QR code', async (context) => {
  const { url, control } = await sandbox(context);
  for (const [kind, fields, code] of [...STREAM_FAULTS, ['failure', { code: 405 }, 405]]) {
    const client = new Client(url, new Companion());
    await control.post('/pairings/fault', { qr: await client.untilQr(), kind, ...fields });
    assert.equal((await client.untilClosed()).code, code, kind);
  }
  const { status } = await control.request('POST', '/pairings/fault', { qr: 'nothing', kind: 'drop' });
  assert.equal(status, 410);
});

test('a server that takes nobody refuses upgrades, until it does again', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  await control.post('/server', { accept: false });
  // Baileys does not look at the refusal: it waits for its own time limit.
  const refused = new Client(url, client.companion.copy(), { connectTimeoutMs: 300 });
  assert.equal((await refused.untilClosed()).code, 408);
  assert.ok(client.isOpen);
  await control.post('/server', { accept: true });
  await client.end();
  await (await logIn(url, client.companion)).end();
});
