const TYPE = 'tctoken';
const INDEX = '__index';

/**
 * Writes down that a contact was given a privacy token.
 *
 * Baileys issues one with the first message of a week to a contact, and notes when, so that the next messages need
 * none. But its note joins the transaction of the message, which is over by then, and is lost: each message would
 * issue a token again. What is read tells how far it came: the contact's entry while the message is made, and the
 * index of all contacts once the token was taken.
 *
 * @param {import('baileys').SignalKeyStore} keys
 * @param {import('./departures.js').Departures} departures
 * @returns {import('baileys').SignalKeyStore} the same keys, with those notes
 */
export function notingTokens(keys, departures) {
  async function note(contact, index) {
    const { [contact]: entry } = await keys.get(TYPE, [contact]);
    const senderTimestamp = Math.floor(Date.now() / 1000);
    const known = index?.token?.length ? JSON.parse(Buffer.from(index.token).toString()) : [];
    await keys.set({
      [TYPE]: {
        [contact]: { token: Buffer.alloc(0), ...entry, senderTimestamp },
        ...(known.includes(contact) ? {} : { [INDEX]: { token: Buffer.from(JSON.stringify([...known, contact])) } }),
      },
    });
  }

  return {
    set: (data) => keys.set(data),
    async get(type, ids) {
      const found = await keys.get(type, ids);
      const { contact } = departures;
      if (type === TYPE && ids[0] !== INDEX) {
        departures.reading(ids[0]);
      } else if (type === TYPE && contact) {
        await note(contact, found[INDEX]);
      }
      return found;
    },
  };
}
