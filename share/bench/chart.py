"""An SVG of drive.py's rows: for each workload the ratio to each peer, with its spread, and the share of the roof."""
import math
from html import escape

ROW, LABEL, WIDTH, TOP = 22, 330, 360, 70
SHARES = LABEL + WIDTH + 260  # where the second column of bars begins
BLUE, ORANGE, GREEN = "#4477aa", "#ee8866", "#44bb99"


def text(x, y, words, anchor="start", size=12, colour="#222222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def bar(x, y, width, colour):
    return f'<rect x="{x:.1f}" y="{y + 4:.1f}" width="{width:.1f}" height="{ROW - 8}" fill="{colour}"/>'


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def draw_ratios(rows, top):
    """Bars from where both sides are equal, on a logarithmic axis, with the spread as a thin line."""
    low = min([0.5] + [row["ratio_low"] for row in rows])
    high = max([2] + [row["ratio_high"] for row in rows])
    bottom = top + len(rows) * ROW

    def at(ratio):
        return LABEL + WIDTH * math.log(ratio / low) / math.log(high / low)

    out = []
    for power in range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1):
        out += [line(at(2**power), top - 6, at(2**power), bottom, "#222222" if power == 0 else "#dddddd"),
                text(at(2**power), top - 10, f"{2**power:g}", "middle", 11)]
    for place, row in enumerate(rows):
        y = top + place * ROW
        left, right = sorted((at(1), at(row["ratio"])))
        out += [text(LABEL - 8, y + ROW / 2 + 4, f"{row['workload']}, {row['side']}", "end"), bar(left, y, right - left, BLUE),
                line(at(row["ratio_low"]), y + ROW / 2, at(row["ratio_high"]), y + ROW / 2, "#222222"),
                text(LABEL + WIDTH + 8, y + ROW / 2 + 4, f"{row['ratio']:.2f}")]
    return out


def draw_shares(rows, top):
    full = 200
    out = [line(SHARES + full, top - 6, SHARES + full, top + len(rows) * ROW, "#dddddd"),
           text(SHARES + full, top - 10, "100 %", "middle", 11)]
    for place, row in enumerate(rows):
        y = top + place * ROW
        out += [text(SHARES - 8, y + ROW / 2 + 4, row["workload"], "end"),
                bar(SHARES, y, full * min(row["roof_share"], 1.2), ORANGE if row["bound"] == "compute" else GREEN),
                text(SHARES + 1.2 * full + 8, y + ROW / 2 + 4, f"{100 * row['roof_share']:.0f} %, {row['bound']}")]
    return out


def draw(title, rows):
    peers = [row for row in rows if not row["side"].startswith("fovea")]
    ours = [row for row in rows if row["side"].startswith("fovea") and row["roof_share"]]
    height = TOP + ROW * max(len(peers), len(ours)) + 20
    width = SHARES + 370
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>', text(12, 22, title, size=14),
             text(LABEL, 42, "their time / our time"), text(SHARES, 42, "share of the machine's roof")]
    parts += draw_ratios(peers, TOP) + draw_shares(ours, TOP) + ["</svg>", ""]
    return "\n".join(parts)
