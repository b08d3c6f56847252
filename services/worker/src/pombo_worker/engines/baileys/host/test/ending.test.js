import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { Ending } from '../ending.js';

const LOGOUT = { code: 401, message: 'Intentional Logout', origin: 'local' };
const REMOVED = { code: 401, message: 'Stream Errored (conflict)', origin: 'server' };
const LOST = { code: 428, message: 'Connection Closed', origin: 'network' };

/** An Ending whose socket asks `answer` what becomes of its query. */
function ending(answer) {
  const raw = new EventEmitter();
  raw.terminate = () => queueMicrotask(() => raw.emit('close'));
  const asked = [];
  const told = [];
  const sock = {
    authState: { creds: { me: { id: '5511999990000:3@s.whatsapp.net' } } },
    ev: { flush: () => undefined },
    query: (node, timeoutMs) => {
      asked.push({ node, timeoutMs });
      return answer();
    },
    // As Baileys does once its connection is over.
    end: () => made.closed(LOST),
  };
  const saver = { begun: 0, whenSaved: async () => true };
  const made = new Ending({ sock, raw, saver, onFinish: () => undefined, onOver: (reason) => told.push(reason) });
  return { made, asked, told };
}

test('a device is unlinked when the server answers that it is', async () => {
  const { made, asked, told } = ending(async () => ({ tag: 'iq', attrs: { type: 'result' } }));
  await made.logout(LOGOUT);
  await made.over;
  assert.equal(made.unlinked, true);
  assert.deepEqual(told, [LOGOUT]);
  assert.equal(asked[0].timeoutMs, 3_000);
  assert.deepEqual(asked[0].node.content[0].attrs, {
    jid: '5511999990000:3@s.whatsapp.net',
    reason: 'user_initiated',
  });
});

test('a device is unlinked when the server closes its connection for that instead of an answer', async () => {
  let lose;
  const { made } = ending(
    () =>
      new Promise((_, reject) => {
        lose = reject;
      }),
  );
  const logout = made.logout(LOGOUT);
  made.closed(REMOVED);
  lose(new Error('Connection Closed'));
  await logout;
  await made.over;
  assert.equal(made.unlinked, true);
});

for (const [what, answer] of [
  ['no answer', async () => undefined],
  ['a refusal, or a connection that is gone', () => Promise.reject(new Error('no'))],
]) {
  test(`${what} leaves the device linked`, async () => {
    const { made, told } = ending(answer);
    await made.logout(LOGOUT);
    await made.over;
    assert.equal(made.unlinked, false);
    assert.deepEqual(told, [LOGOUT]);
  });
}

test('a removal that nobody asked for is no logout', async () => {
  const { made, told } = ending(async () => undefined);
  made.closed(REMOVED);
  await made.over;
  assert.equal(made.unlinked, false);
  assert.deepEqual(told, [REMOVED]);
});
