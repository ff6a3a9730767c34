/** Generated from the operations by `npm run generate`; do not edit. */
import type { OperationName } from "./operation-table.ts";
import type { Verb } from "./verb.ts";

// prettier-ignore
export const VERBS: Readonly<Record<OperationName, Verb>> = {
  "vm.create": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms",
    "summary": "Create a vm and start it",
    "detail": "Everything that is not said gets a default; without a name the vm is called by an adjective and a noun. The defaults of image, memory and disks can be set in the config. A vm that is not ready in time is kept, and runs.",
    "words": [
      "vm",
      "create"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": false,
        "brief": "name of the vm; an adjective and a noun when left out",
        "placeholder": "NAME"
      },
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": false,
        "brief": "image that the root starts from; debian-bookworm when left out",
        "placeholder": "IMAGE",
        "completes": "image"
      },
      {
        "name": "kernel",
        "flag": "kernel",
        "type": "string",
        "required": false,
        "brief": "kernel to boot; the image's own when left out",
        "placeholder": "KERNEL",
        "completes": "kernel"
      },
      {
        "name": "cpus",
        "flag": "cpus",
        "type": "integer",
        "required": false,
        "brief": "virtual CPUs; 1 when left out",
        "placeholder": "N",
        "alias": "c"
      },
      {
        "name": "memory",
        "flag": "memory",
        "type": "size",
        "required": false,
        "brief": "memory; 1G when left out",
        "placeholder": "SIZE",
        "alias": "m"
      },
      {
        "name": "disk",
        "flag": "disk",
        "type": "size",
        "required": false,
        "brief": "size of the root's writable layer; 20G when left out",
        "placeholder": "SIZE"
      },
      {
        "name": "workDisk",
        "flag": "work-disk",
        "type": "size",
        "required": false,
        "brief": "size of the work disk, which holds the home; 20G when left out",
        "placeholder": "SIZE"
      },
      {
        "name": "nat",
        "flag": "nat",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "give the vm a way out to the internet, and to nothing of this computer and around it; no network card without it"
      },
      {
        "name": "network",
        "flag": "network",
        "type": "string",
        "required": false,
        "brief": "a network whose vms it reaches and that reach it, by name; banger network create makes one",
        "placeholder": "NETWORK",
        "completes": "network"
      },
      {
        "name": "publish",
        "flag": "publish",
        "type": "list",
        "required": false,
        "brief": "a port of the vm that is reached at this computer: [ADDRESS:]HOST:GUEST[/udp]; on 127.0.0.1 unless said; may be repeated",
        "placeholder": "PORTS",
        "alias": "p"
      },
      {
        "name": "allowHost",
        "flag": "allow-host",
        "type": "list",
        "required": false,
        "brief": "a port of this computer's loopback that the vm with --nat reaches at its gateway; may be repeated",
        "placeholder": "PORT"
      },
      {
        "name": "allowLan",
        "flag": "allow-lan",
        "type": "list",
        "required": false,
        "brief": "a network around this computer that the vm with --nat reaches, such as 192.168.1.0/24; may be repeated",
        "placeholder": "CIDR"
      },
      {
        "name": "unsafeNet",
        "flag": "unsafe-net",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "take a way out that isolates nothing, where there is no other"
      },
      {
        "name": "env",
        "flag": "env",
        "type": "environment",
        "required": false,
        "brief": "environment of every command in the vm; may be repeated",
        "placeholder": "KEY=VALUE",
        "alias": "e"
      },
      {
        "name": "labels",
        "flag": "label",
        "type": "pairs",
        "required": false,
        "brief": "a label to find it by; may be repeated",
        "placeholder": "KEY=VALUE",
        "alias": "l"
      },
      {
        "name": "init",
        "flag": "init",
        "type": "choice",
        "required": false,
        "choices": [
          "auto",
          "agent",
          "systemd",
          "openrc",
          "runit",
          "s6",
          "busybox",
          "image"
        ],
        "default": "auto",
        "brief": "what runs as the guest's init; auto takes what the image says, and image what it has as /sbin/init. With --nat, an image of Debian, Fedora, Arch or openSUSE without systemd gets it at the first start, with an SSH server, by its own package manager, and one of Alpine openrc; that takes minutes. The vm is ready while any but the agent goes on starting; with systemd, --wait-for unit:multi-user.target waits for that",
        "placeholder": "INIT"
      },
      {
        "name": "driver",
        "flag": "driver",
        "type": "string",
        "required": false,
        "brief": "VMM to use, such as qemu; the first that works here when left out",
        "placeholder": "DRIVER",
        "completes": "driver"
      },
      {
        "name": "ephemeral",
        "flag": "ephemeral",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "delete the vm when it stops"
      },
      {
        "name": "start",
        "flag": "no-start",
        "type": "boolean",
        "required": false,
        "default": true,
        "brief": "leave the vm stopped"
      },
      {
        "name": "waitFor",
        "flag": "wait-for",
        "type": "list",
        "required": false,
        "brief": "what makes it ready, besides what the image says: tcp:PORT, unit:NAME, file:/PATH or command:LINE; may be repeated",
        "placeholder": "WHAT"
      },
      {
        "name": "waitTimeout",
        "flag": "wait-timeout",
        "type": "duration",
        "required": false,
        "default": "2m",
        "brief": "how long to wait for each of these",
        "placeholder": "DURATION"
      }
    ],
    "examples": [
      {
        "command": "banger vm create dev",
        "does": "create and start a vm with defaults"
      },
      {
        "command": "banger vm create dev --memory 4G --cpus 4 --nat",
        "does": "a larger one, with a way out to the network"
      },
      {
        "command": "banger vm create web --publish 8080:80",
        "does": "then http://localhost:8080 is port 80 in the vm"
      },
      {
        "command": "banger vm create app --nat --allow-host 5432",
        "does": "one that reaches a database on this computer at its gateway"
      },
      {
        "command": "banger vm create db --network shop",
        "does": "web, when it is in network shop, too, reaches it as db"
      },
      {
        "command": "banger vm create web --wait-for tcp:80 --wait-for unit:ssh",
        "does": "done when both are there"
      },
      {
        "command": "banger vm create --env EDITOR=nano --no-start",
        "does": "prepare one and leave it stopped"
      }
    ]
  },
  "vm.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/vms",
    "summary": "List vms",
    "detail": "Filters of one kind are alternatives, and all kinds must hold; of labels every one must. In a PATTERN * is any text and ? one character.",
    "words": [
      "vm",
      "list"
    ],
    "aliases": [
      [
        "ps"
      ],
      [
        "vm",
        "ls"
      ]
    ],
    "positional": [],
    "quiet": {
      "list": "vms",
      "field": "name"
    },
    "composed": false,
    "fields": [
      {
        "name": "filter",
        "flag": "filter",
        "type": "list",
        "required": false,
        "brief": "only those of state=STATE, name=PATTERN, image=IMAGE, label=KEY or label=KEY=VALUE; may be repeated",
        "placeholder": "FILTER"
      }
    ],
    "examples": [
      {
        "command": "banger ps",
        "does": "show all vms"
      },
      {
        "command": "banger ps --filter state=running --filter label=team=blue",
        "does": "those that run and have that label"
      },
      {
        "command": "banger ps -q --filter name=test-*",
        "does": "only their names, for other commands"
      },
      {
        "command": "banger ps --json",
        "does": "the same, for programs"
      }
    ]
  },
  "vm.show": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/vms/:vm",
    "summary": "Show one vm",
    "words": [
      "vm",
      "show"
    ],
    "aliases": [],
    "positional": [
      "vm"
    ],
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger vm show dev",
        "does": "state, disks, network and the times of the last start"
      }
    ]
  },
  "vm.start": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/start",
    "summary": "Start a vm",
    "detail": "A vm that already runs stays as it is.",
    "words": [
      "vm",
      "start"
    ],
    "aliases": [
      [
        "start"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger start dev",
        "does": "boot it again, with its disks as they were left"
      }
    ]
  },
  "vm.stop": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/stop",
    "summary": "Stop a vm",
    "detail": "The guest is asked to power off; what still runs after the grace is ended by force.",
    "words": [
      "vm",
      "stop"
    ],
    "aliases": [
      [
        "stop"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "grace",
        "flag": "grace",
        "type": "duration",
        "required": false,
        "default": "10s",
        "brief": "how long the guest may take",
        "placeholder": "DURATION"
      }
    ],
    "examples": [
      {
        "command": "banger stop dev",
        "does": "ask the guest to power off, force after 10 s"
      },
      {
        "command": "banger stop dev test --grace 1m",
        "does": "stop two, and give each a minute"
      }
    ]
  },
  "vm.kill": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/kill",
    "summary": "Stop a vm by force",
    "detail": "The guest is not asked; what it had not written to its disks is lost.",
    "words": [
      "vm",
      "kill"
    ],
    "aliases": [
      [
        "kill"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger kill dev",
        "does": "end it at once"
      }
    ]
  },
  "vm.pause": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/pause",
    "summary": "Make a vm stand still",
    "detail": "Its memory, processes and connections are kept, and it takes no CPU. A paused vm is lost when the computer goes down, as a running one is.",
    "words": [
      "vm",
      "pause"
    ],
    "aliases": [
      [
        "pause"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger pause dev",
        "does": "everything in it stands still, and nothing is lost"
      }
    ]
  },
  "vm.resume": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/resume",
    "summary": "Let a paused vm go on",
    "detail": "Its clock, which stood still with it, is set right.",
    "words": [
      "vm",
      "resume"
    ],
    "aliases": [
      [
        "resume"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger resume dev",
        "does": "it goes on where it was, at the right time"
      }
    ]
  },
  "vm.set": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/set",
    "summary": "Change a vm",
    "detail": "A running vm gets a longer disk, another environment and what it may reach at once, where its driver can, and cpus and memory at its next start. Disks can only grow.",
    "words": [
      "vm",
      "set"
    ],
    "aliases": [
      [
        "set"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "cpus",
        "flag": "cpus",
        "type": "integer",
        "required": false,
        "brief": "virtual CPUs, from the next start on",
        "placeholder": "N",
        "alias": "c"
      },
      {
        "name": "memory",
        "flag": "memory",
        "type": "size",
        "required": false,
        "brief": "memory, from the next start on",
        "placeholder": "SIZE",
        "alias": "m"
      },
      {
        "name": "disk",
        "flag": "disk",
        "type": "size",
        "required": false,
        "brief": "size of the root's writable layer, which can only grow",
        "placeholder": "SIZE"
      },
      {
        "name": "workDisk",
        "flag": "work-disk",
        "type": "size",
        "required": false,
        "brief": "size of the work disk, which can only grow",
        "placeholder": "SIZE"
      },
      {
        "name": "allowHost",
        "flag": "allow-host",
        "type": "list",
        "required": false,
        "brief": "a port of this computer's loopback that the vm with --nat reaches, at once; PORT- takes away; may be repeated",
        "placeholder": "PORT"
      },
      {
        "name": "allowLan",
        "flag": "allow-lan",
        "type": "list",
        "required": false,
        "brief": "a network around this computer that the vm with --nat reaches, at once; CIDR- takes away; may be repeated",
        "placeholder": "CIDR"
      },
      {
        "name": "network",
        "flag": "network",
        "type": "string",
        "required": false,
        "brief": "a network whose vms it reaches and that reach it, or none; at once, if it has a network card",
        "placeholder": "NETWORK",
        "completes": "network"
      },
      {
        "name": "unsafeNet",
        "flag": "unsafe-net",
        "type": "boolean",
        "required": false,
        "brief": "from the next start on take a way out that isolates nothing, where there is no other"
      },
      {
        "name": "env",
        "flag": "env",
        "type": "changes",
        "required": false,
        "brief": "environment of commands to come; KEY- takes away; may be repeated",
        "placeholder": "KEY=VALUE",
        "alias": "e"
      },
      {
        "name": "labels",
        "flag": "label",
        "type": "changes",
        "required": false,
        "brief": "a label; KEY- takes it away; may be repeated",
        "placeholder": "KEY=VALUE",
        "alias": "l"
      }
    ],
    "examples": [
      {
        "command": "banger vm set dev --memory 4G --cpus 2",
        "does": "more of both, from the next start on"
      },
      {
        "command": "banger vm set dev --work-disk 40G",
        "does": "a longer disk, at once"
      },
      {
        "command": "banger vm set dev --allow-host 5432 --allow-host 8080-",
        "does": "one port of this computer more that it reaches, and one less"
      },
      {
        "command": "banger vm set dev --label team=blue --label owner-",
        "does": "one label more, and one less"
      }
    ]
  },
  "vm.rename": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/vms/:vm/rename",
    "summary": "Give a vm another name",
    "detail": "Its id stays, and so does everything in it. A running guest learns its new host name at once; a shell that is open shows the old one.",
    "words": [
      "vm",
      "rename"
    ],
    "aliases": [
      [
        "rename"
      ]
    ],
    "positional": [
      "vm",
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "OLD",
        "completes": "vm"
      },
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "its name from now on",
        "placeholder": "NEW"
      }
    ],
    "examples": [
      {
        "command": "banger vm rename dev prod",
        "does": "dev is called prod"
      }
    ]
  },
  "vm.delete": {
    "kind": "long",
    "method": "DELETE",
    "path": "/v1/vms/:vm",
    "summary": "Delete a vm and its disks",
    "detail": "A running vm is left alone unless --force is given.",
    "words": [
      "vm",
      "delete"
    ],
    "aliases": [
      [
        "rm"
      ],
      [
        "vm",
        "rm"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "force",
        "flag": "force",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "stop it first when it runs",
        "alias": "f"
      }
    ],
    "examples": [
      {
        "command": "banger rm dev",
        "does": "delete a stopped vm"
      },
      {
        "command": "banger rm --force dev test",
        "does": "delete two, also when they run"
      }
    ]
  },
  "vm.exec": {
    "kind": "stream",
    "method": "POST",
    "path": "/v1/vms/:vm/exec",
    "summary": "Run a command in a vm",
    "words": [
      "vm",
      "exec"
    ],
    "aliases": [
      [
        "exec"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger exec dev -- uname -a",
        "does": "run one command"
      }
    ]
  },
  "vm.copy": {
    "kind": "stream",
    "method": "POST",
    "path": "/v1/vms/:vm/copy",
    "summary": "Copy files and folders between this computer and a vm",
    "words": [
      "vm",
      "cp"
    ],
    "aliases": [
      [
        "cp"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger cp notes.md dev:",
        "does": "one file into the home in a vm"
      }
    ]
  },
  "vm.dial": {
    "kind": "stream",
    "method": "GET",
    "path": "/v1/vms/:vm/dial",
    "summary": "Connect stdin and stdout to a port in a vm",
    "words": [
      "vm",
      "dial"
    ],
    "aliases": [],
    "positional": [
      "vm",
      "port"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "port",
        "flag": "port",
        "type": "integer",
        "required": true,
        "brief": "a TCP port on which something listens in the vm, on 127.0.0.1 or on all addresses",
        "placeholder": "PORT"
      }
    ],
    "examples": [
      {
        "command": "banger vm dial dev 5432",
        "does": "talk to what listens on the port"
      }
    ]
  },
  "vm.forward": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/vms/:vm/forward",
    "summary": "Reach a port of a vm at this computer",
    "detail": "The daemon listens, on 127.0.0.1 unless another address is said, and passes each connection through the guest agent to 127.0.0.1 in the vm: it needs no network there. Kept with the vm, and open while it runs; host port 0 asks for any that is free. A vm that runs takes it at once. With --reverse it is the other way: who connects to GUEST on 127.0.0.1 in the vm reaches HOST at this computer, which nothing else in the vm does.",
    "words": [
      "vm",
      "forward"
    ],
    "aliases": [
      [
        "forward"
      ]
    ],
    "positional": [
      "vm",
      "forward"
    ],
    "repeat": "forward",
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "forward",
        "flag": "forward",
        "type": "string",
        "required": true,
        "brief": "[ADDRESS:]HOST:GUEST[/udp]; an IPv6 address stands in brackets",
        "placeholder": "PORTS"
      },
      {
        "name": "reverse",
        "flag": "reverse",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "the other way: a port in the vm that reaches one of this computer",
        "alias": "R"
      },
      {
        "name": "remove",
        "flag": "remove",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "take it away"
      }
    ],
    "examples": [
      {
        "command": "banger forward dev 8080:80",
        "does": "http://localhost:8080 is port 80 in the vm"
      },
      {
        "command": "banger forward dev 0.0.0.0:8080:80 5353:53/udp",
        "does": "the first for everybody who reaches this computer"
      },
      {
        "command": "banger forward dev --reverse 5432:5432",
        "does": "127.0.0.1:5432 in the vm is that of this computer"
      },
      {
        "command": "banger forward dev 8080:80 --remove",
        "does": "no longer"
      }
    ]
  },
  "ssh.places": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/ssh",
    "summary": "Say where the key and the known hosts of SSH are, and make the key",
    "words": [
      "ssh-config"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [],
    "examples": [
      {
        "command": "banger ssh-config",
        "does": "have plain ssh dev.banger work"
      }
    ]
  },
  "ssh.prepare": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/vms/:vm/ssh",
    "summary": "Make a vm ready for SSH",
    "words": [
      "vm",
      "ssh"
    ],
    "aliases": [
      [
        "ssh"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger ssh dev",
        "does": "a login shell over SSH"
      }
    ]
  },
  "ssh.connect": {
    "kind": "stream",
    "method": "GET",
    "path": "/v1/vms/:vm/ssh",
    "summary": "Connect to the sshd of a vm",
    "words": [
      "internal",
      "ssh-proxy"
    ],
    "aliases": [],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name of the vm, also as NAME.banger",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger internal ssh-proxy dev.banger",
        "does": "what ssh runs as its ProxyCommand"
      }
    ]
  },
  "vm.console": {
    "kind": "stream",
    "method": "GET",
    "path": "/v1/vms/:vm/console",
    "summary": "Attach to the console of a vm",
    "words": [
      "vm",
      "console"
    ],
    "aliases": [
      [
        "console"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "integer",
        "required": false,
        "brief": "the offset to show the console from; its last lines when left out",
        "placeholder": "OFFSET"
      }
    ],
    "examples": [
      {
        "command": "banger console dev",
        "does": "the serial port in this terminal"
      }
    ]
  },
  "vm.logs": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/vms/:vm/logs",
    "summary": "Show a log of a vm",
    "words": [
      "vm",
      "logs"
    ],
    "aliases": [
      [
        "logs"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "source",
        "flag": "source",
        "type": "choice",
        "required": false,
        "choices": [
          "console",
          "agent",
          "vmm",
          "network",
          "guest"
        ],
        "default": "console",
        "brief": "which log; --help says what each is",
        "placeholder": "SOURCE"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "integer",
        "required": false,
        "brief": "the offset to read from, as an earlier answer gave it",
        "placeholder": "OFFSET"
      },
      {
        "name": "cursor",
        "flag": "cursor",
        "type": "string",
        "required": false,
        "brief": "the place in the guest's log to read from, as an earlier answer gave it",
        "placeholder": "CURSOR"
      },
      {
        "name": "since",
        "flag": "since",
        "type": "string",
        "required": false,
        "brief": "from this moment on: 10m ago, 2026-11-25, or 2026-11-25T14:00:00Z",
        "placeholder": "TIME"
      },
      {
        "name": "tail",
        "flag": "tail",
        "type": "integer",
        "required": false,
        "brief": "the last lines alone",
        "placeholder": "LINES",
        "alias": "n"
      },
      {
        "name": "bytes",
        "flag": "bytes",
        "type": "size",
        "required": false,
        "default": "64K",
        "brief": "how much to show, at most 4M: of the end, or from --from on",
        "placeholder": "SIZE"
      }
    ],
    "examples": [
      {
        "command": "banger logs dev",
        "does": "the end of the console"
      }
    ]
  },
  "vm.follow": {
    "kind": "follow",
    "method": "GET",
    "path": "/v1/vms/:vm/logs/follow",
    "summary": "Follow a log of a vm",
    "words": [
      "vm",
      "follow"
    ],
    "aliases": [],
    "positional": [
      "vm"
    ],
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      },
      {
        "name": "source",
        "flag": "source",
        "type": "choice",
        "required": false,
        "choices": [
          "console",
          "agent",
          "vmm",
          "network",
          "guest"
        ],
        "default": "console",
        "brief": "which log; --help says what each is",
        "placeholder": "SOURCE"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "integer",
        "required": false,
        "brief": "the offset to read from, as an earlier answer gave it",
        "placeholder": "OFFSET"
      },
      {
        "name": "cursor",
        "flag": "cursor",
        "type": "string",
        "required": false,
        "brief": "the place in the guest's log to read from, as an earlier answer gave it",
        "placeholder": "CURSOR"
      },
      {
        "name": "since",
        "flag": "since",
        "type": "string",
        "required": false,
        "brief": "from this moment on: 10m ago, 2026-11-25, or 2026-11-25T14:00:00Z",
        "placeholder": "TIME"
      },
      {
        "name": "tail",
        "flag": "tail",
        "type": "integer",
        "required": false,
        "brief": "the last lines alone",
        "placeholder": "LINES",
        "alias": "n"
      },
      {
        "name": "bytes",
        "flag": "bytes",
        "type": "size",
        "required": false,
        "default": "64K",
        "brief": "how much to show, at most 4M: of the end, or from --from on",
        "placeholder": "SIZE"
      }
    ],
    "examples": [
      {
        "command": "banger vm follow dev",
        "does": "the console as it grows"
      }
    ]
  },
  "vm.stats": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/stats",
    "summary": "Show what vms use",
    "detail": "The first columns are what a vm costs this computer: its VMM, with the helper processes of its network, and what its disks really take. The others are what the guest says of itself; a guest that does not answer within 2 s shows -, and --json says why. With -w it goes on until Ctrl-C, which ends it with code 0.",
    "words": [
      "vm",
      "stats"
    ],
    "aliases": [
      [
        "stats"
      ]
    ],
    "positional": [
      "vm"
    ],
    "repeat": "vm",
    "composed": true,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": false,
        "brief": "name or id of a vm; all that run when left out",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger stats",
        "does": "all vms that run"
      },
      {
        "command": "banger stats -w dev",
        "does": "one, again each second"
      },
      {
        "command": "banger stats -w --interval 10s --json",
        "does": "a JSON document a line, for programs"
      }
    ]
  },
  "vm.ports": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/vms/:vm/ports",
    "summary": "Show what listens in a vm",
    "detail": "TCP and UDP ports in the guest, each with the oldest process that holds it. What listens on loopback alone is reached from inside the vm only. Containers in the guest have networks of their own, which are not looked into.",
    "words": [
      "vm",
      "ports"
    ],
    "aliases": [
      [
        "ports"
      ]
    ],
    "positional": [
      "vm"
    ],
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "NAME",
        "completes": "vm"
      }
    ],
    "examples": [
      {
        "command": "banger ports dev",
        "does": "protocol, address, port and process"
      }
    ]
  },
  "kernel.pull": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/kernels/pull",
    "summary": "Fetch a kernel from a catalog, verify it and keep it",
    "words": [
      "kernel",
      "pull"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name in the catalogs, or CATALOG/NAME",
        "placeholder": "NAME"
      },
      {
        "name": "as",
        "flag": "as",
        "type": "string",
        "required": false,
        "brief": "keep it under this name",
        "placeholder": "NAME"
      }
    ],
    "examples": [
      {
        "command": "banger kernel pull debian-6.12",
        "does": "fetch Debian's 6.12"
      }
    ]
  },
  "kernel.import": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/kernels/import",
    "summary": "Take a kernel from a folder on this computer",
    "detail": "The folder holds metadata.json, or a vmlinux, or boot/vmlinu[xz]-* with lib/modules/* beside it.",
    "words": [
      "kernel",
      "import"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "path",
        "required": true,
        "brief": "folder that holds it",
        "placeholder": "DIR"
      }
    ],
    "examples": [
      {
        "command": "banger kernel import mine --from ./linux",
        "does": "use a kernel that you built"
      }
    ]
  },
  "kernel.build": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/kernels/build",
    "summary": "Build a kernel from its source",
    "detail": "From kernel.org the signature of a release signer is verified before anything is unpacked; apt takes the source package of Debian. The configuration is a fragment: all else is off, and every line of it must hold. It takes some minutes and 4 GiB in /var/tmp.",
    "words": [
      "kernel",
      "build"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      },
      {
        "name": "version",
        "flag": "version",
        "type": "string",
        "required": false,
        "brief": "release of Linux; the one that banger's own configuration is for when left out",
        "placeholder": "V"
      },
      {
        "name": "config",
        "flag": "config",
        "type": "path",
        "required": false,
        "brief": "file of the configuration; banger's own for vms when left out",
        "placeholder": "FILE"
      },
      {
        "name": "source",
        "flag": "source",
        "type": "source",
        "required": false,
        "brief": "kernel.org, apt, or a folder or tarball; kernel.org when left out",
        "placeholder": "SOURCE"
      }
    ],
    "examples": [
      {
        "command": "banger kernel build generic-6.12",
        "does": "build the kernel for vms from kernel.org's release"
      },
      {
        "command": "banger kernel build mine --source ./linux --config ./my.config",
        "does": "build from your own tree"
      }
    ]
  },
  "kernel.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/kernels",
    "summary": "List local kernels",
    "words": [
      "kernel",
      "list"
    ],
    "aliases": [
      [
        "kernel",
        "ls"
      ]
    ],
    "positional": [],
    "quiet": {
      "list": "kernels",
      "field": "name"
    },
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger kernel list",
        "does": "what is here, and which vms use it"
      }
    ]
  },
  "kernel.show": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/kernels/:kernel",
    "summary": "Show one kernel",
    "words": [
      "kernel",
      "show"
    ],
    "aliases": [],
    "positional": [
      "kernel"
    ],
    "composed": false,
    "fields": [
      {
        "name": "kernel",
        "flag": "kernel",
        "type": "string",
        "required": true,
        "brief": "name of the kernel",
        "placeholder": "NAME",
        "completes": "kernel"
      }
    ],
    "examples": [
      {
        "command": "banger kernel show debian-6.12",
        "does": "its source, digest and users"
      }
    ]
  },
  "kernel.rename": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/kernels/:kernel/rename",
    "summary": "Give a kernel another name",
    "detail": "Refused while a vm holds it. Images go on naming the kernel that they named.",
    "words": [
      "kernel",
      "rename"
    ],
    "aliases": [],
    "positional": [
      "kernel",
      "to"
    ],
    "composed": false,
    "fields": [
      {
        "name": "kernel",
        "flag": "kernel",
        "type": "string",
        "required": true,
        "brief": "name of the kernel",
        "placeholder": "NAME",
        "completes": "kernel"
      },
      {
        "name": "to",
        "flag": "to",
        "type": "string",
        "required": true,
        "brief": "the new name",
        "placeholder": "NEW"
      }
    ],
    "examples": [
      {
        "command": "banger kernel rename mine generic-6.12",
        "does": "have images find it by the name that they use"
      }
    ]
  },
  "kernel.bundle": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/kernels/:kernel/bundle",
    "summary": "Write a kernel into one file, to publish it",
    "detail": "The file is called NAME-ARCH- and the first digits of its sha256: the same kernel makes the same file.",
    "words": [
      "kernel",
      "bundle"
    ],
    "aliases": [],
    "positional": [
      "kernel"
    ],
    "composed": false,
    "fields": [
      {
        "name": "kernel",
        "flag": "kernel",
        "type": "string",
        "required": true,
        "brief": "name of the kernel",
        "placeholder": "NAME",
        "completes": "kernel"
      },
      {
        "name": "into",
        "flag": "into",
        "type": "path",
        "required": true,
        "brief": "folder for the file",
        "placeholder": "DIR"
      }
    ],
    "examples": [
      {
        "command": "banger kernel bundle generic-6.12 --into .",
        "does": "write generic-6.12-amd64-....tar.zst here"
      }
    ]
  },
  "kernel.delete": {
    "kind": "change",
    "method": "DELETE",
    "path": "/v1/kernels/:kernel",
    "summary": "Delete a kernel",
    "detail": "Refused while a vm holds it.",
    "words": [
      "kernel",
      "delete"
    ],
    "aliases": [
      [
        "kernel",
        "rm"
      ]
    ],
    "positional": [
      "kernel"
    ],
    "repeat": "kernel",
    "composed": false,
    "fields": [
      {
        "name": "kernel",
        "flag": "kernel",
        "type": "string",
        "required": true,
        "brief": "name of the kernel",
        "placeholder": "NAME",
        "completes": "kernel"
      }
    ],
    "examples": [
      {
        "command": "banger kernel delete debian-6.12",
        "does": "free its space"
      }
    ]
  },
  "image.pull": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/pull",
    "summary": "Fetch an image from a catalog or a registry, verify it and keep it",
    "words": [
      "image",
      "pull"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "image",
        "required": true,
        "brief": "name in the catalogs, CATALOG/NAME, or an image of a registry such as debian:bookworm",
        "placeholder": "NAME"
      },
      {
        "name": "as",
        "flag": "name",
        "type": "string",
        "required": false,
        "brief": "keep it under this name",
        "placeholder": "NAME"
      },
      {
        "name": "platform",
        "flag": "platform",
        "type": "string",
        "required": false,
        "brief": "of a registry's image, the one for this platform; linux/amd64 when left out",
        "placeholder": "OS/ARCH"
      },
      {
        "name": "kernelRef",
        "flag": "kernel-ref",
        "type": "string",
        "required": false,
        "brief": "of a registry's image, the kernel that its vms get",
        "placeholder": "NAME",
        "completes": "kernel"
      }
    ],
    "examples": [
      {
        "command": "banger image pull debian-bookworm",
        "does": "fetch Debian 12"
      },
      {
        "command": "banger image pull debian:bookworm --kernel-ref debian-6.12 --name deb",
        "does": "fetch docker.io's Debian 12"
      }
    ]
  },
  "image.import": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/import",
    "summary": "Make an image of a root file system: a tar or a folder",
    "detail": "The tar is plain, or packed by gzip or zstd. Owners stay as they are; in a folder, what is yours becomes root's. No file of it becomes a file on this computer.",
    "words": [
      "image",
      "import"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "input",
        "required": true,
        "brief": "a tar, a folder, or - for a tar on stdin",
        "placeholder": "PATH"
      },
      {
        "name": "kernelRef",
        "flag": "kernel-ref",
        "type": "string",
        "required": false,
        "brief": "the kernel that its vms get; that of the config when left out",
        "placeholder": "NAME",
        "completes": "kernel"
      },
      {
        "name": "init",
        "flag": "init",
        "type": "choice",
        "required": false,
        "choices": [
          "agent",
          "systemd",
          "openrc",
          "runit",
          "s6",
          "busybox",
          "image"
        ],
        "default": "agent",
        "brief": "what runs as init in its vms; image means what it has as /sbin/init",
        "placeholder": "INIT"
      }
    ],
    "examples": [
      {
        "command": "banger image import tree --from ./rootfs",
        "does": "use a folder"
      },
      {
        "command": "banger image import web --from -",
        "does": "use a tar that comes through a pipe, as from docker export web"
      }
    ]
  },
  "image.promote": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/promote",
    "summary": "Make an image of a vm as it is now",
    "detail": "Copies of its disks are booted in a vm of their own, without a network, which gives away its root and is gone afterwards; your vm stands still while they are copied and is then as it was. Root's home becomes the image's work seed. Left out are who the vm is (machine-id, host keys, host name), logs and temporary files, and of root's home the logins, tokens and keys of the usual tools, and shell histories: what was left out is said. Look for secrets in other places yourself.",
    "words": [
      "image",
      "promote"
    ],
    "aliases": [],
    "positional": [
      "vm",
      "as"
    ],
    "composed": false,
    "fields": [
      {
        "name": "vm",
        "flag": "vm",
        "type": "string",
        "required": true,
        "brief": "name or id of the vm",
        "placeholder": "VM",
        "completes": "vm"
      },
      {
        "name": "as",
        "flag": "as",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      }
    ],
    "examples": [
      {
        "command": "banger image promote dev my-tools",
        "does": "vms of image my-tools begin as dev is now"
      }
    ]
  },
  "image.build": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/build",
    "summary": "Build an image by a recipe or a Dockerfile",
    "detail": "By a recipe: a vm of the image is started, with a network unless the recipe says otherwise, and the steps are done in it one after the other; what it then is, is kept, as by banger image promote. A recipe is a TOML file, told in docs/images.md: packages of the guest's own package manager, scripts, files. What each step leaves is kept too, so that a build begins with the first step that has changed; banger image prune forgets that. An image that was built by the same steps is not built again. A file that is called Dockerfile or Containerfile, or begins or ends so, is built by buildah, which must be installed, on this computer and not in a vm; the network is the computer's own. Its FROM may name images of image list.",
    "words": [
      "image",
      "build"
    ],
    "aliases": [],
    "positional": [
      "as",
      "context"
    ],
    "composed": false,
    "fields": [
      {
        "name": "as",
        "flag": "as",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      },
      {
        "name": "context",
        "flag": "context",
        "type": "path",
        "required": false,
        "brief": "the folder that a Dockerfile copies from; its own when left out",
        "placeholder": "CONTEXT"
      },
      {
        "name": "from",
        "flag": "from-image",
        "type": "string",
        "required": false,
        "brief": "the image that a recipe begins with",
        "placeholder": "IMAGE",
        "completes": "image"
      },
      {
        "name": "file",
        "flag": "file",
        "type": "path",
        "required": true,
        "brief": "the recipe or Dockerfile",
        "placeholder": "FILE",
        "alias": "f"
      },
      {
        "name": "groups",
        "flag": "groups",
        "type": "string",
        "required": false,
        "brief": "only steps of these groups, and those of none; all when left out",
        "placeholder": "GROUP,..."
      },
      {
        "name": "size",
        "flag": "size",
        "type": "size",
        "required": false,
        "brief": "size of the root disk while it is built by a recipe",
        "placeholder": "SIZE"
      },
      {
        "name": "unsafeNet",
        "flag": "unsafe-net",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "let steps of a recipe take a way out that isolates nothing, where there is no other"
      },
      {
        "name": "target",
        "flag": "target",
        "type": "string",
        "required": false,
        "brief": "the stage of a Dockerfile that is wanted; the last when left out",
        "placeholder": "STAGE"
      },
      {
        "name": "buildArgs",
        "flag": "build-arg",
        "type": "environment",
        "required": false,
        "brief": "an argument of a Dockerfile; may be repeated",
        "placeholder": "KEY=VALUE"
      },
      {
        "name": "kernelRef",
        "flag": "kernel-ref",
        "type": "string",
        "required": false,
        "brief": "the kernel of its vms; that of what it begins with when left out",
        "placeholder": "KERNEL",
        "completes": "kernel"
      },
      {
        "name": "replace",
        "flag": "replace",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "take the place of the image of that name, when no vm uses it"
      },
      {
        "name": "cache",
        "flag": "no-cache",
        "type": "boolean",
        "required": false,
        "default": true,
        "brief": "do all steps of a recipe again, whatever unchanged ones left"
      }
    ],
    "examples": [
      {
        "command": "banger image build tools --from-image debian-bookworm -f recipe.toml",
        "does": "do the recipe's steps on top of Debian 12"
      },
      {
        "command": "banger image build tools --from-image debian-bookworm -f recipe.toml --replace",
        "does": "the same again, after a change"
      },
      {
        "command": "banger image build web -f Dockerfile --build-arg PORT=80",
        "does": "by a Dockerfile, with what lies beside it"
      }
    ]
  },
  "image.make-bundle": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/make-bundle",
    "summary": "Write a bundle of a root file system: a tar on stdin",
    "detail": "As `image import` and `image bundle` together, for scripts. Nothing is left in the store.",
    "words": [
      "internal",
      "make-bundle"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": true,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "what the image is called",
        "placeholder": "NAME"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "input",
        "required": true,
        "brief": "a tar, a folder, or - for a tar on stdin",
        "placeholder": "PATH"
      },
      {
        "name": "into",
        "flag": "into",
        "type": "path",
        "required": true,
        "brief": "folder for the file",
        "placeholder": "DIR"
      },
      {
        "name": "kernelRef",
        "flag": "kernel-ref",
        "type": "string",
        "required": false,
        "brief": "the kernel that its vms get",
        "placeholder": "NAME",
        "completes": "kernel"
      },
      {
        "name": "init",
        "flag": "init",
        "type": "choice",
        "required": false,
        "choices": [
          "agent",
          "systemd",
          "openrc",
          "runit",
          "s6",
          "busybox",
          "image"
        ],
        "default": "agent",
        "brief": "what runs as init in its vms; image means what it has as /sbin/init",
        "placeholder": "INIT"
      },
      {
        "name": "size",
        "flag": "size",
        "type": "size",
        "required": false,
        "brief": "refuse more content than this; the base is as large as its content",
        "placeholder": "SIZE"
      }
    ],
    "examples": [
      {
        "command": "banger internal make-bundle web --into dist",
        "does": "write dist/web-amd64-....tar.zst of a tar on stdin"
      }
    ]
  },
  "image.register": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/register",
    "summary": "Make an image of a finished disk",
    "detail": "The disk holds ext4, squashfs or EROFS, alone or in a partition, and is a plain file or a qcow2. All of it is copied; nothing is mounted or repaired here.",
    "words": [
      "image",
      "register"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name to keep it under",
        "placeholder": "NAME"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "path",
        "required": true,
        "brief": "file of the disk",
        "placeholder": "FILE"
      },
      {
        "name": "partition",
        "flag": "partition",
        "type": "integer",
        "required": false,
        "brief": "number of the partition with the root; found when left out",
        "placeholder": "N"
      },
      {
        "name": "kernelRef",
        "flag": "kernel-ref",
        "type": "string",
        "required": false,
        "brief": "the kernel that its vms get; that of the config when left out",
        "placeholder": "NAME",
        "completes": "kernel"
      },
      {
        "name": "init",
        "flag": "init",
        "type": "choice",
        "required": false,
        "choices": [
          "agent",
          "systemd",
          "openrc",
          "runit",
          "s6",
          "busybox",
          "image"
        ],
        "default": "agent",
        "brief": "what runs as init in its vms; image means what it has as /sbin/init",
        "placeholder": "INIT"
      }
    ],
    "examples": [
      {
        "command": "banger image register cloud --from disk.qcow2 --kernel-ref debian-6.12",
        "does": "use a disk of a cloud"
      },
      {
        "command": "banger image register mine --from root.ext4 --init systemd",
        "does": "use a file system with systemd"
      }
    ]
  },
  "image.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/images",
    "summary": "List local images",
    "words": [
      "image",
      "list"
    ],
    "aliases": [
      [
        "image",
        "ls"
      ]
    ],
    "positional": [],
    "quiet": {
      "list": "images",
      "field": "name"
    },
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger image list",
        "does": "what is here, and which vms use it"
      }
    ]
  },
  "image.show": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/images/:image",
    "summary": "Show one image",
    "words": [
      "image",
      "show"
    ],
    "aliases": [],
    "positional": [
      "image"
    ],
    "composed": false,
    "fields": [
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": true,
        "brief": "name of the image",
        "placeholder": "NAME",
        "completes": "image"
      }
    ],
    "examples": [
      {
        "command": "banger image show debian-bookworm",
        "does": "its source, digest and users"
      }
    ]
  },
  "image.bundle": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/:image/bundle",
    "summary": "Write an image into one file, to publish it",
    "detail": "The file is called NAME-ARCH- and the first digits of its sha256: the same image makes the same file.",
    "words": [
      "image",
      "bundle"
    ],
    "aliases": [],
    "positional": [
      "image"
    ],
    "composed": false,
    "fields": [
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": true,
        "brief": "name of the image",
        "placeholder": "NAME",
        "completes": "image"
      },
      {
        "name": "into",
        "flag": "into",
        "type": "path",
        "required": true,
        "brief": "folder for the file",
        "placeholder": "DIR"
      }
    ],
    "examples": [
      {
        "command": "banger image bundle web --into .",
        "does": "write web-amd64-....tar.zst here"
      }
    ]
  },
  "image.tag": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/images/:image/tag",
    "summary": "Give an image one more name",
    "detail": "Both names share what is on disk, which goes when the last of them is deleted.",
    "words": [
      "image",
      "tag"
    ],
    "aliases": [],
    "positional": [
      "image",
      "to"
    ],
    "composed": false,
    "fields": [
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": true,
        "brief": "name of the image",
        "placeholder": "NAME",
        "completes": "image"
      },
      {
        "name": "to",
        "flag": "to",
        "type": "string",
        "required": true,
        "brief": "the further name",
        "placeholder": "NEW"
      }
    ],
    "examples": [
      {
        "command": "banger image tag debian-bookworm base",
        "does": "keep this one as base, whatever is pulled later"
      }
    ]
  },
  "image.rename": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/images/:image/rename",
    "summary": "Give an image another name",
    "detail": "Refused while a vm holds it.",
    "words": [
      "image",
      "rename"
    ],
    "aliases": [],
    "positional": [
      "image",
      "to"
    ],
    "composed": false,
    "fields": [
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": true,
        "brief": "name of the image",
        "placeholder": "NAME",
        "completes": "image"
      },
      {
        "name": "to",
        "flag": "to",
        "type": "string",
        "required": true,
        "brief": "the new name",
        "placeholder": "NEW"
      }
    ],
    "examples": [
      {
        "command": "banger image rename web-v1 web",
        "does": "call it web from now on"
      }
    ]
  },
  "image.delete": {
    "kind": "change",
    "method": "DELETE",
    "path": "/v1/images/:image",
    "summary": "Delete an image",
    "detail": "Refused while a vm holds it.",
    "words": [
      "image",
      "delete"
    ],
    "aliases": [
      [
        "image",
        "rm"
      ]
    ],
    "positional": [
      "image"
    ],
    "repeat": "image",
    "composed": false,
    "fields": [
      {
        "name": "image",
        "flag": "image",
        "type": "string",
        "required": true,
        "brief": "name of the image",
        "placeholder": "NAME",
        "completes": "image"
      }
    ],
    "examples": [
      {
        "command": "banger image delete debian-bookworm",
        "does": "free its space"
      }
    ]
  },
  "image.prune": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/images/prune",
    "summary": "Remove images that are broken, or that no vm uses",
    "detail": "Without --all those alone that cannot be read any more and that no vm uses. With --all every image that no vm uses, but for the config's default_image; those that were imported or built here nobody else has. In either case, what steps of builds left too, which the next build of the same then does again. What goes is shown first, and asked for; without a terminal it takes --yes.",
    "words": [
      "image",
      "prune"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [
      {
        "name": "all",
        "flag": "all",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "all that no vm uses, but for the config's default_image",
        "alias": "a"
      },
      {
        "name": "dryRun",
        "flag": "dry-run",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "only show what would go"
      },
      {
        "name": "before",
        "flag": "before",
        "type": "integer",
        "required": false,
        "brief": "only what was last used before that time, in milliseconds since the epoch",
        "placeholder": "TIME"
      }
    ],
    "examples": [
      {
        "command": "banger image prune",
        "does": "what is broken"
      },
      {
        "command": "banger image prune --all --dry-run",
        "does": "see what nothing uses, and how much it takes"
      }
    ]
  },
  "catalog.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/catalogs",
    "summary": "List catalogs, and the kernels and images that they offer",
    "words": [
      "catalog",
      "list"
    ],
    "aliases": [
      [
        "catalog",
        "ls"
      ]
    ],
    "positional": [],
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger catalog list",
        "does": "what can be pulled"
      }
    ]
  },
  "catalog.add": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/catalogs",
    "summary": "Add a catalog of kernels and images",
    "detail": "NAME is what the catalog calls itself. It is fetched at once: nothing is kept unless it is signed by a KEY, which you have from whoever keeps it, by another way than the catalog itself.",
    "words": [
      "catalog",
      "add"
    ],
    "aliases": [],
    "positional": [
      "name",
      "url"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "what the catalog calls itself",
        "placeholder": "NAME"
      },
      {
        "name": "url",
        "flag": "url",
        "type": "string",
        "required": true,
        "brief": "address of its catalog.json, or the absolute path",
        "placeholder": "ADDRESS"
      },
      {
        "name": "key",
        "flag": "key",
        "type": "list",
        "required": true,
        "brief": "a key that is believed, RW...; may be repeated",
        "placeholder": "KEY"
      }
    ],
    "examples": [
      {
        "command": "banger catalog add acme https://acme.example/catalog.json --key RW...",
        "does": "whose key you were told"
      }
    ]
  },
  "catalog.update": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/catalogs/:catalog/update",
    "summary": "Fetch catalogs anew",
    "detail": "What is older than what was seen before, has expired or is signed by nobody who is believed changes nothing.",
    "words": [
      "catalog",
      "update"
    ],
    "aliases": [],
    "positional": [
      "catalog"
    ],
    "repeat": "catalog",
    "composed": true,
    "fields": [
      {
        "name": "catalog",
        "flag": "catalog",
        "type": "string",
        "required": true,
        "brief": "name of the catalog",
        "placeholder": "NAME"
      }
    ],
    "examples": [
      {
        "command": "banger catalog update acme",
        "does": "ask for its newest version"
      },
      {
        "command": "banger catalog update",
        "does": "all that were added or stand in the config"
      }
    ]
  },
  "catalog.remove": {
    "kind": "change",
    "method": "DELETE",
    "path": "/v1/catalogs/:catalog",
    "summary": "Remove a catalog",
    "detail": "What was pulled from it stays. What was believed of it is forgotten.",
    "words": [
      "catalog",
      "remove"
    ],
    "aliases": [
      [
        "catalog",
        "rm"
      ]
    ],
    "positional": [
      "catalog"
    ],
    "repeat": "catalog",
    "composed": false,
    "fields": [
      {
        "name": "catalog",
        "flag": "catalog",
        "type": "string",
        "required": true,
        "brief": "name of the catalog",
        "placeholder": "NAME"
      }
    ],
    "examples": [
      {
        "command": "banger catalog remove acme",
        "does": "believe it no more"
      }
    ]
  },
  "network.create": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/networks",
    "summary": "Create a network that vms have in common",
    "detail": "Vms that are made or set with --network NAME reach each other by their names, and nobody else reaches them by it. A way out to the internet is another thing: --nat.",
    "words": [
      "network",
      "create"
    ],
    "aliases": [],
    "positional": [
      "name"
    ],
    "composed": false,
    "fields": [
      {
        "name": "name",
        "flag": "name",
        "type": "string",
        "required": true,
        "brief": "name of the network",
        "placeholder": "NAME"
      }
    ],
    "examples": [
      {
        "command": "banger network create shop",
        "does": "then banger vm create db --network shop, and web beside it"
      }
    ]
  },
  "network.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/networks",
    "summary": "List the networks that vms have in common",
    "words": [
      "network",
      "list"
    ],
    "aliases": [
      [
        "network",
        "ls"
      ]
    ],
    "positional": [],
    "quiet": {
      "list": "networks",
      "field": "name"
    },
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger network list",
        "does": "networks, with the vms in each"
      }
    ]
  },
  "network.delete": {
    "kind": "change",
    "method": "DELETE",
    "path": "/v1/networks/:network",
    "summary": "Delete a network that vms had in common",
    "detail": "Refused while a vm is in it, whether it runs or not.",
    "words": [
      "network",
      "delete"
    ],
    "aliases": [
      [
        "network",
        "rm"
      ]
    ],
    "positional": [
      "network"
    ],
    "repeat": "network",
    "composed": false,
    "fields": [
      {
        "name": "network",
        "flag": "network",
        "type": "string",
        "required": true,
        "brief": "name of the network",
        "placeholder": "NAME",
        "completes": "network"
      }
    ],
    "examples": [
      {
        "command": "banger network delete shop",
        "does": "when its vms are gone, or in another"
      }
    ]
  },
  "operation.list": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/operations",
    "summary": "List operations, the newest first",
    "words": [
      "operation",
      "list"
    ],
    "aliases": [
      [
        "operation",
        "ls"
      ]
    ],
    "positional": [],
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger operation list",
        "does": "what runs, and what ran"
      }
    ]
  },
  "operation.show": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/operations/:operation",
    "summary": "Show one operation",
    "words": [
      "operation",
      "show"
    ],
    "aliases": [],
    "positional": [
      "operation"
    ],
    "composed": false,
    "fields": [
      {
        "name": "operation",
        "flag": "operation",
        "type": "string",
        "required": true,
        "brief": "id of the operation",
        "placeholder": "ID",
        "completes": "operation"
      }
    ],
    "examples": [
      {
        "command": "banger operation show 00c0ffee00c0ffee",
        "does": "its state, and why it failed"
      }
    ]
  },
  "operation.cancel": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/operations/:operation/cancel",
    "summary": "Cancel an operation and wait for its end",
    "words": [
      "operation",
      "cancel"
    ],
    "aliases": [],
    "positional": [
      "operation"
    ],
    "composed": false,
    "fields": [
      {
        "name": "operation",
        "flag": "operation",
        "type": "string",
        "required": true,
        "brief": "id of the operation",
        "placeholder": "ID",
        "completes": "operation"
      }
    ],
    "examples": [
      {
        "command": "banger operation cancel 00c0ffee00c0ffee",
        "does": "stop what it does and undo it"
      }
    ]
  },
  "operation.events": {
    "kind": "events",
    "method": "GET",
    "path": "/v1/operations/:operation/events",
    "summary": "Follow the events of an operation to its outcome",
    "words": [
      "operation",
      "events"
    ],
    "aliases": [],
    "positional": [
      "operation"
    ],
    "composed": false,
    "fields": [
      {
        "name": "operation",
        "flag": "operation",
        "type": "string",
        "required": true,
        "brief": "id of the operation",
        "placeholder": "ID",
        "completes": "operation"
      },
      {
        "name": "from",
        "flag": "from",
        "type": "integer",
        "required": false,
        "default": 0,
        "brief": "number of the first event to show",
        "placeholder": "N"
      }
    ],
    "examples": [
      {
        "command": "banger operation events 00c0ffee00c0ffee",
        "does": "see what it did, and follow it to its end"
      }
    ]
  },
  "config.show": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/config",
    "summary": "Show the config that holds, and where each value comes from",
    "detail": "The daemon reads the config when it starts. When the file was changed since, that is said.",
    "words": [
      "config",
      "show"
    ],
    "aliases": [],
    "positional": [],
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger config show",
        "does": "each key, its value, and the line or the default that it comes from"
      },
      {
        "command": "banger config show --json",
        "does": "the same, for programs"
      }
    ]
  },
  "system.doctor": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/system/doctor",
    "summary": "Look at everything that banger needs, and say what to type",
    "detail": "Each thing is fine, not used, or missing; exit code 1 when something is missing. The daemon that runs is asked, for its PATH and its groups decide; no daemon is started. Leftovers are what carries banger's names and nothing holds: listed, and removed only with --fix, which starts a daemon. With --deep the files of images and kernels are read whole.",
    "words": [
      "doctor"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [
      {
        "name": "deep",
        "flag": "deep",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "also read images and kernels whole, and compare their digests"
      },
      {
        "name": "fix",
        "flag": "fix",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "remove leftovers"
      }
    ],
    "examples": [
      {
        "command": "banger doctor",
        "does": "what is fine, what is missing, and what to type"
      },
      {
        "command": "banger doctor --fix",
        "does": "the same, and remove what was left behind"
      }
    ]
  },
  "system.df": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/system/df",
    "summary": "Show what banger keeps on disk, and what could go",
    "detail": "USED is what is allocated: disks of vms are sparse. RECLAIMABLE is what banger system prune would give back, with the flag that it takes.",
    "words": [
      "system",
      "df"
    ],
    "aliases": [],
    "positional": [],
    "composed": false,
    "fields": [],
    "examples": [
      {
        "command": "banger system df",
        "does": "how much, of what, and what could go"
      }
    ]
  },
  "system.prune": {
    "kind": "long",
    "method": "POST",
    "path": "/v1/system/prune",
    "summary": "Remove what nothing uses",
    "detail": "Downloads, what steps of builds left, initramfs files and agents of no use any more, blanks, ephemeral vms that were left behind stopped, and the records of ended operations. With --images and --kernels also those that no vm uses; a vm only with --vms and --older-than, and only when it is stopped. Shows first what would go, and asks; without a terminal it takes --yes.",
    "words": [
      "system",
      "prune"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [
      {
        "name": "images",
        "flag": "images",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "also images that no vm uses"
      },
      {
        "name": "kernels",
        "flag": "kernels",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "also kernels that no vm and no image uses"
      },
      {
        "name": "vms",
        "flag": "vms",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "also vms that are stopped; takes --older-than"
      },
      {
        "name": "olderThan",
        "flag": "older-than",
        "type": "duration",
        "required": false,
        "brief": "only what was not used for that long, such as 12h or 30d",
        "placeholder": "DURATION"
      },
      {
        "name": "keepBytes",
        "flag": "keep-bytes",
        "type": "size",
        "required": false,
        "brief": "keep that much of it, the newest",
        "placeholder": "SIZE"
      },
      {
        "name": "dryRun",
        "flag": "dry-run",
        "type": "boolean",
        "required": false,
        "default": false,
        "brief": "only show what would go"
      },
      {
        "name": "before",
        "flag": "before",
        "type": "integer",
        "required": false,
        "brief": "only what was last used before that time, in milliseconds since the epoch",
        "placeholder": "TIME"
      }
    ],
    "examples": [
      {
        "command": "banger system prune --dry-run",
        "does": "see what would go, and how much it takes"
      },
      {
        "command": "banger system prune --images --kernels --older-than 30d --yes",
        "does": "goods that were not used for a month, unasked"
      },
      {
        "command": "banger system prune --keep-bytes 2G",
        "does": "the oldest, until what is left takes at most 2 GiB"
      }
    ]
  },
  "system.version": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/system/version",
    "summary": "Show the version of banger, and with --all of everything that is part of it",
    "detail": "Starts no daemon. A vm keeps the agent that it was started with.",
    "words": [
      "version"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [],
    "examples": [
      {
        "command": "banger version",
        "does": "the same as banger --version"
      },
      {
        "command": "banger version --all",
        "does": "daemon, guest agent, drivers, and the agents of vms that run"
      }
    ]
  },
  "daemon.version": {
    "kind": "query",
    "method": "GET",
    "path": "/v1/version",
    "summary": "Show which daemon runs",
    "words": [
      "daemon",
      "status"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [],
    "examples": [
      {
        "command": "banger daemon status",
        "does": "whether a daemon runs, and which"
      }
    ]
  },
  "daemon.stop": {
    "kind": "change",
    "method": "POST",
    "path": "/v1/daemon/stop",
    "summary": "Stop the daemon; vms run on",
    "detail": "Running operations are cancelled. The next command starts a daemon again, and it finds the vms that run.",
    "words": [
      "daemon",
      "stop"
    ],
    "aliases": [],
    "positional": [],
    "composed": true,
    "fields": [],
    "examples": [
      {
        "command": "banger daemon stop",
        "does": "for example after an upgrade"
      }
    ]
  }
};
