import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { Accounts } from './accounts.js';
import { Calls } from './calls.js';
import { Connection } from './connection.js';
import { control } from './control.js';
import { Database } from './database.js';
import { Faults } from './faults.js';
import { GroupMessages } from './group-messages.js';
import { Groups } from './groups.js';
import { Histories } from './history.js';
import { Inbox } from './inbox.js';
import { LinkCodes } from './link-codes.js';
import { serve } from './login.js';
import { MediaServer } from './media-server.js';
import { MediaStore } from './media-store.js';
import { Messages } from './messages.js';
import { makeServerIdentity } from './noise.js';
import { Pairings } from './pairing.js';
import { PreKeys } from './prekeys.js';
import { Mailboxes } from './queue.js';
import { Receipts } from './receipts.js';
import { Sessions } from './sessions.js';
import { removedError } from './stanzas.js';

const CHAT_PATH = '/ws/chat';
const REFUSED_FOR_MS = 60_000;

/**
 * @typedef {object} Options
 * @property {string} data folder of the state
 * @property {string} [host] 127.0.0.1 by default
 * @property {number} [port] 0 (any free one) by default
 * @property {string} [key] what the control API asks for; none by default
 * @property {number} [qrRefs] QR codes an unpaired socket gets, 6 by default
 * @property {number} [qrFirstMs] how long clients show the first, 60,000 ms by default, as WhatsApp's do
 * @property {number} [qrNextMs] how long they show each next one, 20,000 ms by default
 * @property {(text: string) => void} [log] for the operator: no numbers, no keys, no content; stderr by default
 */

const DEFAULTS = {
  host: '127.0.0.1',
  port: 0,
  key: '',
  qrRefs: 6,
  qrFirstMs: 60_000,
  qrNextMs: 20_000,
  log: (text) => process.stderr.write(`${text}\n`),
};

/** All there is to a running simulator; its parts find each other here. */
export class Server {
  /** @param {Options} options complete @param {Database} database open */
  constructor(options, database) {
    this.options = options;
    this.log = options.log;
    this.database = database;
    this.identity = makeServerIdentity();
    this.accepting = true;
    /** The TCP connections of all clients, unpaired ones included. */
    this.upgraded = new Set();
    this.accounts = new Accounts(database);
    this.preKeys = new PreKeys(database);
    this.mailboxes = new Mailboxes(database);
    this.media = new MediaStore(join(options.data, 'media'));
    this.mediaServer = new MediaServer(this);
    this.inbox = new Inbox(database, this.media);
    this.sessions = new Sessions();
    this.pairings = new Pairings(this);
    this.linkCodes = new LinkCodes(this);
    this.groups = new Groups(this);
    this.groupMessages = new GroupMessages(this);
    this.histories = new Histories(this);
    this.messages = new Messages(this);
    this.receipts = new Receipts(this);
    this.calls = new Calls(this);
    this.faults = new Faults(this);
  }

  /** Reads the stored state. */
  async load() {
    await this.accounts.load();
    await this.preKeys.load();
    await this.mailboxes.load();
    await this.inbox.load();
    await this.media.load();
    await this.groups.load();
    await this.histories.load();
  }

  /**
   * Forgets a companion and ends its sockets.
   * @param {import('./accounts.js').Account} account
   * @param {number} device
   * @param {import('./stanzas.js').BinaryNode} goodbye its last stanza
   */
  async unlink(account, device, goodbye) {
    const live = this.sessions.live(account.number, device);
    this.accounts.deleteCompanion(account, device);
    this.preKeys.deleteAll(account.number, device);
    this.mailboxes.delete(account.number, device);
    await this.database.commit();
    for (const { connection } of live) {
      connection.end(goodbye);
    }
  }

  /** @param {import('./accounts.js').Account} account @returns {Promise<number>} companions it had */
  async unlinkAll(account) {
    const devices = [...account.companions.keys()];
    for (const device of devices) {
      await this.unlink(account, device, removedError());
    }
    return devices.length;
  }
}

/**
 * Refuses an upgrade and leaves the connection open, as servers with keep-alive do: Baileys does not look at the
 * answer and ends by its own time limit, but only while the connection stands.
 */
function refuseUpgrade(socket, status) {
  socket.write(`HTTP/1.1 ${status}\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n`);
  socket.setTimeout(REFUSED_FOR_MS, () => socket.destroy());
}

function listen(server) {
  const chats = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const http = createServer((request, response) => {
    const forMedia = server.mediaServer.serves(request.url.split('?')[0]);
    return forMedia ? server.mediaServer.answer(request, response) : control(server, request, response);
  });
  http.on('upgrade', (request, socket, head) => {
    server.upgraded.add(socket);
    socket.on('close', () => server.upgraded.delete(socket));
    socket.on('error', (error) => server.log(`socket error: ${error.code ?? error.name}`));
    if (!server.accepting) {
      refuseUpgrade(socket, '503 Service Unavailable');
    } else if (request.url.split('?')[0] !== CHAT_PATH) {
      refuseUpgrade(socket, '404 Not Found');
    } else {
      chats.handleUpgrade(request, socket, head, (ws) =>
        serve(server, new Connection(ws, socket, server, request.headers.host)),
      );
    }
  });
  return http;
}

/**
 * Starts a simulator: a WhatsApp server for companions and, on the same port, the control API for what people do
 * on their phones.
 * @param {Options} given
 * @returns {Promise<{port: number, url: string, close: () => Promise<void>}>} listening; `url` is for clients
 * @throws {Error} when the port is taken or another simulator holds the state
 */
export async function startSimulator(given) {
  const options = { ...DEFAULTS, ...given };
  const database = await Database.open(options.data);
  const server = new Server(options, database);
  await server.load();
  const http = listen(server);
  http.listen(options.port, options.host);
  await once(http, 'listening');
  const { port } = http.address();
  const close = async () => {
    const closed = new Promise((resolve) => http.close(resolve));
    http.closeAllConnections();
    for (const socket of server.upgraded) {
      socket.destroy();
    }
    server.calls.stop();
    await closed;
    await database.close();
  };
  return { port, url: `ws://${options.host}:${port}${CHAT_PATH}`, close };
}
