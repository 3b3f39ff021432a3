"""Quotes of customers: who they are is hidden, what they say stays."""

import pytest

from crmkit.sources.quotes import masked_quote, name_words

HIDDEN = [
    ("Herr Müller war unfreundlich", "Müller"),
    ("Thank you Mrs. O'Brien", "Brien"),
    ("Merci Mme Dupont pour tout", "Dupont"),
    ("Pak Budi tidak ramah", "Budi"),
    ("Pan Kowalski nie odpowiada", "Kowalski"),
    ("Call me: +49 (0)170 1234567", "1234567"),
    ("Order 100482 is missing", "100482"),
    ("Meine Adresse: Lindenstraße 12a", "Lindenstraße"),
    ("Sent to 12 Baker Street again", "Baker"),
    ("livré au 5 rue de la Paix", "Paix"),
    ("dikirim ke Jalan Sudirman 5", "Sudirman"),
    ("My name is Ada Byron and I waited", "Byron"),
    ("Late again. Regards, Charles Babbage", "Babbage"),
    ("Zu spät. Viele Grüße, Sabine", "Sabine"),
    ("see https://firm.example/o?u=ada or @adabyron", "ada"),
    ("ada.byron@firm.example wrote", "byron"),
]


@pytest.mark.parametrize(("text", "secret"), HIDDEN)
def test_what_says_who_somebody_is_is_hidden_without_knowing_the_customers(text, secret):
    shown = masked_quote(text)
    assert secret not in shown and "***" in shown


def test_names_and_streets_of_customers_are_hidden_where_they_begin_with_a_capital_letter():
    known = name_words(["Ada Stark", "Marie-Luise Koch", "Am Markt 3"])
    assert masked_quote("Ada und Marie haben stark geholfen", known) == "*** und *** haben stark geholfen"


@pytest.mark.parametrize(
    "text", ["Der Kaffee schmeckt verbrannt.", "Waited 2 weeks, 3 calls", "Çok geç geldi", "咖啡很苦", "5 of 5, 10/10"]
)
def test_what_customers_say_stays(text):
    assert masked_quote(text) == text


def test_a_long_text_is_cut():
    assert masked_quote("bitter " * 100, longest=20) == "bitter bitter bitte…"
