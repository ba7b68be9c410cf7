#include "io/h5_handle.h"

#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace fovea::io {
namespace {

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

bool set_up_library() {
  H5dont_atexit();  // after a failed write it would retry at exit, and complain on stderr
  H5open();
  H5PLset_loading_state(0);  // no filter plugins from the environment
  return true;
}

// The driver reports "..., errno = 28, error message = 'No space left on device', ...".
herr_t find_errno(unsigned, const H5E_error2_t* entry, void* context) {
  constexpr const char* kMark = "errno = ";
  const char* found = entry->desc != nullptr ? std::strstr(entry->desc, kMark) : nullptr;
  if (found != nullptr) *static_cast<int*>(context) = std::atoi(found + std::strlen(kMark));
  return 0;
}

}  // namespace

H5Session::H5Session() : lock_(library_mutex()) {
  static const bool ready = set_up_library();
  (void)ready;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void fail_h5_write(const std::string& path, std::string_view what) {
  int code = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_errno, &code);
  if (code != 0) fail(ErrorKind::kIo, "{}: cannot write: {}", path, system_message(code));
  fail(ErrorKind::kIo, "{}: cannot write: HDF5 failed ({})", path, what);
}

}  // namespace fovea::io
