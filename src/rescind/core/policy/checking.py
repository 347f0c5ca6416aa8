"""What must be true of a policy as a whole, beyond the form of its parts."""

import re
from collections.abc import Iterator
from datetime import time

from rescind.core.country import MISTAKEN
from rescind.core.deadline import span, zone_of
from rescind.core.policy.literal import Plain, read_literal
from rescind.core.policy.policy import ALWAYS_ANSWERED, DeadlineTerms, Policy, Reason, Rule, Tunable
from rescind.core.policy.position import Path, near
from rescind.core.policy.tree import (
    LANGUAGE,
    Always,
    Among,
    Compare,
    Named,
    Setting,
    Sum,
    Value,
    atoms,
    facts_read,
    values_read,
)
from rescind.core.policy.vocabulary import (
    BUYER_REASONS,
    REFUSAL_REASONS,
    RETURN_REASONS,
    SELLER_REASONS,
    SPECIAL_REASONS,
    WAYS_ON,
    FactSpec,
    Per,
    Vocabulary,
)
from rescind.core.sentence import phrased, why
from rescind.core.verdict import OnSilence, Verdict

Problem = tuple[str, Path]
Meanings = dict[str, list[Plain]]


def problems(policy: Policy, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Each thing that is wrong, with its path in the file; rules are named by id."""
    meanings = {value.name: [dated.value for dated in value.history] for value in policy.values}
    if policy.language != LANGUAGE:
        yield phrased("this program reads policy language %(version)s only", version=LANGUAGE), ("language",)
    try:
        zone_of(policy.zone)
    except ValueError as error:
        yield why(error), ("zone",)
    yield from _law(policy)
    yield from _standing(policy)
    for value in policy.values:
        for dated in value.history:
            if not dated.source:
                yield (
                    phrased("%(value)s cites no source", value=value.name),
                    ("values", value.name, str(dated.first_day), "source"),
                )
    for terms in policy.deadlines:
        yield from _deadline(terms, meanings)
    yield from _rules(policy, meanings, vocabulary)
    read = read_by(policy)
    for tunable in policy.tunable:
        yield from _tunable(tunable, meanings)
        if tunable.name not in read:
            yield (
                phrased("a shop may tune %(value)s, and no rule or deadline reads it", value=tunable.name),
                ("tunable", tunable.name),
            )
    catalogues = {
        "buyer": BUYER_REASONS,
        "seller": SELLER_REASONS,
        "refusal": REFUSAL_REASONS,
        "returns": RETURN_REASONS,
        "special": SPECIAL_REASONS,
    }
    for catalogue, known in catalogues.items():
        for n, reason in enumerate(getattr(policy.reasons, catalogue)):
            yield from _reason(reason, known, vocabulary, ("reasons", catalogue, n))


def _law(policy: Policy) -> Iterator[Problem]:
    """A law gives rights and takes none; who it protects and since when is part of it."""
    if policy.layer != "law":
        if policy.countries or policy.in_force:
            yield phrased("only a law names countries and a day from which it is in force"), ("layer",)
        return
    if not policy.countries:
        yield phrased("a law names the countries of the buyers it protects"), ("countries",)
    for country in policy.countries:
        if re.fullmatch(r"[A-Z]{2}", country) is None:
            yield (
                phrased("%(country)s is not a country: write two capital letters, such as DE", country=country),
                ("countries",),
            )
        elif country in MISTAKEN:
            meant = MISTAKEN[country]
            yield phrased("%(country)s is not a country: write %(meant)s", country=country, meant=meant), ("countries",)
    if policy.in_force is None:
        yield phrased("a law names the first day it is in force"), ("in_force",)
    for rule in policy.rules:
        if rule.verdict is Verdict.REFUSE:
            yield (
                phrased("%(rule)s refuses: a law grants a right or says nothing", rule=rule.id),
                ("rules", rule.id, "verdict"),
            )


def _standing(policy: Policy) -> Iterator[Problem]:
    """What is agreed to in advance is agreement: at once, or after a while in which the seller may still answer."""
    if policy.layer != "standing":
        return
    silence = {terms.name: terms.on_silence for terms in policy.deadlines}
    for rule in policy.rules:
        if rule.on != "request":
            yield (
                phrased("%(rule)s is not about a request: a standing consent answers nothing else", rule=rule.id),
                ("rules", rule.id, "on"),
            )
        waits = rule.verdict is Verdict.ASK_SELLER and silence.get(rule.deadline) is OnSilence.APPROVE
        if rule.verdict is not Verdict.APPROVE and not waits:
            yield (
                phrased(
                    "%(rule)s does not agree: a standing consent approves, or asks and takes silence for a yes",
                    rule=rule.id,
                ),
                ("rules", rule.id, "verdict"),
            )


def read_by(policy: Policy) -> set[str]:
    """Names of the values some rule or deadline reads."""
    return (
        {name for rule in policy.rules for name in values_read(rule.when)}
        | {name for rule in policy.rules for name in rule.fee}
        | {terms.span for terms in policy.deadlines}
    )


def _deadline(terms: DeadlineTerms, meanings: Meanings) -> Iterator[Problem]:
    path = ("deadlines", terms.name)
    for meant in meanings.get(terms.span, [terms.span]):
        try:
            span(str(meant))
        except ValueError as error:
            yield phrased("%(why)s%(hint)s", why=why(error), hint=near(terms.span, meanings)), (*path, "span")
    if (terms.on_silence is None) == (terms.then is None):
        yield phrased("a deadline has either on_silence, for whoever is waited for, or then"), path
    if terms.cutoff:
        try:
            time.fromisoformat(terms.cutoff)
        except ValueError:
            yield phrased("%(text)s is not a time of day: write 14:00", text=terms.cutoff), (*path, "cutoff")


def _rules(policy: Policy, meanings: Meanings, vocabulary: Vocabulary) -> Iterator[Problem]:
    seen: set[str] = set()
    closed: set[str] = set()
    for rule in policy.rules:
        path = ("rules", rule.id)
        if rule.id in seen:
            yield phrased("there are two rules called %(rule)s", rule=rule.id), (*path, "id")
        seen.add(rule.id)
        if rule.on in closed:
            yield phrased("%(rule)s is never reached: a rule before it always holds", rule=rule.id), path
        if rule.when == Always(holds=True):
            closed.add(rule.on)
        yield from _rule(rule, policy, meanings, vocabulary)
    if policy.layer == "preset":
        for on in ALWAYS_ANSWERED:
            if on not in closed:
                yield (
                    phrased(
                        "the last rule on %(on)s must always hold (when = 'TRUE'), so that every order gets an answer",
                        on=on,
                    ),
                    (),
                )


def _rule(rule: Rule, policy: Policy, meanings: Meanings, vocabulary: Vocabulary) -> Iterator[Problem]:
    path = ("rules", rule.id)
    if not rule.cites or not all(rule.cites):
        yield phrased("%(rule)s cites no source", rule=rule.id), path
    deadlines = {terms.name: terms for terms in policy.deadlines}
    if rule.verdict.waits and not rule.deadline:
        yield phrased("%(rule)s waits for somebody and names no deadline", rule=rule.id), path
    elif not rule.verdict.waits and rule.deadline:
        yield phrased("%(rule)s waits for nobody and needs no deadline", rule=rule.id), (*path, "deadline")
    elif rule.deadline and rule.deadline not in deadlines:
        yield (
            phrased(
                "there is no deadline called %(deadline)s%(hint)s",
                deadline=rule.deadline,
                hint=near(rule.deadline, deadlines),
            ),
            (*path, "deadline"),
        )
    elif rule.deadline and deadlines[rule.deadline].on_silence is None:
        yield (
            phrased("the deadline %(deadline)s does not say what silence means", deadline=rule.deadline),
            (*path, "deadline"),
        )
    if rule.instead and rule.instead not in WAYS_ON:
        yield (
            phrased("there is no way on called %(way)s%(hint)s", way=rule.instead, hint=near(rule.instead, WAYS_ON)),
            (*path, "instead"),
        )
    if rule.verdict is Verdict.REFUSE and rule.on in ALWAYS_ANSWERED and not rule.instead:
        yield phrased("%(rule)s refuses and does not say what to do instead", rule=rule.id), path
    yield from _fee(rule, meanings, path)
    for message in _misfits(rule, meanings, vocabulary):
        yield message, (*path, "when")


_WHOLE_BPS = 10_000


def _fee(rule: Rule, meanings: Meanings, path: Path) -> Iterator[Problem]:
    """A fee is a value with a first day and a source, and its name says what it counts."""
    if rule.on == "fee" and rule.verdict is not Verdict.APPROVE:
        yield (
            phrased("%(rule)s is on fees: it approves, and fee says what may be kept", rule=rule.id),
            (*path, "verdict"),
        )
    if rule.on != "fee" and rule.fee:
        yield phrased("%(rule)s is not on fees and keeps none", rule=rule.id), (*path, "fee")
    for name in rule.fee:
        if name not in meanings:
            yield (
                phrased("there is no value called %(value)s%(hint)s", value=name, hint=near(name, meanings)),
                (*path, "fee"),
            )
        elif not name.endswith(("_bps", "_minor")):
            yield (
                phrased("%(name)s says how much is kept: its name ends in _bps or in _minor", name=name),
                (*path, "fee"),
            )
        for meant in meanings.get(name, ()):
            if isinstance(meant, bool) or not isinstance(meant, int) or meant < 0:
                yield phrased("%(name)s is not a count from 0", name=name), (*path, "fee")
            elif name.endswith("_bps") and meant > _WHOLE_BPS:
                yield phrased("%(name)s is more than all of a price: 10000 is 100 %%", name=name), (*path, "fee")


def _misfits(rule: Rule, meanings: Meanings, vocabulary: Vocabulary) -> Iterator[str]:
    """What a value of a policy that extends another can spoil: rules written for the values of the other one."""
    for name in sorted(facts_read(rule.when) - vocabulary.keys()):
        yield phrased("there is no fact called %(name)s", name=name)
        return
    for name in sorted(values_read(rule.when) - meanings.keys()):
        yield phrased("there is no value called %(name)s", name=name)
        return
    for atom in atoms(rule.when):
        match atom:
            case Setting(name) if not all(isinstance(meant, bool) for meant in meanings[name]):
                yield phrased("%(name)s is not true or false", name=name)
            case Compare(fact, value=value):
                yield from _unfit((value,), vocabulary[fact], meanings)
            case Among(fact, values):
                yield from _unfit(values, vocabulary[fact], meanings)
            case _:
                pass


def _unfit(values: tuple[Value, ...], fact: FactSpec, meanings: Meanings) -> Iterator[str]:
    terms = [term for value in values for term in (value.terms if isinstance(value, Sum) else (value,))]
    for name in (term.name for term in terms if isinstance(term, Named)):
        for meant in meanings[name]:
            try:
                read_literal(meant, fact)
            except ValueError as error:
                yield phrased("the value %(name)s does not fit: %(why)s", name=name, why=why(error))


def _tunable(tunable: Tunable, meanings: Meanings) -> Iterator[Problem]:
    path = ("tunable", tunable.name)
    if tunable.name not in meanings:
        yield (
            phrased(
                "there is no value called %(value)s%(hint)s", value=tunable.name, hint=near(tunable.name, meanings)
            ),
            path,
        )
        return
    if bool(tunable.choices) == (tunable.low != "" or tunable.high != ""):
        yield phrased("a tunable value has either choices, or low and high"), path
    if not tunable.allows(meanings[tunable.name][-1]):
        yield phrased("the value %(value)s itself is not among what a shop may choose", value=tunable.name), path


def _reason(reason: Reason, known: tuple[str, ...], vocabulary: Vocabulary, path: Path) -> Iterator[Problem]:
    if reason.code not in known:
        yield (
            phrased("there is no reason called %(reason)s%(hint)s", reason=reason.code, hint=near(reason.code, known)),
            (*path, "code"),
        )
    for condition, member in ((reason.when, "when"), (reason.fault, "fault")):
        if condition is not None and any(vocabulary[name].level is Per.LINE for name in facts_read(condition)):
            yield phrased("the condition of a reason reads facts of the order only"), (*path, member)
