"""Why a rule applied, as a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rescind.core.event import Ground
from rescind.core.policy import UNHEARD, Atom, Deadline, Flip, ResolvedPolicy, as_heard, asked, flips
from rescind.core.terms import Terms
from rescind.locales import Locale
from rescind.web.explain.comparison import atom_words, wanted_words
from rescind.web.explain.decisive import told
from rescind.web.explain.span import arithmetic, silence_word, span_words

_NEAREST = 4


@dataclass(frozen=True, slots=True)
class Other:
    """A rule that was asked and did not hold, and the least that would have made it hold."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RuleCard:
    """What ``ui.rule`` shows."""

    id: str
    title: str
    sentence: str
    values: tuple[tuple[str, str], ...] = ()
    why: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()
    changes: tuple[str, ...] = ()
    program: str = ""


def rule_card(
    ground: Ground,
    terms: Terms,
    locale: Locale,
    *,
    title: str = "",
    on: str = "request",
    everything: bool = False,
    deadline: Deadline | None = None,
    reached: bool = True,
    untold: frozenset[str] = frozenset(),
    program: str = "",
) -> RuleCard:
    """Explain a decision from the ground that is stored with it.

    Of the rules that did not hold the nearest that would have been kinder are told; everything: all that were
    asked. deadline: the one that was promised, whose arithmetic is told. reached: the shop can be told, or could.
    untold: facts that the reader has no claim to. program: that one did it, in a sentence.
    """
    layer = _layer(ground, terms)
    sentence = locale.rule(ground.rule)
    heading = title or locale.gettext("Why this answer?")
    if layer is None:
        return RuleCard(ground.rule, heading, sentence, program=program)
    # A law or a consent of that day decided beside what was pinned; without it there would be another answer.
    judged = terms.layers if layer in terms.layers else (*terms.layers, layer)
    found = next((rule for rule in layer.rules_on(on) if rule.id == ground.rule), None)
    steps = asked(layer, on, ground.facts)
    otherwise = flips(judged, on, ground.facts, reached=reached)
    decisive: tuple[Atom, ...] = ()
    values: list[tuple[str, str]] = []
    if found is not None:
        answer = as_heard(found, reached=reached)
        decisive = told(layer, found, ground.facts, steps, otherwise, untold)
        if answer.deadline is not None:
            values.append((locale.gettext("Time to answer"), span_words(locale, str(answer.deadline.span))))
            if answer.deadline.on_silence is not None:
                values.append((locale.gettext("No answer means"), silence_word(locale, answer.deadline.on_silence)))
        if answer is not found:
            values.append((locale.gettext("Why the platform"), locale.rule(UNHEARD)))
    if deadline is not None:
        values.extend(arithmetic(locale, deadline))
    ranks = {rule.id: rule.rank for rule in layer.rules_on(on)}
    others = tuple(
        Other(step.rule, _would_need(locale, step.failed, locale.rule(step.rule)))
        for step in steps
        if not step.held and (everything or ranks[step.rule] < ranks.get(ground.rule, 0))
    )
    if not everything:
        # The rules asked last stood nearest to deciding.
        others = others[-_NEAREST:]
    return RuleCard(
        ground.rule,
        heading,
        sentence,
        values=tuple(values),
        why=tuple(text for text in (atom_words(locale, atom) for atom in decisive) if text),
        others=others,
        changes=_changes(locale, otherwise, untold),
        program=program,
    )


def _changes(locale: Locale, found: Sequence[Flip], untold: frozenset[str]) -> tuple[str, ...]:
    """What would have changed the answer: to a kinder one where there is any, else to a harder one."""
    open_ = [flip for flip in found if flip.atom.fact not in untold]
    kinder = [flip for flip in open_ if flip.kinder]
    return tuple(
        locale.gettext("%(fact)s: %(answer)s")
        % {"fact": wanted_words(locale, flip.atom), "answer": _other_answer(locale, flip)}
        for flip in (kinder or open_)[:_NEAREST]
    )


def _other_answer(locale: Locale, flip: Flip) -> str:
    _ = locale.gettext
    answer = locale.term("verdict", flip.verdict)
    silence = {
        "approve": _("no answer means yes"),
        "refuse": _("no answer means no"),
        "escalate": _("without an answer the platform decides"),
    }.get(flip.on_silence, "")
    return _("%(answer)s; %(silence)s") % {"answer": answer, "silence": silence} if silence else answer


def _layer(ground: Ground, terms: Terms) -> ResolvedPolicy | None:
    """The layer that decided, when it is one of those the order is judged by now."""
    digest = ground.policies.get(ground.layer)
    of_the_day = (*terms.laws, terms.standing) if terms.standing else terms.laws
    found = next((one for one in of_the_day if one.hash == digest), None)
    if found is not None and ground.as_of is not None:
        return found.at(ground.as_of)
    return next((one for one in terms.layers if one.hash == digest), None)


def _would_need(locale: Locale, failed: Sequence[Atom], sentence: str) -> str:
    wanted = locale.gettext("; ").join(text for text in (wanted_words(locale, atom) for atom in failed) if text)
    if not wanted:
        return sentence
    return locale.gettext("%(rule)s. It would need: %(what)s.") % {"rule": sentence, "what": wanted}
