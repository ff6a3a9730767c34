# Asks each request of a file at a socket and prints one line each: `answered STATUS`, `cut off`, or `no way WHY`. Perl is everywhere, and
# starts as any user without a file of the checkout but this text. Usage: perl -e TEXT SOCKET REQUESTS, requests with NUL between.
use strict; use warnings; use IO::Socket::UNIX; $SIG{PIPE} = "IGNORE"; $| = 1;
my ($path, $file) = @ARGV;
my @requests = split /\0/, do { local $/; open(my $in, "<", $file) or die "requests: $!"; <$in> };
for my $request (@requests) {
  my $socket = IO::Socket::UNIX->new(Peer => $path);
  if (!$socket) { print "no way $!\n"; next }
  $socket->print($request); $socket->flush;
  my $answer = do { local $/; <$socket> } // "";
  print $answer =~ m{^HTTP/1\.1 (\d+)} ? "answered $1\n" : $answer eq "" ? "cut off\n" : "garbled\n";
}
