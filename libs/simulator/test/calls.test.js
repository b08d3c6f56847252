import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, link, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650090';
const CONTACT = '5511912340090';

test('a call rings at every device, and ends everywhere when one of them rejects it', async (context) => {
  const { url, control } = await sandbox(context);
  const [one, other] = [await link(url, control, NUMBER), await link(url, control, NUMBER)];
  const { id } = await control.call(CONTACT, NUMBER, { isVideo: true });
  for (const client of [one, other]) {
    const offer = await client.until(() => client.calls[0], 'an offer');
    const { date, ...said } = offer;
    assert.ok(Math.abs(Date.now() - date) < 60_000);
    assert.deepEqual(said, {
      chatId: `${CONTACT}@s.whatsapp.net`,
      from: `${CONTACT}@s.whatsapp.net`,
      callerPn: `${CONTACT}@s.whatsapp.net`,
      id,
      offline: false,
      status: 'offer',
      isVideo: true,
      isGroup: false,
      groupJid: undefined,
    });
  }
  assert.deepEqual(await control.get(`/calls/${id}`), { id, from: CONTACT, to: NUMBER, state: 'ringing' });
  await one.socket.rejectCall(id, one.calls[0].from);
  assert.equal((await control.get(`/calls/${id}`)).state, 'rejected');
  await other.until(() => other.calls.some(({ status }) => status === 'terminate'), 'the end of the call');
  assert.equal(one.calls.length, 1);
  await Promise.all([one.end(), other.end()]);
});

test('a caller gives up: timeout, and a rejection that comes later changes nothing', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const { id } = await control.call(CONTACT, NUMBER, { timeoutMs: 1, addressing: 'lid' });
  const [offer, end] = await client.until(() => client.calls.length === 2 && client.calls, 'two tidings');
  assert.deepEqual([offer.status, offer.isVideo, end.status, end.id], ['offer', false, 'timeout', id]);
  assert.match(offer.from, /@lid$/);
  await client.socket.rejectCall(id, offer.from);
  assert.equal((await control.get(`/calls/${id}`)).state, 'timeout');
  await client.end();
});

test('nobody rejects the call of another account', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const { id } = await control.call(NUMBER, CONTACT);
  await client.socket.rejectCall(id, `${CONTACT}@s.whatsapp.net`);
  assert.equal((await control.get(`/calls/${id}`)).state, 'ringing');
  for (const [path, body] of [
    ['/contacts/call', { from: CONTACT, to: 'x' }],
    ['/contacts/call', { from: CONTACT, to: NUMBER, isVideo: 'yes' }],
    ['/contacts/call', { from: CONTACT, to: NUMBER, timeoutMs: 0 }],
  ]) {
    assert.equal((await control.request('POST', path, body)).status, 400);
  }
  assert.equal((await control.request('GET', '/calls/nothing')).body.code, 'call_unknown');
  await client.end();
});

test('the presence a device shows is the last it sent', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER, { markOnlineOnConnect: false });
  const shows = (presence) =>
    eventually(async () => (await control.device(NUMBER)).presence === presence, `the device to be ${presence}`);
  await shows('unavailable');
  await client.socket.sendPresenceUpdate('available');
  await shows('available');
  await client.socket.sendPresenceUpdate('composing', `${CONTACT}@s.whatsapp.net`);
  await client.socket.sendPresenceUpdate('unavailable');
  await shows('unavailable');
  await client.end();
});
