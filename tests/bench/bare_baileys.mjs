// What the engine is measured against: Baileys as its own documentation uses it, with everything in memory, in one
// Node process. One JSON object a line on standard input asks for something, one on standard output answers.
import { createInterface } from 'node:readline';
import { initAuthCreds, makeWASocket } from 'baileys';
import pino from 'pino';

const [url, control, key] = process.argv.slice(2);
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
function open({ number }) {
  const auth = { creds: initAuthCreds(), keys: memory() };
  return new Promise((resolve, reject) => {
    let isScanned = false;
    const dial = () => {
      const sock = socket(auth);
      sessions.set(number, sock);
      sock.ev.on('creds.update', (update) => Object.assign(auth.creds, update));
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
function code() {
  const began = performance.now();
  return new Promise((resolve) => {
    const sock = socket({ creds: initAuthCreds(), keys: memory() });
    sock.ev.on('connection.update', ({ qr }) => {
      if (qr) {
        resolve({ ms: performance.now() - began });
        sock.end(undefined);
      }
    });
  });
}

/** Sends texts for some seconds, one after the other in each of so many lanes. */
async function send({ from, to, seconds, lanes }) {
  const sock = sessions.get(from);
  const until = performance.now() + seconds * 1000;
  const taken = [];
  const lane = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      await sock.sendMessage(`${to}@s.whatsapp.net`, { text: 'hello' });
      taken.push((performance.now() - began) / 1000);
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
