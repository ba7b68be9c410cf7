// What --info prints.
#pragma once

#include <string>

namespace fovea::io {

// Root attributes, and name, type, extents, axes of every dataset, as pretty JSON. Works on any sound HDF5 file;
// an unfinished or foreign one has "complete": false or no "schema". Throws as H5Reader.
std::string info_json(const std::string& path);

}  // namespace fovea::io
