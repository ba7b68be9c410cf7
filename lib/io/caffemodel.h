// Weights of Caffe models: binary NetParameter (.caffemodel) and HDF5 (.caffemodel.h5, /data/<layer>/<i>).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/named_tensor.h"

namespace fovea::io {

// Blobs in file order, named "<layer>/<i>": i = 0 weight (out, in/groups, kh, kw) or (out, in), 1 bias; BatchNorm
// layers 0 mean, 1 variance, 2 the scale factor that both must be divided by; Scale layers 0 gamma, 1 beta. Field
// numbers from BVLC/caffe src/caffe/proto/caffe.proto: NetParameter.layer = 100, .layers = 2 (V1); BlobProto.shape = 7,
// data = 5, double_data = 8, num..width = 1..4. Legacy four-number shapes are returned as they are, e.g.
// (1,1,1000,4096). Throws Error(kData): damaged wire format, shape and data disagree, no layer with blobs, sizes above
// max_memory().
std::vector<NamedTensor> parse_caffemodel(std::span<const std::byte> bytes, std::string_view place);
// The HDF5 form, sorted by layer name (the file keeps no other order). Shared blobs (hard links) appear under each
// name.
std::vector<NamedTensor> parse_caffemodel_h5(const std::string& path);
// By the file's signature. Throws Error(kNoInput) if it can't be opened.
std::vector<NamedTensor> read_caffemodel(const std::string& path);

}  // namespace fovea::io
