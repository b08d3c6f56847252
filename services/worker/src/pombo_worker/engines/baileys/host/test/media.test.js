import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { BufferJSON, DEFAULT_CONNECTION_CONFIG, downloadContentFromMessage, initAuthCreds } from 'baileys';
import pino from 'pino';
import { AgentDispatcher } from '../agent-dispatcher.js';
import { mediaAgent } from '../media-agent.js';
import { exitOf } from '../proxy.js';
import { overhear } from '../reports.js';
import { dial } from '../socket.js';
import { httpProxy } from './local-proxies.js';
import { Phones } from './phones.js';

const DEADLINE_MS = 15_000;

// The Signal library prints its sessions.
console.info = () => undefined;

// Baileys leaves timers of half a minute behind; they must not keep a finished test run alive.
const startTimer = globalThis.setTimeout;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = startTimer(callback, delay, ...rest);
  return delay >= DEADLINE_MS ? timer.unref() : timer;
};

const NUMBER = '5511987650040';
const CONTACT = '5511912340040';
const SETTINGS = { connectTimeoutMs: 10_000, queryTimeoutMs: 10_000, keepAliveMs: 30_000 };

let phones;

before(async () => {
  phones = await Phones.start();
});

after(() => phones.stop());

function memoryKeys() {
  const values = new Map();
  return {
    get: async (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => {
          const text = values.get(`${type}/${id}`);
          return text === undefined ? [] : [[id, JSON.parse(text, BufferJSON.reviver)]];
        }),
      ),
    set: async (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          values.set(`${type}/${id}`, value === null ? undefined : JSON.stringify(value, BufferJSON.replacer));
        }
      }
    },
  };
}

/** A Baileys socket, dialled as the host dials, whose events can be waited for; heard before Baileys' buffer. */
class Line {
  #hearers = new Set();

  constructor(params, auth) {
    this.sock = dial({
      params,
      auth,
      makeSignalRepository: DEFAULT_CONNECTION_CONFIG.makeSignalRepository,
      baileysLog: pino({ level: 'silent' }),
      settings: SETTINGS,
    });
    this.sock.ev.on('creds.update', (update) => Object.assign(auth.creds, update));
    overhear(this.sock.ev, (event, data) => {
      for (const hear of this.#hearers) {
        hear(event, data);
      }
    });
  }

  /** @returns {Promise<object>} the first such event that satisfies */
  async next(event, satisfies) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${event}`)), DEADLINE_MS);
      this.#hearers.add((heard, data) => {
        if (heard === event && satisfies(data)) {
          clearTimeout(timer);
          resolve(data);
        }
      });
    });
  }
}

async function link(params) {
  const auth = { creds: initAuthCreds(), keys: memoryKeys() };
  const showing = new Line(params, auth);
  const { qr } = await showing.next('connection.update', (update) => update.qr);
  const closed = showing.next('connection.update', (update) => update.connection === 'close');
  await phones.scan(NUMBER, qr);
  await closed;
  const line = new Line(params, auth);
  await line.next('connection.update', (update) => update.connection === 'open');
  return line;
}

test('an image goes both ways, identical, through the proxy, and only to the server of the session', async () => {
  const proxy = await httpProxy();
  const params = { url: phones.url, proxy: `http://127.0.0.1:${proxy.port}` };
  const { sock, next } = await link(params).then((line) => ({ sock: line.sock, next: line.next.bind(line) }));
  const image = randomBytes(300_000);

  const { key } = await sock.sendMessage(`${CONTACT}@s.whatsapp.net`, {
    image,
    caption: 'foto',
    mimetype: 'image/png',
    jpegThumbnail: '',
  });
  const received = await phones.received(CONTACT, key.id);
  assert.equal(received.media.caption, 'foto');
  assert.equal(received.media.mimetype, 'image/png');
  assert.equal(received.media.size, image.length);
  assert.ok((await phones.file(CONTACT, key.id)).equals(image));

  const arrival = next('messages.upsert', ({ messages }) => messages.some(({ message }) => message?.imageMessage));
  await phones.media(CONTACT, NUMBER, { kind: 'image', mimetype: 'image/png', bytes: image, caption: 'volta' });
  const { imageMessage } = (await arrival).messages.find(({ message }) => message?.imageMessage).message;
  assert.equal(imageMessage.caption, 'volta');
  const options = { dispatcher: new AgentDispatcher(mediaAgent(params.url, exitOf(params.proxy).agent)) };
  // An address of WhatsApp's own leads to the session's server all the same.
  const stream = await downloadContentFromMessage({ ...imageMessage, url: '' }, 'image', { options });
  const chunks = await stream.toArray();
  assert.ok(Buffer.concat(chunks).equals(image));

  const { host } = new URL(phones.url);
  assert.deepEqual([...new Set(proxy.seen.map(({ target }) => target))], [host]);
  assert.ok(proxy.seen.length >= 4, `two logins, an upload and a download, but ${proxy.seen.length} connections`);
  void sock.end(undefined);
  proxy.close();
});

test('a session of WhatsApp itself has no agent of its own for media', () => {
  assert.equal(mediaAgent(null, undefined), undefined);
  const { agent } = exitOf('http://127.0.0.1:1');
  assert.equal(mediaAgent(null, agent), agent);
});
