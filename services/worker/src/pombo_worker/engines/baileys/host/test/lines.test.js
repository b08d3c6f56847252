import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter } from '../lines.js';

function split(limit, chunks) {
  const lines = [];
  let tooLong = 0;
  const splitter = new LineSplitter({
    limit,
    onLine: (line) => lines.push(line),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) {
    splitter.push(Buffer.from(chunk));
  }
  return { lines, tooLong };
}

test('lines come out whole, however the bytes were cut, even inside a character', () => {
  const bytes = Buffer.from('{"a":"é"}\n\n{"b":1}\n');
  const single = [...bytes].map((byte) => Buffer.from([byte]));
  assert.deepEqual(split(100, single).lines, ['{"a":"é"}', '{"b":1}']);
  assert.deepEqual(split(100, [bytes]).lines, ['{"a":"é"}', '{"b":1}']);
});

test('a line over the limit is dropped, and the next one is read', () => {
  const { lines, tooLong } = split(10, ['12345', '678901', '2345', '\nshort\n', '1234567890\n']);
  assert.deepEqual(lines, ['short', '1234567890']);
  assert.equal(tooLong, 1);
});
