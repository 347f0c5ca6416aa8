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
from rescind.core.sentence import Sentence, phrased
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
        raise NotAReceipt(phrased("it should be %(expected)s", expected=error.params["expected"])) from None
    except msgspec.ValidationError as error:
        raise NotAReceipt(str(error)) from None
    if claims.format != FORMAT:
        raise NotAReceipt(
            phrased("its format is %(format)s, and this program reads %(ours)s", format=claims.format, ours=FORMAT)
        )
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
            self.wrong.append(phrased("It was altered: %(why)s.", why=str(error)))
            return
        if data != expected:
            pairs = zip(data, expected, strict=False)
            place = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(data), len(expected)))
            self.wrong.append(
                phrased(
                    "It is not written as receipts are, from byte %(place)s on: spaces, line ends or the order of its "
                    "members were changed. Download it again.",
                    place=place + 1,
                )
            )

    def signature(self, keys: Mapping[str, ReceiptKey] | None) -> None:
        """The signature is the named key's, every member is as it was signed, and the key is a published one."""
        signed = self.claims.signature
        own = signed.algorithm == ALGORITHM and hashlib.sha256(_bytes(signed.public_key)).hexdigest() == signed.key
        if not own or not fits(signed.public_key, signed.value, signed_bytes(self.told[SIGNATURE])):
            self.wrong.append(phrased("The signature does not fit: it, its key or its list of digests was altered."))
        altered = list(self._altered())
        self.wrong += [phrased("`%(name)s` is not as it was signed.", name=name) for name in altered]
        if not self.wrong:
            self.sure.append(phrased("Every member is as it was signed, by key %(key)s.", key=signed.key))
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
                phrased(
                    "Whose key it is was not checked: compare it with those at %(address)s, or give them with --keys.",
                    address=f"{self.claims.issuer}/v1/receipt-keys",
                )
            )
            return
        key = keys.get(signed.key)
        if key is None or key.public != signed.public_key:
            self.wrong.append(phrased("The key is none of the published ones."))
        elif key.retired_at is not None and self.claims.issued_at >= key.retired_at:
            retired = f"{key.retired_at:%Y-%m-%d %H:%M:%S}"
            self.wrong.append(phrased("The key was retired at %(retired)s, before this was issued.", retired=retired))
        else:
            self.sure.append(phrased("The key is a published one."))

    def commitments(self) -> None:
        """A fact that is opened is the one that was committed to."""
        claims = self.claims
        for name, salt in claims.openings.items():
            if commitment(name, claims.facts.get(name), salt) != claims.commitments.get(name):
                self.wrong.append(phrased("The fact %(name)s is not the one that the commitment holds.", name=name))
        missing = [name for name in claims.withheld if name in claims.facts or name not in claims.commitments]
        self.wrong += [
            phrased("The fact %(name)s is said to be withheld, and its commitment is not there.", name=name)
            for name in missing
        ]

    def answer(self, policies: Mapping[str, Policy]) -> None:
        """Ask the question again."""
        claims = self.claims
        if not self._calendar():
            return
        absent = [one for one in claims.layers if one.hash not in policies]
        if absent:
            self.unsure += [
                phrased(
                    "The text of policy %(name)s is not at hand; it is at %(address)s. Give it with --policy.",
                    name=one.name,
                    address=f"{claims.issuer}/v1/policies/{one.hash}",
                )
                for one in absent
            ]
            return
        self.wrong += [
            phrased(
                "Policy %(name)s is written in language %(found)s, not %(said)s.",
                name=one.name,
                found=policies[one.hash].language,
                said=one.language,
            )
            for one in claims.layers
            if policies[one.hash].language != one.language
        ]
        try:
            found = list(answers(claims, policies))
            self._fault(policies)
        # The facts may be anything in a receipt that was altered; judging does not look at what it is given.
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
            self.wrong.append(phrased("The question cannot be asked again: %(why)s.", why=why))
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
            self.wrong.append(_otherwise("fault", claims.fault, comes_out))

    def _calendar(self) -> bool:
        try:
            right = self.claims.days().hash == self.claims.calendar.hash
        except (ValueError, TypeError):
            right = False
        if not right:
            self.wrong.append(phrased("The calendar is not the one whose hash is named."))
        return right

    def _compare(self, found: list[Finding]) -> None:
        claims = self.claims
        differing = [list(self._differences(one)) for one in found]
        if not claims.withheld:
            self.wrong += differing[0]
            if not differing[0]:
                self.sure.append(
                    self._gives(phrased("The policy text gives again"), phrased("The policy texts give again"))
                )
            return
        withheld = ", ".join(claims.withheld)
        self.unsure.append(
            phrased("It cannot be recomputed fully: facts are withheld (%(withheld)s).", withheld=withheld)
        )
        if found and all(differing):
            self.wrong += min(differing, key=len)
        elif found and not any(differing):
            self.sure.append(
                self._gives(
                    phrased("Whatever is withheld, the policy text gives"),
                    phrased("Whatever is withheld, the policy texts give"),
                )
            )
        elif found:
            self.unsure.append(
                self._gives(
                    phrased("For some values of what is withheld the policy text gives"),
                    phrased("For some values of what is withheld the policy texts give"),
                )
            )

    def _gives(self, one: Sentence, several: Sentence) -> Sentence:
        claims = self.claims
        told = {"gives": one if len(claims.layers) == 1 else several, "verdict": claims.verdict, "rule": claims.rule}
        if not claims.deadline:
            return phrased("%(gives)s %(verdict)s by %(rule)s.", **told)
        return phrased("%(gives)s %(verdict)s by %(rule)s, due %(due)s.", due=claims.deadline.get("due_at"), **told)

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
                yield _otherwise(name, said, comes_out)
        yield from self._deadline(finding)
        if not claims.withheld and msgspec.to_builtins(findings_told(finding, "operator")) != claims.findings:
            yield phrased("The rules that did not apply, or why, are not those that the policy text gives.")

    def _deadline(self, finding: Finding) -> Iterator[str]:
        said = self.claims.deadline
        comes_out: dict[str, Any] | None = msgspec.to_builtins(deadline_told(finding.deadline))
        if said is None or comes_out is None:
            if said is not comes_out:
                yield _otherwise("deadline", said, comes_out)
            return
        for name in sorted(said.keys() | comes_out.keys()):
            if said.get(name) != comes_out.get(name):
                yield _otherwise(f"deadline {name}", said.get(name), comes_out.get(name))


def _otherwise(name: str, said: object, comes_out: object) -> Sentence:
    none = phrased("none")
    return phrased(
        "It says %(name)s %(said)s; the policy text gives %(found)s.",
        name=name,
        said=none if said in (None, "") else said,
        found=none if comes_out in (None, "") else comes_out,
    )


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
