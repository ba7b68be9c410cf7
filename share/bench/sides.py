"""Programs that run a workload on demand (protocol of serve.h), and the plan of who is compared with whom."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(os.path.dirname(HERE), "models")
TORCH = ["nchw", "channels_last"]
# workload: our variants, PyTorch's layouts or ways to write it
PLAN = {
    "mlp-step": (["mlp-step"], ["nchw"]),
    "cifar-step": (["cifar-step"], TORCH),
    "alexnet-forward": (["alexnet-forward", "alexnet-forward-bf16"], TORCH),
    "vgg16-forward": (["vgg16-forward", "vgg16-forward-bf16"], TORCH),
    "features-256": (["features-256", "features-256-bf16"], TORCH),
    "propose-fast": (["propose-fast"], ["opencv"]),
    "svm-1": (["svm-1"], ["liblinear"]),
    "svm-20": (["svm-20"], ["liblinear"]),
    "gat-step": (["gat-step"], TORCH),
    "pgd-attack": (["pgd-attack"], TORCH),
    "spatial-forward": (["spatial-forward"], ["fft"]),
    "spatial-step": (["spatial-step"], ["fft"]),
    "pose-step": (["pose-step"], TORCH),
    "pose-forward": (["pose-forward", "pose-forward-bf16"], TORCH),
    # Minutes for each iteration of PyTorch: only when asked for.
    "spatial-forward-direct": (["spatial-forward"], ["direct"]),
}
SLOW = ["spatial-forward-direct"]
# The two ways to write the attention decoder in PyTorch; beam search has no peer.
PLAN.update({f"caption-step-{n}": ([f"caption-step-{n}"], ["cell", "batched"]) for n in (512, 1800)})
PLAN.update({f"caption-beam-{n}": ([f"caption-beam-{n}"], []) for n in (512, 1800)})
# What grows: (items of one workload, workload) in rising order; our side alone.
GROWTH = {
    "pictures searched": [(1, "propose-fast")],
    "images": [(n, f"alexnet-images-{n}") for n in (1, 8, 64)],
    "proposals": [(n, f"features-{n}") for n in (64, 256, 1024)],
    "classes": [(n, f"svm-{n}") for n in (1, 5, 20)],
}
# Our program and PyTorch's for a workload, by its first word.
PROGRAMS = {"machine": ("bench_machine", None),
            "gat": ("bench_advgen", "peer_torch_advgen.py"), "pgd": ("bench_advgen", "peer_torch_advgen.py"),
            "caption": ("bench_caption", "peer_torch_caption.py"),
            "spatial": ("bench_pose", "peer_torch_pose.py"), "pose": ("bench_pose", "peer_torch_pose.py"),
            "propose": ("bench_rcnn", None), "svm": ("bench_rcnn", None), "features": ("bench_rcnn", "peer_torch.py")}
# glibc keeps freed blocks instead of returning them to the kernel: PyTorch without its page faults.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "1000000000", "MALLOC_MMAP_MAX_": "0"}


class Side:
    """A process that answers "go N" with the seconds of N iterations."""

    def __init__(self, name, command, threads, environment=None):
        self.name = name
        self.seconds, self.shares = [], []
        self.outcome = 0.0
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "OMP_NUM_THREADS": str(threads), **(environment or {})})
        ready = self.read()
        if ready[:1] != ["ready"]:
            raise SystemExit(f"bench: {name}: expected 'ready', found {ready}")
        self.parameters = int(ready[1])
        self.flops, self.bytes = (float(ready[2]), float(ready[3])) if len(ready) > 2 else (0.0, 0.0)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {self.name}: ended early, status {self.process.wait()}")
        return line.split()

    def ask(self, count):
        """Seconds for each of `count` iterations."""
        self.process.stdin.write(f"go {count}\n")
        self.process.stdin.flush()
        answer = self.read()
        self.outcome = float(answer[1]) if len(answer) > 1 else 0.0
        return float(answer[0]) / count

    def close(self):
        """Ends the process; the largest memory it had, in bytes."""
        # Of this process image alone: getrusage would count what the parent had when it started the process.
        status = open(f"/proc/{self.process.pid}/status").read().splitlines()
        peak = 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        self.process.stdin.close()
        self.process.wait()
        return peak


def our_side(workload, name, build, threads, picture):
    """`picture` is passed to workloads that want one."""
    program = PROGRAMS.get(workload.split("-")[0], ("bench_bn", None))[0]
    command = [os.path.join(build, program), MODELS, workload, str(threads)]
    if workload.startswith("propose"):
        command.append(picture)
    return Side(name, command, threads)


def peer_sides(workload, peer, arguments):
    threads = str(arguments.threads)
    if peer == "opencv":
        return [Side("OpenCV", [sys.executable, os.path.join(HERE, "peer_opencv.py"), workload, threads, arguments.picture], threads)]
    if peer == "liblinear":
        return [Side("liblinear", [os.path.join(arguments.build, "peer_liblinear"), MODELS, workload, threads], threads)]
    script = PROGRAMS.get(workload.split("-")[0], (None, "peer_torch.py"))[1]
    command = [sys.executable, os.path.join(HERE, script), workload.removesuffix("-direct"), threads, peer]
    sides = [Side("torch " + peer, command, threads)]
    if arguments.kept_memory:
        sides.append(Side(f"torch {peer}, kept memory", command, threads, KEPT_MEMORY))
    return sides


def start_sides(workload, arguments):
    """Our variants and the peers; all must have the same parameters."""
    ours, peers = PLAN[workload]
    bf16 = arguments.bf16 == "on" or (arguments.bf16 == "auto" and "amx_bf16" in open("/proc/cpuinfo").read())
    sides = [our_side(name, "fovea" + name.removeprefix(workload.removesuffix("-direct")), arguments.build, arguments.threads,
                      arguments.picture)
             for name in ours if bf16 or not name.endswith("bf16")]
    for peer in peers:
        sides += peer_sides(workload, peer, arguments)
    if len({side.parameters for side in sides}) != 1:
        raise SystemExit(f"bench: {workload}: parameter counts differ: {[(s.name, s.parameters) for s in sides]}")
    return sides


def what_lacks(workload, arguments):
    """Why a workload cannot run here, or ""."""
    peers = PLAN[workload][1]
    if "opencv" in peers and not arguments.picture:
        return "no --picture given"
    if "liblinear" in peers and not os.path.exists(os.path.join(arguments.build, "peer_liblinear")):
        return "no liblinear (Debian: liblinear-dev)"
    module = "cv2.ximgproc" if "opencv" in peers else "torch" if peers and "liblinear" not in peers else ""
    if module and subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True).returncode != 0:
        return f"no {module} in {sys.executable} (Debian: python3-{'torch' if module == 'torch' else 'opencv'})"
    return ""
