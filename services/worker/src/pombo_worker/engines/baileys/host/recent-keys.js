const MOST = 64;
const KEPT_TYPES = new Set(['session', 'sender-key', 'tctoken', 'lid-mapping', 'device-list']);

/**
 * The Signal keys that one session used last, as texts. Only this session writes them for as long as its lease lasts,
 * and a write that fails ends it, so what was written or read here is what the store holds.
 */
export class RecentKeys {
  #texts = new Map();
  #writes = 0;

  /** @returns {number} to be given to `read` with what was asked for from now on */
  get moment() {
    return this.#writes;
  }

  /** @param {string} type @param {string} id @returns {string | null | undefined} null: there is none; undefined: ask */
  get(type, id) {
    const name = `${type}/${id}`;
    const text = this.#texts.get(name);
    if (text !== undefined) {
      this.#texts.delete(name);
      this.#texts.set(name, text);
    }
    return text;
  }

  /**
   * Takes what the store answered, unless something was written since it was asked.
   *
   * @param {number} moment @param {string} type @param {string[]} ids @param {Record<string, string>} texts
   */
  read(moment, type, ids, texts) {
    if (moment === this.#writes) {
      for (const id of ids) {
        this.#keep(type, id, texts[id] ?? null);
      }
    }
  }

  /** Called before a write is asked for: until it is stored, neither the old nor the new text is taken for true. */
  begin(entries) {
    this.#writes += 1;
    for (const [type, id] of entries) {
      this.#texts.delete(`${type}/${id}`);
    }
  }

  /** Called once a write is stored, with nothing else written meanwhile or not. @param {Array<Array>} entries */
  stored(moment, entries) {
    this.#writes += 1;
    for (const [type, id, text] of entries) {
      if (moment === this.#writes - 1) {
        this.#keep(type, id, text);
      } else {
        this.#texts.delete(`${type}/${id}`);
      }
    }
  }

  #keep(type, id, text) {
    if (!KEPT_TYPES.has(type)) {
      return;
    }
    this.#texts.set(`${type}/${id}`, text);
    if (this.#texts.size > MOST) {
      this.#texts.delete(this.#texts.keys().next().value);
    }
  }
}
