import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { mask } from './logger.js';
import { exitOf } from './proxy.js';
import { WireError } from './wire.js';

const WRONG_CREDENTIALS = 407;

const WORDS = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'its address cannot be reached',
  ENETUNREACH: 'its address cannot be reached',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'it did not answer in time',
  EPROTO: 'it does not speak TLS',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody known here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/**
 * Tries a proxy by asking a web address through it, with the agents that a session would use. Any answer of that
 * address will do.
 *
 * @param {{proxy: string, url: string, timeoutMs: number}} params of `proxy.check`
 * @returns {Promise<void>}
 * @throws {WireError} `bad_proxy`, or `proxy_failed` whose message says why, without any of the credentials
 */
export async function checkProxy({ proxy, url, timeoutMs }) {
  if (typeof proxy !== 'string' || !/^https?:/.test(url) || !URL.canParse(url) || !(timeoutMs > 0)) {
    throw new WireError('bad_request', 'a proxy, an http: or https: URL and a time limit are needed');
  }
  const signal = AbortSignal.timeout(timeoutMs);
  const { agent } = exitOf(proxy, { signal });
  try {
    await ask(new URL(url), agent, signal);
  } catch (error) {
    throw error instanceof WireError ? error : new WireError('proxy_failed', reasonOf(error, timeoutMs));
  } finally {
    agent.destroy();
  }
}

function ask(url, agent, signal) {
  const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = make(url, { method: 'GET', agent, signal });
    request.once('proxyConnect', ({ statusCode }) => {
      if (statusCode !== 200) {
        reject(new WireError('proxy_failed', refusal(statusCode)));
        request.destroy();
      }
    });
    request.once('response', (response) => {
      response.destroy();
      resolve();
    });
    request.on('error', reject);
    request.end();
  });
}

function refusal(status) {
  return status === WRONG_CREDENTIALS
    ? 'it wants another user name or password (407)'
    : `it refused to connect to the target (${status})`;
}

function reasonOf(error, timeoutMs) {
  if (error?.name === 'AbortError' || error?.name === 'TimeoutError') {
    return `it led nowhere within ${Math.ceil(timeoutMs / 1000)} s`;
  }
  const text = mask(error?.message);
  // The SOCKS client keeps of an error only its text.
  const code = Object.keys(WORDS).find((known) => known === error?.code || text.includes(known));
  if (code) {
    return WORDS[code];
  }
  if (/authentication failed/i.test(text)) {
    return 'it wants another user name or password';
  }
  return text ? `the connection failed: ${text}` : 'the connection failed';
}
