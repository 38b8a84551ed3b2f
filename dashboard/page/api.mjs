// Questions to the server.
export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const address = (path, parameters) => {
  const given = Object.entries(parameters).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
};

// answers that came with the first
let ready = {};

// the schemes, and what is shown of one of them
export async function first() {
  const { schemes, answers } = await get('first');
  ready = answers;
  return schemes;
}

// they are of the moment in which the page was opened
export const forgetReady = () => {
  ready = {};
};

export async function get(name, parameters = {}, signal = undefined) {
  const key = address(name, parameters);
  if (Object.hasOwn(ready, key)) {
    return ready[key];
  }
  const response = await fetch(address(`/api/${name}`, parameters), { signal });
  const answer = await response.json();
  if (!response.ok) {
    throw new Failure(response.status, answer.error);
  }
  return answer;
}
