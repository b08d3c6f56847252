import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SendBarrier } from '../barrier.js';
import { CredsSaver } from '../creds-saver.js';

/** A socket that notes what is written, and saves that end when the test says so. */
function gated() {
  const sent = [];
  const saves = [];
  const raw = new EventEmitter();
  raw.send = (frame, callback) => {
    sent.push(frame);
    callback?.();
  };
  const saver = new CredsSaver(() => new Promise((resolve, reject) => saves.push({ resolve, reject })));
  let allowed = true;
  new SendBarrier({ raw, saver, mayWrite: () => allowed });
  const forbid = () => {
    allowed = false;
  };
  return { raw, saver, sent, saves, forbid };
}

test('without a save under way a frame leaves at once', () => {
  const { raw, sent } = gated();
  raw.send('a');
  assert.deepEqual(sent, ['a']);
});

test('frames wait, in order, for the saves begun before them and for no later one', async () => {
  const { raw, saver, sent, saves } = gated();
  saver.begin();
  raw.send('a');
  saver.begin();
  saver.begin();
  raw.send('b');
  assert.deepEqual(sent, []);
  saves[0].resolve();
  await turn();
  assert.deepEqual(sent, ['a']);
  assert.equal(saves.length, 2, 'the two later changes are saved together');
  raw.send('c');
  saves[1].resolve();
  await turn();
  assert.deepEqual(sent, ['a', 'b', 'c']);
});

test('a save that fails lets nothing through, and a close tells the waiting senders', async () => {
  const { raw, saver, sent, saves } = gated();
  const outcomes = [];
  saver.begin();
  raw.send('a', (error) => outcomes.push(error?.message));
  const saved = saver.whenSaved(1);
  saves[0].reject(new Error('fenced'));
  assert.equal(await saved, false);
  raw.emit('close');
  assert.deepEqual(sent, []);
  assert.deepEqual(outcomes, ['the socket is closed']);
});

test('a frame of a session whose lease ran out is dropped', () => {
  const { raw, sent, forbid } = gated();
  const outcomes = [];
  forbid();
  raw.send('a', (error) => outcomes.push(error?.message));
  assert.deepEqual(sent, []);
  assert.deepEqual(outcomes, ['the socket is closed']);
});
