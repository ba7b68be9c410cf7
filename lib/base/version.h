// The version of the toolkit, stored in every file it writes.
#pragma once

namespace fovea {

const char* version();  // "0.1.0"

}  // namespace fovea
