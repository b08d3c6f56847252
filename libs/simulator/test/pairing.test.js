import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Companion } from './support/client.js';
import { link, logIn, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650001';

test('a companion pairs by QR code, is restarted with 515 and opens', async (context) => {
  const { url, control } = await sandbox(context);
  const companion = new Companion();
  const showing = new Client(url, companion);
  const qr = await showing.untilQr();
  const { device } = await control.scan(NUMBER, qr);
  assert.equal(device, `${NUMBER}:1@s.whatsapp.net`);
  assert.equal((await showing.untilClosed()).code, 515);
  assert.ok(showing.updates.some(({ isNewLogin }) => isNewLogin));
  assert.equal(companion.creds.me.id, device);
  assert.equal(companion.creds.me.name, 'Phone 0001');
  const client = await logIn(url, companion);
  const row = await control.device(NUMBER);
  const { presence, version, ...counts } = row;
  assert.deepEqual(counts, {
    number: NUMBER,
    device: 1,
    jid: device,
    live: 1,
    maxLive: 1,
    logins: 1,
    tries: 1,
    queued: 0,
  });
  assert.match(version, /^2\.3000\.\d+$/);
  assert.ok(presence === null || presence === 'available');
  await client.end();
});

test('a QR code that was used is refused, by any phone', async (context) => {
  const { url, control } = await sandbox(context);
  const companion = new Companion();
  const showing = new Client(url, companion);
  const qr = await showing.untilQr();
  const scans = await Promise.all(
    [NUMBER, '5511987650002'].map((number) => control.request('POST', '/phones/scan', { number, qr })),
  );
  assert.deepEqual(scans.map(({ status }) => status).sort(), [200, 410]);
  await showing.untilClosed();
  const late = await control.request('POST', '/phones/scan', { number: NUMBER, qr });
  assert.equal(late.status, 410);
  assert.equal(late.body.code, 'qr_expired');
  assert.equal((await control.get('/devices')).length, 1);
});

test('refs rotate, a replaced one is refused, the next one works, and the last one ends with 408', async (context) => {
  const { url, control } = await sandbox(context, { qrRefs: 3, qrFirstMs: 400, qrNextMs: 400 });
  const client = new Client(url, new Companion(), { qrTimeout: 400 });
  await client.until(() => client.qrs.length === 2, 'a second QR code');
  const replaced = await control.request('POST', '/phones/scan', { number: NUMBER, qr: client.qrs[0] });
  assert.equal(replaced.status, 410);
  const { code, message } = await client.untilClosed();
  assert.equal(code, 408);
  assert.match(message, /QR refs attempts ended/);
  assert.equal(new Set(client.qrs).size, 3);
  const gone = await control.request('POST', '/phones/scan', { number: NUMBER, qr: client.qrs[2] });
  assert.equal(gone.status, 410);
  // One that is good for longer, so that a phone that is slow still finds it.
  const patient = await sandbox(context, { qrRefs: 50, qrFirstMs: 400, qrNextMs: 60_000 });
  const second = new Client(patient.url, new Companion(), { qrTimeout: 400 });
  await second.until(() => second.qrs.length === 2, 'a second QR code');
  await patient.control.scan(NUMBER, second.qrs[1]);
  assert.equal((await second.untilClosed()).code, 515);
});

test('a QR text with a strange key or an unknown ref is refused and does not burn the real one', async (context) => {
  const { url, control } = await sandbox(context);
  const showing = new Client(url, new Companion());
  const qr = await showing.untilQr();
  const parts = qr.split(',');
  const forged = [parts[0], Buffer.alloc(32).toString('base64'), ...parts.slice(2)].join(',');
  for (const wrong of [forged, 'nonsense', qr.replace('#2@', '#2@x')]) {
    const { status } = await control.request('POST', '/phones/scan', { number: NUMBER, qr: wrong });
    assert.equal(status, 410);
  }
  await control.scan(NUMBER, qr);
  assert.equal((await showing.untilClosed()).code, 515);
});

test('a companion that does not take the pairing is not linked', async (context) => {
  const { url, control } = await sandbox(context);
  const companion = new Companion();
  const showing = new Client(url, companion);
  const qr = await showing.untilQr();
  const wrongSecret = qr.split(',');
  wrongSecret[3] = Buffer.alloc(32).toString('base64');
  const { status, body } = await control.request('POST', '/phones/scan', { number: NUMBER, qr: wrongSecret.join(',') });
  assert.equal(status, 409);
  assert.equal(body.code, 'not_answered');
  assert.deepEqual(await control.get('/devices'), []);
});

test('companions of one number get numbers 1, 2, … and many pair at once', async (context) => {
  const { url, control } = await sandbox(context);
  const clients = await Promise.all(Array.from({ length: 2 }, (_, i) => link(url, control, `55119876510${10 + i}`)));
  const second = await link(url, control, '5511987651010');
  assert.equal(second.socket.user.id, '5511987651010:2@s.whatsapp.net');
  assert.equal((await control.get('/devices')).length, 3);
  await Promise.all([...clients, second].map((client) => client.end()));
});
