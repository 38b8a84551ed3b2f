// The questions that the page may ask.
import { setTimeout as pause } from 'node:timers/promises';
import * as customer from './api/customer.mjs';
import * as customers from './api/customers.mjs';
import * as models from './api/models.mjs';
import * as overview from './api/overview.mjs';
import * as plan from './api/plan.mjs';
import * as whatif from './api/whatif.mjs';
import { Parameters } from './parameters.mjs';
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

// What is asked of a scheme for its overview, and after that for its other pages; made before somebody asks.
const overviewOf = ({ axes, valueAxis }) => [
  'summary',
  'moves',
  'trend',
  ...(valueAxis ? ['lorenz'] : []),
  ...(axes.length > 1 ? ['heat'] : []),
];
const whatifOf = ({ axes, valueAxis }) => ['lines', ['histogram', { axis: valueAxis ?? axes[0]?.name }]];
const slowOf = ({ views }) => [
  'customers',
  'owners',
  ...(views.includes('_plan') ? ['plan', 'plan-owners'] : []),
  ...(views.includes('_coverage') ? ['coverage'] : []),
  ...(views.includes('_falling') ? ['falling'] : []),
];
const SLOW_AFTER = 5000;
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

  // By name.  "soon": those of before will do, while they are asked for anew.
  schemes({ soon = false } = {}) {
    const before = this.#schemes;
    if (!before || before.until < Date.now()) {
      const kept = { until: Infinity, found: this.#database.read(schemes) };
      this.#schemes = kept;
      kept.found.then(
        () => (kept.until = Date.now() + SCHEMES_HOLD),
        () => (kept.until = 0),
      );
    }
    return soon && before?.until ? before.found : this.#schemes.found;
  }

  // What the page opens with, as JSON: the schemes as they were lately, and the overview of the one that it shows of
  // itself.  Parts that cannot be had are left out; the page asks for them and is told why.
  async first() {
    const known = [...(await this.schemes({ soon: true })).values()].map(({ summary }) => summary);
    const shown = known.find(({ as_of }) => as_of !== null);
    const parts = await Promise.all(
      (shown ? overviewOf(shown) : []).map(async (name) => {
        const [query, answer] = await this.#ofSchemeAlone(name, shown.name);
        return answer && `${JSON.stringify(`${name}?${query}`)}:${answer}`;
      }),
    );
    return `{"schemes":${JSON.stringify(known)},"answers":{${parts.filter(Boolean).join(',')}}}`;
  }

  // [the parameters, the answer, null if there is none]
  async #ofSchemeAlone(name, scheme, more = {}) {
    const query = new URLSearchParams({ scheme, ...more });
    return [query, await this.answer(name, query.toString(), new Parameters(query)).catch(() => null)];
  }

  // Makes what is asked for first, one after the other: whoever asks meanwhile is not to wait for all of it.
  // shown() is called when what is small is there; going() tells whether answers are still wanted.
  async makeReady(most, shown, going) {
    const known = [...(await this.schemes()).values()].slice(0, most).map(({ summary }) => summary);
    for (const questionsOf of [overviewOf, whatifOf, slowOf]) {
      if (questionsOf === slowOf) {
        shown();
        // who has opened the page meanwhile needs the machine first
        await pause(SLOW_AFTER, undefined, { ref: false });
      }
      for (const scheme of known) {
        for (const question of questionsOf(scheme)) {
          const [name, more] = [question].flat();
          if (going({ slow: questionsOf === slowOf })) {
            await this.#ofSchemeAlone(name, scheme.name, more);
          }
        }
      }
    }
  }

  // the answer as JSON
  answer(name, query, parameters, signal) {
    if (name === 'first') {
      return this.first();
    }
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
    const name = parameters.text('scheme');
    const scheme = (await this.schemes({ soon: true })).get(name) ?? (await this.schemes()).get(name);
    if (!scheme) {
      throw new Refusal(404, 'there is no such scheme, or it is not for you to see');
    }
    return this.#database.read((ask) => work({ ask, scheme, parameters }), signal);
  }
}
