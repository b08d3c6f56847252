import { proto } from 'baileys';

/**
 * What Baileys asks for when a device could not decrypt a message: the message, from the worker, which keeps what was
 * sent lately.
 *
 * @param {{wire: import('./wire.js').Wire, session: string, log: import('pino').Logger}} options
 * @returns {(key: {id?: string}) => Promise<import('baileys').proto.IMessage | undefined>} never rejects
 */
export function sentMessages({ wire, session, log }) {
  return async ({ id }) => {
    try {
      const { message } = await wire.request('message.get', { session, id }, session);
      return message ? proto.Message.decode(Buffer.from(message, 'base64')) : undefined;
    } catch (error) {
      log.warn({ error }, 'a message that was asked for again is not there');
      return undefined;
    }
  };
}
