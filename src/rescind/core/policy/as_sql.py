"""The same conditions as SQL, in any dialect sqlglot writes, for back-tests on DuckDB, PostgreSQL, Spark or Trino.

The facts stand in a table with one column a fact; those of lines in a second table, one row a selected line.
"""

from collections.abc import Sequence

import msgspec
from sqlglot import exp

from rescind.core.policy.literal import Constant, Values, constant, members
from rescind.core.policy.tree import Always, Among, And, Compare, Flag, Node, Not, Op, Or, Setting, facts_read
from rescind.core.policy.vocabulary import FactSpec, Kind, Per, Vocabulary

_OPERATORS: dict[Op, type[exp.Binary]] = {
    "=": exp.EQ,
    "!=": exp.NEQ,
    "<": exp.LT,
    "<=": exp.LTE,
    ">": exp.GT,
    ">=": exp.GTE,
}


class SqlNames(msgspec.Struct, frozen=True):
    """How the tables are called: FROM ... AS `order`; lines in `line_table`, joined by `key` in both."""

    order: str = "o"
    line_table: str = "line_facts"
    line: str = "l"
    key: str = "order_id"


def condition_sql(
    node: Node, lines: str, values: Values, vocabulary: Vocabulary, dialect: str, names: SqlNames | None = None
) -> str:
    """One condition as a SQL expression over the table aliased `names.order`."""
    return _Writer(values, vocabulary, names or SqlNames()).rule(node, lines).sql(dialect=dialect)


def first_rule_sql(
    rules: Sequence[tuple[str, Node, str]],
    values: Values,
    vocabulary: Vocabulary,
    dialect: str,
    names: SqlNames | None = None,
) -> str:
    """CASE expression: the id of the first rule that holds, NULL when none does. rules: id, condition, lines."""
    writer = _Writer(values, vocabulary, names or SqlNames())
    case = exp.Case()
    for rule, node, lines in rules:
        case = case.when(writer.rule(node, lines), exp.Literal.string(rule))
    return case.else_(exp.Null()).sql(dialect=dialect)


class _Writer:
    def __init__(self, values: Values, vocabulary: Vocabulary, names: SqlNames) -> None:
        self.values = values
        self.vocabulary = vocabulary
        self.names = names

    def rule(self, node: Node, lines: str) -> exp.Expr:
        if not any(self.vocabulary[name].level is Per.LINE for name in facts_read(node)):
            return self._say(node)
        said = self._say(node)
        if lines == "any":
            return self._exists(said)
        return exp.and_(self._exists(None), exp.not_(self._exists(exp.not_(said))))

    def _exists(self, said: exp.Expr | None) -> exp.Expr:
        names = self.names
        joined = exp.EQ(this=exp.column(names.key, names.line), expression=exp.column(names.key, names.order))
        found = exp.select(exp.Literal.number(1)).from_(
            exp.alias_(exp.to_table(names.line_table), names.line, table=True)
        )
        return exp.Exists(this=found.where(joined if said is None else exp.and_(joined, said)))

    def _say(self, node: Node) -> exp.Expr:
        match node:
            case Always(holds):
                return exp.Boolean(this=holds)
            case Setting(name):
                return exp.Boolean(this=bool(self.values[name]))
            case Flag(fact):
                return self._column(fact)
            case Not(part):
                return exp.not_(self._say(part))
            case And(parts):
                return exp.paren(exp.and_(*(self._say(part) for part in parts)))
            case Or(parts):
                return exp.paren(exp.or_(*(self._say(part) for part in parts)))
            case Among(fact, listed):
                spec = self.vocabulary[fact]
                constants = [constant(value, spec, self.values) for value in listed]
                if spec.kind is Kind.AMOUNT:
                    return exp.paren(exp.or_(*(self._compare(spec, "=", wanted) for wanted in constants)))
                return self._one_of(fact, tuple(wanted.content for wanted in constants))
            case Compare(fact, op, value):
                spec = self.vocabulary[fact]
                return self._compare(spec, op, constant(value, spec, self.values))

    def _column(self, fact: str) -> exp.Column:
        line = fact in self.vocabulary and self.vocabulary[fact].level is Per.LINE
        return exp.column(fact, self.names.line if line else self.names.order)

    def _compare(self, spec: FactSpec, op: Op, wanted: Constant) -> exp.Expr:
        if spec.kind is Kind.LEVEL:
            assert isinstance(wanted.content, str), "a level is compared with a word"
            return self._one_of(spec.name, members(op, wanted.content, spec))
        said = _OPERATORS[op](this=self._column(spec.name), expression=_literal(wanted.content))
        if spec.kind is not Kind.AMOUNT:
            return said
        same = exp.EQ(this=self._column("currency"), expression=exp.Literal.string(wanted.currency))
        return exp.paren(exp.and_(same, said))

    def _one_of(self, fact: str, wanted: tuple[str | int, ...]) -> exp.Expr:
        if not wanted:
            return exp.Boolean(this=False)
        return exp.In(this=self._column(fact), expressions=[_literal(one) for one in wanted])


def _literal(content: str | int) -> exp.Expr:
    return exp.Literal.string(content) if isinstance(content, str) else exp.Literal.number(content)
