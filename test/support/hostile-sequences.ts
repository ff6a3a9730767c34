/** What drives, deceives or questions a terminal, in every form: made by combination, so that a form that is forgotten once is forgotten nowhere. */
const INTRODUCERS: Readonly<Record<string, readonly string[]>> = {
  // 7 bits; 8 bits; 8 bits in UTF-8. As Latin-1: each character is a byte.
  "[": ["\u001b[", "\u009b", "\u00c2\u009b"],
  "]": ["\u001b]", "\u009d", "\u00c2\u009d"],
  P: ["\u001bP", "\u0090", "\u00c2\u0090"],
  _: ["\u001b_", "\u009f", "\u00c2\u009f"],
  "^": ["\u001b^", "\u009e", "\u00c2\u009e"],
  X: ["\u001bX", "\u0098", "\u00c2\u0098"],
};
const ENDS = ["\u001b\\", "\u0007", "\u009c", "\u00c2\u009c"];

const CONTROLS = [
  ...["c", "0c", ">c", ">0c", "=c", "5n", "6n", "?6n", "?15n", "?25n", "?26n", "?53n", "?62n", "?63;1n", "?75n", "?996n"],
  ...["11t", "13t", "14t", "15t", "16t", "18t", "19t", "20t", "21t", "x", "1x", "4$p", "?1$p", "?2026$p", "1$w", "2$w", "1$u", "&u", '"v'],
  ...["1;1;1;1;9;9*y", "?u", ">q", "?1;1;0S", "'|", "5i", "4i", "?5i", "2J", "8;1;1t", "2t", "?1000h", "?1049h", "?2l", "31;5m", "9999b"],
];
const COMMANDS = [
  ...[
    "4;0;?",
    "4;256;?",
    "5;0;?",
    "10;?",
    "11;?",
    "12;?",
    "13;?",
    "17;?",
    "19;?",
    "50;?",
    "50;#0;x",
    "52;c;?",
    "52;p;?",
    "52;c;cm0gLXJmIH4K",
  ],
  ...[
    "60",
    "61",
    "l",
    "L",
    "0;title",
    "2;$(reboot)",
    "7;file://x/",
    "8;;http://x/",
    "9;x",
    "777;notify;a;b",
    "1337;ReportVariable=x?",
    "1337;File=name=x:AA==",
  ],
];
const STRINGS: readonly (readonly [string, string])[] = [
  ...["$qm", '$q"p', "$q r", "$qreboot", "+q544e", "+Q", "+p7265", "0;1|17/0a", "tmux;\u001b\u001b]52;c;?\u0007", "q#0!100~"].map(
    (body) => ["P", body] as const,
  ),
  ["_", "Gi=1,a=q;AAAA"],
  ["_", "Gt=f;L2V0Yy9wYXNzd2Q="],
  ["^", "private"],
  ["X", "start"],
];
/** Of published holes, and tricks of the trade. */
const SINGLES = [
  ...[
    "\u0005",
    "\u001bZ",
    "\u001bc",
    "\u001b#8",
    "\u001b%@",
    "\u001b=",
    "\u001bkname\u001b\\",
    "\u001b(0",
    "\u007f\u007f",
    "\u000e",
    "\u0013",
  ],
  // CVE-2003-0063, CVE-2008-2383, CVE-2021-33477, CVE-2022-45063, CVE-2024-38396, CVE-2019-9535.
  ...[
    "\u001b]0;reboot\u0007\u001b[21t",
    "\u001bP$q\nreboot\n\u001b\\",
    "\u001bG\nreboot\n",
    "\u001b]50;\n\u0007\u001b]50;?\u0007",
    "\u001b]1337;x=\n\u0007\u001b[21t",
    "\u001bP1000p\u001b\\",
  ],
  ...[
    "\u202a",
    "\u202b",
    "\u202d",
    "\u202e",
    "\u2066",
    "\u2067",
    "\u2068",
    "\u2069",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\u00ad",
    "\ufeff",
    "\u061c",
    "\u180e",
    "\u2028",
    "\u2029",
    "\u{e0041}",
  ].map(utf8),
];

function utf8(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A control, an innocent one, in the middle of a sequence: terminals act on it, and go on. */
const withControl = (body: string): string => (/^[0-9]/.test(body) ? `${body.slice(0, 1)}\u0007${body.slice(1)}` : body);

/** Each as its bytes. */
export const HOSTILE_SEQUENCES: readonly Buffer[] = [
  ...new Set([
    ...CONTROLS.flatMap((body) => (INTRODUCERS["["] ?? []).flatMap((begin) => [`${begin}${body}`, `${begin}${withControl(body)}`])),
    ...COMMANDS.flatMap((body) => (INTRODUCERS["]"] ?? []).flatMap((begin) => ENDS.map((end) => `${begin}${body}${end}`))),
    ...STRINGS.flatMap(([kind, body]) => (INTRODUCERS[kind] ?? []).flatMap((begin) => ENDS.map((end) => `${begin}${body}${end}`))),
    ...SINGLES,
  ]),
].map((text) => Buffer.from(text, "latin1"));
