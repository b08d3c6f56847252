import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client } from './support/client.js';
import { eventually, link, logIn, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650010';
const CONTACT = '5511912340020';

test('a text from a contact is decrypted, with the name and the address of its sender', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const { id } = await control.post('/contacts/message', { from: CONTACT, to: NUMBER, text: 'olá', pushName: 'Ana' });
  const message = await client.until(() => client.messages[0], 'a message');
  assert.equal(message.upsert, 'notify');
  assert.equal(message.pushName, 'Ana');
  assert.equal(message.message.conversation, 'olá');
  assert.equal(message.key.id, id);
  assert.equal(message.key.remoteJid, `${CONTACT}@s.whatsapp.net`);
  assert.match(message.key.remoteJidAlt, /^\d{15}@lid$/);
  await eventually(async () => (await control.device(NUMBER)).queued === 0, 'the receipt');
  await client.end();
});

test('a contact can show itself by LID', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  await control.post('/contacts/message', { from: CONTACT, to: NUMBER, text: 'first' });
  await control.post('/contacts/message', { from: CONTACT, to: NUMBER, text: 'second', addressing: 'lid' });
  await client.until(() => client.texts.length === 2, 'two texts');
  const [first, second] = client.messages;
  assert.equal(second.key.remoteJid, first.key.remoteJidAlt);
  assert.equal(second.key.remoteJidAlt, first.key.remoteJid);
  await client.socket.sendMessage(second.key.remoteJid, { text: 'by lid' });
  await eventually(async () => (await control.get(`/contacts/${CONTACT}/inbox`)).length === 1, 'the answer');
  await client.end();
});

test('texts to a contact are decrypted by it, in order, and it sends receipts', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  assert.deepEqual(await client.socket.onWhatsApp(CONTACT), [{ jid: `${CONTACT}@s.whatsapp.net`, exists: true }]);
  const sent = [];
  for (const text of ['one', 'two', 'three']) {
    sent.push((await client.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text })).key.id);
  }
  const received = await eventually(async () => {
    const inbox = await control.get(`/contacts/${CONTACT}/inbox`);
    return inbox.length === 3 && inbox;
  }, 'three texts');
  assert.deepEqual(
    received.map(({ id, from, text }) => [id, from, text]),
    [
      [sent[0], NUMBER, 'one'],
      [sent[1], NUMBER, 'two'],
      [sent[2], NUMBER, 'three'],
    ],
  );
  assert.ok(received.every(({ at }) => !Number.isNaN(Date.parse(at))));
  const delivered = (id) => client.statuses.some((update) => update.id === id && update.status === 3);
  await client.until(() => sent.every(delivered), 'delivery receipts');
  await client.end();
});

test('fifty texts sent while offline come in order, once, before the end of the offline marker', async (context) => {
  const { url, control } = await sandbox(context);
  const first = await link(url, control, NUMBER);
  await first.end();
  await eventually(async () => (await control.device(NUMBER)).live === 0, 'the device to be offline');
  const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
  for (const text of texts) {
    await control.text(CONTACT, NUMBER, text);
  }
  assert.equal((await control.device(NUMBER)).queued, 50);
  const client = await logIn(url, first.companion);
  await client.until(() => client.texts.length >= 50, 'fifty texts');
  assert.deepEqual(client.texts, texts);
  assert.ok(client.messages.every(({ upsert }) => upsert === 'append'));
  await client.until(() => client.updates.some((update) => update.receivedPendingNotifications), 'the marker');
  await eventually(async () => (await control.device(NUMBER)).queued === 0, 'all receipts');
  await client.end();
  const again = await logIn(url, first.companion);
  await again.until(() => again.updates.some((update) => update.receivedPendingNotifications), 'the marker');
  assert.deepEqual(again.texts, []);
  await again.end();
});

test('what a killed device did not confirm comes again in order, and nothing else', async (context) => {
  const { url, control } = await sandbox(context);
  const first = await link(url, control, NUMBER);
  await first.end();
  const texts = Array.from({ length: 50 }, (_, i) => `burst ${i}`);
  for (const text of texts) {
    await control.text(CONTACT, NUMBER, text);
  }
  const before = first.companion.copy();
  first.companion.hangAfter(20);
  const cut = new Client(url, first.companion);
  await eventually(async () => (await control.device(NUMBER)).queued < 50, 'the first receipts');
  await control.fault(NUMBER, 'drop');
  await cut.untilClosed();
  const { queued } = await control.device(NUMBER);
  assert.ok(queued >= 29 && queued < 50, `${queued} left`);
  const client = await logIn(url, before);
  await client.until(() => client.texts.length >= queued, 'the rest');
  await eventually(async () => (await control.device(NUMBER)).queued === 0, 'all receipts');
  assert.deepEqual(client.texts, texts.slice(50 - queued));
  await client.end();
});

test('a device that lost its sessions asks again and gets the text encrypted afresh', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  await control.text(CONTACT, NUMBER, 'before');
  await client.until(() => client.texts.includes('before'), 'the first text');
  await client.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'settles the session' });
  await eventually(async () => (await control.get(`/contacts/${CONTACT}/inbox`)).length === 1, 'the answer');
  await client.end();
  client.companion.loseSessions();
  await control.text(CONTACT, NUMBER, 'after');
  const again = await logIn(url, client.companion);
  await again.until(() => again.texts.includes('after'), 'the text that could not be decrypted at first');
  await eventually(async () => (await control.device(NUMBER)).queued === 0, 'its receipt');
  await again.end();
});

test('two accounts write to each other, and a second companion sees what the first sent', async (context) => {
  const { url, control } = await sandbox(context);
  const [one, two] = await Promise.all([link(url, control, NUMBER), link(url, control, CONTACT)]);
  const mirror = await link(url, control, NUMBER);
  await one.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'between companions' });
  await two.until(() => two.texts.includes('between companions'), 'the text at the other account');
  const copy = await mirror.until(() => mirror.messages.find(({ message }) => message), 'the copy');
  assert.equal(copy.key.fromMe, true);
  assert.equal(copy.key.remoteJid, `${CONTACT}@s.whatsapp.net`);
  await two.socket.sendMessage(`${NUMBER}@s.whatsapp.net`, { text: 'back' });
  await one.until(() => one.texts.includes('back'), 'the answer');
  await mirror.until(() => mirror.texts.includes('back'), 'the answer at the second companion');
  await Promise.all([one, two, mirror].map((client) => client.end()));
});
