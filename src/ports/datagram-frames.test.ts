import { expect, test } from "bun:test";
import fc from "fast-check";
import { DatagramReader, frameDatagram, MOST_DATAGRAM_BYTES } from "./datagram-frames.ts";

test("datagrams come out as they went in, wherever the stream is cut", () => {
  const datagrams = fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 20 });
  fc.assert(
    fc.property(datagrams, fc.array(fc.nat(5000), { maxLength: 20 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.map(frameDatagram));
      const reader = new DatagramReader();
      const edges = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).toSorted((a, b) => a - b), stream.length];
      const taken = edges.slice(1).flatMap((end, at) => reader.take(stream.subarray(edges[at], end)));
      expect(taken.map((bytes) => Buffer.from(bytes))).toEqual(sent.map((bytes) => Buffer.from(bytes)));
    }),
  );
});

test("one that is empty is one, and the longest goes through", () => {
  const reader = new DatagramReader();
  expect(reader.take(frameDatagram(new Uint8Array(0)))).toEqual([Buffer.alloc(0)]);
  expect(reader.take(frameDatagram(new Uint8Array(MOST_DATAGRAM_BYTES)))[0]).toHaveLength(MOST_DATAGRAM_BYTES);
});
