import { jidNormalizedUser } from 'baileys';
import { WireError } from './wire.js';

const TO_CONTACTS = new Set(['available', 'unavailable']);
const IN_A_CHAT = new Set(['composing', 'recording', 'paused']);

/**
 * Shows a presence. WhatsApp knows the last three of them inside a chat only; as none is named, they go to the
 * account's chat with itself.
 *
 * @param {import('baileys').WASocket} sock of an open session
 * @param {{id: string, name?: string}} me the account
 * @param {string} presence `available`, `unavailable`, `composing`, `recording` or `paused`
 * @returns {Promise<void>} settled once it was written to the socket
 * @throws {WireError} `bad_request`; `no_name` while WhatsApp has not told the account's name, without which it takes
 *   no presence; `not_open` when the socket is gone
 */
export async function showPresence(sock, me, presence) {
  if (!TO_CONTACTS.has(presence) && !IN_A_CHAT.has(presence)) {
    throw new WireError('bad_request', 'a presence is available, unavailable, composing, recording or paused');
  }
  if (TO_CONTACTS.has(presence) && !me.name) {
    throw new WireError('no_name', 'WhatsApp has not told the name of the account yet');
  }
  try {
    await sock.sendPresenceUpdate(presence, IN_A_CHAT.has(presence) ? jidNormalizedUser(me.id) : undefined);
  } catch {
    throw new WireError('not_open', 'the connection went away');
  }
}

/** Whether one connection shows the account online all along. Baileys says so once, and only if it knows the name. */
export class AlwaysOnline {
  #isTaken = false; // whether WhatsApp takes a presence: the session is open, and the name known

  /**
   * @param {{sock: import('baileys').WASocket, creds: import('baileys').AuthenticationCreds, always: boolean}} options
   *   `always` as the socket was made with
   */
  constructor({ sock, creds, always }) {
    Object.assign(this, { sock, creds, always, dialled: always });
  }

  /** @param {boolean} always from now on, at any stage of the connection */
  set(always) {
    this.always = always;
    if (this.#isTaken) {
      this.#tell();
    }
  }

  /** The session is logged in, and Baileys has told what the socket was made with. */
  opened() {
    this.#isTaken = Boolean(this.creds.me?.name);
    if (this.#isTaken && this.always !== this.dialled) {
      this.#tell();
    }
  }

  /** An open session may have got its name: until then WhatsApp takes no presence, so that of the connect was lost. */
  named() {
    if (!this.#isTaken && this.creds.me?.name) {
      this.#isTaken = true;
      this.#tell();
    }
  }

  #tell() {
    // Should it fail, the connection is over, and the next one is made with what holds then.
    void this.sock.sendPresenceUpdate(this.always ? 'available' : 'unavailable').catch(() => undefined);
  }
}
