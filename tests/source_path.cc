#include "source_path.h"

namespace fovea {

std::string source_path(const std::string& relative) { return std::string(FOVEA_SOURCE_DIR) + "/" + relative; }

}  // namespace fovea
