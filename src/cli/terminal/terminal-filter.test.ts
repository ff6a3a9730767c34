import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { judgeCommand } from "./control-sequences.ts";
import { TerminalFilter } from "./terminal-filter.ts";

const ESC = "\u001b";
const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");

/** What passes, as Latin-1 so that each byte is a character. */
function pass(input: string | Uint8Array, { mayAsk = true, end = false } = {}): string {
  const filter = new TerminalFilter(mayAsk);
  const passed = filter.push(typeof input === "string" ? bytesOf(input) : input);
  return Buffer.concat(end ? [passed, filter.end()] : [passed]).toString("latin1");
}

describe("what full-screen programs do passes:", () => {
  test.each([
    ["plain text", "hello\r\n\tworld\b\u0007"],
    ["UTF-8", Buffer.from("naïve 日本語 🙂 e\u0301").toString("latin1")],
    [
      "vim at its start",
      `${ESC}[?1049h${ESC}[22;0;0t${ESC}[>4;2m${ESC}[?1h${ESC}=${ESC}[?2004h${ESC}[?1004h${ESC}[1;24r${ESC}[?12h${ESC}[?25l`,
    ],
    ["vim at its end", `${ESC}[?1004l${ESC}[?2004l${ESC}[?1l${ESC}>${ESC}[?25h${ESC}[>4;m${ESC}[23;0;0t${ESC}[?1049l`],
    [
      "htop",
      `${ESC}[?1049h${ESC}(B${ESC}[m${ESC}[4l${ESC}[?7h${ESC}[39;49m${ESC}[?1006;1000h${ESC}[H${ESC}[2J${ESC}[30;42mPID${ESC}[K${ESC}[12b${ESC}[3X`,
    ],
    ["tmux", `${ESC}(B\u000e\u000flqk${ESC}(0lqk${ESC}(B${ESC}[2;30r${ESC}[3S${ESC}M${ESC}D${ESC}7${ESC}8${ESC}[3 q${ESC}[>4;1m${ESC}[1$x`],
    ["colours of every kind", `${ESC}[38;2;1;2;3m${ESC}[48:5:7m${ESC}[4:3m${ESC}[0m`],
    [
      "titles and colours set",
      `${ESC}]0;a title${ESC}\\${ESC}]4;1;rgb:00/11/22${ESC}\\${ESC}]11;#ffffff${ESC}\\${ESC}]104${ESC}\\${ESC}]112${ESC}\\`,
    ],
    [
      "questions that are answered with numbers",
      `${ESC}[c${ESC}[0c${ESC}[>c${ESC}[5n${ESC}[6n${ESC}[?6n${ESC}[18t${ESC}[?2026$p${ESC}[?u${ESC}]11;?${ESC}\\`,
    ],
  ])("%s", (_name, sequence) => {
    expect(pass(sequence)).toBe(sequence);
  });

  test("a title that ends with BEL comes out with the other end", () => {
    expect(pass(`${ESC}]2;x\u0007y`)).toBe(`${ESC}]2;x${ESC}\\y`);
  });

  test("controls in 8 bits, as UTF-8, come out in 7", () => {
    expect(pass(Buffer.from("\u009b31mred\u009b0m\u0085"))).toBe(`${ESC}[31mred${ESC}[0m${ESC}E`);
    expect(pass(Buffer.from("a\u009d52;c;?\u009cb"))).toBe("ab");
  });

  test("a control in the middle of a sequence is acted on first, as terminals do", () => {
    expect(pass(`${ESC}[3\r1m`)).toBe(`\r${ESC}[31m`);
  });
});

describe("what would make the terminal type, or reach past it, is dropped:", () => {
  test.each([
    ["answerback", "\u0005"],
    ["titles told", `${ESC}[20t${ESC}[21t`],
    ["windows moved, told where they are, or closed", `${ESC}[1t${ESC}[2t${ESC}[3;1;1t${ESC}[8;1;1t${ESC}[11t${ESC}[13t${ESC}[9;1t`],
    ["the clipboard, read and written", `${ESC}]52;c;?\u0007${ESC}]52;c;cm0gLXJm${ESC}\\${ESC}]5522;x${ESC}\\${ESC}[?5522h`],
    ["fonts", `${ESC}]50;?\u0007${ESC}]50;x\u0007`],
    ["DECRQSS, XTGETTCAP and keys that type", `${ESC}P$qm${ESC}\\${ESC}P+q544e${ESC}\\${ESC}P0;1|17/0a${ESC}\\`],
    ["terminals behind the terminal", `${ESC}Ptmux;${ESC}${ESC}]52;c;?\u0007${ESC}\\`],
    ["files of the host, by kitty and iTerm", `${ESC}_Gt=f;L2V0Yw==${ESC}\\${ESC}]1337;File=name=x:aa\u0007${ESC}]7;file:///etc\u0007`],
    ["other identifications", `${ESC}Z${ESC}[=c${ESC}[x${ESC}[1x${ESC}[?15n${ESC}[?26n${ESC}[&u${ESC}["v${ESC}[1$w${ESC}[1$u`],
    ["the screen, told by checksum", `${ESC}[1;1;1;1;10;10*y`],
    ["the printer", `${ESC}[5i${ESC}[i${ESC}[?5i`],
    ["modes in which this would not know what is what", `${ESC}[?2l${ESC}%@${ESC}%G${ESC} G${ESC}[62"p`],
    ["a locked keyboard", `${ESC}[2h`],
    ["a link, and the palette of Linux, which has no end", `${ESC}]8;;http://x/${ESC}\\${ESC}]8;;${ESC}\\${ESC}]P1ff0000${ESC}]R`],
    ["a sequence that is too long", `${ESC}[${"1;".repeat(600)}m${ESC}]0;${"x".repeat(2000)}${ESC}\\`],
    ["strings that nobody knows", `${ESC}Xx${ESC}\\${ESC}^x${ESC}\\${ESC}_x${ESC}\\${ESC}kname${ESC}\\`],
  ])("%s", (_name, sequence) => {
    expect(pass(`a${sequence}b`)).toBe("ab");
  });

  test("all questions, where nobody in the guest would hear the answer", () => {
    expect(pass(`a${ESC}[c${ESC}[6n${ESC}[>q${ESC}[18t${ESC}]10;?\u0007b`, { mayAsk: false })).toBe("ab");
  });

  test("the wrong one of several modes alone", () => {
    expect(pass(`${ESC}[?1000;5522;25h`)).toBe(`${ESC}[?1000;25h`);
  });

  test("bytes that are not UTF-8, which other terminals take for controls", () => {
    expect(pass(Buffer.of(0x61, 0x9b, 0x63, 0xc0, 0x80))).toBe(`a${"\u00ef\u00bf\u00bd"}c${"\u00ef\u00bf\u00bd".repeat(2)}`);
  });

  test("a string that another sequence breaks off, and nothing of what follows", () => {
    expect(pass(`${ESC}]52;c;?${ESC}[1mbold`)).toBe(`${ESC}[1mbold`);
    expect(pass(`${ESC}]52;c;?\u0018text`)).toBe("text");
  });
});

test("what the guest left on is turned off at the end, and nothing else", () => {
  expect(pass(`${ESC}[?1000;1006h${ESC}[?2004h${ESC}[?2004l${ESC}[?25l`, { end: true })).toEndWith(`${ESC}[?25l${ESC}[?1000;1006l`);
  expect(pass(`${ESC}[>4;2m${ESC}[>1u`, { end: true })).toEndWith(`${ESC}[>4m${ESC}[<99u${ESC}[=0u`);
  expect(pass(`${ESC}[?1h${ESC}[?1l${ESC}[>4;2m${ESC}[>4;m`, { end: true })).toEndWith(`${ESC}[>4;m`);
});

/** Pieces of which sequences are made, good and bad, with anything between. */
const piece = fc.oneof(
  fc
    .constantFrom(
      ...[
        "\u001b",
        "[",
        "]",
        "P",
        "\\",
        "?",
        ">",
        "=",
        "<",
        "$",
        "1",
        "52",
        ";",
        "c",
        "n",
        "t",
        "m",
        "h",
        "l",
        "p",
        "u",
        "\u0007",
        "\u0018",
      ],
      ...["\u0005", "%", "(", "#", "k", "_", "Gt=f", "tmux;", "2", "21", "1000", "2004", ":", "q", " ", "\r", "R", "0;title", "11;?"],
    )
    .map((text) => bytesOf(text)),
  fc.string({ unit: "binary", maxLength: 3 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
);
const stream = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.concat(pieces));

/** What may come out: text without controls but the harmless, and whole sequences. */
const WELL_FORMED =
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  /^(?:[\u0007-\u000f\u0020-\u007e\u00a0-\u{10ffff}]|\u001b\[[<=>?]?[0-9:;]*[ -/]*[@-~]|\u001b\][^\p{Cc}]*\u001b\\|\u001b[()*+#]?[0-9A-Za-z<=>])*$/u;

describe("any bytes", () => {
  test("come out the same wherever they are cut", () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), fc.boolean(), (bytes, places, mayAsk) => {
        const whole = new TerminalFilter(mayAsk);
        const cut = new TerminalFilter(mayAsk);
        const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
        const parts = at.slice(1).map((end, index) => cut.push(bytes.subarray(at[index], end)));
        const expected = Buffer.concat([whole.push(bytes), whole.end()]);
        expect(Buffer.concat([...parts, cut.end()]).equals(expected)).toBe(true);
        expect(cut.asked).toBe(whole.asked);
      }),
      { numRuns: 3000 },
    );
  });

  test("come out as whole sequences and text alone, and pass a second time unchanged", () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const once = Buffer.from(pass(bytes), "latin1");
        const text = new TextDecoder("utf-8", { fatal: true }).decode(once);
        expect(WELL_FORMED.test(text)).toBe(true);
        expect(pass(once)).toBe(once.toString("latin1"));
        // oxlint-disable-next-line no-control-regex -- the commands are what is looked for
        for (const [, command] of text.matchAll(/\u001b\]([^\u001b]*)\u001b\\/g)) expect(judgeCommand(command ?? "")).not.toBe("drop");
      }),
      { numRuns: 3000 },
    );
  });

  test("in any amount take no more memory than a sequence may have", () => {
    const filter = new TerminalFilter(true);
    filter.push(bytesOf(`${ESC}]0;`));
    const block = Buffer.alloc(2 ** 20, "x");
    Bun.gc(true);
    const before = process.memoryUsage().heapUsed;
    for (let sent = 0; sent < 64; sent += 1) expect(filter.push(block).length).toBe(0);
    Bun.gc(true);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2 ** 20);
    expect(filter.push(bytesOf("\u0007after")).toString()).toBe("after");
  });
});
