// How concentrated an axis is, from how its values are spread: bins of low, high, heads and total, ascending.

// The curve from the best down: [part of the customers, part of the value] at the edges of the bins.  Below zero
// nobody holds anything.  Within a bin values are taken to be even between low and high, as to the Gini coefficient.
export function concentrated(bins) {
  const held = bins
    .map(({ low, high, heads, total }) => ({ heads, total: Math.max(total, 0), wide: Math.max(high, 0) - Math.max(low, 0) }))
    .reverse();
  const [heads, total] = ['heads', 'total'].map((key) => held.reduce((sum, bin) => sum + bin[key], 0));
  const curve = [[0, 0]];
  let [n, sum, below, within] = [0, 0, 0, 0];
  for (const bin of held) {
    below += (bin.heads / heads) * (2 * sum + bin.total);
    within += (bin.heads / heads) ** 2 * (bin.wide / 6);
    n += bin.heads;
    sum += bin.total;
    curve.push([n / heads, total > 0 ? sum / total : 0]);
  }
  return { heads, total, gini: total > 0 ? below / total - 1 + (within * heads) / total : null, curve };
}
