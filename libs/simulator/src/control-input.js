import { ControlError } from './control-error.js';
import { isNumber } from './numbers.js';

/** @param {string} message @returns {ControlError} 400 `bad_request` */
export function badRequest(message) {
  return new ControlError(400, 'bad_request', message);
}

/** @param {unknown} value @param {string} name of the field @returns {string} @throws {ControlError} 400 `bad_number` */
export function numberFrom(value, name) {
  const number = String(value ?? '').replace(/^\+/, '');
  if (!isNumber(number)) {
    throw new ControlError(400, 'bad_number', `${name} must be a phone number: 7 to 15 digits, no leading zero.`);
  }
  return number;
}

/** @param {unknown} value @param {string} name @returns {string} not empty @throws {ControlError} 400 `bad_request` */
export function textFrom(value, name) {
  if (typeof value !== 'string' || value === '') {
    throw badRequest(`${name} must be a text.`);
  }
  return value;
}

/** @param {unknown} value @param {string} name @returns {string | undefined} @throws {ControlError} 400 `bad_request` */
export function optionalText(value, name) {
  return value === undefined || value === null ? undefined : textFrom(value, name);
}

/** @param {unknown} value @param {string} name @param {string[]} words @returns {string} @throws {ControlError} 400 */
export function oneOf(value, name, words) {
  if (!words.includes(value)) {
    throw badRequest(`${name} must be one of ${words.join(', ')}.`);
  }
  return value;
}

/** @param {unknown} value @param {string} name @returns {Buffer} @throws {ControlError} 400 `bad_request` */
export function bytesFrom(value, name) {
  const text = textFrom(value, name);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw badRequest(`${name} must be base64.`);
  }
  return Buffer.from(text, 'base64');
}

/** @param {unknown} value @param {string} name @returns {number} @throws {ControlError} 400 `bad_request` */
export function milliseconds(value, name) {
  if (!Number.isInteger(value) || value < 1) {
    throw badRequest(`${name} must be a whole number of milliseconds.`);
  }
  return value;
}

/** @param {unknown} value @param {string} name @param {(value: unknown, name: string) => T} read each of them
 * @template T @returns {T[]} at least one @throws {ControlError} 400 */
export function listFrom(value, name, read) {
  if (!Array.isArray(value) || value.length === 0) {
    throw badRequest(`${name} must be a list.`);
  }
  return value.map((item) => read(item, name));
}
