import assert from 'node:assert/strict';
import asyncHooks, { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { addTransactionCapability } from 'baileys';
import { shareAsyncStorage } from '../async-contexts.js';

const Original = AsyncLocalStorage;
shareAsyncStorage('20.0.0');

test('storages keep apart what they hold, over waits and within one another', async () => {
  const [one, other] = [new AsyncLocalStorage(), new AsyncLocalStorage()];
  const seen = () => [one.getStore(), other.getStore()];
  const both = one.run('a', () =>
    other.run('b', async () => {
      await delay(1);
      const inside = one.run('c', () => seen());
      return [inside, seen(), one.exit(() => seen())];
    }),
  );
  const alone = other.run('d', async () => {
    await null;
    return seen();
  });
  assert.deepEqual(await both, [
    ['c', 'b'],
    ['a', 'b'],
    [undefined, 'b'],
  ]);
  assert.deepEqual(await alone, [undefined, 'd']);
  assert.deepEqual(seen(), [undefined, undefined]);
});

test('a storage that is entered or disabled is so in its own context alone', async () => {
  const storage = new AsyncLocalStorage();
  const entered = async () => {
    await null;
    storage.enterWith('here');
    await null;
    const held = storage.getStore();
    storage.disable();
    return [held, storage.getStore()];
  };
  assert.deepEqual(await storage.run('outer', () => Promise.all([entered(), storage.getStore()])), [
    ['here', undefined],
    'outer',
  ]);
});

test('a promise costs the same however many sockets have used their storage', async (context) => {
  const keys = { get: async () => ({}), set: async () => undefined };
  const logger = { trace: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 1 };
  const stores = Array.from({ length: 20 }, () => addTransactionCapability(keys, logger, options));
  await Promise.all(stores.map((store) => store.transaction(async () => undefined, 'key')));
  // Node's own, which asks each storage that was used for its part of a new promise; Node 24 has no such thing.
  const asked = Original.prototype._propagate && context.mock.method(Original.prototype, '_propagate');
  await Promise.resolve();
  const promises = 2;
  assert.ok((asked?.mock.callCount() ?? 0) <= 2 * promises, `${asked?.mock.callCount()} storages were asked`);
});

test('a Node whose storages cost nothing keeps its own', () => {
  const before = asyncHooks.AsyncLocalStorage;
  shareAsyncStorage('24.0.0');
  assert.equal(asyncHooks.AsyncLocalStorage, before);
});
