"""Messages say what is wrong, which value was met and what to do."""

import pytest

from crmkit.errors import CrmkitError, NotMeasured, Problems, UnknownName, did_you_mean


def test_one_problem_is_singular_and_two_are_listed_in_order():
    assert str(Problems("orders.csv", ["no revenue."])) == "orders.csv has 1 problem:\n  - no revenue."
    two = Problems("orders.csv", ["no revenue.", "no date."])
    assert str(two) == "orders.csv has 2 problems:\n  - no revenue.\n  - no date."
    assert two.problems == ["no revenue.", "no date."] and two.subject == "orders.csv"


def test_an_unknown_name_reads_as_a_sentence_and_not_as_the_repr_of_a_key():
    error = UnknownName("metric", "npss", ["nps", "csat"])
    assert str(error) == "There is no metric 'npss'. Did you mean 'nps'?"
    assert error.name == "npss"


def test_an_unknown_name_is_caught_as_a_crmkit_error_and_as_a_key_error():
    with pytest.raises(CrmkitError):
        raise UnknownName("table", "order", ["orders"])
    with pytest.raises(KeyError):
        raise UnknownName("table", "order", ["orders"])


def test_what_is_not_measured_names_the_missing_column():
    error = NotMeasured("orders.margin")
    assert error.needs == "orders.margin"
    assert str(error) == "not measured: needs orders.margin"
    assert isinstance(error, CrmkitError)


def test_the_nearest_name_is_offered_whatever_its_case():
    assert did_you_mean("NPS", ["nps", "csat"]) == "Did you mean 'nps'?"
    assert did_you_mean("europe/berlin", ["Europe/Berlin", "Europe/Paris"]) == "Did you mean 'Europe/Berlin'?"


def test_without_a_near_name_the_known_ones_are_listed_in_alphabetical_order():
    assert did_you_mean("weather", ["nps", "csat"]) == "Known: csat, nps."
    assert did_you_mean("weather", []) == "None are known."


def test_of_a_hundred_known_names_thirty_are_listed_and_seventy_counted():
    hint = did_you_mean("?", [f"name{number:03d}" for number in range(100)])
    assert hint.count("name") == 30
    assert hint.startswith("Known: name000, name001,") and hint.endswith("name029 and 70 more.")


def test_a_name_that_is_a_number_is_answered_too():
    assert did_you_mean(2026, ["2025", "month"]) == "Did you mean '2025'?"
