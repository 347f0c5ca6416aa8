"""From the bytes of a TOML file to a Policy, or to an error with file, line and column."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeVar

import msgspec

from rescind.core.policy.checking import problems, read_by
from rescind.core.policy.language import parse
from rescind.core.policy.literal import Plain
from rescind.core.policy.policy import (
    Catalogue,
    Dated,
    DeadlineTerms,
    Event,
    Layer,
    NamedValue,
    Needed,
    On,
    Policy,
    Reason,
    Reasons,
    Rule,
    Settings,
    Then,
    Tunable,
)
from rescind.core.policy.position import Path, PolicyError, Text, near
from rescind.core.policy.remarks import FORMS, TOML, remark
from rescind.core.policy.tree import LANGUAGE, Node
from rescind.core.policy.vocabulary import STANDARD, WAYS_ON, Vocabulary
from rescind.core.sentence import phrased
from rescind.core.verdict import OnSilence, Verdict

T = TypeVar("T")

Table = dict[str, Any]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The members a policy file may have. The tables are read one by one, so that an error names its place."""

    policy: str
    layer: Layer = "preset"
    language: int = LANGUAGE
    extends: str = ""
    region: str | None = None
    zone: str | None = None
    calendar: str | None = None
    currency: str | None = None
    applies: Literal["placed", "open", "all"] | None = None
    countries: tuple[str, ...] = ()
    in_force: date | None = None
    order: tuple[str, ...] = ()
    settings: Table = {}
    values: dict[str, Table] = {}
    deadlines: dict[str, Table] = {}
    tunable: dict[str, Table] = {}
    rules: list[Table] = []
    reasons: dict[Catalogue, list[Table]] = {}


class _Value(msgspec.Struct, forbid_unknown_fields=True):
    value: Plain
    source: str
    unverified: bool = False


class _Deadline(msgspec.Struct, forbid_unknown_fields=True):
    event: Event = msgspec.field(name="from")
    span: str
    on_silence: OnSilence | None = None
    then: Then | None = None
    cutoff: str = ""
    cites: tuple[str, ...] = ()


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    on: On
    when: str
    verdict: Verdict
    cites: tuple[str, ...] = ()
    deadline: str = ""
    instead: str = ""
    lines: Literal["any", "all"] = "any"
    fee: tuple[str, ...] = ()


class _Reason(msgspec.Struct, forbid_unknown_fields=True):
    code: str
    platform: tuple[str, ...] = ()
    when: str = ""
    needs: tuple[Needed, ...] = ()
    fault: str = ""


class _Tunable(msgspec.Struct, forbid_unknown_fields=True):
    choices: tuple[Plain, ...] = ()
    low: Plain = ""
    high: Plain = ""
    cites: tuple[str, ...] = ()


def load(
    data: bytes, file: str, *, bases: Mapping[str, Policy] | None = None, vocabulary: Vocabulary = STANDARD
) -> Policy:
    """Read a policy file. bases: the policies it may extend, by name. PolicyError when anything is wrong with it."""
    return _Loader(data, file, bases or {}, vocabulary).policy()


def restore(data: bytes, *, vocabulary: Vocabulary = STANDARD) -> Policy:
    """Read the published form back: the same policy with the same hash. PolicyError when it is not one.

    The hash is that of the bytes given. A later version of this program may write more members; what orders have
    pinned and receipts have named keeps its name.
    """
    try:
        policy = msgspec.json.decode(data, type=Policy)
    except msgspec.DecodeError as error:
        raise PolicyError("<canonical>", 1, 1, remark(str(error), FORMS)) from None
    for message, _ in problems(policy, vocabulary):
        raise PolicyError("<canonical>", 1, 1, message)
    vars(policy)["_published"] = data
    return policy


class _Loader:
    def __init__(self, data: bytes, file: str, bases: Mapping[str, Policy], vocabulary: Vocabulary) -> None:
        self.bases = bases
        self.vocabulary = vocabulary
        try:
            # TOML knows one line end; positions count what an editor shows.
            source = data.decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise PolicyError(file, data[: error.start].count(b"\n") + 1, 1, phrased("the file is not UTF-8")) from None
        self.text = Text(file, source)
        try:
            self.table = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            raise toml_error(self.text, error) from None
        self.text.index()
        self.file = self.convert(self.table, _File, ())

    def policy(self) -> Policy:
        file, base = self.file, self._base()
        if file.language != LANGUAGE:
            raise self.text.error(
                phrased("this program reads policy language %(version)s only", version=LANGUAGE), ("language",)
            )
        values = self._values(base)
        meanings = {value.name: [dated.value for dated in value.history] for value in values}
        policy = Policy(
            language=LANGUAGE,
            name=file.policy,
            layer=file.layer,
            zone=_either(file.zone, base.zone if base else "UTC"),
            region=_either(file.region, base.region if base else ""),
            calendar=_either(file.calendar, base.calendar if base else ""),
            currency=_either(file.currency, base.currency if base else ""),
            applies=_either(file.applies, base.applies if base else "placed"),
            countries=file.countries,
            in_force=file.in_force,
            settings=self._settings(base),
            values=values,
            deadlines=self._deadlines(base),
            rules=self._rules(base, meanings),
            reasons=self._reasons(base),
            tunable=self._tunable(base),
        )
        # What an extension inherits and no longer reads is no longer offered; its own must be read.
        unread = {tunable.name for tunable in policy.tunable} - read_by(policy) - self.file.tunable.keys()
        offered = tuple(tunable for tunable in policy.tunable if tunable.name not in unread)
        policy = msgspec.structs.replace(policy, tunable=offered)
        for message, path in problems(policy, self.vocabulary):
            raise self.text.error(message, self._written(path))
        return policy

    def convert(self, table: object, kind: type[T], path: Path) -> T:
        """Check a table's form with msgspec, and name our place of what it finds."""
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `")
            inner = tuple(int(n) if n else name for name, n in re.findall(r"([A-Za-z_]+)|\[(\d+)\]", where))
            unknown = re.search(r"unknown field `(.+)`", message)
            if unknown:
                known = [field.encode_name for field in msgspec.structs.fields(kind)]  # pyright: ignore[reportArgumentType]
                hint = near(unknown[1], known)
                member = (*path, *inner, unknown[1])
                raise self.text.error_at_key(
                    phrased("there is no '%(name)s' here%(hint)s", name=unknown[1], hint=hint), member
                ) from None
            wrong = re.search(r"Invalid enum value '(.+)'", message)
            hint = near(wrong[1], _WORDS.get(str(inner[-1]) if inner else "", ())) if wrong else ""
            raise self.text.error(
                phrased("%(what)s%(hint)s", what=remark(message, FORMS), hint=hint), (*path, *inner)
            ) from None

    def _base(self) -> Policy | None:
        name = self.file.extends
        if not name:
            return None
        if name not in self.bases:
            raise self.text.error(
                phrased("there is no policy called %(name)s to extend%(hint)s", name=name, hint=near(name, self.bases)),
                ("extends",),
            )
        return self.bases[name]

    def _settings(self, base: Policy | None) -> Settings:
        self.convert(self.file.settings, Settings, ("settings",))
        return msgspec.structs.replace(base.settings if base else Settings(), **self.file.settings)

    def _values(self, base: Policy | None) -> tuple[NamedValue, ...]:
        merged = {value.name: value for value in base.values} if base else {}
        for name, history in self.file.values.items():
            path = ("values", name)
            if name in self.vocabulary:
                raise self.text.error(phrased("%(name)s is the name of a fact already", name=name), path)
            if re.fullmatch(r"[a-z][a-z0-9_]*", name) is None:
                raise self.text.error(phrased("the name of a value is one word in lower case"), path)
            if not history:
                raise self.text.error(
                    phrased("a value needs a first day: 2024-01-31 = { value = ..., source = ... }"), path
                )
            merged[name] = NamedValue(
                name, tuple(sorted(self._dated(path, history), key=lambda dated: dated.first_day))
            )
        return tuple(merged.values())

    def _dated(self, path: Path, history: Table) -> list[Dated]:
        dated: list[Dated] = []
        for day, entry in history.items():
            try:
                first_day = msgspec.convert(day, type=Dated.__annotations__["first_day"])
            except msgspec.ValidationError:
                raise self.text.error(
                    phrased("%(day)s is not a day: write 2024-01-31", day=day), (*path, day)
                ) from None
            raw = self.convert(entry, _Value, (*path, day))
            dated.append(Dated(first_day, raw.value, raw.source, raw.unverified))
        return dated

    def _deadlines(self, base: Policy | None) -> tuple[DeadlineTerms, ...]:
        merged = {terms.name: terms for terms in base.deadlines} if base else {}
        for name, table in self.file.deadlines.items():
            raw = self.convert(table, _Deadline, ("deadlines", name))
            merged[name] = DeadlineTerms(name, raw.event, raw.span, raw.on_silence, raw.then, raw.cutoff, raw.cites)
        return tuple(merged.values())

    def _rules(self, base: Policy | None, meanings: Mapping[str, Sequence[Plain]]) -> tuple[Rule, ...]:
        inherited = {rule.id: rule for rule in base.rules} if base else {}
        own: dict[str, Rule] = {}
        for n, table in enumerate(self.file.rules):
            raw = self.convert(table, _Rule, ("rules", n))
            if raw.id in own:
                raise self.text.error(phrased("there are two rules called %(rule)s", rule=raw.id), ("rules", n, "id"))
            when = self._condition(raw.when, meanings, ("rules", n, "when"))
            own[raw.id] = Rule(
                id=raw.id,
                on=raw.on,
                text=" ".join(raw.when.split()),
                when=when,
                verdict=raw.verdict,
                cites=raw.cites,
                deadline=raw.deadline,
                instead=raw.instead,
                lines=raw.lines,
                fee=raw.fee,
            )
        return self._ordered({**inherited, **own}, own, base)

    def _ordered(self, merged: dict[str, Rule], own: dict[str, Rule], base: Policy | None) -> tuple[Rule, ...]:
        order = self.file.order
        if not order:
            added = [rule for rule in own if base and rule not in {old.id for old in base.rules}]
            if added:
                raise self._at_rule(
                    phrased("%(rule)s is new: list every rule in its place with order = [...]", rule=added[0]), added[0]
                )
            return tuple(merged.values())
        for n, name in enumerate(order):
            if name not in merged:
                raise self.text.error(
                    phrased("there is no rule called %(name)s%(hint)s", name=name, hint=near(name, merged)),
                    ("order", n),
                )
            if name in order[:n]:
                raise self.text.error(phrased("%(name)s stands twice in the order", name=name), ("order", n))
        for name in own:
            if name not in order:
                raise self._at_rule(phrased("%(name)s has no place in the order", name=name), name)
        return tuple(merged[name] for name in order)

    def _reasons(self, base: Policy | None) -> Reasons:
        found = base.reasons if base else Reasons()
        for catalogue, tables in self.file.reasons.items():
            reasons: list[Reason] = []
            for n, table in enumerate(tables):
                path = ("reasons", catalogue, n)
                raw = self.convert(table, _Reason, path)
                # Reasons read no values: they are shown long before anything is resolved.
                when = self._condition(raw.when, {}, (*path, "when")) if raw.when else None
                fault = self._condition(raw.fault, {}, (*path, "fault")) if raw.fault else None
                reasons.append(
                    Reason(
                        code=raw.code,
                        platform=raw.platform,
                        text=raw.when,
                        when=when,
                        needs=raw.needs,
                        fault_text=raw.fault,
                        fault=fault,
                    )
                )
            found = msgspec.structs.replace(found, **{catalogue: tuple(reasons)})
        return found

    def _tunable(self, base: Policy | None) -> tuple[Tunable, ...]:
        merged = {tunable.name: tunable for tunable in base.tunable} if base else {}
        for name, table in self.file.tunable.items():
            raw = self.convert(table, _Tunable, ("tunable", name))
            merged[name] = Tunable(name=name, choices=raw.choices, low=raw.low, high=raw.high, cites=raw.cites)
        return tuple(merged.values())

    def _condition(self, text: str, meanings: Mapping[str, Sequence[Plain]], path: Path) -> Node:
        return parse(text, self.vocabulary, meanings, lambda message, index: self.text.error(message, path, index))

    def _at_rule(self, message: str, rule: str) -> PolicyError:
        return self.text.error(message, self._written(("rules", rule)))

    def _written(self, path: Path) -> Path:
        """Rules are checked by id, and stand in the file by number."""
        if len(path) > 1 and path[0] == "rules" and isinstance(path[1], str):
            for n, table in enumerate(self.file.rules):
                if table.get("id") == path[1]:
                    return ("rules", n, *path[2:])
            return ("extends",)
        return path


_WORDS: dict[str, Sequence[str]] = {
    "verdict": tuple(Verdict),
    "on_silence": tuple(OnSilence),
    "on": On.__args__,
    "from": Event.__args__,
    "then": Then.__args__,
    "layer": Layer.__args__,
    "needs": Needed.__args__,
    "instead": WAYS_ON,
}


def _either(own: str | None, inherited: str) -> Any:
    return inherited if own is None else own


def toml_error(text: Text, error: tomllib.TOMLDecodeError) -> PolicyError:
    """What tomllib says of a text, at its place."""
    message, _, where = str(error).rpartition(" (at ")
    found = re.match(r"line (\d+), column (\d+)", where)
    if found:
        return PolicyError(text.file, int(found[1]), int(found[2]), remark(message, TOML))
    return text.error_at(remark(message or str(error), TOML), len(text.source))
