#!/usr/bin/env node
import { dieWithParent } from '@pombo/lifeline';
import { shareAsyncStorage } from './async-contexts.js';
import { makeLogger, silenceConsole } from './logger.js';
import { Sessions } from './sessions.js';
import { baileysVersion, readSettings } from './settings.js';
import { Spool } from './spool.js';
import { Wire } from './wire.js';

const PROTOCOL = 1;

/** One session's fault must not end the others: what nobody caught is logged, and the process lives on. */
function surviveFaults(log) {
  process.on('unhandledRejection', (error) => log.error({ error }, 'a rejection was not handled'));
  process.on('uncaughtException', (error) => log.error({ error }, 'an exception was not caught'));
}

/** Without a reader there is nobody to answer for what the sessions receive. */
function endWithReader(output) {
  output.on('error', () => process.exit(1));
  output.on('close', () => process.exit(1));
}

function main() {
  silenceConsole(console);
  shareAsyncStorage();
  dieWithParent({ stdin: true });
  const settings = readSettings(process.env);
  const log = makeLogger('host', settings.hostLevel);
  const baileysLog = makeLogger('baileys', settings.baileysLevel);
  surviveFaults(log);
  endWithReader(process.stdout);
  const spool = new Spool(settings.spool);
  spool.removeAtExit();
  const wire = new Wire({
    input: process.stdin,
    output: process.stdout,
    spool,
    log,
    onCongestion: (congested) => sessions.hold(congested),
  });
  const sessions = new Sessions({ wire, log, baileysLog, settings });
  wire.notify('ready', {
    protocol: PROTOCOL,
    baileys: baileysVersion(),
    node: process.version,
    pid: process.pid,
  });
  sessions.serve();
}

main();
