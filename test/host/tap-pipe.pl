# tap-pipe.pl NAME: frames between a TAP and stdin and stdout, each after its length in 4 bytes. Ends with its stdin.
use strict;
use warnings;

my ($name) = @ARGV;
sysopen(my $tap, "/dev/net/tun", 2) or die "tun: $!";
my $request = pack("a16 s x22", $name, 0x0002 | 0x1000);    # IFF_TAP | IFF_NO_PI
ioctl($tap, 0x400454ca, $request) or die "TUNSETIFF $name: $!";
binmode STDIN;
binmode STDOUT;
$| = 1;
syswrite STDOUT, pack("N", 0);                               # attached
my $rest = "";
while (1) {
    my $ready = "";
    vec($ready, fileno($tap), 1) = 1;
    vec($ready, fileno(STDIN), 1) = 1;
    select($ready, undef, undef, undef);
    if (vec($ready, fileno($tap), 1)) {
        my $count = sysread($tap, my $frame, 70000);
        syswrite(STDOUT, pack("N", $count) . $frame) if $count;
    }
    if (vec($ready, fileno(STDIN), 1)) {
        my $count = sysread(STDIN, my $part, 65536);
        last unless $count;
        $rest .= $part;
        while (length($rest) >= 4 && length($rest) >= 4 + unpack("N", $rest)) {
            my $length = unpack("N", $rest);
            syswrite($tap, substr($rest, 4, $length));
            $rest = substr($rest, 4 + $length);
        }
    }
}
