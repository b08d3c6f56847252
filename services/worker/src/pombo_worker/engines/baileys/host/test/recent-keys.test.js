import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentKeys } from '../recent-keys.js';

test('what was read or stored is known, and what is missing as well', () => {
  const recent = new RecentKeys();
  recent.read(recent.moment, 'session', ['a', 'b'], { a: '1' });
  assert.deepEqual([recent.get('session', 'a'), recent.get('session', 'b')], ['1', null]);
  recent.begin([['session', 'b', '2']]);
  assert.equal(recent.get('session', 'b'), undefined);
  recent.stored(recent.moment, [['session', 'b', '2']]);
  assert.equal(recent.get('session', 'b'), '2');
  assert.equal(recent.get('tctoken', 'a'), undefined);
});

test('an answer that a write has overtaken is not kept, nor a write that another one has', () => {
  const recent = new RecentKeys();
  const asked = recent.moment;
  recent.begin([['session', 'a', '2']]);
  recent.read(asked, 'session', ['a'], { a: '1' });
  assert.equal(recent.get('session', 'a'), undefined);
  const first = recent.moment;
  recent.begin([['session', 'a', '3']]);
  recent.stored(first, [['session', 'a', '2']]);
  assert.equal(recent.get('session', 'a'), undefined);
});

test('few are remembered, and pre-keys are not', () => {
  const recent = new RecentKeys();
  for (let at = 0; at < 100; at += 1) {
    recent.read(recent.moment, 'session', [`${at}`], {});
  }
  assert.equal(recent.get('session', '0'), undefined);
  assert.equal(recent.get('session', '99'), null);
  recent.read(recent.moment, 'pre-key', ['1'], { 1: 'x' });
  assert.equal(recent.get('pre-key', '1'), undefined);
});
