import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';

/**
 * Starts an HTTP proxy that keeps who asked for what.
 *
 * @returns {Promise<{port: number, seen: {target: string, authorization?: string}[], close: () => void}>}
 */
export async function httpProxy() {
  const seen = [];
  const server = createServer();
  const open = new Set();
  server.on('connect', (request, client) => {
    seen.push({ target: request.url, authorization: request.headers['proxy-authorization'] });
    const [host, port] = request.url.split(':');
    join(client, connect(Number(port), host), open, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  return listening(server, seen, open);
}

/** Starts a SOCKS 5 proxy that wants a name and a password, and keeps them and the target. */
export async function socksProxy() {
  const seen = [];
  const open = new Set();
  const server = createTcpServer((client) => {
    client.once('data', () => {
      client.write(Buffer.from([5, 2]));
      client.once('data', (login) => {
        const nameEnd = 2 + login[1];
        const authorization = `${login.subarray(2, nameEnd)}:${login.subarray(nameEnd + 1)}`;
        client.write(Buffer.from([1, 0]));
        client.once('data', (wanted) => {
          const { host, port } = socksTarget(wanted);
          seen.push({ target: `${host}:${port}`, authorization });
          join(client, connect(port, host), open, () => client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])));
        });
      });
    });
    client.on('error', () => {});
  });
  return listening(server, seen, open);
}

function socksTarget(wanted) {
  const port = wanted.readUInt16BE(wanted.length - 2);
  const host = wanted[3] === 3 ? wanted.subarray(5, 5 + wanted[4]).toString() : [...wanted.subarray(4, 8)].join('.');
  return { host, port };
}

function join(client, target, open, connected) {
  open.add(client).add(target);
  target.once('connect', () => {
    connected();
    client.pipe(target).pipe(client);
  });
  for (const socket of [client, target]) {
    socket.on('error', () => {});
    socket.once('close', () => {
      client.destroy();
      target.destroy();
    });
  }
}

async function listening(server, seen, open) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    for (const socket of open) {
      socket.destroy();
    }
  };
  return { port: server.address().port, seen, close };
}
