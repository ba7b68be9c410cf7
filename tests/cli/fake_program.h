// A small tool that exercises every rule of the room, and a way to run it as a process of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/program.h"

namespace fake {

struct TrainOptions {
  int64_t epochs = 20;
  double momentum = 0.9;
  double learning_rate = 0.1;
  std::string optimizer = "sgd";
  std::vector<std::string> data;
  std::vector<double> scales = {1, 0.5};
  std::vector<int> sizes;
  std::optional<double> clip;
  std::optional<std::string> init;
  std::optional<bool> flip;
  bool shuffle = true;
  int64_t cache = int64_t{512} << 20;
  double warmup = 90;
  std::string output;
  std::vector<std::string> inputs;
  std::string mode;
};

fovea::cli::Program program();

struct Outcome {
  int code = 0;  // 128 + n when it died of signal n
  int signal = 0;
  std::string out, err;
};
// Runs cli::run(program(), {"bn-fake", arguments...}) in a child process. `stdout_path`: where stdout goes instead.
Outcome run(const std::vector<std::string>& arguments, const char* stdout_path = nullptr);

}  // namespace fake
