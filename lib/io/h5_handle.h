// The HDF5 library, tamed: closed handles, one thread at a time, no plugins, no messages of its own. For writing only.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace fovea::io {

class H5Handle {
 public:
  H5Handle() = default;
  H5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~H5Handle() { reset(); }
  H5Handle(H5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  H5Handle& operator=(H5Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      close_ = other.close_;
    }
    return *this;
  }
  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }
  // False if closing failed.
  bool reset() {
    const hid_t id = std::exchange(id_, -1);
    return id < 0 || close_(id) >= 0;
  }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

// Held during every use of the library: it has one global lock anyway, and its error handler is a setting of each
// thread.
class H5Session {
 public:
  H5Session();

 private:
  std::unique_lock<std::recursive_mutex> lock_;
};

// Throws Error(kIo) "PATH: cannot write: REASON", with the system's reason if the library's error stack knows one.
[[noreturn]] void fail_h5_write(const std::string& path, std::string_view what);

inline hid_t checked(hid_t id, const std::string& path, std::string_view what) {
  if (id < 0) fail_h5_write(path, what);
  return id;
}

}  // namespace fovea::io
