#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { dieWithParent } from '@pombo/lifeline';
import { startSimulator } from './simulator.js';

const FLAGS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  data: { type: 'string' },
  'qr-refs': { type: 'string', default: '6' },
  'qr-first-ms': { type: 'string', default: '60000' },
  'qr-next-ms': { type: 'string', default: '20000' },
  lifeline: { type: 'boolean', default: false },
};

function wholeNumber(flags, name, least) {
  const value = Number(flags[name]);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`--${name} must be a whole number, at least ${least}`);
  }
  return value;
}

function readOptions() {
  const { values } = parseArgs({ options: FLAGS });
  if (!values.data) {
    throw new Error('--data is missing: where the state is kept');
  }
  return {
    lifeline: values.lifeline,
    host: values.host,
    port: wholeNumber(values, 'port', 0),
    data: values.data,
    key: process.env.POMBO_SANDBOX_KEY ?? '',
    qrRefs: wholeNumber(values, 'qr-refs', 1),
    qrFirstMs: wholeNumber(values, 'qr-first-ms', 1),
    qrNextMs: wholeNumber(values, 'qr-next-ms', 1),
  };
}

// The Signal library prints whole sessions, keys included, and standard output belongs to the ready line.
function silenceConsole() {
  for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
    console[method] = () => undefined;
  }
}

async function main() {
  silenceConsole();
  process.on('unhandledRejection', (error) => process.stderr.write(`unhandled rejection: ${error?.stack}\n`));
  const { lifeline, ...options } = readOptions();
  if (lifeline) {
    dieWithParent({ stdin: true, drain: true });
  }
  const simulator = await startSimulator(options);
  let leaving = false;
  const leave = async () => {
    if (!leaving) {
      leaving = true;
      await simulator.close();
      process.exit(0);
    }
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
  process.stdout.write(`${JSON.stringify({ ready: true, port: simulator.port, url: simulator.url })}\n`);
}

main().catch((error) => {
  process.stderr.write(`the simulator did not start: ${error.cause?.message ?? error.message}\n`);
  process.exit(1);
});
