import pino from 'pino';

const LONGEST_LINE = 300;

/**
 * Takes out of a text what must never be logged: phone numbers (any run of five digits or more), and whatever looks
 * like key material, a token or a QR text (a long run of base64 or hexadecimal characters).
 *
 * @param {unknown} text
 * @returns {string} one line, at most 300 characters
 */
export function mask(text) {
  return String(text ?? '')
    .split('\n', 1)[0]
    .replace(/[A-Za-z0-9+/=_-]{24,}/g, '#')
    .replace(/\d{5,}/g, '#')
    .slice(0, LONGEST_LINE);
}

/** Objects that Baileys logs hold stanzas, keys and sessions: only an error's own words and the fixed text pass. */
function logTextOnly(args, method) {
  const [first, second] = args;
  if (typeof first === 'string') {
    method.apply(this, [mask(first)]);
    return;
  }
  const error = first?.err ?? first?.error ?? (first instanceof Error ? first : undefined);
  const reason = error instanceof Error ? { reason: mask(error.message) } : {};
  method.apply(this, [reason, mask(second)]);
}

/**
 * A pino logger that writes to standard error and lets no object through, only masked text.
 *
 * @param {string} name `host` or `baileys`
 * @param {string} level a pino level, or `silent`
 * @returns {import('pino').Logger}
 */
export function makeLogger(name, level) {
  return pino(
    { name, level, base: { name }, hooks: { logMethod: logTextOnly } },
    pino.destination({ dest: 2, sync: true }),
  );
}

/**
 * libsignal prints whole session objects, private ratchet keys included, through the console.
 *
 * @param {Console} target the console to silence
 */
export function silenceConsole(target) {
  for (const [name, value] of Object.entries(target)) {
    if (typeof value === 'function') {
      target[name] = () => {};
    }
  }
}
