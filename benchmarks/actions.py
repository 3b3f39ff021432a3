"""How far trials of actions can be trusted, on simulated firms whose effects are known.

    PYTHONPATH=. python benchmarks/actions.py --draws 2000

Prints the coverage of 95 % intervals for firms of 200, 2,000 and 20,000, by how much the adjustment narrows them beside
what theory says, what the recommended size of a trial earns beside the best one and the classic one, how often it is said
that choosing people beats the lot where effects are alike and where they differ, the interval of six
pooled rounds beside one, and how often an action without effect is said to work when somebody looks every month.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from crmkit.insights.actions.measure import REPEATED
from crmkit.models.trials.effect import average_effect
from crmkit.models.trials.pooling import pooled_effect
from crmkit.models.trials.sizes import Prior, best_size, classic_size, estimated_prior, expected_gain
from crmkit.models.trials.uplift import targeting


def firm(
    random: np.random.Generator, n: int, effect: float, share: float
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return what people bring (most of them nothing), who was treated, and what they brought the year before."""
    worth = random.gamma(1.5, 20, n)
    before = worth * random.gamma(4, 0.25, n)
    treated = random.permutation(np.arange(n) < round(share * n))
    responds = treated * random.gamma(2, 0.5, n) * effect
    brought = np.where(random.random(n) < 0.5, worth * random.gamma(3, 1 / 3, n), 0.0) + responds
    return brought, treated, pd.DataFrame({"before": before})


def coverage(draws: int) -> None:
    print("firm  treated  holds the effect  narrower by  theory")
    for n in (200, 2_000, 20_000):
        for share in (0.5, 0.8):
            random, inside, ratios, theory = np.random.default_rng(n), 0, [], []
            for _ in range(draws if n < 20_000 else max(draws // 4, 50)):
                y, treated, before = firm(random, n, 3.0, share)
                effect = average_effect(y, treated, before=before)
                inside += effect.low <= 3.0 <= effect.high
                ratios.append(effect.narrowed)
                explained = [np.corrcoef(y[side], before["before"][side])[0, 1] ** 2 for side in (treated, ~treated)]
                theory.append(1 - np.sqrt(1 - np.mean(explained)))
            print(
                f"{n:>6} {share:>6.0%} {inside / len(ratios):>12.3f} {np.mean(ratios):>14.3f} {np.mean(theory):>9.3f}"
            )


def sizes(draws: int) -> None:
    print("people  recommended  best  classic (treated+held out)  regret")
    random = np.random.default_rng(1)
    for n in (200, 2_000, 20_000):
        true, gains = Prior(0.5, 1.5, 20.0), {"recommended": 0.0, "best": 0.0, "classic": 0.0}
        best, classic = best_size(n, true, 0.3), classic_size(n, 1.5, 20.0)
        for _ in range(draws):
            errors = np.full(5, 1.0)
            effects = random.normal(true.mean, np.hypot(true.spread, errors))
            believed = estimated_prior(effects, errors, 20.0, Prior(0.5, 1.0, 20.0))
            chosen = best_size(n, believed, 0.3)
            for name, size in (("recommended", chosen), ("best", best), ("classic", classic)):
                later = n - size.n_treated - size.n_held
                gains[name] += float(expected_gain(size.n_treated, size.n_held, later, true, 0.3)) / draws
        perfect = n * _if_known(true, 0.3)
        regret = {name: perfect - gain for name, gain in gains.items()}
        print(
            f"{n:>6} {chosen.n_treated}+{chosen.n_held} {best.n_treated}+{best.n_held} "
            f"{classic.n_treated}+{classic.n_held} "
            f"regret by the best's: {regret['recommended'] / regret['best']:.3f}, "
            f"classic {regret['classic'] / regret['best']:.3f}"
        )


def _if_known(prior: Prior, cost: float) -> float:
    effects = np.random.default_rng(0).normal(prior.mean - cost, prior.spread, 400_000)
    return float(np.maximum(effects, 0).mean())


def responders(draws: int) -> None:
    print("people  effects  the lot is said to be beaten  next draw chooses")
    for n in (1_500, 4_000):
        for differ in (0.0, 1.0):
            random, beaten, used = np.random.default_rng(n), 0, 0
            for _ in range(draws):
                y, treated, before = firm(random, n, 3.0, 0.6)
                plan = random.choice(["basic", "pro"], n)
                y = y + treated * np.where(plan == "pro", 4.0, -4.0) * differ
                found = targeting(before.assign(plan=plan, days=random.integers(0, 365, n)), y, treated)
                beaten += found.beats_random
                used += found.qini > REPEATED / 1.96 * (found.high - found.qini)
            print(f"{n:>6} {'differ' if differ else 'alike':>8} {beaten / draws:>20.3f} {used / draws:>20.3f}")


def rounds(draws: int) -> None:
    print("spread of effects  six rounds hold the mean  width beside one round")
    for spread in (0.0, 0.5, 1.0, 2.0):
        random, inside, widths = np.random.default_rng(3), 0, []
        for _ in range(draws):
            pooled = pooled_effect(random.normal(1, np.hypot(spread, 1.0), 6), np.ones(6))
            inside += pooled.low <= 1 <= pooled.high
            widths.append((pooled.high - pooled.low) / (2 * 1.96))
        print(f"{spread:>10.1f} {inside / draws:>20.3f} {np.mean(widths):>20.3f}")


def peeking(draws: int) -> None:
    random = np.random.default_rng(4)
    wrong = 0
    for _ in range(draws):
        effects = random.normal(0, 1, 12)
        for n in range(1, 13):
            pooled = pooled_effect(effects[:n], np.ones(n))
            if pooled.value - (pooled.value - pooled.low) * REPEATED / 1.96 > 0:
                wrong += 1
                break
    print(f"an action without effect is said to work in one of twelve monthly looks: {wrong / draws:.3f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--draws", type=int, default=2000)
    n_draws = arguments.parse_args().draws
    coverage(n_draws)
    sizes(min(n_draws, 400))
    responders(max(n_draws // 10, 50))
    rounds(max(n_draws // 2, 50))
    peeking(max(n_draws // 2, 50))
