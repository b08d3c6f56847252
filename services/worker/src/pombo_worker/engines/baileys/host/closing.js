import { mask } from './logger.js';

const AMBIGUOUS_NETWORK_CODES = new Set([408, 428]);
const SERVER_WORDS = ['Connection Terminated by Server', 'QR refs attempts ended'];

/**
 * Says why Baileys closed a socket.
 *
 * The codes 408 and 428 stand for several things each (the server's list of QR codes ran out, or the network went
 * away); the message text tells them apart, so it is passed on.
 *
 * @param {unknown} error `lastDisconnect.error`
 * @returns {{code: number | null, message: string, origin: 'server' | 'network' | 'local' | 'garbage'}}
 */
export function classify(error) {
  if (!error) {
    return { code: null, message: 'closed', origin: 'local' };
  }
  const code = error.output?.statusCode ?? null;
  const message = mask(error.message) || 'closed without a reason';
  if (code === null) {
    return { code, message, origin: 'garbage' };
  }
  if (SERVER_WORDS.includes(message)) {
    return { code, message, origin: 'server' };
  }
  const network = AMBIGUOUS_NETWORK_CODES.has(code) || message.startsWith('WebSocket Error');
  return { code, message, origin: network ? 'network' : 'server' };
}
