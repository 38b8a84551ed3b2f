// The page: its schemes, what is shown of one, and what is told of refreshes.
import { first, forgetReady, get } from './api.mjs';
import { dispose } from './chart.mjs';
import { dark } from './colours.mjs';
import { h } from './dom.mjs';
import { customer } from './pages/customer.mjs';
import { customers } from './pages/customers.mjs';
import { models } from './pages/models.mjs';
import { overview } from './pages/overview.mjs';
import { plan } from './pages/plan.mjs';
import { whatif } from './pages/whatif.mjs';
import { go, link, route } from './route.mjs';
import { tiersOf } from './tiers.mjs';
import { otherLanguage, words } from './words.mjs';

const PAGES = { overview, customers, customer, plan, whatif, models };
const $ = (id) => document.getElementById(id);

let schemes = [];
// the parts of the page that is shown, and the scheme they are of
let shown = { panels: [] };

const under = ({ name, as_of }) => [name, as_of && words.asOf(as_of)].filter(Boolean).join(' ');

function header(page, scheme) {
  $('scheme').replaceChildren(
    ...schemes.map(({ name }) => h('option', { value: name, selected: name === scheme?.name }, name)),
  );
  const pages = Object.entries(words.pages).filter(
    ([name]) => name !== 'plan' || ['_plan', '_coverage', '_falling'].some((view) => scheme?.views.includes(view)),
  );
  $('pages').replaceChildren(
    ...pages.map(([name, title]) =>
      h(
        'a',
        {
          href: link(name, { scheme: scheme?.name }),
          'aria-current': name === page || (name === 'customers' && page === 'customer') ? 'page' : undefined,
        },
        title,
      ),
    ),
  );
}

function show({ focus = true } = {}) {
  const { page, parameters } = route();
  const scheme =
    schemes.find(({ name }) => name === parameters.scheme) ??
    schemes.find(({ as_of }) => as_of !== null) ??
    schemes[0];
  for (const { stop } of shown.panels) {
    stop();
  }
  dispose($('main'));
  header(page, scheme);
  const title = words.pages[page] ?? (page === 'customer' ? parameters.customer : words.notFound);
  document.title = [title, scheme?.name, words.title].filter(Boolean).join(' · ');
  const head = h('h1', {}, title, ' ', h('small', {}, scheme && page !== 'models' ? under(scheme) : ''));
  if (!scheme || !Object.hasOwn(PAGES, page)) {
    shown = { panels: [] };
    $('main').replaceChildren(head, h('p', { role: 'alert' }, scheme ? words.notFound : words.noSchemes));
    return;
  }
  const { tiers, forget } = tiersOf(scheme);
  shown = { panels: PAGES[page]({ scheme, parameters, tiers }), forget, scheme };
  $('main').replaceChildren(
    head,
    shown.panels.length
      ? h(
          'div',
          { class: 'panels' },
          shown.panels.map(({ element }) => element),
        )
      : h('p', {}, words.noPlan),
  );
  for (const { refresh } of shown.panels) {
    refresh();
  }
  if (focus) {
    $('main').focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

// those of now; parts of the page hold on to their scheme
async function askSchemes() {
  schemes = (await get('schemes')).map((scheme) =>
    Object.assign(schemes.find(({ name }) => name === scheme.name) ?? {}, scheme),
  );
}

// The page opens with the schemes as they were lately.
async function checkSchemes() {
  const before = JSON.stringify(schemes);
  await askSchemes();
  if (JSON.stringify(schemes) !== before) {
    show({ focus: false });
  }
}

// Tiers moved: the same page, with the figures of now.  A page keeps what its user has chosen.
async function refreshed(items) {
  forgetReady();
  await askSchemes();
  if (!shown.scheme || !schemes.includes(shown.scheme)) {
    show({ focus: false });
    return;
  }
  if (route().page !== 'models') {
    $('main').querySelector('h1 small').textContent = under(shown.scheme);
  }
  shown.forget();
  for (const { refresh } of shown.panels) {
    refresh();
  }
  $('live').textContent = items.map(words.refreshed).join('; ');
}

function listen() {
  const source = new EventSource('/events');
  let before;
  const state = (listening) => {
    $('live').textContent = listening ? words.live : words.notLive;
    $('live').className = listening ? 'on' : 'off';
    // what was told meanwhile is not known
    if (listening && before === false) {
      refreshed([]).then(() => {
        $('live').textContent = words.live;
      });
    }
    before = listening;
  };
  source.addEventListener('state', ({ data }) => state(JSON.parse(data).listening));
  source.addEventListener('refreshed', ({ data }) => refreshed(JSON.parse(data)));
  source.addEventListener('error', () => state(false));
}

document.title = words.title;
$('skip').textContent = words.skip;
$('scheme-label').firstElementChild.textContent = words.scheme;
$('language').textContent = words.other;
$('language').lang = words.other === 'English' ? 'en' : 'zh-CN';
$('language').addEventListener('click', otherLanguage);
$('skip').addEventListener('click', (event) => {
  event.preventDefault();
  $('main').focus();
});
$('scheme').addEventListener('change', ({ target }) => {
  const { page } = route();
  go(page === 'customer' ? 'customers' : page, { scheme: target.value });
});
addEventListener('hashchange', () => {
  forgetReady();
  show();
});
dark.addEventListener('change', () => show({ focus: false }));
try {
  schemes = await first();
  show({ focus: false });
  checkSchemes().catch(() => {});
} catch (error) {
  $('main').replaceChildren(h('p', { role: 'alert' }, words.failed(error.message)));
}
listen();
