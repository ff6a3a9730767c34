/** The programs and headers that a build takes. All that are missing are told at once, with the packages that have them. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";

/** A program and the Debian package that has it. */
const PROGRAMS = {
  gcc: "gcc",
  make: "make",
  flex: "flex",
  bison: "bison",
  bc: "bc",
  ld: "binutils",
  strip: "binutils",
  tar: "tar",
  xz: "xz-utils",
  gpg: "gpg",
} as const;
export type BuildProgram = keyof typeof PROGRAMS;

/** The build makes `objtool` first, which reads ELF; `gcc` alone brings no headers of the C library. */
const HEADERS = { "gelf.h": "libelf-dev", "stdlib.h": "libc6-dev" } as const;
const ASK_MS = 30_000;

export function neededPrograms(source: string): readonly BuildProgram[] {
  const all = Object.keys(PROGRAMS) as readonly BuildProgram[];
  return source === "kernel.org" ? all : all.filter((program) => program !== "gpg");
}

/** Throws `unavailable` `build_tools_missing`. */
export async function checkBuildTools(system: System, source: string, signal: AbortSignal): Promise<void> {
  const programs = neededPrograms(source).filter((program) => system.processes.which(program) === undefined);
  // Without a compiler nobody can be asked where the headers are; whoever lacks it seldom has them.
  const headers = programs.includes("gcc") ? (["gelf.h", "stdlib.h"] as const) : await missingHeaders(system, signal);
  if (programs.length + headers.length === 0) return;
  const packages = [...new Set([...programs.map((program) => PROGRAMS[program]), ...headers.map((header) => HEADERS[header])])];
  throw new BangerError(
    "unavailable",
    "build_tools_missing",
    `cannot build a kernel: missing are ${[...programs, ...headers].join(", ")}`,
    {
      hint: `sudo apt install ${packages.join(" ")}`,
      data: { missing: [...programs, ...headers] },
    },
  );
}

async function missingHeaders(system: System, signal: AbortSignal): Promise<readonly (keyof typeof HEADERS)[]> {
  const missing: (keyof typeof HEADERS)[] = [];
  for (const header of Object.keys(HEADERS) as (keyof typeof HEADERS)[]) {
    const asked = await system.processes.run(["gcc", "-E", "-x", "c", "-", "-o", "/dev/null"], {
      input: `#include <${header}>\n`,
      timeoutMs: ASK_MS,
      signal,
    });
    if (asked.code !== 0) missing.push(header);
  }
  return missing;
}
