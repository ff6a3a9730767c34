/**
 * Every check and every group of tests, in the order in which they begin: what is quick and cheap to mend comes first, then what the
 * rest needs, then the long ones, some beside each other, longest first.
 */
import { BUN, inRoot } from "../setup/places.mjs";

/**
 * One program to run and how to count it.
 * - `check`: counts as one, passed when the program ends with code 0.
 * - `bun`: tests of `bun test`, counted from its JUnit report.
 * - `cargo`: tests of `cargo test`, counted from its summary lines.
 * @typedef {object} Suite
 * @property {string} name
 * @property {"check" | "bun" | "cargo"} kind
 * @property {readonly string[]} argv the word `cargo` stands for the toolchain that set-up found
 * @property {boolean} quick part of `npm run check`
 * @property {string} [needs] the suite without which it takes too long at its first test: it is run before
 * @property {boolean} [beside] may run while another such suite does
 * @property {boolean} [onDemand] takes long and is asked for by its name
 * @property {boolean} [boots] boots guests: nothing in it may be skipped
 * @property {string} [folder] where to run it; the top of the checkout unless given
 * @property {number} minutes after which it counts as hung
 * @property {number} [fullMinutes] the same for the long run; as many as `minutes` unless given
 */

/** Tools of npm run by bun: the node of a Debian 12 is too old for some. @param {string} path @param {...string} rest */
const tool = (path, ...rest) => [BUN, inRoot("node_modules", path), ...rest];

/** @param {string} name @param {string[]} argv @returns {Suite} */
const check = (name, argv) => ({ name, kind: "check", argv, quick: true, minutes: 5 });

/**
 * What is checked of a folder that holds a Rust program.
 * @param {string} name
 * @returns {Suite[]}
 */
const rust = (name) => [
  { name: `${name}-format`, kind: "check", argv: ["cargo", "fmt", "--check"], quick: false, folder: inRoot(name), minutes: 5 },
  {
    name: `${name}-lint`,
    kind: "check",
    argv: ["cargo", "clippy", "--locked", "--all-targets", "--", "-D", "warnings"],
    quick: false,
    beside: true,
    folder: inRoot(name),
    minutes: 20,
  },
  {
    name,
    kind: "cargo",
    argv: ["cargo", "test", "--locked"],
    quick: false,
    beside: true,
    folder: inRoot(name),
    minutes: 20,
    fullMinutes: 120,
  },
];

/** @type {readonly Suite[]} */
export const SUITES = [
  check("typecheck", tool("typescript/bin/tsc", "-p", ".")),
  check("lint", tool("oxlint/bin/oxlint", "--type-aware", "--deny-warnings")),
  check("format", tool("oxfmt/bin/oxfmt", "--check")),
  check("knip", tool("knip/bin/knip.js", "--no-progress")),
  check("rooms", [BUN, inRoot("tools/check-rooms.ts")]),
  { name: "unit", kind: "bun", argv: ["./src", "./tools", "./scripts", "./bench"], quick: true, minutes: 10 },
  { name: "goods", kind: "check", argv: [BUN, inRoot("test/support/pull-goods.ts")], quick: false, minutes: 15 },
  {
    name: "images",
    kind: "bun",
    argv: ["./test/images"],
    quick: false,
    needs: "goods",
    beside: true,
    boots: true,
    minutes: 60,
    fullMinutes: 180,
  },
  { name: "vm", kind: "bun", argv: ["./test/vm"], quick: false, needs: "goods", beside: true, boots: true, minutes: 60, fullMinutes: 180 },
  { name: "host", kind: "bun", argv: ["./test/host"], quick: false, needs: "goods", beside: true, minutes: 30, fullMinutes: 90 },
  {
    name: "crash",
    kind: "bun",
    argv: ["./test/crash"],
    quick: false,
    needs: "goods",
    beside: true,
    boots: true,
    minutes: 30,
    fullMinutes: 300,
  },
  { name: "cli", kind: "bun", argv: ["./test/cli"], quick: false, needs: "goods", beside: true, boots: true, minutes: 30, fullMinutes: 60 },
  ...rust("layers"),
  ...rust("guest"),
  ...rust("sshd"),
  ...rust("nethelper"),
  { name: "kernel", kind: "bun", argv: ["./test/kernel"], quick: false, needs: "goods", onDemand: true, boots: true, minutes: 90 },
];
