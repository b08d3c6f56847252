import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Agent } from 'agent-base';

/**
 * Takes all media of a session to the very server that its messages go to, whatever host an address names: for the
 * sandbox, whose media server shares the port of its chats. WhatsApp's own sessions have no such agent.
 */
export class OneServerAgent extends Agent {
  #host;
  #port;
  #secure;
  #proxy;

  /** @param {string} url of the server, `ws:` (media without TLS) or `wss:` @param {Agent} [proxy] dials through it */
  constructor(url, proxy = undefined) {
    super();
    const { protocol, hostname, port } = new URL(url);
    this.#secure = protocol === 'wss:';
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(port) || (this.#secure ? 443 : 80);
    this.#proxy = proxy;
  }

  /** Called for each new connection. */
  connect(request, options) {
    const aimed = {
      ...options,
      host: this.#host,
      port: this.#port,
      servername: this.#host,
      secureEndpoint: this.#secure,
    };
    if (this.#proxy) {
      return this.#proxy.connect(request, aimed);
    }
    return this.#secure ? connectTls(aimed) : connectPlain({ host: this.#host, port: this.#port });
  }
}

/**
 * The way a session's media take: through its proxy, and to its own server when that is not WhatsApp's.
 *
 * @param {string | null | undefined} url of another server than WhatsApp's
 * @param {Agent | undefined} proxy
 * @returns {Agent | undefined} nothing when media go straight to WhatsApp
 */
export function mediaAgent(url, proxy) {
  return url ? new OneServerAgent(url, proxy) : proxy;
}
