// How tiers are called and painted, by what the summary says; asked once for all parts of a page.
import { get } from './api.mjs';

export function tiersOf(scheme) {
  let asked;
  const tiers = () =>
    (asked ??= get('summary', { scheme: scheme.name }).then(
      (rows) => ({
        rows,
        names: new Map(rows.map((row) => [row.tier, row.tier_name ?? row.tier])),
        colours: new Map(rows.map((row) => [row.tier, row.tier_colour])),
      }),
      // without the summary tiers go by their labels
      () => ({ rows: [], names: new Map(), colours: new Map() }),
    ));
  return {
    tiers,
    forget: () => {
      asked = undefined;
    },
  };
}
