"""The contrast of every text of a page that is open in a browser, measured from the colours that the browser computed.

axe reads the text of an SVG by its ``color`` and leaves what lies on gradients and shapes "incomplete"; here a text in a picture
is read by its ``fill``, and what lies beneath it is laid over each other as the browser does.
"""

from __future__ import annotations

from typing import Any

_MEASURE = """
() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const read = colour => {  // whatever notation the browser gives: drawn on a dot and read back
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const faded = (colour, ...shares) => [...colour.slice(0, 3), shares.reduce((all, share) => all * parseFloat(share || 1), colour[3])];
  const light = ([r, g, b]) => [r, g, b].map(part => part / 255).map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
  const ratio = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + .05) / (b + .05) };
  const page = read(getComputedStyle(document.documentElement).colorScheme.includes('dark') ? '#000' : '#fff');
  const paper = element => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(read(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), page);
  };
  const shapesBelow = text => {
    const box = text.getBoundingClientRect();
    const all = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const svg = text.ownerSVGElement, drawn = [...svg.querySelectorAll('path, use')];
    return drawn.filter(shape => all.includes(shape) && shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING)
      .map(shape => [shape, getComputedStyle(shape)]).filter(([, style]) => style.fill !== 'none')
      .map(([, style]) => faded(read(style.fill), style.fillOpacity, style.opacity));
  };
  const results = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!words || !element.checkVisibility({visibilityProperty: true}) || element.closest('style, script, title')) continue;
    const box = element.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || element.closest('.unseen, .skip')) continue;  // for who listens, or until it has focus
    const style = getComputedStyle(element), svg = element.closest('svg');
    let under = paper(svg ? svg.parentElement : element);
    if (svg) under = shapesBelow(element).reduce((below, top) => over(top, below), under);
    const front = over(svg ? faded(read(style.fill), style.fillOpacity, style.opacity) : read(style.color), under);
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    results.push([words.slice(0, 40), ratio(front, under), isLarge ? 3 : 4.5]);
  }
  return results;
}
"""


def contrasts(page: Any) -> list[tuple[str, float, float]]:
    """Return each visible text with its contrast and the least it must have.

    Parameters
    ----------
    page : playwright Page
    """
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(int(height) + 50, 30_000)})
    return [(words, ratio, least) for words, ratio, least in page.evaluate(_MEASURE)]


def too_faint(page: Any) -> list[str]:
    """Return the texts that stand out too little, with their contrast."""
    return [f"{words}: {ratio:.2f}" for words, ratio, least in contrasts(page) if ratio < least - 0.005]
