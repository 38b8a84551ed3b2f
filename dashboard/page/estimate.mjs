// How many customers reach a line, and what they bring, from bins of [low, high, heads, value]; within a bin they are
// taken to be spread evenly.
export function reach(bins, line, lower) {
  let heads = 0;
  let value = 0;
  for (const [low, high, in_bin, brought] of bins) {
    const within = high > low ? (line - low) / (high - low) : line > low ? 1 : 0;
    // the part above the line, or with it
    const above = line <= low ? 1 : line > high ? 0 : 1 - within;
    const part = lower ? (line >= high ? 1 : line < low ? 0 : high > low ? within : 1) : above;
    heads += part * in_bin;
    value += part * brought;
  }
  return { heads: Math.round(heads), value };
}

// heads and value of each score, from 1: lines are those of the scores from 2
export function classes(bins, lines, lower) {
  const all = {
    heads: bins.reduce((sum, bin) => sum + bin[2], 0),
    value: bins.reduce((sum, bin) => sum + bin[3], 0),
  };
  const reached = [all, ...lines.map((line) => reach(bins, line, lower)), { heads: 0, value: 0 }];
  return reached.slice(0, -1).map(({ heads, value }, i) => ({
    heads: heads - reached[i + 1].heads,
    value: value - reached[i + 1].value,
  }));
}

// numbers that are strictly ascending, as the server asks for
export function ascending(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  for (let i = 1; i < sorted.length; i += 1) {
    if (sorted[i] <= sorted[i - 1]) {
      sorted[i] = sorted[i - 1] + (Math.abs(sorted[i - 1]) * 2 ** -52 || Number.MIN_VALUE);
    }
  }
  return sorted;
}
