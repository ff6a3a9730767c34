import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { makeUnitFiles, unitName } from "./unit-files.ts";

const environment = { HOME: "/home/ada", PATH: "/usr/bin:/bin", XDG_RUNTIME_DIR: "/run/user/1000" };
const self = ["/opt/banger"];
const textOf = (given: Partial<Parameters<typeof makeUnitFiles>[0]>, ending: "socket" | "service"): string =>
  makeUnitFiles({ scope: "user", self, environment, ...given }).find(({ path }) => path.endsWith(ending))?.text ?? "";

describe("units of a user", () => {
  test("lie where systemd looks, and listen where the command line connects", () => {
    expect(makeUnitFiles({ scope: "user", self, environment }).map(({ path }) => path)).toEqual([
      "/home/ada/.config/systemd/user/banger.socket",
      "/home/ada/.config/systemd/user/banger.service",
    ]);
    expect(textOf({}, "socket")).toContain("\nListenStream=/run/user/1000/banger/banger.sock\nSocketMode=0600\nDirectoryMode=0700\n");
  });

  test("leave vms alone, tell when they are ready, and imply nothing that keeps newuidmap from its rights", () => {
    const service = textOf({}, "service");
    for (const line of ["Type=notify", "KillMode=process", 'ExecStart="/opt/banger" "daemon" "run"', 'Environment="PATH=/usr/bin:/bin"']) {
      expect(service.split("\n")).toContain(line);
    }
    expect(service).not.toMatch(/^(?:NoNewPrivileges|SystemCall|Restrict|Lock|Private|Protect)/m);
  });

  test("of another home have names of their own, and its places", () => {
    const other = { ...environment, BANGER_HOME: "/srv/b" };
    expect(unitName({ scope: "user", environment: other })).toMatch(/^banger-[0-9a-f]{8}$/);
    expect(textOf({ environment: other }, "socket")).toContain("ListenStream=/srv/b/run/banger.sock");
    expect(textOf({ environment: other }, "service")).toContain('Environment="BANGER_HOME=/srv/b"');
    expect(makeUnitFiles({ scope: "user", self, environment: other })[0]?.path).toStartWith("/home/ada/.config/systemd/user/banger-");
  });
});

test("units of the whole computer say that their socket is root's", () => {
  const socket = textOf({ scope: "system" }, "socket");
  expect(socket).toContain("# Who may connect to this socket is root on this computer");
  expect(socket).toContain("ListenStream=/var/lib/banger/run/banger.sock");
  const service = textOf({ scope: "system" }, "service");
  expect(service).toContain("KillMode=process");
  // Each of these breaks vms or images: see the comment in the unit.
  expect(service).not.toMatch(/^(?:ProtectProc|ProtectKernel|ProtectClock|Device|MemoryDeny|RestrictNamespaces|RestrictSUIDSGID|NoNew)/m);
});

test("whatever the folders are called, a line of a unit stays that line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (word) => {
      const home = `/h/${word}/x`;
      const make = (): readonly string[] =>
        textOf({ self: ["/opt/banger", home], environment: { ...environment, BANGER_HOME: home } }, "service").split("\n");
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      if (/[\u0000-\u001f\u007f]/.test(word)) return expect(make).toThrow("cannot stand in one");
      const lines = make();
      expect(lines).toHaveLength(textOf({ environment: { ...environment, BANGER_HOME: "/h/x" } }, "service").split("\n").length);
      const command = lines.find((line) => line.startsWith("ExecStart=")) ?? "";
      expect(unquote(command.slice("ExecStart=".length))).toEqual(["/opt/banger", home, "daemon", "run"]);
    }),
  );
});

/** As systemd reads a command: words between quotes, with escapes, `%%` and `$$`. */
function unquote(command: string): readonly string[] {
  return [...command.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) =>
    word.replaceAll(/\\(.)/g, "$1").replaceAll("%%", "%").replaceAll("$$", "$"),
  );
}
