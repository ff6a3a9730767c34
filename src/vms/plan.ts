/**
 * The plan of a vm: request + what the stores answered + what the computer is -> a complete plan, or every problem at once.
 * Pure: nothing is touched, and the same input gives the same plan.
 */
import type { Problem } from "../contract/errors.ts";
import type { ImageCommands } from "../contract/schemas/image-commands.ts";
import { formatPlace, isSamePlace } from "../contract/schemas/forward.ts";
import { nameOfInit, type GuestInit } from "../contract/schemas/init.ts";
import { MOST_REQUIREMENTS, type Requirement } from "../contract/schemas/requirement.ts";
import type { DriverProbe } from "../drivers/drivers.ts";
import type { UnsafeNetwork } from "../network/network.ts";
import type { TriedForwards } from "../ports/ports.ts";
import { MIB, problem, roundDown, shapeProblems, type VmShape } from "./shape.ts";
import type { VmPlan } from "./vm-record.ts";
import type { CreateRequest } from "./vms.ts";

/** Left free on the host for logs, journals and what a new vm writes first. */
const LEAST_FREE_BYTES = 256 * MIB;
/** Of a command that an image brings; there is to be room beside it for what a user types. */
const COMMAND_MOST_BYTES = 256 * 1024;

/** What was found out before planning. */
export interface PlanFacts {
  readonly host: { readonly cpus: number; readonly memoryMiB: number; readonly freeBytes: number };
  readonly defaults: { readonly image: string; readonly memoryMiB: number; readonly layerBytes: number; readonly workBytes: number };
  /** The image asked for, or why there is none. */
  readonly image:
    | {
        readonly name: string;
        readonly kernelRef: string | null;
        readonly init: GuestInit;
        readonly requirements: readonly Requirement[];
        /** A work disk that is shorter cannot be made. */
        readonly leastWorkBytes: number;
        /** Of its commands; the request may say otherwise. */
        readonly env: Readonly<Record<string, string>>;
        readonly commands: ImageCommands;
      }
    | Problem;
  /** The kernel asked for or named by the image, or why there is none; undefined when the image is a problem and none was asked for. */
  readonly kernel: { readonly name: string } | Problem | undefined;
  /** The ports asked for, and which of them cannot be had. */
  readonly publish: TriedForwards;
  /** Whether there is a network of the name that is asked for. */
  readonly hasNetwork: boolean;
  /** Why a link would isolate nothing; undefined when it would, and when none was asked for. */
  readonly unsafeNetwork: UnsafeNetwork | undefined;
  /** Drivers in the order of preference, with what each found. */
  readonly drivers: readonly { readonly name: string; readonly probe: DriverProbe }[];
}

export type PlanResult = { readonly ok: true; readonly plan: VmPlan } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Plans a vm. `request` has passed the contract's schema. */
export function planVm(request: CreateRequest, facts: PlanFacts): PlanResult {
  const problems: Problem[] = [];
  const note = (problem: Problem | undefined): void => {
    if (problem !== undefined) problems.push(problem);
  };
  const { image, kernel } = facts;
  if (isProblem(image)) note(image);
  else note(commandProblem(image.name, image.commands));
  if (kernel !== undefined && isProblem(kernel)) note(kernel);

  const leastWorkBytes = isProblem(image) ? 0 : image.leastWorkBytes;
  const driver = chooseDriver(request.driver, facts, note);
  const shape: VmShape = {
    cpus: request.cpus ?? 1,
    memoryBytes: request.memoryBytes ?? facts.defaults.memoryMiB * MIB,
    layerBytes: request.diskBytes ?? facts.defaults.layerBytes,
    workBytes: request.workDiskBytes ?? Math.max(facts.defaults.workBytes, leastWorkBytes),
    env: { ...(isProblem(image) ? {} : image.env), ...request.env },
    labels: { ...request.labels },
  };
  for (const found of shapeProblems(shape, facts.host)) note(found);
  if (shape.workBytes < leastWorkBytes) {
    const [least, wanted] = [leastWorkBytes, shape.workBytes].map((bytes) => `${Math.ceil(bytes / MIB)}M`);
    note(
      problem(
        "work_disk_too_small",
        "workDiskBytes",
        `the work disk of this image comes ready and is ${least} long: it can be made longer, and not ${wanted}`,
        `--work-disk ${least}`,
      ),
    );
  }
  for (const found of forwardProblems(facts.publish)) note(found);
  if (facts.host.freeBytes < LEAST_FREE_BYTES) {
    note(
      problem(
        "host_disk_full",
        "",
        `the disk that holds banger's vms has only ${Math.floor(facts.host.freeBytes / MIB)} MiB left`,
        "free some space, or set BANGER_HOME to a folder on another disk",
      ),
    );
  }
  const init = request.init === undefined || request.init === "auto" ? (isProblem(image) ? undefined : image.init) : request.init;
  const requirements = [...(isProblem(image) ? [] : image.requirements), ...(request.requirements ?? [])];
  for (const found of requirementProblems(requirements, init)) note(found);
  for (const found of networkProblems(request, facts)) note(found);

  if (problems.length > 0 || isProblem(image) || kernel === undefined || isProblem(kernel) || driver === undefined)
    return { ok: false, problems };
  return {
    ok: true,
    plan: {
      image: image.name,
      kernel: kernel.name,
      driver,
      cpus: shape.cpus,
      memoryMiB: Math.floor(shape.memoryBytes / MIB),
      layerBytes: roundDown(shape.layerBytes),
      workBytes: roundDown(shape.workBytes),
      nat: request.nat ?? false,
      network: request.network ?? null,
      forwards: [...facts.publish.forwards],
      unsafeNet: request.unsafeNet ?? false,
      allowHost: [...(request.allowHost ?? [])],
      allowLan: [...(request.allowLan ?? [])],
      init: init ?? image.init,
      env: shape.env,
      commands: image.commands,
      labels: shape.labels,
      ephemeral: request.ephemeral ?? false,
      requirements,
    },
  };
}

function commandProblem(name: string, { entrypoint, cmd }: ImageCommands): Problem | undefined {
  const bytes = [...entrypoint, ...cmd].reduce((sum, word) => sum + Buffer.byteLength(word), 0);
  if (bytes <= COMMAND_MOST_BYTES) return undefined;
  return problem("bad_image", "image", `the command of image ${name} has ${bytes} bytes, more than ${COMMAND_MOST_BYTES}`, "another image");
}

function chooseDriver(wanted: string | undefined, facts: PlanFacts, note: (problem: Problem) => void): string | undefined {
  if (wanted !== undefined) {
    const driver = facts.drivers.find((candidate) => candidate.name === wanted);
    if (driver === undefined) {
      note(
        problem(
          "unknown_driver",
          "driver",
          `there is no driver ${wanted}`,
          `--driver ${facts.drivers.map((candidate) => candidate.name).join(" or ")}`,
        ),
      );
    } else if (!driver.probe.usable) {
      note(problem("driver_unusable", "driver", `driver ${wanted} cannot be used here: ${driver.probe.reason}`, driver.probe.hint));
    }
    return driver?.name;
  }
  const usable = facts.drivers.find((candidate) => candidate.probe.usable);
  const [first] = facts.drivers;
  if (usable === undefined && first !== undefined && !first.probe.usable) {
    note(problem("no_driver", "driver", `no driver can be used here: ${first.name}: ${first.probe.reason}`, first.probe.hint));
  }
  return usable?.name;
}

function* forwardProblems({ forwards, taken }: TriedForwards): Generator<Problem> {
  const twice = forwards.filter((forward, at) => forwards.findIndex((other) => isSamePlace(forward, other)) < at);
  for (const forward of twice)
    yield problem("forward_exists", "publish", `${formatPlace(forward)} is published twice`, "another port of the host for one of them");
  // Who is published twice was in its own way when it was tried.
  for (const { forward, why, hint } of taken.filter((each) => !twice.some((other) => isSamePlace(other, each.forward))))
    yield problem("port_taken", "publish", `${formatPlace(forward)} cannot be published: ${why}`, hint);
}

function* requirementProblems(requirements: readonly Requirement[], init: GuestInit | undefined): Generator<Problem> {
  if (requirements.length > MOST_REQUIREMENTS)
    yield problem(
      "too_many_requirements",
      "waitFor",
      `${requirements.length} requirements are more than ${MOST_REQUIREMENTS}`,
      "one command for several",
    );
  const units = requirements.filter(({ kind }) => kind === "unit").map(({ name }) => name);
  // What an image has may be systemd.
  if (units.length > 0 && init !== undefined && init !== "systemd" && init !== "image")
    yield problem(
      "needs_systemd",
      "waitFor",
      `${units.join(", ")}: units are systemd's, and this vm's init is ${nameOfInit(init)}`,
      "--init systemd",
    );
}

function* networkProblems(request: CreateRequest, { hasNetwork, unsafeNetwork: unsafe }: PlanFacts): Generator<Problem> {
  const isGranted = (request.allowHost ?? []).length + (request.allowLan ?? []).length > 0;
  if (request.nat !== true && isGranted)
    yield problem("grant_without_network", "nat", "a vm without a way out reaches nothing that it could be granted", "--nat");
  if (request.network !== undefined) yield* namedNetworkProblems(request.network, hasNetwork, unsafe);
  else if (request.nat === true && request.unsafeNet !== true && unsafe !== undefined)
    yield problem("network_unsafe", "nat", unsafe.message, unsafe.hint);
}

/** @param unsafe why none can be had that keeps its vms apart from others. */
export function* namedNetworkProblems(
  name: string | undefined,
  hasNetwork: boolean,
  unsafe: UnsafeNetwork | undefined,
): Generator<Problem> {
  if (name !== undefined && !hasNetwork)
    yield problem("network_not_found", "network", `there is no network ${name}`, `banger network create ${name}`);
  if (unsafe !== undefined) yield problem("network_unsafe", "network", unsafe.message, unsafe.hint);
}

function isProblem(value: object): value is Problem {
  return "code" in value && "message" in value;
}
