import { describe, expect, test } from "bun:test";
import type { AcceptedCatalog, FetchedCatalog, KnownCatalog, Offer } from "../catalog.ts";
import type { DocumentEntry } from "../document/catalog-document.ts";
import { openEmbedded } from "../embedded-catalog.ts";
import { chooseOffer, pullableNames } from "./choose-offer.ts";
import { makeOffers } from "./make-offers.ts";
import type { OperationContext } from "../../operations/operations.ts";
import { BangerError } from "../../contract/errors.ts";

const bundle = { url: "https://acme.example/k.tar.zst", sha256: "0".repeat(64), bytes: 1 };
const kernel = (name: string, from: Partial<DocumentEntry> = { bundle }): DocumentEntry =>
  ({ type: "kernel", name, distro: "x", arch: "amd64", description: "", ...from }) as DocumentEntry;
const offer = (catalog: string, entry: DocumentEntry): Offer => ({ catalog, entry });
const recipe = offer("banger", kernel("generic", { build: { version: "6.12" } }));
const archive = offer("banger", kernel("debian", { debian: { suite: "bookworm", package: "linux-image" } }));

const refusal = (offers: readonly Offer[], name: string): unknown => {
  try {
    return chooseOffer(offers, "kernel", name, "amd64").catalog;
  } catch (error) {
    return error instanceof BangerError ? { code: error.code, hint: error.hint } : error;
  }
};

describe("a name", () => {
  test("of a recipe means what can be fetched, once anybody has it", () => {
    expect(refusal([recipe], "generic")).toBe("banger");
    expect(refusal([recipe, offer("acme", kernel("generic"))], "generic")).toBe("acme");
  });

  test("that the program fetches by cannot be taken over", () => {
    expect(refusal([archive, offer("acme", kernel("debian"))], "debian")).toBe("banger");
    expect(refusal([archive, offer("acme", kernel("debian"))], "acme/debian")).toBe("acme");
  });

  test("that two catalogs have is refused with both", () => {
    const two = [recipe, offer("acme", kernel("generic")), offer("other", kernel("generic"))];
    expect(refusal(two, "generic")).toEqual({
      code: "ambiguous_name",
      hint: "banger kernel pull acme/generic or banger kernel pull other/generic",
    });
    expect(refusal(two, "other/generic")).toBe("other");
  });

  test("of something for another processor, of an image, or of nothing says so", () => {
    expect(refusal([offer("acme", kernel("k", { arch: "arm64", bundle }))], "k")).toMatchObject({ code: "kernel_not_in_catalog" });
    const image = { ...kernel("i"), type: "image", kernelRef: "k" } as DocumentEntry;
    expect(refusal([offer("acme", image)], "acme/i")).toMatchObject({ hint: "banger image pull acme/i" });
    expect(refusal([archive], "nobody/k")).toEqual({ code: "kernel_not_in_catalog", hint: "banger catalog list" });
  });

  test("to pull by has its catalog before it, but for those of the program", () => {
    expect(pullableNames([recipe, archive, offer("acme", kernel("generic"))], "kernel")).toEqual(["debian", "acme/generic"]);
  });
});

describe("a catalog that was added", () => {
  const notices: string[] = [];
  const stages: string[] = [];
  const context = {
    signal: new AbortController().signal,
    notice: (text: string) => void notices.push(text),
    stage: <T>(name: string, body: (stage: { note: (text: string) => void }) => Promise<T>) =>
      body({ note: (text) => void stages.push(`${name}: ${text}`) }),
  } as OperationContext;
  const day = 24 * 60 * 60_000;
  const known = (change: Partial<AcceptedCatalog> = {}, problem?: string): FetchedCatalog => ({
    name: "acme",
    url: "https://acme.example/lists/catalog.json",
    keys: [],
    isConfigured: false,
    accepted: {
      version: 1,
      issued: "",
      expires: "",
      entries: [kernel("generic", { bundle: { ...bundle, url: "k.tar.zst" } })],
      updatedAt: 10 * day,
      ...change,
    },
    problem,
  });

  function open(first: KnownCatalog, news: FetchedCatalog | BangerError, nowMs = 10 * day) {
    let now = first;
    const asked: string[] = [];
    const offers = makeOffers({
      system: { clock: { nowMs: () => nowMs } } as Parameters<typeof makeOffers>[0]["system"],
      embedded: openEmbedded(),
      catalogs: {
        list: () => [now],
        update: async (name) => {
          asked.push(name);
          if (news instanceof BangerError) throw news;
          now = news;
          return news;
        },
      },
    });
    return { offers, asked };
  }

  test("is asked for news when it is a day old, and not before", async () => {
    const young = open(known(), known());
    expect((await young.offers.find("kernel", "generic", context)).entry.bundle?.url).toBe("https://acme.example/lists/k.tar.zst");
    expect(young.asked).toEqual([]);
    const old = open(known({ entries: [] }), known(), 11 * day);
    expect((await old.offers.find("kernel", "acme/generic", context)).catalog).toBe("acme");
    expect(old.asked).toEqual(["acme"]);
    expect(stages).toEqual(["catalogs: acme"]);
  });

  test("is not asked for what the program has, or for what another one was named for", async () => {
    const old = open(known(), known(), 20 * day);
    await old.offers.find("kernel", "debian-6.12", context);
    await old.offers.find("kernel", "other/generic", context).catch(() => undefined);
    await old.offers.find("kernel", "banger/generic-6.12", context);
    expect(old.asked).toEqual([]);
  });

  test("that was never fetched is fetched", async () => {
    const young = open({ ...known(), accepted: undefined, problem: "not fetched yet" }, known());
    expect((await young.offers.find("kernel", "generic", context)).catalog).toBe("acme");
    expect(young.asked).toEqual(["acme"]);
  });

  test("that cannot be updated is used as it was while it is good, and not after", async () => {
    const fault = new BangerError("unavailable", "mirror_unreachable", "no network");
    const old = open(known(), fault, 12 * day);
    expect((await old.offers.find("kernel", "generic", context)).catalog).toBe("acme");
    expect(notices).toEqual(["the catalog acme could not be updated: no network"]);
    const expired = open(known({}, "it has expired"), fault);
    expect(await expired.offers.find("kernel", "acme/generic", context).catch((error: unknown) => error)).toBe(fault);
    expect(expired.offers.pullable("kernel")).toEqual(["debian-6.12"]);
  });
});
