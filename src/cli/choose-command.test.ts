import { expect, test } from "bun:test";
import { NO_COMMANDS, type ImageCommands } from "../contract/schemas/image-commands.ts";
import { chooseCommand, type CommandWishes } from "./choose-command.ts";
import { LOGIN_SHELL } from "./spec-of.ts";

const NOTHING: CommandWishes = { rest: [], entrypoint: undefined, interactive: false, tty: false };
const both: ImageCommands = { ...NO_COMMANDS, entrypoint: ["/start", "--now"], cmd: ["serve"] };
const shell: ImageCommands = { ...NO_COMMANDS, cmd: ["/bin/bash"] };

test.each<[string, ImageCommands, Partial<CommandWishes>, readonly string[]]>([
  ["nothing where there is nothing", NO_COMMANDS, {}, []],
  ["what was typed", NO_COMMANDS, { rest: ["ls", "-l"] }, ["ls", "-l"]],
  ["a shell on a terminal", NO_COMMANDS, { tty: true, interactive: true }, LOGIN_SHELL],
  ["the image's own", both, {}, ["/start", "--now", "serve"]],
  ["its entrypoint with what was typed", both, { rest: ["check"] }, ["/start", "--now", "check"]],
  ["the image's own, on a terminal too", both, { tty: true, interactive: true }, ["/start", "--now", "serve"]],
  ["another entrypoint alone", both, { entrypoint: "sh" }, ["sh"]],
  ["another entrypoint with what was typed", both, { entrypoint: "env", rest: ["-0"] }, ["env", "-0"]],
  ["no entrypoint, and what was typed", both, { entrypoint: "", rest: ["ls"] }, ["ls"]],
  ["nothing without an entrypoint", both, { entrypoint: "" }, []],
  ["a shell without an entrypoint on a terminal", both, { entrypoint: "", tty: true, interactive: true }, LOGIN_SHELL],
  ["nothing for a shell that reads nothing", shell, {}, []],
  ["nor for one with options", { ...NO_COMMANDS, entrypoint: ["busybox", "sh"], cmd: ["-l"] }, {}, []],
  ["a shell that reads stdin", shell, { interactive: true }, ["/bin/bash"]],
  ["a shell that has something to do", { ...shell, cmd: ["sh", "-c", "serve"] }, {}, ["sh", "-c", "serve"]],
  ["busybox that is no shell", { ...shell, cmd: ["busybox", "httpd"] }, {}, ["busybox", "httpd"]],
])("is %s", (_what, image, wishes, argv) => {
  expect(chooseCommand(image, { ...NOTHING, ...wishes })).toEqual(argv);
});
