"""Exports as the systems write them: the whole header row, and rows of which only what matters is given."""

import csv
import io

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load

SHOPIFY_ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,"
    "Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,"
    "Billing Zip,Billing Country,Billing Phone,Notes,Cancelled at,Payment Method,Refunded Amount,Vendor,Id,Tags,Source,Lineitem discount,Phone"
).split(",")
SHOPIFY_CUSTOMERS = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address City,"
    "Default Address Province Code,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
    "Total Spent,Total Orders,Note,Tax Exempt,Tags,Loyalty (customer.metafields.my.loyalty)"
).split(",")
WOOCOMMERCE = (
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),Country Code (Billing),"
    "Order Total Amount,Order Refund Amount,Order Total Tax Amount,SKU,Item Name,Quantity,Item Cost,Coupon Code,Discount Amount"
).split(",")
STRIPE_PAYMENTS = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Tax,"
    "Converted Currency,Mode,Status,Customer ID,Customer Description,Customer Email,Captured,Card ID,Card Last4,Disputed Amount,"
    "Dispute Status,Dispute Date (UTC),Invoice ID,campaign (metadata)"
).split(",")
STRIPE_SUBSCRIPTIONS = (
    "id,Customer ID,Customer Description,Customer Email,Customer Name,Plan,Product,Quantity,Currency,Interval,Amount,Status,Created (UTC),"
    "Start (UTC),Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Canceled At (UTC),"
    "Cancellation Reason,Ended At (UTC)"
).split(",")
HUBSPOT_CONTACTS = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Create Date,Last Activity Date,Lifecycle Stage,"
    "Original Traffic Source,Associated Company,Associated Deal IDs,Became a Customer Date"
).split(",")
HUBSPOT_DEALS = (
    "Record ID,Deal Name,Deal Stage,Amount,Deal owner,Close Date,Create Date,Last Activity Date,Pipeline,Associated Company,"
    "Associated Contact,Associated Company IDs,Associated Contact IDs,Currency,Amount in company currency,Date entered current stage"
).split(",")
SALESFORCE_OPPORTUNITIES = (
    "Opportunity Owner,Account Name,Opportunity Name,Stage,Fiscal Period,Amount Currency,Amount,Probability (%),Age,Close Date,Created Date,"
    "Next Step,Lead Source,Type"
).split(",")
SALESFORCE_LEADS = (
    "Lead Source,First Name,Last Name,Email,Phone,Lead Status,Owner Alias,Created Date,Company / Account,Title,Rating,Street,Lead Owner"
).split(",")
PIPEDRIVE_DEALS = (
    "Deal - ID,Deal - Title,Deal - Value,Deal - Currency of value,Deal - Organization,Deal - Contact person,Deal - Owner,Deal - Pipeline,"
    "Deal - Stage,Deal - Status,Deal - Deal created,Deal - Expected close date,Deal - Won time,Deal - Lost time,Deal - Source channel"
).split(",")
GA4 = (
    "Session primary channel group (Default Channel Group),Sessions,Engaged sessions,Engagement rate,Key events,Total revenue"
).split(",")
GOOGLE_ADS = "Campaign status,Campaign,Budget,Currency code,Impr.,Cost,Clicks,Conversions".split(",")
META_ADS = [
    "Reporting starts",
    "Reporting ends",
    "Campaign name",
    "Campaign delivery",
    "Results",
    "Result indicator",
    "Reach",
    "Frequency",
    "Amount spent (EUR)",
    "Impressions",
    "CPM (cost per 1,000 impressions) (EUR)",
    "Link clicks",
]
MAILCHIMP = (
    "Title,Subject,List,Send Date,Send Weekday,Total Recipients,Successful Deliveries,Soft Bounces,Hard Bounces,Total Bounces,Times Forwarded,"
    "Forwarded Opens,Unique Opens,Open Rate,Total Opens,Unique Clicks,Click Rate,Total Clicks,Unsubscribes,Abuse Complaints,Folder Id,"
    "Unique Id,Total Orders,Total Gross Sales,Total Revenue"
).split(",")
TYPEFORM = [
    "#",
    "How likely are you to recommend us to a friend?",
    "Why, in your own words?",
    "email",
    "Response Type",
    "Start Date (UTC)",
    "Stage Date (UTC)",
    "Submit Date (UTC)",
    "Network ID",
    "Tags",
]
SURVEYMONKEY = [
    "Respondent ID",
    "Collector ID",
    "Start Date",
    "End Date",
    "IP Address",
    "Email Address",
    "First Name",
    "Last Name",
    "Custom Data 1",
    "How likely is it that you would recommend us,\nto a friend or colleague?",
    "What did you use?",
    "",
    "Why?",
]
ZENDESK = (
    "Summation column,Id,Requester,Requester id,Requester external id,Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,"
    "Status,Priority,Via,Ticket type,Created at,Updated at,Assigned at,Organization,Solved at,Satisfaction Score,Reopens,Replies,"
    "First reply time in minutes,Full resolution time in minutes,Product [list]"
).split(",")


def export(header: list[str], *rows: dict[str, object], delimiter: str = ",", above: str = "", below: str = "") -> str:
    """Return the text of an export; a row gives the cells that matter, the others are blank."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        assert set(row) <= set(header), set(row) - set(header)
        writer.writerow([row.get(name, "") for name in header])
    return above + written.getvalue() + below


def loaded(settings, personal=False):
    """Load the exports, with every row accounted for; return the report and the tables."""
    report = load(settings)
    for counts in report.counts.values():
        told = counts.n_kept + counts.n_merged + counts.n_folded + counts.n_ignored + counts.n_aside
        assert counts.n_in == told
    return report, connect(settings=settings, personal=personal)
