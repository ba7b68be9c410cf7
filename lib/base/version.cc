#include "base/version.h"

#ifndef FOVEA_VERSION
#error "FOVEA_VERSION comes from the build: the project's version"
#endif

namespace fovea {

const char* version() { return FOVEA_VERSION; }

}  // namespace fovea
