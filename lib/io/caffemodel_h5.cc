#include <algorithm>
#include <map>
#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/caffemodel.h"
#include "io/h5_floats.h"
#include "io/h5_reader.h"

namespace fovea::io {

std::vector<NamedTensor> parse_caffemodel_h5(const std::string& path) {
  const H5Reader file(path);
  if (!file.is_group("data")) {
    fail_data(path, "a Caffe model (group /data)", "an HDF5 file without it",
              "solver states hold no weights under /data");
  }
  // Layer names may contain '/' (inception_3a/1x1), which HDF5 makes into nested groups: the last part is the blob.
  std::map<std::string, std::map<int64_t, std::string>> layers;
  constexpr std::string_view kPrefix = "data/";
  for (const std::string& dataset : file.datasets()) {
    if (!dataset.starts_with(kPrefix)) continue;
    const size_t slash = dataset.rfind('/');
    const auto index = parse_int(std::string_view(dataset).substr(slash + 1));
    if (!index || *index < 0 || slash < kPrefix.size()) {
      fail_data(fmt::format("{}: {}", path, printable(dataset, 200)), "/data/<layer>/<number>", "another name");
    }
    layers[dataset.substr(kPrefix.size(), slash - kPrefix.size())][*index] = dataset;
  }
  FloatCollector collector(file);
  for (const auto& [layer, blobs] : layers) {
    for (const auto& [index, dataset] : blobs) collector.add(dataset, fmt::format("{}/{}", layer, index));
  }
  if (layers.empty()) fail_data(path, "layers with blobs", "none");
  return collector.take();
}

std::vector<NamedTensor> read_caffemodel(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, max_memory());
  const std::string kind = sniff(std::span(bytes).first(std::min<size_t>(bytes.size(), 4096)));
  if (kind == "an HDF5 file") return parse_caffemodel_h5(path);
  return parse_caffemodel(bytes, path);
}

}  // namespace fovea::io
