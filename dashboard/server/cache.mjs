// Answers, each kept until tiers move; made anew when one is asked for again after some minutes.
const ENTRIES = 500;
const BYTES = 32 * 1024 * 1024;
const AGE = 10 * 60 * 1000;

export class Cache {
  // by the time of the last use, the oldest first
  #entries = new Map();
  #bytes = 0;
  #age;

  constructor(age = AGE) {
    this.#age = age;
  }

  get(key, make) {
    const entry = this.#entries.get(key);
    if (!entry) {
      return this.#make(key, make);
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (entry.until < Date.now()) {
      // nobody waits: the answer of before is given once more, while another is made
      entry.until = Infinity;
      this.#make(key, make, entry).catch(() => this.#drop(key, entry));
    }
    return entry.answer;
  }

  // before: the answer that stays until this one is there
  async #make(key, make, before = undefined) {
    const entry = { until: Infinity, answer: make(), bytes: 0 };
    if (!before) {
      this.#entries.set(key, entry);
    }
    try {
      const answer = await entry.answer;
      // cleared meanwhile: what was asked before is not the answer of now
      if (this.#entries.get(key) === (before ?? entry)) {
        this.#drop(key, before ?? entry);
        this.#keep(key, entry, answer.length);
      }
      return answer;
    } catch (error) {
      this.#drop(key, entry);
      throw error;
    }
  }

  clear() {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #keep(key, entry, bytes) {
    entry.until = Date.now() + this.#age;
    entry.bytes = bytes;
    this.#bytes += bytes;
    this.#entries.set(key, entry);
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= ENTRIES && this.#bytes <= BYTES) {
        break;
      }
      this.#drop(oldest, old);
    }
  }

  #drop(key, entry) {
    if (this.#entries.get(key) === entry) {
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
    }
  }
}
