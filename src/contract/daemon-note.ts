/**
 * What a daemon that runs says of itself in a file. Where systemd holds the socket, connecting to it starts a daemon: who only
 * wants to know whether one runs reads this instead. It lies in the state folder: two sessions of one user may have different
 * folders for sockets, and the same daemon.
 */
export interface DaemonNote {
  readonly pid: number;
  /** When the process started, as field 22 of `/proc/PID/stat` has it: a pid alone may belong to somebody else by now. */
  readonly startTicks: number;
  /** Of which boot of the computer: the folder outlives it, and pids and starts come again. */
  readonly bootId: string;
  /** Where it listens. */
  readonly socket: string;
}
