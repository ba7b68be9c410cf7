// Weights of Keras .h5 files, and of any HDF5 file that is a tree of float arrays.
#pragma once

#include <string>
#include <vector>

#include "io/named_tensor.h"

namespace fovea::io {

// Arrays in the order of attribute `layer_names` (or layer_names0, 1, ...) of the root or of /model_weights, and within
// a layer of `weight_names`; named "<layer>/<weight name>", e.g. "conv1/conv1/kernel:0". Layouts are Keras':
// convolution (kh, kw, in, out), dense (in, out). Float16/32/64 are converted. Optimiser state is ignored. Throws
// Error(kNoInput) if the file can't be opened, (kData) if it is not such a file, damaged, or above max_memory().
std::vector<NamedTensor> read_keras_weights(const std::string& path);

// Every float dataset of the file, sorted by path; names are the paths without the leading slash. Datasets of other
// types are skipped, links but hard ones refused. Throws as above, and if there is none.
std::vector<NamedTensor> read_h5_arrays(const std::string& path);

}  // namespace fovea::io
