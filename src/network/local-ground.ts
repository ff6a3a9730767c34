/** The ground that this user makes and keeps by programs of its own. */
import type { TapEnd } from "../contract/link.ts";
import { z } from "zod";
import type { NetworkUsage, ProcessIdentity, System } from "../system/system.ts";
import { addCards, removeCards } from "./card-batches.ts";
import type { Claim } from "./claims.ts";
import type { Ground, Grounds, SlotChange } from "./ground.ts";
import type { NamespaceMode } from "./namespace-arguments.ts";
import { endAll, enterForVmm, findServants, keepOn, namespacePaths, openNamespace, runInside, type Namespace } from "./namespace.ts";
import type { HostState } from "./read-host.ts";
import { changeText, hostText, slotsText, tableText, type Grants, type GrantedSlot } from "./rules.ts";
import { findSlot, type Slot } from "./slots.ts";
import { Uplink } from "./uplink.ts";

const note = z.strictObject({ mode: z.enum(["rootless", "rooted"]), name: z.string(), server: z.string().nullable() });
const NOTE_MAX_BYTES = 2 ** 12;

export function makeLocalGrounds(system: System): Grounds {
  return {
    open: async ({ mode }, signal) => new LocalGround(system, await openNamespace(system, mode, signal), undefined),
    find: (claims) => findLeft(system, claims),
    end: async () => {
      const { keepers, uplinks } = findServants(system);
      await endAll(system, [...uplinks, ...keepers]);
      await system.files.removeFile(system.layout.pastaLog);
      await system.files.removeTree(system.layout.network);
    },
  };
}

/** The namespace of an earlier daemon; undefined when it is gone, or nothing runs in it by which it could be entered. */
async function findLeft(
  system: System,
  claims: readonly Claim[],
): Promise<{ readonly ground: LocalGround; readonly kept: readonly Claim[] } | undefined> {
  const { files, processes } = system;
  const path = namespacePaths(system).note;
  if ((await files.find(path)) === undefined) return undefined;
  const read = note.safeParse(parseJson(await files.readText(path, NOTE_MAX_BYTES)));
  if (!read.success) return undefined;
  const { mode, name, server } = read.data;
  const namespace = await enter(system, mode, name, claims);
  if (namespace === undefined) return undefined;
  const cards = (await processes.networkCards(namespace.keeper)) ?? new Map<string, unknown>();
  return { ground: new LocalGround(system, namespace, { server }), kept: claims.filter(({ slot }) => cards.has(slot.name)) };
}

async function enter(system: System, mode: NamespaceMode, name: string, claims: readonly Claim[]): Promise<Namespace | undefined> {
  const keeper = findServants(system).keepers.find((identity) => system.processes.networkNamespace(identity) === name);
  if (keeper !== undefined) return { mode, name, keeper };
  const inside = findInside(
    system,
    name,
    claims.map(({ vmId }) => vmId),
  );
  return inside === undefined ? undefined : keepOn(system, mode, inside, new AbortController().signal);
}

function findInside({ processes }: System, name: string, vmIds: readonly string[]): ProcessIdentity | undefined {
  const all = vmIds.flatMap((vmId) => processes.findByArgument(`banger-${vmId}`));
  return all.find((identity) => processes.networkNamespace(identity) === name);
}

class LocalGround implements Ground {
  readonly by = "us";
  readonly #system: System;
  readonly #uplink: Uplink;
  /** What an earlier daemon has begun, with the name server of its uplink; undefined for a new namespace. */
  readonly #earlier: { readonly server: string | null } | undefined;
  #namespace: Namespace;
  #host: HostState | undefined;
  #vmIds: () => readonly string[] = () => [];
  #restoring: Promise<boolean> | undefined;

  constructor(system: System, namespace: Namespace, earlier: { readonly server: string | null } | undefined) {
    this.#system = system;
    this.#namespace = namespace;
    this.#earlier = earlier;
    this.#uplink = new Uplink(system, () => this.#namespace);
  }

  get mode(): NamespaceMode {
    return this.#namespace.mode;
  }

  get problem(): string | undefined {
    return this.#uplink.problem;
  }

  async begin(host: HostState, kept: readonly GrantedSlot[], vmIds: () => readonly string[], signal: AbortSignal): Promise<void> {
    this.#vmIds = vmIds;
    if (this.#earlier === undefined) await this.#writeNote(host);
    else await this.#endOtherKeepers();
    // What an older daemon wrote may not be what holds now.
    await this.#rules(tableText(host.networks, kept));
    const names = new Set(kept.map(({ slot }) => slot.name));
    const cards = await this.#cards();
    await this.#removeCards([...cards.keys()].flatMap((name) => (names.has(name) ? [] : (findSlot(name) ?? []))));
    if (this.#earlier === undefined) await this.#uplink.open(signal);
    else await this.#adoptUplink();
    this.#host = this.#earlier === undefined ? host : { ...host, server: this.#earlier.server ?? undefined };
  }

  async setHost(host: HostState): Promise<void> {
    const before = this.#host;
    if (JSON.stringify(host.networks) !== JSON.stringify(before?.networks)) await this.#rules(hostText(host.networks));
    this.#host = host;
    if (host.server === before?.server) return;
    this.#system.log.info("the host has another name server: pasta is started anew");
    await this.#writeNote(host);
    this.#uplink.renew();
  }

  async changeSlots({ made, retired }: SlotChange): Promise<void> {
    // At the same time: a TAP that has no place, not yet or not any more, sends nothing that is let pass.
    const changes = [this.#rules(slotsText(made, retired)), this.#addCards(made), this.#removeCards(retired.map(({ slot }) => slot))];
    const failed = (await Promise.allSettled(changes)).find((change) => change.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async setGrants(slot: Slot, before: Grants, after: Grants): Promise<void> {
    await this.#rules(changeText(slot, before, after));
  }

  async traffic({ name }: Slot): Promise<NetworkUsage | undefined> {
    return (await this.#cards()).get(name);
  }

  async linkEnd({ name, mac }: Slot): Promise<TapEnd> {
    return { kind: "tap", name, mac, enter: enterForVmm(this.#namespace), descriptor: undefined };
  }

  /** A keeper that was killed gets a follower, as long as a VMM holds the namespace. */
  async restore(): Promise<boolean> {
    if (this.#system.processes.isAlive(this.#namespace.keeper)) return true;
    this.#restoring ??= this.#keepOn().finally(() => (this.#restoring = undefined));
    return await this.#restoring;
  }

  async watchLost(signal: AbortSignal): Promise<void> {
    do await this.#system.processes.watchEnd(this.#namespace.keeper, signal);
    while (await this.restore());
  }

  async letGo(): Promise<void> {
    await this.#uplink.letGo();
  }

  async #cards(): Promise<ReadonlyMap<string, NetworkUsage>> {
    return (await this.#system.processes.networkCards(this.#namespace.keeper)) ?? new Map<string, NetworkUsage>();
  }

  async #keepOn(): Promise<boolean> {
    this.#system.log.warn("the keeper of the vms' network is gone");
    const inside = findInside(this.#system, this.#namespace.name, this.#vmIds());
    if (inside === undefined) return false;
    this.#namespace = await keepOn(this.#system, this.#namespace.mode, inside, new AbortController().signal);
    return true;
  }

  async #rules(text: string): Promise<void> {
    if (text !== "") await this.#inside(["nft", "-f", "-"], text);
  }

  /** Without a keeper nothing was begun inside: it is begun again by its follower. */
  async #inside(argv: readonly string[], input: string): Promise<void> {
    const before = this.#namespace;
    try {
      await runInside(this.#system, before, argv, input);
    } catch (error) {
      if (this.#system.processes.isAlive(before.keeper) || !(await this.restore())) throw error;
      await runInside(this.#system, this.#namespace, argv, input);
    }
  }

  async #addCards(slots: readonly Slot[]): Promise<void> {
    if (slots.length > 0) await this.#inside(["ip", "-batch", "-"], addCards(slots));
  }

  async #removeCards(slots: readonly Slot[]): Promise<void> {
    const cards = await this.#cards();
    const there = slots.filter(({ name }) => cards.has(name));
    if (there.length > 0) await this.#inside(["ip", "-batch", "-"], removeCards(there));
  }

  async #endOtherKeepers(): Promise<void> {
    const others = findServants(this.#system).keepers.filter(({ pid }) => pid !== this.#namespace.keeper.pid);
    await endAll(this.#system, others);
  }

  async #adoptUplink(): Promise<void> {
    const { uplinks } = findServants(this.#system);
    const [uplink] = uplinks.length === 1 ? uplinks : [];
    if (uplink === undefined) await endAll(this.#system, uplinks);
    this.#uplink.adopt(uplink);
  }

  async #writeNote({ server }: HostState): Promise<void> {
    const { mode, name } = this.#namespace;
    const text = JSON.stringify({ mode, name, server: server ?? null } satisfies z.input<typeof note>);
    await this.#system.files.write(namespacePaths(this.#system).note, text);
  }
}

/** Undefined when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
