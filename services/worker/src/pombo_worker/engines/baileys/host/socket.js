import { DEFAULT_CONNECTION_CONFIG, makeWASocket } from 'baileys';
import { AgentDispatcher } from './agent-dispatcher.js';
import { mediaAgent } from './media-agent.js';
import { exitOf } from './proxy.js';
import { WireError } from './wire.js';

const POLITE_CLOSE_MS = 2_000;

/**
 * Makes one Baileys socket, which starts to dial at once.
 *
 * @param {{params: object, auth: {creds: object, keys: object}, makeSignalRepository: Function,
 *   baileysLog: import('pino').Logger, settings: object, getMessage: Function}} options `params` are those of
 *   `session.open`
 * @returns {import('baileys').WASocket}
 * @throws {WireError} `bad_url`, `bad_proxy`
 */
export function dial({ params, auth, makeSignalRepository, baileysLog, settings, getMessage }) {
  const chosen = {};
  if (params.url) {
    chosen.waWebSocketUrl = checkedUrl(params.url);
  }
  if (params.version) {
    chosen.version = params.version;
  }
  if (params.browser) {
    chosen.browser = params.browser;
  }
  if (params.qrTimeoutMs) {
    chosen.qrTimeout = params.qrTimeoutMs;
  }
  const { agent } = exitOf(params.proxy);
  if (agent) {
    chosen.agent = agent;
  }
  const media = mediaAgent(params.url, agent);
  if (media) {
    // Uploads, and all that Baileys fetches: media, history, app state.
    Object.assign(chosen, { fetchAgent: media, options: { dispatcher: new AgentDispatcher(media) } });
  }
  return makeWASocket({
    ...chosen,
    auth,
    makeSignalRepository,
    logger: baileysLog,
    connectTimeoutMs: settings.connectTimeoutMs,
    defaultQueryTimeoutMs: settings.queryTimeoutMs,
    keepAliveIntervalMs: settings.keepAliveMs,
    // The store link has its own retries, and ends the session after the last: a second layer would only hide that.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    markOnlineOnConnect: params.alwaysOnline === true,
    syncFullHistory: params.syncFullHistory === true,
    shouldSyncHistoryMessage: params.syncFullHistory ? () => true : DEFAULT_CONNECTION_CONFIG.shouldSyncHistoryMessage,
    generateHighQualityLinkPreview: false,
    fireInitQueries: true,
    enableRecentMessageCache: false,
    getMessage,
    // What the worker sends is told by its answer.
    emitOwnEvents: false,
  });
}

function checkedUrl(text) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['ws:', 'wss:'].includes(url.protocol) || url.hash) {
    throw new WireError('bad_url', 'the server address must be a ws: or wss: URL');
  }
  return text;
}

/**
 * Bounds a polite close: a server that does not answer the close frame would otherwise hold the socket for 30 s.
 *
 * @param {import('ws').WebSocket} raw
 */
export function boundClose(raw) {
  const close = raw.close.bind(raw);
  raw.close = (...args) => {
    const timer = setTimeout(() => raw.terminate(), POLITE_CLOSE_MS);
    raw.once('close', () => clearTimeout(timer));
    close(...args);
  };
}

/**
 * Puts a guard before Baileys' reader of frames. A frame that cannot be decrypted or decoded makes that reader reject,
 * and leaves a socket that hears nothing any more.
 *
 * @param {import('node:events').EventEmitter} ws Baileys' WebSocket client
 * @param {{mayRead: () => boolean, onGarbage: (error: Error) => void}} options `mayRead` is asked before each frame;
 *   false drops it
 */
export function guardReader(ws, { mayRead, onGarbage }) {
  for (const reader of ws.listeners('message')) {
    ws.off('message', reader);
    ws.on('message', async (data) => {
      try {
        if (mayRead()) {
          await reader(data);
        }
      } catch (error) {
        onGarbage(error);
      }
    });
  }
}
