"""The five answers a rule can give, the three things silence can mean, and which answer is the more generous."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a rule says about a request. The order of the members is the published order: the most generous first."""

    APPROVE = "approve"
    ASK_SELLER = "ask_seller"
    ASK_CARRIER = "ask_carrier"
    REVIEW = "review"
    REFUSE = "refuse"

    @property
    def waits(self) -> bool:
        """Whether somebody must still act, so that a deadline belongs to this verdict."""
        return self in WAITING


class OnSilence(StrEnum):
    """What happens when nobody acted before the deadline. The most generous first."""

    APPROVE = "approve"
    ESCALATE = "escalate"
    REFUSE = "refuse"


WAITING = frozenset({Verdict.ASK_SELLER, Verdict.ASK_CARRIER, Verdict.REVIEW})

# The seller and the carrier are two people who may both say yes: neither is more generous than the other.
VERDICT_RANK: dict[Verdict, int] = {
    Verdict.APPROVE: 0,
    Verdict.ASK_SELLER: 1,
    Verdict.ASK_CARRIER: 1,
    Verdict.REVIEW: 2,
    Verdict.REFUSE: 3,
}
SILENCE_RANK: dict[OnSilence, int] = {OnSilence.APPROVE: 0, OnSilence.ESCALATE: 1, OnSilence.REFUSE: 2}
