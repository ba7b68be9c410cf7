// The protocol of drive.py, for our side of a workload and for peers in C++:
//   PROGRAM MODELS_FOLDER WORKLOAD THREADS [PICTURE]
//   out: "ready PARAMETERS FLOPS BYTES"; then for each line "go N" in: "SECONDS OUTCOME" of N iterations, until the
//   end.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"

namespace fovea::bench {

struct Request {
  std::string models, workload, picture;  // picture: "" = none
};

struct Job {
  std::function<double()> run;  // one iteration; what it came to (an objective, a count), or 0
  int64_t parameters = 0;       // of the network or the problem: equal on both sides
  double flops = 0, bytes = 0;  // what an iteration cannot do without; 0 = not known
};

inline void serve(const Job& job) {
  std::cout << "ready " << job.parameters << ' ' << format_number(job.flops) << ' ' << format_number(job.bytes)
            << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto count = line.starts_with("go ") ? parse_int(line.substr(3)) : std::nullopt;
    if (!count || *count < 1) fail(ErrorKind::kUsage, "expected 'go N', found '{}'", printable(line));
    double outcome = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < *count; ++i) outcome = job.run();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << format_number(seconds.count()) << ' ' << format_number(outcome) << std::endl;
  }
}

// The main of every program here.
inline int serve_main(int argc, char** argv, const std::function<Job(const Request&)>& make_job) {
  try {
    const auto threads = argc == 4 || argc == 5 ? parse_int(argv[3]) : std::nullopt;
    if (!threads || *threads < 1 || *threads > 1024) {
      fail(ErrorKind::kUsage, "usage: MODELS_FOLDER WORKLOAD THREADS [PICTURE]");
    }
    set_thread_count(static_cast<int>(*threads));
    serve(make_job({argv[1], argv[2], argc == 5 ? argv[4] : ""}));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: error: %s\n", argv[0], error.what());
    return static_cast<int>(error.kind());
  }
}

}  // namespace fovea::bench
