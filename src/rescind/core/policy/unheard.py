"""What silence means where nobody could hear the question: it goes to the platform (ADR 0100).

A bound beside every policy, as ``handed_over.py`` is one. The policy says whether the shop is asked and how long it
has; only what its silence would mean is not the policy's to say while the shop cannot be told. Whoever promises what
silence means reads it here: the decision, the outlook, the pages and the API.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rescind.core.policy.judge import Finding
from rescind.core.policy.resolved import ResolvedRule, place
from rescind.core.verdict import OnSilence, Verdict

UNHEARD: Final = "UNHEARD-1"
"""By this rule silence goes to the platform."""


def silence(verdict: Verdict, on_silence: OnSilence | None, *, reached: bool) -> OnSilence | None:
    """What silence means where the policy has it mean ``on_silence``. reached: the shop can be told."""
    return OnSilence.ESCALATE if verdict is Verdict.ASK_SELLER and not reached else on_silence


def as_heard(rule: ResolvedRule, *, reached: bool) -> ResolvedRule:
    """A rule as it answers for a shop that can be told, or cannot: the same verdict, the same time."""
    if reached or rule.verdict is not Verdict.ASK_SELLER or rule.deadline is None:
        return rule
    meant = silence(rule.verdict, rule.deadline.on_silence, reached=reached)
    deadline = msgspec.structs.replace(rule.deadline, on_silence=meant)
    return msgspec.structs.replace(rule, deadline=deadline, rank=place(rule.verdict, meant))


def as_promised(finding: Finding, *, reached: bool) -> Finding:
    """An answer as it may be promised by a shop that can be told, or cannot."""
    if reached or finding.verdict is not Verdict.ASK_SELLER or finding.deadline is None:
        return finding
    meant = silence(finding.verdict, finding.deadline.on_silence, reached=reached)
    return msgspec.structs.replace(finding, deadline=msgspec.structs.replace(finding.deadline, on_silence=meant))
