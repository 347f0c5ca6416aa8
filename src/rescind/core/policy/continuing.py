"""A value gets a new meaning from a day on, in the text of a policy file. What stood there before stays as it was."""

from __future__ import annotations

import tomllib

from rescind.core.policy.policy import Dated, NamedValue
from rescind.core.policy.position import Text
from rescind.core.policy.writing import dated_line, value_table


class NotContinued(ValueError):
    """The day is not after the last one of the value's history. ``last``: that day."""

    def __init__(self, name: str, last: object) -> None:
        super().__init__(f"{name} means something since {last} already: a value is continued, never edited")
        self.last = last


def continued(source: str, value: NamedValue, dated: Dated) -> str:
    """The text with one more line in the value's table.

    value: as the text means it, with what it inherits. A value that is inherited is written out whole, because a table
    takes the place of the one that it extends. Raises NotContinued.
    """
    last = value.history[-1].first_day
    if dated.first_day <= last:
        raise NotContinued(value.name, last)
    source = source.replace("\r\n", "\n")
    own = tomllib.loads(source).get("values", {}).get(value.name)
    if own is None:
        table = value_table(NamedValue(value.name, (*value.history, dated)))
        return source.rstrip("\n") + "\n\n" + "\n".join(table) + "\n"
    text = Text("", source)
    text.index()
    after = max(text.places["values", value.name, day].start for day in own)
    end = source.find("\n", after)
    end = len(source) if end < 0 else end
    rest = source[end:] or "\n"
    return f"{source[:end]}\n{dated_line(dated)}{rest}"
