import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511500000001';
const CONTACT = '5511500000009';
let phones;
let worker;
let sent = 0;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide();
  await worker.open('main', phones.url);
  await phones.scan(NUMBER, (await worker.hear('session.qr', 'main')).qr);
  await worker.hear('session.closed', 'main');
  await worker.open('main', phones.url);
  await worker.hear('session.open', 'main');
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

function send(text) {
  sent += 1;
  const to = { jid: `${CONTACT}@s.whatsapp.net`, phones: [CONTACT] };
  return worker.request('message.send', { session: 'main', id: `3EB0${sent}`, to, content: { text } });
}

function stores(kind) {
  const all = worker.heard.filter(({ method }) => method === 'keys.set').map(({ params }) => params.entries);
  return all.filter((entries) => entries.some(([type]) => type === kind));
}

test('a privacy token is issued once, not with every message', async () => {
  await send('one');
  await worker.until(() => stores('tctoken').length > 0, 'the note of the token');
  const [, contact, text] = stores('tctoken')[0].find(([, id]) => id !== '__index');
  assert.ok(JSON.parse(text).senderTimestamp > 0);
  const { token } = JSON.parse(worker.store('main').keys.get('tctoken/__index'));
  assert.deepEqual(JSON.parse(Buffer.from(token.data, 'base64')), [contact]);
  await send('two');
  // Its receipt comes after the answer to a token, had it issued one.
  await worker.hear('session.report', 'main', { where: ({ data }) => data[0]?.key?.id === '3EB02' });
  assert.equal(stores('tctoken').length, 1);
});

test('a message is answered when it has left, before what its encryption changed is stored', async () => {
  let release;
  const stored = new Promise((resolve) => {
    release = resolve;
  });
  worker.gate = ({ method }) => (method === 'keys.set' ? stored : undefined);
  const before = stores('session').length;
  const first = await send('three');
  assert.equal(first.message.message.extendedTextMessage.text, 'three');
  assert.equal((await phones.received(CONTACT, first.message.key.id)).text, 'three');
  assert.equal(stores('session').length, before + 1);
  // The next one is encrypted with what is being stored.
  let isAnswered = false;
  const next = send('four').then(() => {
    isAnswered = true;
  });
  await worker.request('host.ping', {});
  assert.equal(isAnswered, false);
  release();
  await next;
});
