import { createRequire } from 'node:module';

/**
 * @param {string | undefined} text
 * @param {number} fallback
 * @returns {number} a positive number of milliseconds
 */
function milliseconds(text, fallback) {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : fallback;
}

/**
 * What the environment says.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {{spool: string, hostLevel: string, baileysLevel: string, connectTimeoutMs: number, queryTimeoutMs: number,
 *   keepAliveMs: number}}
 * @throws {Error} when POMBO_HOST_SPOOL is missing
 */
export function readSettings(env) {
  if (!env.POMBO_HOST_SPOOL) {
    throw new Error('POMBO_HOST_SPOOL must name the private spool folder');
  }
  return {
    spool: env.POMBO_HOST_SPOOL,
    hostLevel: env.POMBO_LOG_HOST || 'info',
    baileysLevel: env.POMBO_LOG_BAILEYS || 'silent',
    connectTimeoutMs: milliseconds(env.POMBO_BAILEYS_CONNECT_TIMEOUT_MS, 20_000),
    queryTimeoutMs: milliseconds(env.POMBO_BAILEYS_QUERY_TIMEOUT_MS, 20_000),
    keepAliveMs: milliseconds(env.POMBO_BAILEYS_KEEPALIVE_MS, 30_000),
  };
}

/** @returns {string} the version of the Baileys that is installed */
export function baileysVersion() {
  return createRequire(import.meta.url)('baileys/package.json').version;
}
