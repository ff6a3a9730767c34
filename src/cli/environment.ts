import type { LocalWork } from "../contract/local-work.ts";

/** What the command line knows of where it runs. Read once, in `main.ts`. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The program that runs this command line, and its first arguments: to start the daemon by it. */
  readonly self: readonly string[];
  readonly stdin: Terminal;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  /** Whether colour may be used where there is a terminal. */
  readonly hasColour: boolean;
  /** What is done in this process, about the daemon itself. */
  readonly openLocalWork: () => Promise<LocalWork>;
  /** Runs the daemon in this process until it is told to end. */
  readonly runDaemon: (readyDescriptor: number | undefined) => Promise<void>;
}

export interface Terminal {
  readonly descriptor: number;
  readonly isTerminal: boolean;
}
