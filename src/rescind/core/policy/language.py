"""From the text of a condition to our tree. SQL is the grammar; what is not on the short list below is refused."""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError

from rescind.core.policy.literal import Plain, read_literal
from rescind.core.policy.position import PolicyError, near
from rescind.core.policy.remarks import CONDITION, remark
from rescind.core.policy.stumble import stumble, unexpected
from rescind.core.policy.tree import (
    FLIPPED,
    Always,
    Among,
    And,
    Compare,
    Elapsed,
    Flag,
    Named,
    Node,
    Not,
    Number,
    Op,
    Or,
    Setting,
    Sum,
    Value,
)
from rescind.core.policy.vocabulary import FactSpec, Kind, Vocabulary
from rescind.core.sentence import phrased, why

Fail = Callable[[str, int], PolicyError]
"""Makes an error from a message and an index into the condition's text."""

_LONGEST = 4000
_DEEPEST = 40
_OPERATORS: dict[type[exp.Expr], Op] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_SAID: dict[type[exp.Expr], str] = {
    exp.Like: phrased("LIKE is not allowed: list the words with IN"),
    exp.ILike: phrased("LIKE is not allowed: list the words with IN"),
    exp.Null: phrased("NULL is not allowed: a fact is never null"),
    exp.Is: phrased("IS is not allowed: a fact is never null, and a flag is written alone"),
    exp.Subquery: phrased("a query inside a condition is not allowed"),
    exp.Select: phrased("a query inside a condition is not allowed"),
    exp.Exists: phrased("a query inside a condition is not allowed"),
    exp.Case: phrased("CASE is not allowed: write a second rule"),
    exp.Neg: phrased("a negative number is not allowed: facts are never below zero"),
    exp.All: phrased("ALL and ANY are not allowed: list the words with IN"),
    exp.Any: phrased("ALL and ANY are not allowed: list the words with IN"),
    exp.Array: phrased("a list stands in parentheses, after IN"),
    exp.Tuple: phrased("a list stands in parentheses, after IN"),
    exp.Cast: phrased("a conversion is not allowed: a fact is what it is"),
    exp.Concat: phrased("a comma is missing between two words"),
    exp.DPipe: phrased("|| is not allowed: write OR between two conditions"),
    exp.Interval: phrased("INTERVAL is not allowed: write a span in quotes, such as '24h'"),
    exp.Literal: phrased("a value alone is no condition: compare a fact with it"),
    exp.Parameter: phrased("a placeholder is not allowed: write the value, or a name of [values]"),
    exp.Placeholder: phrased("a placeholder is not allowed: write the value, or a name of [values]"),
    **dict.fromkeys(
        (exp.Sub, exp.Mul, exp.Div, exp.Mod),
        phrased("only + is allowed, between the values that a fact is compared with: work the rest out first"),
    ),
}
_TYPOGRAPHIC = frozenset("‘’“”«»「」『』＇＂")
"""Quotes of a word processor, which SQL takes for letters."""
_FULL_WIDTH = frozenset("，；：（）＜＞＝！＋")
"""Signs of a Chinese keyboard, likewise."""


def parse(text: str, vocabulary: Vocabulary, values: Mapping[str, Sequence[Plain]], fail: Fail) -> Node:
    """The tree of a condition.

    values: each name of `[values]` with everything it ever meant; all of it must fit where the name is used.
    Raises what `fail` makes for anything that is not a closed comparison of facts with literals and values.
    """
    if len(text) > _LONGEST:
        raise fail(phrased("a condition is at most %(most)s characters long", most=_LONGEST), _LONGEST)
    return _Reader(text, vocabulary, values, fail).read()


class _Reader:
    def __init__(self, text: str, vocabulary: Vocabulary, values: Mapping[str, Sequence[Plain]], fail: Fail) -> None:
        self.text = text
        self.vocabulary = vocabulary
        self.values = values
        self.fail = fail
        self.tokens: list[Token] = []

    def read(self) -> Node:
        dialect = Dialect.get_or_raise(None)
        try:
            self.tokens = dialect.tokenize(self.text)
            self._check_tokens()
            if self.tokens and self.tokens[0].text.lower() == "if":
                # The parser would take the rest for a command, and say so on the log.
                raise self._unreadable(unexpected(self.text, self.tokens[0]), self.tokens[0].start)
            found = dialect.parse_into(exp.Condition, self.text)
        except TokenError as error:
            raise self._unreadable(_first_line(error), self._unclosed()) from None
        except ParseError as error:
            raise self._stumbled(_description(error), self._offset_of(error)) from None
        if len(found) != 1 or found[0] is None:
            raise self._stumbled(phrased("a condition is one expression"), 0)
        return self._node(found[0])

    def _stumbled(self, said: str, offset: int) -> PolicyError:
        """Why it cannot be read, from its own words where they show it, else as the parser says it."""
        found = stumble(self.text, self.tokens, (*self.vocabulary, *self.values), offset)
        return self._unreadable(*(found or (said, offset)))

    def _unreadable(self, said: str, offset: int) -> PolicyError:
        return self.fail(phrased("the condition cannot be read: %(why)s", why=said), offset)

    def _check_tokens(self) -> None:
        """Refuse what the parser would drop in silence, and nesting that only an attack needs."""
        depth = nots = 0
        for token in self.tokens:
            wide = _FULL_WIDTH & set(token.text) if token.token_type is TokenType.VAR else set[str]()
            if wide:
                sign = min(wide, key=token.text.index)
                message = phrased("%(sign)s is a full-width sign: write it in half width", sign=sign)
                raise self.fail(message, token.start + token.text.index(sign))
            match token.token_type:
                case TokenType.SEMICOLON:
                    raise self.fail(phrased("a condition is one expression, without a semicolon"), token.start)
                case TokenType.L_PAREN:
                    depth += 1
                case TokenType.R_PAREN:
                    depth -= 1
                case TokenType.NOT:
                    nots += 1
                case _:
                    continue
            if max(depth, nots) > _DEEPEST:
                raise self.fail(phrased("too many parentheses and NOTs: split the rule"), token.start)

    def _node(self, node: exp.Expr) -> Node:
        match node:
            case exp.Paren():
                return self._node(node.this)
            case exp.And():
                return And(tuple(self._flat(node, exp.And)))
            case exp.Or():
                return Or(tuple(self._flat(node, exp.Or)))
            case exp.Not():
                return Not(self._node(node.this))
            case exp.Boolean():
                return Always(bool(node.this))
            case exp.Column():
                return self._bare(node)
            case exp.In():
                return self._among(node)
            case exp.Between():
                return self._between(node)
            case _ if type(node) in _OPERATORS:
                return self._compare(node)
            case _:
                raise self._refusal(node)

    def _flat(self, node: exp.Expr, kind: type[exp.Expr]) -> list[Node]:
        parts: list[Node] = []
        for side in (node.args["this"], node.args["expression"]):
            parts += self._flat(side, kind) if isinstance(side, kind) else [self._node(side)]
        return parts

    def _bare(self, node: exp.Column) -> Node:
        name = self._name(node)
        spec = self.vocabulary.get(name)
        if spec is not None:
            if spec.kind is not Kind.FLAG:
                raise self._error(phrased("%(name)s is not a flag: compare it with something", name=name), node)
            return Flag(name)
        if not all(isinstance(meant, bool) for meant in self.values[name]):
            raise self._error(phrased("%(name)s is not true or false: compare a fact with it", name=name), node)
        return Setting(name)

    def _compare(self, node: exp.Expr) -> Node:
        op = _OPERATORS[type(node)]
        left, right = _inside(node.args["this"]), _inside(node.args["expression"])
        fact = self._fact(left)
        if fact is None:
            fact = self._fact(right)
            if fact is None:
                for side in (left, right):
                    if not isinstance(side, exp.Literal | exp.Column | exp.Boolean | exp.Add):
                        raise self._refusal(side)
                raise self._error(phrased("a comparison needs a fact on one side"), node)
            left, right, op = right, left, FLIPPED[op]
        elif self._fact(right) is not None:
            raise self._error(
                phrased("%(fact)s is compared with another fact: use a literal or a name of [values]", fact=fact.name),
                right,
            )
        if fact.kind is Kind.FLAG:
            return self._flag(fact, op, right)
        if op not in {"=", "!="} and not fact.ordered:
            raise self._error(phrased("%(fact)s has no order: use =, != or IN", fact=fact.name), node)
        return Compare(fact.name, op, self._value(right, fact))

    def _flag(self, fact: FactSpec, op: Op, other: exp.Expr) -> Node:
        if not isinstance(other, exp.Boolean) or op not in {"=", "!="}:
            raise self._error(phrased("%(fact)s is a flag: write it alone, or with NOT", fact=fact.name), other)
        return Flag(fact.name) if bool(other.this) == (op == "=") else Not(Flag(fact.name))

    def _among(self, node: exp.In) -> Node:
        fact = self._needed(node.this)
        listed: list[exp.Expr] = node.args.get("expressions") or []
        if not listed or any(node.args.get(other) for other in ("query", "unnest", "field")):
            raise self._error(phrased("IN takes a list in parentheses"), node)
        if fact.kind is Kind.FLAG:
            raise self._error(phrased("%(fact)s is a flag: write it alone, or with NOT", fact=fact.name), node)
        return Among(fact.name, tuple(self._value(item, fact) for item in listed))

    def _between(self, node: exp.Between) -> Node:
        fact = self._needed(node.this)
        if not fact.ordered:
            raise self._error(phrased("%(fact)s has no order: use =, != or IN", fact=fact.name), node)
        if node.args.get("symmetric"):
            raise self._error(phrased("BETWEEN SYMMETRIC is not allowed: write the smaller one first"), node)
        low, high = self._value(node.args["low"], fact), self._value(node.args["high"], fact)
        return And((Compare(fact.name, ">=", low), Compare(fact.name, "<=", high)))

    def _value(self, node: exp.Expr, fact: FactSpec) -> Value:
        node = _inside(node)
        match node:
            case exp.Literal():
                return self._literal(node, fact)
            case exp.Column():
                return self._named(node, fact)
            case exp.Add():
                return self._sum(node, fact)
            case exp.Boolean():
                raise self._error(phrased("%(fact)s is not a flag", fact=fact.name), node)
            case _:
                raise self._refusal(node)

    def _literal(self, node: exp.Literal, fact: FactSpec) -> Value:
        raw: str = node.this
        if not node.is_string and not (raw.isascii() and raw.isdigit()):
            raise self._error(phrased("%(raw)s is not a whole number", raw=raw), node)
        try:
            return read_literal(raw if node.is_string else int(raw), fact)
        except ValueError as error:
            raise self._error(why(error), node) from None

    def _named(self, node: exp.Column, fact: FactSpec) -> Named:
        name = self._name(node)
        if name in self.vocabulary:
            raise self._error(
                phrased("%(fact)s is compared with another fact: use a literal or a name of [values]", fact=fact.name),
                node,
            )
        for meant in self.values[name]:
            try:
                read_literal(meant, fact)
            except ValueError as error:
                raise self._error(
                    phrased("the value %(name)s does not fit here: %(why)s", name=name, why=why(error)), node
                ) from None
        return Named(name)

    def _sum(self, node: exp.Add, fact: FactSpec) -> Sum:
        if fact.kind is not Kind.COUNT:
            raise self._error(
                phrased("only counts and times can be added, and %(fact)s is neither", fact=fact.name), node
            )
        terms: list[Elapsed | Number | Named] = []
        for side in (node.args["this"], node.args["expression"]):
            value = self._value(side, fact)
            match value:
                case Sum(inner):
                    terms += inner
                case Elapsed() | Number() | Named():
                    terms.append(value)
                case _:
                    raise self._refusal(side)
        return Sum(tuple(terms))

    def _needed(self, node: exp.Expr) -> FactSpec:
        fact = self._fact(_inside(node))
        if fact is None:
            raise self._error(phrased("a comparison needs a fact on the left"), node)
        return fact

    def _fact(self, node: exp.Expr) -> FactSpec | None:
        return self.vocabulary.get(self._name(node)) if isinstance(node, exp.Column) else None

    def _name(self, node: exp.Column) -> str:
        identifier = node.this
        if not isinstance(identifier, exp.Identifier) or node.args.get("table"):
            raise self._error(phrased("a name is one plain word"), node)
        name: str = identifier.this
        known = (*self.vocabulary, *self.values)
        if name in known and identifier.args.get("quoted"):
            raise self._error(phrased("a name is one plain word"), node)
        if identifier.args.get("quoted") or _TYPOGRAPHIC & set(name):
            plain = name.translate(dict.fromkeys(map(ord, _TYPOGRAPHIC)))
            raise self._error(phrased("a word is written in single straight quotes: '%(word)s'", word=plain), node)
        if name not in known:
            raise self._error(
                phrased("there is no fact and no value called %(name)s%(hint)s", name=name, hint=near(name, known)),
                node,
            )
        return name

    def _refusal(self, node: exp.Expr) -> PolicyError:
        said = _SAID.get(type(node))
        if isinstance(node, exp.Tuple) and not node.expressions:
            said = phrased("there is nothing between the parentheses")
        if said is None and isinstance(node, exp.Func):
            said = phrased("functions are not allowed in a condition")
        return self._error(said or phrased("this is not allowed in a condition"), node)

    def _error(self, message: str, node: exp.Expr) -> PolicyError:
        return self.fail(message, self._offset(node))

    def _offset(self, node: exp.Expr) -> int:
        """Where a node begins: the first of its parts whose place the parser kept."""
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        if starts:
            return min(starts)
        wanted = TokenType.NULL if isinstance(node, exp.Null) else TokenType.CASE
        return next((token.start for token in self.tokens if token.token_type == wanted), 0)

    def _offset_of(self, error: ParseError) -> int:
        """The parser reports the last column of the token it stumbled on."""
        if not error.errors:
            return 0
        line, column = error.errors[0].get("line") or 1, error.errors[0].get("col") or 1
        starts = [0, *(n + 1 for n, letter in enumerate(self.text) if letter == "\n")]
        end = starts[min(line, len(starts)) - 1] + column - 1
        return next((token.start for token in self.tokens if token.start <= end <= token.end), end)

    def _unclosed(self) -> int:
        """Where the quote stands that was never closed."""
        return max(self.text.rfind("'"), self.text.rfind('"'), 0)


def _inside(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _first_line(error: Exception) -> str:
    return remark(str(error).split("\n", 1)[0].split(" from ", 1)[0], CONDITION)


def _description(error: ParseError) -> str:
    if not error.errors:
        return _first_line(error)
    text = str(error.errors[0].get("description") or "it cannot be read").split("<class")[0].strip().removesuffix("for")
    return remark(text, CONDITION)
