// Our side of share/bench/rcnn: selective search of a picture, and training of a linear SVM on dense rows.
//   bench_rcnn propose PICTURE MODE THREADS ROUNDS
//   bench_rcnn svm ROWS DIMENSION COST CLASSES THREADS
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
#include "svm_rows.h"
#include "systems/rcnn/linear_svm.h"
#include "systems/rcnn/selective_search.h"

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
    std::printf("{\"seconds\":%.6f,\"boxes\":%zu,\"mib\":%.0f}\n", seconds() - start, found.boxes.size(),
                peak_mebibytes());
    std::fflush(stdout);
  }
  return 0;
}

int svm(int64_t rows, int64_t dimension, double cost, int64_t classes, int threads) {
  set_thread_count(threads);
  const SvmRows data = make_svm_rows(rows, dimension, classes);
  rcnn::SvmConfig config;
  config.cost = cost;
  std::vector<rcnn::SvmSolution> found(static_cast<size_t>(classes));
  const double start = seconds();
  parallel_tasks(classes, [&](int64_t c) {
    rcnn::SvmExamples examples;
    for (int64_t r = 0; r < rows; ++r) examples.add(data.row(r), SvmRows::label(r, c));
    found[static_cast<size_t>(c)] = rcnn::solve_svm(examples, dimension, config, 1);
  });
  const double took = seconds() - start;
  double objective = 0, gap = 0;
  for (const rcnn::SvmSolution& one : found) objective += one.objective(), gap = std::max(gap, one.gap);
  std::printf("{\"seconds\":%.6f,\"objective\":%.12g,\"gap\":%.3g,\"mib\":%.0f}\n", took, objective, gap,
              peak_mebibytes());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 6 && std::strcmp(argv[1], "propose") == 0)
    return propose(argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]));
  if (argc == 7 && std::strcmp(argv[1], "svm") == 0) {
    return svm(std::atoll(argv[2]), std::atoll(argv[3]), std::atof(argv[4]), std::atoll(argv[5]), std::atoi(argv[6]));
  }
  std::fputs("usage: bench_rcnn propose PICTURE MODE THREADS ROUNDS | svm ROWS DIMENSION COST CLASSES THREADS\n",
             stderr);
  return 64;
}
