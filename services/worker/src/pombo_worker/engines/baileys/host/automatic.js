import { WireError } from './wire.js';

/**
 * Rejects a call, and may tell the caller why.
 *
 * @param {import('baileys').WASocket} sock of an open session
 * @param {{callId: string, from: string, to?: string, text?: string | null}} call `from` as the offer named it; `to` is
 *   the chat that gets the text, when there is one
 * @returns {Promise<void>} settled once WhatsApp has taken both
 * @throws {WireError} `bad_request`, `not_open`
 */
export async function rejectCall(sock, { callId, from, to = from, text = null }) {
  if (typeof callId !== 'string' || typeof from !== 'string' || typeof to !== 'string') {
    throw new WireError('bad_request', 'a call id and its caller are needed');
  }
  await orNotOpen(async () => {
    await sock.rejectCall(callId, from);
    if (text) {
      await sock.sendMessage(to, { text });
    }
  });
}

/**
 * Says that messages were read.
 *
 * @param {import('baileys').WASocket} sock of an open session
 * @param {Array<{remoteJid: string, id: string, participant?: string}>} keys of received messages
 * @returns {Promise<void>} settled once it was written to the socket
 * @throws {WireError} `bad_request`, `not_open`
 */
export async function markRead(sock, keys) {
  if (!Array.isArray(keys) || !keys.every(({ remoteJid, id }) => remoteJid && id)) {
    throw new WireError('bad_request', 'the keys of messages are needed');
  }
  await orNotOpen(() => sock.readMessages(keys));
}

async function orNotOpen(act) {
  try {
    await act();
  } catch {
    throw new WireError('not_open', 'the connection went away, or WhatsApp refused');
  }
}
