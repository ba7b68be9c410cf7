// The stages of R-CNN; protocol in serve.h.
//   propose-fast   selective search of PICTURE; the outcome is the number of boxes
//   features-N     N windows of one picture to fc7 of AlexNet; features-N-bf16
//   svm-CLASSES    linear SVMs on the rows of svm_rows.h; the outcome is the sum of the objectives
#include <memory>

#include "data/dataset.h"
#include "io/picture.h"
#include "network_work.h"
#include "svm_rows.h"
#include "systems/rcnn/feature_extractor.h"
#include "systems/rcnn/linear_svm.h"
#include "systems/rcnn/selective_search.h"
#include "tensor/kernels/dispatch.h"

using namespace fovea;

namespace {

bench::Job propose_job(const std::string& path) {
  if (path.empty()) fail(ErrorKind::kUsage, "propose-fast: expected a picture");
  auto picture = std::make_shared<io::Picture>(io::read_picture(path));
  bench::Job job;
  job.run = [picture, path] {
    const auto found = rcnn::selective_search(data::view_of(*picture), rcnn::search_mode("fast"), path);
    return static_cast<double>(found.boxes.size());
  };
  job.parameters = picture->width * picture->height;
  return job;
}

// Windows of all sizes and shapes, as proposals are.
std::vector<Box> windows(int64_t count, int64_t width, int64_t height) {
  std::vector<Box> boxes;
  Rng rng(1, RngPurpose::kTest);
  const auto side = [&](int64_t size, float& low, float& high) {
    low = static_cast<float>(rng.below(static_cast<uint32_t>(size - 40)));
    high = static_cast<float>(rng.uniform(static_cast<double>(low) + 20, static_cast<double>(size - 1)));
  };
  while (std::ssize(boxes) < count) {
    Box box{};
    side(width, box.x1, box.x2);
    side(height, box.y1, box.y2);
    boxes.push_back(box);
  }
  return boxes;
}

bench::Job features_job(const std::string& models, int64_t count) {
  constexpr int64_t kWidth = 500, kHeight = 375;
  nn::Network network(bench::read_net(models, "alexnet"));
  network.initialize(1);
  const auto preprocess = train::make_preprocess(network.input(), "stretch");
  auto model = std::make_shared<train::Model>(train::Model{std::move(network), preprocess, {}, {}, {}});
  rcnn::FeatureConfig config;
  config.layer = rcnn::resolve_feature_layer(model->network.text(), "fc7");
  auto extractor = std::make_shared<rcnn::FeatureExtractor>(*model, config);
  auto pixels = std::make_shared<std::vector<uint8_t>>();
  Rng rng(1, RngPurpose::kTest);
  for (int64_t i = 0; i < kWidth * kHeight * 3; ++i) pixels->push_back(static_cast<uint8_t>(rng.below(256)));
  const std::vector<Box> boxes = windows(count, kWidth, kHeight);
  auto out = std::make_shared<std::vector<float>>(static_cast<size_t>(count * extractor->dimension()));
  bench::Job job;
  job.run = [model, extractor, pixels, boxes, out] {  // the extractor refers to the model
    extractor->extract({kHeight, kWidth, 3, pixels->data(), nullptr, pixels}, boxes, {}, out->data());
    return 0.0;
  };
  job.parameters = model->network.parameter_count();
  job.flops = bench::pass_flops(model->network, count);
  job.bytes = bench::weight_bytes(job.parameters);
  return job;
}

struct SvmProblem {
  std::vector<float> values = std::vector<float>(static_cast<size_t>(bench::kSvmRows * bench::kSvmDimension));
  std::span<float> row(int64_t r) {
    return std::span(values).subspan(static_cast<size_t>(r * bench::kSvmDimension), bench::kSvmDimension);
  }
};

rcnn::SvmSolution solve_class(SvmProblem& problem, int64_t c) {
  rcnn::SvmConfig config;
  config.cost = bench::kSvmCost;
  config.positive_weight = bench::kSvmPositiveWeight;
  config.bias_feature = bench::kSvmBias;
  rcnn::SvmExamples examples;
  for (int64_t r = 0; r < bench::kSvmRows; ++r) examples.add(problem.row(r).data(), bench::svm_label(r, c));
  return rcnn::solve_svm(examples, bench::kSvmDimension, config, 1);
}

// Its work is what the solver reports of rows read in a first run: no bound known beforehand.
bench::Job svm_job(int64_t classes) {
  auto problem = std::make_shared<SvmProblem>();
  for (int64_t r = 0; r < bench::kSvmRows; ++r) bench::fill_svm_row(r, classes, problem->row(r));
  const auto solve = [problem, classes] {
    std::vector<rcnn::SvmSolution> found(static_cast<size_t>(classes));
    parallel_tasks(classes, [&](int64_t c) { found[static_cast<size_t>(c)] = solve_class(*problem, c); });
    return found;
  };
  int64_t rows_read = 0;
  for (const rcnn::SvmSolution& one : solve()) rows_read += one.rows_read;
  bench::Job job;
  job.run = [solve] {
    double objective = 0;
    for (const rcnn::SvmSolution& one : solve()) objective += one.objective();
    return objective;
  };
  job.parameters = bench::kSvmRows * bench::kSvmDimension;
  job.flops = 2.0 * static_cast<double>(rows_read * bench::kSvmDimension);
  job.bytes = 4.0 * static_cast<double>(rows_read * bench::kSvmDimension);
  return job;
}

bench::Job make_job(const bench::Request& request) {
  const std::string& name = request.workload;
  if (name == "propose-fast") return propose_job(request.picture);
  if (name.starts_with("features-")) {
    kernels::use_bf16(name.ends_with("-bf16"));
    const auto count = parse_int(name.substr(9, name.find('-', 9) - 9));
    if (!count || *count < 1 || *count > 100000) bench::no_workload(name);
    return features_job(request.models, *count);
  }
  return svm_job(bench::svm_classes(name));
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
