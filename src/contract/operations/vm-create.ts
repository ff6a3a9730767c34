import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { GUEST_INITS } from "../schemas/init.ts";
import { forwardText, MOST_FORWARDS } from "../schemas/forward.ts";
import { driverName, duration, environment, goodsName, size, vmName } from "../schemas/names.ts";
import { labels } from "../schemas/labels.ts";
import { MOST_REQUIREMENTS, waitFor } from "../schemas/requirement.ts";
import { hostPort, lanNetwork, MOST_GRANTS } from "../schemas/grants.ts";
import { networkName } from "../schemas/network.ts";
import { vm } from "../schemas/vm.ts";

/** Makes a vm and, unless told otherwise, starts it. */
export const vmCreate = defineOperation({
  name: "vm.create",
  kind: "long",
  summary: "Create a vm and start it",
  detail:
    "Everything that is not said gets a default; without a name the vm is called by an adjective and a noun. The defaults of image, memory and disks can be set in the config. A vm that is not ready in time is kept, and runs.",
  method: "POST",
  path: "/v1/vms",
  input: z.strictObject({
    name: vmName.optional(),
    image: goodsName.optional(),
    kernel: goodsName.optional(),
    cpus: z.int().min(1).max(256).optional(),
    memory: size.optional(),
    disk: size.optional(),
    workDisk: size.optional(),
    nat: z.boolean().default(false),
    network: networkName.optional(),
    publish: z.array(forwardText).max(MOST_FORWARDS).meta({ "x-kind": "list" }).optional(),
    allowHost: z.array(hostPort).max(MOST_GRANTS).meta({ "x-kind": "list" }).optional(),
    allowLan: z.array(lanNetwork).max(MOST_GRANTS).meta({ "x-kind": "list" }).optional(),
    unsafeNet: z.boolean().default(false),
    env: environment.optional(),
    labels: labels.optional(),
    init: z.enum(["auto", ...GUEST_INITS]).default("auto"),
    driver: driverName.optional(),
    ephemeral: z.boolean().default(false),
    start: z.boolean().default(true),
    waitFor: z.array(waitFor).max(MOST_REQUIREMENTS).meta({ "x-kind": "list" }).optional(),
    waitTimeout: duration.refine((ms) => ms > 0 && ms <= 3_600_000, "at most 1h can be waited").prefault("2m"),
  }),
  output: vm,
  stages: ["resolve", "disk", "work disk", "network", "boot", "agent", "install", "guest"],
  errors: [
    "bad_plan",
    "port_taken",
    "network_unsafe",
    "network_not_found",
    "vm_exists",
    "image_not_found",
    "kernel_not_found",
    "no_driver",
    "vmm_gone",
    "guest_silent",
    "requirement_not_met",
  ],
  fields: {
    name: { brief: "name of the vm; an adjective and a noun when left out", placeholder: "NAME" },
    image: { brief: "image that the root starts from; debian-bookworm when left out", placeholder: "IMAGE", completes: "image" },
    kernel: { brief: "kernel to boot; the image's own when left out", placeholder: "KERNEL", completes: "kernel" },
    cpus: { brief: "virtual CPUs; 1 when left out", placeholder: "N", alias: "c" },
    memory: { brief: "memory; 1G when left out", placeholder: "SIZE", alias: "m" },
    disk: { brief: "size of the root's writable layer; 20G when left out", placeholder: "SIZE" },
    workDisk: { brief: "size of the work disk, which holds the home; 20G when left out", placeholder: "SIZE" },
    nat: { brief: "give the vm a way out to the internet, and to nothing of this computer and around it; no network card without it" },
    network: {
      brief: "a network whose vms it reaches and that reach it, by name; banger network create makes one",
      placeholder: "NETWORK",
      completes: "network",
    },
    publish: {
      brief: "a port of the vm that is reached at this computer: [ADDRESS:]HOST:GUEST[/udp]; on 127.0.0.1 unless said; may be repeated",
      placeholder: "PORTS",
      alias: "p",
    },
    allowHost: {
      brief: "a port of this computer's loopback that the vm with --nat reaches at its gateway; may be repeated",
      placeholder: "PORT",
    },
    allowLan: {
      brief: "a network around this computer that the vm with --nat reaches, such as 192.168.1.0/24; may be repeated",
      placeholder: "CIDR",
    },
    unsafeNet: { brief: "take a way out that isolates nothing, where there is no other" },
    env: { brief: "environment of every command in the vm; may be repeated", placeholder: "KEY=VALUE", alias: "e" },
    labels: { brief: "a label to find it by; may be repeated", placeholder: "KEY=VALUE", flag: "label", alias: "l" },
    init: {
      brief:
        "what runs as the guest's init; auto takes what the image says, and image what it has as /sbin/init. With --nat, an image of Debian, Fedora, Arch or openSUSE without systemd gets it at the first start, with an SSH server, by its own package manager, and one of Alpine openrc; that takes minutes. The vm is ready while any but the agent goes on starting; with systemd, --wait-for unit:multi-user.target waits for that",
      placeholder: "INIT",
    },
    driver: { brief: "VMM to use, such as qemu; the first that works here when left out", placeholder: "DRIVER", completes: "driver" },
    ephemeral: { brief: "delete the vm when it stops" },
    start: { brief: "leave the vm stopped" },
    waitFor: {
      brief: "what makes it ready, besides what the image says: tcp:PORT, unit:NAME, file:/PATH or command:LINE; may be repeated",
      placeholder: "WHAT",
    },
    waitTimeout: { brief: "how long to wait for each of these", placeholder: "DURATION" },
  },
  cli: { words: ["vm", "create"], positional: ["name"] },
  examples: [
    { command: "banger vm create dev", does: "create and start a vm with defaults" },
    { command: "banger vm create dev --memory 4G --cpus 4 --nat", does: "a larger one, with a way out to the network" },
    { command: "banger vm create web --publish 8080:80", does: "then http://localhost:8080 is port 80 in the vm" },
    { command: "banger vm create app --nat --allow-host 5432", does: "one that reaches a database on this computer at its gateway" },
    { command: "banger vm create db --network shop", does: "web, when it is in network shop, too, reaches it as db" },
    { command: "banger vm create web --wait-for tcp:80 --wait-for unit:ssh", does: "done when both are there" },
    { command: "banger vm create --env EDITOR=nano --no-start", does: "prepare one and leave it stopped" },
  ],
});
