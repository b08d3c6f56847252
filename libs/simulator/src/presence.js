import { element } from './stanzas.js';

/** What a contact can be seen to do. */
export const PRESENCES = ['available', 'unavailable', 'composing', 'recording', 'paused'];

/**
 * A contact is seen by an account's devices that are connected now; nothing of it waits for the others.
 * @param {import('./simulator.js').Server} server
 * @param {{from: string, to: string, presence: string, lastSeen?: number, group?: string}} seen numbers; when it was
 *   online last, seconds since 1970; the group it types in
 * @returns {number} devices that were told
 */
export function showPresence(server, { from, to, presence, lastSeen, group }) {
  const jid = server.accounts.open(from).jid();
  const { number, companions } = server.accounts.open(to);
  const stanza = presenceStanza(group ? { from: group, participant: jid } : { from: jid }, presence, lastSeen);
  const sessions = [...companions.keys()].flatMap((device) => server.sessions.live(number, device));
  for (const { connection } of sessions) {
    connection.send(stanza);
  }
  return sessions.length;
}

function presenceStanza(where, presence, lastSeen) {
  if (presence === 'available') {
    return element('presence', where);
  }
  if (presence === 'unavailable') {
    return element('presence', { ...where, type: 'unavailable', last: lastSeen ? String(lastSeen) : 'deny' });
  }
  const doing = presence === 'recording' ? element('composing', { media: 'audio' }) : element(presence);
  return element('chatstate', where, [doing]);
}
