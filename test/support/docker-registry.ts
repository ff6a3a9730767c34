/** Debian's own docker-registry on loopback, with a login, with TLS by the CA of a test, or open to all. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./until.ts";

export interface DockerRegistry {
  readonly host: string;
  end(): void;
}

/**
 * Pulling needs the login, too: it cannot tell pushing from pulling.
 * @param folder has `htpasswd` for one with a login, and `tls.pem` and `tls.key` for one with TLS.
 */
export async function startDockerRegistry(folder: string, name: string, kind: "login" | "tls" | "open"): Promise<DockerRegistry> {
  const port = await freePort();
  const store = join(folder, name);
  mkdirSync(store);
  const tls = kind === "tls" ? `\n  tls:\n    certificate: ${folder}/tls.pem\n    key: ${folder}/tls.key` : "";
  const auth = kind !== "login" ? "" : `auth:\n  htpasswd:\n    realm: test\n    path: ${folder}/htpasswd\n`;
  writeFileSync(
    join(folder, `${name}.yml`),
    `version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: ${store}\nhttp:\n  addr: 127.0.0.1:${port}${tls}\n${auth}`,
  );
  const child = spawn("docker-registry", ["serve", join(folder, `${name}.yml`)], { stdio: "ignore" });
  await until("the registry listens", () =>
    fetch(`${kind === "tls" ? "https" : "http"}://127.0.0.1:${port}/v2/`, { tls: { rejectUnauthorized: false } }).then(
      () => true,
      () => false,
    ),
  );
  return { host: `127.0.0.1:${port}`, end: () => void child.kill("SIGKILL") };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
