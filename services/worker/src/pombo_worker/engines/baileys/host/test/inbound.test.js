import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

const NUMBER = '5511600000001';
const [ANA, RUI] = ['5511600000008', '5511600000009'];
const IMAGE = randomBytes(200_000);

let phones;
let worker;
let group;

async function open() {
  const from = worker.heard.length;
  await worker.open('main', phones.url);
  await worker.hear('session.open', 'main', { from });
}

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide();
  const messages = Array.from({ length: 600 }, (_, at) => ({ text: `past ${at}`, at: 1_700_000_000 + at }));
  const recent = [
    { with: ANA, name: 'Ana', messages },
    { with: RUI, name: 'Rui', messages: [{ text: 'oi', at: 1_700_000_000 }] },
  ];
  await phones.post('phones/history', { number: NUMBER, recent, chunks: 2 });
  await worker.open('main', phones.url);
  const { qr } = await worker.hear('session.qr', 'main');
  await phones.scan(NUMBER, qr);
  await worker.hear('session.closed', 'main');
  await open();
  group = (await phones.post('groups', { owner: ANA, subject: 'Obra', participants: [NUMBER, RUI] })).id;
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

function reported(kind, from = 0, where = () => true) {
  return worker.hear('session.report', 'main', { from, where: (said) => said.kind === kind && where(said.data) });
}

test('the history is told in parts, with its progress', async () => {
  const kind = 'messaging-history.set';
  await reported(kind, 0, ({ progress, messages }) => progress === 100 && messages?.[0].message.conversation === 'oi');
  const parts = worker.heard.filter(({ params }) => params.kind === kind).map(({ params }) => params.data);
  const told = parts.filter(({ messages }) => messages);
  assert.deepEqual(
    told.map(({ progress, messages }) => [progress, messages.length]),
    [
      [50, 500],
      [50, 100],
      [100, 1],
    ],
  );
  assert.deepEqual(told[0].chats, [{ id: `${ANA}@s.whatsapp.net`, name: 'Ana' }]);
  assert.equal(told[0].contacts[0].name, 'Ana');
});

test('a group and what becomes of it are told', async () => {
  const { data } = await reported('groups.upsert');
  assert.equal(data[0].id, group);
  assert.equal(data[0].participants.length, 3);
  await phones.post(`groups/${encodeURIComponent(group)}`, { action: 'promote', participants: [RUI], subject: 'Casa' });
  const change = await reported('group-participants.update');
  assert.equal(change.data.action, 'promote');
  assert.equal(change.data.participants[0].id, `${RUI}@s.whatsapp.net`);
  assert.equal((await reported('groups.update')).data[0].subject, 'Casa');
});

/** What people send, each after what it rests on. */
const KINDS = {
  'a text to a group, with its key': () => phones.text(ANA, group, 'com chave'),
  'a text to a group, without': () => phones.text(ANA, group, 'sem chave'),
  'an image': () => phones.media(ANA, NUMBER, { kind: 'image', mimetype: 'image/png', bytes: IMAGE }),
  'an image to a group': () => phones.media(ANA, group, { kind: 'image', mimetype: 'image/png', bytes: IMAGE }),
  'an edit': () => phones.post('contacts/edit', { from: ANA, to: NUMBER, id: 'EARLIER', text: 'novo' }),
  'a deletion': () => phones.post('contacts/revoke', { from: ANA, to: group, id: 'EARLIER' }),
};

for (const [name, send] of Object.entries(KINDS)) {
  test(`${name} is stored before its receipt leaves`, async () => {
    await phones.until(NUMBER, ({ queued }) => queued === 0);
    let release;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const held = [];
    worker.gate = async ({ method, params }) => {
      if (method === 'keys.set' && params.journal) {
        held.push(params.journal);
        await released;
      }
      return undefined;
    };
    const from = worker.heard.length;
    const { id } = await send();
    await worker.until(() => held.length === 1, 'the message in a commit');
    for (let round = 0; round < 5; round += 1) {
      assert.equal((await phones.device(NUMBER)).queued, 1);
    }
    release();
    worker.gate = async () => undefined;
    const { journal, message } = await worker.hear('session.message', 'main', { from });
    assert.equal(message.key.id, id);
    assert.equal(journal, held[0].id);
    assert.deepEqual(worker.store('main').journal.get(journal), message);
    await phones.until(NUMBER, ({ queued }) => queued === 0);
  });
}

test('a text that was changed and taken back meanwhile is told as it was, then its changes', async () => {
  await worker.request('session.close', { session: 'main', logout: false });
  const { id } = await phones.text(RUI, NUMBER, 'frist');
  await phones.post('contacts/edit', { from: RUI, to: NUMBER, id, text: 'first' });
  await phones.post('contacts/revoke', { from: RUI, to: NUMBER, id });
  const from = worker.heard.length;
  await open();
  const said = () => worker.heard.slice(from).filter(({ method }) => method === 'session.message');
  await worker.until(() => said().length === 3, 'three messages');
  const [text, edit, deletion] = said().map(({ params }) => params.message.message);
  assert.equal(text.conversation, 'frist');
  assert.equal(edit.protocolMessage.editedMessage.conversation, 'first');
  assert.deepEqual([deletion.protocolMessage.type, deletion.protocolMessage.key.id], [0, id]);
  const kinds = worker.heard.slice(from).map(({ params }) => params.kind);
  assert.equal(kinds.includes('messages.update'), false);
});

test('the first texts of somebody new come in their order', async () => {
  const texts = ['one', 'two', 'three', 'four'];
  for (const contact of ['5511600000021', '5511600000022', '5511600000023']) {
    const from = worker.heard.length;
    for (const text of texts) {
      await phones.text(contact, NUMBER, text);
    }
    const said = () => worker.heard.slice(from).filter(({ method }) => method === 'session.message');
    await worker.until(() => said().length === texts.length, 'the texts');
    assert.deepEqual(
      said().map(({ params }) => params.message.message.conversation),
      texts,
    );
  }
});

test('a text that was cut inside a character is told, and its edit', async () => {
  const cut = 'good day 😀'.slice(0, -1);
  const from = worker.heard.length;
  const { id } = await phones.text(ANA, NUMBER, cut);
  await phones.post('contacts/edit', { from: ANA, to: NUMBER, id, text: cut });
  const said = () => worker.heard.slice(from).filter(({ method }) => method === 'session.message');
  await worker.until(() => said().length === 2, 'both');
  const [text, edit] = said().map(({ params }) => params.message.message);
  assert.equal(text.conversation, 'good day \ufffd');
  assert.equal(edit.protocolMessage.editedMessage.conversation, 'good day \ufffd');
  assert.equal(worker.store('main').journal.get(said()[0].params.journal).message.conversation, 'good day \ufffd');
});

test('confirmations and presence are told, and a name when it is new', async () => {
  let from = worker.heard.length;
  await phones.post('contacts/receipt', { from: ANA, to: NUMBER, ids: ['SENT'], type: 'read' });
  const read = await reported('messages.update', from);
  assert.deepEqual([read.data[0].key.id, read.data[0].key.fromMe, read.data[0].status], ['SENT', true, 4]);
  await phones.post('contacts/receipt', { from: ANA, to: NUMBER, ids: ['SENT'], type: 'read', group });
  const { data } = await reported('message-receipt.update', from);
  assert.equal(data[0].receipt.userJid, `${ANA}@s.whatsapp.net`);
  await phones.post('contacts/presence', { from: ANA, to: NUMBER, presence: 'recording' });
  const jid = `${ANA}@s.whatsapp.net`;
  const presence = await reported('presence.update', from);
  assert.deepEqual(presence.data, { id: jid, presences: { [jid]: { lastKnownPresence: 'recording' } } });

  from = worker.heard.length;
  for (const name of ['Bia', 'Bia', 'Beatriz']) {
    await phones.text(ANA, NUMBER, `by ${name}`, name);
  }
  await worker.hear('session.message', 'main', { from, where: ({ message }) => message.pushName === 'Beatriz' });
  await reported('contacts.update', from, ([{ notify }]) => notify === 'Beatriz');
  const names = worker.heard.slice(from).filter(({ params }) => params.kind === 'contacts.update');
  assert.deepEqual(
    names.map(({ params }) => params.data[0].notify),
    ['Bia', 'Beatriz'],
  );
});

test('the file of a message is fetched and decrypted, not a larger one, nor with a wrong key', async () => {
  const from = worker.heard.length;
  await phones.media(ANA, NUMBER, { kind: 'image', mimetype: 'image/png', bytes: IMAGE });
  const { message } = await worker.hear('session.message', 'main', { from });
  const content = message.message.imageMessage;
  const ask = (changes) =>
    worker.request('session.media', {
      session: 'main',
      kind: 'imageMessage',
      content,
      mostBytes: IMAGE.length,
      timeoutMs: 10_000,
      ...changes,
    });
  assert.ok(Buffer.from((await ask({})).base64, 'base64').equals(IMAGE));
  await assert.rejects(ask({ mostBytes: IMAGE.length - 1 }), { code: 'media_failed' });
  await assert.rejects(ask({ content: { ...content, mediaKey: randomBytes(32).toString('base64') } }), {
    code: 'media_failed',
  });
  await assert.rejects(ask({ content: { ...content, directPath: '/v/gone' } }), { code: 'media_failed' });
  await assert.rejects(ask({ kind: 'conversation' }), { code: 'bad_request' });
  await assert.rejects(ask({ session: 'nobody' }), { code: 'not_open' });
});
