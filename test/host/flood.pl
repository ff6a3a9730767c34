# flood.pl watch CARD: counts each IPv4 packet that arrives at a card. Says a line when it listens.
# flood.pl guest FRAMES_A_MS: holds the other ends of TAPs, sends by each its frames over and over, and counts what it hears. Its orders
# come by stdin, each after its length in 4 bytes: `W`, a name, a NUL, frames (have these sent by that TAP from the moment on that there is
# one); `D`, a name (let go of it). A line is said when an order is carried out. A frame is its length in 4 bytes, in 2 bytes where in it
# the time is to be written or 0, and itself.
#
# Both end with their stdin, and then print what they have counted as JSON. Packets are known by their tag: in UDP and ICMP the payload, in
# TCP the port.
use strict;
use warnings;
use Socket qw(SOCK_DGRAM SOCK_RAW SOL_SOCKET MSG_DONTWAIT);
use Time::HiRes qw(time);

use constant { BURST => 16, MAGIC => "BGFLOOD!", UNTAGGED => 255 };
# Which kind a port is of, by its ten thousands.
my %KIND = (2 => 0, 4 => 1, 5 => 2);

my ($what, $argument) = @ARGV;
my (%records, @odd);
my ($odd, $answers) = (0, 0);

# Who, what and where to; how often, when first and last, and when it was sent first and last as far as that is known.
sub note {
    my ($place, $protocol, $to, $port, $kind, $period, $sent) = @_;
    my $now = time * 1000;
    my $record = $records{"$place $protocol $to $port $kind $period"} //= [0, $now, $now, $sent, $sent];
    $record->[0]++;
    $record->[2] = $now;
    $record->[3] = $sent if $sent < $record->[3];
    $record->[4] = $sent if $sent > $record->[4];
}

sub strange {
    my ($place, $packet) = @_;
    $odd++;
    push @odd, "$place " . unpack("H80", $packet) if @odd < 20;
}

sub tag_of {
    my ($payload) = @_;
    return unless length($payload) >= 28 && substr($payload, 0, 8) eq MAGIC;
    my ($kind, $period, $sent) = unpack("x8 C x n Q>", $payload);
    return ($kind, $period, $sent / 1000);
}

# An IPv4 packet. What a guest hears as an answer to itself counts as that alone.
sub hear {
    my ($place, $packet, $own) = @_;
    my $protocol = unpack("x9 C", $packet);
    my ($from, $to) = map { join ".", unpack("C4", $_) } substr($packet, 12, 4), substr($packet, 16, 4);
    my $segment = substr($packet, (ord($packet) & 0xf) * 4);
    return strange($place, $packet) if defined $own && $to ne $own;
    if ($protocol == 6) {
        my ($port, $flags) = unpack("x2 n x9 C", $segment);
        if (($flags & 0x12) != 0x02) { $answers++; return }
        my $kind = $KIND{int($port / 10000)};
        return note($place, "tcp", $to, $port, defined $kind ? ($kind, $port % 10000) : (UNTAGGED, 0), 0);
    }
    if ($protocol == 17) {
        my ($source, $port) = unpack("n n", $segment);
        my @tag = tag_of(substr($segment, 8));
        # Servers answer from where they were asked.
        if (!@tag && (defined $own || $from eq "127.0.0.53" && $source == 53)) { $answers++; return }
        return note($place, "udp", $to, $port, @tag ? @tag : (UNTAGGED, 0, 0));
    }
    if ($protocol == 1) {
        my $type = ord($segment);
        my @tag = tag_of(substr($segment, 8));
        return note($place, "ping", $to, 0, @tag ? @tag : (UNTAGGED, 0, 0)) if $type == 8;
        return unless defined $own;
        $answers++;
        return note($place, "pong", $to, 0, @tag ? @tag : (UNTAGGED, 0, 0)) if $type == 0;
        return if join(".", unpack("C4", substr($segment, 20, 4))) eq $own;
        return strange($place, $packet);
    }
    note($place, "protocol $protocol", $to, 0, UNTAGGED, 0, 0);
}

sub report {
    my ($more) = @_;
    my @rows = map { my @key = /^(\S+) (.+) (\S+) (\d+) (\d+) (\d+)$/; sprintf '["%s","%s","%s",%d,%d,%d,%d,%.3f,%.3f,%.3f,%.3f]', @key, @{$records{$_}} } sort keys %records;
    print '{"records":[' . join(",", @rows) . '],"odd":' . $odd . ',"oddities":[' . join(",", map { "\"$_\"" } @odd) . "],\"answers\":$answers,$more}\n";
}

$| = 1;
binmode STDIN;
if ($what eq "watch") {
    socket(my $wire, 17, SOCK_DGRAM, 0) or die "packets: $!";         # AF_PACKET
    setsockopt($wire, SOL_SOCKET, 33, pack("i", 2**26)) || setsockopt($wire, SOL_SOCKET, 8, pack("i", 2**26)); # SO_RCVBUFFORCE, or SO_RCVBUF
    ioctl($wire, 0x8933, my $request = pack("a16 x24", $argument)) or die "$argument: $!";                      # SIOCGIFINDEX
    # IPv4 alone, and so what comes in alone.
    bind($wire, pack("S n i x12", 17, 0x0800, unpack("x16 i", $request))) or die "bind: $!";
    print "listening\n";
    my $over = 0;
    until ($over) {
        my $ready = "";
        vec($ready, fileno($_), 1) = 1 for $wire, \*STDIN;
        select($ready, undef, undef, undef);
        $over = vec($ready, fileno(STDIN), 1) && !sysread(STDIN, my $ignored, 1024);
        while (defined recv($wire, my $packet, 2048, MSG_DONTWAIT)) { hear($argument, $packet) }
    }
    my ($seen, $lost) = unpack("L L", getsockopt($wire, 263, 6));      # SOL_PACKET, PACKET_STATISTICS
    report("\"lost\":$lost");
    exit;
}

# Name to: tap, frames, where we are in them, own address, and how many were sent and since when.
my %wanted;

sub attach {
    my ($name) = @_;
    sysopen(my $tap, "/dev/net/tun", 2 | 2048) or die "tun: $!";       # O_NONBLOCK
    ioctl($tap, 0x400454ca, my $request = pack("a16 s x22", $name, 0x0002 | 0x1000)) or return; # TUNSETIFF: IFF_TAP | IFF_NO_PI
    ioctl($tap, 0x8927, my $card = pack("x40")) or die "$name: $!";    # SIOCGIFHWADDR
    @{$wanted{$name}}{qw(tap mac)} = ($tap, substr($card, 18, 6));
}

sub order {
    my ($type, $name, $frames) = $_[0] =~ /^(.)([^\0]*)\0?(.*)$/s;
    if ($type eq "W") {
        my $own = $wanted{$name} //= { sent => 0, since => 0 };
        my @frames;
        while (length $frames) {
            my ($length, $at) = unpack("N n", $frames);
            push @frames, [$at, substr($frames, 6, $length)];
            substr($frames, 0, 6 + $length) = "";
        }
        @$own{qw(frames at)} = (\@frames, 0);
    } else {
        close delete $wanted{$name}{tap} if $wanted{$name}{tap};
        $wanted{$name}{over} = 1;
    }
    print "done\n";
}

sub flood {
    my ($own) = @_;
    my $now = pack("Q>", int(time * 1_000_000));
    my $stamp = $now . ~$now;                                          # both, so that the checksum stays the same
    for (1 .. BURST) {
        my ($at, $frame) = @{$own->{frames}[$own->{at}]};
        $own->{at} = ($own->{at} + 1) % @{$own->{frames}};
        substr($frame, 0, 6) = $own->{mac} if substr($frame, 0, 6) eq "\x02flood";
        substr($frame, $at, 16) = $stamp if $at;
        next unless syswrite($own->{tap}, $frame);
        $own->{sent}++;
        $own->{since} ||= time * 1000;
    }
}

my ($rest, $over) = ("", 0);
until ($over) {
    my $ready = "";
    vec($ready, fileno(STDIN), 1) = 1;
    select($ready, undef, undef, BURST / $argument / 1000);
    if (vec($ready, fileno(STDIN), 1)) {
        $over = !sysread(STDIN, $rest, 2**20, length $rest);
        while (length($rest) >= 4 && length($rest) >= 4 + unpack("N", $rest)) {
            my $length = unpack("N", $rest);
            my $order = substr($rest, 4, $length);
            substr($rest, 0, 4 + $length) = "";
            order($order);
        }
    }
    for my $name (keys %wanted) {
        my $own = $wanted{$name};
        next if $own->{over};
        attach($name) unless $own->{tap};
        next unless $own->{tap};
        flood($own);
        while (sysread($own->{tap}, my $frame, 70000)) {
            my $type = unpack("x12 n", $frame);
            if ($type == 0x0800) { hear($name, substr($frame, 14), address_of($name)) }
            # A card that has just been made is asked once who is at its own address.
            else { strange($name, $frame) unless $type == 0x0806 && unpack("x20 n", $frame) == 1 && join(".", unpack("x38 C4", $frame)) eq address_of($name) }
        }
    }
}
report('"taps":{' . join(",", map { sprintf '"%s":[%d,%.3f]', $_, @{$wanted{$_}}{qw(sent since)} } sort keys %wanted) . "}");

sub address_of {
    my ($number) = $_[0] =~ /(\d+)/;
    return "198.19." . int($number / 64) . "." . (($number % 64) * 4 + 2);
}
