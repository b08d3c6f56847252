import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEADLINE_MS } from './support/client.js';
import { Control, eventually, link, logIn, makeFolder } from './support/sandbox.js';

const NUMBER = '5511987650040';
const CONTACT = '5511912340050';
const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** Starts the program as its users do. */
async function start(context, data, key, flags = []) {
  const child = spawn(process.execPath, [MAIN, '--data', data, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, POMBO_SANDBOX_KEY: key },
  });
  context.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { ready, port, url } = JSON.parse(line);
  assert.deepEqual({ ready, url }, { ready: true, url: `ws://127.0.0.1:${port}/ws/chat` });
  return { child, url, control: new Control(port, key) };
}

async function end(child, signal) {
  const gone = once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
  child.kill(signal);
  return gone;
}

test('devices, keys, sessions, queues and inboxes survive kill -9', async (context) => {
  const data = join(await makeFolder(context), 'state');
  let { child, url, control } = await start(context, data, 'secret');
  const client = await link(url, control, NUMBER);
  await control.text(CONTACT, NUMBER, 'before');
  await client.until(() => client.texts.includes('before'), 'a text');
  await client.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'answer' });
  await eventually(async () => (await control.get(`/contacts/${CONTACT}/inbox`)).length === 1, 'the answer');
  await client.end();
  await eventually(async () => (await control.device(NUMBER)).live === 0, 'the end');
  await control.text(CONTACT, NUMBER, 'waiting');
  await end(child, 'SIGKILL');
  ({ child, url, control } = await start(context, data, 'secret'));
  assert.equal((await control.device(NUMBER)).queued, 1);
  const again = await logIn(url, client.companion);
  await again.until(() => again.texts.includes('waiting'), 'the text that waited');
  await again.socket.sendMessage(`${CONTACT}@s.whatsapp.net`, { text: 'second answer' });
  const inbox = await eventually(async () => {
    const texts = await control.get(`/contacts/${CONTACT}/inbox`);
    return texts.length === 2 && texts;
  }, 'the second answer');
  assert.deepEqual(
    inbox.map(({ text }) => text),
    ['answer', 'second answer'],
  );
  await control.text(CONTACT, NUMBER, 'after');
  await again.until(() => again.texts.includes('after'), 'a text on the same session');
  await again.end();
  assert.deepEqual(await end(child, 'SIGTERM'), [0, null]);
});

test('a second simulator on the same state does not start', async (context) => {
  const data = join(await makeFolder(context), 'state');
  const { child } = await start(context, data, '');
  const second = spawn(process.execPath, [MAIN, '--data', data], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line] = await once(createInterface({ input: second.stderr }), 'line');
  assert.match(line, /did not start/);
  await end(child, 'SIGINT');
});

test('with --lifeline it ends when its standard input does', async (context) => {
  const data = join(await makeFolder(context), 'state');
  const { child } = await start(context, data, '', ['--lifeline']);
  const gone = once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
  child.stdin.end();
  assert.deepEqual(await gone, [0, null]);
});
