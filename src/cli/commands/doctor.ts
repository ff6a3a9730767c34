import { BangerError, EXIT } from "../../contract/errors.ts";
import type { DoctorReport, FindingShape } from "../../contract/schemas/finding.ts";
import { VERSION } from "../../contract/version.ts";
import { isDaemonUp } from "../../sdk/is-daemon-up.ts";
import { openClient } from "../../sdk/open-client.ts";
import { readDaemonLog } from "../../sdk/read-daemon-log.ts";
import type { Client } from "../../sdk/sdk.ts";
import { callLong, makeProgress } from "../call-long.ts";
import type { Invocation, Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import type { Environment } from "../environment.ts";
import { formatAge } from "../format.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { showReport } from "../show/doctor.ts";
import { parseEntry } from "../show/log-line.ts";

/** `banger doctor`: the daemon looks when one runs, with its own PATH and groups; otherwise this process does. */
export const doctor: Run = async (invocation, environment) => {
  const report = await examine(invocation, environment);
  print(environment.stdout.descriptor, invocation.json ? jsonLine(report) : await showReport(report));
  return report.fine ? EXIT.done : EXIT.failed;
};

async function examine(invocation: Invocation, environment: Environment): Promise<DoctorReport> {
  const { notePath } = daemonPlace(environment);
  const wantsFix = invocation.given["fix"] === true;
  if (!wantsFix && !isDaemonUp(notePath)) return lookHere(await findingOfNone(environment), invocation, environment);
  // To remove leftovers takes a daemon: it alone knows what is held.
  const client = wantsFix ? openDaemon(environment) : openClient(daemonPlace(environment));
  try {
    return withFinding(await findingOfRunning(client), await askDaemon(client, invocation, environment));
  } catch (error) {
    if (!(error instanceof BangerError) || error.kind === "cancelled") throw error;
    if (error.code === "daemon_unreachable" && !wantsFix) return lookHere(await findingOfNone(environment), invocation, environment);
    return lookHere({ name: "daemon", status: "missing", detail: error.message, hint: error.hint ?? null }, invocation, environment);
  }
}

function askDaemon(client: Client, { given, json }: Invocation, environment: Environment): Promise<DoctorReport> {
  return callLong(client, "system.doctor", given, environment, json);
}

async function lookHere(daemon: FindingShape, { given, json }: Invocation, environment: Environment): Promise<DoctorReport> {
  const work = await environment.openLocalWork();
  using progress = makeProgress(environment, json);
  return withFinding(daemon, await work.examine({ deep: given["deep"] === true }, (event) => progress.tell(event)));
}

function withFinding(finding: FindingShape, report: DoctorReport): DoctorReport {
  return { ...report, fine: report.fine && finding.status !== "missing", findings: [finding, ...report.findings] };
}

async function findingOfRunning(client: Client): Promise<FindingShape> {
  const { version, pid, startedAt } = await client.call("daemon.version", {});
  if (version === VERSION)
    return { name: "daemon", status: "fine", detail: `runs (pid ${pid}, since ${formatAge(startedAt)})`, hint: null };
  throw new BangerError("refused", "daemon_version_differs", `the daemon that runs is banger ${version}, and this is ${VERSION}`, {
    hint: "banger daemon stop",
  });
}

/** None is needed while nothing is asked; but when the last one could not start, the next one may not either. */
async function findingOfNone(environment: Environment): Promise<FindingShape> {
  const entry = parseEntry(readDaemonLog(daemonPlace(environment).logPath, 1).lines[0] ?? "");
  const failure = entry?.["level"] === "error" ? (entry["error"] as { readonly message?: unknown } | undefined) : undefined;
  if (typeof failure?.message !== "string") {
    return { name: "daemon", status: "not used", detail: "none runs; the next command that needs one starts it", hint: null };
  }
  const detail = `none runs, and the last one ended with a failure: ${failure.message}`;
  return { name: "daemon", status: "missing", detail, hint: "banger daemon start, which tells whether that is still so" };
}
