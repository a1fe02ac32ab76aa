"""The demo account's content: its agents, inboxes, customers and policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from dashboard.engine.model import AssignmentType
from dashboard.engine.policy import AssignmentOrder, ConversationPriority
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit

ACCOUNT = "Acme Support (demo)"
SUPERVISOR = "Sam Rivera"
ADDRESS = "sam@acme.example"
BULK_MAIL = "bulk-mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """An inbox: its policy, its members, and how busy it is.

    `share` is its weight among arriving conversations, `handled_in` an agent's average handling time. At
    `most_waiting` waiting conversations, the customer with the longest wait gives up.
    """

    name: str
    channel: str
    policy: str
    members: tuple[str, ...]
    share: int
    handled_in: timedelta
    most_waiting: int
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A capacity policy: its agents' limits per inbox, and the labels that it excludes."""

    name: str
    description: str
    conversation_limit: int | None
    by_inbox: Mapping[str, int]
    members: tuple[str, ...]
    excluded_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A team."""

    name: str
    members: tuple[str, ...]
    assignment_type: AssignmentType = AssignmentType.ROUND_ROBIN
    max_auto_assigned_conversations: int = 0


SUPPORT = ("Amara Okafor", "Ben Lindqvist", "Chiara Romano", "Daniel Kim", "Elif Yilmaz")
BILLING = ("Farid Haddad", "Grace Mbeki", "Elif Yilmaz")
SALES = ("Hugo Laurent", "Ines Carvalho")
VIP = ("Jonas Weber", "Keiko Tanaka")
RETURNS = ("Luca Moretti", "Maya Patel")
ASLEEP = RETURNS
STAFF = tuple(dict.fromkeys(SUPPORT + BILLING + SALES + VIP + RETURNS))


def address_of(name: str) -> str:
    """Return the address of an agent."""
    return f"{name.lower().replace(' ', '.')}@acme.example"


POLICIES = (
    AssignmentPolicyEdit(name="In turn", description="Everybody online gets the next one, in turn."),
    AssignmentPolicyEdit(
        name="Least busy first",
        description="Whoever holds the least, and the customer who has waited longest.",
        assignment_order=AssignmentOrder.BALANCED,
        conversation_priority=ConversationPriority.LONGEST_WAITING,
    ),
    AssignmentPolicyEdit(
        name="Time for each lead",
        description="At most three in two minutes, so that every lead is called back properly.",
        fair_distribution_limit=3,
        fair_distribution_window=120,
    ),
)

CAPACITIES = (
    Limits(
        name="Full-time",
        description="Six of Support and five of Billing, eight in all; mass mail is left to a rule.",
        conversation_limit=8,
        by_inbox={"Support": 6, "Billing": 5},
        members=(*SUPPORT[:4], *BILLING[:2]),
        excluded_labels=(BULK_MAIL,),
    ),
    Limits(
        name="Part-time",
        description="Half of everything.",
        conversation_limit=4,
        by_inbox={"Support": 3, "Billing": 3},
        members=("Elif Yilmaz",),
    ),
    Limits(
        name="White glove",
        description="Two at a time, so that each has an ear.",
        conversation_limit=None,
        by_inbox={"VIP": 2},
        members=VIP,
    ),
)

CREWS = (
    Crew(name="Tier 2", members=("Chiara Romano", "Daniel Kim"), max_auto_assigned_conversations=8),
    Crew(name="Field service", members=("Ben Lindqvist",), assignment_type=AssignmentType.MANUAL),
)

LABELS = {"bug": "#d64545", "refund": "#c07a1c", "urgent": "#b3261e", "feedback": "#2e7d5b", BULK_MAIL: "#6b7280"}

DEPARTMENTS = (
    Department(
        name="Support",
        channel="email",
        policy="In turn",
        members=SUPPORT,
        share=9,
        handled_in=timedelta(seconds=60),
        most_waiting=14,
        subjects=(
            "The app closes when I open a photo",
            "I cannot log in since the update",
            "How do I export my data?",
            "Notifications arrive twice",
            "The search finds nothing",
            "My screen stays white",
        ),
    ),
    Department(
        name="Billing",
        channel="email",
        policy="Least busy first",
        members=BILLING,
        share=5,
        handled_in=timedelta(seconds=50),
        most_waiting=10,
        subjects=(
            "I was charged twice in March",
            "Please change the invoice address",
            "My card was refused",
            "Where do I find the receipt?",
        ),
    ),
    Department(
        name="Sales",
        channel="chat",
        policy="Time for each lead",
        members=SALES,
        share=4,
        handled_in=timedelta(seconds=45),
        most_waiting=8,
        subjects=("A quote for 40 seats", "Is there a plan for schools?", "Can we try it for a month?"),
    ),
    Department(
        name="VIP",
        channel="phone",
        policy="In turn",
        members=VIP,
        share=3,
        handled_in=timedelta(seconds=100),
        most_waiting=6,
        subjects=("Our dashboard is down", "Call me about the renewal", "Urgent: numbers do not add up"),
    ),
    Department(
        name="Returns",
        channel="email",
        policy="In turn",
        members=RETURNS,
        share=1,
        handled_in=timedelta(seconds=60),
        most_waiting=9,
        subjects=("The parcel came back", "I want to return the blue one", "Where is my refund?"),
    ),
)

CUSTOMERS = (
    "Alice Moreau", "Bilal Aydin", "Carmen Ortega", "Dmitri Volkov", "Emma Schulz", "Fatima Zahra", "George Papadakis",
    "Hana Sato", "Ivan Horvat", "Julia Nowak", "Kofi Mensah", "Lena Fischer", "Mateo Silva", "Nina Larsen",
    "Omar Farouk", "Priya Nair", "Quentin Dubois", "Rosa Marino", "Sofia Berg", "Tom Becker", "Uma Reddy",
    "Victor Popescu", "Wen Li", "Ximena Rojas", "Yusuf Demir", "Zoe Martin",
)  # fmt: skip
