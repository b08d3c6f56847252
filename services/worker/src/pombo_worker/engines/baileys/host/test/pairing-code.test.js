import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide({ POMBO_LOG_BAILEYS: 'trace', POMBO_LOG_HOST: 'trace' });
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

afterEach(() => {
  worker.gate = async () => undefined;
});

function pair(session, number, code = null, at = worker) {
  return at.request('session.pair', { session, number, code });
}

/** Opens an empty session and asks for a code at once, before there is anything to ask. */
async function showing(session, number, code = null) {
  await worker.open(session, phones.url);
  return (await pair(session, number, code)).code;
}

function said(session, method, from = 0) {
  return worker.heard.slice(from).filter((each) => each.method === method && each.params.session === session);
}

test('pairing by code: asked for before it can be, shown beside the QR, stored before the phone has its answer', async () => {
  const code = await showing('p1', '5511600000001');
  assert.match(code, /^[1-9A-Z]{8}$/);
  assert.equal(said('p1', 'session.qr').length, 1);
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const held = [];
  worker.gate = async ({ method, params }) => {
    if (method === 'creds.save' && JSON.parse(params.creds).account) {
      held.push(params);
      await released;
    }
  };
  let typed = false;
  const typing = phones.type('5511600000001', code).then((answer) => {
    typed = true;
    return answer;
  });
  await worker.until(() => held.length === 1, 'a save of the credentials');
  for (let round = 0; round < 20; round += 1) {
    await phones.devices();
  }
  assert.deepEqual([typed, said('p1', 'session.paired').length], [false, 0]);
  await assert.rejects(pair('p1', '5511600000001'), { code: 'not_pairing' });
  release();
  const { device } = await typing;
  const { me } = await worker.hear('session.paired', 'p1');
  assert.equal(me.id, device);
  assert.equal((await worker.hear('session.closed', 'p1')).code, 515);
  const from = worker.heard.length;
  await worker.open('p1', phones.url);
  assert.equal((await worker.hear('session.open', 'p1', { from })).me.id, device);
  await assert.rejects(pair('p1', '5511600000001'), { code: 'not_pairing' });
  assert.ok(worker.stderr.length > 500, 'something was logged');
  for (const secret of [code, '5511600000001', JSON.parse(worker.store('p1').creds).advSecretKey]) {
    assert.equal(worker.stderr.includes(secret), false);
  }
});

test('a host killed before the credentials are stored leaves a phone without a linked device', async () => {
  const other = new WorkerSide();
  await other.open('p2', phones.url);
  const { code } = await pair('p2', '5511600000002', null, other);
  const killed = new Promise((resolve) => {
    other.gate = ({ method, params }) => {
      if (method === 'creds.save' && JSON.parse(params.creds).account) {
        other.child.kill('SIGKILL');
        resolve();
        return new Promise(() => {});
      }
      return undefined;
    };
  });
  await assert.rejects(phones.type('5511600000002', code), { status: 409 });
  await killed;
  assert.equal(await phones.device('5511600000002'), undefined);
  await other.stop();
});

test('a session has one code for a number, also when it is asked for twice at once', async () => {
  await worker.open('p3', phones.url);
  const asked = await Promise.all([pair('p3', '5511600000003'), pair('p3', '5511600000003')]);
  const [{ code }] = asked;
  assert.deepEqual(asked[1], { code });
  assert.deepEqual(await pair('p3', '5511600000003'), { code });
  const both = await Promise.all([pair('p3', '5511600000013'), pair('p3', '5511600000023')]);
  assert.equal(new Set([code, ...both.map((each) => each.code)]).size, 3);
  await assert.rejects(phones.type('5511600000003', code), { code: 'code_unknown' });
  await assert.rejects(phones.type('5511600000013', both[0].code), { code: 'code_unknown' });
  await phones.type('5511600000023', both[1].code);
  await worker.hear('session.paired', 'p3');
});

test('a code of the caller’s own is used, a malformed one refused', async () => {
  for (const bad of ['SHORT', 'abcdefgh', 'ABCDEFG0', 'ABCDEFGI', 'ABCDEFGO', 'ABCDEFGU', 'ABCD-EFG', 12345678]) {
    await worker.open('p4', phones.url).catch(() => undefined);
    await assert.rejects(pair('p4', '5511600000004', bad), { code: 'bad_request' });
  }
  for (const bad of ['', '+5511600000004', '0511', 5511600000004, '5511600000004@s.whatsapp.net']) {
    await assert.rejects(pair('p4', bad), { code: 'bad_request' });
  }
  assert.deepEqual(await pair('p4', '5511600000004', 'PMB1WXYZ'), { code: 'PMB1WXYZ' });
  assert.deepEqual(await pair('p4', '5511600000004'), { code: 'PMB1WXYZ' });
  assert.deepEqual(await pair('p4', '5511600000004', 'PMB2WXYZ'), { code: 'PMB2WXYZ' });
  await phones.type('5511600000004', 'pmb2-wxyz');
  await worker.hear('session.paired', 'p4');
});

test('a code that was not typed does not spoil the next start, after a close and after a kill', async () => {
  const code = await showing('p5', '5511600000005');
  await worker.until(() => JSON.parse(worker.store('p5').creds ?? '{}').me, 'the half-finished credentials');
  let from = worker.heard.length;
  await worker.request('session.close', { session: 'p5', logout: false });
  await worker.hear('session.closed', 'p5', { from });
  from = worker.heard.length;
  await worker.open('p5', phones.url);
  await worker.hear('session.qr', 'p5', { from });
  await assert.rejects(phones.type('5511600000005', code), { code: 'code_unknown' });
  const { code: next } = await pair('p5', '5511600000005');
  await worker.until(() => JSON.parse(worker.store('p5').creds).pairingCode === next, 'the code in the credentials');
  const heir = new WorkerSide();
  heir.store('p5').creds = worker.store('p5').creds;
  worker.child.kill('SIGKILL');
  await worker.exited;
  await worker.stop();
  worker = heir;
  await worker.open('p5', phones.url);
  const { qr } = await worker.hear('session.qr', 'p5');
  const { device } = await phones.scan('5511600000005', qr);
  assert.equal((await worker.hear('session.paired', 'p5')).me.id, device);
});

test('after a wrong code the right one still works, and so does the next QR', async () => {
  await worker.open('p6', phones.url, { qrTimeoutMs: 2_500 });
  await pair('p6', '5511600000006');
  await assert.rejects(phones.type('5511600000006', 'AAAAAAAA'), { code: 'code_unknown' });
  const next = await worker.hear('session.qr', 'p6', { from: worker.heard.length });
  await phones.scan('5511600000006', next.qr);
  await worker.hear('session.paired', 'p6');
  const code = await showing('p16', '5511600000016');
  await assert.rejects(phones.type('5511600000016', 'AAAAAAAA'), { code: 'code_unknown' });
  assert.deepEqual(await pair('p16', '5511600000016'), { code });
  await phones.type('5511600000016', code);
  await worker.hear('session.paired', 'p16');
});

test('a server that refuses or keeps silent gives no code, and may be asked again', async (t) => {
  await worker.open('p7', phones.url);
  const { qr } = await worker.hear('session.qr', 'p7');
  await phones.pairingFault(qr, { kind: 'refuse-code', code: 429 });
  await assert.rejects(pair('p7', '5511600000007'), { code: 'pair_failed', message: /refused/ });
  await pair('p7', '5511600000007');
  const hasty = new WorkerSide({ POMBO_BAILEYS_QUERY_TIMEOUT_MS: '1500' });
  t.after(() => hasty.stop());
  await hasty.open('p7', phones.url);
  const silent = await hasty.hear('session.qr', 'p7');
  await phones.pairingFault(silent.qr, { kind: 'silence' });
  await assert.rejects(pair('p7', '5511600000017', null, hasty), { code: 'pair_failed', message: /in time/ });
  // A server that does not even shake hands cannot be asked.
  const mute = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  t.after(() => mute.close());
  await new Promise((resolve) => mute.once('listening', resolve));
  await hasty.open('p17', `ws://127.0.0.1:${mute.address().port}/`);
  await assert.rejects(pair('p17', '5511600000017', null, hasty), { code: 'pair_failed' });
});

test('a session that ends or is not there has no code', async () => {
  await assert.rejects(pair('nobody', '5511600000008'), { code: 'not_pairing' });
  await worker.open('p8', phones.url);
  const asking = assert.rejects(pair('p8', '5511600000008'), { code: 'not_pairing' });
  await worker.request('session.close', { session: 'p8', logout: false });
  await asking;
});
