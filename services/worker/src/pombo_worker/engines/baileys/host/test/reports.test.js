import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEventBuffer } from 'baileys';
import pino from 'pino';
import { overhear, Reports } from '../reports.js';

test('what the library merges while it buffers is heard apart, in its order', () => {
  const ev = makeEventBuffer(pino({ level: 'silent' }));
  const [heard, merged] = [[], []];
  overhear(ev, (event, data) => heard.push([event, structuredClone(data)]));
  ev.on('messages.upsert', ({ messages }) => merged.push(...messages));
  const key = { remoteJid: '5511800000001@s.whatsapp.net', fromMe: true, id: 'ONE' };
  ev.buffer();
  ev.emit('messages.upsert', { messages: [{ key, message: { conversation: 'frist' } }], type: 'append' });
  ev.emit('messages.update', [{ key, update: { status: 3 } }]);
  ev.emit('messages.update', [{ key, update: { message: { editedMessage: {} } } }]);
  ev.flush();
  ev.destroy();
  // The library itself gives one message, with the status of the receipt and the content of the edit.
  assert.deepEqual(merged, [{ key, message: { editedMessage: {} }, status: 3 }]);
  assert.deepEqual(
    heard.map(([event]) => event),
    ['messages.upsert', 'messages.update', 'messages.update'],
  );
  assert.deepEqual(heard[0][1].messages, [{ key, message: { conversation: 'frist' } }]);

  const told = [];
  const reports = new Reports((params) => told.push(params));
  for (const [event, data] of heard.slice(1)) {
    reports.hear(event, data);
  }
  assert.deepEqual(told, [{ kind: 'messages.update', data: [{ key, status: 3 }] }]);
});
