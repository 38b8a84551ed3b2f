// Answers, each kept until tiers move, or for some minutes.  Who asks meanwhile shares the answer.
const ENTRIES = 500;
const BYTES = 32 * 1024 * 1024;
const AGE = 10 * 60 * 1000;

export class Cache {
  // by the time of the last use, the oldest first
  #entries = new Map();
  #bytes = 0;

  async get(key, make) {
    let entry = this.#entries.get(key);
    if (entry && entry.until < Date.now()) {
      this.#drop(key, entry);
      entry = undefined;
    }
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return entry.answer;
    }
    entry = { until: Date.now() + AGE, answer: make(), bytes: 0 };
    this.#entries.set(key, entry);
    try {
      const answer = await entry.answer;
      this.#keep(key, entry, answer.length);
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
    // cleared meanwhile: what was asked before is not the answer of now
    if (this.#entries.get(key) !== entry) {
      return;
    }
    entry.bytes = bytes;
    this.#bytes += bytes;
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
