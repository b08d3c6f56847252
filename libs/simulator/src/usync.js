import { isNumber } from './numbers.js';
import { child, children, element, result } from './stanzas.js';

/** @returns {string | undefined} the number a user of the query is named by, when it can have WhatsApp */
function numberOf(user) {
  const content = child(user, 'contact')?.content;
  const number = content === undefined ? '' : Buffer.from(content).toString().replace(/\D/g, '');
  return isNumber(number) ? number : undefined;
}

function find(server, user) {
  if (user.attrs.jid) {
    return { jid: user.attrs.jid, account: server.accounts.find(user.attrs.jid)?.account };
  }
  const number = numberOf(user);
  const account = number && server.accounts.open(number);
  return { jid: account?.jid(), account };
}

function deviceList(account) {
  const companions = [...account.companions.keys()].map((device) =>
    element('device', { id: String(device), 'key-index': String(device) }),
  );
  return element('devices', {}, [element('device-list', {}, [element('device', { id: '0' }), ...companions])]);
}

const PROTOCOLS = {
  devices: (account) => account && deviceList(account),
  lid: (account) => account && element('lid', { val: account.lid() }),
  contact: (account) => element('contact', { type: account ? 'in' : 'out' }),
  status: (account) => account && element('status', { t: '0' }, ''),
  disappearing_mode: (account) => account && element('disappearing_mode', { duration: '0', t: '0' }),
};

/**
 * Answers a query about users: who has WhatsApp, with which devices, under which LID.
 * @param {import('./simulator.js').Server} server
 * @param {import('./stanzas.js').BinaryNode} node
 * @returns {Promise<import('./stanzas.js').BinaryNode>}
 */
export async function usync(server, node) {
  const query = child(node, 'usync');
  const asked = children(child(query, 'query')).map(({ tag }) => tag);
  const users = children(child(query, 'list'), 'user').map((user) => {
    const { jid, account } = find(server, user);
    const content = asked.map((protocol) => PROTOCOLS[protocol]?.(account)).filter(Boolean);
    return element('user', jid ? { jid } : {}, content);
  });
  await server.database.commit();
  const outcome = element(
    'result',
    {},
    asked.map((protocol) => element(protocol)),
  );
  return result(node, [element('usync', query?.attrs ?? {}, [outcome, element('list', {}, users)])]);
}
