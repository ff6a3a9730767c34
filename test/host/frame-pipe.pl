# frame-pipe.pl tap|card NAME: frames between a TAP, or the card of a guest, and stdin and stdout, each after its length in 4 bytes.
# Says so with a length of nothing when it has it. Ends with its stdin.
use strict;
use warnings;

my ($kind, $name) = @ARGV;
my $link;
if ($kind eq "tap") {
    sysopen($link, "/dev/net/tun", 2) or die "tun: $!";
    my $request = pack("a16 s x22", $name, 0x0002 | 0x1000);    # IFF_TAP | IFF_NO_PI
    ioctl($link, 0x400454ca, $request) or die "TUNSETIFF $name: $!";
} else {
    open(my $file, "<", "/sys/class/net/$name/ifindex") or die "$name: $!";
    my $every = unpack("S", pack("n", 3));                       # ETH_P_ALL
    socket($link, 17, 3, $every) or die "socket: $!";            # AF_PACKET, SOCK_RAW
    bind($link, pack("S n i S C C a8", 17, 3, <$file> + 0, 0, 0, 0, "")) or die "bind $name: $!";
}
binmode STDIN;
binmode STDOUT;
$| = 1;
syswrite STDOUT, pack("N", 0);
my $rest = "";
while (1) {
    my $ready = "";
    vec($ready, fileno($link), 1) = 1;
    vec($ready, fileno(STDIN), 1) = 1;
    select($ready, undef, undef, undef);
    if (vec($ready, fileno($link), 1)) {
        my ($frame, $from) = ("", "");
        if ($kind eq "tap") { sysread($link, $frame, 70000) }
        else { $from = recv($link, $frame, 70000, 0) // "" }
        # What the guest sends itself is PACKET_OUTGOING.
        my $is_own = length($from) > 10 && unpack("x10 C", $from) == 4;
        syswrite(STDOUT, pack("N", length $frame) . $frame) if length $frame && !$is_own;
    }
    if (vec($ready, fileno(STDIN), 1)) {
        my $count = sysread(STDIN, my $part, 65536);
        last unless $count;
        $rest .= $part;
        while (length($rest) >= 4 && length($rest) >= 4 + unpack("N", $rest)) {
            my $length = unpack("N", $rest);
            syswrite($link, substr($rest, 4, $length));
            $rest = substr($rest, 4 + $length);
        }
    }
}
