const TRANSIENT = [408, 425, 429];

/** Whether the same request may go well a little later, by the status of its answer. */
export function isTransient(status: number): boolean {
  return status >= 500 || TRANSIENT.includes(status);
}
