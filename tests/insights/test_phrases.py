"""How a metric's movement is said."""

import pytest

from crmkit.insights.phrases import PHRASES, mid_sentence, phrase_for
from crmkit.metrics.card import CARDS
from crmkit.metrics.formatting import singular

OWN = [name for name, card in CARDS.items() if card.function.__module__.startswith("crmkit.metrics.")]


def test_every_card_that_ships_has_words_of_its_own():
    assert [name for name in OWN if name not in PHRASES] == []
    assert [name for name in PHRASES if name not in OWN] == []


def test_what_a_card_counts_has_a_singular():
    assert [counted for counted in {CARDS[name].counted for name in OWN} if singular(counted) == counted] == []


def test_every_card_has_clauses_that_differ_and_a_statement_with_the_value():
    phrases = {name: phrase_for(name, card.label) for name, card in CARDS.items()}
    assert [name for name, phrase in phrases.items() if phrase.rose == phrase.fell] == []
    assert [name for name, phrase in phrases.items() if "{value}" not in phrase.states] == []
    capital = {
        name: phrase.rose.split()[0] for name, phrase in phrases.items() if phrase.rose[0] != phrase.rose[0].lower()
    }
    assert [name for name, word in capital.items() if word not in CARDS[name].label] == []


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
