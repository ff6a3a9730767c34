/**
 * What guests, archives and VMMs say, shown in a real terminal in every way there is: hundreds of sequences that drive, question or
 * deceive terminals, before one that answers whatever it is asked. It is not asked, and its clipboard stays.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERBS } from "../../src/contract/verbs.ts";
import { AnsweringTerminal } from "../support/answering-terminal.ts";
import { HOSTILE_SEQUENCES } from "../support/hostile-sequences.ts";
import { openHome, type Home } from "./home.ts";

setDefaultTimeout(120_000);
/** A terminal shows what it got when there is a pause: a sequence does not come in halves then. */
const PAUSE_MS = 15;

const ALL = Buffer.concat(HOSTILE_SEQUENCES.flatMap((sequence) => [Buffer.from("a"), sequence, Buffer.from("b\n")]));

interface Shown {
  readonly terminal: AnsweringTerminal;
  readonly text: string;
}

/** Runs a shell line in a terminal that answers, to its end. `$@` is banger. */
async function show(home: Home, line: string): Promise<Shown> {
  let text = "";
  let held: Uint8Array[] = [];
  let pause: NodeJS.Timeout | undefined;
  const terminal = new AnsweringTerminal((answer) => child.terminal?.write(answer));
  const flush = (): void => {
    terminal.show(Buffer.concat(held));
    held = [];
  };
  const child = Bun.spawn(["sh", "-c", line, "sh", ...home.program], {
    env: { ...home.variables, NO_COLOR: "1" },
    terminal: {
      cols: 200,
      rows: 50,
      data: (_terminal, bytes) => {
        held.push(Uint8Array.from(bytes));
        text += Buffer.from(bytes).toString("utf8");
        clearTimeout(pause);
        pause = setTimeout(flush, PAUSE_MS);
      },
    },
  });
  await child.exited;
  clearTimeout(pause);
  flush();
  return { terminal, text };
}

/** A home whose vms say all of it. */
async function openHostileHome(): Promise<Home> {
  const home = openHome({ FAKE_CONSOLE: ALL.toString("utf8") });
  await home.banger(["vm", "create", "dev"]);
  writeFileSync(join(home.path, "all"), ALL);
  return home;
}

test(`the terminal of this test knows all ${HOSTILE_SEQUENCES.length} sequences, and acts on each`, () => {
  expect(HOSTILE_SEQUENCES.length).toBeGreaterThan(600);
  const unknown = HOSTILE_SEQUENCES.filter((sequence) => {
    const terminal = new AnsweringTerminal();
    terminal.show(sequence);
    return terminal.events.length === 0;
  });
  expect(unknown).toEqual([]);
});

test("without a filter it types", async () => {
  await using home = await openHostileHome();
  const { terminal } = await show(home, `stty -echo; cat ${home.path}/all; timeout 1 cat > ${home.path}/typed; :`);
  expect(terminal.events.length).toBeGreaterThan(HOSTILE_SEQUENCES.length / 2);
  expect(terminal.clipboard).not.toBe("untouched");
});

/** Each query of one vm or of none, by the contract; and what the contract does not tell. */
const QUERIES = Object.values(VERBS)
  .filter(({ kind, composed, fields }) => kind === "query" && !composed && fields.every(({ name, required }) => !required || name === "vm"))
  .map(({ words, fields }) => [...words, ...(fields.some(({ name }) => name === "vm") ? ["evil"] : [])].join(" "));
const LINES = [
  `"$@" vm create evil --image hostile; "$@" vm create evil2 --image hostile --json`,
  `"$@" vm create worse --image hostile-broken; "$@" vm create worse --image hostile-broken --json`,
  ...QUERIES.flatMap((words) => [`"$@" ${words}`, `"$@" ${words} --json`]),
  `for id in $("$@" operation list --json | tr ',' '\\n' | grep -o '[0-9a-f]\\{16\\}'); do "$@" operation show $id; "$@" operation events $id; "$@" operation events $id --json; done`,
  `"$@" exec -i dev cat < "$HOME/all"; "$@" exec -i --json dev cat < "$HOME/all"`,
  `"$@" exec dev "$(head -c 3000 "$HOME/all")"; "$@" vm show "$(head -c 60 "$HOME/all")"; "$@" "$(head -c 60 "$HOME/all")"`,
];

test(`nothing drives it in ${LINES.length} lines, and nothing is hidden`, async () => {
  expect(QUERIES.length).toBeGreaterThan(5);
  await using home = await openHostileHome();
  for (const line of LINES) {
    const { terminal, text } = await show(home, `stty -echo; ${line}`);
    expect({ line, events: terminal.events.slice(0, 5) }).toEqual({ line, events: [] });
    expect(terminal.clipboard).toBe("untouched");
    expect(text.length).toBeGreaterThan(0);
  }
});

test("a command with a terminal of its own draws, asks what may be asked, and leaves nothing typed to the next shell", async () => {
  await using home = await openHostileHome();
  const bytes = ALL.toString("hex");
  const leftovers = `stty -icanon min 0 time 3; typed=$(dd bs=4096 count=1 2>/dev/null | od -An -c | head -c 500); echo "[left: $typed]"`;
  const { terminal, text } = await show(home, `stty -echo; "$@" exec -it dev hex ${bytes}; ${leftovers}`);
  const answers = terminal.events.filter(({ kind }) => kind === "answer").map(({ what }) => what);
  // Digits and names, in which the guest has no say.
  for (const what of answers)
    expect(what).toMatch(/^(?:CSI (?:0?c|>0?c|[56]n|\?(?:6|996)n|1[45689]t|\??\d+\$p|\?u|>q)|\](?:4;\d+|1\d);\?)$/);
  expect(answers.length).toBeGreaterThan(10);
  expect(terminal.clipboard).toBe("untouched");
  expect(text).toContain("[left: ]");
});

test("a command with a terminal that nothing is typed to does not even ask", async () => {
  await using home = await openHostileHome();
  const { terminal } = await show(home, `stty -echo; "$@" exec -t dev hex ${ALL.toString("hex")}`);
  expect(terminal.events.filter(({ kind }) => kind === "answer" || kind === "clipboard")).toEqual([]);
});
