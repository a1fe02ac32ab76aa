# The cast. Cleo sells; Dov left and is disabled; Pat is in a group within a group, and may own no tickets.
our @Queues = map { { Name => $_ } } ('Support', 'Sales', "O'Brien \\ \"Büro\"");

our @Users = map {
    { Name => $_->[0], RealName => $_->[1], EmailAddress => "$_->[0]\@acme.test", Password => 'correct horse', Privileged => 1 }
} (
    ['ana', 'Ana'], ['bo', 'Bo'], ['cleo', 'Cleo'], ['dov', 'Dov'], ['pat', 'Pat'],
    ['evenhand', 'Evenhand'], ['reader', 'Reader'], ['viewer', 'Viewer'], ['stranger', 'Stranger'],
);

push @Users, { Name => 'kim@customer.test', EmailAddress => 'kim@customer.test', Password => 'correct horse' };

our @Groups = (
    { Name => 'Trainees',  Domain => 'UserDefined', Members => { Users => ['pat'] } },
    { Name => 'Helpers',   Domain => 'UserDefined', Members => { Users => ['ana', 'bo', 'dov', 'evenhand'], Groups => ['Trainees'] } },
    { Name => 'Sellers',   Domain => 'UserDefined', Members => { Users => ['cleo'] } },
);

our @ACL = (
    { GroupDomain => 'RT::System-Role', GroupType => 'Requestor', Right => 'ReplyToTicket' },
    ( map { { UserId => 'evenhand', Right => $_ } }
        qw(SeeQueue ShowTicket ModifyTicket ReassignTicket CommentOnTicket ShowTicketComments SeeGroup) ),
    ( map { { UserId => 'reader', Right => $_ } } qw(SeeQueue ShowTicket SeeGroup) ),
    { UserId => 'viewer', Right => 'SeeQueue' },
    { UserId => 'viewer', Queue => 'Sales', Right => 'ShowTicket' },
    ( map { my $user = $_; map { { UserId => $user, Right => $_ } } qw(OwnTicket ShowTicket ModifyTicket ReplyToTicket TakeTicket) }
        qw(ana bo cleo) ),
);

1;
