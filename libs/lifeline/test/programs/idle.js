// A child that waits for ever unless its standard input ends.
import { dieWithParent } from '@pombo/lifeline';

dieWithParent({ stdin: true, drain: true });
process.stdout.write(`${process.pid}\n`);
setInterval(() => undefined, 60_000);
