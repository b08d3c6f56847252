import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Companion } from './support/client.js';
import { eventually, logIn, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650080';
const OTHER = '5511987650081';

/** A companion that shows a QR code and has been given a pairing code. */
async function showing(url, number, custom = undefined) {
  const client = new Client(url, new Companion());
  const qr = await client.untilQr();
  const code = await client.socket.requestPairingCode(number, custom);
  return { client, qr, code };
}

async function refused(answer, status, code) {
  const { status: got, body } = await answer;
  assert.deepEqual([got, body.code], [status, code]);
}

test('a companion pairs by code, is restarted with 515 and opens; the code works once', async (context) => {
  const { url, control } = await sandbox(context);
  const { client, code } = await showing(url, NUMBER);
  const answers = await Promise.all([control.type(NUMBER, code), control.type(NUMBER, code)]);
  const [first, second] = answers.sort((one, other) => one.status - other.status);
  assert.deepEqual(first, { status: 200, body: { device: `${NUMBER}:1@s.whatsapp.net` } });
  assert.deepEqual([second.status, second.body.code], [410, 'code_unknown']);
  assert.equal((await client.untilClosed()).code, 515);
  assert.ok(client.updates.some(({ isNewLogin }) => isNewLogin));
  const { creds } = client.companion;
  assert.equal(creds.registered, true);
  assert.equal(creds.me.id, first.body.device);
  await refused(control.type(NUMBER, code), 410, 'code_unknown');
  await (await logIn(url, client.companion)).end();
  assert.equal((await control.get('/devices')).length, 1);
});

test('case and dash do not matter, the number does', async (context) => {
  const { url, control } = await sandbox(context);
  const { client, code } = await showing(url, NUMBER, 'PMB1WXYZ');
  assert.equal(code, 'PMB1WXYZ');
  await refused(control.type(OTHER, code), 410, 'code_unknown');
  assert.equal((await control.type(NUMBER, 'pmb1-wxyz')).status, 200);
  assert.equal((await client.untilClosed()).code, 515);
});

test('a wrong code links nothing and leaves the right one good', async (context) => {
  const { url, control } = await sandbox(context);
  const { client, code } = await showing(url, NUMBER);
  for (const wrong of ['AAAAAAAA', code.slice(1), `${code}1`]) {
    await refused(control.type(NUMBER, wrong), 410, 'code_unknown');
  }
  assert.deepEqual(await control.get('/devices'), []);
  assert.equal((await control.type(NUMBER, code)).status, 200);
  assert.equal((await client.untilClosed()).code, 515);
});

test('a socket that is gone takes its code with it, a newer code replaces the one before', async (context) => {
  const { url, control } = await sandbox(context);
  const gone = await showing(url, NUMBER);
  await gone.client.end();
  await eventually(async () => (await control.type(NUMBER, gone.code)).status === 410, 'the end of the code');
  const { client, code } = await showing(url, NUMBER);
  const newer = await client.socket.requestPairingCode(OTHER);
  await refused(control.type(NUMBER, code), 410, 'code_unknown');
  assert.equal((await control.type(OTHER, newer)).body.device, `${OTHER}:1@s.whatsapp.net`);
  assert.equal((await client.untilClosed()).code, 515);
});

test('the QR code of a socket with a pairing code works too, and ends the other', async (context) => {
  const { url, control } = await sandbox(context);
  const { client, qr, code } = await showing(url, NUMBER);
  await control.scan(NUMBER, qr);
  assert.equal((await client.untilClosed()).code, 515);
  await refused(control.type(NUMBER, code), 410, 'code_unknown');
  await (await logIn(url, client.companion)).end();
});

test('a companion that hangs or leaves while its code is typed is not linked', async (context) => {
  const { url, control } = await sandbox(context);
  const { client, code } = await showing(url, NUMBER);
  // It hears what its phone says and goes away instead of answering.
  client.socket.ws.on('frame', ({ tag }) => tag === 'notification' && client.socket.ws.socket.terminate());
  await refused(control.type(NUMBER, code), 409, 'not_answered');
  assert.deepEqual(await control.get('/devices'), []);
});

test('a request for a code can be refused, once', async (context) => {
  const { url, control } = await sandbox(context);
  const client = new Client(url, new Companion());
  const qr = await client.untilQr();
  await control.post('/pairings/fault', { qr, kind: 'refuse-code', code: 429 });
  const answers = [];
  client.socket.ws.on(
    'frame',
    ({ tag, attrs, content }) => tag === 'iq' && answers.push([attrs.type, content?.[0].tag]),
  );
  const code = await client.socket.requestPairingCode(NUMBER);
  await refused(control.type(NUMBER, code), 410, 'code_unknown');
  const again = await client.socket.requestPairingCode(NUMBER);
  assert.equal((await control.type(NUMBER, again)).status, 200);
  assert.deepEqual(answers.slice(0, 2), [
    ['error', 'error'],
    ['result', 'link_code_companion_reg'],
  ]);
});
