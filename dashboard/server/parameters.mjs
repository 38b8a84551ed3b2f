// What a request asks for, checked.
import { Refusal } from './refusal.mjs';

export class Parameters {
  #query;

  constructor(query) {
    this.#query = query;
  }

  text(name, longest = 200) {
    const text = this.#query.get(name) ?? '';
    if (text.length > longest || text.includes('\0')) {
      throw new Refusal(400, `${name} is too long`);
    }
    return text;
  }

  oneOf(name, possible) {
    const text = this.text(name) || possible[0];
    if (!possible.includes(text)) {
      throw new Refusal(400, `${name} is none of ${possible.join(', ')}`);
    }
    return text;
  }

  day(name) {
    const text = this.text(name);
    if (!/^\d{4}-\d\d-\d\d$/.test(text)) {
      throw new Refusal(400, `${name} is no day`);
    }
    return text;
  }

  numbers(name, most = 100) {
    const numbers = this.text(name, 4000).split(',').map(Number);
    if (numbers.length > most || !numbers.every(Number.isFinite)) {
      throw new Refusal(400, `${name} are not numbers`);
    }
    return numbers;
  }
}
