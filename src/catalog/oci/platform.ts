/** Which computer an image is for. */
import { BangerError } from "../../contract/errors.ts";

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

const FORM = /^(?:([a-z0-9]{1,32})\/)?([a-z0-9_]{1,32})(?:\/([a-z0-9.]{1,16}))?$/;
const OTHER_NAMES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64", i386: "386", i686: "386" };
/** What an architecture is when nothing more is said of it. */
const USUAL_VARIANTS: Readonly<Record<string, string>> = { arm64: "v8", amd64: "v1" };

/** `linux/arm64/v8`, or without what is usual. Throws `invalid` `bad_platform`. @param text undefined for that of this computer. */
export function parsePlatform(text: string | undefined, ours: string): Platform {
  const [whole, os = "linux", named = "", variant] = FORM.exec(text ?? `linux/${ours}`) ?? [];
  if (whole === undefined) throw bad(text ?? ours, "it is not like linux/amd64");
  if (os !== "linux") throw bad(text ?? ours, "only Linux runs in a vm of banger");
  const architecture = Object.hasOwn(OTHER_NAMES, named) ? (OTHER_NAMES[named] ?? named) : named;
  return { os, architecture, variant };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

/** Whether something for `offered` is what was wanted. */
export function fits(wanted: Platform, offered: Platform): boolean {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return false;
  return wanted.variant === undefined || wanted.variant === (offered.variant ?? USUAL_VARIANTS[offered.architecture]);
}

/**
 * The one that every computer of the architecture can run goes first: of amd64 there are some for newer processors alone.
 * @param offered those that fit. Undefined when there are none.
 */
export function choosePlain<T extends { readonly platform: Platform }>(offered: readonly T[]): T | undefined {
  return offered.find(({ platform: { architecture, variant } }) => isUsual(architecture, variant)) ?? offered[0];
}

function isUsual(architecture: string, variant: string | undefined): boolean {
  return variant === undefined || variant === USUAL_VARIANTS[architecture];
}

function bad(text: string, why: string): BangerError {
  return new BangerError("invalid", "bad_platform", `cannot take the platform ${JSON.stringify(text.slice(0, 100))}: ${why}`, {
    hint: "--platform linux/amd64, or linux/arm64/v8",
  });
}
