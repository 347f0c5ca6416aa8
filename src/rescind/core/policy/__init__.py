"""Policy is data: what a rule may read, how it is written, judged, explained and stored."""

from rescind.core.policy.as_python import Facts
from rescind.core.policy.as_sql import SqlNames
from rescind.core.policy.example import Example, Failure, check, examples
from rescind.core.policy.explain import Atom, Branch, Explainer
from rescind.core.policy.flip import Flip, flips
from rescind.core.policy.judge import Deadline, Finding, Step, asked, deadline_of, due_of, judge, judge_fast
from rescind.core.policy.loading import load, restore
from rescind.core.policy.policy import Policy, Reason, Rule, Settings, Tunable
from rescind.core.policy.position import PolicyError
from rescind.core.policy.prose import Phrase, phrase
from rescind.core.policy.resolved import ResolvedDeadline, ResolvedPolicy, ResolvedRule
from rescind.core.policy.unheard import UNHEARD, as_heard, as_promised
from rescind.core.policy.vocabulary import STANDARD, FactSpec, Kind, Per, Vocabulary

__all__ = [
    "STANDARD",
    "UNHEARD",
    "Atom",
    "Branch",
    "Deadline",
    "Example",
    "Explainer",
    "FactSpec",
    "Facts",
    "Failure",
    "Finding",
    "Flip",
    "Kind",
    "Per",
    "Phrase",
    "Policy",
    "PolicyError",
    "Reason",
    "ResolvedDeadline",
    "ResolvedPolicy",
    "ResolvedRule",
    "Rule",
    "Settings",
    "SqlNames",
    "Step",
    "Tunable",
    "Vocabulary",
    "as_heard",
    "as_promised",
    "asked",
    "check",
    "deadline_of",
    "due_of",
    "examples",
    "flips",
    "judge",
    "judge_fast",
    "load",
    "phrase",
    "restore",
]
