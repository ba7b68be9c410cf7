#!/usr/bin/env python3
"""PyTorch's side of the caption benchmark: the decoder of lib/systems/caption, the same maths, the same sizes.

usage: peer_torch_caption.py WORKLOAD THREADS VARIANT

WORKLOAD  caption-step-HIDDEN: one training step (forward, backward, clip by global norm, Adam) of the soft decoder with
          L = 196, D = K = m = 512, V = 10000, 64 captions of 11 words and the end word.
VARIANT   cell: nn.LSTMCell on [E y, z] at every step, the annotation projection once, logits of all steps at once
          batched: E y W of all steps in one product, U and C as one matrix, additive scores by one matmul
"""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

B, L, D, K, M, V, T = 64, 196, 512, 512, 512, 10000, 12


class Decoder(nn.Module):
    def __init__(self, hidden, variant):
        super().__init__()
        self.variant = variant
        self.embed = nn.Embedding(V, M)
        self.init = nn.Linear(D, D)
        self.init_h, self.init_c = nn.Linear(D, hidden), nn.Linear(D, hidden)
        self.attention0, self.attention1 = nn.Linear(D, K), nn.Linear(K, K)
        self.query = nn.Linear(hidden, K, bias=False)
        self.score = nn.Linear(K, 1)
        self.gate = nn.Linear(hidden, 1)
        if variant == "cell":
            self.cell = nn.LSTMCell(M + D, hidden)
        else:
            self.input = nn.Linear(M, 4 * hidden)
            self.recurrent = nn.Linear(hidden + D, 4 * hidden, bias=False)
        self.out_h, self.out_z, self.out = nn.Linear(hidden, M), nn.Linear(D, M), nn.Linear(M, V)
        self.drop = nn.Dropout(0.5)

    def step(self, t, x, h, c, z):
        if self.variant == "cell":
            return self.cell(torch.cat([x[t], z], 1), (h, c))
        q = x[t] + self.recurrent(torch.cat([h, z], 1))
        i, f, o, g = q.chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, a, words):
        mean = self.drop(torch.relu(self.init(a.mean(1))))
        h, c = torch.tanh(self.init_h(mean)), torch.tanh(self.init_c(mean))
        p = torch.tanh(self.attention1(self.attention0(a)))
        y = torch.cat([torch.zeros(1, B, M), self.embed(words[:-1])])  # the first input is the zero vector
        x = y if self.variant == "cell" else self.input(y)
        hs, zs, alphas = [], [], []
        for t in range(T):
            e = self.score(torch.tanh(p + self.query(h)[:, None, :])).squeeze(2)
            alpha = torch.softmax(e, 1)
            z = torch.sigmoid(self.gate(h)) * torch.bmm(alpha[:, None, :], a).squeeze(1)
            h, c = self.step(t, x, h, c, z)
            hs.append(h), zs.append(z), alphas.append(alpha)
        r = torch.tanh(self.out_h(self.drop(torch.stack(hs))) + y + self.out_z(torch.stack(zs)))
        logits = self.out(self.drop(r))
        nll = F.cross_entropy(logits.view(T * B, V), words.reshape(-1), reduction="sum") / B
        return nll + ((1 - torch.stack(alphas).sum(0)) ** 2).sum() / B


def main():
    workload, threads, variant = sys.argv[1:]
    torch.manual_seed(1)
    torch.set_num_threads(int(threads))
    net = Decoder(int(workload.rsplit("-", 1)[1]), variant)
    a = torch.relu(torch.randn(B, L, D))
    words = torch.randint(2, V, (T, B))
    words[-1] = 0
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-4)
    # The cell has two biases and the score's gradient-free one: counted as one, as we store it.
    print("ready", sum(p.numel() for p in net.parameters()) - (net.cell.bias_hh.numel() if variant == "cell" else 0), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        for _ in range(int(line.split()[1])):
            optimizer.zero_grad(set_to_none=True)
            net(a, words).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10)
            optimizer.step()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
