import { expect, test } from "bun:test";
import dgram from "node:dgram";
import net from "node:net";
import { once } from "node:events";
import { makeClock } from "./clock.ts";
import { findListener, listenersIn, whoseInodes } from "./find-listener.ts";

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

const DUAL = `${TABLE6}   2: 0000000000000000FFFF00000100007F:1F95 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 23 1 0 100 0 0 10 0
   3: 00000000000000000000000000000000:1F96 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 24 1 0 100 0 0 10 0
   4: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 25 1 0 100 0 0 10 0
`;

test("a socket of IPv6 may be in the way of an address of IPv4, and one of IPv4 is nearer", () => {
  const of = (address: string, port: number) => whoseInodes(address, port, "0A", { four: TABLE, six: DUAL });
  expect(of("127.0.0.1", 0x1f95)).toEqual(["23"]);
  expect(of("127.0.0.1", 0x1f96)).toEqual(["24"]);
  expect(of("127.0.0.1", 8080)).toEqual(["11"]);
  expect(of("::1", 8080)).toEqual(["21", "25"]);
  expect(of("127.0.0.1", 9)).toEqual([]);
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
