import { badRequest, listFrom, numberFrom, oneOf, optionalText, textFrom } from './control-input.js';

const ACTIONS = ['add', 'remove', 'promote', 'demote'];
const MOST_HISTORY_BODY_BYTES = 32 * 1024 * 1024;
const MOST_CHUNKS = 100;

async function create(server, { body }) {
  const group = await server.groups.create({
    owner: numberFrom(body.owner, 'owner'),
    subject: textFrom(body.subject, 'subject'),
    participants: listFrom(body.participants, 'participants', numberFrom),
    addressing: body.addressing,
  });
  return { id: group.id };
}

async function change(server, { id, body }) {
  const group = server.groups.get(id);
  const author = numberFrom(body.author ?? group.owner, 'author');
  const subject = optionalText(body.subject, 'subject');
  if (subject !== undefined) {
    await server.groups.rename(group, { author, subject });
  }
  if (body.action !== undefined) {
    const action = oneOf(body.action, 'action', ACTIONS);
    await server.groups.change(group, {
      author,
      action,
      participants: listFrom(body.participants, 'participants', numberFrom),
    });
  }
  return { id: group.id, subject: group.subject, participants: group.participants };
}

function pastMessage(message) {
  if (!Number.isInteger(message?.at)) {
    throw badRequest('at must be seconds since 1970.');
  }
  return {
    id: optionalText(message.id, 'id'),
    text: textFrom(message.text, 'text'),
    fromMe: message.fromMe === true,
    at: message.at,
  };
}

function pastChat(chat) {
  return {
    with: numberFrom(chat?.with, 'with'),
    name: optionalText(chat.name, 'name'),
    messages: listFrom(chat.messages, 'messages', pastMessage),
  };
}

async function history(server, { body }) {
  const { chunks = 1 } = body;
  if (!Number.isInteger(chunks) || chunks < 1 || chunks > MOST_CHUNKS) {
    throw badRequest(`chunks must be a whole number from 1 to ${MOST_CHUNKS}.`);
  }
  await server.histories.remember(numberFrom(body.number, 'number'), {
    recent: listFrom(body.recent, 'recent', pastChat),
    older: body.older === undefined ? [] : listFrom(body.older, 'older', pastChat),
    chunks,
  });
  return { ok: true };
}

/** Groups, and what phones remember: method, path, handler, and the most bytes of a body. */
export const GROUP_ROUTES = [
  ['POST', /^\/control\/groups$/, create],
  ['POST', /^\/control\/groups\/(?<id>[^/]+)$/, change],
  ['POST', /^\/control\/phones\/history$/, history, MOST_HISTORY_BODY_BYTES],
];
