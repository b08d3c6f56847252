import { randomBytes } from 'node:crypto';
import { aesDecryptCTR, aesDecryptGCM, aesEncryptCTR, Curve, derivePairingCodeKey, hkdf, jidDecode } from 'baileys';
import { ControlError } from './control-error.js';
import { ANSWER_MS, link, notAnswered } from './linking.js';
import { isNumber } from './numbers.js';
import { childBytes, element, refusal, result, timestamp } from './stanzas.js';

const KEY_BYTES = 32;
const IV_BYTES = 16;
const GCM_IV_BYTES = 12;
const WRAPPED_BYTES = KEY_BYTES + IV_BYTES + KEY_BYTES;

/**
 * @typedef {object} Offer a companion that waits for its pairing code to be typed
 * @property {string} number whose phone is to type it
 * @property {import('./pairing.js').Pairing} pairing
 * @property {Buffer} ref
 * @property {Buffer} wrapped the companion's ephemeral key under the code: salt, IV, ciphertext
 * @property {Promise<unknown>} turn codes are tried one after the other
 * @property {(finish: object | undefined) => void} [finished] told what the companion answers to the code being tried
 */

function unknown() {
  return new ControlError(410, 'code_unknown', 'That pairing code is wrong, was used or is not waited for any more.');
}

async function unwrap(wrapped, code) {
  const key = await derivePairingCodeKey(code, wrapped.subarray(0, KEY_BYTES));
  const iv = wrapped.subarray(KEY_BYTES, KEY_BYTES + IV_BYTES);
  return aesDecryptCTR(wrapped.subarray(KEY_BYTES + IV_BYTES), key, iv);
}

async function wrap(publicKey, code) {
  const [salt, iv] = [randomBytes(KEY_BYTES), randomBytes(IV_BYTES)];
  return Buffer.concat([salt, iv, aesEncryptCTR(publicKey, await derivePairingCodeKey(code, salt), iv)]);
}

/** Pairing by number: companions that show a code, and the phones on which it is typed. */
export class LinkCodes {
  #server;
  /** @type {Map<string, Offer[]>} by number, newest last */
  #offers = new Map();

  /** @param {import('./simulator.js').Server} server */
  constructor(server) {
    this.#server = server;
  }

  /**
   * Answers an unpaired companion's stanza about its code.
   * @param {import('./pairing.js').Pairing} pairing
   * @param {import('./stanzas.js').BinaryNode} node the IQ
   * @param {import('./stanzas.js').BinaryNode} asked its content
   * @returns {import('./stanzas.js').BinaryNode | undefined} undefined when the answer comes later
   * @throws {Error} when it is malformed
   */
  answer(pairing, node, asked) {
    if (asked.attrs.stage === 'companion_hello') {
      return this.#hello(pairing, node, asked);
    }
    const ref = childBytes(asked, 'link_code_pairing_ref');
    const offer = this.#offerOf(pairing);
    if (asked.attrs.stage !== 'companion_finish' || !offer?.finished || !offer.ref.equals(ref)) {
      return refusal(node, 404, 'item-not-found');
    }
    offer.finished({ node, asked });
    return undefined;
  }

  /** @param {import('./pairing.js').Pairing} pairing whose code, if it has one, is worth nothing any more */
  end(pairing) {
    const offer = this.#offerOf(pairing);
    if (offer) {
      const others = this.#offers.get(offer.number).filter((each) => each !== offer);
      others.length > 0 ? this.#offers.set(offer.number, others) : this.#offers.delete(offer.number);
      offer.finished?.(undefined);
    }
  }

  /**
   * A person types a code on the phone. As the server tells the phone of the newest companion only, it is tried there.
   * @param {import('./accounts.js').Account} account
   * @param {string} code in either case, with or without a dash
   * @returns {Promise<string>} the new device's address
   * @throws {ControlError} 410 `code_unknown`, 409 `not_answered`
   */
  async pair(account, code) {
    const offer = this.#offers.get(account.number)?.at(-1);
    if (!offer) {
      throw unknown();
    }
    const attempt = offer.turn.then(() => this.#try(offer, account, code.replaceAll('-', '').toUpperCase()));
    offer.turn = attempt.catch(() => undefined);
    return attempt;
  }

  #hello(pairing, node, asked) {
    const number = jidDecode(asked.attrs.jid)?.user ?? '';
    const wrapped = childBytes(asked, 'link_code_pairing_wrapped_companion_ephemeral_pub');
    const proven = childBytes(asked, 'companion_server_auth_key_pub').equals(pairing.registration.noiseKey);
    if (pairing.codeRefusal || !isNumber(number) || wrapped.length !== WRAPPED_BYTES || !proven) {
      const code = pairing.codeRefusal ?? 400;
      pairing.codeRefusal = undefined;
      return refusal(node, code, 'bad-request');
    }
    this.end(pairing);
    const ref = randomBytes(KEY_BYTES);
    const offer = { number, pairing, ref, wrapped, turn: Promise.resolve() };
    this.#offers.set(number, [...(this.#offers.get(number) ?? []), offer]);
    const answer = [element('link_code_pairing_ref', {}, ref)];
    return result(node, [element('link_code_companion_reg', { stage: 'companion_hello' }, answer)]);
  }

  async #try(offer, account, code) {
    const { pairing, ref } = offer;
    const ephemeral = Curve.generateKeyPair();
    const companionKey = await unwrap(offer.wrapped, code);
    const content = [
      element('link_code_pairing_wrapped_primary_ephemeral_pub', {}, await wrap(ephemeral.public, code)),
      element('primary_identity_pub', {}, account.phone.identity.public),
      element('link_code_pairing_ref', {}, ref),
    ];
    if (!this.#isLive(offer)) {
      throw unknown();
    }
    const finish = await this.#tell(offer, content);
    if (!finish) {
      throw notAnswered();
    }
    const secret = agreedSecret({ finish, ephemeral, companionKey, account, pairing });
    if (!secret || !this.#isLive(offer)) {
      pairing.connection.send(refusal(finish.node, 400, 'bad-request'));
      throw unknown();
    }
    pairing.used = true;
    this.end(pairing);
    pairing.connection.send(result(finish.node));
    return link(this.#server, account, pairing, secret);
  }

  #tell(offer, content) {
    const attrs = { from: 's.whatsapp.net', type: 'link_code_companion_reg', id: randomBytes(8).toString('hex') };
    const said = new Promise((resolve) => {
      const timer = setTimeout(() => offer.finished(undefined), ANSWER_MS);
      offer.finished = (finish) => {
        clearTimeout(timer);
        offer.finished = undefined;
        resolve(finish);
      };
    });
    const inner = element('link_code_companion_reg', { stage: 'primary_hello' }, content);
    offer.pairing.connection.send(element('notification', { ...attrs, t: timestamp() }, [inner]));
    return said;
  }

  #isLive(offer) {
    return !offer.pairing.used && this.#offerOf(offer.pairing) === offer;
  }

  #offerOf(pairing) {
    return [...this.#offers.values()].flat().find((offer) => offer.pairing === pairing);
  }
}

/**
 * Only who knows the code could exchange the ephemeral keys under which the companion has encrypted its bundle.
 * @returns {Buffer | undefined} the secret both sides now have; undefined when the code was wrong
 */
function agreedSecret({ finish, ephemeral, companionKey, account, pairing }) {
  const { identityKey } = pairing.registration;
  const wrapped = childBytes(finish.asked, 'link_code_pairing_wrapped_key_bundle');
  const [salt, iv, encrypted] = [
    wrapped.subarray(0, KEY_BYTES),
    wrapped.subarray(KEY_BYTES, KEY_BYTES + GCM_IV_BYTES),
    wrapped.subarray(KEY_BYTES + GCM_IV_BYTES),
  ];
  const { identity } = account.phone;
  const shared = Curve.sharedKey(ephemeral.private, companionKey);
  const key = hkdf(shared, KEY_BYTES, { salt, info: 'link_code_pairing_key_bundle_encryption_key' });
  let bundle;
  try {
    bundle = aesDecryptGCM(encrypted, key, iv, Buffer.alloc(0));
  } catch {
    return undefined;
  }
  const random = bundle.subarray(2 * KEY_BYTES);
  const expected = Buffer.concat([identityKey, identity.public, random]);
  const named = childBytes(finish.asked, 'companion_identity_public');
  if (random.length !== KEY_BYTES || !bundle.equals(expected) || !named.equals(identityKey)) {
    return undefined;
  }
  const material = Buffer.concat([shared, Curve.sharedKey(identity.private, identityKey), random]);
  return Buffer.from(hkdf(material, KEY_BYTES, { info: 'adv_secret' }));
}
