import process from 'node:process';
import { Worker } from 'node:worker_threads';

/**
 * Ties this process to its parent: when the parent is gone, so is this process.
 *
 * A worker thread looks at the parent's process id and sends SIGKILL, because a thread still runs
 * when the main thread is blocked and a process that cannot run its event loop cannot be asked to leave.
 *
 * @param {object} [options]
 * @param {boolean} [options.stdin] also end (code 0) when standard input ends or closes. Something must read
 *   standard input for that to be seen: either the program itself or `drain`.
 * @param {boolean} [options.drain] read standard input and throw it away; for programs that expect no input.
 * @param {number} [options.parent] process id of the parent, for a parent that may be gone before this call;
 *   by default the parent at the time of the call.
 * @param {number} [options.intervalMs] milliseconds between two looks, 500 by default.
 * @returns {void}
 */
export function dieWithParent({ stdin = false, drain = false, parent = process.ppid, intervalMs = 500 } = {}) {
  const watcher = new Worker(new URL('./parent-watch.js', import.meta.url), {
    workerData: { parent, intervalMs },
    execArgv: [],
  });
  // Without its watcher the process would outlive its parent unseen.
  watcher.on('error', () => process.kill(process.pid, 'SIGKILL'));
  watcher.unref();
  if (stdin) {
    const leave = () => process.exit(0);
    process.stdin.once('end', leave);
    process.stdin.once('close', leave);
    process.stdin.once('error', leave);
  }
  if (drain) {
    process.stdin.resume();
  }
}
