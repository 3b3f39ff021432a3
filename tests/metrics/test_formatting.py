"""Numbers in words: each unit by hand, the digits that intervals allow, and what must never be printed."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmkit.metrics.formatting import (
    Scale,
    adding_up,
    beside,
    common_scale,
    counted,
    currency_of,
    in_words,
    joined,
    number_word,
    scale_for,
    scale_of,
    singular,
)

UNITS = ["points", "share", "money", "count", "days", "per customer", "hours"]
CURRENCIES = [None, "EUR", "USD", "JPY", "IDR", "MYR", "CHF", "BHD"]
SIZES = [0, 1, 5, 50, 5000]
BROKEN = ["nan", "none", "inf", "-0", "−0 ", "- ", "--", "−−", "  "]
numbers = st.one_of(
    st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-1e12, 1e12), st.integers(-(10**9), 10**9)
)


@pytest.mark.parametrize(
    ("value", "unit", "low", "high", "words"),
    [
        (41.2, "points", 28.3, 54.1, "41 points"),
        (0.858, "share", 0.82, 0.889, "86 %"),
        (0.0620, "share", 0.0555, 0.0692, "6.2 %"),
        (0.034, "share", 0.0322, 0.0358, "3.4 %"),
        (0.00042, "share", 0.00031, 0.00055, "0.042 %"),
        (38.2, "money", 36.1, 40.6, "€38"),
        (21_437.0, "money", 16_900.0, 26_300.0, "€21,400"),
        (41.17, "money", 40.2, 42.1, "€41.17"),
        (1_240_000.0, "money", 1_180_000.0, 1_310_000.0, "€1.24 million"),
        (2.5e9, "money", None, None, "€2.5 billion"),
        (1204, "count", 1130, 1280, "1,204"),
        (12.0, "days", 9.0, 16.0, "12 days"),
        (1.0, "days", None, None, "1 day"),
        (1.83, "per customer", 1.6, 2.1, "1.8 per customer"),
        (3.0, "hours", None, None, "3 hours"),
        (-7.2, "points", -20.0, 6.0, "−7 points"),
        (-1234.5, "money", None, None, "−€1,234"),
    ],
)
def test_each_unit_reads_as_a_person_would_write_it(value, unit, low, high, words):
    assert in_words(value, unit, low=low, high=high, currency="EUR") == words


@pytest.mark.parametrize(
    ("currency", "words"),
    [
        ("JPY", "¥4,210"),
        ("IDR", "IDR\xa04,210"),
        ("MYR", "MYR\xa04,210"),
        ("USD", "$4,210"),
        (None, "4,210"),
    ],
)
def test_currencies_have_their_own_sign_and_letters_are_set_apart(currency, words):
    assert in_words(4210.4, "money", currency=currency) == words


def test_yen_have_no_cents_and_euros_do():
    assert (in_words(41.37, "money", currency="JPY"), in_words(41.37, "money", currency="EUR")) == ("¥41", "€41.37")


@pytest.mark.parametrize(
    ("low", "high", "unit", "words"),
    [
        (28.3, 54.1, "points", "28 to 54 points"),
        (0.82, 0.889, "share", "82 to 89 %"),
        (36.1, 40.6, "money", "€36 to €41"),
        (1_180_000.0, 1_310_000.0, "money", "€1.18 to €1.31 million"),
        (12.0, math.inf, "days", "12 days or more"),
        (None, 30.0, "days", "up to 30 days"),
        (None, math.nan, "days", ""),
        (-8.1, 15.8, "points", "−8 to 16 points"),
        (5.0, 5.0, "count", "5"),
    ],
)
def test_an_interval_names_both_its_ends_or_the_one_it_has(low, high, unit, words):
    assert scale_for(unit, low, low=low, high=high, currency="EUR").interval(low, high) == words


@pytest.mark.parametrize(
    ("change", "scale", "words", "size"),
    [
        (6.2, Scale(suffix="points"), "+6", "6 points"),
        (0.019, Scale(100, 1, "", "%"), "+1.9 pts", "1.9 percentage points"),
        (0.01, Scale(100, 0, "", "%"), "+1 pt", "1 percentage point"),
        (-7.1, Scale(prefix="€"), "−€7", "€7"),
        (2.0, Scale(suffix="days"), "+2 days", "2 days"),
        (-0.13, Scale(1, 1, "", "per customer"), "−0.1", "0.1"),
        (0.0, Scale(), "no change", "0"),
        (0.0004, Scale(100, 1, "", "%"), "+0.04 pts", "0.04 percentage points"),
        (0.000004, Scale(100, 1, "", "%"), "no change", "0.0 percentage points"),
        (math.nan, Scale(), "", "no data"),
    ],
)
def test_a_change_has_a_sign_and_its_size_has_none(change, scale, words, size):
    assert (scale.change(change), scale.size(change)) == (words, size)


def test_a_narrow_interval_buys_a_digit_and_a_wide_one_costs_it():
    narrow, wide = scale_for("share", 0.062, low=0.0612, high=0.0628), scale_for("share", 0.062, low=0.02, high=0.12)
    assert (narrow.words(0.062), wide.words(0.062)) == ("6.20 %", "6 %")


def test_a_target_is_exact_and_keeps_its_digits():
    assert scale_for("share", 0.875, significant=4).words(0.875) == "87.5 %"


def test_number_and_unit_come_apart_for_a_tile():
    assert Scale(100, 1, "", "%").parts(0.062) == ("6.2", "%")
    assert Scale(100, 1, "", "%").parts(None) == ("no data", "")


def test_numbers_of_numpy_are_numbers_and_a_text_is_not():
    assert in_words(np.int64(1204), "count") == "1,204"
    assert in_words(np.float32(0.5), "share") == "50 %"
    assert in_words("12", "count") == "no data"  # type: ignore[arg-type]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("nouns", ["answers", "customers at start", "new customers", "people asked", "opportunities"])
def test_counts_agree_with_their_nouns_at_every_size(n, nouns):
    words = counted(n, nouns)
    assert words.startswith({0: "no ", 1: "1 ", 5: "5 ", 50: "50 ", 5000: "5,000 "}[n])
    assert words.endswith(f" {singular(nouns) if n == 1 else nouns}")


@pytest.mark.parametrize(
    ("nouns", "one"),
    [
        ("answers", "answer"),
        ("customers at start", "customer at start"),
        ("leads created", "lead created"),
        ("terms due", "term due"),
        ("orders and refunds", "order or refund"),
        ("companies", "company"),
        ("people", "person"),
        ("boxes", "box"),
        ("addresses", "address"),
        ("business days", "business day"),
        ("staff", "staff"),
    ],
)
def test_a_noun_phrase_turns_singular_at_its_head(nouns, one):
    assert singular(nouns) == one


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_missing_count_says_nothing(missing):
    assert counted(missing, "answers") == ""


def test_periods_are_named_as_short_as_the_reader_needs():
    assert [beside("2026-09", "2026-10"), beside("2025-10", "2026-10"), beside("2026-W42", "2026-W43")] == [
        "September",
        "October 2025",
        "week 42 of 2026",
    ]


def test_lists_and_small_numbers_are_written_out():
    assert (joined(["a"]), joined(["a", "b", "c"]), joined([])) == ("a", "a, b and c", "")
    assert [number_word(n) for n in (0, 14, 21)] == ["no", "fourteen", "21"]


def test_a_column_takes_the_finest_scale_that_any_of_its_values_allows():
    import pandas as pd

    rows = pd.DataFrame(
        {"value": [0.06, 0.051, None], "low": [0.01, 0.048, None], "high": [0.2, 0.054, None], "unit": "share"}
    )
    assert common_scale(rows.itertuples(index=False)).words(0.06) == "6.0 %"
    assert scale_of(next(rows.itertuples(index=False))).words(0.06) == "6 %"


@pytest.mark.parametrize(
    ("unit", "value", "before", "low", "high", "words"),
    [
        ("share", 0.084, 0.036, 0.05, 0.13, ("8.4 %", "3.6 %", "+4.8 pts")),
        ("share", 0.082, 0.038, 0.05, 0.13, ("8 %", "4 %", "+4 pts")),
        ("money", 38.24, 45.65, 36.1, 40.6, ("€38.24", "€45.65", "−€7.41")),
        ("money", 5_081.78, 5_340.32, None, None, ("€5,082", "€5,340", "−€258")),
        ("money", 21_437.0, 19_168.0, 16_900.0, 26_300.0, ("€21,400", "€19,200", "+€2,200")),
    ],
)
def test_what_is_printed_of_a_change_adds_up(unit, value, before, low, high, words):
    row = SimpleNamespace(unit=unit, value=value, low=low, high=high, previous_value=before, change=value - before)
    scale = scale_of(row, "EUR")
    assert (scale.words(value), scale.words(before), scale.change(row.change, (value, before))) == words


def test_the_currency_given_wins_over_the_one_on_the_frame():
    import pandas as pd

    frame = pd.DataFrame()
    frame.attrs["currency"] = "JPY"
    assert (currency_of(frame), currency_of(frame, "EUR"), currency_of(pd.DataFrame())) == ("JPY", "EUR", None)


@given(value=numbers, low=numbers, high=numbers, unit=st.sampled_from(UNITS), currency=st.sampled_from(CURRENCIES))
@example(value=None, low=None, high=1.797693134862316e306, unit="share", currency=None)
def test_no_number_whatever_prints_a_word_for_programmers(value, low, high, unit, currency):
    scale = scale_for(unit, value, low=low, high=high, currency=currency)
    for text in (
        scale.words(value),
        scale.interval(low, high),
        scale.change(value),
        scale.size(value),
        *scale.parts(value),
    ):
        assert not any(broken in text.lower() for broken in BROKEN), text
        assert text == text.strip() and "-" not in text


@given(value=st.floats(0, 1), width=st.floats(0.0001, 0.5))
def test_a_decimal_is_printed_only_where_the_interval_is_between_three_and_thirty_of_its_steps(value, width):
    scale = scale_for("share", value, low=value, high=value + width)
    steps = 100 * width * 10.0**scale.decimals
    assert scale.decimals == 0 or steps < 30.001
    assert steps > 2.999 or scale.decimals == 4 or 10.0 ** (4 - scale.decimals) > 100 * value


@given(value=st.floats(-1e6, 1e6), low=st.floats(-1e6, 1e6), width=st.floats(0, 1e6), unit=st.sampled_from(UNITS))
def test_what_is_printed_lies_within_half_a_step_of_the_number(value, low, width, unit):
    scale = scale_for(unit, value, low=low, high=low + width)
    printed = float(scale.number(value).replace("−", "-").replace(",", ""))
    assert abs(printed - value * scale.factor) <= 0.5 * 10.0**-scale.decimals * (1 + 1e-6) + 1e-6


@given(n=st.integers(2, 10**9), nouns=st.sampled_from(["answers", "customers at start"]))
def test_only_one_is_singular(n, nouns):
    assert counted(n, nouns).endswith(nouns) and not counted(1, nouns).endswith(nouns)


def test_21_94_a_week_after_15_48_needs_one_digit_and_the_change_is_that_of_what_is_printed():
    scale = adding_up(Scale(suffix="per week"), [(21.94, 15.48)])
    assert (scale.words(21.94), scale.words(15.48)) == ("21.9 per week", "15.5 per week")
    assert scale.change(6.46, (21.94, 15.48)) == "+6.4 per week"


def test_a_change_that_rounding_would_double_keeps_its_digits():
    scale = adding_up(Scale(suffix="points"), [(8.51, 7.49)])
    assert scale.decimals == 1 and scale.change(1.02, (8.51, 7.49)) == "+1.0"
    assert Scale(suffix="points").change(1.02, (8.51, 7.49)) == "+1"
