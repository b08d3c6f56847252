import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serialiseCreds } from '../auth-state.js';
import { wellFormed } from '../well-formed.js';

const CUT = '😀'.slice(0, 1);
const REST = '😀'.slice(1);

function carried(value) {
  return JSON.parse(wellFormed(JSON.stringify(value)));
}

test('half of a character is replaced, in values and in names', () => {
  assert.deepEqual(carried({ [`name ${CUT}`]: [`a${CUT}`, `${REST}b`] }), { 'name \ufffd': ['a\ufffd', '\ufffdb'] });
});

test('whole characters, and texts that only look like halves, stay as they are', () => {
  const texts = {
    whole: '😀',
    escape: '\\ud83d',
    twice: '\\\\ud83d',
    inner: JSON.stringify(CUT),
    newline: '\n\u0001"',
  };
  assert.deepEqual(carried({ ...texts, cut: CUT }), { ...texts, cut: '\ufffd' });
});

test('credentials, a text of their own inside a line, hold no half of a character either', () => {
  assert.deepEqual(JSON.parse(serialiseCreds({ me: { name: `Ana ${CUT}` } })), { me: { name: 'Ana \ufffd' } });
});
