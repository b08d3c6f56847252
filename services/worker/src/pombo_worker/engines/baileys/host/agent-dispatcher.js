import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';

const FAILED_STATUS = 502;

/**
 * Lets `fetch` go through an agent of `node:http`: the one kind of agent exists for every proxy, while `fetch` takes
 * dispatchers only. It has what `fetch` asks of a dispatcher, no more.
 */
export class AgentDispatcher {
  #agent;

  /** @param {import('node:http').Agent} agent */
  constructor(agent) {
    this.#agent = agent;
  }

  /**
   * @param {{origin: string | URL, path: string, method: string, headers?: object, body?: unknown}} options
   * @param {object} handler of undici: onConnect, onHeaders, onData, onComplete, onError
   * @returns {boolean} true: there is always room for another request
   */
  dispatch({ origin, path, method, headers, body }, handler) {
    const url = new URL(path, origin);
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = make(url, { method, headers: plainHeaders(headers), agent: this.#agent });
    handler.onConnect((reason) => request.destroy(reason));
    request.once('proxyConnect', ({ statusCode }) => {
      if (statusCode !== 200) {
        // What follows would be the proxy's own answer, as if it were the server's.
        request.destroy(new Error(`the proxy refused the connection (${statusCode ?? FAILED_STATUS})`));
      }
    });
    request.once('error', (error) => handler.onError(error));
    request.once('response', (response) => relay(response, handler));
    if (body) {
      Readable.from(body)
        .on('error', (error) => request.destroy(error))
        .pipe(request);
    } else {
      request.end();
    }
    return true;
  }
}

function relay(response, handler) {
  handler.onResponseStarted?.();
  const raw = response.rawHeaders.map((text) => Buffer.from(text, 'latin1'));
  handler.onHeaders(response.statusCode, raw, () => response.resume(), response.statusMessage);
  response.on('data', (chunk) => {
    if (handler.onData(chunk) === false) {
      response.pause();
    }
  });
  response.once('end', () => handler.onComplete([]));
  response.once('error', (error) => handler.onError(error));
}

/** @param {object | string[] | undefined} headers an object, or names and values in turn */
function plainHeaders(headers) {
  if (!Array.isArray(headers)) {
    return headers ?? {};
  }
  return Object.fromEntries(
    Array.from({ length: headers.length / 2 }, (_, pair) => [headers[2 * pair], headers[2 * pair + 1]]),
  );
}
