import { expect, test } from "bun:test";
import { prepareGuest } from "./prepare-guest.ts";

const OURS = "a".repeat(64);
const SIGNAL = new AbortController().signal;

/** A guest, by what it has. */
function makeGuest({ image = false, before = "" }: { image?: boolean; before?: string }) {
  const sent: string[] = [];
  let given = before;
  const agent = {
    prepareSsh: async () => {
      if (image) return { server: "/usr/sbin/sshd", hostKey: "key" };
      return given === "" ? { server: null, hostKey: null } : { server: `/run/sshd-${given}`, hostKey: "key", carried: given };
    },
    giveSshServer: async (sha256: string) => {
      sent.push(sha256);
      given = sha256;
    },
  };
  const carried = { sha256: async () => OURS, read: async () => new Uint8Array() };
  const prepare = (type = "ssh-ed25519") => prepareGuest({ agent, name: "dev", publicKey: `${type} AAAA`, carried }, SIGNAL);
  return { sent, prepare };
}

test("the image's sshd goes before ours, which then is not sent", async () => {
  const { prepare, sent } = makeGuest({ image: true });
  expect(await prepare()).toEqual({ server: "/usr/sbin/sshd", hostKey: "key", serverOf: "image" });
  expect(sent).toEqual([]);
});

test("ours is sent once, and again only when it has become another", async () => {
  const { prepare, sent } = makeGuest({});
  for (let time = 0; time < 3; time += 1) expect(await prepare()).toMatchObject({ server: `/run/sshd-${OURS}`, serverOf: "banger" });
  expect(sent).toEqual([OURS]);
  const older = makeGuest({ before: "b".repeat(64) });
  expect(await older.prepare()).toMatchObject({ server: `/run/sshd-${OURS}` });
  expect(older.sent).toEqual([OURS]);
});

test("a key that ours does not take is refused before anything is sent", async () => {
  const { prepare, sent } = makeGuest({});
  expect(prepare("ecdsa-sha2-nistp521")).rejects.toMatchObject({ code: "bad_ssh_key" });
  expect(await makeGuest({ image: true }).prepare("ecdsa-sha2-nistp521")).toMatchObject({ serverOf: "image" });
  expect(sent).toEqual([]);
});
