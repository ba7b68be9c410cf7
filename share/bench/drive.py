#!/usr/bin/env python3
"""Runs workloads side by side: one long-lived process per side, rounds in turn, ratios per round.

The sides never run at the same time. After a warm-up, the number of iterations is chosen so that one round of our side
takes about --seconds; every side then runs the same number in each round, in an order that rotates. What is reported is
the median over rounds of (their seconds / our seconds), with its smallest and largest value: above 1 we are faster.
'roof' is the share of what this machine can do: the least time that the work takes at the rate of a matrix product of
2048 and of reading memory, both measured in the same rounds, beside the time it took.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import chart
from sides import GROWTH, PLAN, SLOW, our_side, start_sides, what_lacks


class Roof:
    """What the machine can do at most, in flops and bytes a second, now."""

    def __init__(self, arguments):
        self.sides = [our_side(name, name, arguments.build, arguments.threads, None) for name in ("machine-sgemm", "machine-memory")]
        self.rates = []
        for side in self.sides:
            side.ask(2)

    def measure(self):
        product, memory = self.sides
        self.rates.append((product.flops / product.ask(2), memory.bytes / memory.ask(2)))
        return self.rates[-1]

    def close(self):
        for side in self.sides:
            side.close()


def least_seconds(side, rates):
    """Of an iteration, and what bounds it."""
    compute, memory = side.flops / rates[0], side.bytes / rates[1]
    return (compute, "compute") if compute >= memory else (memory, "memory")


def calibrate(side, seconds):
    """Warms a side up; how often it is to run in a round."""
    once = side.ask(1)
    if once < seconds:
        once = side.ask(3)
    return max(1, round(seconds / once))


def run_workload(workload, roof, arguments):
    sides = start_sides(workload, arguments)
    slow = workload in SLOW
    count = 1 if slow else calibrate(sides[0], arguments.seconds)
    for side in sides[1:]:
        calibrate(side, arguments.seconds)
    for turn in range(1 if slow else arguments.rounds):
        rates = roof.measure()
        for place in range(len(sides)):
            side = sides[(turn + place) % len(sides)]
            time.sleep(0.1)  # threads of the side before go to sleep
            side.seconds.append(side.ask(count))
            side.shares.append(least_seconds(side, rates)[0] / side.seconds[-1])
    return [row_of(workload, side, sides[0], count, rates) for side in sides]


def row_of(workload, side, first, count, rates):
    ratios = [theirs / ours for theirs, ours in zip(side.seconds, first.seconds)]
    share = statistics.median(side.shares)
    return {
        "workload": workload, "side": side.name, "iterations": count, "rounds": len(side.seconds),
        "parameters": side.parameters, "outcome": side.outcome, "median_ms": 1000 * statistics.median(side.seconds),
        "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios),
        "gflop": side.flops / 1e9, "gbyte": side.bytes / 1e9, "roof_share": share or None,
        "bound": least_seconds(side, rates)[1] if share else None, "peak_rss_mib": side.close() / 2**20,
    }


def print_row(row):
    roof = f"{100 * row['roof_share']:.0f} % {row['bound']}" if row["roof_share"] else "-"
    print(f"{row['workload']:<17} {row['side']:<34} {row['median_ms']:>10.3f} {row['ratio']:>7.2f} "
          f"{row['ratio_low']:>6.2f}..{row['ratio_high']:<6.2f} {row['peak_rss_mib']:>8.0f}  {roof}", flush=True)


def compare(roof, arguments):
    print(f"{'workload':<17} {'side':<34} {'ms':>10} {'ratio':>7} {'low..high':^14} {'MiB peak':>8}  roof")
    rows = []
    for workload in arguments.workloads or [name for name in PLAN if name not in SLOW]:
        lacks = what_lacks(workload, arguments)
        if lacks:
            print(f"bench: {workload} left out: {lacks}", file=sys.stderr)
            continue
        for row in run_workload(workload, roof, arguments):
            rows.append(row)
            print_row(row)
    return rows


def grow(kind, threads, arguments):
    """Times of rising sizes, in turn; our side alone."""
    sizes = GROWTH[kind]
    sides = [our_side(workload, workload, arguments.build, threads, arguments.picture) for _, workload in sizes]
    counts = [calibrate(side, arguments.seconds) for side in sides]
    for _ in range(arguments.rounds):
        for side, count in zip(sides, counts):
            side.seconds.append(side.ask(count))
    rows = []
    for (size, _), side in zip(sizes, sides):
        seconds = statistics.median(side.seconds)
        rows.append({"kind": kind, "threads": threads, "size": size, "median_ms": 1000 * seconds, "per_second": size / seconds,
                     "per_second_low": size / max(side.seconds), "per_second_high": size / min(side.seconds),
                     "peak_rss_mib": side.close() / 2**20})
    return rows


def scaling(arguments):
    print(f"{'of':<17} {'threads':>7} {'size':>6} {'ms':>10} {'per second':>10} {'low..high':^17} {'MiB peak':>8}")
    rows = []
    for kind in GROWTH:
        if kind == "pictures searched" and not arguments.picture:
            print(f"bench: {kind} left out: no --picture given", file=sys.stderr)
            continue
        for threads in sorted({1, arguments.threads}):
            for row in grow(kind, threads, arguments):
                rows.append(row)
                print(f"{kind:<17} {threads:>7} {row['size']:>6} {row['median_ms']:>10.1f} {row['per_second']:>10.4g} "
                      f"{row['per_second_low']:>8.4g}..{row['per_second_high']:<8.4g} {row['peak_rss_mib']:>7.0f}", flush=True)
    return rows


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def version_of(module):
    done = subprocess.run([sys.executable, "-c", f"import {module}; print({module}.__version__)"], capture_output=True, text=True)
    return done.stdout.strip() or None


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="default: all of " + " ".join(PLAN))
    parser.add_argument("--build", required=True, help="folder of our programs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of our side in one round")
    parser.add_argument("--picture", metavar="FILE", help="for selective search")
    parser.add_argument("--kept-memory", action="store_true", help="also PyTorch with malloc told to keep freed memory")
    parser.add_argument("--bf16", choices=["auto", "on", "off"], default="auto", help="our bf16 forward passes (AMX only)")
    parser.add_argument("--scaling", action="store_true", help="times against threads and sizes instead, our side alone")
    parser.add_argument("--json", metavar="FILE", help="write the rows here")
    parser.add_argument("--svg", metavar="FILE", help="draw ratios and shares of the roof here")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.workloads if name not in PLAN]
    if unknown:
        parser.error(f"unknown workload {unknown[0]}; known: {' '.join(PLAN)}")
    if arguments.scaling and (arguments.workloads or arguments.svg):
        parser.error("--scaling runs its own workloads and draws nothing")
    return arguments


def main():
    arguments = parse()
    facts = {"processor": processor(), "threads": arguments.threads, "torch": version_of("torch"), "opencv": version_of("cv2")}
    title = f"{facts['processor']}, {arguments.threads} threads"
    if arguments.scaling:
        print(title)
        facts["scaling"] = scaling(arguments)
    else:
        print(f"{title}, torch {facts['torch']}, OpenCV {facts['opencv']}; ratio = their time / our time")
        roof = Roof(arguments)
        facts["rows"] = compare(roof, arguments)
        roof.close()
        if not facts["rows"]:
            raise SystemExit(69)
        flops, memory = (statistics.median(rates) for rates in zip(*roof.rates))
        facts["roof"] = {"gflops": flops / 1e9, "gbytes_per_second": memory / 1e9}
        print(f"roof: {flops / 1e9:.0f} GFLOP/s, {memory / 1e9:.1f} GB/s")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1)
            file.write("\n")
    if arguments.svg:
        with open(arguments.svg, "w", encoding="utf-8") as file:
            file.write(chart.draw(title, facts["rows"]))


if __name__ == "__main__":
    main()
