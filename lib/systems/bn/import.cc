// bn-train import: weights of other frameworks into a network text's layers.
#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/caffemodel.h"
#include "io/keras_weights.h"
#include "io/npz.h"
#include "io/onnx_weights.h"
#include "systems/bn/commands.h"
#include "systems/bn/foreign_weights.h"
#include "systems/bn/recipe.h"
#include "systems/net_library.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::bn {
namespace {

constexpr int64_t kMaxLabelBytes = 1 << 24;

ForeignFormat detect(const std::string& path, const std::string& wish) {
  if (wish == "caffe") return ForeignFormat::kCaffe;
  if (wish == "keras") return ForeignFormat::kKeras;
  if (wish == "onnx") return ForeignFormat::kOnnx;
  if (wish == "npz") return ForeignFormat::kNumpy;
  if (wish == "h5") return ForeignFormat::kHdf5;
  if (path.ends_with(".caffemodel") || path.ends_with(".caffemodel.h5")) return ForeignFormat::kCaffe;
  if (path.ends_with(".onnx")) return ForeignFormat::kOnnx;
  if (path.ends_with(".npz") || path.ends_with(".npy")) return ForeignFormat::kNumpy;
  if (path.ends_with(".keras.h5") || path.ends_with(".hdf5")) return ForeignFormat::kKeras;
  fail(ErrorKind::kUsage, "{}: the suffix does not tell the format; expected --from caffe | keras | onnx | npz | h5",
       path);
}

std::vector<io::NamedTensor> read_foreign(const std::string& path, ForeignFormat format) {
  switch (format) {
    case ForeignFormat::kCaffe:
      return io::read_caffemodel(path);
    case ForeignFormat::kKeras:
      return io::read_keras_weights(path);
    case ForeignFormat::kOnnx:
      return io::read_onnx_weights(path);
    case ForeignFormat::kNumpy:
      return io::read_npz(path);
    case ForeignFormat::kHdf5:
      return io::read_h5_arrays(path);
  }
  return {};
}

// "n01440764 tench, Tinca tinca" -> "tench, Tinca tinca".
std::vector<std::string> read_labels(const std::string& path, int64_t classes) {
  std::vector<std::string> names;
  for (const auto& line : split(read_text_file(path, kMaxLabelBytes), '\n')) {
    std::string_view text = trim(line);
    if (text.empty()) continue;
    const bool wordnet = text.size() > 10 && text[0] == 'n' && text[9] == ' ' &&
                         text.substr(1, 8).find_first_not_of("0123456789") == std::string_view::npos;
    if (wordnet) text.remove_prefix(10);
    if (!is_valid_utf8(text)) fail_data(fmt::format("{}:{}", path, names.size() + 1), "UTF-8", printable(text));
    names.emplace_back(text);
  }
  if (static_cast<int64_t>(names.size()) != classes)
    fail_data(path, fmt::format("{} class names, one a line", classes), std::to_string(names.size()));
  return names;
}

std::map<std::string, std::string> parse_renames(const std::vector<std::string>& pairs) {
  std::map<std::string, std::string> out;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size())
      fail(ErrorKind::kUsage, "--rename: expected OLD=NEW, found '{}'", printable(pair));
    out[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return out;
}

}  // namespace

int import_weights(const ImportOptions& options, const cli::Invocation& invocation) {
  const auto renames = parse_renames(options.rename);
  const ForeignFormat format = detect(options.weights, options.format);
  probe_output(options.output, invocation.common.no_clobber);
  nn::Network network(load_net(options.net));
  network.initialize(invocation.common.seed);
  const auto arrays = match_weights(read_foreign(options.weights, format), format, renames, network, options.weights);
  network.import_arrays(arrays, options.weights);
  std::vector<std::string> labels;
  if (!options.labels.empty()) labels = read_labels(options.labels, network.output_shape().shape.count());
  io::CheckpointData data;
  train::store_model(network, train::make_preprocess(network.input(), options.resize), labels, data);
  io::RootAttributes root = run_record(invocation);
  const std::string hash = io::write_checkpoint(options.output, root, data, writer_options(invocation));
  log::info("{}: {} arrays, {} parameters, content hash {}", options.output, arrays.size(), network.parameter_count(),
            hash);
  return 0;
}

}  // namespace fovea::bn
