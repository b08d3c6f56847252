import { initAuthCreds } from 'baileys';

const REST_MS = 100;

/**
 * Credentials for the next device that is to be linked, made while nobody waits for them: the first ones of a process
 * take longer than all else between the asking for a QR code and its showing.
 */
export class FreshCreds {
  #next = initAuthCreds();

  /** @returns {import('baileys').AuthenticationCreds} that nobody else gets */
  take() {
    const creds = this.#next ?? initAuthCreds();
    if (this.#next) {
      this.#next = undefined;
      setTimeout(() => {
        this.#next = initAuthCreds();
      }, REST_MS).unref();
    }
    return creds;
  }
}
