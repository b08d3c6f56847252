import { setTimeout as delay } from 'node:timers/promises';
import { generateWAMessage, isJidGroup, jidNormalizedUser, proto } from 'baileys';
import { KnownNumbers } from './known-numbers.js';
import { plainMessage } from './message.js';
import { WireError } from './wire.js';

/** What one session sends at the worker's wish: messages, receipts and presences in a chat. */
export class Outgoing {
  #numbers;

  /**
   * @param {{sock: import('baileys').WASocket, departures: import('./departures.js').Departures,
   *   logger: import('pino').Logger}} options the socket of an open session; Baileys' own logger
   */
  constructor({ sock, departures, logger }) {
    Object.assign(this, { sock, departures, logger });
    this.#numbers = new KnownNumbers({ ask: (...phones) => sock.onWhatsApp(...phones) });
  }

  /**
   * Sends one message.
   *
   * @param {{id: string, to: {jid: string, phones: string[]}, content: object, mentions?: string[],
   *   mentionsEveryOne?: boolean, quoted?: object | null}} message `content` is `{text}`, or
   *   `{type, path, mimetype, caption, fileName}` of a file
   * @returns {Promise<{message: object, proto: string}>} the message as it left, plain, and its protobuf in base64
   * @throws {WireError} `bad_request`, `no_recipient` or `not_sent` when nothing has left; any other error leaves that open
   */
  async send({ id, to, content, mentions = [], mentionsEveryOne = false, quoted = null }) {
    const { jid, everyOne } = await this.#before(() => this.#recipient(to, mentionsEveryOne));
    const mentioned = [...new Set([...mentions, ...everyOne])];
    const body = { ...baileysContent(content), ...(mentioned.length > 0 ? { mentions: mentioned } : {}) };
    const made = await this.#make(jid, body, { id, quoted });
    try {
      await this.departures.of(() => this.sock.relayMessage(jid, made.message, { messageId: id }));
    } catch (error) {
      throw leftNothing(error) ? new WireError('not_sent', error.message) : error;
    }
    return {
      message: plainMessage(made),
      proto: Buffer.from(proto.Message.encode(made.message).finish()).toString('base64'),
    };
  }

  /**
   * @param {{targets: {jid: string, phones: string[]}[]}} params phones and groups; other addresses count as known
   * @returns {Promise<{jids: (string | null)[]}>} the address of each that WhatsApp has
   * @throws {WireError} `not_sent`
   */
  async check({ targets }) {
    return this.#before(async () => {
      const phones = targets.filter((target) => target.phones.length > 0);
      const found = await this.#numbers.find(phones.map((target) => target.phones));
      const known = new Map(phones.map((target, at) => [target, found[at]]));
      const jids = await Promise.all(
        targets.map((target) => (known.has(target) ? known.get(target) : this.#known(target.jid))),
      );
      return { jids };
    });
  }

  /**
   * @param {{keys: object[]}} params of messages that were received
   * @throws {WireError} `not_sent`
   */
  async read({ keys }) {
    await this.#before(() => this.sock.readMessages(keys));
  }

  /**
   * @param {{to: {jid: string, phones: string[]}, presence: string, delayMs?: number}} params with a delay `paused`
   *   follows
   * @throws {WireError} `no_recipient`, `not_sent`
   */
  async presence({ to, presence, delayMs = 0 }) {
    await this.#before(async () => {
      const { jid } = await this.#recipient(to, false);
      await this.sock.sendPresenceUpdate(presence, jid);
      if (delayMs > 0) {
        await delay(delayMs);
        await this.sock.sendPresenceUpdate('paused', jid);
      }
    });
  }

  /** As Baileys' `sendMessage` does it, which would not say when the message has left. Files are uploaded here. */
  async #make(jid, body, { id, quoted }) {
    try {
      const made = await generateWAMessage(jid, body, {
        logger: this.logger,
        userJid: this.sock.user.id,
        upload: this.sock.waUploadToServer,
        messageId: id,
        ...(quoted ? { quoted: quotedMessage(quoted, jid) } : {}),
      });
      dropGroupAsAuthor(made.message);
      return made;
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('not_sent', error.message);
    }
  }

  async #recipient({ jid, phones }, everyOne) {
    if (isJidGroup(jid)) {
      return { jid, everyOne: everyOne ? await this.#members(jid) : [] };
    }
    const [found] = phones.length > 0 ? await this.#numbers.find([phones]) : [jid];
    if (!found) {
      throw new WireError('no_recipient', 'WhatsApp does not have this number');
    }
    return { jid: jidNormalizedUser(found), everyOne: [] };
  }

  async #known(jid) {
    try {
      await (isJidGroup(jid) && this.sock.groupMetadata(jid));
      return jid;
    } catch (error) {
      if (refusalOf(error) === 'no_recipient') {
        return null;
      }
      throw error;
    }
  }

  async #members(jid) {
    const { participants } = await this.sock.groupMetadata(jid);
    return participants.map(({ id }) => id);
  }

  /** Whatever fails here failed before a message left. */
  async #before(act) {
    try {
      return await act();
    } catch (error) {
      throw error instanceof WireError ? error : new WireError(refusalOf(error), error.message);
    }
  }
}

function refusalOf(error) {
  return [403, 404, 406].includes(error?.data ?? error?.output?.statusCode) ? 'no_recipient' : 'not_sent';
}

/**
 * Baileys' own errors come before it writes: what is missing, unanswered questions, a connection that is gone. Only a
 * write that is not confirmed in time (408, as for a question) or fails in the socket may have left.
 */
function leftNothing(error) {
  return Boolean(error?.isBoom) && error.output?.statusCode !== 408;
}

/** Link previews would have this process fetch any address that a text names: none is made. */
function baileysContent({ text, type, path, mimetype, caption, fileName }) {
  if (type === undefined) {
    return { text, linkPreview: null };
  }
  const named = type === 'document' || type === 'video' ? { fileName } : {};
  return {
    [type]: { url: path },
    mimetype,
    ...named,
    ...(caption && type !== 'audio' ? { caption } : {}),
  };
}

function quotedMessage({ key, message }, jid) {
  const content = quotedContent(message ?? {});
  const empty = Object.keys(content).length === 0;
  return { key: { ...told(key), remoteJid: key.remoteJid || jid }, message: empty ? { conversation: '' } : content };
}

function quotedContent(message) {
  try {
    return proto.Message.fromObject(message);
  } catch {
    throw new WireError('bad_request', 'quoted.message must be the content of a message, in the form of its event');
  }
}

/** Members that are null or empty say nothing; Baileys would take them for what they should name. */
function told(key) {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null && value !== ''));
}

/** Baileys has the chat for the author of a quoted message whose key names nobody else: a group wrote nothing. */
function dropGroupAsAuthor(message) {
  for (const content of Object.values(message)) {
    if (isJidGroup(content?.contextInfo?.participant)) {
      delete content.contextInfo.participant;
    }
  }
}
