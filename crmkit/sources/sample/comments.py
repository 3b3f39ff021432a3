"""What people write: sentences in six languages, by mood, and about the bad beans when they were bad."""

from __future__ import annotations

import numpy as np

LANGUAGES = {
    "Germany": ("de", "de", "de", "en", "tr"),
    "Austria": ("de", "de", "en"),
    "Switzerland": ("de", "fr", "it"),
    "Netherlands": ("nl", "nl", "en"),
    "France": ("fr",),
    "Italy": ("it",),
}

SENTENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "de": {
        "good": (
            "Der beste Espresso, den ich je zu Hause hatte!",
            "Immer frisch geröstet und schnell da.",
            "Sehr netter Service, gerne wieder.",
            "Das Abo ist super bequem.",
            "Tolle Beratung beim Mühlenkauf.",
        ),
        "fair": (
            "Kaffee ist gut, der Versand könnte schneller sein.",
            "Ganz okay, aber nicht billig.",
            "Geschmack gut, Verpackung unpraktisch.",
            "Passt schon.",
        ),
        "poor": (
            "Die Lieferung kam viel zu spät.",
            "Für den Preis erwarte ich mehr.",
            "Der Support antwortet nicht.",
            "Leider wurde das Falsche geliefert.",
            "Abo kündigen war mühsam.",
        ),
        "burnt": (
            "Die letzte Röstung schmeckt verbrannt.",
            "Bohnen ölig und bitter, so nicht trinkbar.",
            "Was ist mit eurem Espresso passiert? Total verbrannt.",
        ),
    },
    "en": {
        "good": (
            "Best beans in town, always fresh.",
            "Love the subscription, never run out of coffee.",
            "Friendly people and fast delivery.",
            "The home brewing course was fantastic!",
        ),
        "fair": ("Good coffee, a bit expensive.", "Fine, though shipping takes a while.", "Does what it should."),
        "poor": (
            "My parcel arrived a week late.",
            "Nobody answers my e-mails.",
            "The bag was torn open.",
            "Too expensive for what it is.",
        ),
        "burnt": (
            "The last bag tastes burnt and bitter.",
            "Something is wrong with the roast, undrinkable.",
            "Burnt beans two months running. Cancelling.",
        ),
    },
    "fr": {
        "good": ("Un café délicieux, livré rapidement.", "Service très aimable, je recommande."),
        "fair": ("Bon café mais un peu cher.", "Correct, sans plus."),
        "poor": ("Livraison beaucoup trop lente.", "Très déçu par le service client."),
        "burnt": ("Le dernier paquet a un goût de brûlé.", "Café amer et brûlé, imbuvable."),
    },
    "it": {
        "good": ("Ottimo caffè, sempre fresco!", "Spedizione veloce e personale gentile."),
        "fair": ("Buono, ma un po' caro.", "Nella media."),
        "poor": ("Il pacco è arrivato in ritardo.", "Assistenza pessima."),
        "burnt": ("L'ultima tostatura sa di bruciato.", "Caffè bruciato, che delusione."),
    },
    "nl": {
        "good": ("Heerlijke koffie, altijd vers gebrand.", "Snelle levering en goede service."),
        "fair": ("Prima koffie, wel aan de dure kant.", "Gaat wel."),
        "poor": ("De bestelling kwam veel te laat.", "Slechte klantenservice."),
        "burnt": ("De laatste bonen smaken verbrand.", "Bitter en verbrand, niet te drinken."),
    },
    "tr": {
        "good": ("Kahve harika, her zaman taze.", "Çok hızlı teslimat, teşekkürler!"),
        "fair": ("Fena değil ama biraz pahalı.", "İdare eder."),
        "poor": ("Kargo çok geç geldi.", "Müşteri hizmetleri cevap vermiyor."),
        "burnt": ("Son paket yanık kokuyor.", "Çekirdekler yanmış, içilmiyor."),
    },
}

HOSTILE = ("<script>alert(1)</script>", '=HYPERLINK("http://example.com";"free coffee")')  # kept as text, never run


def languages_of(countries: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the language in which each person writes."""
    chosen = [LANGUAGES[country][int(rng.integers(len(LANGUAGES[country])))] for country in countries]
    return np.array(chosen, dtype=object)


def write_comments(languages: np.ndarray, moods: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write a comment per language and mood (good, fair, poor, burnt); one in four has a second sentence."""
    comments = np.empty(len(languages), dtype=object)
    for row, (language, mood) in enumerate(zip(languages, moods, strict=True)):
        known = SENTENCES[language][mood]
        first, second = rng.integers(len(known)), rng.integers(len(known))
        longer = rng.random() < 0.25 and first != second
        comments[row] = f"{known[first]} {known[second]}" if longer else known[first]
    return comments
