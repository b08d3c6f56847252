import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { exitOf } from './proxy.js';
import { WireError } from './wire.js';

const REVISION = /client_revision\\?["']?\s*:\s*(\d{6,12})/;
const MOST_CHARACTERS = 8 * 1024 * 1024;

/**
 * Asks which version WhatsApp Web has now: the page of its service worker names its revision.
 *
 * @param {{url: string, proxy?: string | null, timeoutMs: number}} params of `version.fetch`; with a proxy, nothing is
 *   asked but through it
 * @returns {Promise<{version: [number, number, number]}>}
 * @throws {WireError} `bad_request`, `bad_proxy`, or `no_version` when the page does not come or names none
 */
export async function fetchWebVersion({ url, proxy = null, timeoutMs }) {
  if (!/^https?:/.test(url) || !URL.canParse(url) || !(timeoutMs > 0)) {
    throw new WireError('bad_request', 'an http: or https: URL and a time limit are needed');
  }
  const signal = AbortSignal.timeout(timeoutMs);
  const { agent } = exitOf(proxy, { signal });
  try {
    const [, revision] = REVISION.exec(await read(new URL(url), agent, signal)) ?? [];
    if (!revision) {
      throw new WireError('no_version', 'the page names no version');
    }
    return { version: [2, 3000, Number(revision)] };
  } catch (error) {
    throw error instanceof WireError ? error : new WireError('no_version', 'the page did not come');
  } finally {
    agent?.destroy();
  }
}

function read(url, agent, signal) {
  const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    // Without a browser's words WhatsApp answers with another page.
    const headers = { 'sec-fetch-site': 'none', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0.0.0' };
    const request = make(url, { method: 'GET', agent, signal, headers });
    request.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
        if (text.length > MOST_CHARACTERS) {
          response.destroy(new Error('too long'));
        }
      });
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    request.on('error', reject);
    request.end();
  });
}
