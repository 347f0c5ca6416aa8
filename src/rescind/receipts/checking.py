"""Checking a receipt offline: that it is as it was signed, and that the policy texts still give the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from rescind.api.reasoning import deadline_told, findings_told
from rescind.core.errors import MalformedBody
from rescind.core.instant import Instant
from rescind.core.policy import Finding, Policy
from rescind.core.receipt import SIGNATURE, Question, answers, canonical, commitment, digests, signed_bytes
from rescind.intake import document
from rescind.postgres.receipt_keys import ReceiptKey
from rescind.receipts.signing import ALGORITHM, fits

FORMAT = 1


class NotAReceipt(Exception):
    """The file is no receipt of ours. The message says what is wrong with it."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What came out, in sentences. wrong: what does not hold; unsure: what could not be checked; sure: what holds."""

    wrong: tuple[str, ...]
    unsure: tuple[str, ...]
    sure: tuple[str, ...]


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    algorithm: str
    digests: dict[str, str]
    key: str
    public_key: str
    value: str


class _Claims(Question, frozen=True, kw_only=True):
    """The members that are compared with what comes out, beside the question."""

    format: int
    issued_at: Instant
    issuer: str
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    fault: str = ""
    deadline: dict[str, Any] | None
    findings: list[Any]
    commitments: dict[str, str]
    openings: dict[str, str]
    signature: _Signature


def check(data: bytes, policies: Mapping[str, Policy], keys: Mapping[str, ReceiptKey] | None) -> Checked:
    """Check a receipt against policy texts by hash and, when given, the published keys by id. Raises NotAReceipt."""
    told, claims = _read(data)
    found = _Checks(told, claims)
    found.form(data)
    found.signature(keys)
    found.commitments()
    found.answer(policies)
    return Checked(wrong=tuple(found.wrong), unsure=tuple(found.unsure), sure=tuple(found.sure))


def _read(data: bytes) -> tuple[dict[str, Any], _Claims]:
    try:
        told = document.parse(data)
        claims = msgspec.convert(told, _Claims)
    except MalformedBody as error:
        raise NotAReceipt(f"it should be {error.params['expected']}") from None
    except msgspec.ValidationError as error:
        raise NotAReceipt(str(error)) from None
    if claims.format != FORMAT:
        raise NotAReceipt(f"its format is {claims.format}, and this program reads {FORMAT}")
    return cast("dict[str, Any]", told), claims


class _Checks:
    """The checks in their order. Each adds sentences, none stops the others."""

    def __init__(self, told: dict[str, Any], claims: _Claims) -> None:
        self.told = told
        self.claims = claims
        self.wrong: list[str] = []
        self.unsure: list[str] = []
        self.sure: list[str] = []

    def form(self, data: bytes) -> None:
        """There is one way to write a receipt, so that no byte of it is free."""
        try:
            expected = canonical(self.told)
        except ValueError as error:
            self.wrong.append(f"It was altered: {error}.")
            return
        if data != expected:
            pairs = zip(data, expected, strict=False)
            place = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(data), len(expected)))
            self.wrong.append(
                f"It is not written as receipts are, from byte {place + 1} on: spaces, line ends or the order of its "
                "members were changed. Download it again."
            )

    def signature(self, keys: Mapping[str, ReceiptKey] | None) -> None:
        """The signature is the named key's, every member is as it was signed, and the key is a published one."""
        signed = self.claims.signature
        own = signed.algorithm == ALGORITHM and hashlib.sha256(_bytes(signed.public_key)).hexdigest() == signed.key
        if not own or not fits(signed.public_key, signed.value, signed_bytes(self.told[SIGNATURE])):
            self.wrong.append("The signature does not fit: it, its key or its list of digests was altered.")
        altered = list(self._altered())
        self.wrong += [f"`{name}` is not as it was signed." for name in altered]
        if not self.wrong:
            self.sure.append(f"Every member is as it was signed, by key {signed.key}.")
        self._key(keys)

    def _altered(self) -> Iterator[str]:
        signed = self.claims.signature.digests
        try:
            present = digests(self.told)
        except ValueError:
            return
        yield from sorted(name for name in signed.keys() | present.keys() if signed.get(name) != present.get(name))

    def _key(self, keys: Mapping[str, ReceiptKey] | None) -> None:
        signed = self.claims.signature
        if keys is None:
            self.unsure.append(
                f"Whose key it is was not checked: compare it with those at {self.claims.issuer}/v1/receipt-keys, or "
                "give them with --keys."
            )
            return
        key = keys.get(signed.key)
        if key is None or key.public != signed.public_key:
            self.wrong.append("The key is none of the published ones.")
        elif key.retired_at is not None and self.claims.issued_at >= key.retired_at:
            self.wrong.append(f"The key was retired at {key.retired_at:%Y-%m-%d %H:%M:%S}, before this was issued.")
        else:
            self.sure.append("The key is a published one.")

    def commitments(self) -> None:
        """A fact that is opened is the one that was committed to."""
        claims = self.claims
        for name, salt in claims.openings.items():
            if commitment(name, claims.facts.get(name), salt) != claims.commitments.get(name):
                self.wrong.append(f"The fact {name} is not the one that the commitment holds.")
        missing = [name for name in claims.withheld if name in claims.facts or name not in claims.commitments]
        self.wrong += [f"The fact {name} is said to be withheld, and its commitment is not there." for name in missing]

    def answer(self, policies: Mapping[str, Policy]) -> None:
        """Ask the question again."""
        claims = self.claims
        if not self._calendar():
            return
        absent = [one for one in claims.layers if one.hash not in policies]
        if absent:
            self.unsure += [
                f"The text of policy {one.name} is not at hand; it is at {claims.issuer}/v1/policies/{one.hash}. "
                "Give it with --policy."
                for one in absent
            ]
            return
        self.wrong += [
            f"Policy {one.name} is written in language {policies[one.hash].language}, not {one.language}."
            for one in claims.layers
            if policies[one.hash].language != one.language
        ]
        try:
            found = list(answers(claims, policies))
            self._fault(policies)
        # The facts may be anything in a receipt that was altered; judging does not look at what it is given.
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            self.wrong.append(f"The question cannot be asked again: {type(error).__name__}: {error}.")
            return
        self._compare(found)

    def _fault(self, policies: Mapping[str, Policy]) -> None:
        """Whose fault the reason makes it is the preset's word; a receipt from before it was told says nothing."""
        claims = self.claims
        catalogue = "seller" if claims.on == "seller_cancel" else "buyer"
        preset = next((policies[one.hash] for one in claims.layers if one.layer == "preset"), None)
        if preset is None or "fault" not in self.told:
            return
        comes_out = "seller" if preset.seller_at_fault(catalogue, str(claims.facts["reason"]), claims.facts) else ""
        if claims.fault != comes_out:
            self.wrong.append(f"It says fault {claims.fault or 'none'}; the policy text gives {comes_out or 'none'}.")

    def _calendar(self) -> bool:
        try:
            right = self.claims.days().hash == self.claims.calendar.hash
        except (ValueError, TypeError):
            right = False
        if not right:
            self.wrong.append("The calendar is not the one whose hash is named.")
        return right

    def _compare(self, found: list[Finding]) -> None:
        claims = self.claims
        differing = [list(self._differences(one)) for one in found]
        if not claims.withheld:
            self.wrong += differing[0]
            if not differing[0]:
                self.sure.append(f"{self._texts()} again {self._told()}")
            return
        count = len(claims.withheld)
        facts = f"{count} fact is withheld" if count == 1 else f"{count} facts are withheld"
        self.unsure.append(f"It cannot be recomputed fully: {facts} ({', '.join(claims.withheld)}).")
        if found and all(differing):
            self.wrong += min(differing, key=len)
        elif found and not any(differing):
            self.sure.append(f"Whatever is withheld, {self._texts().lower()} {self._told()}")
        elif found:
            self.unsure.append(f"For some values of what is withheld {self._texts().lower()} {self._told()}")

    def _texts(self) -> str:
        return "The policy text gives" if len(self.claims.layers) == 1 else "The policy texts give"

    def _told(self) -> str:
        claims = self.claims
        until = f", due {claims.deadline.get('due_at')}" if claims.deadline else ""
        return f"{claims.verdict} by {claims.rule}{until}."

    def _differences(self, finding: Finding) -> Iterator[str]:
        claims = self.claims
        pairs: tuple[tuple[str, object, object], ...] = (
            ("verdict", claims.verdict, finding.verdict.value),
            ("rule", claims.rule, finding.rule),
            ("layer", claims.layer, finding.layer),
            ("cites", claims.cites, list(finding.cites)),
            ("instead", claims.instead, finding.instead or ""),
        )
        for name, said, comes_out in pairs:
            if said != comes_out:
                yield f"It says {name} {said}; the policy text gives {comes_out}."
        yield from self._deadline(finding)
        if not claims.withheld and msgspec.to_builtins(findings_told(finding, "operator")) != claims.findings:
            yield "The rules that did not apply, or why, are not those that the policy text gives."

    def _deadline(self, finding: Finding) -> Iterator[str]:
        said = self.claims.deadline
        comes_out: dict[str, Any] | None = msgspec.to_builtins(deadline_told(finding.deadline))
        if said is None or comes_out is None:
            if said is not comes_out:
                yield f"It says {'no' if said is None else 'a'} deadline; the policy text gives {comes_out or 'none'}."
            return
        for name in sorted(said.keys() | comes_out.keys()):
            if said.get(name) != comes_out.get(name):
                yield f"It says deadline {name} {said.get(name)}; the policy text gives {comes_out.get(name)}."


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
