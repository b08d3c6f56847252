import { takeBundle } from './bundles.js';
import { bundleNode, digestNode, readSignedPreKey, readUpload } from './prekeys.js';
import { child, children, element, refusal, removedError, result } from './stanzas.js';
import { usync } from './usync.js';

const PRIVACY = {
  readreceipts: 'all',
  profile: 'all',
  status: 'all',
  online: 'all',
  last: 'all',
  groupadd: 'all',
  calladd: 'all',
};

async function getKeys(server, _session, node) {
  const users = [];
  for (const { attrs } of children(child(node, 'key'), 'user')) {
    const target = server.accounts.find(attrs.jid);
    const found = target && (await takeBundle(server, target.account, target.device));
    users.push(
      found
        ? bundleNode(attrs.jid, found.bundle, found.signedIdentity)
        : element('user', { jid: attrs.jid }, [element('error', { code: '404', text: 'item-not-found' })]),
    );
  }
  await server.database.commit();
  return result(node, [element('list', {}, users)]);
}

async function setKeys(server, { account, companion }, node) {
  const rotated = child(node, 'rotate');
  if (rotated) {
    companion.signedPreKey = readSignedPreKey(child(rotated, 'skey'));
  } else {
    const { identityKey, registrationId, signedPreKey, preKeys } = readUpload(node);
    if (!identityKey.equals(companion.identityKey)) {
      return refusal(node, 406, 'not-acceptable');
    }
    Object.assign(companion, { registrationId, signedPreKey });
    server.preKeys.add(account.number, companion.device, preKeys);
  }
  server.accounts.saveCompanion(account, companion);
  await server.database.commit();
  return result(node);
}

function countKeys(server, { account, companion }, node) {
  const value = String(server.preKeys.count(account.number, companion.device));
  return result(node, [element('count', { value })]);
}

function digestKeys(server, { account, companion }, node) {
  return result(node, [digestNode(companion, server.preKeys.ids(account.number, companion.device))]);
}

function privacy(_server, _session, node) {
  const categories = Object.entries(PRIVACY).map(([name, value]) => element('category', { name, value }));
  return result(node, [element('privacy', {}, categories)]);
}

function appState(_server, _session, node) {
  const collections = children(child(node, 'sync'), 'collection').map(({ attrs }) =>
    element('collection', { name: attrs.name, version: attrs.version ?? '0', type: 'result' }),
  );
  return result(node, [element('sync', {}, collections)]);
}

function participating(server, { account }, node) {
  const groups = server.groups.of(account.number).map((group) => server.groups.describe(group));
  return result(node, [element('groups', {}, groups)]);
}

function groupMetadata(server, { account }, node) {
  const group = server.groups.find(node.attrs.to);
  if (!group) {
    return refusal(node, 404, 'item-not-found');
  }
  return account.number in group.participants
    ? result(node, [server.groups.describe(group)])
    : refusal(node, 403, 'forbidden');
}

async function unlinkSelf(server, { account, companion, connection }, node) {
  connection.send(result(node));
  await server.unlink(account, companion.device, removedError());
  return undefined;
}

const withProps = (_server, _session, node) => result(node, [element('props', { protocol: '1', hash: 'sim' })]);
const withoutPicture = (_server, _session, node) => refusal(node, 404, 'item-not-found');

/** By namespace, type and first child; `*` stands for any child. */
const ANSWERS = new Map([
  ['encrypt get count', countKeys],
  ['encrypt get digest', digestKeys],
  ['encrypt get key', getKeys],
  ['encrypt set *', setKeys],
  ['usync get usync', (server, _session, node) => usync(server, node)],
  ['privacy get *', privacy],
  ['blocklist get *', (_server, _session, node) => result(node, [element('list')])],
  ['abt get *', withProps],
  ['w get *', withProps],
  ['w:g2 get participating', participating],
  ['w:g2 get query', groupMetadata],
  ['w:sync:app:state set *', appState],
  ['w:profile:picture get *', withoutPicture],
  ['w:m set media_conn', (server, session, node) => server.mediaServer.whereabouts(session, node)],
  ['md set remove-companion-device', unlinkSelf],
  ['md set link_code_companion_reg', (_server, _session, node) => refusal(node, 405, 'not-allowed')],
]);

/**
 * Answers an IQ of a logged-in companion. One the simulator does not know gets an empty result.
 * @param {import('./simulator.js').Server} server
 * @param {import('./sessions.js').Session} session
 * @param {import('./stanzas.js').BinaryNode} node
 */
export async function answerIq(server, session, node) {
  const { xmlns, type } = node.attrs;
  const topic = children(node)[0]?.tag ?? '';
  const answer = ANSWERS.get(`${xmlns} ${type} ${topic}`) ?? ANSWERS.get(`${xmlns} ${type} *`);
  const reply = answer ? await answer(server, session, node) : result(node);
  if (reply) {
    session.connection.send(reply);
  }
  // What waited is sent once the client says that it is ready for it.
  if (xmlns === 'passive' && topic === 'active') {
    session.mailbox.attach(session.connection);
    await server.messages.greet(session);
  }
}
