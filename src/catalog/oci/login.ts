/** Who we are to a registry. */
import { z } from "zod";

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Of docker's `config.json` what is read; the rest is docker's own. */
const dockerConfig = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), username: z.string().optional(), password: z.string().optional() }))
    .optional(),
});

/** The login that docker keeps for a host; undefined when it keeps none. Throws `Error` on what is no such file. */
export function findDockerLogin(text: string, host: string): Login | undefined {
  const { auths = {} } = dockerConfig.parse(JSON.parse(text));
  const found = auths[host] ?? auths[`https://${host}`] ?? auths[`https://${host}/v2/`];
  if (found === undefined) return undefined;
  if (found.username !== undefined && found.password !== undefined) return { user: found.username, password: found.password };
  const pair = Buffer.from(found.auth ?? "", "base64").toString();
  const colon = pair.indexOf(":");
  return colon < 1 ? undefined : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
