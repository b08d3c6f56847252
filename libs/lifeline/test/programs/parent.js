// Starts the program named on the command line, passes its output on and waits to be killed.
import { spawn } from 'node:child_process';

spawn(process.execPath, [process.argv[2]], { stdio: ['pipe', 'inherit', 'inherit'] });
setInterval(() => undefined, 60_000);
