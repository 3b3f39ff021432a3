"""The canonical tables are those of the design, and keep their own naming rules."""

import ibis.expr.types as ir
import pytest

from crmkit.errors import UnknownName
from crmkit.tables.schema import SCHEMAS, schema

REQUIRED = {
    "customers": "customer_id",
    "customer_identities": "customer_id",
    "orders": "order_id ordered_at revenue",
    "order_lines": "order_id product",
    "subscription_terms": "subscription_id customer_id starts_at ends_at mrr",
    "leads": "lead_id created_at",
    "deals": "deal_id created_at",
    "deal_stages": "deal_id stage entered_at",
    "interactions": "interaction_id occurred_at kind",
    "tickets": "ticket_id customer_id opened_at",
    "costs": "spent_at amount purpose",
    "web_traffic": "visited_on",
    "mailings": "mailing_id customer_id sent_at",
    "mailing_totals": "mailing_id sent_at recipients",
    "survey_invitations": "invitation_id survey sent_at",
    "survey_responses": "response_id responded_at survey score",
    "social_posts": "post_id network posted_at",
    "crm_events": "event_id user_id occurred_at action",
    "treatments": "customer_id action assigned_at treated",
    "customer_scores": "customer_id as_of model model_version",
    "segment_assignments": "customer_id as_of model model_version",
    "text_sentiments": "text_id source as_of model model_version",
}
OPTIONAL = {
    "customers": "acquired_at channel campaign referred_by country region birth_year gender industry company_size "
    "preferred_channel marketing_consent",
    "customer_identities": "name email phone address birth_date",
    "orders": "customer_id margin channel campaign",
    "order_lines": "category quantity revenue",
    "subscription_terms": "plan cancelled_at cancel_reason last_event_at",
    "leads": "channel campaign landing_page owner qualified_at converted_at abandoned_at last_activity_at customer_id",
    "deals": "closed_at won amount stage owner channel product lead_id customer_id",
    "deal_stages": "",
    "interactions": "channel direction user_id customer_id lead_id deal_id",
    "tickets": "resolved_at topic channel",
    "costs": "category channel campaign",
    "web_traffic": "origin landing_page visitors clicks converted_clicks sign_ups leads",
    "mailings": "campaign channel delivered_at opened_at clicked_at converted_at unsubscribed_at revenue",
    "mailing_totals": "campaign audience channel delivered bounced opened clicked unsubscribed complaints orders revenue",
    "survey_invitations": "customer_id channel",
    "survey_responses": "scale_min scale_max low_is_good touchpoint comment language weight customer_id",
    "social_posts": "author kind text language impressions reach likes comments shares clicks customer_id",
    "crm_events": "object",
    "treatments": "trial round block probability ends_at cost outcome_at value",
    "customer_scores": "value low high shared_error",
    "segment_assignments": "segment",
    "text_sentiments": "written_at customer_id language mood method",
}
CLOCKS = {
    "customers": None,
    "customer_identities": None,
    "orders": "ordered_at",
    "order_lines": None,
    "subscription_terms": "starts_at",
    "leads": "created_at",
    "deals": "created_at",
    "deal_stages": "entered_at",
    "interactions": "occurred_at",
    "tickets": "opened_at",
    "costs": "spent_at",
    "web_traffic": "visited_on",
    "mailings": "sent_at",
    "mailing_totals": "sent_at",
    "survey_invitations": "sent_at",
    "survey_responses": "responded_at",
    "social_posts": "posted_at",
    "crm_events": "occurred_at",
    "treatments": "assigned_at",
    "customer_scores": "as_of",
    "segment_assignments": "as_of",
    "text_sentiments": "as_of",
}
COLUMNS = [(table, column) for table in SCHEMAS.values() for column in table.columns]
EACH_TABLE = pytest.mark.parametrize("table", SCHEMAS.values(), ids=SCHEMAS)


def test_there_are_the_twenty_tables_of_the_design_one_for_mailings_without_recipients_and_one_for_moods():
    assert list(SCHEMAS) == list(REQUIRED) and len(SCHEMAS) == 22


@EACH_TABLE
def test_a_table_requires_what_the_design_prints_bold_and_offers_the_rest(table):
    assert set(table.required) == set(REQUIRED[table.name].split())
    assert set(table.names) - set(table.required) == set(OPTIONAL[table.name].split())
    assert len(table.names) == len(set(table.names))


@EACH_TABLE
def test_a_table_is_found_by_its_name_and_says_what_one_row_is(table):
    assert schema(table.name) is table
    assert table.row and not table.row.endswith(".")


@EACH_TABLE
def test_the_clock_of_a_table_is_its_first_required_time(table):
    assert table.clock == CLOCKS[table.name]


@EACH_TABLE
def test_the_key_of_a_table_is_required(table):
    # A small site may not record where visitors came from or arrived: then its days alone are the key.
    may_be_absent = {"origin", "landing_page"} if table.name == "web_traffic" else set()
    assert set(table.key) - set(table.required) == may_be_absent
    assert len(table.key) == len(set(table.key))


def test_only_costs_and_order_lines_may_hold_two_equal_rows():
    assert [table.name for table in SCHEMAS.values() if not table.key] == ["order_lines", "costs"]


def test_only_customer_identities_is_personal_and_names_stand_nowhere_else():
    assert [table.name for table in SCHEMAS.values() if table.personal] == ["customer_identities"]
    identifying = {"name", "email", "phone", "address", "birth_date"}
    assert {table.name for table, column in COLUMNS if column.name in identifying} == {"customer_identities"}


def faulty(fault):
    """Names of the columns with a fault."""
    return [f"{table.name}.{column.name}" for table, column in COLUMNS if fault(table, column)]


def test_each_column_says_what_it_means_in_a_phrase():
    assert len(COLUMNS) == sum(len(REQUIRED[name].split()) + len(OPTIONAL[name].split()) for name in REQUIRED)
    assert faulty(lambda table, column: len(column.meaning) < 4 or column.meaning != column.meaning.strip()) == []
    assert faulty(lambda table, column: column.meaning.endswith(".") and not column.meaning.endswith("...")) == []


def test_names_in_at_are_timestamps_and_only_they_in_on_dates_in_id_ids_and_from_n_counts():
    assert faulty(lambda table, column: column.name.endswith("_at") != (column.kind == "timestamp")) == []
    assert faulty(lambda table, column: column.name.endswith("_on") and column.kind != "date") == []
    assert faulty(lambda table, column: column.name.endswith("_id") and column.kind != "id") == []
    assert faulty(lambda table, column: column.name.startswith("n_") and column.kind != "integer") == []


def test_what_is_counted_or_measured_has_a_unit_and_only_a_prediction_has_that_of_its_model():
    measured = {"timestamp", "date", "money", "integer", "number"}
    without = faulty(lambda table, column: column.kind in measured and not column.unit)
    measures = ("value", "low", "high", "shared_error")
    assert without == [f"customer_scores.{name}" for name in measures]
    assert faulty(lambda table, column: column.kind not in measured and column.unit) == []


def test_choices_are_lower_case_text_and_the_least_is_below_the_most():
    assert faulty(lambda table, column: any(choice != choice.lower() for choice in column.choices)) == []
    assert faulty(lambda table, column: column.choices and column.kind != "text") == []
    assert faulty(lambda table, column: None not in (column.low, column.high) and column.low >= column.high) == []


def test_no_column_is_hidden_by_a_method_of_ibis_tables():
    # orders.count would be a method, whatever the export's column of that name holds.
    assert hasattr(ir.Table, "count")
    assert faulty(lambda table, column: hasattr(ir.Table, column.name)) == []


def test_a_name_used_in_several_tables_is_of_one_kind():
    kinds = {}
    for table, column in COLUMNS:
        # The outcome of a treatment is money; a prediction's value is in the unit of its model.
        if (table.name, column.name) != ("treatments", "value"):
            kinds.setdefault(column.name, set()).add(column.kind)
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_surveys_ask_three_questions_and_costs_serve_two_purposes():
    assert schema("survey_responses").column("survey").choices == ("nps", "csat", "ces")
    assert schema("survey_invitations").column("survey").choices == ("nps", "csat", "ces")
    assert schema("costs").column("purpose").choices == ("acquisition", "retention")


def test_a_refund_is_negative_but_recurring_revenue_and_counts_are_not():
    assert schema("orders").column("revenue").low is None
    assert schema("subscription_terms").column("mrr").low == 0
    assert {column.low for _, column in COLUMNS if column.unit == "count"} == {0}


def test_an_unknown_table_and_an_unknown_column_are_answered_with_the_nearest():
    with pytest.raises(UnknownName, match=r"There is no table 'order'. Did you mean 'orders'?"):
        schema("order")
    with pytest.raises(UnknownName, match=r"There is no column of orders 'revenu'. Did you mean 'revenue'?"):
        schema("orders").column("revenu")


def test_schemas_cannot_be_changed():
    with pytest.raises(AttributeError):
        schema("orders").name = "sales"
    with pytest.raises(AttributeError):
        schema("orders").column("revenue").kind = "text"
