/** A refusal of the control API. */
export class ControlError extends Error {
  /** @param {number} status HTTP status, 4xx @param {string} code for programs @param {string} message for people */
  constructor(status, code, message) {
    super(message);
    this.name = 'ControlError';
    this.status = status;
    this.code = code;
  }
}
