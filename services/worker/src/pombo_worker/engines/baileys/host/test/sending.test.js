import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511500000001';
const CONTACT = '5511500000009';
const OTHER = '5511500000008';
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

function send(text, options = {}) {
  sent += 1;
  const to = { jid: `${CONTACT}@s.whatsapp.net`, phones: [CONTACT] };
  return worker.request('message.send', { session: 'main', id: `3EB0${sent}`, to, content: { text }, ...options });
}

/** What the contact sees of a message. */
async function seen(text, options) {
  const { message } = await send(text, options);
  return phones.received(CONTACT, message.key.id);
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

test('a quote names the message, its author and its text, also when its key is an id alone', async () => {
  const jid = `${CONTACT}@s.whatsapp.net`;
  const absent = { remoteJid: null, fromMe: false, participant: null };
  const quoted = (key, message = null) => ({ quoted: { key: { id: 'EARLIER', ...key }, message } });
  const alone = await seen('five', quoted(absent));
  assert.deepEqual(alone.quoted, { id: 'EARLIER', participant: jid });
  const whole = await seen('six', quoted({ ...absent, remoteJid: jid }, { conversation: 'earlier' }));
  assert.deepEqual(whole.quoted, { id: 'EARLIER', participant: jid, text: 'earlier' });
  const own = await seen('seven', quoted({ ...absent, fromMe: true }));
  assert.deepEqual(own.quoted, { id: 'EARLIER', participant: `${NUMBER}@s.whatsapp.net` });
});

test('a quoted content that is none is refused by its name, and nothing is sent', async () => {
  const key = { id: 'EARLIER', remoteJid: null, fromMe: false, participant: null };
  for (const message of [{ imageMessage: 'abc' }, { extendedTextMessage: 'x' }, { listMessage: { sections: 'x' } }]) {
    await assert.rejects(seen('none', { quoted: { key, message } }), {
      code: 'bad_request',
      message: /^quoted.message/,
    });
  }
});

test('a quote in a group names the member who wrote it, or nobody', async () => {
  const { id: group } = await phones.post('groups', { owner: CONTACT, subject: 'Obra', participants: [NUMBER, OTHER] });
  const to = { jid: group, phones: [] };
  const key = { id: 'EARLIER', remoteJid: null, fromMe: false };
  const participant = `${OTHER}@s.whatsapp.net`;
  const message = { conversation: 'earlier' };
  const known = await seen('eight', { to, quoted: { key: { ...key, participant }, message } });
  assert.deepEqual(known.quoted, { id: 'EARLIER', participant, text: 'earlier' });
  const unknown = await seen('nine', { to, quoted: { key: { ...key, participant: null }, message } });
  assert.deepEqual(unknown.quoted, { id: 'EARLIER', text: 'earlier' });
});
