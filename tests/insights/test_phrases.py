"""How a metric's movement is said."""

import pytest

from crmkit.insights.phrases import mid_sentence, phrase_for
from crmkit.metrics.cards import CARDS


@pytest.mark.parametrize(
    "name", ["nps", "csat", "churn_rate", "revenue", "n_orders", "customer_acquisition_cost", "sales_cycle"]
)
def test_the_first_cards_have_words_of_their_own(name):
    card = CARDS[name]
    assert phrase_for(name, card.label) != phrase_for("somebody_elses_card", card.label)


@pytest.mark.parametrize("name", sorted(CARDS))
def test_every_card_has_clauses_that_differ_and_a_statement_with_the_value(name):
    phrase = phrase_for(name, CARDS[name].label)
    assert phrase.rose != phrase.fell
    assert "{value}" in phrase.states
    assert phrase.rose[0] == phrase.rose[0].lower() or phrase.rose.split()[0] in CARDS[name].label


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Average order value", "average order value"), ("Net Promoter Score", "Net Promoter Score"),
        ("CSAT by e-mail", "CSAT by e-mail"), ("Customers lost (churn)", "customers lost (churn)"), ("", ""),
    ],
)  # fmt: skip
def test_a_label_keeps_its_capitals_inside_a_sentence_only_where_it_is_a_name(label, inside):
    assert mid_sentence(label) == inside
