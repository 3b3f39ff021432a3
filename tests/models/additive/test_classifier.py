"""The additive classifier: scikit-learn's own checks, exact shares, calibrated chances, real data."""

import pickle
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.estimator_checks import check_estimator

from crmkit.models.additive.classifier import ChurnClassifier


def people(n=1500, seed=0):
    """Customers with a known chance of leaving: days raise it, plan b halves the odds, noise has no say."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "days": random.integers(0, 90, n).astype(float),
            "plan": random.choice(["a", "b"], n),
            "noise": random.normal(size=n),
        }
    )
    odds = -2 + 0.04 * X["days"] - np.log(2) * (X["plan"] == "b")
    chance = 1 / (1 + np.exp(-odds))
    return X, random.random(n) < chance, chance


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_it_passes_the_checks_that_scikit_learn_has_for_every_classifier():
    check_estimator(ChurnClassifier(n_trees=10))


@pytest.mark.parametrize("method", ["blend", "logistic", "boosting"])
def test_the_shares_of_the_features_add_up_to_the_log_odds(method):
    X, y, _ = people()
    X.loc[:20, "days"], X.loc[30:40, "plan"] = np.nan, None
    model = ChurnClassifier(method, n_trees=60).fit(X, y)
    strange = pd.DataFrame({"days": [1e6, np.nan], "plan": ["never seen", None], "noise": [0.0, -50.0]})
    for each in (X, strange):
        summed = model.base_ + model.contributions(each).sum(axis=1).to_numpy()
        assert summed == pytest.approx(model.decision_function(each))
    assert model.contributions(X).mean().to_numpy() == pytest.approx(0, abs=1e-9)


def test_without_trees_it_is_what_the_logistic_method_learns_by_itself_and_pickling_keeps_all():
    X, y, _ = people()
    whose = np.repeat(np.arange(500), 3)
    blend = ChurnClassifier(n_trees=30).fit(X, y, whose)
    alone, apart = blend.without_trees(), ChurnClassifier("logistic", n_trees=30).fit(X, y, whose)
    assert alone.get_params() == apart.get_params() and (alone.weights_, alone.base_) == (apart.weights_, apart.base_)
    assert (alone.decision_function(X) == apart.decision_function(X)).all()
    assert alone.contributions(X).equals(apart.contributions(X))
    again = pickle.loads(pickle.dumps(blend))
    assert again.base_ == blend.base_ and again.contributions(X).equals(blend.contributions(X))
    with pytest.raises(ValueError, match="no logistic part"):
        ChurnClassifier("boosting", n_trees=5).fit(X, y).without_trees()


def test_the_chances_are_those_that_the_customers_were_simulated_with():
    X, y, _ = people(4000)
    fresh, _, truth = people(2000, seed=1)
    chance = ChurnClassifier(n_trees=100).fit(X, y).predict_proba(fresh)[:, 1]
    assert np.abs(chance - truth).mean() < 0.03
    assert chance.mean() == pytest.approx(truth.mean(), abs=0.03)


def test_what_has_a_say_has_a_larger_share_than_noise_and_refitting_keeps_the_reasons():
    shares = []
    for seed in (0, 1):
        X, y, _ = people(seed=seed)
        asked, _, _ = people(300, seed=9)
        shares.append(ChurnClassifier("logistic").fit(X, y).contributions(asked))
        size = shares[-1].abs().mean()
        assert size["days"] > size["plan"] > size["noise"]
    first = [each.idxmax(axis=1) for each in shares]
    clear = shares[0].max(axis=1) > 0.5
    assert (first[0] == first[1])[clear].mean() > 0.95


def together(n=3000, seed=0):
    """Customers who leave if they are new or on plan b, but not if both; "noise" has no say."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "new": random.integers(0, 2, n).astype(float),
            "plan": random.choice(["a", "b"], n),
            "noise": random.normal(size=n),
        }
    )
    chance = np.where((X["new"] == 1) != (X["plan"] == "b"), 0.6, 0.1)
    return X, random.random(n) < chance, chance


def test_what_two_features_do_only_together_is_learned_and_named():
    X, y, _ = together()
    fresh, _, truth = together(seed=1)
    model = ChurnClassifier().fit(X, y)
    assert np.abs(model.predict_proba(fresh)[:, 1] - truth).mean() < 0.05
    assert np.abs(ChurnClassifier("logistic").fit(X, y).predict_proba(fresh)[:, 1] - truth).mean() > 0.2
    assert model.pairs(1)[["first", "second"]].to_numpy().tolist() == [["new", "plan"]]
    size = model.contributions(fresh).abs().mean()
    assert size["noise"] < 0.1 * size.sum()


def test_the_share_of_a_feature_is_its_mean_contribution_over_all_orders():
    """Shapley's definition, added up over all six orders of three features."""
    X, y, _ = together(1000)
    model = ChurnClassifier("boosting", n_trees=60).fit(X, y)
    columns, blend = model._columns, model._blend
    customer, reference = columns.codes(X.head(1)), columns.reference
    gained = np.zeros(3)
    for order in permutations(range(3)):
        at = reference.copy()
        for i in order:
            before = blend.weights.log_odds(blend.parts.log_odds(columns.standardised(at), at))[0]
            at[:, i] = customer[:, i]
            gained[i] += blend.weights.log_odds(blend.parts.log_odds(columns.standardised(at), at))[0] - before
    mean = model._shares(model._averaged).mean(axis=0)
    assert model.contributions(X.head(1)).to_numpy()[0] + mean == pytest.approx(gained / 6)


def test_more_trees_are_learned_where_more_is_to_be_learned():
    X, y, _ = people(3000)
    assert ChurnClassifier().fit(X, y).n_trees_ < 500
    assert ChurnClassifier(n_trees=40).fit(X, y).n_trees_ <= 40
    assert ChurnClassifier("logistic").fit(X, y).n_trees_ == 0


def test_one_outcome_alone_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="only one class"):
        ChurnClassifier().fit(pd.DataFrame({"a": [1.0, 2.0]}), np.array([1, 1]))


def test_telco_customers_are_distinguished_as_well_as_by_the_best_additive_models(shared_data):
    """One of five folds; in five repetitions of all five: AUC .850, Brier .1332, calibration slope 1.004."""
    telco = pd.read_parquet(shared_data / "telco_churn.parquet")
    X, y = telco.drop(columns=["Churn", "customerID"]), (telco["Churn"] == "Yes").to_numpy()
    X["TotalCharges"] = pd.to_numeric(X["TotalCharges"], errors="coerce")
    learn, judge = next(StratifiedKFold(5, shuffle=True, random_state=1).split(X, y))
    chance = ChurnClassifier().fit(X.iloc[learn], y[learn]).predict_proba(X.iloc[judge])[:, 1]
    assert 0.83 < roc_auc_score(y[judge], chance) < 0.90  # .90 and more would be a leak
    assert brier_score_loss(y[judge], chance) < 0.142


@pytest.mark.parametrize("n_filled", [0, 1, 2, 5])
@pytest.mark.parametrize("text", [False, True], ids=["numbers", "levels"])
def test_a_column_of_gaps_with_few_values_or_none_is_learned_from_by_every_method(n_filled, text):
    """In a fold it may have no value at all."""
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"age": rng.normal(size=60), "rare": np.nan})
    X.loc[X.index[:n_filled], "rare"] = np.arange(n_filled, dtype=float)
    X = X.astype({"rare": "object"}).mask(X.isna(), None) if text else X
    X["rare"] = X["rare"].map(lambda value: f"level {value}", na_action="ignore") if text else X["rare"]
    left = (rng.random(60) < 1 / (1 + np.exp(-X["age"].astype(float)))).astype(int)
    for method in ("blend", "logistic", "boosting"):
        chances = ChurnClassifier(method=method).fit(X, left).predict_proba(X)[:, 1]
        assert np.isfinite(chances).all() and chances.std() > 0
