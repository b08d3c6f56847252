import { createHash } from 'node:crypto';

const NUMBER = /^[1-9]\d{6,14}$/;

/** @param {string} number @returns {boolean} whether it can be a phone number: 7 to 15 digits, no leading zero */
export function isNumber(number) {
  return NUMBER.test(number);
}

/**
 * @param {string} number
 * @returns {string} the LID user of that number: 15 digits, the same at any time on any simulator
 */
export function lidOf(number) {
  const digest = createHash('sha256').update(`lid:${number}`).digest();
  return String(10n ** 14n + (digest.readBigUInt64BE(0) % (9n * 10n ** 14n)));
}

function address(user, device, server) {
  return device === 0 ? `${user}@${server}` : `${user}:${device}@${server}`;
}

/** @param {string} number @param {number} [device] @returns {string} */
export function phoneJid(number, device = 0) {
  return address(number, device, 's.whatsapp.net');
}

/** @param {string} lid @param {number} [device] @returns {string} */
export function lidJid(lid, device = 0) {
  return address(lid, device, 'lid');
}
