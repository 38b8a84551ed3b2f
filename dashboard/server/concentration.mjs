// How concentrated an axis is, from how its values are spread: bins of low, high, heads and total, ascending.

const PARTS = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1];

// heads, the Gini coefficient, the curve from the best down at the edges of the bins, and what parts of the customers
// hold.  Below zero nobody holds anything; within a bin values are taken to be even from low to high.
export function concentrated(bins) {
  const best = bins
    .map(({ low, high, heads, total }) => ({
      heads,
      total: Math.max(total, 0),
      wide: Math.max(high, 0) - Math.max(low, 0),
    }))
    .reverse();
  const [all, held] = ['heads', 'total'].map((key) => best.reduce((sum, bin) => sum + bin[key], 0));
  const share = (value) => (held > 0 ? value / held : null);
  const curve = [[0, share(0)]];
  const shares = [];
  let [heads, total, below] = [0, 0, 0];
  for (const bin of best) {
    below += bin.heads * (2 * total + bin.total + (bin.heads * bin.wide) / 6);
    for (const part of PARTS.slice(shares.length)) {
      const more = Math.ceil(part * all * (1 - Number.EPSILON)) - heads;
      if (more > bin.heads) {
        break;
      }
      const lower = 1 - more / bin.heads;
      shares.push([part, share(total + more * (bin.total / bin.heads + (lower * bin.wide) / 2))]);
    }
    heads += bin.heads;
    total += bin.total;
    curve.push([heads / all, share(total)]);
  }
  return { heads: all, gini: held > 0 ? share(below) / all - 1 : null, curve, shares };
}
