/** While the daemon comes and goes, and clients throng at its socket, there is no moment at which others could reach it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { isFull } from "../support/seeded.ts";
import { openHome } from "./home.ts";

const RESTARTS = isFull ? 80 : 3;
setDefaultTimeout(60_000 + RESTARTS * 10_000);

/**
 * Looks without a pause, from a process of its own, and prints each looser mode and how often it looked at all. A file has the mode
 * of its birth until somebody changes it, so that no look can be too late for what is loose for good; and many are made here.
 */
const WATCH = `
use strict; use warnings; $| = 1;
my ($looks, $sockets, %loose, $stop) = (0, 0); $SIG{TERM} = sub { $stop = 1 }; alarm 600;
until ($stop) {
  for my $path (@ARGV) {
    my @info = lstat $path or next;
    $sockets++ if -S _;
    $loose{sprintf "%s %o", $path, $info[2]} = 1 if $info[2] & 077;
  }
  $looks++;
}
print join(",", sort keys %loose), "\\n", $looks, "\\n", $sockets, "\\n";`;

/** Connects a thousand times a second until it is told to end, then prints how often it got through. */
const THRONG = `
use strict; use warnings; use IO::Socket::UNIX; $SIG{PIPE} = "IGNORE";
my ($count, $stop) = (0, 0); $SIG{TERM} = sub { $stop = 1 }; alarm 600;
until ($stop) {
  my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]);
  if ($socket) { $count++; close $socket }
  select undef, undef, undef, 0.001;
}
print "$count\n";`;

interface Running extends Disposable {
  /** Has it end, and gives what it prints. */
  end(): Promise<string>;
}

function start(script: string, ...words: readonly string[]): Running {
  const child = spawn("perl", ["-e", script, ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const said = text(child.stdout);
  return { end: () => (child.kill("SIGTERM"), said), [Symbol.dispose]: () => void child.kill("SIGKILL") };
}

test(`${RESTARTS} restarts among thousands of connects see no looser mode`, async () => {
  await using home = openHome();
  await home.banger(["daemon", "start"]);
  const [folder, socketPath] = [join(home.path, "run"), join(home.path, "run/banger.sock")];
  using watching = start(WATCH, folder, socketPath);
  using thronging = start(THRONG, socketPath);
  const births = new Set<number>();
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    births.add(lstatSync(socketPath).ctimeMs);
    expect((await home.banger(["daemon", "stop"])).code).toBe(0);
    expect((await home.banger(["daemon", "start"])).code).toBe(0);
  }
  const connects = Number(await thronging.end());
  const [loose, looks, sockets] = (await watching.end()).split("\n");
  expect(loose).toBe("");
  // There was much to see: it looked, and saw sockets, of more than one daemon, while others connected.
  expect(Math.min(Number(looks), Number(sockets))).toBeGreaterThan(1000);
  expect(connects).toBeGreaterThan(isFull ? 10_000 : 100);
  expect(births.size).toBe(RESTARTS);
});
