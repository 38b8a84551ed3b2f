// Where a value lies on an axis.  Values of customers are mostly small, and a few are huge: asinh is a logarithm
// that goes through zero.

// bins: [low, high, heads, value]
export function scaleOf(bins) {
  const heads = bins.reduce((sum, bin) => sum + bin[2], 0);
  let passed = 0;
  const median = Math.abs(bins.find((bin) => (passed += bin[2]) >= heads / 2)?.[1] ?? 1);
  const [least, most] = [bins[0]?.[0] ?? 0, bins.at(-1)?.[1] ?? 1];
  const linear = most - least <= 20 * (median || 1);
  const unit = median / 2 || 1;
  return {
    least,
    most,
    // values such as 1, 10, 100 to write at the axis; undefined: as the chart likes
    ticks: linear
      ? undefined
      : [-1, 1]
          .flatMap((sign) => Array.from({ length: 31 }, (_, i) => sign * 10 ** (i - 15)))
          .filter((tick) => Math.abs(tick) >= unit / 4 && tick >= least && tick <= most)
          .concat(least <= 0 ? [0] : [])
          .sort((a, b) => a - b),
    to: linear ? (value) => value : (value) => Math.asinh(value / unit),
    from: linear ? (place) => place : (place) => unit * Math.sinh(place),
    integer: bins.every(([low, high]) => Number.isInteger(low) && Number.isInteger(high)),
  };
}
