import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { AgentDispatcher } from './agent-dispatcher.js';
import { WireError } from './wire.js';

/** The proxy looks names up itself, so that none is asked for from here. */
const SOCKS = { 'socks4:': 'socks4a:', 'socks5:': 'socks5h:' };

/**
 * Makes what takes all of a session's connections through a proxy: its WebSocket, its uploads and its downloads. A
 * session with a proxy never dials directly: a proxy that does not answer is a failed dial.
 *
 * @param {string | null | undefined} text `http:`, `https:`, `socks4:` or `socks5:` URL, credentials percent-encoded
 * @param {{signal?: AbortSignal}} [options] ends connections that are still being made to a proxy without TLS
 * @returns {{agent?: import('node:http').Agent, dispatcher?: AgentDispatcher}} both, or neither without a proxy;
 *   `agent` is for `node:http`, `node:https` and `ws`, `dispatcher` is for `fetch`
 * @throws {WireError} `bad_proxy`
 */
export function exitOf(text, options = {}) {
  if (!text) {
    return {};
  }
  const agent = makeAgent(text, options);
  return { agent, dispatcher: new AgentDispatcher(agent) };
}

function makeAgent(text, options) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hostname && ['http:', 'https:'].includes(url.protocol)) {
    return new HttpsProxyAgent(url, options);
  }
  if (url?.hostname && url.protocol in SOCKS) {
    return new SocksProxyAgent(text.replace(url.protocol, SOCKS[url.protocol]));
  }
  throw new WireError('bad_proxy', 'the proxy must be an http:, https:, socks4: or socks5: URL');
}
