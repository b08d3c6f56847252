/**
 * Saves the credentials one at a time; changes that come during a save are saved together by the next one.
 *
 * Each change gets a version. What was written holds at least that version, because the credentials are serialised
 * when their save starts.
 */
export class CredsSaver {
  #begun = 0;
  #saved = 0;
  #running = false;
  #waiters = [];

  /** @param {() => Promise<unknown>} save writes the credentials as they are now; a rejection stops the saver */
  constructor(save) {
    this.save = save;
    this.onSaved = () => {};
  }

  /** @returns {number} the newest version that has to be saved */
  get begun() {
    return this.#begun;
  }

  /** @returns {number} the newest version known to be saved */
  get saved() {
    return this.#saved;
  }

  /** The credentials changed. */
  begin() {
    this.#begun += 1;
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
  }

  /**
   * @param {number} version
   * @returns {Promise<boolean>} true once that version is saved, false when it never will be
   */
  whenSaved(version) {
    if (this.#saved >= version) {
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      this.#waiters.push({ version, resolve });
    });
  }

  async #run() {
    try {
      while (this.#saved < this.#begun) {
        const version = this.#begun;
        await this.save();
        this.#saved = version;
        this.#release((waiter) => waiter.version <= version, true);
        this.onSaved();
      }
      this.#running = false;
    } catch {
      // The store's link has ended the session already; `running` stays true, so that nothing is saved any more.
      this.#release(() => true, false);
    }
  }

  #release(matches, outcome) {
    const released = this.#waiters.filter(matches);
    this.#waiters = this.#waiters.filter((waiter) => !matches(waiter));
    for (const waiter of released) {
      waiter.resolve(outcome);
    }
  }
}
