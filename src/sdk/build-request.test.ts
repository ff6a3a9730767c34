import { expect, test } from "bun:test";
import fc from "fast-check";
import { buildRequest } from "./build-request.ts";

test("fields go where the verb has a place for them", () => {
  expect(buildRequest({ method: "POST", path: "/v1/vms/:vm/stop" }, { vm: "dev", grace: "1m", other: undefined })).toEqual({
    method: "POST",
    path: "/v1/vms/dev/stop",
    body: '{"grace":"1m"}',
  });
  expect(buildRequest({ method: "DELETE", path: "/v1/vms/:vm" }, { vm: "dev", force: true })).toEqual({
    method: "DELETE",
    path: "/v1/vms/dev?force=true",
    body: undefined,
  });
});

test("whatever stands in a field stays one step of the path", () => {
  const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("..", ".", "a/b", "?x", "#y", "%2e", "a b"));
  fc.assert(
    fc.property(text, (vm) => {
      const { path } = buildRequest({ method: "GET", path: "/v1/vms/:vm/logs" }, { vm });
      const step = /^\/v1\/vms\/([^/?#]*)\/logs$/.exec(path)?.[1];
      expect(decodeURIComponent(step ?? "missing")).toBe(vm);
      expect([".", ".."]).not.toContain(step);
    }),
  );
});

test("a list is repeated in a query", () => {
  expect(buildRequest({ method: "GET", path: "/v1/vms" }, { filter: ["state=running", "label=a=b&c"], more: undefined })).toEqual({
    method: "GET",
    path: "/v1/vms?filter=state%3Drunning&filter=label%3Da%3Db%26c",
    body: undefined,
  });
});
