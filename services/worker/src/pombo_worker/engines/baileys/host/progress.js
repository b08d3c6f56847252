import { classify } from './closing.js';

/** Follows one connection from its dialling to its end, and has the worker told. */
export class Progress {
  #isOpen = false;

  /**
   * @param {{sock: import('baileys').WASocket, saver: import('./creds-saver.js').CredsSaver,
   *   announce: import('./announcements.js').Announcements, pairingCode: import('./pairing-code.js').PairingCode,
   *   probe: import('./probe.js').Probe, online: import('./presence.js').AlwaysOnline,
   *   onClosed: (reason: import('./ending.js').Reason) => void}}
   *   options `onClosed` hears why Baileys' connection is over
   */
  constructor({ sock, saver, announce, pairingCode, probe, online, onClosed }) {
    Object.assign(this, { sock, saver, announce, pairingCode, probe, online, onClosed });
    sock.ev.on('creds.update', () => this.#credsUpdate());
    sock.ev.on('connection.update', (update) => this.#connectionUpdate(update));
  }

  /** @returns {boolean} whether the session is logged in */
  get isOpen() {
    return this.#isOpen;
  }

  /** Nothing more will come. */
  stop() {
    this.#isOpen = false;
    this.probe.stop();
    this.pairingCode.end();
  }

  #credsUpdate() {
    this.saver.begin();
    if (this.#isOpen) {
      this.online.named();
      this.announce.named();
    }
  }

  #connectionUpdate({ connection, qr, isNewLogin, receivedPendingNotifications, lastDisconnect }) {
    if (receivedPendingNotifications) {
      // On a device's first logins Baileys would hold back what came while it was away, for up to 20 s, in the hope
      // of a history to merge it with.
      this.sock.ev.flush();
    }
    if (connection === 'close') {
      this.onClosed(classify(lastDisconnect?.error));
    } else if (connection === 'open') {
      this.#isOpen = true;
      this.online.opened();
      this.probe.start();
      this.announce.open();
    } else if (connection === 'connecting') {
      this.announce.connecting();
    } else if (qr) {
      this.announce.qr(qr);
      this.pairingCode.ready();
    } else if (isNewLogin) {
      this.pairingCode.end();
      void this.#paired();
    }
  }

  async #paired() {
    if (await this.saver.whenSaved(this.saver.begun)) {
      this.announce.paired();
    }
  }
}
