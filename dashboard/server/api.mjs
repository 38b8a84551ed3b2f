// The questions that the page may ask.
import * as customer from './api/customer.mjs';
import * as customers from './api/customers.mjs';
import * as models from './api/models.mjs';
import * as overview from './api/overview.mjs';
import * as plan from './api/plan.mjs';
import * as whatif from './api/whatif.mjs';
import { Refusal } from './refusal.mjs';
import { schemes } from './schemes.mjs';

const { summary, moves, trend, lorenz, heat } = overview;
// by the name in the address; of a scheme, or of none
const OF_SCHEME = {
  summary,
  moves,
  trend,
  lorenz,
  heat,
  customers: customers.customers,
  owners: customers.owners,
  customer: customer.customer,
  progress: customer.progress,
  history: customer.history,
  ledger: customer.ledger,
  lines: whatif.lines,
  histogram: whatif.histogram,
  simulate: whatif.simulate,
  plan: plan.plan,
  'plan-owners': plan.planOwners,
  coverage: plan.coverage,
  falling: plan.falling,
  ahead: plan.ahead,
};
const OF_NONE = {
  models: models.models,
  quality: models.quality,
};
// Answers that are not kept: they end when nobody waits for them, and of what schemes there are nobody is told.
const askedOnce = (name, parameters) =>
  ['schemes', 'models', 'simulate'].includes(name) || (name === 'customers' && parameters.text('q') !== '');

// what is shown first of a scheme, made before it is asked for
export const FIRST = ['summary', 'moves', 'trend', 'lorenz', 'heat', 'customers'];
// the parts of a page are asked for at once: the catalog is read once for them
const SCHEMES_HOLD = 1000;

export class Api {
  #database;
  #cache;
  #schemes;

  constructor(database, cache) {
    this.#database = database;
    this.#cache = cache;
  }

  forget() {
    this.#cache.clear();
    this.#schemes = undefined;
  }

  // by name
  schemes() {
    if (!this.#schemes || this.#schemes.until < Date.now()) {
      const kept = { until: Infinity, found: this.#database.read(schemes) };
      this.#schemes = kept;
      kept.found.then(
        () => (kept.until = Date.now() + SCHEMES_HOLD),
        () => (kept.until = 0),
      );
    }
    return this.#schemes.found;
  }

  // the answer as JSON
  answer(name, query, parameters, signal) {
    const key = `${name}?${query}`;
    const kept = !askedOnce(name, parameters);
    const make = async () => {
      const result = await this.within(name, parameters, kept ? undefined : signal);
      return JSON.stringify(result);
    };
    return kept ? this.#cache.get(key, make) : make();
  }

  async within(name, parameters, signal) {
    if (name === 'schemes') {
      return [...(await this.schemes()).values()].map((scheme) => scheme.summary);
    }
    if (Object.hasOwn(OF_NONE, name)) {
      return this.#database.read((ask) => OF_NONE[name]({ ask, parameters }), signal);
    }
    if (!Object.hasOwn(OF_SCHEME, name)) {
      throw new Refusal(404, 'there is no such question');
    }
    return this.ofScheme(parameters, OF_SCHEME[name], signal);
  }

  async ofScheme(parameters, work, signal) {
    const scheme = (await this.schemes()).get(parameters.text('scheme'));
    if (!scheme) {
      throw new Refusal(404, 'there is no such scheme, or it is not for you to see');
    }
    return this.#database.read((ask) => work({ ask, scheme, parameters }), signal);
  }
}
