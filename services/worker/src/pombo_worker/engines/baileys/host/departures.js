import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Tells when a message has left, ahead of the storing of what its encryption changed.
 *
 * Baileys relays a message inside a transaction on the keys: it writes the frame, and commits when that is done. The
 * keys are therefore first stored, in the context of a relay, once its frame was handed to the network. Whoever waits
 * for the message need not wait for that commit as well; the next message of the session does, in Baileys.
 */
export class Departures {
  #relay = new AsyncLocalStorage();

  /**
   * @param {() => Promise<unknown>} relay has Baileys relay one message
   * @returns {Promise<void>} settled once the message has left; rejects when the relay fails before that
   */
  of(relay) {
    return new Promise((resolve, reject) => {
      this.#relay.run({ left: resolve, contact: undefined }, relay).then(() => resolve(), reject);
    });
  }

  /** Called by the key store when keys are about to be stored. */
  storing() {
    this.#relay.getStore()?.left();
  }

  /**
   * Called by the key store when a relay reads the privacy token of a contact.
   *
   * @param {string} contact
   */
  reading(contact) {
    const relay = this.#relay.getStore();
    if (relay) {
      relay.contact = contact;
    }
  }

  /** @returns {string | undefined} whose privacy token the relay read that this belongs to */
  get contact() {
    return this.#relay.getStore()?.contact;
  }
}
