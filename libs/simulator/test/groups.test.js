import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, link, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650080';
const [ANA, RUI] = ['5511912340081', '5511912340082'];

for (const addressing of ['pn', 'lid']) {
  test(`a group is told of, named and changed, and its messages are read by all (${addressing})`, async (context) => {
    const { url, control } = await sandbox(context);
    const client = await link(url, control, NUMBER);
    const [made, changes] = [client.heard('groups.upsert'), client.heard('group-participants.update')];
    const { id } = await control.post('/groups', {
      owner: ANA,
      subject: 'Obra',
      participants: [NUMBER, RUI],
      addressing,
    });
    await eventually(async () => made.length === 1, 'the group');
    assert.deepEqual([made[0].id, made[0].subject, made[0].participants.length], [id, 'Obra', 3]);
    await control.post(`/groups/${id}`, { action: 'promote', participants: [RUI] });
    await eventually(async () => changes.length === 1, 'the promotion');
    assert.equal(changes[0].action, 'promote');

    for (const text of ['with the key', 'without it']) {
      await control.post('/contacts/message', { from: ANA, to: id, text });
    }
    await control.post('/contacts/message', { from: RUI, to: id, text: 'another sender' });
    await eventually(async () => client.texts.length === 3, 'the texts');
    assert.deepEqual(client.texts.sort(), ['another sender', 'with the key', 'without it']);
    const first = client.messages.find(({ message }) => message?.conversation === 'with the key');
    assert.equal(first.key.remoteJid, id);
    assert.match(first.key.participant, addressing === 'lid' ? /@lid$/ : /@s\.whatsapp\.net$/);
    await eventually(async () => (await control.device(NUMBER)).queued === 0, 'the receipts');

    const metadata = await client.socket.groupMetadata(id);
    assert.equal(metadata.participants.length, 3);
    assert.deepEqual(Object.keys(await client.socket.groupFetchAllParticipating()), [id]);
    const sent = [];
    for (const text of ['to all', 'and again']) {
      sent.push((await client.socket.sendMessage(id, { text })).key.id);
    }
    for (const number of [ANA, RUI]) {
      const inbox = await eventually(async () => {
        const all = (await control.get(`/contacts/${number}/inbox`)).filter((entry) => entry.from === NUMBER);
        return all.length === 2 && all;
      }, 'the texts at a contact');
      assert.deepEqual(
        inbox.map((entry) => [entry.id, entry.group, entry.text]),
        [
          [sent[0], id, 'to all'],
          [sent[1], id, 'and again'],
        ],
      );
    }
    await client.end();
  });
}
