#!/usr/bin/env python3
"""Runs workloads side by side: one long-lived process per side, rounds in turn, ratios per round.

The sides never run at the same time. After a warm-up, the number of iterations is chosen so that one round of our side
takes about --seconds; every side then runs the same number in each round, in an order that rotates. What is reported is
the median over rounds of (their seconds / our seconds), with its smallest and largest value: above 1 we are faster.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(HERE), "models")
# workload: (of PyTorch, our variants, layouts of PyTorch)
PLAN = {
    "mlp-step": (["mlp-step"], ["nchw"]),
    "cifar-step": (["cifar-step"], ["nchw", "channels_last"]),
    "alexnet-forward": (["alexnet-forward", "alexnet-forward-bf16"], ["nchw", "channels_last"]),
    "vgg16-forward": (["vgg16-forward", "vgg16-forward-bf16"], ["nchw", "channels_last"]),
    "gat-step": (["gat-step"], ["nchw", "channels_last"]),
    "pgd-attack": (["pgd-attack"], ["nchw", "channels_last"]),
    "spatial-forward": (["spatial-forward"], ["fft"]),
    "spatial-step": (["spatial-step"], ["fft"]),
    "pose-step": (["pose-step"], ["nchw", "channels_last"]),
    "pose-forward": (["pose-forward", "pose-forward-bf16"], ["nchw", "channels_last"]),
    # Minutes for each iteration of PyTorch: only when asked for.
    "spatial-forward-direct": (["spatial-forward"], ["direct"]),
}
SLOW = ["spatial-forward-direct"]
# The two ways to write the attention decoder in PyTorch; beam search has no peer.
PLAN.update({f"caption-step-{n}": ([f"caption-step-{n}"], ["cell", "batched"]) for n in (512, 1800)})
PLAN.update({f"caption-beam-{n}": ([f"caption-beam-{n}"], []) for n in (512, 1800)})
# Both programs of a workload, by its first word: ours lies beside --bench-bn, theirs here.
PROGRAMS = {"gat": ("bench_advgen", "peer_torch_advgen.py"), "pgd": ("bench_advgen", "peer_torch_advgen.py"),
            "caption": ("bench_caption", "peer_torch_caption.py"),
            "spatial": ("bench_pose", "peer_torch_pose.py"), "pose": ("bench_pose", "peer_torch_pose.py")}
# glibc keeps freed blocks instead of returning them to the kernel: PyTorch without its page faults.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "1000000000", "MALLOC_MMAP_MAX_": "0"}


class Side:
    def __init__(self, name, command, environment):
        self.name = name
        self.seconds = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        ready = self.read().split()
        if ready[:1] != ["ready"]:
            raise SystemExit(f"bench: {name}: expected 'ready', found {ready}")
        self.parameters = int(ready[1])

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {self.name}: ended early, status {self.process.wait()}")
        return line

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return float(self.read())

    def close(self):
        # Of this process image alone: getrusage would count what the parent had when it started the process.
        status = open(f"/proc/{self.process.pid}/status").read().splitlines()
        peak = 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        self.process.stdin.close()
        self.process.wait()
        return peak


def start_sides(workload, arguments):
    ours, layouts = PLAN[workload]
    threads = str(arguments.threads)
    environment = {"OMP_NUM_THREADS": threads}
    bf16 = arguments.bf16 == "on" or (arguments.bf16 == "auto" and "amx_bf16" in open("/proc/cpuinfo").read())
    program, peer = PROGRAMS.get(workload.split("-")[0], ("bench_bn", "peer_torch.py"))
    program = os.path.join(os.path.dirname(arguments.bench_bn), program)
    sides = [Side("fovea" + name.removeprefix(workload), [program, MODELS, name, threads], environment)
             for name in ours if bf16 or not name.endswith("bf16")]
    for layout in layouts:
        command = [sys.executable, os.path.join(HERE, peer), workload.removesuffix("-direct"), threads, layout]
        sides.append(Side("torch " + layout, command, environment))
        if arguments.kept_memory:
            sides.append(Side(f"torch {layout}, kept memory", command, {**environment, **KEPT_MEMORY}))
    if len({side.parameters for side in sides}) != 1:
        raise SystemExit(f"bench: {workload}: parameter counts differ: {[(s.name, s.parameters) for s in sides]}")
    return sides


def run_workload(workload, arguments):
    sides = start_sides(workload, arguments)
    slow = workload in SLOW
    for side in sides:
        side.ask("go 1" if slow else "go 3")
    once = sides[0].ask("go 3") / 3
    count = 1 if slow else max(1, round(arguments.seconds / once))
    for round_index in range(1 if slow else arguments.rounds):
        turn = round_index % len(sides)
        for side in sides[turn:] + sides[:turn]:
            time.sleep(0.1)  # threads of the side before go to sleep
            side.seconds.append(side.ask(f"go {count}") / count)
    rows = []
    for side in sides:
        ratios = [theirs / ours for theirs, ours in zip(side.seconds, sides[0].seconds)]
        rows.append({
            "workload": workload, "side": side.name, "iterations": count, "rounds": len(side.seconds),
            "parameters": side.parameters, "median_ms": 1000 * statistics.median(side.seconds),
            "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios),
            "peak_rss_mib": side.close() / 2**20,
        })
    return rows


def print_row(row):
    print(f"{row['workload']:<16} {row['side']:<34} {row['median_ms']:>10.3f} {row['ratio']:>7.2f} "
          f"{row['ratio_low']:>6.2f}..{row['ratio_high']:<6.2f} {row['peak_rss_mib']:>8.0f}", flush=True)


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="default: all of " + " ".join(PLAN))
    parser.add_argument("--bench-bn", required=True, help="our program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5, help="of our side in one round")
    parser.add_argument("--kept-memory", action="store_true", help="also PyTorch with malloc told to keep freed memory")
    parser.add_argument("--bf16", choices=["auto", "on", "off"], default="auto", help="our bf16 forward passes (AMX only)")
    parser.add_argument("--json", metavar="FILE", help="write the rows here")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.workloads if name not in PLAN]
    if unknown:
        parser.error(f"unknown workload {unknown[0]}; known: {' '.join(PLAN)}")
    version = subprocess.run([sys.executable, "-c", "import torch; print(torch.__version__)"], check=True,
                             capture_output=True, text=True).stdout.strip()
    print(f"{processor()}, {arguments.threads} threads, torch {version}; ratio = their time / our time")
    print(f"{'workload':<16} {'side':<34} {'ms':>10} {'ratio':>7} {'low..high':^14} {'MiB peak':>8}")
    rows = []
    for workload in arguments.workloads or [name for name in PLAN if name not in SLOW]:
        for row in run_workload(workload, arguments):
            rows.append(row)
            print_row(row)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"processor": processor(), "threads": arguments.threads, "torch": version, "rows": rows},
                      file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
