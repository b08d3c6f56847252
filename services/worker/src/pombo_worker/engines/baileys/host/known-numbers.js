const MOST = 2_000;
const GOOD_MS = 3_600_000;
const ASKED_AT_ONCE = 50;

/** Under which address WhatsApp knows a phone: asked once, then remembered for an hour. What it lacks is asked anew. */
export class KnownNumbers {
  #jids = new Map();

  /**
   * @param {{ask: (...phones: string[]) => Promise<{jid: string, exists: boolean}[] | undefined>, now?: () => number}}
   *   options `ask` as Baileys' `onWhatsApp`
   */
  constructor({ ask, now = () => performance.now() }) {
    this.ask = ask;
    this.now = now;
  }

  /**
   * @param {string[][]} wanted for each number the digits under which WhatsApp may have it, likeliest first
   * @returns {Promise<(string | null)[]>} the address of each, or null
   * @throws {Error} when the server does not answer
   */
  async find(wanted) {
    const unknown = [...new Set(wanted.filter((phones) => !this.#remembered(phones)).flat())];
    const found = new Map();
    for (let start = 0; start < unknown.length; start += ASKED_AT_ONCE) {
      for (const { jid, exists } of (await this.ask(...unknown.slice(start, start + ASKED_AT_ONCE))) ?? []) {
        if (exists && jid) {
          found.set(jid.split('@')[0].split(':')[0], jid);
        }
      }
    }
    return wanted.map((phones) => this.#remembered(phones) ?? this.#remember(phones, found));
  }

  #remembered(phones) {
    const entry = this.#jids.get(phones[0]);
    return entry && entry.until > this.now() ? entry.jid : undefined;
  }

  #remember(phones, found) {
    const jid = phones.map((phone) => found.get(phone)).find(Boolean) ?? null;
    if (jid) {
      this.#jids.delete(phones[0]);
      this.#jids.set(phones[0], { jid, until: this.now() + GOOD_MS });
      if (this.#jids.size > MOST) {
        this.#jids.delete(this.#jids.keys().next().value);
      }
    }
    return jid;
  }
}
