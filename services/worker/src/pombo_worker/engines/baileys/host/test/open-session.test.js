import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511500000001';
const CONTACT = '5511500000009';
let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide();
  await worker.open('main', phones.url);
  const { qr } = await worker.hear('session.qr', 'main');
  await assert.rejects(show('available'), { code: 'not_open' });
  await phones.scan(NUMBER, qr);
  await worker.hear('session.closed', 'main');
  await worker.open('main', phones.url);
  await worker.hear('session.open', 'main');
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

function show(presence, session = 'main') {
  return worker.request('session.presence', { session, presence });
}

test('a call is told from its offer to its end', async () => {
  const from = worker.heard.length;
  const { id } = await phones.ring(CONTACT, NUMBER, { isVideo: true, timeoutMs: 1 });
  const { call } = await worker.hear('session.call', 'main', { from });
  const { date, ...offer } = call;
  assert.equal(new Date(date).toISOString(), date);
  const jid = `${CONTACT}@s.whatsapp.net`;
  const always = { chatId: jid, from: jid, callerPn: jid, id, offline: false, isVideo: true, isGroup: false };
  assert.deepEqual(offer, { ...always, status: 'offer' });
  const end = await worker.hear('session.call', 'main', { from, where: (said) => said.call.status !== 'offer' });
  assert.deepEqual({ ...end.call, date }, { ...always, date, status: 'timeout' });
  // The missed call is no message.
  await phones.text(CONTACT, NUMBER, 'depois');
  const { message } = await worker.hear('session.message', 'main', { from });
  assert.equal(message.message.conversation, 'depois');
});

test('a presence reaches the server', async () => {
  for (const presence of ['available', 'unavailable', 'available']) {
    assert.deepEqual(await show(presence), {});
    await phones.until(NUMBER, (device) => device.presence === presence);
  }
  for (const presence of ['composing', 'recording', 'paused']) {
    assert.deepEqual(await show(presence), {});
  }
  assert.equal((await phones.device(NUMBER)).presence, 'available');
});

test('a presence that does not exist, or of a session that is not open, is refused', async () => {
  await assert.rejects(show('dancing'), { code: 'bad_request' });
  await assert.rejects(show('available', 'nobody'), { code: 'not_open' });
  await worker.open('closed', phones.url);
  const closing = worker.request('session.close', { session: 'closed', logout: false });
  await assert.rejects(show('available', 'closed'), { code: 'not_open' });
  await closing;
});
