#!/usr/bin/env python3
"""PyTorch's side of a side-by-side run: the same networks, the same protocol as bench_bn.cc.

usage: peer_torch.py WORKLOAD THREADS LAYOUT      LAYOUT: nchw | channels_last
"""
import sys
import time

import torch
from torch import nn


def mlp():
    layers = [nn.Flatten()]
    width = 784
    for _ in range(3):
        layers += [nn.Linear(width, 100, bias=False), nn.BatchNorm1d(100), nn.Sigmoid()]
        width = 100
    return nn.Sequential(*layers, nn.Linear(100, 10)), (1, 28, 28), 60


def cifar():
    layers = []
    channels = 3
    for out in (48, 96, 192):
        layers += [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2)]
        channels = out
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(192 * 16, 10)), (3, 32, 32), 64


def alexnet():
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def norm():
        return nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)

    return nn.Sequential(
        nn.Conv2d(3, 96, 11, stride=4), nn.ReLU(), pool(), norm(),
        nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), pool(), norm(),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), pool(), nn.Flatten(),
        nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(),
        nn.Linear(4096, 1000)), (3, 227, 227), 64


def vgg16():
    layers = []
    channels = 3
    for count, out in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()]
            channels = out
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Dropout(), nn.Linear(4096, 1000)), (3, 224, 224), 8


# name: network, learning rate (0 = forward only), momentum
WORKLOADS = {
    "mlp-step": (mlp, 0.1, 0.0),
    "cifar-step": (cifar, 0.01, 0.9),
    "alexnet-forward": (alexnet, 0.0, 0.0),
    "vgg16-forward": (vgg16, 0.0, 0.0),
}


def features_iteration(count, layout):
    """Windows of a picture, resized to the network's input in batches of 64, to fc7 of AlexNet."""
    net, (channels, height, width), batch = alexnet()
    parameters = sum(p.numel() for p in net.parameters())
    fc7 = net[:-2].eval()
    if layout == "channels_last":
        fc7 = fc7.to(memory_format=torch.channels_last)
    picture = torch.rand(1, channels, 375, 500)
    corners = [(int(x), int(y)) for x, y in zip(torch.randint(0, 460, (count,)), torch.randint(0, 335, (count,)))]
    sizes = [(int(torch.randint(21, 501 - x, ())), int(torch.randint(21, 376 - y, ()))) for x, y in corners]

    def crop(box):
        (x, y), (w, h) = box
        return nn.functional.interpolate(picture[:, :, y:y + h, x:x + w], (height, width), mode="bilinear", align_corners=False)

    def extract():
        boxes = list(zip(corners, sizes))
        with torch.no_grad():
            for first in range(0, count, batch):
                x = torch.cat([crop(box) for box in boxes[first:first + batch]])
                fc7(x.contiguous(memory_format=torch.channels_last) if layout == "channels_last" else x)

    return extract, parameters


def make_iteration(workload, layout):
    if workload.startswith("features-"):
        return features_iteration(int(workload.split("-")[1]), layout)
    build, rate, momentum = WORKLOADS[workload]
    net, shape, batch = build()
    x = torch.rand(batch, *shape) - 0.5
    if layout == "channels_last":
        net = net.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in net.parameters())
    if rate == 0:
        net.eval()

        def forward():
            with torch.no_grad():
                net(x)

        return forward, parameters

    labels = torch.arange(batch) % 10
    optimizer = torch.optim.SGD(net.parameters(), lr=rate, momentum=momentum)
    loss = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(net(x), labels).backward()
        optimizer.step()

    return step, parameters


def main():
    workload, threads, layout = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(int(threads))
    iteration, parameters = make_iteration(workload, layout)
    print("ready", parameters, flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line.split()[1])):
            iteration()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
