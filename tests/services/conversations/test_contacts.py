"""A contact is one person: an address in any case, and whoever was merged."""

import pytest

from dashboard.services.audit import undo
from dashboard.services.audit.undo import Reversal, UndoState
from dashboard.services.contacts import contacts
from dashboard.services.contacts.contact_forms import Merge
from dashboard.services.contacts.contacts import Merged
from dashboard.services.conversations import conversations
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.core.refusals import Invalid
from dashboard.store.accounts import audit_page
from dashboard.store.conversations.contacts import ContactDraft, ensure
from dashboard.store.conversations.conversations import ContactRow
from tests.desks import NOON, Acme, Recorded
from tests.handling import LATER, change, events


def begin(acme: Acme, identifier: str, inbox: str = "Support", **facts: object) -> int:
    draft = ConversationDraft(
        inbox_id=acme.inboxes[inbox], contact=ContactDraft(identifier=identifier), created_at=NOON, **facts
    )
    made = acme.work.finished(conversations.create(acme.work, acme.account_id, draft, actor_id=None, now=NOON))
    assert isinstance(made, conversations.Created)
    return made.conversation.id


def contact_of(acme: Acme, conversation_id: int) -> ContactRow:
    found = conversations.find(acme.work, acme.account_id, conversation_id)
    assert found is not None
    assert found.contact is not None
    return found.contact


def merge(acme: Acme, source: str, into: str) -> Merged | Invalid:
    wanted = Merge(source=source, into=into)
    return acme.work.finished(
        contacts.merge(acme.work, acme.account_id, wanted, actor_id=acme.agents["Ana"], now=LATER)
    )


def undo_last(acme: Acme) -> Reversal | Invalid | None:
    newest = audit_page.entries(
        acme.work.session, acme.account_id, audit_page.AuditFilter(subject="contact"), before=None, most=1
    )
    [entry] = newest.lines
    return acme.work.finished(undo.undo(acme.work, acme.account_id, entry.id, actor_id=acme.agents["Ana"], now=LATER))


def test_an_e_mail_address_is_one_contact_whatever_its_case(acme: Acme):
    """E73: seen to make three contacts."""
    ids = [begin(acme, identifier) for identifier in ("Ole@Example.org", "ole@example.org", "OLE@EXAMPLE.ORG")]

    assert len({contact_of(acme, one).id for one in ids}) == 1
    assert contact_of(acme, ids[0]).identifier == "ole@example.org"


def test_an_identifier_that_is_no_address_keeps_its_case(acme: Acme):
    """E73: `Kim` and `kim` may be two handles; `@kim` is no address."""
    ids = [begin(acme, identifier) for identifier in ("Kim", "kim", "@Kim", "@kim")]

    assert len({contact_of(acme, one).id for one in ids}) == 4


def test_one_call_may_name_an_address_twice(acme: Acme):
    """E73"""
    drafts = [ContactDraft(identifier="A@b.c", name="Abe"), ContactDraft(identifier="a@b.c")]

    found = ensure(acme.work.session, acme.account_id, drafts)

    assert found["A@b.c"] == found["a@b.c"]


def test_a_merged_contact_s_conversations_follow_and_so_do_later_ones(acme: Acme):
    """E73"""
    old, kept = begin(acme, "caller-1"), begin(acme, "kim@example.org")

    done = merge(acme, "caller-1", "Kim@example.org")
    later = begin(acme, "caller-1")

    assert isinstance(done, Merged)
    assert (done.contact.identifier, done.conversations) == ("kim@example.org", 1)
    assert {contact_of(acme, one).identifier for one in (old, kept, later)} == {"kim@example.org"}
    assert events(acme).count("conversation_updated") == 1


def test_one_agent_per_contact_sees_one_contact(acme: Acme):
    """E73, E10"""
    acme.policy(one_agent_per_contact=True)
    acme.online("Ana", "Bo")
    begin(acme, "kim@example.org", assignee_id=acme.agents["Bo"])
    waiting = begin(acme, "caller-1")

    merge(acme, "caller-1", "kim@example.org")
    acme.run()

    assert acme.assignees([waiting]) == ["-"]


def test_a_merge_is_undone_with_the_conversations_that_followed_and_not_the_later_ones(acme: Acme, queue: Recorded):
    """E73"""
    old, _ = begin(acme, "caller-1"), begin(acme, "kim@example.org")
    merge(acme, "caller-1", "kim@example.org")
    later = begin(acme, "kim@example.org")
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()

    done = undo_last(acme)

    assert isinstance(done, Reversal)
    assert done.state is UndoState.POSSIBLE
    assert [contact_of(acme, one).identifier for one in (old, later)] == ["caller-1", "kim@example.org"]
    assert contact_of(acme, begin(acme, "caller-1")).identifier == "caller-1"
    assert [inbox for _, inbox, _ in queue.runs] == [acme.support]


def test_an_undone_merge_can_be_made_again(acme: Acme):
    """E73"""
    old, _ = begin(acme, "caller-1"), begin(acme, "kim@example.org")
    merge(acme, "caller-1", "kim@example.org")
    undo_last(acme)

    undo_last(acme)

    assert contact_of(acme, old).identifier == "kim@example.org"


def test_the_first_of_two_merges_in_a_row_can_be_undone(acme: Acme):
    """E73: a into b, then b into c; a comes out of c, and b stays in it."""
    first, second = begin(acme, "a"), begin(acme, "b")
    begin(acme, "c")
    merge(acme, "a", "b")
    entry = audit_page.entries(
        acme.work.session, acme.account_id, audit_page.AuditFilter(subject="contact"), before=None, most=1
    )
    merge(acme, "b", "c")
    assert {contact_of(acme, one).identifier for one in (first, second)} == {"c"}

    acme.work.finished(undo.undo(acme.work, acme.account_id, entry.lines[0].id, actor_id=acme.agents["Ana"], now=LATER))

    assert [contact_of(acme, one).identifier for one in (first, second)] == ["a", "c"]


@pytest.mark.parametrize(
    ("source", "into", "wrong"),
    [
        ("nobody", "kim", {"from": (contacts.UNKNOWN,)}),
        ("kim", "nobody", {"into": (contacts.UNKNOWN,)}),
        ("kim", "kim", {"into": (contacts.ONE_ALREADY,)}),
        ("kim", "old", {"into": (contacts.ONE_ALREADY,)}),
        ("old", "zoe", {"from": (contacts.MERGED_BEFORE.format("kim"),)}),
    ],
)
def test_what_cannot_be_merged_is_refused_by_its_field(acme: Acme, source: str, into: str, wrong: dict[str, object]):
    """E73: `old` was merged into `kim`."""
    for identifier in ("kim", "old", "zoe"):
        begin(acme, identifier)
    merge(acme, "old", "kim")

    refused = merge(acme, source, into)

    assert isinstance(refused, Invalid)
    assert refused.errors == wrong


def test_a_contact_of_another_account_is_none(acme: Acme):
    """E73"""
    ensure(acme.work.session, acme.account_id + 1, [ContactDraft(identifier="theirs")])
    acme.work.session.commit()
    one = begin(acme, "kim")

    assert isinstance(merge(acme, "kim", "theirs"), Invalid)
    assert change(acme, one, subject="Still Kim's").contact == contact_of(acme, one)
