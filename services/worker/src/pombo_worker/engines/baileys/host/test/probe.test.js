import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Probe } from '../probe.js';

const DEADLINE_MS = 10_000;
const TIMED_OUT = { output: { statusCode: 408 } };

/**
 * Runs a probe whose questions get no answer.
 *
 * @param {(asked: number, probe: Probe) => void} during called while the question of that number, from 1, is out
 * @returns {Promise<number>} at which question it called the socket deaf; 5 when it asked so often and did not
 */
function deafAt(during) {
  let asked = 0;
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error(`stuck after ${asked} questions`)), DEADLINE_MS);
    const settle = (number) => {
      clearTimeout(deadline);
      probe.stop();
      resolve(number);
    };
    const query = async () => {
      asked += 1;
      during(asked, probe);
      if (asked === 5) {
        settle(asked);
      }
      throw TIMED_OUT;
    };
    const probe = new Probe({ sock: { query }, everyMs: 1, held: () => false, onDeaf: () => settle(asked) });
    probe.start();
  });
}

const MESSAGE = { tag: 'message' };

test('two questions in a row without an answer show a deaf socket', async () => {
  assert.equal(await deafAt(() => {}), 2);
});

test('a socket on which something comes in while an answer is waited for is not deaf', async () => {
  assert.equal(await deafAt((_, probe) => probe.watch(MESSAGE)), 5);
});

test('a question that was missed does not count any more once something came in', async () => {
  assert.equal(await deafAt((asked, probe) => asked === 2 && probe.watch(MESSAGE)), 4);
});
