#!/usr/bin/env python3
"""PyTorch's side of the pose workloads: the same networks and shapes, the same protocol as bench_pose.cc.

usage: peer_torch_pose.py WORKLOAD THREADS LAYOUT      LAYOUT: nchw | channels_last | fft | direct
"""
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

N, J, H, W, R = 4, 14, 60, 90, 64
EPS = 1e-3


def messages_fft(q, p):
    """True convolution of maps [N,V,h,w] with kernels [A,V,k,k]: [N,A,V,h,w]. Rows and columns beyond the map are cut."""
    ry, rx = H - 1, R
    p = p[..., R - ry:R + ry + 1, :]
    ly, lx = 120, 160
    fq = torch.fft.rfft2(q, (ly, lx))
    fp = torch.fft.rfft2(p, (ly, lx))
    m = torch.fft.irfft2(fq[:, None] * fp[None], (ly, lx))
    m = torch.roll(m, (-ry, -rx), (-2, -1))
    return m[..., :H, :W]


def messages_direct(q, p):
    a, v, k, _ = p.shape
    weight = p.flip(2, 3).transpose(0, 1).reshape(v * a, 1, k, k)
    m = F.conv2d(q, weight, padding=R, groups=v)
    return m.view(q.shape[0], v, a, H, W).transpose(1, 2)


def spatial(e, kernel, bias, messages):
    m = messages(torch.clamp(e, min=EPS), F.softplus(kernel))
    t = torch.clamp(m, min=0) + F.softplus(bias)[None, :, :, None, None]
    return torch.exp(torch.log(t).sum(2))


def make_spatial(layout, gradients):
    e = (torch.rand(N, J, H, W) * 1.2 - 0.2).requires_grad_(gradients)
    kernel = (torch.rand(J, J, 2 * R + 1, 2 * R + 1) * 2 - 9).requires_grad_(gradients)
    bias = (torch.rand(J, J) - 3).requires_grad_(gradients)
    upstream = torch.rand(N, J, H, W) * 2 - 1
    messages = messages_fft if layout == "fft" else messages_direct

    def forward():
        with torch.no_grad():
            spatial(e, kernel, bias, messages)

    def step():
        spatial(e, kernel, bias, messages).backward(upstream)
        e.grad = kernel.grad = bias.grad = None

    return step if gradients else forward, kernel.numel() + bias.numel()


def lcn(x, size=9, sigma=2.25):
    t = torch.arange(size, dtype=torch.float32) - size // 2
    g = torch.exp(-t * t / (2 * sigma * sigma))
    g = g / g.sum()
    c = x.shape[1]
    row, column = g.view(1, 1, 1, -1).repeat(c, 1, 1, 1), g.view(1, 1, -1, 1).repeat(c, 1, 1, 1)

    def blur(z):
        return F.conv2d(F.conv2d(z, row, padding=(0, size // 2), groups=c), column, padding=(size // 2, 0), groups=c)

    one = blur(torch.ones_like(x))
    v = x - blur(x) / one
    s = torch.sqrt(blur(v * v) / one)
    return v / torch.clamp(torch.maximum(s, s.mean((2, 3), keepdim=True)), min=1e-4)


class Detector(nn.Module):
    def __init__(self, width, joints=4, drop=0.5):
        super().__init__()
        a, b, c = round(128 * width), round(512 * width), round(256 * width)

        def bank():
            return nn.Sequential(nn.Conv2d(3, a, 5, padding=30), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(a, a, 5), nn.ReLU(),
                                 nn.MaxPool2d(2), nn.Conv2d(a, a, 5), nn.ReLU(), nn.Conv2d(a, b, 9), nn.ReLU())

        self.fine, self.coarse = bank(), bank()
        self.head = nn.Sequential(nn.Dropout2d(drop), nn.Conv2d(b, c, 1), nn.ReLU(), nn.Dropout2d(drop), nn.Conv2d(c, joints, 1))

    def forward(self, x):
        with torch.no_grad():
            full, half = lcn(x), lcn(F.avg_pool2d(x, 2))
        return self.head(self.fine(full) + F.interpolate(self.coarse(half), scale_factor=2))


def make_detector(layout, width, batch, training):
    net = Detector(width, drop=0.5 if training else 0.0)
    x = torch.rand(batch, 3, 240, 360)
    if layout == "channels_last":
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in net.parameters())
    if not training:
        net.eval()

        def forward():
            with torch.no_grad():
                net(x)

        return forward, parameters
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9, nesterov=True, weight_decay=1e-4)
    target = torch.rand(batch, 4, 60, 90)

    def step():
        optimizer.zero_grad(set_to_none=True)
        ((net(x) - target) ** 2).sum().mul(0.5 / (batch * 4)).backward()
        optimizer.step()

    return step, parameters


def main():
    workload, threads, layout = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(int(threads))
    iteration, parameters = {
        "spatial-forward": lambda: make_spatial(layout, False),
        "spatial-step": lambda: make_spatial(layout, True),
        "pose-step": lambda: make_detector(layout, 0.25, 4, True),
        "pose-forward": lambda: make_detector(layout, 1, 1, False),
    }[workload]()
    print("ready", parameters, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line.split()[1])):
            iteration()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
