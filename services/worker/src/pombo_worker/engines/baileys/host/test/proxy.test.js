import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { httpProxy, socksProxy } from './local-proxies.js';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide({ POMBO_BAILEYS_CONNECT_TIMEOUT_MS: '2000' });
});

after(async () => {
  await worker.stop();
  await phones.stop();
});

test('a session with an HTTP proxy reaches the server through it, with its credentials', async () => {
  const proxy = await httpProxy();
  await worker.open('h', phones.url, { proxy: `http://ana:p%40ss@127.0.0.1:${proxy.port}` });
  await worker.hear('session.qr', 'h');
  const basic = `Basic ${Buffer.from('ana:p@ss').toString('base64')}`;
  assert.deepEqual(proxy.seen, [{ target: new URL(phones.url).host, authorization: basic }]);
  proxy.close();
  await worker.hear('session.closed', 'h');
});

test('a session with a SOCKS 5 proxy reaches the server through it, with its credentials', async () => {
  const proxy = await socksProxy();
  await worker.open('s', phones.url, { proxy: `socks5://ana:p%40ss@127.0.0.1:${proxy.port}` });
  await worker.hear('session.qr', 's');
  assert.deepEqual(proxy.seen, [{ target: new URL(phones.url).host, authorization: 'ana:p@ss' }]);
  proxy.close();
  await worker.hear('session.closed', 's');
});

test('a proxy that does not answer is a failed dial, never a direct one', async () => {
  const closed = createServer();
  await new Promise((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address();
  await new Promise((resolve) => closed.close(resolve));
  for (const scheme of ['http', 'https', 'socks4', 'socks5']) {
    await worker.open(scheme, phones.url, { proxy: `${scheme}://127.0.0.1:${port}` });
    const { origin } = await worker.hear('session.closed', scheme);
    assert.equal(origin, 'network');
    assert.equal(
      worker.heard.filter((said) => said.method === 'session.qr' && said.params.session === scheme).length,
      0,
    );
  }
});

test('what is no proxy is refused before anything is dialled', async () => {
  for (const proxy of ['ftp://127.0.0.1:1', 'nonsense', 'http://']) {
    await assert.rejects(worker.open('n', phones.url, { proxy }), { code: 'bad_proxy' });
  }
});
