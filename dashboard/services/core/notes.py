"""What a unit of work notes while it writes, and what follows its commit: runs, newer pages, deliveries."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace

from dashboard.services.core.after_commit import AfterCommit
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.inboxes.affected_inboxes import Touched
from dashboard.store.postgres.database import Session


@dataclass(slots=True, kw_only=True)
class Notes:
    """What is to be announced once the unit of work is committed; nothing of it is if it is abandoned."""

    accounts: set[int] = field(default_factory=set)
    inboxes: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    reaches: dict[int, Touched] = field(default_factory=lambda: defaultdict(Touched))
    acts: list[Callable[[], object]] = field(default_factory=list)
    helpdesks: set[tuple[int, int]] = field(default_factory=set)

    @property
    def is_pending(self) -> bool:
        """Tell whether something is noted that no commit has announced yet."""
        return bool(self.accounts or self.inboxes or self.reaches or self.acts or self.helpdesks)

    def changed(self, account_id: int) -> None:
        """Note that the account's pages and webhooks have something new, and no run is called for."""
        self.accounts.add(account_id)

    def wakes(self, account_id: int, inbox_ids: Iterable[int]) -> None:
        """Note the inboxes that need a run, whether or not something waits there."""
        self.inboxes[account_id].update(inbox_ids)

    def touched(
        self,
        account_id: int,
        *,
        is_all: bool = False,
        inbox_ids: Iterable[int] = (),
        policy_ids: Iterable[int] = (),
        team_ids: Iterable[int] = (),
        rooms: Iterable[tuple[int, int | None]] = (),
    ) -> None:
        """Note what is touched of the account, as `Touched` lists it: runs start where something of it waits."""
        reach = self.reaches[account_id]
        reach.is_all |= is_all
        reach.inbox_ids.update(inbox_ids)
        reach.policy_ids.update(policy_ids)
        reach.team_ids.update(team_ids)
        reach.rooms.update(rooms)

    def writes(self, account_id: int, connection_id: int) -> None:
        """Note that something is to be written in a helpdesk."""
        self.helpdesks.add((account_id, connection_id))

    def then(self, act: Callable[[], object]) -> None:
        """Note an act that follows the commit, before any run starts."""
        self.acts.append(act)

    def take(self) -> "Notes":
        """Return what is noted so far, and begin anew."""
        taken = replace(self)
        fresh = Notes()
        for part in fields(self):
            setattr(self, part.name, getattr(fresh, part.name))
        return taken

    def announce(self, session: Session, signals: AfterCommit) -> None:
        """Follow up a commit. Where something waits is asked now: a run that began earlier has not seen the change."""
        for act in self.acts:
            act()
        for account_id, connection_id in sorted(self.helpdesks):
            signals.write_to_helpdesk(account_id, connection_id)
        woken = self.inboxes.keys() | self.reaches.keys()
        for account_id in sorted(woken):
            waiting = affected_inboxes.of(session, account_id, self.reaches[account_id])
            signals.wake(account_id, self.inboxes[account_id] | waiting)
        for account_id in sorted(self.accounts - woken):
            signals.changed(account_id)
