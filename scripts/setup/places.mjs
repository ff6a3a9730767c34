/** Where things are in a checkout. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** The top of the checkout, without a slash at the end. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** @param {...string} parts */
export const inRoot = (...parts) => join(ROOT, ...parts);

export const BUN = inRoot("node_modules/bun/bin/bun.exe");
/** The guest agent, as the binary embeds it. */
export const AGENT = inRoot("build/banger-agent");
/** What merges the layers of images, as the binary embeds it. */
export const LAYERS = inRoot("build/banger-layers");
/** The SSH server for guests whose image has none, as the binary embeds it. */
export const SSHD = inRoot("build/banger-sshd");
/** What keeps the network of a user who may make none, as the binary embeds it. */
export const NETHELPER = inRoot("build/banger-nethelper");
/** The one binary: command line and daemon. */
export const BANGER = inRoot("dist/banger");
