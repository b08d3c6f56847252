import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

let phones;
let worker;

before(async () => {
  phones = await Phones.start();
});

after(async () => {
  await worker?.stop();
  await phones.stop();
});

beforeEach(() => {
  worker ??= new WorkerSide();
});

afterEach(async () => {
  worker.gate = async () => undefined;
  if (worker.ended) {
    await worker.stop();
    worker = undefined;
  }
});

/** Links a device: opens an empty session, lets the phone scan its QR, and waits for the restart that follows. */
async function pair(session, number) {
  await worker.open(session, phones.url);
  const { qr } = await worker.hear('session.qr', session);
  await phones.scan(number, qr);
  const closed = await worker.hear('session.closed', session);
  assert.equal(closed.code, 515);
}

/** Pairs, and logs in again with what was saved. */
async function linked(session, number) {
  await pair(session, number);
  const from = worker.heard.length;
  await worker.open(session, phones.url);
  return worker.hear('session.open', session, { from });
}

/** A gate that holds the requests it is told to, until `release` (with an error, or with nothing). */
function holdWhen(matches) {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const held = [];
  worker.gate = async (request) => {
    if (!matches(request)) {
      return undefined;
    }
    held.push(request);
    return released;
  };
  return { held, release };
}

test('pairing: the phone gets its answer only after the credentials are stored', async () => {
  const { held, release } = holdWhen(({ method }) => method === 'creds.save');
  await worker.open('a1', phones.url);
  const { qr, expiresInMs } = await worker.hear('session.qr', 'a1');
  assert.equal(expiresInMs, 60_000);
  let scanned = false;
  const scan = phones.scan('5511900000001', qr).then((answer) => {
    scanned = true;
    return answer;
  });
  await worker.until(() => held.length === 1, 'a save of the credentials');
  // A ping of the control port and back leaves ample time for an answer that does not wait.
  for (let round = 0; round < 20; round += 1) {
    await phones.devices();
  }
  assert.equal(scanned, false);
  assert.equal(
    worker.heard.some(({ method }) => method === 'session.paired'),
    false,
  );
  release();
  const { device } = await scan;
  const { me, platform } = await worker.hear('session.paired', 'a1');
  assert.equal(me.id, device);
  assert.equal(typeof platform, 'string');
  assert.equal(JSON.parse(worker.store('a1').creds).me.id, device);
  const closed = await worker.hear('session.closed', 'a1');
  assert.equal(closed.code, 515);
  assert.equal(closed.origin, 'server');
});

test('a host killed before the credentials are stored leaves a phone without a linked device', async () => {
  const { held } = holdWhen(({ method }) => method === 'creds.save');
  await worker.open('a2', phones.url);
  const { qr } = await worker.hear('session.qr', 'a2');
  const scan = assert.rejects(phones.scan('5511900000002', qr), { status: 409 });
  await worker.until(() => held.length === 1, 'a save of the credentials');
  worker.child.kill('SIGKILL');
  await worker.exited;
  await scan;
  assert.equal(await phones.device('5511900000002'), undefined);
});

test('a session opens again with what was stored, and a text arrives journalled before its event', async () => {
  const { me } = await linked('a3', '5511900000003');
  assert.match(me.id, /^5511900000003:\d+@s\.whatsapp\.net$/);
  const from = worker.heard.length;
  const { id } = await phones.text('5511800000001', '5511900000003', 'bom dia', 'Ana');
  const { journal, upsert, message } = await worker.hear('session.message', 'a3', { from });
  assert.equal(upsert, 'notify');
  assert.equal(message.key.id, id);
  assert.equal(message.pushName, 'Ana');
  assert.equal(message.key.fromMe, false);
  assert.ok(Number.isInteger(message.messageTimestamp));
  assert.equal(journal, `${message.key.remoteJid}/${message.key.participant ?? ''}/${id}`);
  assert.deepEqual(worker.store('a3').journal.get(journal), message);
  const said = worker.heard.slice(from);
  const commit = said.findIndex(({ method, params }) => method === 'keys.set' && params.journal?.id === journal);
  assert.ok(commit >= 0 && commit < said.findIndex(({ method }) => method === 'session.message'));
  assert.ok(
    said[commit].params.entries.some(([type]) => type === 'session'),
    'the ratchet moves in the same request',
  );
  const commits = said.filter(({ method, params }) => method === 'keys.set' && params.journal);
  assert.equal(commits.length, 1);
  await phones.until('5511900000003', ({ queued }) => queued === 0);
});

test('no receipt leaves before the journal is stored; after a fence none ever does', async () => {
  await linked('a4', '5511900000004');
  const { held, release } = holdWhen(({ method, params }) => method === 'keys.set' && params.journal);
  const from = worker.heard.length;
  await phones.text('5511800000001', '5511900000004', 'espera');
  await worker.until(() => held.length === 1, 'a journal entry');
  for (let round = 0; round < 20; round += 1) {
    assert.equal((await phones.device('5511900000004')).queued, 1);
  }
  release({ code: 'fenced', message: 'epoch 7 is not the newest' });
  const closed = await worker.hear('session.closed', 'a4', { from });
  assert.equal(closed.origin, 'fenced');
  assert.equal(closed.code, null);
  await phones.until('5511900000004', ({ live }) => live === 0);
  assert.equal((await phones.device('5511900000004')).queued, 1);
  assert.equal(
    worker.heard.slice(from).some(({ method }) => method === 'session.message'),
    false,
  );
  // The ratchet did not move either: the next owner decrypts the message that is delivered again.
  worker.gate = async () => undefined;
  const again = worker.heard.length;
  await worker.open('a4', phones.url);
  const { message } = await worker.hear('session.message', 'a4', { from: again });
  assert.equal(message.message.conversation ?? message.message.extendedTextMessage?.text, 'espera');
});

test('a host killed after the commit and before the receipt: the message is with the worker, once', async () => {
  await linked('a5', '5511900000005');
  worker.gate = async ({ method, params }) => {
    if (method === 'keys.set' && params.journal) {
      setImmediate(() => worker.child.kill('SIGKILL'));
    }
  };
  const { id } = await phones.text('5511800000001', '5511900000005', 'fica');
  await worker.exited;
  const entries = [...worker.store('a5').journal.values()];
  assert.deepEqual(
    entries.map(({ key }) => key.id),
    [id],
  );
  // Delivered again it cannot be decrypted again: it leaves the queue, makes no event, and changes no entry.
  const heir = new WorkerSide();
  heir.stored = worker.stored;
  await heir.open('a5', phones.url);
  await phones.until('5511900000005', ({ queued }) => queued === 0);
  await phones.text('5511800000001', '5511900000005', 'segunda');
  const next = await heir.hear('session.message', 'a5');
  assert.equal(next.message.message.conversation ?? next.message.message.extendedTextMessage?.text, 'segunda');
  assert.equal(heir.store('a5').journal.size, 2);
  await heir.stop();
});

test('a store error that passes is tried again, and the message still arrives', async () => {
  await linked('a6', '5511900000006');
  let failures = 2;
  worker.gate = async ({ method }) => {
    if (method === 'keys.set' && failures > 0) {
      failures -= 1;
      return { code: 'unavailable', message: 'the store is away' };
    }
    return undefined;
  };
  const from = worker.heard.length;
  await phones.text('5511800000001', '5511900000006', 'depois');
  const { journal } = await worker.hear('session.message', 'a6', { from });
  assert.ok(worker.store('a6').journal.has(journal));
  assert.equal(failures, 0);
});

test('a lease that is not renewed closes its own session and no other', async () => {
  await linked('a7', '5511900000007');
  await linked('b7', '5511900000017');
  const from = worker.heard.length;
  worker.notify('lease.renew', { sessions: { a7: 300, b7: 60_000 } });
  const closed = await worker.hear('session.closed', 'a7', { from });
  assert.equal(closed.origin, 'lease');
  await phones.until('5511900000007', ({ live }) => live === 0);
  assert.equal((await phones.device('5511900000017')).live, 1);
  await phones.text('5511800000001', '5511900000017', 'ainda aqui');
  await worker.hear('session.message', 'b7', { from });
});

test('a worker that reads no more cannot keep a session beyond its lease', async () => {
  await linked('a13', '5511900000013');
  worker.lines.pause();
  // Each answer carries the id it was asked with, so these fill the pipe many times over.
  for (let count = 0; count < 20; count += 1) {
    worker.write({ id: `${count}-${'x'.repeat(500_000)}`, method: 'session.dance', params: {} });
  }
  worker.notify('lease.renew', { sessions: { a13: 1_000 } });
  await phones.until('5511900000013', ({ live }) => live === 0);
  worker.lines.resume();
  assert.equal((await worker.hear('session.closed', 'a13')).origin, 'server', 'that of the pairing');
  await worker.hear('session.closed', 'a13', { where: ({ origin }) => origin === 'lease' });
});

test('a host that was stopped past the lease closes the socket before it hears or says anything', async () => {
  await linked('a8', '5511900000008');
  const from = worker.heard.length;
  worker.notify('lease.renew', { sessions: { a8: 600 } });
  await worker.request('session.close', { session: 'nobody', logout: false });
  worker.child.kill('SIGSTOP');
  const stopped = performance.now();
  await phones.text('5511800000001', '5511900000008', 'no escuro');
  // A renewal that lies in the pipe is no renewal for a lease that has run out by the time it is read.
  worker.notify('lease.renew', { sessions: { a8: 60_000 } });
  while (performance.now() - stopped < 1_000) {
    await phones.devices();
  }
  worker.child.kill('SIGCONT');
  const closed = await worker.hear('session.closed', 'a8', { from });
  assert.equal(closed.origin, 'lease');
  assert.deepEqual(
    worker.heard.slice(from).filter(({ method, params }) => method === 'session.message' || params.journal),
    [],
  );
  assert.equal((await phones.device('5511900000008')).queued, 1);
});

test('logout: the server removes the device, and says so', async () => {
  const said = [];
  // The answer has 3 s, which a machine that stands still may use up once.
  for (const [session, number] of [
    ['a9', '5511900000009'],
    ['b9', '5511900000019'],
  ]) {
    await linked(session, number);
    const from = worker.heard.length;
    said.push(await worker.request('session.close', { session, logout: true }));
    const closed = await worker.hear('session.closed', session, { from });
    assert.deepEqual(closed, { session, code: 401, message: 'Intentional Logout', origin: 'local' });
    if (said.at(-1).unlinked) {
      await phones.gone(number);
      break;
    }
  }
  assert.deepEqual(said.at(-1), { unlinked: true });
});

test('logout on a connection that answers no more does not claim that the device is removed', async () => {
  await linked('a14', '5511900000014');
  await phones.fault('5511900000014', { kind: 'deaf' });
  assert.deepEqual(await worker.request('session.close', { session: 'a14', logout: true }), { unlinked: false });
  assert.ok(await phones.device('5511900000014'));
});

test('credentials of more than 1 MiB travel by file', async () => {
  await pair('a10', '5511900000010');
  const store = worker.store('a10');
  store.creds = JSON.stringify({ ...JSON.parse(store.creds), additionalData: 'x'.repeat(1_200_000) });
  const from = worker.heard.length;
  await worker.open('a10', phones.url);
  await worker.hear('session.open', 'a10', { from });
  await worker.until(() => worker.heard.slice(from).some(({ method }) => method === 'creds.save'), 'a save');
  assert.equal(JSON.parse(store.creds).additionalData.length, 1_200_000);
  await worker.until(() => worker.spooled().length === 0, 'the files of the saves to go');
});

test('a pairing code that was never entered does not spoil the next start', async () => {
  await pair('a11', '5511900000011');
  const { account, ...creds } = JSON.parse(worker.store('a11').creds);
  assert.ok(account);
  const from = worker.heard.length;
  await worker.open('a11', phones.url, { creds: JSON.stringify({ ...creds, pairingCode: 'ABCD1234' }) });
  await worker.hear('session.qr', 'a11', { from });
});

test('the lifetimes of QR codes follow qrTimeoutMs', async () => {
  await worker.open('a12', phones.url, { qrTimeoutMs: 150 });
  const first = await worker.hear('session.qr', 'a12');
  const next = await worker.hear('session.qr', 'a12', { where: ({ qr }) => qr !== first.qr });
  assert.deepEqual([first.expiresInMs, next.expiresInMs], [150, 150]);
  const closed = await worker.hear('session.closed', 'a12');
  assert.deepEqual([closed.code, closed.message, closed.origin], [408, 'QR refs attempts ended', 'server']);
});
