import { element, timestamp } from './stanzas.js';

// At four or fewer one-time keys a client uploads more.
const FEW_KEYS = 4;

/**
 * The keys for a first message to a companion; takes one of its one-time keys and tells it when few are left.
 * @param {import('./simulator.js').Server} server
 * @param {import('./accounts.js').Account} account
 * @param {import('./accounts.js').Companion} companion
 * @returns {import('./phone.js').KeyBundle}
 */
export function bundleOf(server, account, companion) {
  const { registrationId, identityKey, signedPreKey, device } = companion;
  const preKey = server.preKeys.take(account.number, device);
  const left = server.preKeys.count(account.number, device);
  if (preKey && left === FEW_KEYS) {
    askForKeys(server, account, device, left);
  }
  return { registrationId, identityKey, signedPreKey, preKey };
}

function askForKeys(server, account, device, left) {
  const id = `keys-${timestamp()}`;
  const attrs = { from: 's.whatsapp.net', id, type: 'encrypt', t: timestamp() };
  const stanza = element('notification', attrs, [element('count', { value: String(left) })]);
  const stored = server.mailboxes.of(account.number, device).add({ kind: 'notification', id, stanza });
  stored.catch((error) => server.log(`could not ask for keys: ${error.name}`));
}

/**
 * The keys of any device, phone or companion.
 * @param {import('./simulator.js').Server} server
 * @param {import('./accounts.js').Account} account
 * @param {number} device
 * @returns {Promise<{bundle: import('./phone.js').KeyBundle, signedIdentity?: Buffer} | undefined>} undefined when
 *   there is no such device
 */
export async function takeBundle(server, account, device) {
  if (device === 0) {
    const bundle = await account.phone.takeBundle();
    server.accounts.save(account);
    return { bundle };
  }
  const companion = account.companions.get(device);
  return companion && { bundle: bundleOf(server, account, companion), signedIdentity: companion.signedIdentity };
}
