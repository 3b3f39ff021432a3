"""What ``crmkit map`` proposes for a file of no known tool loads as it is printed, and the totals are right."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crmkit.cleaning.loading.connect import connect
from crmkit.cli.commands import app
from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.proposing.sample import sample_of
from crmkit.sources.sql import ROW, open_duckdb

SETTINGS = '[company]\nname = "Test"\ncurrency = "EUR"\ntime_zone = "Europe/Berlin"\n'
DAYS = [f"2026-09-{n:02d}" for n in range(1, 29)]


@pytest.fixture
def mapped(tmp_path):
    """Write files, map them, move what is proposed into the settings, and load: the folder, what was printed and the store."""

    def run(files, change=lambda proposed: proposed):
        folder = tmp_path / "firm"
        (folder / "exports").mkdir(parents=True)
        for name, content in files.items():
            (folder / "exports" / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (folder / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")
        seen = CliRunner().invoke(app, ["map", str(folder / "exports")])
        assert seen.exit_code == 0, (seen.stderr, seen.exception)
        proposed = change((folder / "exports" / "mapping.toml").read_text(encoding="utf-8"))
        (folder / "crmkit.toml").write_text(SETTINGS + proposed, encoding="utf-8")
        loaded = CliRunner().invoke(app, ["load", "--settings", str(folder)])
        assert loaded.exit_code == 0, (loaded.stderr, loaded.stdout, loaded.exception, proposed)
        return seen.stdout, loaded.stdout, connect(folder)

    return run


def rows(header, line, n=40):
    return header + "\n" + "".join(line(number) + "\n" for number in range(n))


# Each line of what follows is one file: its name, its content, and by table the rows and the total that it must give.
INVENTED = {
    "German lines, amount per piece": (
        "belege.csv",
        rows(
            "Beleg;Artikelnr;Bezeichnung;Menge;Belegdatum;Einzelpreis;Kundennr;Land",
            lambda n: f"{n // 2};A{n % 3};Tee;{n % 3 - 1};{n // 2 + 1:02d}.09.2026 10:00;1.002,50;k{n // 2};DE",
        ),
        {"orders": (20, -1002.5), "order_lines": (40, -1002.5), "customers": (20, None)},
    ),
    "French lines that repeat the invoice's total": (
        "ventes.csv",
        rows(
            "N° de facture;Date;Client;Désignation;Qté;Total facture",
            lambda n: f"F{n // 2};{n // 2 + 1:02d}/09/2026;c1;Thé {n % 2};{n % 2 + 1};{n // 2 + 10},50",
        ),
        {"orders": (20, 400.0), "order_lines": (40, None)},
    ),
    "Polish lines with the amount of the line": (
        "zamowienia.csv",
        rows(
            "Nr zamówienia;Data zamówienia;Klient;Towar;Ilość;Cena jednostkowa;Wartość",
            lambda n: (
                f"Z{n // 2};{DAYS[n // 2]};k1;Herbata {n % 2};{n % 2 + 1};2,50;{'2,50' if n % 2 == 0 else '5,00'}"
            ),
        ),
        {"orders": (20, 150.0), "order_lines": (40, 150.0)},
    ),
    "credit notes are negative": (
        "rechnungen.csv",
        rows(
            "Rechnungsnummer;Belegart;Rechnungsdatum;Artikel;Menge;Einzelpreis",
            lambda n: f"{n // 2};{'Gutschrift' if n < 2 else 'Rechnung'};{n // 2 + 1:02d}.09.2026;A{n % 2};1;2,50",
        ),
        {"orders": (20, 90.0), "order_lines": (40, 90.0)},
    ),
    "deleted invoices are left out": (
        "lexware.csv",
        rows(
            "Rechnungsnr.;Rechnungsdatum;Kunden-Nr.;Nettobetrag;Bruttobetrag;Status",
            lambda n: f"RE{n};{n % 28 + 1:02d}.09.2026;{n % 7};10,50;12,50;{'bezahlt' if n % 4 else 'gelöscht'}",
        ),
        {"orders": (30, 315.0)},
    ),
    "Indonesian, unpaid orders left out": (
        "pesanan.csv",
        rows(
            "No Pesanan,Tanggal Transaksi,Pelanggan,Total Pembayaran,Status Pesanan",
            lambda n: f"INV/{n},{DAYS[n % 28]} 10:00,c{n % 7},12500.50,{'Selesai' if n % 2 else 'Belum Bayar'}",
        ),
        {"orders": (20, 250010.0)},
    ),
    "Norwegian, net before gross": (
        "fakturaer.csv",
        rows(
            "Fakturanr;Fakturadato;Kundenr;Beløp inkl. mva;Beløp eks. mva",
            lambda n: f"{n};{n % 28 + 1:02d}.09.2026;{n % 7};12,50;10,00",
        ),
        {"orders": (40, 400.0)},
    ),
    "Ukrainian": (
        "продажі.csv",
        rows("№ замовлення;Дата;Покупець;Сума", lambda n: f"{n};{n % 28 + 1:02d}.09.2026;к{n % 7};10,50"),
        {"orders": (40, 420.0)},
    ),
    "a file named for a table, with other headers": (
        "orders.csv",
        rows("Invoice,Date,Client,Total", lambda n: f"{n},{DAYS[n % 28]},c{n % 7},10.50"),
        {"orders": (40, 420.0)},
    ),
    "a file named for another table": (
        "leads.csv",
        rows(
            "Deal,Created,Amount,Stage,Closed",
            lambda n: f"{n},{DAYS[n % 28]},10.50,{'Won' if n % 4 else 'Lost'},{DAYS[n % 28]}",
        ),
        {"deals": (40, 420.0)},
    ),
    "sales without an id": (
        "sales.csv",
        rows("Date,Product,Qty,Amount", lambda n: f"{DAYS[n % 28]},item {n % 3},1,10.50"),
        {"orders": (40, 420.0)},
    ),
    "answers without an id or a survey": (
        "umfrage.csv",
        rows("Datum;Bewertung;Kommentar;Kundennummer", lambda n: f"{n % 28 + 1:02d}.09.2026;{n % 11};gut {n};{n % 7}"),
        {"survey_responses": (40, None)},
    ),
    "surveys under other names": (
        "responses.csv",
        rows(
            "response,survey sub type,date,rating,text",
            lambda n: (
                f"r{n},{'Net Promoter Score' if n % 2 else 'Customer satisfaction'},{DAYS[n % 28]},{n % 10 if n % 2 else n % 5 + 1},hello {n}"
            ),
        ),
        {"survey_responses": (40, None)},
    ),
    "a trial": (
        "trial.csv",
        rows(
            "customer id,date,treatment,outcome", lambda n: f"c{n},{DAYS[n % 28]},{'mail' if n % 4 else 'control'},2.5"
        ),
        {"treatments": (40, None)},
    ),
    "Italian costs": (
        "spese.csv",
        rows("Data;Importo;Categoria;Campagna", lambda n: f"{n % 28 + 1:02d}/09/2026;10,50;media;Autunno"),
        {"costs": (40, 420.0)},
    ),
    "tickets with an e-mail address for the customer": (
        "export.csv",
        rows(
            "Ticket ID;Subject;Status;Agent email;E-mail;Created time;Resolved time",
            lambda n: f"{n};help;Closed;agent@example.com;Anna{n % 7}@example.org;{DAYS[n % 28]} 10:00:00;",
        ),
        {"tickets": (40, None)},
    ),
    "appointments, an amount and a status each": (
        "calendar.csv",
        rows(
            "Booking ID,Client email,Service,Start time,Price,Status",
            lambda n: (
                f"{n},c{n % 7}@example.org,Haircut,{DAYS[n % 28]} 10:00,€30,{'Completed' if n % 4 else 'Cancelled'}"
            ),
        ),
        {"orders": (30, 900.0), "order_lines": (40, None)},
    ),
    "an amount without tax beside one with it, and whether there was a refund": (
        "sales.csv",
        rows(
            "Sale ID,Sale Date,Purchase Email,Untaxed Amount,Taxes,Total,Refunded?",
            lambda n: f"{n},{DAYS[n % 28]},a{n % 7}@example.org,10.00,2.00,12.00,{int(n == 3)}",
        ),
        {"orders": (40, 400.0)},
    ),
    "Malay complaints": (
        "aduan.csv",
        rows(
            "No. Aduan,Tarikh Dibuka,Tarikh Selesai,ID Pelanggan,Kategori",
            lambda n: f"A{n},{DAYS[n % 28]},,c{n % 7},Kualiti",
        ),
        {"tickets": (40, None)},
    ),
    "Dutch subscriptions": (
        "abonnementen.csv",
        rows(
            "Contractnummer;Klantnummer;Ingangsdatum;Einddatum;Maandbedrag",
            lambda n: f"V{n};{n % 7};{n % 28 + 1:02d}-08-2026;{n % 28 + 1:02d}-09-2026;10,50",
        ),
        {"subscription_terms": (40, 420.0)},
    ),
}
AMOUNT = {
    "orders": "revenue",
    "order_lines": "revenue",
    "deals": "amount",
    "costs": "amount",
    "subscription_terms": "mrr",
}


@pytest.mark.parametrize("name", INVENTED)
def test_a_proposal_loads_as_it_is_printed_with_the_right_total(mapped, name):
    file, content, expected = INVENTED[name]
    _, loaded, catalog = mapped({file: content})
    assert set(catalog.names) - {"duplicates"} == set(expected)
    for table, (n_rows, total) in expected.items():
        assert f"{table}: {n_rows} rows in, {n_rows} kept\n" in loaded, loaded
        if total is not None:
            assert catalog.frame(table)[AMOUNT[table]].sum() == pytest.approx(total)


def test_what_stands_on_the_first_line_of_an_order_only_counts_for_its_other_lines(mapped):
    first = "{n},{who}@example.org,{status},{day},12.50,Mug,2,5.00,{back}"
    lines = [
        line
        for n in range(20)
        for line in (
            first.format(
                n=n,
                who=("ANNA" if n % 2 else "anna") if n < 10 else "ben",
                status="Canceled" if n == 3 else "Fulfilled",
                day=DAYS[n],
                back="2.00" if n == 7 else "0.00",
            ),
            f"{n},,,,,Bag,1,2.50,",
        )
    ]
    header = "Order ID,Email,Fulfillment Status,Created at,Subtotal,Lineitem name,Lineitem quantity,Lineitem price"
    seen, _, catalog = mapped({"shop.csv": "\n".join([f"{header},Amount Refunded", *lines])})
    orders, sold = catalog.frame("orders"), catalog.frame("order_lines")
    assert len(orders) == 19 and orders.revenue.sum() == 19 * 12.5
    assert len(sold) == 38 and sold.revenue.sum() == 19 * 12.5
    assert orders.groupby("customer_id").size().tolist() in ([9, 10], [10, 9])
    assert orders.customer_id.str.startswith("person-").all()
    told = " ".join(seen.split())
    assert "'Amount Refunded' holds amounts (1 of 20 cells) and is not used: subtract it from revenue" in told


@pytest.mark.parametrize(
    "names", [("sales_2026_08.csv", "sales_2026_09.csv"), ("Umsatz August.csv", "Umsatz September.csv")]
)
def test_a_file_for_each_month_is_one_set_and_no_month_is_missing(mapped, names):
    head = "Rechnung;Datum;Kunde Nr.;Netto"
    months = [rows(head, lambda n, m=m: f"{m}-{n};{n % 28 + 1:02d}.0{m}.2026;k{n % 7};10,50") for m in (8, 9)]
    other = rows("Invoice id,Day,Kind,Cost", lambda n: f"{n},{DAYS[n % 28]},x,1.50", 3)
    seen, loaded, catalog = mapped(dict(zip(names, months, strict=True)) | {"xtra.csv": other})
    assert "(2 files): not known" in seen and "orders: 80 rows in, 80 kept\n" in loaded
    assert catalog.frame("orders").revenue.sum() == 80 * 10.5


def test_lines_of_a_second_shop_do_not_go_with_the_orders_of_the_first(mapped):
    till = rows("Order No,Order date,Customer no,Total", lambda n: f"T{n},{DAYS[n % 28]},k{n % 7},10.50")
    lines = INVENTED["German lines, amount per piece"][1]
    *_, catalog = mapped({"a_till.csv": till, "b_belege.csv": lines})
    assert set(catalog.names) - {"duplicates"} == {"orders"}


def test_a_status_of_unknown_words_is_asked_and_a_price_of_shipping_is_no_region(tmp_path):
    (tmp_path / "market.csv").write_text(
        rows(
            "Order ID,Sale Date,Buyer,Status,Order Value,Discount,Order Total,Shipping price",
            lambda n: f"{n},{DAYS[n % 28]},b{n % 7},{'' if n else 'Order cancelled'},12.50,2.00,10.50,4.50",
        )
    )
    seen = " ".join(CliRunner().invoke(app, ["map", str(tmp_path)]).stdout.split())
    assert "'Status' holds Order cancelled (1). None is left out. Are Order cancelled sales?" in seen
    assert "region" not in seen
    told = "'Discount' holds amounts" in seen
    assert told == ('revenue = "Order Value"' in (tmp_path / "mapping.toml").read_text())


def test_subscriptions_with_a_day_of_cancellation_and_no_end_can_be_loaded(mapped):
    content = rows(
        "Subscription Id,Customer Id,Plan,Status,Started At,Cancelled At,MRR",
        lambda n: f"s{n},c{n % 30},Basic,x,{DAYS[n % 28]} 10:00:00,{'2026-10-15 10:00:00' if n % 4 == 0 else ''},9.00",
    )
    *_, catalog = mapped({"subs.csv": content})
    terms = catalog.frame("subscription_terms")
    assert terms.ends_at.dt.strftime("%Y-%m-%d").value_counts().to_dict() == {"2026-11-15": 30, "2026-10-15": 10}


def test_the_address_of_a_customer_joins_tickets_and_orders_and_that_of_an_agent_does_not(mapped):
    tickets = INVENTED["tickets with an e-mail address for the customer"][1]
    orders = rows(
        "Order No,Order date,Customer,Customer email,Total",
        lambda n: f"{n},{DAYS[n % 28]},Anna Lund,anna{n % 7}@EXAMPLE.org,10.50",
    )
    *_, catalog = mapped({"export.csv": tickets, "shop.csv": orders})
    ids = [set(catalog.frame(table).customer_id) for table in ("tickets", "orders")]
    assert ids[0] == ids[1] and len(ids[0]) == 7


def test_words_of_surveys_groups_and_stages_are_read(mapped, tmp_path):
    *_, catalog = mapped(
        {name: content for name, content, _ in (INVENTED[key] for key in ("surveys under other names", "a trial"))}
        | {"deals.csv": INVENTED["a file named for another table"][1]}
    )
    assert catalog.frame("survey_responses").survey.value_counts().to_dict() == {"nps": 20, "csat": 20}
    assert catalog.frame("treatments").treated.sum() == 30
    assert catalog.frame("deals").won.sum() == 30


def test_two_files_of_one_table_are_proposed_once_and_a_known_one_is_left_alone(mapped):
    till = rows("Invoice,Date,Client,Total", lambda n: f"{n},{DAYS[n % 28]},c{n % 7},10.50")
    tidy = "customer_id,country\nc1,DE\nc2,AT\n"
    lines = INVENTED["German lines, amount per piece"][1]
    _, loaded, _ = mapped({"a.csv": till, "b.csv": lines, "customers.csv": tidy})
    assert "orders: 40 rows in" in loaded and "customers: 2 rows in" in loaded and "order_lines: 40 rows in" in loaded


def test_impressions_are_not_visitors(tmp_path):
    content = rows("date,page,impressions,clicks", lambda n: f"{DAYS[n % 28]},/p{n},{n * 100},{n}")
    (tmp_path / "traffic.csv").write_text(content)
    seen = CliRunner().invoke(app, ["map", str(tmp_path)]).stdout
    proposed = (tmp_path / "mapping.toml").read_text()
    assert 'clicks = "clicks"' in proposed and "visitors" not in proposed and "impressions" in seen


def test_sixty_columns_are_shown_in_80_characters_and_amounts_are_not_masked(tmp_path):
    header = "Invoice,Date,Client,Total (IDR),Telepon,Nama Pembeli," + ",".join(f"Column {n}" for n in range(60))
    content = rows(
        header, lambda n: f"{n},{DAYS[n % 28]},c{n % 7},1250000000,081234567890,Ada L,{','.join(['some text'] * 60)}"
    )
    (tmp_path / "wide.csv").write_text(content)
    seen = CliRunner().invoke(app, ["map", str(tmp_path)]).stdout
    told = [line for line in seen.splitlines() if "mapping.toml" not in line]
    assert max(map(len, told)) <= 80 and "1250000000 | 1250000000" in seen
    assert "Ada" not in seen and "081234567890" not in seen


def test_each_sheet_of_a_workbook_is_shown_and_can_be_loaded(mapped, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Summary"
    book.active.append(["Total", "of", "September"])
    sheet = book.create_sheet("Bestellungen")
    sheet.append(["Bestellnummer", "Bestelldatum", "Kundennummer", "Umsatz netto"])
    for n in range(20):
        sheet.append([n, DAYS[n], n % 5, 10.5])
    book.save(tmp_path / "book.xlsx")
    seen, _, catalog = mapped({"book.xlsx": (tmp_path / "book.xlsx").read_bytes()})
    assert "book.xlsx, sheet 'Bestellungen'" in seen and "book.xlsx, sheet 'Summary'" in seen
    assert catalog.frame("orders").revenue.sum() == 210


def test_of_a_large_file_parts_are_looked_at_with_their_true_lines(tmp_path):
    content = rows("Order No;Order date;Total", lambda n: f"{n};{DAYS[n % 28]};{'10.50' + ' ' * 50}", 100_000)
    (tmp_path / "big.csv").write_text(content)
    with closing(open_duckdb()) as con:
        sample = sample_of(con, RawFiles(con), FileSet("big", (tmp_path / "big.csv",), FileMapping(path="")))
        lines = con.execute(f'SELECT CAST("Order No" AS INTEGER), {ROW} FROM looked_at').fetchall()
    assert "of the file was looked at" in sample.note and len(lines) == sample.n_shown <= 30_000
    assert all(line == number + 2 for number, line in lines)
    assert min(lines)[0] == 0 and max(lines)[0] == 99_999


SAMPLED = """
import sys, time
from pathlib import Path
from crmkit.settings import Settings
from crmkit.sources.proposing.preview import preview_folder
preview_folder(Path(sys.argv[1]), Settings())
print(time.process_time())
"""


@pytest.mark.slow
def test_44_megabytes_of_lines_take_at_most_8_cpu_seconds(tmp_path):
    content = rows(
        "Beleg;Artikelnr;Bezeichnung;Menge;Belegdatum;Einzelpreis;Kundennr;Land",
        lambda n: (
            f"{n // 20};A{n % 999};{'Teedose ' * 4};{n % 9 - 1};{n // 25000 + 1:02d}.09.2026 10:00;1.002,50;k{n // 77};DE"
        ),
        525_461,
    )
    (tmp_path / "belege.csv").write_text(content)
    run = subprocess.run(
        [sys.executable, "-c", SAMPLED, tmp_path], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert float(run.stdout) < 8  # 3 to 5 on a quiet machine
