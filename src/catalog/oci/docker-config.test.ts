import { describe, expect, test } from "bun:test";
import { findKeptLogin } from "./docker-config.ts";

const auth = (pair: string) => ({ auth: Buffer.from(pair).toString("base64") });
const find = (file: unknown, host = "reg.example", repository = "acme/web") => findKeptLogin(JSON.stringify(file), host, repository);
const login = (user: string, password: string) => ({ kind: "login", login: { user, password } }) as const;

describe("a login that is kept", () => {
  test.each([
    ["by its host", { auths: { "reg.example": auth("a:b:c") } }, login("a", "b:c")],
    ["by its address", { auths: { "https://reg.example/v2/": auth("a:b") } }, login("a", "b")],
    ["in the clear", { auths: { "reg.example": { username: "a", password: "b" } } }, login("a", "b")],
    ["for a part of the registry", { auths: { "reg.example": auth("a:b"), "reg.example/acme": auth("c:d") } }, login("c", "d")],
    ["for another part", { auths: { "reg.example/other": auth("a:b") } }, undefined],
    ["for a host that begins so", { auths: { "reg.example.evil.example": auth("a:b") } }, undefined],
    ["for a port of it", { auths: { "reg.example:5000": auth("a:b") } }, undefined],
    ["by a token", { auths: { "reg.example": { ...auth("x:"), identitytoken: "t" } } }, { kind: "identity-token" }],
    [
      "by a helper of its own",
      { credHelpers: { "reg.example": "pass" }, credsStore: "x" },
      { kind: "helper", name: "pass", server: "reg.example" },
    ],
    [
      "by a store",
      { auths: { "https://reg.example": {} }, credsStore: "desktop" },
      { kind: "helper", name: "desktop", server: "https://reg.example" },
    ],
    ["nowhere", {}, undefined],
    ["as nothing", { auths: { "reg.example": {} } }, undefined],
  ])("%s", (_what, file, found) => {
    expect(find(file)).toEqual(found as never);
  });

  test("of docker's own registry, as docker calls it", () => {
    expect(find({ auths: { "https://index.docker.io/v1/": auth("a:b") } }, "docker.io", "library/debian")).toEqual(login("a", "b"));
    expect(find({ credsStore: "pass" }, "docker.io")).toEqual({ kind: "helper", name: "pass", server: "https://index.docker.io/v1/" });
  });

  test.each(["../../bin/x", "a b", "A", "a/b", "a;b", "", "x".repeat(65)])("never runs a helper called %p", (name) => {
    expect(() => find({ credHelpers: { "reg.example": name } })).toThrow("it names a helper that is none");
  });

  test.each(["", "[]", "{", '{"auths":1}', '{"auths":{"reg.example":{"auth":5}}}'])("is not read from %p", (text) => {
    expect(() => findKeptLogin(text, "reg.example", "x")).toThrow();
  });
});
