// Our side of share/bench/rcnn: selective search of a picture, and training of a linear SVM on dense rows.
//   bench_rcnn propose PICTURE MODE THREADS ROUNDS
//   bench_rcnn svm ROWS DIMENSION COST
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/parallel.h"
#include "data/dataset.h"
#include "io/picture.h"
#include "systems/rcnn/linear_svm.h"
#include "systems/rcnn/selective_search.h"
#include "svm_rows.h"

using namespace fovea;

namespace {

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int propose(const char* path, const char* mode, int threads, int rounds) {
  set_thread_count(threads);
  const io::Picture picture = io::read_picture(path);
  const rcnn::SearchConfig config = rcnn::search_mode(mode);
  for (int i = 0; i < rounds; ++i) {
    const double start = seconds();
    const auto found = rcnn::selective_search(data::view_of(picture), config, path);
    std::printf("{\"seconds\":%.6f,\"boxes\":%zu,\"mib\":%.0f}\n", seconds() - start, found.boxes.size(), peak_mebibytes());
    std::fflush(stdout);
  }
  return 0;
}

int svm(int64_t rows, int64_t dimension, double cost) {
  const SvmRows data = make_svm_rows(rows, dimension);
  rcnn::SvmExamples examples;
  for (int64_t r = 0; r < rows; ++r) examples.add(data.values.data() + r * dimension, data.labels[static_cast<size_t>(r)]);
  rcnn::SvmConfig config;
  config.cost = cost;
  const double start = seconds();
  const rcnn::SvmSolution found = rcnn::solve_svm(examples, dimension, config, 1);
  std::printf("{\"seconds\":%.6f,\"objective\":%.12g,\"gap\":%.3g,\"epochs\":%lld,\"mib\":%.0f}\n", seconds() - start, found.objective(), found.gap,
              static_cast<long long>(found.epochs), peak_mebibytes());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "propose") == 0) return propose(argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]));
  if (argc == 5 && std::strcmp(argv[1], "svm") == 0) return svm(std::atoll(argv[2]), std::atoll(argv[3]), std::atof(argv[4]));
  std::fputs("usage: bench_rcnn propose PICTURE MODE THREADS ROUNDS | svm ROWS DIMENSION COST\n", stderr);
  return 64;
}
