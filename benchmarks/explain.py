"""How often a planted cause is named first, and how often chance alone is called one, in simulated firms.

Firms of 200 to 5,000 customers with ten columns of 2 to 12 groups of unequal size, two of which go together: some 60
candidates. Customers differ in how often they order (gamma) and how much (log-normal). In one group the sum, the rate or the
mean of the second period is moved by so many standard errors of its excess, those of the moved firm.

    PYTHONPATH=. python benchmarks/explain.py --firms 400
    PYTHONPATH=. python benchmarks/explain.py --firms 100 --first 100 --kinds revenue --errors 5.5  # a part of them
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from crmkit.insights.explain.places import RATE, p_values, rate_parts, sum_parts
from crmkit.insights.explain.stand_out import Place, standing_out
from crmkit.metrics.analyses.change_sums import PRODUCTS, WHOLE

LEVELS = (2, 2, 3, 4, 5, 6, 8, 9, 10, 12)
KINDS = ("revenue", "churn rate", "order value")


class Firm:
    """One simulated firm: what each customer did in two periods, and the groups each is in."""

    def __init__(self, rng: np.random.Generator, kind: str) -> None:
        self.rng, self.kind = rng, kind
        n = int(np.exp(rng.uniform(np.log(200), np.log(5000))))
        self.groups = pd.DataFrame({f"column_{place}": self._groups(n, k) for place, k in enumerate(LEVELS)})
        together = rng.random(n) < 0.7  # two columns that mostly say the same
        self.groups["column_9"] = np.where(together, self.groups["column_8"], self.groups["column_9"])
        self.codes = {name: column.to_numpy(dtype=int) for name, column in self.groups.items()}
        level = rng.gamma(1.5, 1 / 1.5, n)
        mean = rng.lognormal(3.5, 0.5, n)
        if kind == "churn rate":
            risk = np.clip(rng.beta(1, 15, n), 0, 0.9)
            self.n1, self.n0 = (rng.random(n) < 0.9).astype(float), (rng.random(n) < 0.9).astype(float)
            self.x1, self.x0 = (n_ * (rng.random(n) < risk) for n_ in (self.n1, self.n0))
        else:
            self.n1, self.n0 = (rng.poisson(level * season).astype(float) for season in (1.1, 1.0))
            self.x1, self.x0 = (mean * rng.gamma(2 * np.maximum(n_, 1e-9), 0.5) for n_ in (self.n1, self.n0))

    def _groups(self, n: int, k: int) -> np.ndarray:
        return self.rng.choice(k, n, p=self.rng.dirichlet(np.full(k, 3.0))).astype(str)

    def sums(self, columns: list[str], without: list[Place]) -> pd.DataFrame:
        """Return what `change_sums` returns of a catalog."""
        kept = np.ones(len(self.x1))
        for column, group, _ in without:
            kept *= self.codes[column] != int(group)
        unit = {"x1": self.x1, "n1": self.n1, "x0": self.x0, "n0": self.n0}
        unit |= {name: unit[name[:2]] * unit[name[3:]] for name in PRODUCTS}
        unit["units"] = ((self.x1 + self.n1 + self.x0 + self.n0) != 0).astype(float)
        parts = [
            pd.DataFrame({name: [(each * kept).sum()] for name, each in unit.items()}).assign(column=WHOLE, group="")
        ]
        for column in columns:
            codes = self.codes[column]
            each = pd.DataFrame({name: np.bincount(codes, value * kept) for name, value in unit.items()})
            each = each.assign(column=column, group=each.index.astype(str))
            parts.append(each[each["units"] > 0])
        return pd.concat(parts, ignore_index=True)

    def parts(self, without: list[Place] = [], columns: list[str] | None = None) -> pd.DataFrame:  # noqa: B006
        sums = self.sums(columns or list(self.groups), without)
        return (
            sum_parts(sums, signed=False)
            if self.kind == "revenue"
            else rate_parts(sums, counts=self.kind == "churn rate")
        )

    def named(self) -> list[Place]:
        return standing_out(self.parts(), lambda named, columns: self.parts(named, columns))

    def plant(self, errors: float) -> Place:
        """Move one group of at least a twentieth of the firm by so many standard errors; return which.

        A group of few and unequal customers cannot be moved so far, whatever they buy: then another one is drawn.
        """
        parts = self.parts()
        share = parts["n_before"] / parts.groupby("column")["n_before"].transform("sum")
        able = parts[(share > 0.05) & (share < 0.6) & ((parts["effect"] == RATE) | (self.kind == "revenue"))]
        order = [able.loc[place] for place in self.rng.permutation(able.index)]
        before = self.x1.copy()
        most = 4.0 if self.kind == "churn rate" else 64.0
        row = next(row for row in order if self._errors(row, self._inside(row), before, most) >= errors)
        self.x1 = before
        inside = self._inside(row)
        low, high = 0.0, 1.0
        while self._errors(row, inside, before, high) < errors and high < most:
            low, high = high, 2 * high
        for _ in range(8):
            middle = (low + high) / 2
            low, high = (middle, high) if self._errors(row, inside, before, middle) < errors else (low, middle)
        self.x1 = before
        self._move(inside, high)
        return row["column"], row["group"], row["effect"]

    def _inside(self, row: pd.Series) -> np.ndarray:
        return (self.groups[row["column"]] == row["group"]).to_numpy()

    def _errors(self, row: pd.Series, inside: np.ndarray, before: np.ndarray, by: float) -> float:
        """Return the size of a move in standard errors of the moved firm: what it adds to the excess, on average."""
        if self.kind == "churn rate":
            n1, n0 = self.n1[inside].sum(), self.n0[inside].sum()
            base = (before[inside].sum() + self.x0[inside].sum()) / (n1 + n0)
            rate = base + by * (1 - base) * 0.2
            rest = (self.n1[~inside].sum(), self.n0[~inside].sum())
            other = (before[~inside].sum() + self.x0[~inside].sum()) / sum(rest)
            middle = (base + rate) / 2
            variance = middle * (1 - middle) * (1 / n1 + 1 / n0) + other * (1 - other) * sum(1 / n for n in rest)
            return (rate - base) / np.sqrt(variance)
        self.x1 = before.copy()
        base = self._excess(row)
        self.x1[inside] = before[inside] * (1 + by)
        moved = self._excess(row)
        return (moved[0] - base[0]) / moved[1]

    def _excess(self, row: pd.Series) -> tuple[float, float]:
        parts = self.parts([], [row["column"]])
        found = parts[(parts["group"] == row["group"]) & (parts["effect"] == row["effect"])].iloc[0]
        return float(found["excess"]), float(found["scatter"])

    def _move(self, inside: np.ndarray, by: float) -> None:
        if self.kind == "churn rate":
            n1, n0 = self.n1[inside].sum(), self.n0[inside].sum()
            base = (self.x1[inside].sum() + self.x0[inside].sum()) / (n1 + n0)
            more = by * 0.2  # of those who would have stayed
            left = self.rng.random(len(self.x1)) < more
            self.x1 = np.where(inside & (self.n1 > 0) & left & (base < 1), 1.0, self.x1)
        else:
            self.x1 = np.where(inside, self.x1 * (1 + by), self.x1)


def main() -> None:
    """Print how many firms name the planted group first, and how many name any without one."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--firms", type=int, default=400)
    arguments.add_argument("--first", type=int, default=0, help="number of the first firm")
    arguments.add_argument("--kinds", nargs="*", default=list(KINDS))
    arguments.add_argument("--errors", nargs="*", type=float, default=[0.0, 2.0, 3.0, 4.0, 5.5])
    asked = arguments.parse_args()
    n_firms = asked.firms
    for kind in asked.kinds:
        n_candidates = 0
        for errors in asked.errors:
            right = named = 0
            for seed in range(asked.first, asked.first + n_firms):
                firm = Firm(np.random.default_rng([seed, int(10 * errors)]), kind)
                planted = firm.plant(errors) if errors else None
                places = firm.named()
                named += bool(places)
                right += bool(places) and places[0] == planted
                n_candidates = np.isfinite(p_values(firm.parts())).sum()
            said = f"the right one first in {right}" if errors else "by chance"
            print(
                f"{kind}, {n_candidates} candidates, {errors:g} errors: {named} of {n_firms} name one, {said}",
                flush=True,
            )


if __name__ == "__main__":
    main()
