"""What a policy person reads when a condition cannot be read: what is missing, or what is too much, and where."""

import re

import pytest

from rescind.core.policy import PolicyError
from rescind.core.policy.loading import load
from rescind.locales import locale
from rescind.policies import preset

BEFORE = 'policy = "mine"\nextends = "base"\n[[rules]]\nid = "MINE-1"\non = "request"\nwhen = \'\'\''
AFTER = "'''\nverdict = \"approve\"\n"

STUMBLES = [
    # what is missing
    ("stage < 'packed' and", 18, "a condition is missing after `and`", "`and` 之后缺少条件"),
    ("stage < 'packed' OR", 18, "a condition is missing after `OR`", "`OR` 之后缺少条件"),
    ("and partial", 1, "a condition is missing before `and`", "`and` 之前缺少条件"),
    ("partial and and partial", 9, "a condition is missing after `and`", "`and` 之后缺少条件"),
    ("partial and not", 13, "a condition is missing after `not`", "`not` 之后缺少条件"),
    ("not (", 5, "a condition is missing after `(`", "`(` 之后缺少条件"),
    ("stage <", 7, "a value is missing after `<`", "`<` 之后缺少数值"),
    ("stage <= <= 'packed'", 7, "a value is missing after `<=`", "`<=` 之后缺少数值"),
    ("since_paid < hold +", 19, "a value is missing after `+`", "`+` 之后缺少数值"),
    ("partial and = 'x'", 13, "a fact is missing before `=`", "`=` 之前缺少事实"),
    ("in ('packed')", 1, "a fact is missing before `in`", "`in` 之前缺少事实"),
    ("stage in ('packed',", 19, "a value is missing after `,`", "`,` 之后缺少数值"),
    ("stage in ('packed', 'review'", 10, "this parenthesis is never closed", "此括号没有闭合"),
    ("partial or (partial", 12, "this parenthesis is never closed", "此括号没有闭合"),
    ("stage between 'review'", 7, "`between` takes two values, with `and` between them", "需要两个数值"),
    ("stage between and 'packed'", 7, "a value is missing after `between`", "`between` 之后缺少数值"),
    ("stage between 'review' and", 24, "a value is missing after `and`", "`and` 之后缺少数值"),
    ("stage 'packed'", 7, "a comparison such as = or < is missing between `stage` and `'packed'`", "缺少比较符"),
    ("partial reason = 'other'", 9, "`and` or `or` is missing between `partial` and `reason`", "缺少 `and` 或 `or`"),
    ("stage in ('packed' 'review')", 11, "a comma is missing between two words", "两个词之间缺少逗号"),
    ("stage = 'packed", 9, "a quote is never closed", "引号没有闭合"),
    ("", 1, "it is empty", "内容为空"),
    ("  ", 1, "it is empty", "内容为空"),
    ("partial and ()", 1, "there is nothing between the parentheses", "括号中没有内容"),
    # what is too much, or written otherwise
    ("partial)", 8, "this parenthesis closes nothing", "此括号没有对应的左括号"),
    ("partial, partial", 8, "`,` is not expected here", "此处不应出现 `,`"),
    ("partial && partial", 9, "`&&` is not expected here", "此处不应出现 `&&`"),
    ("if partial", 1, "`if` is not expected here", "此处不应出现 `if`"),
    ("when partial", 1, "`when` is not expected here", "此处不应出现 `when`"),
    ("`stage` = 'packed'", 1, "a name is written without quotes", "名称不加引号"),
    ("since_paid < 24h", 14, "a span is written in quotes and without a space, such as '24h'", "须写在引号中"),
    ("since_paid < 24 hours", 14, "a span is written in quotes", "须写在引号中"),
    ('stage < "packed"', 9, "a word is written in single straight quotes: 'packed'", "直单引号中：'packed'"),
    ("stage = “packed”", 9, "a word is written in single straight quotes: 'packed'", "直单引号中：'packed'"),
    ("stage ＜ 'packed'", 7, "＜ is a full-width sign", "＜ 是全角符号"),
    ("partial，not partial", 8, "， is a full-width sign", "， 是全角符号"),
    ("partial || partial", 1, "|| is not allowed: write OR", "请在两个条件之间写 OR"),
    ("'packed'", 1, "a value alone is no condition", "单独一个数值不是条件"),
    ("stage = :x", 1, "a placeholder is not allowed", "不能使用占位符"),
    ("amount * 2 > 'EUR 1'", 1, "only + is allowed", "只能用 + 连接"),
    ("since_paid > interval '1 day'", 1, "INTERVAL is not allowed: write a span in quotes", "不能使用 INTERVAL"),
    ("stage = [1]", 10, "a list stands in parentheses, after IN", "列表须写在括号中"),
    ("stage::text = 'packed'", 1, "a conversion is not allowed", "不能转换类型"),
]


@pytest.mark.parametrize(("text", "column", "english", "chinese"), STUMBLES)
def test_a_condition_that_cannot_be_read_is_told_in_words_of_its_author(text, column, english, chinese):
    with pytest.raises(PolicyError) as caught:
        load((BEFORE + text + AFTER).encode(), "mine.toml", bases={"base": preset("base")})
    error = caught.value
    said = [locale(tag).told(error.message) for tag in ("en", "zh")]
    assert english in said[0]
    assert chinese in said[1]
    assert (error.line, error.column) == (6, len("when = '''") + column)
    # Words of the parser about itself, a class of its or a key of its tree, are nobody's but its author's.
    parts = r"\((?:this|expression|high|low)\)|Token|token|keyword|Tuple|Literal|DPipe|Placeholder|Command"
    assert not any(re.search(parts, each) for each in said)
    assert not any(re.search(r"[.?!。？]{2}|[.?!。]$", each) for each in said)


def test_the_sentence_about_a_policy_ends_once_whatever_the_mistake_ends_with():
    """A mistake may end with a question: did you mean 'stage'?"""
    for tag in ("en", "zh"):
        told = locale(tag).pgettext("problem.detail", "policy-invalid")
        filled = told % {"file": "mine.toml", "line": 6, "column": 11, "message": "stagee; did you mean 'stage'?"}
        assert filled.endswith("did you mean 'stage'?")
