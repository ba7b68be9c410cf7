// liblinear on the rows of svm_rows.h, in process, class after class: -s 3 -c COST -w1 2 -B 10 -e EPS.
//   peer_liblinear ROWS DIMENSION COST CLASSES EPS
#include <linear.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "svm_rows.h"

namespace {

using Nodes = std::vector<feature_node>;

std::vector<feature_node*> lay_out(const SvmRows& data, double bias, Nodes& nodes) {
  nodes.resize(static_cast<size_t>(data.rows * (data.dimension + 2)));
  std::vector<feature_node*> starts;
  for (int64_t r = 0; r < data.rows; ++r) {
    feature_node* node = nodes.data() + r * (data.dimension + 2);
    starts.push_back(node);
    for (int64_t d = 0; d < data.dimension; ++d)
      *node++ = {static_cast<int>(d + 1), static_cast<double>(data.row(r)[d])};
    *node++ = {static_cast<int>(data.dimension + 1), bias};
    *node = {-1, 0};
  }
  return starts;
}

double objective_of(const model& found, const SvmRows& data, int64_t c, double cost, double bias) {
  const double sign = found.label[0] == 1 ? 1 : -1;
  double objective = 0;
  for (int64_t d = 0; d <= data.dimension; ++d) objective += 0.5 * found.w[d] * found.w[d];
  for (int64_t r = 0; r < data.rows; ++r) {
    double z = found.w[data.dimension] * bias;
    for (int64_t d = 0; d < data.dimension; ++d) z += found.w[d] * static_cast<double>(data.row(r)[d]);
    const double label = SvmRows::label(r, c);
    objective += cost * (label > 0 ? 2 : 1) * std::max(0.0, 1 - label * sign * z);
  }
  return objective;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 64;
  const double cost = std::atof(argv[3]), bias = 10;
  const int64_t classes = std::atoll(argv[4]);
  const SvmRows data = make_svm_rows(std::atoll(argv[1]), std::atoll(argv[2]), classes);
  Nodes nodes;
  std::vector<feature_node*> starts = lay_out(data, bias, nodes);
  std::vector<double> labels(static_cast<size_t>(data.rows));
  problem rows_of{static_cast<int>(data.rows), static_cast<int>(data.dimension + 1), labels.data(), starts.data(),
                  bias};
  int weight_label = 1;
  double weight = 2;
  parameter options{};
  options.solver_type = L2R_L1LOSS_SVC_DUAL;
  options.eps = std::atof(argv[5]);
  options.C = cost;
  options.nr_weight = 1;
  options.weight_label = &weight_label;
  options.weight = &weight;
  set_print_string_function([](const char*) {});
  double seconds = 0, objective = 0;
  for (int64_t c = 0; c < classes; ++c) {
    for (int64_t r = 0; r < data.rows; ++r) labels[static_cast<size_t>(r)] = SvmRows::label(r, c);
    const auto start = std::chrono::steady_clock::now();
    model* found = train(&rows_of, &options);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    objective += objective_of(*found, data, c, cost, bias);
    free_and_destroy_model(&found);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  // The float rows are counted in neither side's memory: ours are its input, here they serve the objective.
  const double own = static_cast<double>(data.rows * data.dimension) * 4 / 1048576;
  std::printf("{\"seconds\":%.6f,\"objective\":%.12g,\"mib\":%.0f}\n", seconds, objective,
              static_cast<double>(usage.ru_maxrss) / 1024 - own);
  return 0;
}
