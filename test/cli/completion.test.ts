/** Completion in the real shells, typed at a terminal. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { noteOfUs } from "../../src/sdk/test-note.ts";
import { openHome, type Home } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

/** Names of files that a shell has to quote. */
const ODD = "odd one's $HOME;é";
let home: Home;
let folder: string;

beforeAll(async () => {
  home = openHome();
  folder = join(home.path, "files");
  for (const name of [ODD, "folder"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "folder/one"), "");
  for (const name of ["dev", "devel", "other"]) await home.banger(["vm", "create", name]);
  await home.banger(["kernel", "import", "mine-6.12", "--from", "/"]);
  for (const shell of ["bash", "zsh", "fish"]) {
    writeFileSync(join(home.path, `banger.${shell}`), (await home.banger(["completion", shell])).stdout);
  }
});
afterAll(() => home[Symbol.asyncDispose]());

interface Typed {
  readonly until: (part: string | RegExp) => Promise<string>;
  readonly type: (keys: string) => void;
  readonly end: () => Promise<void>;
}

/** A shell at a terminal, whose prompt is `> `. */
async function openShell(argv: readonly string[], setUp: string): Promise<Typed> {
  let text = "";
  let wake = (): void => undefined;
  const decoder = new TextDecoder();
  const child = Bun.spawn([...argv], {
    cwd: folder,
    env: { ...home.variables, LANG: "C.UTF-8", TERM: "dumb", PS1: "> " },
    terminal: {
      cols: 200,
      rows: 50,
      data: (_terminal, data) => {
        text += decoder.decode(data, { stream: true });
        wake();
      },
    },
  });
  const until = async (part: string | RegExp): Promise<string> => {
    const deadline = AbortSignal.timeout(30_000);
    deadline.addEventListener("abort", () => wake());
    while (text.search(part) < 0) {
      if (deadline.aborted) throw new Error(`${String(part)} did not appear: ${JSON.stringify(text)}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const seen = text;
    text = "";
    return seen;
  };
  const type = (keys: string): void => void child.terminal?.write(keys);
  type(`${setUp}; echo rea""dy\n`);
  await until(/\nready/);
  return {
    until,
    type,
    end: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

const SHELLS = {
  bash: (script: string) => openShell(["bash", "--norc", "--noprofile", "-i"], `bind 'set enable-bracketed-paste off'; source ${script}`),
  zsh: (script: string) =>
    openShell(
      ["zsh", "-f", "-i"],
      `PS1='> '; unsetopt zle_bracketed_paste 2>/dev/null; autoload -U compinit; compinit -u -D; source ${script}`,
    ),
};

describe.each(Object.entries(SHELLS))("%s", (name, open) => {
  test("completes verbs, flags, choices, live names and paths", async () => {
    const shell = await open(join(home.path, `banger.${name}`));
    try {
      /** Types, presses tab, and clears the line when it reads as it should. */
      const complete = async (typed: string, wanted: string): Promise<void> => {
        shell.type(`${typed}\t`);
        await shell.until(wanted.slice(typed.length - 1).replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"));
        shell.type("\x15");
      };
      await complete("banger comple", "banger completion ");
      await complete("banger vm sto", "banger vm stop ");
      await complete("banger start oth", "banger start other ");
      await complete("banger rm dev devel oth", "banger rm dev devel other ");
      await complete("banger vm create --init sys", "banger vm create --init systemd ");
      await complete("banger vm create --init=sys", "banger vm create --init=systemd ");
      await complete("banger vm create --kernel mi", "banger vm create --kernel mine-6.12 ");
      await complete("banger vm create --work", "banger vm create --work-disk ");
      // What is copied is in a vm, or a file of this computer, on either side.
      shell.type("banger cp oth\t/etc/hosts fold\t\x01echo \n");
      await shell.until(/\nbanger cp other:\/etc\/hosts folder\/? *\r\n/);
      shell.type("banger cp folder/o\t dev:~ \x01echo \n");
      await shell.until(/\nbanger cp folder\/one +dev:~/);
      shell.type("banger cp -r dev\t");
      await shell.until(name === "bash" ? "\x07" : /devel:/);
      shell.type("el:/x\x01echo \n");
      await shell.until(/\nbanger cp -r devel:\/x\r\n/);
      // A name that has to be quoted: as a word of another command it is that name again.
      shell.type(`banger kernel import x --from odd\t`);
      await shell.until("odd\\\\ one\\\\'s\\\\ \\\\\\$HOME\\\\;");
      shell.type("\x01printf '<%s>' \n");
      await shell.until(new RegExp(`<${ODD.replaceAll("$", "\\$")}/?>`));
    } finally {
      await shell.end();
    }
  });
});

describe("fish", () => {
  const complete = async (line: string): Promise<readonly string[]> => {
    const script = `source ${join(home.path, "banger.fish")}; complete -C ${JSON.stringify(line)}`;
    const child = Bun.spawn(["fish", "--no-config", "-c", script], {
      cwd: folder,
      env: { ...home.variables, LANG: "C.UTF-8" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
  };

  test("completes verbs, flags, choices, live names and paths", async () => {
    expect(await complete("banger comple")).toEqual([expect.stringMatching(/^completion\tPrint what/)]);
    expect(await complete("banger start dev")).toEqual(["dev\trunning", "devel\trunning"]);
    expect(await complete("banger rm dev oth")).toEqual(["other\trunning"]);
    expect(await complete("banger vm create --init sys")).toEqual(["systemd"]);
    expect(await complete("banger vm create --init=sys")).toEqual(["--init=systemd"]);
    expect(await complete("banger vm create --work")).toEqual([expect.stringMatching(/^--work-disk\t/)]);
    expect(await complete("banger cp folder/one o")).toEqual(["other:\trunning", expect.stringContaining("odd")]);
    expect(await complete("banger cp dev:/etc/ho")).toEqual([""]);
    expect((await complete("banger cp ./odd"))[0]).toStartWith(`./${ODD}/`);
    expect((await complete("banger kernel import x --from odd"))[0]).toStartWith(`${ODD}/`);
    expect((await complete("banger kernel import x --from=odd"))[0]).toStartWith(`--from=${ODD}/`);
  });
});

describe("without a daemon that answers", () => {
  test("there are no names, no daemon is started, and nothing is said", async () => {
    await using other = openHome();
    expect(await other.banger(["internal", "complete", "bash", "--", "start", ""])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await other.banger(["daemon", "status"])).code).toBe(3);
  });

  test("one that hangs is not waited for", async () => {
    await using other = openHome();
    for (const folder of ["run", "state"]) mkdirSync(join(other.path, folder), { mode: 0o700 });
    const socket = join(other.path, "run/banger.sock");
    writeFileSync(join(other.path, "state/daemon.json"), JSON.stringify(noteOfUs(socket)));
    const connected = Promise.withResolvers<void>();
    const silent = net.createServer(() => connected.resolve()).listen(socket);
    expect(await other.banger(["internal", "complete", "zsh", "--", "start", ""])).toEqual({ code: 0, stdout: "", stderr: "" });
    await connected.promise;
    silent.close();
  });
});
