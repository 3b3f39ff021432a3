"""What all sections of the pages have in common: an empty section where there is nothing to show, and a whole docstring."""

import inspect

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import NotMeasured
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.pages.section import section

EMPTY = {
    "waterfall_chart": "no paid terms",
    "retention_worth": "no retention costs",
    "sales_table": "no order lines",
    "revenue_change_chart": "no change of revenue",
    "revenue_change_table": "no change of revenue",
    "survival_chart": "no customers",
    "cohort_table": "no cohorts",
    "follow_up": "nobody to call back",
    "follow_up_export": "nobody to call back",
    "sentiment_table": "no texts",
    "posting_hours": "no posts",
    "channel_table": "no contacts",
    "engagement_table": "no engagement score",
    "action_table": "no actions with a holdout",
}


@pytest.fixture(scope="module")
def one_order():
    """A company of which one order is known."""
    orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    return ck.connect({"orders": orders})


@pytest.mark.parametrize(("name", "nothing"), EMPTY.items())
def test_a_section_with_nothing_to_show_is_empty_and_says_so(one_order, name, nothing):
    fragment = getattr(ck.pages, name)(one_order, ck.covered_period(one_order, "2026-10"))
    assert (fragment.html, repr(fragment)) == ("", f"<crmkit {nothing}>")


def test_a_section_whose_tables_are_missing_is_empty(one_order):
    @section("no deals")
    def deals(catalog: object) -> Fragment | None:
        """Return deals."""
        raise NotMeasured("needs deals")

    assert repr(deals(one_order)) == "<crmkit no deals>"


def test_the_docstring_explains_shared_and_own_parameters_in_order():
    @section("no lines")
    def lines(catalog: ck.Period, period: ck.Period, by: str = "product") -> Fragment | None:
        """Return lines.

        Parameters
        ----------
        by : str
            The column.
        """

    text = inspect.getdoc(lines)
    assert [text.index(name) for name in ("catalog :", "period :", "by : str", "Returns\n---")] == sorted(
        text.index(name) for name in ("catalog :", "period :", "by : str", "Returns\n---")
    )
    assert inspect.signature(lines).return_annotation == "Fragment"
