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
  await link('main', NUMBER, () => assert.rejects(show('available'), { code: 'not_open' }));
  await worker.open('main', phones.url);
  await worker.hear('session.open', 'main');
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

async function link(session, number, meanwhile = async () => undefined) {
  await worker.open(session, phones.url);
  const { qr } = await worker.hear('session.qr', session);
  await meanwhile();
  await phones.scan(number, qr);
  await worker.hear('session.closed', session);
}

/** The account's owner writes on the phone, under a new name; settled once all that follows from it is written. */
async function rename(session, number, name) {
  await phones.text(number, CONTACT, 'oi', name);
  await worker.hear('session.message', session);
  await worker.request('message.send', { session, ...letter('3EB0AFTERWARDS') });
  await phones.received(CONTACT, '3EB0AFTERWARDS');
  assert.ok(worker.store(session).creds.includes(name));
}

function letter(id) {
  const to = { jid: `${CONTACT}@s.whatsapp.net`, phones: [CONTACT] };
  return { id, to, content: { text: 'oi' }, mentions: [], mentionsEveryOne: false, quoted: null };
}

function stay(always, session) {
  return worker.request('session.alwaysOnline', { session, always });
}

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

test('whoever is no longer always online stays so, whatever the connection learns of the account', async () => {
  const number = '5511500000002';
  await link('online', number);
  await worker.open('online', phones.url, { alwaysOnline: true });
  await phones.until(number, (device) => device.presence === 'available');
  assert.deepEqual(await stay(false, 'online'), {});
  await phones.until(number, (device) => device.presence === 'unavailable');
  await rename('online', number, 'ANOTHERNAME');
  assert.equal((await phones.device(number)).presence, 'unavailable');
  await stay(true, 'online');
  await phones.until(number, (device) => device.presence === 'available');
});

test('the name of the account is told when it is new', async () => {
  const from = worker.heard.length;
  await phones.text(NUMBER, CONTACT, 'oi', 'NEWNAME');
  assert.deepEqual(await worker.hear('session.named', 'main', { from }), { session: 'main', name: 'NEWNAME' });
  // Whatever else changes in the credentials says nothing of it.
  const later = worker.heard.length;
  await phones.text(NUMBER, CONTACT, 'oi', 'NEWNAME');
  await worker.hear('session.message', 'main', { from: later });
  await phones.text(NUMBER, CONTACT, 'oi', 'NEWERNAME');
  const next = await worker.hear('session.named', 'main', { from: later });
  assert.equal(next.name, 'NEWERNAME');
});

test('a wish from before the session is open holds once it is', async () => {
  const number = '5511500000003';
  await link('early', number);
  await worker.open('early', phones.url, { alwaysOnline: false });
  await stay(true, 'early');
  await phones.until(number, (device) => device.presence === 'available');
  await assert.rejects(stay(true, 'nobody'), { code: 'not_open' });
});
