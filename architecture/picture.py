"""The environment as one picture: `Card`s in, an SVG out that a person reads at a glance and a screen reader aloud.

The layout is arithmetic on the cards, so that the same environment gives the same bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from architecture.graph import ACCOUNT, RECOVERY, REGION, Card, arrows
from infrastructure.network import TIERS
from infrastructure.promises import HOME_REGION, RECOVERY_REGION

WIDTH = 1280
GAP = 12
TITLE = 26
LINE = 14
CHARACTER = 5.7
"""The width of an average character at 11 pixels: text is wrapped without a browser to ask."""

EDGE = "The edge"
GROUPS = {
    EDGE: ("certificates", "web_firewall"),
    "Buckets": ("buckets",),
    "Keys": ("keys",),
    "Audit and evidence": ("logs", "recorder", "evidence"),
    "Alarms and detection": ("alarms", "detection"),
    "Backup and recovery": ("backup",),
}
"""What is in the region and outside the network, by the modules that define it."""

OTHERS = "Operation"
TIER_TITLES = {
    "public": "Public subnets: open to the internet by the load balancer alone",
    "private": "Private subnets: reach the internet through NAT gateways",
    "isolated": "Isolated subnets: reach nothing outside the network",
}
STYLE = """
.hedgerow-map { --page: #fff; --ink: #1c2733; --soft: #556575; --line: #b9c4ce; --region: #f5f7f9; --card: #fff;
  --public: #fdf0dc; --private: #e6f0fb; --isolated: #e5f4ea; --arrow: #7a4fb5;
  font-family: system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; font-size: 11px; }
@media (prefers-color-scheme: dark) { .hedgerow-map { --page: #12181f; --ink: #e8edf2; --soft: #a3b1bf; --line: #475463;
  --region: #19212a; --card: #222c37; --public: #3b2f1b; --private: #1c2f45; --isolated: #1c3628; --arrow: #c3a3f0; } }
.hedgerow-map .page { fill: var(--page); }
.hedgerow-map .frame { fill: var(--region); stroke: var(--line); }
.hedgerow-map .account, .hedgerow-map .group { fill: none; stroke: var(--line); }
.hedgerow-map .group { stroke-dasharray: 3 3; }
.hedgerow-map .network { fill: var(--page); stroke: var(--soft); }
.hedgerow-map .public { fill: var(--public); } .hedgerow-map .private { fill: var(--private); }
.hedgerow-map .isolated { fill: var(--isolated); }
.hedgerow-map .card { fill: var(--card); stroke: var(--line); }
.hedgerow-map text { fill: var(--soft); }
.hedgerow-map .title { fill: var(--ink); font-size: 13px; font-weight: 600; }
.hedgerow-map .head { fill: var(--ink); font-size: 17px; font-weight: 600; }
.hedgerow-map [class*=" over-"] { paint-order: stroke; stroke-width: 5px; stroke-linejoin: round; }
.hedgerow-map .over-public { stroke: var(--public); } .hedgerow-map .over-private { stroke: var(--private); }
.hedgerow-map .over-isolated { stroke: var(--isolated); }
.hedgerow-map .arrow { fill: none; stroke: var(--arrow); stroke-width: 1.8; }
.hedgerow-map .tip { fill: var(--arrow); }
"""


Corner = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture with what is in it. Sizes are in pixels."""

    title: str
    style: str
    height: float
    cards: tuple[Card, ...] = ()
    columns: int = 1


class Drawing:
    """The picture in the making: its elements, and where each card came to be."""

    def __init__(self) -> None:
        self.elements: list[str] = []
        self.titles: list[str] = []
        self.corners: dict[tuple[str, str], tuple[float, float, float, float]] = {}

    def frame(self, title: str, style: str, corner: Corner, width: float, height: float) -> None:
        """A titled rectangle."""
        x, y = corner
        self.elements.append(
            f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        )
        self.titles.append(f'<text class="title over-{style}" x="{x + 10:g}" y="{y + 18:g}">{escape(title)}</text>')

    def card(self, card: Card, x: float, y: float, width: float, height: float) -> None:
        """A card, remembered for the arrows."""
        self.corners[card.name, card.place] = (x, y, width, height)
        lines = "".join(
            f'<text x="{x + 9:g}" y="{y + 33 + LINE * number:g}">{escape(line)}</text>'
            for number, line in enumerate(_lines(card, width))
        )
        self.elements.append(
            f'<rect class="card" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4"/>'
            f'<text class="title" x="{x + 9:g}" y="{y + 18:g}">{escape(card.name)}</text>{lines}'
        )

    def box(self, box: Box, x: float, y: float, width: float, height: float | None = None) -> None:
        """A box and the cards in it, row by row; `height` where it is to be higher than it must."""
        self.frame(box.title, box.style, (x, y), width, height or box.height)
        each = _card_width(width, box.columns)
        top = y + TITLE
        for row in _rows(box.cards, box.columns):
            tall = max(_card_height(card, each) for card in row)
            for column, card in enumerate(row):
                self.card(card, x + GAP + column * (each + GAP), top, each, tall)
            top += tall + GAP

    def arrow(self, source: Card, target: Card) -> None:
        """A curve from the lower edge of one card to the upper edge of another below it; others aren't drawn."""
        x, y, width, height = self.corners[source.name, source.place]
        to_x, to_y, to_width, _ = self.corners[target.name, target.place]
        if to_y > y + height:
            self.curve(x + width / 2, y + height, to_x + to_width / 2, to_y)

    def curve(self, x: float, y: float, to_x: float, to_y: float) -> None:
        """An arrow from one point down to another."""
        middle = (y + to_y) / 2
        self.elements.append(
            f'<path class="arrow" d="M{x:g} {y:g}C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y - 5:g}"/>'
            f'<path class="tip" d="M{to_x - 4:g} {to_y - 7:g}h8l-4 7z"/>'
        )


def picture(cards: Sequence[Card], title: str) -> str:
    """The SVG of all cards."""
    drawing = Drawing()
    left, inner, top = 2 * GAP, WIDTH - 4 * GAP, 76.0
    main = 750.0
    side = inner - main - 3 * GAP
    groups = {title: found for title, found in _groups(cards).items() if found}
    edge, rest = (_box(title, "group", groups.pop(title), 4, main) for title in (EDGE, OTHERS))
    beside = [_box(title, "group", found, 2, side) for title, found in groups.items()]
    tiers = [_box(TIER_TITLES[tier], tier, _spoken_to_first(cards, tier), 4, main - 2 * GAP) for tier in TIERS]
    low = TITLE + sum(tier.height + GAP for tier in tiers)
    high = sum(group.height + GAP for group in beside) - GAP
    spare = max(0.0, high - edge.height - low - rest.height - 2 * GAP)
    bottom = top + TITLE + max(high, edge.height + low + rest.height + 2 * GAP) + GAP

    drawing.frame(f"Home region {HOME_REGION}", "frame", (left, top), inner, bottom - top)
    y = top + TITLE
    drawing.box(edge, left + GAP, y, main)
    y += edge.height + GAP
    drawing.frame("Network over three zones", "network", (left + GAP, y), main, low + spare)
    y += TITLE
    for tier in tiers:
        height = tier.height + spare / len(tiers)
        drawing.box(tier, left + 2 * GAP, y, main - 2 * GAP, height)
        y += height + GAP
    drawing.box(rest, left + GAP, y + GAP, main)
    y = top + TITLE
    for group in beside:
        drawing.box(group, left + 2 * GAP + main, y, side)
        y += group.height + GAP

    recovery = _box(f"Recovery region {RECOVERY_REGION}", "frame", _in(cards, RECOVERY), 5, inner)
    drawing.box(recovery, left, bottom + 2 * GAP, inner)
    account = _box("Account-wide: identities have no region", "frame", _in(cards, ACCOUNT), 5, inner)
    end = bottom + 3 * GAP + recovery.height
    drawing.box(account, left, end, inner)
    _arrows(drawing, cards, top)
    return _svg(drawing, title, end + account.height + 2 * GAP, cards)


def _arrows(drawing: Drawing, cards: Sequence[Card], top: float) -> None:
    fronts = [card for card in cards if card.kind == "web_firewall"]
    for card in fronts:
        x, y, width, _ = drawing.corners[card.name, card.place]
        drawing.elements.append(
            f'<text class="title" x="{x + width / 2 + 8:g}" y="{top - 14:g}">Customers, by TLS</text>'
        )
        drawing.curve(x + width / 2, top - 22, x + width / 2, y)
    for source, target in arrows(cards):
        drawing.arrow(source, target)
    backups = {card.place: drawing.corners[card.name, card.place] for card in cards if card.name == "backup"}
    if backups.keys() >= {REGION, RECOVERY}:
        x, y, width, height = backups[REGION]
        to_x, to_y, to_width, _ = backups[RECOVERY]
        drawing.curve(x + width / 2, y + height, to_x + to_width / 2, to_y)


def _groups(cards: Iterable[Card]) -> dict[str, list[Card]]:
    by_kind = {kind: title for title, kinds in GROUPS.items() for kind in kinds}
    members: dict[str, list[Card]] = {title: [] for title in (*GROUPS, OTHERS)}
    for card in _in(cards, REGION):
        members[by_kind.get(card.kind, OTHERS)].append(card)
    return members


def _spoken_to_first(cards: Sequence[Card], tier: str) -> list[Card]:
    """A tier's cards, those that arrows lead to in front: nothing is drawn across another card."""
    targets = {target.name for _, target in arrows(cards)}
    return sorted(_in(cards, tier), key=lambda card: card.name not in targets)


def _in(cards: Iterable[Card], place: str) -> list[Card]:
    return [card for card in cards if card.place == place]


def _box(title: str, style: str, cards: Sequence[Card], columns: int, width: float) -> Box:
    columns = min(columns, max(1, len(cards)))
    rows = _rows(cards, columns)
    each = _card_width(width, columns)
    height = TITLE + sum(max(_card_height(card, each) for card in row) + GAP for row in rows)
    return Box(title, style, height, tuple(cards), columns)


def _rows(cards: Sequence[Card], columns: int) -> list[Sequence[Card]]:
    return [cards[start : start + columns] for start in range(0, len(cards), columns)]


def _card_width(width: float, columns: int) -> float:
    return (width - GAP * (columns + 1)) / columns


def _card_height(card: Card, width: float) -> float:
    return 26 + LINE * len(_lines(card, width))


def _lines(card: Card, width: float) -> list[str]:
    return textwrap.wrap(card.content, int((width - 18) / CHARACTER))


def _svg(drawing: Drawing, title: str, height: float, cards: Sequence[Card]) -> str:
    labels = 'role="img" aria-labelledby="hedgerow-map-title hedgerow-map-text"'
    size = f'width="{WIDTH - 2 * GAP}" height="{height - 2 * GAP:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="hedgerow-map" viewBox="0 0 {WIDTH} {height:g}" {labels}>',
        f'<title id="hedgerow-map-title">{escape(title)}</title>',
        f'<desc id="hedgerow-map-text">{escape(" ".join(description(cards)))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height:g}"/>',
        f'<rect class="account" x="{GAP}" y="{GAP}" {size} rx="8"/>',
        f'<text class="head" x="{2 * GAP}" y="38">{escape(title)}</text>',
        *drawing.elements,
        *drawing.titles,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def description(cards: Sequence[Card]) -> Iterator[str]:
    """The picture in sentences, one for each place."""
    places = {
        **{tier: f"In the {tier} subnets" for tier in TIERS},
        REGION: f"In {HOME_REGION} outside the network",
        RECOVERY: f"In the recovery region {RECOVERY_REGION}",
        ACCOUNT: "Account-wide",
    }
    for place, words in places.items():
        yield f"{words}: {'; '.join(f'{card.name} ({card.content})' for card in cards if card.place == place)}."
    spoken = [f"{source.name} to {target.name}" for source, target in arrows(cards)]
    yield f"Connections: {', '.join(spoken)}."
