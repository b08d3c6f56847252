/** How `JSON.stringify` begins half of a character; whole ones it writes as they are. */
const HALF = '\\ud';
const ESCAPES = /\\(?:u[0-9a-f]{4}|.)/g;
const REPLACEMENT = '\ufffd';

/**
 * A text that was cut inside a character (programs do that to emoji) holds half a surrogate pair, which is no UTF-8:
 * who reads it strictly, as the worker does, refuses all of the JSON that it stands in.
 *
 * @param {string} json as `JSON.stringify` writes it
 * @returns {string} it with U+FFFD for each such half, in values and names
 */
export function wellFormed(json) {
  return json.includes(HALF) ? json.replace(ESCAPES, (sign) => (sign.startsWith(HALF) ? REPLACEMENT : sign)) : json;
}
