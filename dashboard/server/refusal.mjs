// An answer other than the one asked for, with the status that says so.
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}
