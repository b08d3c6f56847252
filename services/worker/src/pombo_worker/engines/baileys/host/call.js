import { WireError } from './wire.js';

const OPTIONAL = ['groupJid', 'callerPn', 'latencyMs'];

/**
 * @param {import('baileys').WACallEvent} call
 * @returns {object} the call as the host protocol carries it: date in ISO 8601, flags always there
 */
export function plainCall(call) {
  const { chatId, from, id, status } = call;
  // Baileys makes a date of whatever the server wrote.
  const date = Number.isNaN(Number(call.date)) ? new Date() : new Date(call.date);
  const plain = {
    chatId,
    from,
    id,
    date: date.toISOString(),
    status,
    offline: call.offline === true,
    isVideo: call.isVideo === true,
    isGroup: call.isGroup === true,
  };
  for (const name of OPTIONAL) {
    if (call[name] !== undefined && call[name] !== null) {
      plain[name] = call[name];
    }
  }
  return plain;
}

/**
 * @param {import('baileys').WASocket} sock of an open session
 * @param {{callId: string, from: string}} call as its offer named it
 * @returns {Promise<void>} settled once WhatsApp has taken the rejection
 * @throws {WireError} `not_open`
 */
export async function rejectCall(sock, { callId, from }) {
  try {
    await sock.rejectCall(callId, from);
  } catch {
    throw new WireError('not_open', 'the connection went away, or WhatsApp refused');
  }
}
