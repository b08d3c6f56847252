import process from 'node:process';
import { workerData } from 'node:worker_threads';

const { parent, intervalMs } = workerData;

function look() {
  if (process.ppid !== parent) {
    process.kill(process.pid, 'SIGKILL');
  }
}

look();
setInterval(look, intervalMs);
