// The protocol of drive.py: "ready PARAMETERS" once, then "go N" -> seconds of N iterations, until the end of input.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace fovea::bench {

inline void serve(int64_t parameters, const std::function<void()>& iteration) {
  std::cout << "ready " << parameters << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto count = line.starts_with("go ") ? parse_int(line.substr(3)) : std::nullopt;
    if (!count || *count < 1) fail(ErrorKind::kUsage, "expected 'go N', found '{}'", printable(line));
    const auto start = std::chrono::steady_clock::now();
    for (int64_t i = 0; i < *count; ++i) iteration();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << format_number(seconds.count()) << std::endl;
  }
}

}  // namespace fovea::bench
