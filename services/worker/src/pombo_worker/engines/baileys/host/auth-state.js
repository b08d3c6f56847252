import { BufferJSON, proto } from 'baileys';
import { notingTokens } from './privacy-tokens.js';
import { RecentKeys } from './recent-keys.js';
import { wellFormed } from './well-formed.js';

/** What holds no bytes, and is written and read without looking for some at every member. */
const PLAIN_TYPES = new Set(['session', 'lid-mapping', 'device-list', 'sender-key-memory']);
const KEY_PAIRS = ['noiseKey', 'pairingEphemeralKeyPair', 'signedIdentityKey'];

/**
 * @param {string | null} text the credentials as they were saved, or null for a device that is not yet linked
 * @param {import('./fresh-creds.js').FreshCreds} fresh gives those of a device that is not yet linked
 * @returns {import('baileys').AuthenticationCreds}
 * @throws {Error} when the text does not hold credentials
 */
export function parseCreds(text, fresh) {
  if (text === null || text === undefined) {
    return fresh.take();
  }
  const creds = JSON.parse(text, BufferJSON.reviver);
  const whole =
    KEY_PAIRS.every((name) => creds?.[name]?.private?.length === 32 && creds[name].public?.length === 32) &&
    creds.signedPreKey?.keyPair?.private?.length === 32 &&
    Number.isInteger(creds.registrationId) &&
    typeof creds.advSecretKey === 'string';
  if (!whole) {
    throw new Error('the text does not hold whole credentials');
  }
  return dropUnfinishedPairing(creds);
}

/** A pairing code that was asked for but never entered leaves `me` behind; a login with it would be refused. */
function dropUnfinishedPairing(creds) {
  if (creds.me && !creds.account) {
    delete creds.me;
    delete creds.pairingCode;
    creds.registered = false;
  }
  return creds;
}

/**
 * @param {import('baileys').AuthenticationCreds} creds
 * @returns {string} text from which `parseCreds` makes them again; the worker reads a little of it too
 */
export function serialiseCreds(creds) {
  return wellFormed(JSON.stringify(creds, BufferJSON.replacer));
}

/**
 * Baileys' Signal keys, kept by the worker; those that were used last are also remembered here (see `RecentKeys`).
 *
 * @param {{link: import('./store-link.js').StoreLink, journal: import('./journal.js').Journal,
 *   departures: import('./departures.js').Departures}} options the journal names the message whose decryption is being
 *   committed, to be stored in the same step; the departures hear of each commit as it begins
 * @returns {import('baileys').SignalKeyStore}
 */
export function makeKeyStore({ link, journal, departures }) {
  const recent = new RecentKeys();
  const keys = {
    async get(type, ids) {
      const texts = new Map(ids.map((id) => [id, recent.get(type, id)]));
      const unknown = ids.filter((id) => texts.get(id) === undefined);
      if (unknown.length > 0) {
        const { moment } = recent;
        const { values = {} } = await link.request('keys.get', { type, ids: unknown });
        recent.read(moment, type, unknown, values);
        for (const [id, text] of Object.entries(values)) {
          texts.set(id, text);
        }
      }
      const found = [...texts].filter(([, text]) => typeof text === 'string');
      return Object.fromEntries(found.map(([id, text]) => [id, revive(type, text)]));
    },
    async set(data) {
      departures.storing();
      const entries = [];
      for (const [type, byId] of Object.entries(data)) {
        for (const [id, value] of Object.entries(byId ?? {})) {
          entries.push([type, id, value ? textOf(type, value) : null]);
        }
      }
      const entry = journal.current();
      if (entries.length > 0 || entry) {
        recent.begin(entries);
        const { moment } = recent;
        await link.request('keys.set', { entries, journal: entry });
        recent.stored(moment, entries);
        journal.committed();
      }
    },
  };
  return notingTokens(keys, departures);
}

function textOf(type, value) {
  return JSON.stringify(value, PLAIN_TYPES.has(type) ? undefined : BufferJSON.replacer);
}

function revive(type, text) {
  const value = JSON.parse(text, PLAIN_TYPES.has(type) ? undefined : BufferJSON.reviver);
  return type === 'app-state-sync-key' ? proto.Message.AppStateSyncKeyData.fromObject(value) : value;
}
