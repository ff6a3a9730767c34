import { BangerError } from "../contract/errors.ts";

/**
 * The workshop is nobody's: who asked for an image is told of that, with flags that they have.
 * @param name of the workshop.
 * @param what how a refusal begins: `cannot build image web`.
 */
export function aboutImage(error: unknown, name: string, what: string): unknown {
  if (!(error instanceof BangerError)) return error;
  const [begin = ""] = /^cannot \w+ vm [^\s:]+/.exec(error.message) ?? [];
  if (!begin.endsWith(` ${name}`)) return error;
  const hint = error.hint?.replaceAll("--disk ", "--size ");
  return new BangerError(error.kind, error.code, `${what}${error.message.slice(begin.length)}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(error.problems === undefined ? {} : { problems: error.problems }),
    ...(error.data === undefined ? {} : { data: error.data }),
    cause: error,
  });
}
