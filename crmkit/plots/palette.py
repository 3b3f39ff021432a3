"""The colours of pages and figures, named by their use, each in a light and a dark variant.

Checked against colour blindness (better and worse differ in lightness and in hue, and a word or an arrow always
stands beside them) and for a contrast of at least 4.5 to 1 wherever a colour carries text.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

LIGHT = {
    "paper": "#ffffff",
    "ground": "#f4f6f8",
    "ink": "#18212d",
    "soft": "#55606f",
    "rule": "#dce1e8",
    "accent": "#17568f",
    "better": "#0a6b60",
    "worse": "#8f1d5b",
    "target": "#a84a08",
    "band": "#cbdae8",
    "better-wash": "#dff2ee",
    "worse-wash": "#f9e4ee",
    "noise-wash": "#eaeef2",
    "behind": "#fefefe",
}
DARK = {
    "paper": "#171e27",
    "ground": "#0f141b",
    "ink": "#e8edf3",
    "soft": "#a8b3c1",
    "rule": "#2e3947",
    "accent": "#86bdf0",
    "better": "#66d1c1",
    "worse": "#f597c4",
    "target": "#f3a873",
    "band": "#2c4763",
    "better-wash": "#12352f",
    "worse-wash": "#40192d",
    "noise-wash": "#252f3b",
    "behind": "#171e27",
}
# For lines and dots of groups. The first six are distinct for people with any of the three kinds of colour blindness;
# twelve cannot be, so a name stands at every line, and groups of dots differ in shape too.
GROUPS = ["#17568e", "#b5500a", "#0a7d6f", "#8f1d5a", "#7a6a00", "#5b5f97"]
GROUPS += ["#2c7a2f", "#6b4534", "#00748f", "#7a22a3", "#c0185f", "#47565f"]
_SAFE = len(GROUPS) // 2
GROUPS_DARK = ["#86bdef", "#f2a36b", "#63cfbe", "#f597c3", "#d8c65a", "#b3b6ea"]
GROUPS_DARK += ["#84d587", "#d6b0a1", "#6fd2ec", "#d9a5f2", "#ff9fb9", "#b4c4cd"]


def colours_of(names: Iterable[str], known: Iterable[str] = ()) -> dict[str, str]:
    """Return the colour of each name: the same on all pages, whatever its place among the others.

    Parameters
    ----------
    names : iterable of str
    known : iterable of str
        Further names of the same kind, so that a chart of some of them has the colours of a chart of all.

    Examples
    --------
    >>> both, one = colours_of(["Office", "Home"]), colours_of(["Home"], known=["Office"])
    >>> both["Home"] == one["Home"], both["Home"] == both["Office"]
    (True, False)
    """
    wanted = list(dict.fromkeys(map(str, names)))
    everybody = sorted({*wanted, *map(str, known)})
    n = _SAFE if len(everybody) <= _SAFE else len(GROUPS)
    taken: dict[str, int] = {}
    for name in everybody:
        slot = int(sha256(name.encode()).hexdigest(), 16)
        free = [place for place in range(n) if place not in taken.values()] or list(range(n))
        first = slot % n
        taken[name] = first if first in free else free[slot % len(free)]
    return {name: GROUPS[taken[name]] for name in wanted}


def variables() -> dict[str, str]:
    """Return for each light colour that a figure may use the name of the variable that pages have for it.

    White and near-white have none, as they may be the text on a dark cell of a heat map.

    Examples
    --------
    >>> variables()["#17568f"], variables()["#17568e"]
    ('accent', 'group-1')
    """
    return {light: name for name, (light, _) in page_colours().items() if light in dark_twins()}


def page_colours() -> dict[str, tuple[str, str]]:
    """Return the colours of pages by name, each on light and on dark paper."""
    groups = {f"group-{place}": pair for place, pair in enumerate(zip(GROUPS, GROUPS_DARK, strict=True), start=1)}
    return {name: (light, DARK[name]) for name, light in LIGHT.items()} | groups


def dark_twins() -> dict[str, str]:
    """Return for each light colour that a figure may use the colour that replaces it on a dark page.

    White and near-white are not replaced, as they may be the text on a dark cell of a heat map. The background of a label
    has a colour of its own, "behind", which looks white.
    """
    names = ("ink", "soft", "rule", "accent", "better", "worse", "target", "band", "noise-wash", "behind")
    return {LIGHT[name]: DARK[name] for name in names} | dict(zip(GROUPS, GROUPS_DARK, strict=True))
