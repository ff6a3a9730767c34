import { expect, test } from "bun:test";
import dgram from "node:dgram";
import net from "node:net";
import { once } from "node:events";
import { makeClock } from "./clock.ts";
import { findListener, listenersIn } from "./find-listener.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 0 10 0
   1: 00000000:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12 1 0 100 0 0 10 0
   2: 0100007F:1F92 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 13 1 0 100 0 0 10 0
`;
const TABLE6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21 1 0 100 0 0 10 0
   1: B80D0120000000000000000001000000:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22 1 0 100 0 0 10 0
`;

test("the kernel's table is read by address, port and state", () => {
  expect(listenersIn(TABLE, "0A", "127.0.0.1", 8080)).toEqual(["11"]);
  expect(listenersIn(TABLE, "0A", "127.0.0.2", 8080)).toEqual([]);
  expect(listenersIn(TABLE, "0A", "0.0.0.0", 8080)).toEqual(["11"]);
  expect(listenersIn(TABLE, "0A", "192.0.2.1", 8081)).toEqual(["12"]);
  expect(listenersIn(TABLE, "0A", "127.0.0.1", 8082)).toEqual([]);
  expect(listenersIn(TABLE6, "0A", "::1", 8080)).toEqual(["21"]);
  expect(listenersIn(TABLE6, "0A", "2001:db8::1", 8081)).toEqual(["22"]);
});

test("who listens here is found", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = server.address() as net.AddressInfo;
  const clock = makeClock();
  expect(findListener("tcp", "127.0.0.1", port, clock)?.pid).toBe(process.pid);
  expect(findListener("udp", "127.0.0.1", socket.address().port, clock)?.pid).toBe(process.pid);
  server.close();
  socket.close();
  expect(findListener("tcp", "127.0.0.1", port, clock)).toBeUndefined();
});
