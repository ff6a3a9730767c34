import { expect, test } from "bun:test";
import { openDatabase } from "../system/database.ts";
import { LEASES_MIGRATION, makeLeases } from "./leases-rows.ts";

test("leases are written once each, listed, and dropped by name or by vm", () => {
  using database = openDatabase(":memory:", [LEASES_MIGRATION]);
  const leases = makeLeases(database);
  const folder = { kind: "vm-folder", key: "/vms/1", vmId: "1", operationId: "a" } as const;
  const download = { kind: "download", key: "/downloads/x", vmId: undefined, operationId: "b" } as const;
  leases.write(folder);
  leases.write({ ...folder, operationId: undefined });
  leases.write({ ...folder, kind: "vmm", key: "marker" });
  leases.write(download);
  expect(leases.list()).toEqual([download, { ...folder, operationId: undefined }, { ...folder, kind: "vmm", key: "marker" }]);
  leases.dropAllOf("1");
  expect(leases.list()).toEqual([download]);
  leases.drop("vmm", "/downloads/x");
  leases.drop("download", "/downloads/x");
  expect(leases.list()).toEqual([]);
});
