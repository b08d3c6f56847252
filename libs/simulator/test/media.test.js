import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { startSimulator } from '../src/simulator.js';
import { Control, eventually, link, logIn, makeFolder, sandbox } from './support/sandbox.js';

const NUMBER = '5511987650070';
const CONTACT = '5511912340070';

function nameOf(blob) {
  return createHash('sha256').update(blob).digest('base64url');
}

async function uploadAuth(client) {
  const { auth, hosts } = await client.socket.refreshMediaConn();
  return { auth, host: hosts[0].hostname };
}

test('media is uploaded where the companion is told to, with the auth it was given, under its own hash', async (context) => {
  const { url, port, control } = await sandbox(context);
  const client = await link(url, control, NUMBER);
  const { auth, host } = await uploadAuth(client);
  assert.equal(host, `127.0.0.1:${port}`);
  const blob = randomBytes(1_000);
  const post = (name, key) => fetch(`http://${host}/mms/image/${name}?auth=${key}`, { method: 'POST', body: blob });
  assert.equal((await post(nameOf(blob), 'wrong')).status, 401);
  assert.equal((await post(nameOf(randomBytes(1)), auth)).status, 400);
  const { direct_path: path } = await (await post(nameOf(blob), auth)).json();
  const kept = await fetch(`http://${host}${path}`);
  assert.ok(Buffer.from(await kept.arrayBuffer()).equals(blob));
  assert.equal((await fetch(`http://${host}/v/${nameOf(randomBytes(1))}`)).status, 404);
  await client.end();
});

test('a file that a contact sent to a device offline waits for it, blob and all, over a restart', async (context) => {
  const data = join(await makeFolder(context), 'state');
  const options = { data, log: () => undefined };
  const before = await startSimulator(options);
  const client = await link(before.url, new Control(before.port), NUMBER);
  await client.end();
  const bytes = randomBytes(100_000);
  const file = { kind: 'document', mimetype: 'application/pdf', fileName: 'nota.pdf', caption: 'a nota' };
  const letter = { from: CONTACT, to: NUMBER, ...file, base64: bytes.toString('base64') };
  const { id } = await new Control(before.port).post('/contacts/media', letter);
  await before.close();

  const after = await startSimulator(options);
  context.after(() => after.close());
  const control = new Control(after.port);
  const again = await logIn(after.url, client.companion);
  const message = await again.until(() => again.messages.find(({ key }) => key.id === id), 'the document');
  const { documentMessage } = message.message.documentWithCaptionMessage.message;
  assert.equal(documentMessage.fileName, 'nota.pdf');
  assert.equal(documentMessage.caption, 'a nota');
  const blob = await fetch(`http://127.0.0.1:${after.port}${documentMessage.directPath}`);
  assert.equal(
    nameOf(Buffer.from(await blob.arrayBuffer())),
    Buffer.from(documentMessage.fileEncSha256).toString('base64url'),
  );
  await eventually(async () => (await control.device(NUMBER)).queued === 0, 'the receipt');
  const [entry] = await control.get(`/contacts/${NUMBER}/inbox`);
  assert.equal(entry.media.sha256, createHash('sha256').update(bytes).digest('base64'));
  assert.equal('locked' in entry, false);
  const shown = await fetch(`http://127.0.0.1:${after.port}/control/contacts/${NUMBER}/media/${id}`);
  assert.equal(shown.headers.get('content-type'), 'application/pdf');
  assert.ok(Buffer.from(await shown.arrayBuffer()).equals(bytes));
  await again.end();
});

test('what is no file is refused', async (context) => {
  const { control } = await sandbox(context);
  const good = { from: CONTACT, to: NUMBER, kind: 'image', mimetype: 'image/png', base64: 'AAAA' };
  for (const wrong of [{ kind: 'hologram' }, { mimetype: '' }, { base64: '???' }, { caption: 5 }]) {
    const { status, body } = await control.request('POST', '/contacts/media', { ...good, ...wrong });
    assert.deepEqual([status, body.code], [400, 'bad_request'], JSON.stringify(wrong));
  }
  assert.equal((await control.request('GET', `/contacts/${NUMBER}/media/none`)).body.code, 'media_unknown');
});
