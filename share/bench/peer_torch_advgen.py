#!/usr/bin/env python3
"""PyTorch's side of the adversarial workloads; the same networks and iterations as bench_advgen.cc.

usage: peer_torch_advgen.py WORKLOAD THREADS LAYOUT      WORKLOAD: gat-step | pgd-attack, LAYOUT: nchw | channels_last
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional

BATCH = 128


def classifier():
    return nn.Sequential(
        nn.Conv2d(3, 48, 3, padding=1), nn.ReLU(), nn.Conv2d(48, 48, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(48, 96, 3, padding=1), nn.ReLU(), nn.Conv2d(96, 96, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(96, 96, 3, padding=1), nn.ReLU(), nn.Conv2d(96, 96, 1), nn.ReLU(), nn.Conv2d(96, 10, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten())


def generator():
    layers = []
    channels = 3
    for _ in range(6):
        layers += [nn.Conv2d(channels, 48, 3, padding=1), nn.ReLU()]
        channels = 48
    return nn.Sequential(*layers, nn.Conv2d(48, 48, 1), nn.ReLU(), nn.Conv2d(48, 3, 1))


def gradient_of(net, x, labels, function):
    x = x.detach().requires_grad_(True)
    gradient, = torch.autograd.grad(function(net(x), labels), x)
    return gradient


def true_log_probability(logits, labels):
    return functional.log_softmax(logits, 1).gather(1, labels[:, None]).sum()


def make_gat(layout):
    net, drawer = classifier().to(memory_format=layout), generator().to(memory_format=layout)
    x = torch.rand(BATCH, 3, 32, 32).contiguous(memory_format=layout)
    labels = torch.arange(BATCH) % 10
    of_net = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    of_drawer = torch.optim.Adam(drawer.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def train(module, on):
        for parameter in module.parameters():
            parameter.requires_grad_(on)

    def step():
        train(net, False)  # no weight gradients where none are wanted, as on our side
        gradient = gradient_of(net, x, labels, true_log_probability)
        rms = gradient / gradient.pow(2).mean(dim=(1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        delta = torch.tanh(drawer(rms))
        probability = functional.softmax(net((x + delta).clamp(0, 1)), 1).gather(1, labels[:, None]).mean()
        of_drawer.zero_grad(set_to_none=True)
        (probability + 0.1 * delta.pow(2).sum() / BATCH).backward()
        of_drawer.step()
        train(net, True)
        with torch.no_grad():
            perturbed = (x + torch.tanh(drawer(rms))).clamp(0, 1)
        of_net.zero_grad(set_to_none=True)
        functional.cross_entropy(net(torch.cat([x, perturbed])), torch.cat([labels, labels])).backward()
        of_net.step()

    return step, sum(p.numel() for module in (net, drawer) for p in module.parameters())


def make_pgd(layout):
    net = classifier().to(memory_format=layout).requires_grad_(False)
    x = torch.rand(BATCH, 3, 32, 32).contiguous(memory_format=layout)
    labels = torch.arange(BATCH) % 10
    radius, size = 8 / 255, 2.5 * 8 / 255 / 10

    def attack():
        best, fooled = x.clone(), torch.zeros(BATCH, dtype=torch.bool)
        highest = torch.full((BATCH,), -float("inf"))
        y = (x + torch.empty_like(x).uniform_(-radius, radius)).clamp(0, 1)
        for turn in range(11):
            y = y.detach().requires_grad_(turn < 10)
            with torch.set_grad_enabled(turn < 10):
                logits = net(y)
                losses = functional.cross_entropy(logits, labels, reduction="none")
            with torch.no_grad():  # the most damaging iterate is kept, as on our side
                hit = logits.argmax(1) != labels
                better = (hit & ~fooled) | ((hit == fooled) & (losses > highest))
                best[better], highest[better], fooled[better] = y[better], losses[better], hit[better]
            if turn < 10:
                gradient, = torch.autograd.grad(losses.sum(), y)
                y = torch.max(torch.min(y + size * gradient.sign(), x + radius), x - radius).clamp(0, 1)

    return attack, sum(p.numel() for p in net.parameters())


def main():
    workload, threads, layout = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(int(threads))
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    iteration, parameters = (make_gat if workload == "gat-step" else make_pgd)(memory)
    print("ready", parameters, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line.split()[1])):
            iteration()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
