import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, link, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650090';
const CONTACT = '5511912340090';

test('a contact changes a text and takes it back, confirms what it got, and is seen', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const [updates, presences] = [client.heard('messages.update'), client.heard('presence.update')];
  const { id } = await control.post('/contacts/message', { from: CONTACT, to: NUMBER, text: 'frist' });
  await eventually(async () => client.texts.includes('frist'), 'the text');

  await control.post('/contacts/edit', { from: CONTACT, to: NUMBER, id, text: 'first' });
  const edit = await eventually(async () => updates.find(({ update }) => update.message?.editedMessage), 'the edit');
  assert.equal(edit.key.id, id);
  assert.equal(edit.update.message.editedMessage.message.conversation, 'first');
  await control.post('/contacts/revoke', { from: CONTACT, to: NUMBER, id });
  const revoked = await eventually(async () => updates.find(({ update }) => update.message === null), 'the revoke');
  assert.equal(revoked.key.id, id);

  const sent = (await client.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'seen?' })).key.id;
  await eventually(async () => (await control.get(`/contacts/${CONTACT}/inbox`)).length === 1, 'its arrival');
  await control.post('/contacts/receipt', { from: CONTACT, to: NUMBER, ids: [sent], type: 'read' });
  await client.until(() => client.statuses.some(({ id, status }) => id === sent && status === 4), 'read');

  for (const [presence, lastKnownPresence] of [
    ['composing', 'composing'],
    ['recording', 'recording'],
    ['unavailable', 'unavailable'],
  ]) {
    await control.post('/contacts/presence', { from: CONTACT, to: NUMBER, presence, lastSeen: 1_700_000_000 });
    await eventually(async () => {
      const { presences: shown } = presences.at(-1) ?? {};
      return shown?.[`${CONTACT}@s.whatsapp.net`]?.lastKnownPresence === lastKnownPresence;
    }, presence);
  }
  await client.end();
});

test('what the phone remembers comes in chunks after linking, the older part only to who asks', async (context) => {
  const { url, port, control } = await sandbox(context);
  const chat = (number, name, text) => ({ with: number, name, messages: [{ text, at: 1_700_000_000 }] });
  await control.post('/phones/history', {
    number: NUMBER,
    recent: [chat(CONTACT, 'Ana', 'recent'), chat('5511912340091', 'Rui', 'also recent')],
    older: [chat('5511912340092', 'Eva', 'old')],
    chunks: 2,
  });
  for (const syncFullHistory of [false, true]) {
    // Baileys fetches history from https://; here it is the sandbox's own port that has it.
    const { fetch } = globalThis;
    globalThis.fetch = (address, options) =>
      fetch(String(address).replace(/^https:\/\/mmg\.whatsapp\.net/, `http://127.0.0.1:${port}`), options);
    context.after(() => {
      globalThis.fetch = fetch;
    });
    const client = await link(url, control, NUMBER, { syncFullHistory, shouldSyncHistoryMessage: () => true });
    const wanted = ['recent', 'also recent', ...(syncFullHistory ? ['old'] : [])];
    const texts = () => client.history.flatMap(({ messages }) => messages.map(({ message }) => message.conversation));
    await client.until(() => texts().length >= wanted.length, 'all that was said');
    assert.deepEqual(texts().sort(), wanted.sort());
    assert.deepEqual(client.history.at(-1).progress, 100);
    await client.end();
    globalThis.fetch = fetch;
  }
});
