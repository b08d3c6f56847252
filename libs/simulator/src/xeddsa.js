import { createPublicKey, verify } from 'node:crypto';

const P = 2n ** 255n - 19n;
// The fixed opening of a DER-encoded Ed25519 public key (RFC 8410); the 32 key bytes follow.
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

function power(base, exponent) {
  let [result, square] = [1n, base % P];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) {
      result = (result * square) % P;
    }
    square = (square * square) % P;
  }
  return result;
}

function readLittleEndian(bytes) {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** The Edwards form of a Montgomery key: y = (u - 1) / (u + 1), with the sign the signature names. */
function edwardsKey(montgomeryKey, signBit) {
  const u = readLittleEndian(montgomeryKey) & (2n ** 255n - 1n);
  const y = (((u - 1n + P) % P) * power(u + 1n, P - 2n)) % P;
  const bytes = Buffer.from(y.toString(16).padStart(64, '0'), 'hex').reverse();
  bytes[31] |= signBit;
  return bytes;
}

/**
 * Checks a Signal signature (XEd25519). Baileys' own `Curve.verify` answers true to anything, so it is no test of
 * a companion's identity.
 * @param {Uint8Array} publicKey Curve25519 key, 32 bytes
 * @param {Uint8Array} message
 * @param {Uint8Array} signature 64 bytes
 * @returns {boolean}
 */
export function verifySignature(publicKey, message, signature) {
  if (publicKey?.length !== 32 || signature?.length !== 64) {
    return false;
  }
  const plain = Buffer.from(signature);
  const key = Buffer.concat([ED25519_SPKI, edwardsKey(publicKey, plain[63] & 0x80)]);
  plain[63] &= 0x7f;
  return verify(null, message, createPublicKey({ key, format: 'der', type: 'spki' }), plain);
}
