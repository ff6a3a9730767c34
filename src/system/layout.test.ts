import { describe, expect, test } from "bun:test";
import { makeLayout, SOCKET_PATH_MAX_BYTES } from "./layout.ts";

describe("the layout", () => {
  test("puts everything below BANGER_HOME when it is set", () => {
    const layout = makeLayout({ BANGER_HOME: "/b", HOME: "/h", XDG_STATE_HOME: "/s" });
    expect(Object.values(layout.roots)).toEqual(["/b/config", "/b/state", "/b/data", "/b/cache", "/b/run"]);
  });

  test("follows the XDG folders otherwise, and ignores relative ones", () => {
    const layout = makeLayout({ HOME: "/h", XDG_DATA_HOME: "relative", XDG_RUNTIME_DIR: "/run/user/7" });
    expect(layout.roots).toEqual({
      config: "/h/.config/banger",
      state: "/h/.local/state/banger",
      data: "/h/.local/share/banger",
      cache: "/h/.cache/banger",
      run: "/run/user/7/banger",
    });
  });

  test("keeps sockets below the state folder without a runtime folder", () => {
    expect(makeLayout({ HOME: "/h" }).roots.run).toBe("/h/.local/state/banger/run");
  });

  test("has room for every socket path, up to the last byte", () => {
    const fits = `/${"x".repeat(SOCKET_PATH_MAX_BYTES - "/run/v/0123456789ab/console.sock".length - 1)}`;
    expect(makeLayout({ BANGER_HOME: fits }).vmRunFolder("0123456789ab").length).toBe(SOCKET_PATH_MAX_BYTES - "/console.sock".length);
    expect(() => makeLayout({ BANGER_HOME: `${fits}x` })).toThrow(/set|paths of 108 bytes/);
  });

  test("refuses a missing home and a relative one", () => {
    expect(() => makeLayout({})).toThrow(/neither HOME nor BANGER_HOME/);
    expect(() => makeLayout({ BANGER_HOME: "here" })).toThrow(/not an absolute path/);
  });
});
