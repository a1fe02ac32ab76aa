# Prints a new token of a user.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use RT::AuthToken;

my $user = RT::User->new( RT->SystemUser );
$user->Load( $ARGV[0] );
my ( $ok, $message, $token ) = RT::AuthToken->new( RT->SystemUser )->Create( Owner => $user->id, Description => 'Tests' );
die $message unless $ok;
print $token;
