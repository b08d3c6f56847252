// A child whose main thread never comes back to its event loop.
import { writeSync } from 'node:fs';
import { dieWithParent } from '@pombo/lifeline';

dieWithParent({ intervalMs: 50 });
writeSync(1, `${process.pid}\n`);
for (;;) {}
