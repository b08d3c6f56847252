import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511900000001';
const CONTACT = '5511900000009';
const PROBE_MS = 2_000;
let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide();
  await open();
  const { qr } = await worker.hear('session.qr', 'main');
  await phones.scan(NUMBER, qr);
  await worker.hear('session.closed', 'main');
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

function open(options = {}) {
  return worker.open('main', phones.url, { probeMs: PROBE_MS, ...options });
}

async function opened(options) {
  const from = worker.heard.length;
  await open(options);
  await worker.hear('session.open', 'main', { from });
  return from;
}

test('a socket that answers pings and nothing else is closed as deaf, one that answers stays', async () => {
  const from = await opened();
  await phones.text(CONTACT, NUMBER, 'oi');
  await worker.hear('session.message', 'main', { from });
  // For as long as it takes to find a deaf one, questions are answered.
  const later = performance.now() + 4 * PROBE_MS;
  await phones.until(NUMBER, ({ live }) => live === 1 && performance.now() > later);
  assert.ok(!worker.heard.slice(from).some(({ method }) => method === 'session.closed'));
  await phones.fault(NUMBER, { kind: 'deaf' });
  const closed = await worker.hear('session.closed', 'main', { from });
  assert.deepEqual([closed.code, closed.origin], [408, 'deaf']);
});
