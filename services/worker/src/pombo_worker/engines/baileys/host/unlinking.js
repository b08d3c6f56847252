import { S_WHATSAPP_NET } from 'baileys';

const ANSWER_MS = 3_000;

/**
 * Asks the server to remove this device from its account. Baileys' own logout waits for no answer, and takes a
 * connection that is gone unnoticed for one that carried it.
 *
 * @param {import('baileys').WASocket} sock
 * @returns {Promise<boolean>} whether the server said within 3 s that it did; it may also close the connection instead
 */
export async function removeDevice(sock) {
  const jid = sock.authState.creds.me?.id;
  if (!jid) {
    return false;
  }
  const request = {
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'md' },
    content: [{ tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }],
  };
  try {
    return (await sock.query(request, ANSWER_MS)) !== undefined;
  } catch {
    return false;
  }
}
