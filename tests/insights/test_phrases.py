"""How a metric's movement is said."""

import re

import pytest

from crmkit.insights.phrases import mid_sentence, moved, stated
from crmkit.metrics.card import CARDS
from crmkit.metrics.formatting import singular
from crmkit.words import has_message

OWN = [name for name, card in CARDS.items() if card.function.__module__.startswith("crmkit.metrics.")]


def test_every_card_that_ships_has_words_of_its_own():
    parts = ("states", "rose", "fell")
    assert [name for name in OWN for part in parts if not has_message(f"phrase-{name}.{part}")] == []


def test_what_a_card_counts_has_a_singular():
    assert [counted for counted in {CARDS[name].counted for name in OWN} if singular(counted) == counted] == []


def test_every_card_has_clauses_that_differ_and_a_statement_with_the_value():
    rose = {name: moved(name, card.label, rose=True) for name, card in CARDS.items()}
    assert [name for name, clause in rose.items() if clause == moved(name, CARDS[name].label, rose=False)] == []
    assert [name for name, card in CARDS.items() if "7" not in stated(name, card.label, "7", 7)] == []
    capital = {name: clause.split()[0] for name, clause in rose.items() if clause[0] != clause[0].lower()}
    assert [name for name, word in capital.items() if word not in CARDS[name].label] == []


@pytest.mark.parametrize("name", OWN)
def test_a_count_is_stated_in_the_singular_and_the_plural(name):
    if CARDS[name].unit != "count":
        return
    none, one, many = (stated(name, CARDS[name].label, str(n), n) for n in (0, 1, 1234))
    assert "o " in none[:3] or " no " in none, none
    assert "1,234 " in many and len({none, one, many}) == 3 and not re.search(r"\b1 \w+s\b", one)


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Average order value", "average order value"),
        ("Net Promoter Score", "Net Promoter Score"),
        ("CSAT by e-mail", "CSAT by e-mail"),
        ("Customers lost (churn)", "customers lost (churn)"),
        ("", ""),
    ],
)
def test_a_label_keeps_its_capitals_inside_a_sentence_only_where_it_is_a_name(label, inside):
    assert mid_sentence(label) == inside
