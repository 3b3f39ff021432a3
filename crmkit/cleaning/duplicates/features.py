"""Personal data of customers in a normal form, in which two spellings of one person are alike."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

_SPELT_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ø": "oe",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ł": "l",
        "đ": "d",
        "þ": "th",
    }
)
_LETTERS = re.compile(r"[^\W\d_]+")  # of any alphabet
_WORD = re.compile(r"[^\W_]+")
_STREET = re.compile(r"str(asse|\.)(?!\w)")
_PHONE_DIGITS = 8  # the last ones: what stands before them is the country and the area, written in many ways


def identity_features(people: pd.DataFrame) -> pd.DataFrame:
    """Return the features by which people are compared.

    Parameters
    ----------
    people : DataFrame
        customer_id and any of name, email, phone, address, birth_date (a date, or text: a day that cannot be, such as
        31 February, still gives most of its digits).

    Returns
    -------
    DataFrame
        One row per person: customer_id; given, family, spelt (words of the name), names (the same in order of the
        alphabet), birth (eight digits), and, where the source has them, email and mailbox (without dots and what follows
        a plus sign), figures (the digits of the mailbox), phone, address, words (list), post (last number of four digits
        or more), house (first number).

    Examples
    --------
    >>> person = {"customer_id": ["c1"], "name": ["Zoë  Müller"], "birth_date": ["1980-02-31"]}
    >>> identity_features(pd.DataFrame(person)).iloc[0].tolist()
    ['c1', 'zoe', 'mueller', 'zoe mueller', 'mueller zoe', '19800231']
    """
    names = _texts(people, "name").map(_LETTERS.findall)
    features = pd.DataFrame({"customer_id": people["customer_id"].astype(str).to_numpy()}, index=people.index)
    features["given"] = names.map(lambda words: words[0] if len(words) > 1 else None)
    features["family"] = names.map(lambda words: words[-1] if words else None)
    features["spelt"] = names.map(lambda words: " ".join(words) or None)
    features["names"] = names.map(lambda words: " ".join(sorted(words)) or None)
    features["birth"] = _texts(people, "birth_date").map(_birth_digits)
    if "email" in people:
        features["email"] = _texts(people, "email").map(plain_address)
        features["mailbox"] = features["email"].map(lambda text: text.split("@")[0] or None, na_action="ignore")
        features["figures"] = features["mailbox"].map(lambda text: re.sub(r"\D", "", text), na_action="ignore")
    if "phone" in people:
        features["phone"] = _texts(people, "phone").map(_last_digits)
    if "address" in people:
        words = _texts(people, "address").map(lambda text: _WORD.findall(_STREET.sub("str ", text)))
        features["address"] = words.map(lambda each: " ".join(each) or None)
        features["words"] = words.map(lambda each: sorted(set(each)) or None)
        features["post"] = words.map(lambda each: next((w for w in reversed(each) if re.fullmatch(r"\d{4,}", w)), None))
        features["house"] = words.map(lambda each: next((w for w in each if re.fullmatch(r"\d{1,4}", w)), None))
    return features.reset_index(drop=True)


def plain_address(email: str) -> str | None:
    """Return an e-mail address without dots and what follows a plus sign, which do not distinguish mailboxes.

    Examples
    --------
    >>> plain_address("ada.lang+shop@firm.example")
    'adalang@firm.example'
    """
    mailbox, at, host = email.partition("@")
    return f"{mailbox.partition('+')[0].replace('.', '')}{at}{host}" or None


def _texts(people: pd.DataFrame, column: str) -> pd.Series[str]:
    """Return a column in plain small letters, empty where it is missing."""
    if column not in people:
        return pd.Series("", people.index, dtype=object)
    return people[column].map(lambda cell: "" if pd.isna(cell) else _plain(str(cell)))


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.strip().lower().translate(_SPELT_OUT))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _birth_digits(text: str) -> str | None:
    digits = re.sub(r"\D", "", text[:10])
    return digits if len(digits) == len("yyyymmdd") else None


def _last_digits(text: str) -> str | None:
    digits = re.sub(r"\D", "", text)[-_PHONE_DIGITS:]
    return digits if len(digits) >= _PHONE_DIGITS - 3 else None
