import { isAbsolute } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { LinkEnd, TapEnd } from "../../contract/link.ts";
import { consolePaths } from "../console/console-paths.ts";
import type { DiskPart, LaunchPlan } from "../drivers.ts";
import { kernelArguments } from "./kernel-arguments.ts";

/** Debian's name and everybody's. */
export const QEMU_PROGRAM = "qemu-system-x86_64";
/** The name by which the guest agent finds its port. */
const AGENT_PORT = "org.banger.agent";
/** Where `startDetached` puts the listening sockets that it hands over. */
export const DESCRIPTOR = { qmp: 3, agent: 4 } as const;

/** The text in every argv by which the processes of a vm are found. */
export function markerOf(vmId: string): string {
  return `banger-${vmId}`;
}

/**
 * A launch plan as QEMU's argv. Pure.
 *
 * Values from outside go into JSON wherever QEMU takes JSON; the rest are QEMU's `key=value` lists, where a comma is doubled.
 * Nothing is `-daemonize`d: the daemon starts QEMU in a session of its own, and its pid is known from the first moment.
 */
export function qemuArguments(plan: LaunchPlan, program: string = QEMU_PROGRAM): readonly string[] {
  checkPlan(plan);
  const marker = escapeValue(markerOf(plan.vmId));
  return [
    // Each of these becomes the next, and the last QEMU: its pid is the first one's.
    ...(plan.link.kind === "tap" ? plan.link.enter : []),
    program,
    ...["-name", `guest=${marker},process=${marker}`],
    ...machineArguments(plan),
    ...HARDENING,
    ...["-m", `${plan.memoryMiB}M`, "-smp", `${plan.cpus}`],
    ...["-kernel", plan.kernelPath, "-initrd", plan.initrdPath, "-append", kernelArguments(plan)],
    ...["-chardev", `socket,id=qmp,fd=${DESCRIPTOR.qmp},server=on,wait=off`, "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", `pipe,id=console,path=${escapeValue(consolePaths(plan.runFolder).pipes)}`, "-serial", "chardev:console"],
    ...["-chardev", `socket,id=agent,fd=${DESCRIPTOR.agent},server=on,wait=off`],
    ...device({ driver: "virtio-serial-device", id: "ports", max_ports: 2 }),
    ...device({ driver: "virtserialport", bus: "ports.0", chardev: "agent", name: AGENT_PORT }),
    ...device({ driver: "virtio-rng-device" }),
    ...plan.disks.flatMap(diskArguments),
    ...linkArguments(plan.link),
  ];
}

/** No device that was not asked for, no file of the user's, no window; a reset ends QEMU; no new process, no more privileges. */
export const HARDENING = [
  ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
  ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
];

/**
 * The machine and what runs it; the probe uses the same.
 *
 * A small translation cache (`tb-size`) saves 100 MiB a guest and costs no boot time. `max` under TCG shows the guest AVX2,
 * which many programs are built for. The old timer and interrupt chips are left out where the kernel has another clock, and
 * learns of the other interrupt chip: only ACPI's tables tell it.
 */
export function machineArguments({
  acceleration,
  needsAcpi,
  tscKHz,
}: Pick<LaunchPlan, "acceleration" | "needsAcpi" | "tscKHz">): readonly string[] {
  const hasClock = acceleration === "kvm" || tscKHz !== undefined;
  const chips = needsAcpi && hasClock ? ",pit=off,pic=off" : "";
  return [
    ...["-machine", `microvm,acpi=${needsAcpi ? "on" : "off"},rtc=on${chips}`],
    ...["-global", "virtio-mmio.force-legacy=false"],
    ...(acceleration === "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,tb-size=32", "-cpu", "max"]),
    ...["-bios", "qboot.rom"],
  ];
}

/**
 * Writes go to the host's page cache; the guest's flushes become `fdatasync`, so what the guest was told is on disk survives
 * a loss of power, as on a real disk. What the guest discards becomes a hole. The explicit `file` driver keeps a path from being
 * read as a protocol, `raw` keeps the guest from writing itself another format, and QEMU's file locks keep two VMMs off one disk.
 */
function diskArguments({ serial, path, readOnly }: DiskPart): readonly string[] {
  const file = { driver: "file", filename: path, discard: "unmap", cache: { direct: false, "no-flush": false } };
  const node = { driver: "raw", "node-name": serial, "read-only": readOnly, discard: "unmap", file: { ...file, "read-only": readOnly } };
  return ["-blockdev", JSON.stringify(node), ...device({ driver: "virtio-blk-device", drive: serial, serial, id: `disk-${serial}` })];
}

function linkArguments(link: LinkEnd): readonly string[] {
  switch (link.kind) {
    case "none":
      return [];
    case "tap":
      return netArguments({ type: "tap", id: "net0", ...tapOf(link) }, link.mac);
    case "user":
      // Without IPv6, as every other way that banger offers; the guest's address is one of IPv4.
      return netArguments({ type: "user", id: "net0", ipv6: false }, link.mac);
  }
}

function tapOf({ name, descriptor }: TapEnd): Readonly<Record<string, unknown>> {
  return descriptor === undefined ? { ifname: name, script: "no", downscript: "no" } : { fd: String(descriptor) };
}

function netArguments(netdev: Readonly<Record<string, unknown>>, mac: string): readonly string[] {
  return ["-netdev", JSON.stringify(netdev), ...device({ driver: "virtio-net-device", netdev: "net0", mac })];
}

function device(properties: Readonly<Record<string, unknown>>): readonly string[] {
  return ["-device", JSON.stringify(properties)];
}

/** A value inside QEMU's `key=value,...`. */
function escapeValue(value: string): string {
  return value.replaceAll(",", ",,");
}

/** What no plan of ours holds; refused here too, because after this line it is QEMU that reads it. */
function checkPlan(plan: LaunchPlan): void {
  const paths = [plan.kernelPath, plan.initrdPath, plan.runFolder, ...plan.disks.map(({ path }) => path)];
  for (const path of paths) {
    if (!isAbsolute(path) || path.includes("\0")) throw refused(`the path ${JSON.stringify(path)} is not absolute`);
  }
  if (!/^[0-9a-f]{1,32}$/.test(plan.vmId)) throw refused(`the id ${JSON.stringify(plan.vmId)} is not one of banger's`);
  if (plan.acceleration === "none") throw refused("it needs kvm or tcg");
  for (const count of [plan.cpus, plan.memoryMiB, plan.tscKHz ?? 1]) {
    if (!Number.isSafeInteger(count) || count < 1) throw refused(`${count} is no count of cpus, of MiB, or of kHz`);
  }
}

function refused(why: string): BangerError {
  return new BangerError("invalid", "bad_launch_plan", `cannot start QEMU: ${why}`);
}
