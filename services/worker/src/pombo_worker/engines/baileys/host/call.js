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
