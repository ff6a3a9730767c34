import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { aboutImage } from "./about-image.ts";

test("a refusal of the workshop is told of the image, with a flag that building has", () => {
  const refused = new BangerError("invalid", "disk_too_small", "cannot create vm workshop-1: a disk of 1 B is too small", {
    hint: "--disk 256M or more",
  });
  expect(aboutImage(refused, "workshop-1", "cannot build image web")).toMatchObject({
    kind: "invalid",
    code: "disk_too_small",
    message: "cannot build image web: a disk of 1 B is too small",
    hint: "--size 256M or more",
  });
});

test("what is of something else stays what it is", () => {
  const other = new BangerError("not_found", "vm_not_found", "cannot start vm workshop-12: it is gone");
  expect(aboutImage(other, "workshop-1", "cannot build image web")).toBe(other);
  const bug = new TypeError("cannot create vm workshop-1");
  expect(aboutImage(bug, "workshop-1", "cannot build image web")).toBe(bug);
});
