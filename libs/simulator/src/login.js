import { answerIq } from './iq.js';
import { readRegistration } from './pairing.js';
import { child, element, loginFailure, result, timestamp } from './stanzas.js';

const UNKNOWN_DEVICE = 401;

/**
 * Takes a client from the end of its handshake on: a companion to pair, or a login.
 * @param {import('./simulator.js').Server} server
 * @param {import('./connection.js').Connection} connection
 */
export function serve(server, connection) {
  let handler = { stanza: async () => undefined, closed: () => undefined };
  connection.listen({
    opened: async (payload, noiseKey) => {
      handler = payload.devicePairingData
        ? register(server, connection, payload.devicePairingData, noiseKey)
        : logIn(server, connection, payload, noiseKey);
    },
    stanza: (node) => handler.stanza(node),
    closed: () => handler.closed(),
  });
}

function register(server, connection, data, noiseKey) {
  const pairing = server.pairings.start(connection, readRegistration(data, noiseKey));
  return {
    // Beside pairing codes only the keep-alive asks for anything.
    stanza: async (node) => {
      if (node.tag === 'iq') {
        const asked = child(node, 'link_code_companion_reg');
        const reply = asked ? server.linkCodes.answer(pairing, node, asked) : result(node);
        if (reply) {
          connection.send(reply);
        }
      }
    },
    closed: () => {
      server.pairings.end(pairing);
      server.linkCodes.end(pairing);
    },
  };
}

function logIn(server, connection, payload, noiseKey) {
  server.sessions.tried(payload.username, Number(payload.device), payload.userAgent?.appVersion ?? undefined);
  const account = server.accounts.get(String(payload.username));
  const companion = account?.companions.get(Number(payload.device));
  const refused = server.faults.takeLoginFailure(String(payload.username));
  if (refused || !companion?.noiseKey.equals(noiseKey)) {
    connection.end(loginFailure(refused ?? UNKNOWN_DEVICE));
    return { stanza: async () => undefined, closed: () => undefined };
  }
  const mailbox = server.mailboxes.of(account.number, companion.device);
  const session = { connection, account, companion, mailbox };
  server.sessions.open(session);
  connection.send(
    element('success', { t: timestamp(), lid: account.lid(companion.device), display_name: account.name, props: '27' }),
  );
  return {
    stanza: (node) => route(server, session, node),
    closed: () => server.sessions.close(session),
  };
}

async function route(server, session, node) {
  if (node.tag === 'iq') {
    await answerIq(server, session, node);
  } else if (node.tag === 'message') {
    await server.messages.receive(session, node);
  } else if (node.tag === 'receipt') {
    await server.receipts.receive(session, node);
  } else if (node.tag === 'ack') {
    server.receipts.acknowledge(session, node);
  } else if (node.tag === 'presence') {
    server.sessions.show(session, node.attrs.type);
  } else if (node.tag === 'call') {
    server.calls.receive(session, node);
    session.connection.send(element('ack', { class: 'call', id: node.attrs.id, from: node.attrs.to }));
  }
}
