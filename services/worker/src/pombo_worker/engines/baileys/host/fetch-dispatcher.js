import { request } from 'node:https';

/**
 * Lets `fetch` use an agent. Baileys downloads with `fetch`, which knows nothing of agents: without this, the media
 * and the history of a session with a proxy would be fetched past it. Only what downloads need: GET, without a body.
 */
export class AgentDispatcher {
  #agent;

  /** @param {import('node:http').Agent} agent */
  constructor(agent) {
    this.#agent = agent;
  }

  /**
   * @param {{origin: string | URL, path: string, method: string, headers: string[] | Record<string, string>}} options
   * @param {object} handler that `fetch` made of its request
   * @returns {boolean} true: another may follow at once
   */
  dispatch({ origin, path, method, headers }, handler) {
    const sent = request(new URL(path, origin), { method, headers: headerMap(headers), agent: this.#agent });
    handler.onConnect((reason) => sent.destroy(reason));
    sent.on('response', (response) => {
      const raw = response.rawHeaders.map((text) => Buffer.from(text, 'latin1'));
      if (handler.onHeaders(response.statusCode, raw, () => response.resume(), response.statusMessage) === false) {
        response.pause();
      }
      response.on('data', (chunk) => handler.onData(chunk) === false && response.pause());
      response.on('end', () => handler.onComplete([]));
      response.on('error', (error) => handler.onError(error));
    });
    sent.on('error', (error) => handler.onError(error));
    sent.end();
    return true;
  }
}

function headerMap(headers) {
  if (!Array.isArray(headers)) {
    return headers ?? {};
  }
  const map = {};
  for (let at = 0; at < headers.length; at += 2) {
    map[headers[at]] = headers[at + 1];
  }
  return map;
}
