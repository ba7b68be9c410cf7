// liblinear on the rows of svm_rows.h, in process: -s 3 -c COST -w1 2 -B 10 -e EPS.
//   peer_liblinear ROWS DIMENSION COST EPS
#include <linear.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "svm_rows.h"

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  const int64_t rows = std::atoll(argv[1]), dimension = std::atoll(argv[2]);
  const double cost = std::atof(argv[3]), bias = 10;
  SvmRows data = make_svm_rows(rows, dimension);
  std::vector<feature_node> nodes(static_cast<size_t>(rows * (dimension + 2)));
  std::vector<feature_node*> starts;
  std::vector<double> labels(data.labels.begin(), data.labels.end());
  for (int64_t r = 0; r < rows; ++r) {
    feature_node* node = nodes.data() + r * (dimension + 2);
    starts.push_back(node);
    for (int64_t d = 0; d < dimension; ++d) *node++ = {static_cast<int>(d + 1), static_cast<double>(data.values[static_cast<size_t>(r * dimension + d)])};
    *node++ = {static_cast<int>(dimension + 1), bias};
    *node = {-1, 0};
  }
  const std::vector<float> kept = std::move(data.values);  // for the objective; counted in neither side's memory
  problem rows_of{static_cast<int>(rows), static_cast<int>(dimension + 1), labels.data(), starts.data(), bias};
  int weight_label = 1;
  double weight = 2;
  parameter options{};
  options.solver_type = L2R_L1LOSS_SVC_DUAL;
  options.eps = std::atof(argv[4]);
  options.C = cost;
  options.nr_weight = 1;
  options.weight_label = &weight_label;
  options.weight = &weight;
  set_print_string_function([](const char*) {});
  const auto start = std::chrono::steady_clock::now();
  model* found = train(&rows_of, &options);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double sign = found->label[0] == 1 ? 1 : -1;
  double objective = 0;
  for (int64_t d = 0; d <= dimension; ++d) objective += 0.5 * found->w[d] * found->w[d];
  for (int64_t r = 0; r < rows; ++r) {
    double z = found->w[dimension] * bias;
    for (int64_t d = 0; d < dimension; ++d) z += found->w[d] * static_cast<double>(kept[static_cast<size_t>(r * dimension + d)]);
    const double label = labels[static_cast<size_t>(r)];
    objective += cost * (label > 0 ? 2 : 1) * std::max(0.0, 1 - label * sign * z);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const double own = static_cast<double>(rows * dimension) * 4 / 1048576;
  std::printf("{\"seconds\":%.6f,\"objective\":%.12g,\"mib\":%.0f}\n", seconds, objective, static_cast<double>(usage.ru_maxrss) / 1024 - own);
  free_and_destroy_model(&found);
  return 0;
}
