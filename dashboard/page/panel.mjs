// A part of a page that asks its own question, and asks again when tiers move.
import { h } from './dom.mjs';
import { words } from './words.mjs';

// load(signal) gives the data, draw(body, data) shows it
// quiet: the title of the page says it already
export function panel({ title, wide = false, quiet = false, load, draw }) {
  const body = h('div', { class: 'body' }, h('p', { class: 'quiet' }, words.loading));
  const element = h(
    'section',
    { class: wide ? 'wide' : undefined, 'aria-label': title, 'aria-busy': 'true' },
    h('h2', { class: quiet ? 'hidden' : undefined }, title),
    body,
  );
  let asked = new AbortController();

  async function refresh() {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    element.setAttribute('aria-busy', 'true');
    try {
      const data = await load(signal);
      if (!signal.aborted) {
        draw(body, data);
        performance.mark(`drawn ${title}`);
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      body.replaceChildren(
        h('p', { role: 'alert' }, error.status === 403 ? words.forbidden : words.failed(error.message)),
      );
    }
    element.setAttribute('aria-busy', 'false');
  }

  return { element, refresh, stop: () => asked.abort() };
}
