import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from '../deadlines.js';

/** A clock that the test moves; `tick` is called as the timer would. */
function clocked() {
  const clock = { now: 0 };
  const expired = [];
  const deadlines = new Deadlines({
    onExpired: (session) => {
      expired.push(session);
      deadlines.forget(session);
    },
    now: () => clock.now,
  });
  const pass = (ms) => {
    for (let left = ms; left > 0; left -= 100) {
      clock.now += 100;
      deadlines.tick();
    }
  };
  return { clock, deadlines, expired, pass };
}

test('only the session whose lease ran out expires, and renewal keeps a session', () => {
  const { deadlines, expired, pass } = clocked();
  deadlines.set('a', 1_000);
  deadlines.set('b', 1_000);
  pass(800);
  deadlines.renew('b', 1_000);
  pass(300);
  assert.deepEqual(expired, ['a']);
  pass(1_000);
  assert.deepEqual(expired, ['a', 'b']);
});

test('a passed deadline cannot be revived by a renewal that lay in the pipe', () => {
  const { clock, deadlines, expired } = clocked();
  deadlines.set('a', 10_000);
  clock.now = 20_000;
  assert.equal(deadlines.expired('a'), true);
  deadlines.renew('a', 10_000);
  assert.deepEqual(expired, ['a']);
});

test('a renewal read after a stop counts from before the stop', () => {
  const { clock, deadlines, pass } = clocked();
  deadlines.set('a', 10_000);
  pass(1_000);
  clock.now += 8_000;
  deadlines.tick();
  deadlines.renew('a', 10_000);
  clock.now += 2_500;
  assert.equal(deadlines.expired('a'), true);
});

test('a renewal for an unknown session makes no deadline', () => {
  const { deadlines, expired, pass } = clocked();
  deadlines.renew('nobody', 100);
  pass(1_000);
  assert.deepEqual(expired, []);
  assert.equal(deadlines.expired('nobody'), false);
});
