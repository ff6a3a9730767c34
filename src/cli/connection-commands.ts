/** What leads into a vm without a network: SSH, and its ports. */
import { VERBS } from "../contract/verbs.ts";
import type { Command } from "./command.ts";
import { flag, text, TTY, VM } from "./command-fields.ts";

export const CONNECTION_COMMANDS: readonly Command[] = [
  {
    ...VERBS["ssh.prepare"],
    summary: "Log in to a vm, or run a command in it, with OpenSSH",
    detail:
      "The system's own ssh is run, with your own configuration. The connection goes through the guest agent to the sshd of the image, or to one that banger brings where the image has none, so that it needs no network, no port and no password: banger's key is told to the guest before, and the guest's to ssh. What follows -- is given to ssh as it is, which has the login shell in the vm read it. Ends with ssh's exit code, which is the command's, or 255.",
    hasJson: false,
    fields: [
      VM,
      { ...text("user", "USER", "who to log in as; root when left out", "string"), alias: "l" },
      flag("forwardAgent", "A", "let the vm use your ssh-agent, while you are connected"),
      TTY,
    ],
    rest: { placeholder: "COMMAND", required: false },
    passesGuestCode: true,
    examples: [
      { command: "banger ssh dev", does: "a login shell" },
      { command: "banger ssh dev -- uptime", does: "one command" },
      { command: "banger ssh -A dev -- git clone git@example.org:me/repo", does: "with the keys of your ssh-agent" },
    ],
    load: async () => (await import("./commands/ssh.ts")).ssh,
  },
  {
    words: ["ssh-config"],
    aliases: [],
    summary: "Have plain ssh NAME.banger work, and scp, rsync, git and editors with it",
    detail:
      "Writes a file for OpenSSH that says how vms are reached, and puts one line at the beginning of ~/.ssh/config that includes it. It holds for all vms, those to come too: a name ends in .banger. What you say of Host *.banger yourself goes before what it says where it stands before that line.",
    fields: [
      flag("print", undefined, "show what would be written, change nothing"),
      flag("remove", undefined, "take the line and the file away again"),
    ],
    positional: [],
    examples: [
      { command: "banger ssh-config", does: "then: ssh dev.banger, scp notes.md dev.banger:" },
      { command: "banger ssh-config --print", does: "to put it elsewhere yourself" },
    ],
    load: async () => (await import("./commands/ssh-config.ts")).sshConfig,
  },
  {
    ...VERBS["ssh.connect"],
    hidden: true,
    fields: [...VERBS["ssh.connect"].fields, flag("ready", undefined, "the vm was made ready for it already")],
    hasJson: false,
    load: async () => (await import("./commands/ssh.ts")).sshProxy,
  },
  {
    ...VERBS["vm.dial"],
    detail:
      "The connection is made in the vm, to 127.0.0.1, so that it needs no network and no forward. It ends when both sides have ended, or the other has; what is on stdin then is left there.",
    hasJson: false,
    load: async () => (await import("./commands/dial.ts")).dial,
  },
];
