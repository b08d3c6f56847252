import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { exitOf } from '../proxy.js';
import { httpProxy, socksProxy } from './local-proxies.js';
import { Phones } from './phones.js';
import { WorkerSide } from './worker-side.js';

let phones;
let worker;

before(async () => {
  phones = await Phones.start();
  worker = new WorkerSide();
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
  for (const scheme of ['http', 'https', 'socks4', 'socks5']) {
    await worker.open(scheme, phones.url, { proxy: `${scheme}://127.0.0.1:1` });
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

test('fetch goes through the proxy with the dispatcher, and does not take a refusal for the answer', async () => {
  const target = createHttpServer((request, response) => response.end(`${request.method} ${request.url}`));
  await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${target.address().port}/media?x=1`;
  for (const [scheme, start] of Object.entries({ http: httpProxy, socks5: socksProxy })) {
    const proxy = await start();
    const { dispatcher } = exitOf(`${scheme}://ana:p%40ss@127.0.0.1:${proxy.port}`);
    const response = await fetch(address, { dispatcher });
    assert.deepEqual([response.status, await response.text()], [200, 'GET /media?x=1']);
    assert.equal(proxy.seen.length, 1);
    proxy.close();
    await assert.rejects(fetch(address, { dispatcher }));
  }
  const refusing = createHttpServer();
  refusing.on('connect', (_, client) => client.end('HTTP/1.1 407 No\r\n\r\n'));
  await new Promise((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const { port } = refusing.address();
  await assert.rejects(fetch(address, { dispatcher: exitOf(`http://127.0.0.1:${port}`).dispatcher }));
  const check = { proxy: `http://ana:secret@127.0.0.1:${port}`, url: address, timeoutMs: 5000 };
  await assert.rejects(worker.request('proxy.check', check), { code: 'proxy_failed', message: /407/ });
  refusing.close();
  target.close();
});

test('a check names why a proxy does not work, within its time and without the password', async () => {
  const deaf = createServer((client) => client.on('error', () => {}).resume());
  await new Promise((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:9/';
  const proxy = `http://ana:secret@127.0.0.1:${deaf.address().port}`;
  await assert.rejects(worker.request('proxy.check', { proxy, url, timeoutMs: 300 }), { message: /within 1 s/ });
  await new Promise((resolve) => deaf.close(resolve));
  for (const scheme of ['http', 'https', 'socks4', 'socks5']) {
    const refused = { proxy: `${scheme}://ana:secret@127.0.0.1:1`, url, timeoutMs: 5000 };
    const error = await worker.request('proxy.check', refused).catch((thrown) => thrown);
    assert.equal(error.code, 'proxy_failed');
    assert.match(error.message, /nothing listens there/);
  }
});
