// The language of the page, and how it writes numbers.
import { en } from './words/en.mjs';
import { zh } from './words/zh.mjs';

const LANGUAGES = { en, zh };
const kept = localStorage.getItem('language');
const wished = navigator.languages.map((one) => one.slice(0, 2)).find((one) => LANGUAGES[one]);

export const language = LANGUAGES[kept] ? kept : (wished ?? 'en');
export const words = LANGUAGES[language];
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';

export function otherLanguage() {
  localStorage.setItem('language', language === 'en' ? 'zh' : 'en');
  location.reload();
}

const format = (options) => {
  const formatter = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en', options);
  return (value) => (value === null || value === undefined ? '–' : formatter.format(value));
};

export const count = format({ maximumFractionDigits: 0 });
const rounded = format({ maximumFractionDigits: 0 });
const cents = format({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
// of one customer, to the cent
const exact = (value) => (Number.isInteger(Number(value)) ? rounded(value) : cents(value));
// of many: nobody reads cents beside hundreds of thousands
export const amount = (value) => (Math.abs(value) >= 100_000 ? rounded(value) : exact(value));
export const whole = format({ maximumFractionDigits: 0 });
export const short = format({ notation: 'compact', maximumFractionDigits: 1 });
export const percent = format({ style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const signedPercent = format({ style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });
export const signed = format({ maximumFractionDigits: 2, signDisplay: 'exceptZero' });

// of a measure: small numbers keep digits, large ones lose them
export const measure = (value) =>
  Math.abs(value) < 10 ? format({ maximumSignificantDigits: 3 })(value) : exact(value);

// of a measure of several customers, below each other: all with decimals, or none
export function measures(values) {
  const given = values.filter((value) => value !== null).map(Number);
  if (given.every(Number.isInteger)) {
    return rounded;
  }
  return given.every((value) => Math.abs(value) < 10)
    ? format({ minimumFractionDigits: 3, maximumFractionDigits: 3 })
    : cents;
}

// a word of the database, where the page has another for it
export const said = (group, text) => words[group]?.[text] ?? text;
