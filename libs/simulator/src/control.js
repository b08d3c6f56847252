import { createHash, timingSafeEqual } from 'node:crypto';
import { CONTACT_ROUTES, RawAnswer } from './control-contacts.js';
import { ControlError } from './control-error.js';
import { GROUP_ROUTES } from './control-groups.js';
import { milliseconds, numberFrom, textFrom } from './control-input.js';

const MOST_BODY_BYTES = 1_048_576;
const KEY_HEADER = 'x-sandbox-key';

async function scan(server, { body }) {
  const account = server.accounts.open(numberFrom(body.number, 'number'));
  return { device: await server.pairings.scan(account, textFrom(body.qr, 'qr')) };
}

async function pair(server, { body }) {
  const account = server.accounts.open(numberFrom(body.number, 'number'));
  return { device: await server.linkCodes.pair(account, textFrom(body.code, 'code')) };
}

async function unlink(server, { body }) {
  const account = server.accounts.get(numberFrom(body.number, 'number'));
  return { devices: account ? await server.unlinkAll(account) : 0 };
}

function readMessages(server, { number }) {
  return server.receipts.readBy(numberFrom(number, 'number'));
}

function devices(server) {
  const rows = [];
  for (const account of server.accounts.all()) {
    for (const { device } of account.companions.values()) {
      const summary = server.sessions.summary(account.number, device);
      const queued = server.mailboxes.of(account.number, device).messages;
      rows.push({ number: account.number, device, jid: account.jid(device), ...summary, queued });
    }
  }
  return rows;
}

function sockets(server) {
  return [...server.upgraded].map((socket) => ({ port: socket.remotePort }));
}

async function deviceFault(server, { number, body }) {
  const account = server.accounts.open(numberFrom(number, 'number'));
  return { sockets: await server.faults.onDevices(account, body) };
}

function pairingFault(server, { body }) {
  server.faults.onPairing(server.pairings.of(textFrom(body.qr, 'qr')), body);
  return { sockets: 1 };
}

function configure(server, { body }) {
  const { accept, qrFirstMs, qrNextMs } = body;
  if (accept !== undefined) {
    server.accepting = accept === true;
  }
  for (const [name, value] of Object.entries({ qrFirstMs, qrNextMs })) {
    if (value !== undefined) {
      server.options[name] = milliseconds(value, name);
    }
  }
  return { accept: server.accepting, qrFirstMs: server.options.qrFirstMs, qrNextMs: server.options.qrNextMs };
}

const ROUTES = [
  ...CONTACT_ROUTES,
  ...GROUP_ROUTES,
  ['GET', /^\/control\/health$/, () => ({ ok: true })],
  ['POST', /^\/control\/phones\/scan$/, scan],
  ['POST', /^\/control\/phones\/pair$/, pair],
  ['POST', /^\/control\/phones\/unlink$/, unlink],
  ['GET', /^\/control\/phones\/(?<number>[^/]+)\/read$/, readMessages],
  ['GET', /^\/control\/devices$/, devices],
  ['GET', /^\/control\/sockets$/, sockets],
  ['POST', /^\/control\/devices\/(?<number>[^/]+)\/fault$/, deviceFault],
  ['POST', /^\/control\/pairings\/fault$/, pairingFault],
  ['POST', /^\/control\/server$/, configure],
];

async function readBody(request, mostBytes) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > mostBytes) {
      throw new ControlError(413, 'too_large', `The body is larger than ${mostBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return body;
    }
  } catch (error) {
    throw new ControlError(400, 'bad_json', `The body is not JSON: ${error.name}.`);
  }
  throw new ControlError(400, 'bad_json', 'The body must be a JSON object.');
}

function asJson(body) {
  return { bytes: Buffer.from(JSON.stringify(body)), mimetype: 'application/json' };
}

function digest(text) {
  return createHash('sha256').update(text).digest();
}

async function answer(server, request) {
  const { key } = server.options;
  if (key && !timingSafeEqual(digest(key), digest(String(request.headers[KEY_HEADER] ?? '')))) {
    throw new ControlError(401, 'unauthorized', `The header ${KEY_HEADER} is missing or wrong.`);
  }
  const path = new URL(request.url, 'http://simulator').pathname;
  for (const [method, pattern, handle, mostBytes = MOST_BODY_BYTES] of ROUTES) {
    const match = request.method === method && pattern.exec(path);
    if (match) {
      const body = method === 'POST' ? await readBody(request, mostBytes) : {};
      const named = Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]);
      return handle(server, { body, host: request.headers.host, ...Object.fromEntries(named) });
    }
  }
  throw new ControlError(404, 'not_found', 'There is no such route.');
}

/**
 * Answers one request of the control API.
 * @param {import('./simulator.js').Server} server
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export async function control(server, request, response) {
  let [status, body] = [200, undefined];
  try {
    body = await answer(server, request);
  } catch (error) {
    status = error instanceof ControlError ? error.status : 500;
    const code = error instanceof ControlError ? error.code : 'internal';
    if (status === 500) {
      server.log(`a control request failed: ${error.stack}`);
    }
    body = { code, message: status === 500 ? 'The simulator failed.' : error.message };
  }
  const { bytes, mimetype } = body instanceof RawAnswer ? body : asJson(body);
  response.writeHead(status, { 'content-type': mimetype, 'content-length': bytes.length });
  response.end(bytes);
}
