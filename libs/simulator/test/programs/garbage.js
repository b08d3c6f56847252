// A client that gets a frame it cannot decrypt, in a process that does nothing about unhandled rejections.
import { DEADLINE_MS } from '../support/client.js';
import { link, sandbox } from '../support/sandbox.js';

const { url, control } = await sandbox({ after: () => undefined });
await link(url, control, '5511987650031');
process.stdout.write('linked\n');
await control.fault('5511987650031', 'garbage');
setTimeout(() => process.exit(0), DEADLINE_MS);
