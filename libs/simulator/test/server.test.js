import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Curve } from 'baileys';
import { WebSocket } from 'ws';
import { verifySignature } from '../src/xeddsa.js';
import { Control, link, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650060';

test('the control API asks for its key and says what is wrong', async (context) => {
  const { port, control } = await sandbox(context, { key: 'secret' });
  assert.deepEqual(await control.get('/health'), { ok: true });
  for (const key of ['', 'wrong']) {
    const { status, body } = await new Control(port, key).request('GET', '/health');
    assert.deepEqual([status, body.code], [401, 'unauthorized']);
  }
  for (const [method, path, body, status, code] of [
    ['GET', '/nothing', undefined, 404, 'not_found'],
    ['GET', '/contacts/abc/inbox', undefined, 400, 'bad_number'],
    ['POST', '/phones/scan', { number: '0123', qr: 'x' }, 400, 'bad_number'],
    ['POST', '/phones/scan', { number: NUMBER }, 400, 'bad_request'],
    ['POST', '/phones/pair', { number: NUMBER }, 400, 'bad_request'],
    ['POST', '/phones/pair', { number: NUMBER, code: 'ABCDEFGH' }, 410, 'code_unknown'],
    ['POST', '/contacts/message', { from: NUMBER, to: NUMBER }, 400, 'bad_request'],
    ['POST', `/devices/${NUMBER}/fault`, { kind: 'earthquake' }, 400, 'bad_kind'],
    ['POST', `/devices/${NUMBER}/fault`, { kind: 'drop' }, 404, 'not_live'],
    ['POST', `/devices/${NUMBER}/fault`, { kind: 'failure' }, 400, 'bad_code'],
    ['POST', `/devices/${NUMBER}/fault`, { kind: 'failure', code: 503, times: 0 }, 400, 'bad_times'],
    ['POST', '/server', [], 400, 'bad_json'],
  ]) {
    const answer = await control.request(method, path, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], path);
  }
});

test('clients that send nonsense lose their socket, and nobody else does', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const frames = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.from('WA\x06\x03\x00\x00\x05hello', 'latin1'),
    Buffer.from('WA\x06\x03\x00\x00\x00', 'latin1'),
    Buffer.from('ED\x00\x01\x00\x00\x01xWA\x06\x03\x00\x00\x02\x12\x00', 'latin1'),
  ];
  for (const bytes of frames) {
    const ws = new WebSocket(url);
    await once(ws, 'open');
    const closed = once(ws, 'close');
    ws.send(bytes);
    await closed;
  }
  const stranger = new WebSocket(url.replace('/ws/chat', '/other'));
  const [error] = await once(stranger, 'error');
  assert.match(error.message, /404/);
  await control.text('5511912340070', NUMBER, 'still there');
  await client.until(() => client.texts.includes('still there'), 'a text');
  await client.end();
});

test('a malformed request of a logged-in client costs that client its socket', async (context) => {
  const { url, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const keys = { tag: 'registration', attrs: {}, content: Buffer.from([1]) };
  const attrs = { to: 's.whatsapp.net', type: 'set', xmlns: 'encrypt', id: 'malformed' };
  await client.socket.sendNode({ tag: 'iq', attrs, content: [keys] });
  assert.equal((await client.untilClosed()).code, 428);
  assert.deepEqual(await control.get('/health'), { ok: true });
});

test('signatures are checked, unlike by the library', () => {
  const { private: privateKey, public: publicKey } = Curve.generateKeyPair();
  const message = Buffer.from('a message');
  for (let round = 0; round < 20; round++) {
    const signature = Curve.sign(privateKey, message);
    assert.ok(verifySignature(publicKey, message, signature));
    const changed = Buffer.from(signature);
    changed[round] ^= 1;
    assert.ok(!verifySignature(publicKey, message, changed));
    assert.ok(!verifySignature(Curve.generateKeyPair().public, message, signature));
  }
  assert.ok(!verifySignature(publicKey, message, undefined));
});
