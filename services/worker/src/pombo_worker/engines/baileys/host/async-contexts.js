import asyncHooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

const { AsyncLocalStorage } = asyncHooks;
/** The first Node in which a storage costs nothing where it is not used. */
const FREE_SINCE = 24;

/**
 * Has all storages of this process share one.
 *
 * Before Node 24 each `AsyncLocalStorage` that was ever used is asked for its part whenever a promise is made, until
 * the process ends. Baileys has one for each socket, so that every promise would cost the more the more sessions a
 * process carries, and ever more with each reconnect.
 *
 * @param {string} [version] Node's
 */
export function shareAsyncStorage(version = process.versions.node) {
  if (Number.parseInt(version, 10) < FREE_SINCE) {
    asyncHooks.AsyncLocalStorage = sharedBy(new AsyncLocalStorage());
    syncBuiltinESMExports();
  }
}

/**
 * @param {AsyncLocalStorage<Map<object, unknown>>} real holds what each of the others holds in a context
 * @returns {typeof AsyncLocalStorage}
 */
function sharedBy(real) {
  return class SharedStorage extends AsyncLocalStorage {
    getStore() {
      return real.getStore()?.get(this);
    }

    run(store, callback, ...args) {
      return real.run(this.#with(store), callback, ...args);
    }

    exit(callback, ...args) {
      return this.run(undefined, callback, ...args);
    }

    enterWith(store) {
      real.enterWith(this.#with(store));
    }

    disable() {
      this.enterWith(undefined);
    }

    #with(store) {
      return new Map(real.getStore()).set(this, store);
    }
  };
}
