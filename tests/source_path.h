// Files of the source tree that tests read.
#pragma once

#include <string>

namespace fovea {

// "share/models/alexnet.net" -> its full path; "" -> the root.
std::string source_path(const std::string& relative);

}  // namespace fovea
