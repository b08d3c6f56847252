import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DEADLINE_MS = 10_000;

function program(name) {
  return fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
}

async function firstLine(stream) {
  const lines = createInterface({ input: stream });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return line;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !isZombie(pid);
}

// An orphan that ended stays in the process table when nothing in a container collects it.
function isZombie(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].startsWith('Z');
  } catch {
    return false;
  }
}

async function untilGone(pid) {
  const deadline = Date.now() + DEADLINE_MS;
  while (isRunning(pid)) {
    assert.ok(Date.now() < deadline, 'the child outlived its parent');
    await turn();
  }
}

test('a child with a blocked main thread dies when its parent is killed', async () => {
  const parent = spawn(process.execPath, [program('parent.js'), program('blocked.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const child = Number(await firstLine(parent.stdout));
  assert.ok(isRunning(child));
  parent.kill('SIGKILL');
  await untilGone(child);
});

test('a child ends by itself when its standard input ends', async () => {
  const child = spawn(process.execPath, [program('idle.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
  await firstLine(child.stdout);
  const ended = once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
  child.stdin.end();
  assert.deepEqual(await ended, [0, null]);
});

test('a child whose parent lives stays', async () => {
  const child = spawn(process.execPath, [program('blocked.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  await firstLine(child.stdout);
  // Ten looks of the watcher, measured by a second child rather than by a pause of guessed length.
  const clock = spawn(process.execPath, [
    '-e',
    'let n = 0; setInterval(() => { if (++n === 10) process.exit(); }, 50)',
  ]);
  await once(clock, 'exit');
  assert.equal(child.exitCode, null);
  assert.equal(child.signalCode, null);
  child.kill('SIGKILL');
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
});
