// Colours: of the style sheet, and of tiers.
// Tiers are told apart by lightness as well as by hue (viridis), so that those who cannot tell red from green can.
const VIRIDIS = [
  [68, 1, 84],
  [65, 68, 135],
  [42, 120, 142],
  [34, 168, 132],
  [122, 209, 81],
  [223, 227, 24],
];

export const dark = matchMedia('(prefers-color-scheme: dark)');

export const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// t from 0 to 1
function viridis(t) {
  const at = Math.min(Math.max(t, 0), 1) * (VIRIDIS.length - 1);
  const i = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const mixed = VIRIDIS[i].map((low, k) => Math.round(low + (at - i) * (VIRIDIS[i + 1][k] - low)));
  return `rgb(${mixed.join(', ')})`;
}

// the best stands out: dark on light, light on dark
export const shade = (t) => viridis(dark.matches ? 0.15 + 0.8 * t : 0.9 - 0.85 * t);

// of rank 1 (the lowest) to highest, unless the tier has a colour of its own
export function tierColour(rank, highest, own) {
  if (/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(own ?? '')) {
    return own;
  }
  return rank ? shade(highest > 1 ? (rank - 1) / (highest - 1) : 1) : css('quiet');
}

export const changeColour = (change) => css({ up: 'up', new: 'up', down: 'down', left: 'down' }[change] ?? 'same');
