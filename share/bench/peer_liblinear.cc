// liblinear on the rows of svm_rows.h, class after class: -s 3 -c COST -w1 2 -B 10 -e 0.001. Protocol in serve.h.
#include <linear.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "svm_rows.h"

using namespace fovea;

namespace {

// Its sparse rows, all features present; the last one is the bias.
struct Problem {
  std::vector<feature_node> nodes;
  std::vector<feature_node*> starts;
  std::vector<double> labels;
};

constexpr int64_t kStride = bench::kSvmDimension + 2;

std::shared_ptr<Problem> make_problem(int64_t classes) {
  auto problem = std::make_shared<Problem>();
  problem->nodes.resize(static_cast<size_t>(bench::kSvmRows * kStride));
  std::vector<float> row(bench::kSvmDimension);
  for (int64_t r = 0; r < bench::kSvmRows; ++r) {
    bench::fill_svm_row(r, classes, row);
    feature_node* node = problem->nodes.data() + r * kStride;
    problem->starts.push_back(node);
    for (int64_t d = 0; d < bench::kSvmDimension; ++d)
      *node++ = {static_cast<int>(d + 1), static_cast<double>(row[static_cast<size_t>(d)])};
    *node++ = {static_cast<int>(bench::kSvmDimension + 1), bench::kSvmBias};
    *node = {-1, 0};
  }
  problem->labels.resize(static_cast<size_t>(bench::kSvmRows));
  return problem;
}

double objective_of(const model& found, const Problem& problem, int64_t c) {
  const double sign = found.label[0] == 1 ? 1 : -1;
  double objective = 0;
  for (int64_t d = 0; d <= bench::kSvmDimension; ++d) objective += 0.5 * found.w[d] * found.w[d];
  for (int64_t r = 0; r < bench::kSvmRows; ++r) {
    double z = 0;
    for (const feature_node* node = problem.starts[static_cast<size_t>(r)]; node->index > 0; ++node)
      z += found.w[node->index - 1] * node->value;
    const double label = bench::svm_label(r, c);
    objective += bench::kSvmCost * (label > 0 ? bench::kSvmPositiveWeight : 1) * std::max(0.0, 1 - label * sign * z);
  }
  return objective;
}

double solve_class(Problem& problem, int64_t c) {
  for (int64_t r = 0; r < bench::kSvmRows; ++r) problem.labels[static_cast<size_t>(r)] = bench::svm_label(r, c);
  const ::problem rows{static_cast<int>(bench::kSvmRows), static_cast<int>(bench::kSvmDimension + 1),
                       problem.labels.data(), problem.starts.data(), bench::kSvmBias};
  std::array<int, 1> weight_label{1};
  std::array<double, 1> weight{bench::kSvmPositiveWeight};
  parameter options{};
  options.solver_type = L2R_L1LOSS_SVC_DUAL;
  options.eps = 0.001;
  options.C = bench::kSvmCost;
  options.nr_weight = 1;
  options.weight_label = weight_label.data();
  options.weight = weight.data();
  model* found = train(&rows, &options);
  const double objective = objective_of(*found, problem, c);
  free_and_destroy_model(&found);
  return objective;
}

bench::Job make_job(const bench::Request& request) {
  const int64_t classes = bench::svm_classes(request.workload);
  set_print_string_function([](const char*) {});
  const auto problem = make_problem(classes);
  bench::Job job;
  job.run = [=] {
    double objective = 0;
    for (int64_t c = 0; c < classes; ++c) objective += solve_class(*problem, c);
    return objective;
  };
  job.parameters = bench::kSvmRows * bench::kSvmDimension;
  return job;
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
