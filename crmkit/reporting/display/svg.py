"""An SVG of matplotlib as a part of a page: small, in the colours of the page, with names of its own and values to hover.

The page's style gives charts a font, its size and colour (`.chart` in crmkit.css); what says the same is left out here.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from xml.etree import ElementTree

from crmkit.plots.palette import variables

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_STYLE_OF_TEXT = defaultdict(
    tuple,
    {
        "font-size": ("10.5px",),
        "fill": ("var(--soft,#55606f)",),
        "text-anchor": ("start",),
        "font-weight": ("400", "normal"),
    },
)
# What makes no difference to see, or stands in the page's style.
_PLAIN = defaultdict(
    tuple,
    {
        "stroke-linejoin": ("round", "miter"),
        "stroke-linecap": ("butt", "square"),
        "stroke-dashoffset": ("0",),
        "stroke-width": ("1",),
    },
)
_NO_STYLE = {"font-family", "font-stretch", "font-variant", "font-style"}  # the page's
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_STEP = re.compile(r"([MLCQZz])([^MLCQZz]*)")
_INHERITED_BY_TEXT = {"text-anchor", "font-weight"}  # the rest the page's style sets on each text
_INHERITED = _INHERITED_BY_TEXT | {"fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap"}
_WORTH_A_GROUP, _MANY_DOTS = 3, 20  # elements
_CURVES = 8  # of which matplotlib makes a circle
_SLACK = 4.0  # points by which a path may leave its axes and not be cut: half the width of a line
_HASH = 8  # characters


def inline_svg(
    svg: str, *, label: str, classes: str, values: Mapping[str, Sequence[str]] | None = None, recolour: bool = True
) -> str:
    """Return a picture of matplotlib as an element of a page.

    Parameters
    ----------
    svg : str
        As matplotlib writes it.
    label : str
        Text alternative.
    classes : str
        Of the element, beside ``chart``.
    values : mapping of id to sequence of str, or None
        What the marks of an artist show, in their order; see :func:`crmkit.plots.hover.with_values`.
    recolour : bool
        Whether colours of the theme become the variables of the page.
    """
    root = ElementTree.fromstring(svg)
    _drop(root, {"metadata", "style"})
    _name_values(root, values or {})
    for element in root.iter():
        _tidy(element, recolour=recolour)
    _write_out_uses(root)
    _uncut(root)
    _flatten(root)
    _join(root)
    _drop_unused(root)
    content = label.encode() + classes.encode() + ElementTree.tostring(root)
    _prefix_names(root, "c" + sha256(content).hexdigest()[:_HASH])
    box = root.get("viewBox", "0 0 1 1")
    root.attrib.clear()
    root.attrib |= {"class": f"chart {classes}".strip(), "viewBox": box, "role": "img", "aria-label": label}
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.tail = None
        if element.tag != "text" and element.tag != "title":
            element.text = None
        for name in {"x", "y", "width", "height"} & set(element.attrib):
            element.set(name, _numbers([round(10 * float(element.attrib[name]))]))
        if "d" in element.attrib:
            element.set("d", compact_path(element.attrib["d"]))
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True).replace(" />", "/>")


def compact_path(d: str) -> str:
    """Return a path in tenths of a point, each step from the place where the last one ended.

    Examples
    --------
    >>> compact_path("M 10 20.04 L 30.01 20 L 30 25.5 L 31 26 z")
    'M10 20h20v5.5l1 .5z'
    """
    written, here, begin = [], (0, 0), (0, 0)
    for kind, text in _STEP.findall(d):
        places = [round(10 * float(number)) for number in _NUMBER.findall(text)]
        if kind in "Zz":
            written.append("z")
            here = begin
        elif kind == "M":
            here = begin = (places[0], places[1])
            written.append("M" + _numbers(places))
        else:
            written.append(_step(kind, places, here, is_dot=written[-1].startswith("M")))
            here = (places[-2], places[-1])
    return "".join(written)


def _step(kind: str, places: Sequence[int], here: tuple[int, int], *, is_dot: bool) -> str:
    moved = [place - here[number % 2] for number, place in enumerate(places)]
    if kind != "L":
        return kind.lower() + _numbers(moved)
    across, down = moved
    if not down:
        return "h" + _numbers([across]) if across or is_dot else ""
    return "v" + _numbers([down]) if not across else "l" + _numbers(moved)


def _numbers(tenths: Sequence[int]) -> str:
    words = [f"{tenth / 10:g}".replace("0.", ".", 1) if abs(tenth) < 10 else f"{tenth / 10:g}" for tenth in tenths]
    return " ".join(words).replace(" -", "-")


def _drop(root: ElementTree.Element, tags: set[str]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.removeprefix(_SVG) in tags:
                parent.remove(child)


def _name_values(root: ElementTree.Element, values: Mapping[str, Sequence[str]]) -> None:
    """Give the marks of the artists that have values their titles: those of a collection, else the paths."""
    for group in [element for element in root.iter() if element.get("id") in values]:
        drawn = [mark for mark in group.iter(f"{_SVG}use") if mark.get(_LINK)]
        defined = {id(path) for each in group.iter(f"{_SVG}defs") for path in each.iter()}
        drawn = drawn or [path for path in group.iter(f"{_SVG}path") if id(path) not in defined]
        for mark, words in zip(drawn, values[group.attrib["id"]], strict=False):
            ElementTree.SubElement(mark, f"{_SVG}title").text = words


def _tidy(element: ElementTree.Element, *, recolour: bool) -> None:
    """Leave out of a style what the page's says, and of the places of a text what moves nothing."""
    style = dict(part.split(": ", 1) for part in element.attrib.pop("style", "").split("; ") if ": " in part)
    style = {name: value.strip("; ") for name, value in style.items() if name not in _NO_STYLE}
    if recolour:
        style = {name: _variable(value) for name, value in style.items()}
    is_text = element.tag == f"{_SVG}text"
    if is_text:
        style = {"fill": "#000000"} | style  # which matplotlib leaves out
    style = {name: value for name, value in style.items() if value not in (_STYLE_OF_TEXT if is_text else _PLAIN)[name]}
    if is_text:
        _place_text(element)
    if style:
        element.set("style", ";".join(f"{name}:{value}" for name, value in style.items()))


def _variable(colour: str) -> str:
    name = variables().get(colour.lower())
    return f"var(--{name},{colour.lower()})" if name else colour


def _place_text(text: ElementTree.Element) -> None:
    transform = text.attrib.pop("transform", "")
    numbers = [float(number) for number in _NUMBER.findall(transform)]
    if transform.startswith("translate") and "rotate" not in transform and "scale" not in transform:
        text.attrib |= {"x": f"{numbers[0]:.1f}", "y": f"{numbers[1]:.1f}"}
    elif transform and not (transform.startswith("rotate(") and numbers[0] == 0):
        text.set("transform", re.sub(r"(\.\d)\d+", r"\1", transform))


def _write_out_uses(root: ElementTree.Element) -> None:
    """Draw a shape that is used once where it is used, and leave out the definitions that are not used any more."""
    shapes = {path.get("id"): path for each in root.iter(f"{_SVG}defs") for path in each if path.tag == f"{_SVG}path"}
    n_uses = Counter(use.attrib[_LINK][1:] for use in root.iter(f"{_SVG}use"))
    for use in list(root.iter(f"{_SVG}use")):
        link = use.attrib.pop(_LINK)
        shape = shapes.get(link[1:])
        if shape is None or n_uses[link[1:]] > 1:
            use.set("href", link)
            continue
        dx, dy = float(use.attrib.pop("x", 0)), float(use.attrib.pop("y", 0))
        use.tag = f"{_SVG}path"
        use.set("d", _shifted(shape.attrib["d"], dx, dy))
        style = _styles(use) | _styles(shape)
        if style:
            use.set("style", ";".join(f"{name}:{value}" for name, value in style.items()))
        shape.tag = "gone"
    _drop(root, {"gone"})


def _styles(element: ElementTree.Element) -> dict[str, str]:
    return dict(part.split(":", 1) for part in element.get("style", "").split(";") if part)


def _shifted(d: str, dx: float, dy: float) -> str:
    def moved(match: re.Match[str]) -> str:
        places = [float(number) for number in _NUMBER.findall(match[2])]
        shifted = [place + (dy if number % 2 else dx) for number, place in enumerate(places)]
        return match[1] + " ".join(f"{place:.3f}" for place in shifted)

    return _STEP.sub(moved, d)


def _uncut(root: ElementTree.Element) -> None:
    """Leave out the cutting of paths that lie within their axes."""
    boxes = {}
    for clip in root.iter(f"{_SVG}clipPath"):
        rect = clip.find(f"{_SVG}rect")
        if rect is not None:
            x, y, wide, high = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
            boxes[f"url(#{clip.get('id')})"] = (x - _SLACK, x + wide + _SLACK, y - _SLACK, y + high + _SLACK)
    for element in root.iter():
        box = boxes.get(element.get("clip-path", ""))
        if box and all(_within(each, box) for each in element.iter()):
            del element.attrib["clip-path"]


def _within(element: ElementTree.Element, box: tuple[float, float, float, float]) -> bool:
    if "d" in element.attrib:
        places = [float(number) for number in _NUMBER.findall(element.attrib["d"])]
    elif element.tag == f"{_SVG}use":
        places = [float(element.get("x", 0)), float(element.get("y", 0))]
    else:
        return True
    return all(box[0] <= x <= box[1] for x in places[::2]) and all(box[2] <= y <= box[3] for y in places[1::2])


def _flatten(root: ElementTree.Element) -> None:
    """Leave out names that nothing refers to, shapes that draw nothing, and groups that say nothing."""
    referred = _referred(root)
    for parent in reversed(list(root.iter())):  # the inner ones first
        kept: list[ElementTree.Element] = []
        for child in parent:
            if child.get("id") not in referred:
                child.attrib.pop("id", None)
            kept += _kept(child)
        parent[:] = kept


def _referred(root: ElementTree.Element) -> set[str]:
    links = [value for element in root.iter() for value in element.attrib.values()]
    return {name for value in links for name in re.findall(r"url\(#([^)]+)\)|^#(.+)", value) for name in name if name}


def _kept(child: ElementTree.Element) -> list[ElementTree.Element]:
    """Return what stays of an element: itself, its children, or nothing."""
    tag, style = child.tag.removeprefix(_SVG), child.get("style", "")
    if tag in ("g", "defs") and (not len(child) or (tag == "g" and not child.attrib)):
        return list(child)
    is_unused = tag == "clipPath" and not child.get("id")
    is_unseen = tag == "path" and not child.get("id") and "fill:none" in style and "stroke:" not in style
    return [] if is_unused or is_unseen else [child]


def _join(root: ElementTree.Element) -> None:
    """Draw neighbouring lines of one style as one path, and give neighbours of one style a group that has it."""
    for parent in list(root.iter()):
        joined: list[ElementTree.Element] = []
        for child in parent:
            if joined and _is_one_path(joined[-1], child):
                joined[-1].set("d", joined[-1].attrib["d"] + child.attrib["d"])
            else:
                joined.append(child)
        circles = _circles(root)
        parent[:] = [each for run in _runs(joined) for each in (_one_path_of_dots(run, circles) or _grouped(run))]


def _is_one_path(before: ElementTree.Element, path: ElementTree.Element) -> bool:
    """Return whether two lines can be drawn as one: they are alike, hide nothing of each other and show no values."""
    if {before.tag, path.tag} != {f"{_SVG}path"} or len(before) or len(path) or path.get("id"):
        return False
    style = path.get("style", "")
    return (
        "fill:none" in style
        and "opacity" not in style
        and before.attrib | {"d": ""} == path.attrib | {"d": ""}
        and path.attrib["d"].count("L") == path.attrib["d"].count("M") == 1
        and before.attrib["d"].count("L") == before.attrib["d"].count("M")
    )


def _runs(children: list[ElementTree.Element]) -> list[list[ElementTree.Element]]:
    return [list(run) for _, run in groupby(children, key=lambda child: (child.tag, child.get("style", "")))]


def _drop_unused(root: ElementTree.Element) -> None:
    referred = _referred(root)
    for shapes in list(root.iter(f"{_SVG}defs")):
        shapes[:] = [shape for shape in shapes if shape.get("id") in referred]
    for parent in list(root.iter()):
        parent[:] = [child for child in parent if child.tag != f"{_SVG}defs" or len(child)]


def _circles(root: ElementTree.Element) -> dict[str, float]:
    """Return the radius of each shape that is a circle [points]; matplotlib draws one as eight curves."""
    shapes = [path for each in root.iter(f"{_SVG}defs") for path in each if path.tag == f"{_SVG}path"]
    round_ones = [shape for shape in shapes if shape.attrib["d"].count("C") == _CURVES and "L" not in shape.attrib["d"]]
    return {f"#{shape.get('id')}": max(map(float, _NUMBER.findall(shape.attrib["d"]))) for shape in round_ones}


def _one_path_of_dots(run: list[ElementTree.Element], circles: Mapping[str, float]) -> list[ElementTree.Element]:
    """Return one path of many dots that say nothing, each a line without length with round ends; else nothing."""
    links = {dot.get("href", "") for dot in run}
    style = _styles(run[0])
    if len(run) < _MANY_DOTS or len(links) > 1 or not links <= set(circles) or any(len(dot) for dot in run):
        return []
    if any(set(dot.attrib) - {"x", "y", "href", "style"} for dot in run) or not style.get("fill", "none").startswith(
        ("#", "var")
    ):
        return []
    d = "".join(f"M {dot.attrib['x']} {dot.attrib['y']} L {dot.attrib['x']} {dot.attrib['y']} " for dot in run)
    width = f"{2 * circles[links.pop()]:.1f}"
    drawn = {"fill": "none", "stroke": style["fill"], "stroke-width": width, "stroke-linecap": "round"}
    drawn |= {"stroke-opacity": style["fill-opacity"]} if "fill-opacity" in style else {}
    return [
        ElementTree.Element(
            f"{_SVG}path", {"style": ";".join(f"{name}:{value}" for name, value in drawn.items()), "d": d}
        )
    ]


def _grouped(run: list[ElementTree.Element]) -> list[ElementTree.Element]:
    style = run[0].get("style", "")
    names = {part.partition(":")[0] for part in style.split(";")}
    inherited = _INHERITED_BY_TEXT if run[0].tag == f"{_SVG}text" else _INHERITED
    if len(run) < _WORTH_A_GROUP or not style or not names <= inherited:
        return run
    group = ElementTree.Element(f"{_SVG}g", {"style": style})
    for child in run:
        del child.attrib["style"]
    group[:] = run
    return [group]


def _prefix_names(root: ElementTree.Element, prefix: str) -> None:
    names = {name: f"{prefix}-{place}" for place, name in enumerate(sorted(_referred(root)))}
    for element in root.iter():
        if element.get("id") in names:
            element.set("id", names[element.attrib["id"]])
        for name, value in list(element.attrib.items()):
            if name in ("href", "clip-path"):
                element.set(name, re.sub(r"#([\w.-]+)", lambda found: "#" + names.get(found[1], found[1]), value))
