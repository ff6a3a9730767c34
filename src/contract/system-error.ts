/** What a call of the system ended with: it carries the name of its error, `ENOENT`, and says all in its message. */
export function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code);
}

/** `permission denied`, without the call and its paths. */
export function reasonOf(error: unknown): string {
  return /^[A-Z0-9]+: (.*?)(?:,|$)/.exec((error as Error).message)?.[1] ?? String(error);
}
