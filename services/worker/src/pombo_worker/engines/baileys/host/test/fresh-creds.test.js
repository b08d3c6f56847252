import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FreshCreds } from '../fresh-creds.js';

const secret = (creds) => creds.noiseKey.private.toString('hex');

test('each device has credentials of its own, made ahead or not', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const fresh = new FreshCreds();
  const taken = [fresh.take(), fresh.take()];
  t.mock.timers.runAll();
  taken.push(fresh.take(), fresh.take());
  assert.equal(new Set(taken.map(secret)).size, 4);
  assert.ok(taken.every((creds) => creds.registered === false && !creds.me));
});
