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

export async function get(name, parameters = {}, signal = undefined) {
  const response = await fetch(address(`/api/${name}`, parameters), { signal });
  const answer = await response.json();
  if (!response.ok) {
    throw new Failure(response.status, answer.error);
  }
  return answer;
}
