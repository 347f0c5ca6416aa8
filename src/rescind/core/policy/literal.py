"""What a literal or a named value means when it is compared with a fact."""

import re
from collections.abc import Mapping

import msgspec

from rescind.core.deadline import span
from rescind.core.errors import InvalidField
from rescind.core.money import CAP_MINOR, Money
from rescind.core.policy.position import near
from rescind.core.policy.tree import Elapsed, Literal_, Named, Number, Op, Price, Sum, Value, Word
from rescind.core.policy.vocabulary import FactSpec, Kind
from rescind.core.sentence import phrased

Plain = bool | int | str
Values = Mapping[str, Plain]

_WORD = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
_PRICE = re.compile(r"([A-Z]{3}) ([0-9][0-9.]*)")
_LARGEST = 10**15


class Constant(msgspec.Struct, frozen=True):
    """A value ready to compare with: a word, or a count in the fact's unit, or minor units of `currency`.

    by: the named values it was made from.
    """

    content: int | str
    currency: str = ""
    by: tuple[str, ...] = ()


def read_literal(raw: Plain, spec: FactSpec) -> Literal_:
    """A literal of the kind this fact is compared with. Anything else: ValueError with a sentence for the author."""
    match spec.kind:
        case Kind.COUNT:
            return _count(raw, spec)
        case Kind.AMOUNT:
            return _price(raw, spec)
        case Kind.LEVEL | Kind.CODE:
            return _word(raw, spec)
        case Kind.FLAG:
            msg = phrased("%(fact)s is a flag: write it alone, or with NOT", fact=spec.name)
            raise ValueError(msg)


def _count(raw: Plain, spec: FactSpec) -> Number | Elapsed:
    if isinstance(raw, bool):
        msg = phrased("%(fact)s is a count of %(unit)s, not a flag", fact=spec.name, unit=spec.unit)
        raise ValueError(msg)  # noqa: TRY004  # every bad literal is a ValueError, whatever its Python type
    if isinstance(raw, int):
        if not 0 <= raw <= _LARGEST:
            msg = phrased("%(raw)s is out of range for %(fact)s", raw=raw, fact=spec.name)
            raise ValueError(msg)
        return Number(raw)
    if spec.unit != "seconds":
        msg = phrased("%(fact)s is a count of %(unit)s: compare it with a whole number", fact=spec.name, unit=spec.unit)
        raise ValueError(msg)
    if span(raw).unit == "bd":
        msg = phrased(
            "'%(raw)s' counts business days, and %(fact)s is elapsed time: use a deadline for business days",
            raw=raw,
            fact=spec.name,
        )
        raise ValueError(msg)
    return Elapsed(raw)


def _price(raw: Plain, spec: FactSpec) -> Price:
    found = _PRICE.fullmatch(raw) if isinstance(raw, str) else None
    if found is None:
        msg = phrased("%(fact)s is money: write the currency and the amount, such as 'USD 100.00'", fact=spec.name)
        raise ValueError(msg)
    try:
        minor = Money.parse(found[2], found[1]).minor
    except InvalidField as error:
        msg = phrased(
            "'%(raw)s' is not an amount of %(currency)s: %(expected)s",
            raw=raw,
            currency=found[1],
            expected=error.params["expected"],
        )
        raise ValueError(msg) from None
    if minor > CAP_MINOR:
        msg = phrased("'%(raw)s' is larger than any order", raw=raw)
        raise ValueError(msg)
    return Price(found[1], minor)


def _word(raw: Plain, spec: FactSpec) -> Word:
    if not isinstance(raw, str):
        msg = phrased("%(fact)s is compared with a word in quotes", fact=spec.name)
        raise ValueError(msg)  # noqa: TRY004
    if spec.members and raw not in spec.members:
        msg = phrased("%(fact)s is never '%(raw)s'%(hint)s", fact=spec.name, raw=raw, hint=near(raw, spec.members))
        raise ValueError(msg)
    if _WORD.fullmatch(raw) is None:
        msg = phrased("'%(raw)s' is not a word", raw=raw)
        raise ValueError(msg)
    return Word(raw)


def constant(value: Value, spec: FactSpec, values: Values) -> Constant:
    """Work a value out, with `values` as they stand for the order."""
    match value:
        case Word(text):
            return Constant(text)
        case Number(count):
            return Constant(count)
        case Elapsed(text):
            return Constant(span(text).seconds)
        case Price(currency, minor):
            return Constant(minor, currency)
        case Named(name):
            inner = constant(read_literal(values[name], spec), spec, values)
            return Constant(inner.content, inner.currency, (name,))
        case Sum(terms):
            parts = [constant(term, spec, values) for term in terms]
            total = sum(part.content for part in parts if isinstance(part.content, int))
            return Constant(total, by=tuple(name for part in parts for name in part.by))


def members(op: Op, word: str, spec: FactSpec) -> tuple[str, ...]:
    """The members of a level for which `fact op word` holds, in their order."""
    place = spec.members.index(word)
    match op:
        case "=":
            return (word,)
        case "!=":
            return tuple(member for member in spec.members if member != word)
        case "<":
            return spec.members[:place]
        case "<=":
            return spec.members[: place + 1]
        case ">":
            return spec.members[place + 1 :]
        case ">=":
            return spec.members[place:]
