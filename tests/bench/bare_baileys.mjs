// What the engine is measured against: Baileys as its own documentation uses it, in one Node process: keys and
// credentials in files by its own store, behind its own cache. With `files` "none" they are in memory alone. One JSON
// object a line on standard input asks for something, one on standard output answers.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { initAuthCreds, makeCacheableSignalKeyStore, makeWASocket, useMultiFileAuthState } from 'baileys';
import pino from 'pino';

const [url, control, key, folder] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const sessions = new Map();
const RESTART = 515;

for (const name of ['log', 'info', 'warn', 'error', 'debug']) {
  console[name] = () => {};
}
process.on('unhandledRejection', () => {});

/** Keys in memory. */
function memory() {
  const kept = {};
  return {
    get: async (type, ids) => Object.fromEntries(ids.flatMap((id) => (kept[type]?.[id] ? [[id, kept[type][id]]] : []))),
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        kept[type] ??= {};
        for (const [id, value] of Object.entries(entries)) {
          if (value) {
            kept[type][id] = value;
          } else {
            delete kept[type][id];
          }
        }
      }
    },
  };
}

/** The state of one device, and what saves its credentials. */
async function stateOf(number, files) {
  if (files === 'none') {
    return { auth: { creds: initAuthCreds(), keys: memory() }, save: () => {} };
  }
  const { state, saveCreds } = await useMultiFileAuthState(join(folder, number));
  const keys = makeCacheableSignalKeyStore(state.keys, logger);
  return { auth: { creds: state.creds, keys }, save: saveCreds };
}

function socket(auth) {
  return makeWASocket({
    waWebSocketUrl: url,
    auth,
    logger,
    version: [2, 3000, 1035194821],
    markOnlineOnConnect: false,
    syncFullHistory: false,
    generateHighQualityLinkPreview: false,
    getMessage: async () => undefined,
  });
}

async function ask(path, body) {
  const headers = { 'content-type': 'application/json', 'x-sandbox-key': key };
  const answer = await fetch(control + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status}`);
  }
}

/** Makes a device, lets the phone scan its code, and stays open. */
async function open({ number, files }) {
  const { auth, save } = await stateOf(number, files);
  return new Promise((resolve, reject) => {
    let isScanned = false;
    const dial = () => {
      const sock = socket(auth);
      sessions.set(number, sock);
      sock.ev.on('creds.update', async (update) => {
        Object.assign(auth.creds, update);
        await save();
      });
      sock.ev.on('connection.update', ({ connection, qr, lastDisconnect }) => {
        if (qr && !isScanned) {
          isScanned = true;
          ask('/control/phones/scan', { number, qr }).catch(reject);
        } else if (connection === 'open') {
          resolve({});
        } else if (connection === 'close' && lastDisconnect?.error?.output?.statusCode === RESTART) {
          dial();
        }
      });
    };
    dial();
  });
}

/** @returns {Promise<{ms: number}>} from the making of a socket to its first QR code */
async function code() {
  const began = performance.now();
  const { auth } = await stateOf(`code-${began}`);
  return new Promise((resolve) => {
    const sock = socket(auth);
    sock.ev.on('connection.update', ({ qr }) => {
      if (qr) {
        resolve({ ms: performance.now() - began });
        sock.end(undefined);
      }
    });
  });
}

/**
 * Sends texts for some seconds, one after the other in each of so many lanes. Between two the event loop turns, as it
 * does in any program that is asked from outside: else nothing would be read for as long as this lasts, and the work
 * on receipts would fall into the time of whoever is measured next.
 */
async function send({ from, to, seconds, lanes }) {
  const sock = sessions.get(from);
  const until = performance.now() + seconds * 1000;
  const taken = [];
  const lane = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      await sock.sendMessage(`${to}@s.whatsapp.net`, { text: 'hello' });
      taken.push((performance.now() - began) / 1000);
      await turn();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return { latencies: taken, seconds: (performance.now() - began) / 1000 };
}

const doings = { open, code, send };

for await (const line of createInterface({ input: process.stdin })) {
  const { id, what, ...params } = JSON.parse(line);
  doings[what](params).then(
    (result) => process.stdout.write(`${JSON.stringify({ id, ...result })}\n`),
    (error) => process.stdout.write(`${JSON.stringify({ id, error: String(error?.message) })}\n`),
  );
}
process.exit(0);
