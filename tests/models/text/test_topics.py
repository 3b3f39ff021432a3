"""Topics of texts: words in many scripts, topics that stay as texts come, new ones, and none where there are none."""

import json

import numpy as np
import pytest

from crmkit.models.text.topics import NO_TOPIC, TextTopics
from crmkit.models.text.words import content_words, frequent_languages, languages_of, words_of

SUBJECTS = {
    "delivery": "parcel courier late days waiting tracking delivery warehouse".split(),
    "machine": "grinder machine broken pump leaking repair warranty noise".split(),
    "billing": "invoice charged twice refund card payment account billing".split(),
    "taste": "espresso beans aroma crema flavour sour roast cup".split(),
}
FILLING = "the and was it my with after again please really still have this".split()


def texts(n: int, seed: int = 0, subjects: dict[str, list[str]] = SUBJECTS) -> tuple[list[str], np.ndarray]:
    """Return n texts of ten words, four of them of their subject, and the subjects."""
    random = np.random.default_rng(seed)
    about = random.choice(list(subjects), n)
    said = [" ".join(random.permutation([*random.choice(subjects[a], 4), *random.choice(FILLING, 6)])) for a in about]
    return said, about


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    from sklearn.metrics import adjusted_rand_score

    return adjusted_rand_score(one, other)


def test_four_subjects_are_found_and_named_by_their_own_words():
    said, about = texts(300)
    found = TextTopics(n_topics=4).fit(said)
    assert agreement(about, found.predict(said)) > 0.8
    named = {word for name in found.names_ for word in name.split(", ")}
    assert named <= {word for words in SUBJECTS.values() for word in words}
    assert len(set(found.names_)) == 4


def test_a_month_more_changes_the_topic_of_few_old_texts_and_no_name():
    said, _ = texts(400)
    more, _ = texts(60, seed=1)
    before = TextTopics().fit(said)
    after = before.grown([*said, *more], np.arange(460) >= 400, "2026-10-31")
    assert after.names_ == before.names_ and not after.new_
    assert (after.predict(said) == before.predict(said)).mean() >= 0.95


def test_what_people_begin_to_write_about_in_two_languages_is_one_new_topic_and_the_old_ones_stay():
    said, _ = texts(400)
    burnt = [f"{' '.join(FILLING[n % 5 : n % 5 + 4])} burnt and oily" for n in range(15)]
    burnt += [f"das ist leider ganz verbrannt und {word}" for word in ("nicht gut", "sehr alt", "zu viel") * 4]
    before = TextTopics().fit(said)
    after = before.grown([*said, *burnt], np.arange(400 + len(burnt)) >= 400, "2026-10-31")
    (new,) = after.new_
    assert {"burnt", "oily", "verbra"} <= set(new.words) and new.since == "2026-10-31"
    assert [after.names_[label] for label in after.predict(["burnt again", "ganz verbrannt"])] == [after.names_[-1]] * 2
    assert (after.predict(said) == before.predict(said)).mean() >= 0.95
    later = after.grown([*said, *burnt, *burnt], np.arange(400 + 2 * len(burnt)) >= 400 + len(burnt), "2026-11-30")
    assert later.new_ == after.new_ and later.names_ == after.names_  # known by now


@pytest.mark.parametrize("n", [0, 1, 5, 50])
def test_fewer_than_sixty_texts_have_no_topics(n):
    found = TextTopics().fit(texts(n)[0])
    assert found.names_ == [] and set(found.predict(texts(n)[0])) <= {NO_TOPIC}


def test_words_drawn_at_random_have_no_topics():
    random = np.random.default_rng(3)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    lexicon = ["".join(random.choice(letters, 7)) for _ in range(300)]
    said = [" ".join(random.choice(lexicon, 8)) for _ in range(300)]
    found = TextTopics().fit(said)
    assert found.names_ == [] and found.agreement_ < 0.15


def test_a_kept_dictionary_gives_every_text_the_same_topic_and_holds_no_text():
    said, _ = texts(200)
    said += ["only Zachariasson wrote this"]
    found = TextTopics().fit(said).grown([*said, *["all burnt"] * 20], np.arange(221) >= 201, "2026-10-31")
    kept = json.dumps(found.to_json())
    again = TextTopics.from_json(json.loads(kept))
    assert (again.predict(said) == found.predict(said)).mean() > 0.99
    assert again.names_ == found.names_ and again.new_ == found.new_
    assert "zachar" not in kept


def test_words_of_every_script_are_read():
    assert words_of("القهوة مُرّة") == ["القهوة", "مُرّة"]
    assert words_of("कॉफी बहुत कड़वी") == ["कॉफी", "बहुत", "कड़वी"]
    assert words_of("コーヒー") == ["コー", "ーヒ", "ヒー"]
    assert words_of("İade çok geç") == ["iade", "çok", "geç"]
    assert words_of("👍 10/10") == []


def test_the_language_of_a_text_is_that_of_its_function_words():
    said = ["Der Kaffee ist nicht gut", "Il caffè non è buono", "Kopi ini tidak enak", "Кофе был очень горький"]
    assert languages_of(said) == ["de", "it", "id", "ru"]
    assert frequent_languages(said * 3 + ["The coffee is not good"]) == ["de", "it", "id", "ru", "en"]
    assert content_words(said[:1], ["de"]) == [["kaffee", "gut"]]
