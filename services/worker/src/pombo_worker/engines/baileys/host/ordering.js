const MESSAGE = 'CB:message';

/**
 * Lets a session's messages be handled one after the other, as they came.
 *
 * Baileys stores the addresses of a sender that it meets for the first time before it queues the message, and the next
 * message of that sender, for which there is nothing to store, overtakes it meanwhile.
 *
 * @param {import('node:events').EventEmitter} ws Baileys' WebSocket client
 */
export function keepOrder(ws) {
  for (const handle of ws.listeners(MESSAGE)) {
    let last = Promise.resolve();
    ws.off(MESSAGE, handle);
    ws.on(MESSAGE, (node) => {
      last = last.then(() => handle(node)).catch(() => undefined);
    });
  }
}
