import { expect, test } from "bun:test";
import fc from "fast-check";
import { instructionsOf } from "./instructions.ts";
import { isDockerfile } from "./is-dockerfile.ts";
import { basesOf } from "./read-dockerfile.ts";

const bases = (text: string, buildArgs: Readonly<Record<string, string>> = {}, target?: string) => basesOf(text, { buildArgs, target });

test("a Dockerfile is known by its name", () => {
  for (const path of ["Dockerfile", "/a/Containerfile", "Dockerfile.web", "web.dockerfile", "dockerfile", "Dockerfile-dev"])
    expect([path, isDockerfile(path)]).toEqual([path, true]);
  for (const path of ["recipe.toml", "Dockerfile.toml", "/Dockerfile/recipe", "Dockerfiles", "mydockerfile"])
    expect([path, isDockerfile(path)]).toEqual([path, false]);
});

test("names that may be images here are found, each once; stages, scratch and places in registries are none", () => {
  const text = `
# syntax=docker/dockerfile:1
FROM --platform=linux/amd64 debian-bookworm AS Base
RUN echo FROM nowhere
FROM scratch AS empty
FROM ghcr.io/acme/web
FROM node:22
FROM debian@sha256:00
from base as second
COPY --chown=1:1 --from=tools /a /b
COPY --from=0 /a /b
COPY --from=empty /a /b
COPY from=no /c
`;
  expect(bases(text)).toEqual({ names: ["debian-bookworm", "tools"], last: "debian-bookworm" });
  expect(bases(text, {}, "empty")).toMatchObject({ last: undefined });
  expect(bases(text, {}, "BASE")).toMatchObject({ last: "debian-bookworm" });
  expect(bases(text, {}, "0")).toMatchObject({ last: "debian-bookworm" });
  expect(bases(text, {}, "nobody")).toMatchObject({ last: undefined });
  expect(bases("FROM web AS web\nFROM web AS web")).toEqual({ names: ["web"], last: "web" });
  expect(bases("")).toEqual({ names: [], last: undefined });
});

test("arguments before the first FROM are part of a name, as given or by their defaults", () => {
  const text = `ARG BASE=debian SUITE="bookworm"\nARG FULL=$BASE-\${SUITE}\nFROM \${FULL} AS a\nARG BASE=late\nFROM \${NONE:-web} AS b\nFROM x\${BASE:+-y}`;
  expect(bases(text).names).toEqual(["debian-bookworm", "web", "x-y"]);
  expect(bases(text, { SUITE: "trixie", BASE: "" }).names).toEqual(["web", "x"]);
  const bomb = `ARG A0=aaaaaaaa\n${Array.from({ length: 500 }, (_, at) => `ARG A${at + 1}=$A${at}$A${at}`).join("\n")}\nFROM $A500`;
  expect(bases(bomb).names).toEqual([]);
});

test("lines that go on are one, comments within them are none, and documents are no instructions", () => {
  const text =
    "FROM \\\n# a comment\n\n  web\nRUN <<EOF cat <<-'TWO'\nFROM inside\nEOF\n\tFROM inside2\n\tTWO\nRUN echo <<NOEND\nFROM after";
  expect(bases(text).names).toEqual(["web", "after"]);
  expect(bases("# escape=`\nFROM `\n web\nRUN dir c:\\\nFROM after").names).toEqual(["web", "after"]);
  expect(instructionsOf("from a\r\nRUN x \\")).toEqual([
    { word: "FROM", rest: "a" },
    { word: "RUN", rest: "x " },
  ]);
});

test("whatever stands in it, it is read, and soon", () => {
  const piece = fc.constantFrom(
    "FROM ",
    "COPY --from=",
    "ARG A=",
    "$A",
    "${A:-",
    "}",
    "<<EOF",
    "EOF",
    "\\\n",
    "\n",
    "#",
    "AS ",
    "a",
    '"',
    "\t",
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((all) => all.join("")),
      (text) => expect(Array.isArray(bases(text).names)).toBe(true),
    ),
  );
  const started = performance.now();
  bases("RUN <<A\n".repeat(30_000));
  bases(Array.from({ length: 30_000 }, (_, at) => `RUN <<A${at}`).join("\n"));
  bases(`RUN ${"<<A ".repeat(60_000)}`);
  bases(`FROM ${"$".repeat(100_000)}\nFROM ${"${".repeat(100_000)}\nARG ${"A=".repeat(100_000)}`);
  expect(performance.now() - started).toBeLessThan(3000);
});
