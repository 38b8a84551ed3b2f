// What is shown lies behind the "#" of the address: a page, a scheme and the rest as parameters.
import { address } from './api.mjs';

export function route() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { page: path || 'overview', parameters: Object.fromEntries(new URLSearchParams(query)) };
}

export const link = (page, parameters) => address(`#/${page}`, parameters);

// replace: the step back does not lead here again
export function go(page, parameters, { replace = false } = {}) {
  const to = link(page, parameters);
  if (replace) {
    history.replaceState(null, '', to);
    dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = to;
  }
}
