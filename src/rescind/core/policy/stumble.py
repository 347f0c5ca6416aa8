"""What keeps a condition from being read, in words for its author: what is missing and where, or what is too much.

The SQL parser says where it gave up, and says it of its own grammar. That of conditions is small, so the first place
at which a condition cannot go on is found here, from its tokens alone. It is asked only when reading has failed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from sqlglot import Token, TokenType

from rescind.core.sentence import phrased

Stumble = tuple[str, int]
"""A sentence, and the index into the condition's text of what it speaks of."""

_Kind = Literal["joint", "not", "compare", "plus", "in", "between", "open", "close", "comma", "value", "other", "end"]
_KINDS: Final[dict[TokenType, _Kind]] = {
    TokenType.AND: "joint",
    TokenType.OR: "joint",
    TokenType.NOT: "not",
    TokenType.PLUS: "plus",
    TokenType.IN: "in",
    TokenType.BETWEEN: "between",
    TokenType.L_PAREN: "open",
    TokenType.R_PAREN: "close",
    TokenType.COMMA: "comma",
    **dict.fromkeys(
        (TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE),
        "compare",
    ),
    **dict.fromkeys(
        (TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.NUMBER, TokenType.TRUE, TokenType.FALSE),
        "value",
    ),
}
_UNITS: Final = frozenset({"s", "m", "h", "d", "bd"}) | {
    f"{unit}{end}" for unit in ("second", "minute", "hour", "day") for end in ("", "s")
}
_END: Final = Token(TokenType.SEMICOLON, "")


def stumble(text: str, tokens: Sequence[Token], names: Collection[str], at: int) -> Stumble | None:
    """The first place at which this condition cannot go on, else the word at which the parser gave up; None where there
    is neither. names: facts and values, which are words of a condition also where SQL has another use for them.
    """
    walk = _Walk(text, tokens, names)
    found = walk.stumble()
    if found is not None:
        return found
    word = next((token for token in tokens if token.start <= at <= token.end), None)
    return (unexpected(text, word), word.start) if word else None


def unexpected(text: str, token: Token) -> str:
    """What is said of a word that is simply too much."""
    if token.text == "`":
        return phrased("a name is written without quotes")
    return phrased("`%(word)s` is not expected here", word=_shown(text, token))


def _shown(text: str, token: Token) -> str:
    """A word as its author wrote it."""
    return text[token.start : token.end + 1]


class _Walk:
    def __init__(self, text: str, tokens: Sequence[Token], names: Collection[str]) -> None:
        self.text = text
        self.tokens = tokens
        self.names = names
        self.before: Token | None = None
        self.open: list[tuple[Token, bool]] = []
        """Parentheses that are not closed yet, and whether they hold a list."""
        self.wants: Literal["condition", "value", "list", ""] = "condition"
        self.between: Token | None = None
        """A BETWEEN whose AND has not come."""

    def stumble(self) -> Stumble | None:
        for place, token in enumerate((*self.tokens, _END)):
            kind = "end" if token is _END else self._kind(token)
            if kind == "not" and not self.wants and self._kind_at(place + 1) in {"in", "between", "other"}:
                continue
            found = self._after_operand(token, kind) if not self.wants else self._wanted(token, kind)
            if found is not None:
                return found if found[0] else None
            self.before = token
        return None

    def _wanted(self, token: Token, kind: _Kind) -> Stumble | None:
        """What comes where a fact, a value or a list has to come."""
        match kind:
            case "open":
                self.open.append((token, self.wants == "list"))
                self.wants = "value" if self.wants == "list" else self.wants
                return None
            case "value" if self.wants != "list":
                self.wants = ""
                return None
            case "not" if self.wants == "condition":
                return None
            case "other" if token.token_type is not TokenType.UNKNOWN:
                return _NOTHING_TO_SAY
            case "other":
                return unexpected(self.text, token), token.start
            case _:
                return self._missing(token, kind)

    def _missing(self, token: Token, kind: _Kind) -> Stumble:
        before = self.before
        if kind in {"compare", "in", "between"} and self.wants == "condition":
            return phrased("a fact is missing before `%(word)s`", word=self._shown(token)), token.start
        if before is None and kind == "end":
            return phrased("it is empty"), 0
        if before is None:
            missing = phrased("a condition is missing before `%(word)s`", word=self._shown(token))
            return (missing if kind == "joint" else unexpected(self.text, token)), token.start
        after = {"word": self._shown(before)}
        match self.wants:
            case "list":
                said = phrased("a list in parentheses is missing after `%(word)s`", **after)
            case "condition":
                said = phrased("a condition is missing after `%(word)s`", **after)
            case _:
                said = phrased("a value is missing after `%(word)s`", **after)
        return said, before.start

    def _after_operand(self, token: Token, kind: _Kind) -> Stumble | None:
        """What comes after a fact, a value or a closing parenthesis."""
        match kind:
            case "joint":
                ends_between = self.between is not None and token.token_type is TokenType.AND
                self.wants = "value" if ends_between else "condition"
                self.between = None if ends_between else self.between
            case "compare" | "plus":
                self.wants = "value"
            case "in":
                self.wants = "list"
            case "between":
                self.wants, self.between = "value", token
            case "comma" if self.open and self.open[-1][1]:
                self.wants = "value"
            case "close" if self.open:
                self.open.pop()
            case "close":
                return phrased("this parenthesis closes nothing"), token.start
            case "end":
                return self._unfinished()
            case "value":
                return self._side_by_side(token)
            case "open":
                return _NOTHING_TO_SAY  # A function: whoever reads the tree says so.
            case _:
                return unexpected(self.text, token), token.start
        return None

    def _unfinished(self) -> Stumble | None:
        if self.between is not None:
            word = self._shown(self.between)
            return phrased("`%(word)s` takes two values, with `and` between them", word=word), self.between.start
        if self.open:
            return phrased("this parenthesis is never closed"), self.open[-1][0].start
        return None

    def _side_by_side(self, token: Token) -> Stumble:
        before = self.before
        assert before is not None, "an operand came before"
        pair = {"before": self._shown(before), "word": self._shown(token)}
        if before.token_type is TokenType.NUMBER and token.text.lower() in _UNITS:
            return phrased("a span is written in quotes and without a space, such as '24h'"), before.start
        if self.open and self.open[-1][1]:
            return phrased("a comma is missing between `%(before)s` and `%(word)s`", **pair), token.start
        if before.text in self.names and token.token_type in {TokenType.STRING, TokenType.NUMBER}:
            return phrased("a comparison such as = or < is missing between `%(before)s` and `%(word)s`", **pair), (
                token.start
            )
        return phrased("`and` or `or` is missing between `%(before)s` and `%(word)s`", **pair), token.start

    def _kind_at(self, place: int) -> _Kind:
        return self._kind(self.tokens[place]) if place < len(self.tokens) else "end"

    def _kind(self, token: Token) -> _Kind:
        return "value" if token.text in self.names else _KINDS.get(token.token_type, "other")

    def _shown(self, token: Token) -> str:
        return _shown(self.text, token)


_NOTHING_TO_SAY: Final[Stumble] = ("", 0)
