"""Both languages are complete, and write money and time as their readers do."""

import re
import tomllib
from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from typing import get_args

import pytest

from rescind.core import escalation, intercept, returns
from rescind.core.failed_refund import WayOn
from rescind.core.money import Money
from rescind.core.parts import CancellationStatus, FactKind, ProposalOutcome, RefundStatus
from rescind.core.policy import Atom
from rescind.core.stage import Stage
from rescind.locales import LANGUAGE_NAMES, Locale, locale, negotiate
from rescind.locales.completeness import _faults, codes, missing, sentences, uncounted
from rescind.policies import names, retold, worked_examples
from rescind.postgres.endpoints import State as EndpointState
from rescind.web.citations import articles, linked
from rescind.web.explain import wanted_words

NOW = datetime(2026, 11, 23, 12, 48, tzinfo=UTC)
EN, ZH = locale("en"), locale("zh")


def test_no_sentence_is_missing_in_any_language():
    assert [f"{gap.tag} [{gap.context}] {gap.key} ({gap.where}): {gap.fault}" for gap in missing()] == []


def test_every_worked_example_is_told_in_chinese_and_nothing_else_is():
    says = {one.says for name in names() for one in worked_examples(name).examples}
    assert {one for one in says if retold(one, "zh") == one} == set()
    stray = Locale("zh")
    stray.messages = {("", one): (retold(one, "zh"),) for one in says}
    assert [gap.key for gap in _faults(stray) if gap.fault.startswith("half-width")] == []
    kept = tomllib.loads(files("rescind.policies").joinpath("says.examples.zh.toml").read_text("utf-8"))
    assert set(kept) - says == set(), "an example that nobody tells any more"


@pytest.mark.parametrize("kept", [r"\d{1,2}:\d\d(?::\d\d)?", r"(?<![:\d])\d+(?![:\d])"])
def test_a_translated_example_keeps_its_times_and_numbers(kept):
    """Months and years are numbers in Chinese, so every number of the English is in it, in whatever sequence."""
    for name in names():
        for one in worked_examples(name).examples:
            assert set(re.findall(kept, one.says)) <= set(re.findall(kept, retold(one.says, "zh"))), one.says


def test_every_article_of_a_law_has_a_name_in_both_languages():
    assert [one for one in articles() if not (EN.has("source", one) and ZH.has("source", one))] == []
    cited = "Consumer Rights Protection Law, art. 25"
    assert linked(ZH, f"R-040, {cited}").endswith(", 《消费者权益保护法》第二十五条")
    assert linked(EN, cited) == cited
    # One article's name begins another's.
    assert linked(ZH, "Directive 2011/83/EU, art. 11a") == "欧盟第 2011/83/EU 号指令第 11a 条"


def test_the_checker_reads_templates_and_code():
    places = {where.split(":")[0] for _, where in sentences()}
    assert {"web/templates/layout.html", "web/templates/pieces/states.html", "web/rendering.py"} <= places
    assert {"stage", "cancellation", "rule", "fact", "problem.detail"} <= {context for context, _ in codes()}


@pytest.mark.parametrize(
    ("sentence", "faulty"),
    [
        ("请稍后\x2c再试", True),
        ("请稍后\uff0c再试", False),
        ("\x28审核\x29", True),
        ("\uff08审核\uff09", False),
        ("已完成.", True),
        ("Visa 尾号 42", False),
        ("共 3 件: 两件", True),
        ("时间 14:00 前", False),
        ("£24.90, 含税", True),
    ],
)
def test_half_width_signs_beside_chinese_are_found(sentence, faulty):
    stray = Locale("zh")
    stray.messages = {("", "x"): (sentence,)}
    assert bool([gap for gap in _faults(stray) if gap.fault.startswith("half-width")]) is faulty


def test_a_translation_that_loses_a_placeholder_is_found():
    stray = Locale("zh")
    stray.messages = {("", "Run by %(operator)s"): ("运营方",)}
    assert [gap.fault for gap in _faults(stray)] == ["other placeholders than in English"]


def test_a_word_may_speak_to_its_reader():
    assert EN.term("cancellation", "awaiting_seller") == "Waiting for seller"
    assert EN.term("cancellation", "awaiting_seller", "seller") == "Your answer needed"
    assert EN.term("cancellation", "awaiting_seller", "buyer") == "Waiting for seller"
    assert ZH.term("cancellation", "awaiting_seller", "seller") == "待您处理"


@pytest.mark.parametrize(
    ("amount", "english", "chinese"),
    [
        (Money(2490, "GBP"), "£24.90", "£24.90"),
        (Money(-200, "GBP"), "−£2.00", "−£2.00"),
        (Money(5800, "JPY"), "¥5,800", "JP¥5,800"),
        (Money(1255, "KWD"), "KWD 1.255", "KWD 1.255"),  # three decimals
        (Money(123456789, "CNY"), "CN¥1,234,567.89", "¥1,234,567.89"),
        (Money(0, "EUR"), "€0.00", "€0.00"),
        (Money(10**15 - 1, "USD"), "$9,999,999,999,999.99", "US$9,999,999,999,999.99"),
    ],
)
def test_kf_08_money_has_the_currencys_own_digits(amount, english, chinese):
    assert EN.money(amount).replace("\xa0", " ") == english
    assert ZH.money(amount).replace("\xa0", " ") == chinese
    assert EN.money(amount.minor, amount.currency) == EN.money(amount)


def test_a_moment_is_told_in_the_readers_zone_and_form():
    assert EN.instant(NOW, "Asia/Shanghai", now=NOW) == "Mon 23 Nov, 20:48"
    assert ZH.instant(NOW, "Asia/Shanghai", now=NOW) == "11月23日 周一 20:48"
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert EN.instant(late, "Asia/Shanghai", now=NOW) == "Fri 1 Jan 2027, 07:30"
    assert ZH.day(late, "Asia/Shanghai", now=NOW) == "2027年1月1日 周五"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("UTC", "UTC"),
        ("Europe/London", "UTC"),
        ("Asia/Shanghai", "UTC+8"),
        ("America/New_York", "UTC−5"),
        ("Asia/Kolkata", "UTC+5:30"),
    ],
)
def test_a_zone_is_told_as_its_distance_from_utc(zone, name):
    assert EN.zone(NOW, zone) == name


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "less than a minute", "不到 1 分钟"),
        (59, "less than a minute", "不到 1 分钟"),
        (60, "1 min", "1 分钟"),
        (3599, "59 min", "59 分钟"),
        (4320, "1 h 12 min", "1 小时 12 分钟"),
        (7200, "2 h", "2 小时"),
        (3 * 86400 + 4 * 3600 + 3599, "3 d 4 h", "3 天 4 小时"),
        (2 * 86400 + 59, "2 d", "2 天"),
    ],
)
def test_time_left_is_rounded_down_to_two_units(seconds, english, chinese):
    assert EN.time_left(seconds) == english
    assert ZH.time_left(seconds) == chinese


@pytest.mark.parametrize(
    ("header", "explicit", "tag"),
    [
        (None, None, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", None, "zh"),
        ("fr-FR, en;q=0.3, zh-Hans;q=0.4", None, "zh"),
        ("de", None, "en"),
        ("en;q=0, zh;q=0.1", None, "zh"),
        ("zh-TW", "en", "en"),
        ("en", "zh-Hans", "zh"),
        ("en", "klingon", "en"),
        ("zh", "../../etc", "zh"),
        (";;;,=,q=zh", None, "en"),
        ("zh;q=2", None, "en"),
    ],
)
def test_the_readers_choice_comes_before_the_browsers(header, explicit, tag):
    assert negotiate(header, explicit) == tag


def test_plural_forms_follow_the_language():
    assert EN.ngettext("One thing to put right", "%(num)s things to put right", 1) == "One thing to put right"
    assert EN.ngettext("One thing to put right", "%(num)s things to put right", 2) == "%(num)s things to put right"
    assert ZH.ngettext("One thing to put right", "%(num)s things to put right", 1) == "有 %(num)s 处需要修改"


def test_whatever_is_counted_has_two_forms_everywhere():
    assert uncounted() == []


@pytest.mark.parametrize("language", [EN, ZH])
def test_a_stage_is_quoted_once(language):
    for op in ("=", "!=", "<", "<=", ">", ">="):
        said = wanted_words(language, Atom("stage", op, wanted="packing", actual="", held=True))
        assert (said.count("“"), said.count("”")) == (1, 1), said


def test_every_language_names_itself():
    assert list(LANGUAGE_NAMES.values()) == ["English", "中文"]
    assert [locale(tag).html_lang for tag in LANGUAGE_NAMES] == ["en", "zh-Hans"]


STATES = {
    *Stage,
    *CancellationStatus,
    *RefundStatus,
    *WayOn,
    *FactKind,
    *returns.OUTCOMES,
    returns.WITHDRAWN,
    *escalation.OUTCOMES,
    *(step for steps in intercept.STEPS.values() for step in steps),
    *(f"{kind}_{outcome}" for kind in ("proposal", "override") for outcome in ProposalOutcome),
    *get_args(EndpointState),
    "waits_for_bank",
} - {"removed"}
"""Everything that may stand in a problem as the state of a matter. What was removed is not found any more."""


@pytest.mark.parametrize("tag", LANGUAGE_NAMES)
@pytest.mark.parametrize("code", sorted(map(str, STATES)))
def test_where_a_matter_stands_is_said_in_words(code, tag):
    assert locale(tag).state(code) != code


def test_where_a_matter_stands_is_taken_from_the_code_alone_where_nobody_has_named_it():
    assert locale("zh").state("unheard_of") == "unheard_of"


@pytest.mark.parametrize("tag", LANGUAGE_NAMES)
def test_nothing_is_said_twice_in_a_catalogue(tag):
    """Of two translations of one sentence the first would win, and whoever wrote the second would never know."""
    text = files("rescind.locales").joinpath(f"{tag}.po").read_text("utf-8")
    keys = re.findall(r'(?:^msgctxt "(.*)"\n)?^msgid "(.+)"$', text, re.MULTILINE)
    assert [key for key, count in Counter(keys).items() if count > 1] == []
