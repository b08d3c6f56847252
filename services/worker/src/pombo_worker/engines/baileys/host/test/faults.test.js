import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511700000001';
let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide({ POMBO_LOG_BAILEYS: 'trace', POMBO_LOG_HOST: 'trace' });
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

/** Links the device once; later calls log in again with what is stored. */
async function online() {
  if (worker.store('main').creds === null) {
    await worker.open('main', phones.url);
    const { qr } = await worker.hear('session.qr', 'main');
    await phones.scan(NUMBER, qr);
    await worker.hear('session.closed', 'main');
  }
  const from = worker.heard.length;
  await worker.open('main', phones.url);
  await worker.hear('session.open', 'main', { from });
  return worker.heard.length;
}

const CLOSES = [
  { fault: { kind: 'restart' }, code: 515, origin: 'server' },
  { fault: { kind: 'replaced' }, code: 440, origin: 'server' },
  { fault: { kind: 'stream-error', code: 503 }, code: 503, origin: 'server' },
  { fault: { kind: 'drop' }, code: 428, origin: 'network' },
  { fault: { kind: 'end' }, code: 428, origin: 'server' },
  { fault: { kind: 'garbage' }, code: null, origin: 'garbage' },
];

for (const { fault, code, origin } of CLOSES) {
  test(`the server does "${fault.kind}": one close, code ${code}, origin ${origin}`, async () => {
    const from = await online();
    await phones.fault(NUMBER, fault);
    const closed = await worker.hear('session.closed', 'main', { from });
    assert.deepEqual([closed.code, closed.origin], [code, origin]);
    await worker.request('session.close', { session: 'main', logout: false });
    const closes = worker.heard.slice(from).filter(({ method }) => method === 'session.closed');
    assert.equal(closes.length, 1);
  });
}

test('a refused login closes with the number of the refusal', async () => {
  const from = await online();
  await worker.request('session.close', { session: 'main', logout: false });
  await phones.fault(NUMBER, { kind: 'failure', code: 403 });
  const again = worker.heard.length;
  assert.ok(again > from);
  await worker.open('main', phones.url);
  const closed = await worker.hear('session.closed', 'main', { from: again });
  assert.deepEqual([closed.code, closed.origin], [403, 'server']);
});

test('a garbage frame for one of ten sessions leaves nine as they were', async () => {
  const names = Array.from({ length: 10 }, (_, index) => `qr${index}`);
  await Promise.all(names.map((name) => worker.open(name, phones.url)));
  const codes = await Promise.all(names.map((name) => worker.hear('session.qr', name)));
  const from = worker.heard.length;
  await phones.pairingFault(codes[3].qr, { kind: 'garbage' });
  const closed = await worker.hear('session.closed', 'qr3', { from });
  assert.equal(closed.origin, 'garbage');
  // The others still pair: the phone scans one, the rest closes on request.
  await phones.scan('5511700000002', codes[4].qr);
  await worker.hear('session.paired', 'qr4', { from });
  for (const name of names.filter((each) => each !== 'qr3' && each !== 'qr4')) {
    const before = worker.heard.length;
    await worker.request('session.close', { session: name, logout: false });
    assert.equal((await worker.hear('session.closed', name, { from: before })).origin, 'local');
  }
});

test('at the most talkative level the log holds no number, no QR text, no key', async () => {
  const from = await online();
  await phones.text('5511800000009', NUMBER, 'segredo de estado', 'Beatriz');
  await worker.hear('session.message', 'main', { from });
  const creds = JSON.parse(worker.store('main').creds);
  const { qr } = worker.heard.find(({ method }) => method === 'session.qr').params;
  const secrets = [
    creds.noiseKey.private.data,
    creds.signedIdentityKey.private.data,
    creds.advSecretKey,
    ...qr.split(',').slice(1, 4),
    NUMBER,
    '5511800000009',
    'segredo',
  ];
  assert.ok(worker.stderr.length > 1_000, 'something was logged');
  for (const secret of secrets) {
    assert.equal(worker.stderr.includes(secret), false);
    assert.equal(worker.stderr.includes(Buffer.from(String(secret), 'base64').toString('hex')), false);
  }
  assert.doesNotMatch(worker.stderr, /_chains|ephemeralKeyPair|rootKey|privKey|-----BEGIN/);
  for (const line of worker.stdout.trim().split('\n')) {
    assert.doesNotThrow(() => JSON.parse(line), 'standard output holds the protocol only');
  }
});
