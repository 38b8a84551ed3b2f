// Elements.  What comes from the database becomes text, never markup.

// h('a', { href: '#', class: 'b', onclick: f }, 'text', element, [more], null)
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) {
      continue;
    }
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (key === 'value' || key === 'checked') {
      element[key] = value;
    } else {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// a table of rows of cells; cells that are numbers, or {number}, are set to the right
export function table(heads, rows, { caption, foot } = {}) {
  const cell = (name) => (content) => {
    const is =
      content !== null && typeof content === 'object' && !(content instanceof Node) && !Array.isArray(content);
    const { text = content, kind } = is ? content : {};
    return h(name, { class: kind, scope: name === 'th' ? 'col' : undefined }, text ?? '–');
  };
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    h(
      'table',
      {},
      caption && h('caption', { class: 'hidden' }, caption),
      h('thead', {}, h('tr', {}, heads.map(cell('th')))),
      h(
        'tbody',
        {},
        rows.map((row) => h('tr', {}, row.map(cell('td')))),
      ),
      foot && h('tfoot', {}, h('tr', {}, foot.map(cell('td')))),
    ),
  );
}

export const number = (text) => ({ text, kind: 'number' });

// [value, text] ... as a select
export function choice(label, options, value, onchange) {
  return h(
    'label',
    {},
    h('span', {}, label),
    ' ',
    h(
      'select',
      { 'aria-label': label, onchange: (event) => onchange(event.target.value) },
      options.map(([key, text]) => h('option', { value: key, selected: key === value }, text)),
    ),
  );
}
