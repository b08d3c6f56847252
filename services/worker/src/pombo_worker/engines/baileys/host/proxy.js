import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { WireError } from './wire.js';

/** The proxy looks names up itself, so that none is asked for from here. */
const SOCKS = { 'socks4:': 'socks4a:', 'socks5:': 'socks5h:' };

/**
 * Makes the agent that takes all of a session's connections through a proxy. A session with a proxy never dials
 * directly: a proxy that does not answer is a failed dial.
 *
 * @param {string | null | undefined} text `http:`, `https:`, `socks4:` or `socks5:` URL, credentials percent-encoded
 * @returns {import('node:http').Agent | undefined} nothing without a proxy
 * @throws {WireError} `bad_proxy`
 */
export function proxyAgent(text) {
  if (!text) {
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.hostname && ['http:', 'https:'].includes(url.protocol)) {
    return new HttpsProxyAgent(url);
  }
  if (url?.hostname && url.protocol in SOCKS) {
    return new SocksProxyAgent(text.replace(url.protocol, SOCKS[url.protocol]));
  }
  throw new WireError('bad_proxy', 'the proxy must be an http:, https:, socks4: or socks5: URL');
}
