#include "io/h5_build.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/file.h"
#include "io/h5_handle.h"

namespace fovea::io {
namespace {

constexpr int64_t kContiguousBytes = 4096;  // smaller datasets are not chunked
constexpr int64_t kChunkBytes = int64_t{1} << 20;
constexpr int64_t kMaxItemBytes = int64_t{16} << 20;
constexpr int64_t kBlockBytes = int64_t{8} << 20;  // of one write

class Builder {
 public:
  Builder(PendingFile& file, const std::string& target) : file_(file), target_(target) {}

  void on_disk(const std::string& path) {
    disk_ = true;
    create(path, access(false));
    reserve(path);
    fill();
  }
  std::vector<std::byte> in_memory() {
    // The name is never opened: the core driver keeps all in memory.
    create("fovea-image", access(true));
    fill(false);
    const ssize_t size = H5Fget_file_image(h5_.get(), nullptr, 0);
    if (size <= 0) fail_h5_write(target_, "image size");
    std::vector<std::byte> image(static_cast<size_t>(size));
    if (H5Fget_file_image(h5_.get(), image.data(), image.size()) != size) fail_h5_write(target_, "image");
    close();
    return image;
  }

 private:
  hid_t check(hid_t id, std::string_view what) const { return checked(id, target_, what); }

  H5Handle access(bool memory) const {
    H5Handle list(check(H5Pcreate(H5P_FILE_ACCESS), "access list"), H5Pclose);
    check(H5Pset_libver_bounds(list.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110), "format bounds");
    check(H5Pset_fclose_degree(list.get(), H5F_CLOSE_STRONG), "close degree");
    const size_t step = static_cast<size_t>(std::clamp<int64_t>(file_.value_bytes() / 8, 1 << 16, 1 << 26));
    if (memory) {
      check(H5Pset_fapl_core(list.get(), step, 0), "core driver");
    } else {
      check(H5Pset_file_locking(list.get(), false, true), "locking");  // a temporary file of our own
    }
    return list;
  }

  void create(const std::string& path, const H5Handle& access_list) {
    H5Handle list(check(H5Pcreate(H5P_FILE_CREATE), "creation list"), H5Pclose);
    check(H5Pset_obj_track_times(list.get(), false), "times");
    h5_ = H5Handle(check(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, list.get(), access_list.get()), "create"), H5Fclose);
  }

  // A full disk is found here, by one call that we check, and not in the middle of the library's work.
  void reserve(const std::string& path) const {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) fail(ErrorKind::kIo, "{}: cannot write: {}", target_, system_message(errno));
    const int result = ::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, file_.value_bytes());
    const int code = result < 0 ? errno : 0;
    ::close(file);
    if (code == ENOSPC || code == EFBIG || code == EDQUOT) {
      fail(ErrorKind::kIo, "{}: cannot write {} bytes: {}", target_, file_.value_bytes(), system_message(code));
    }
  }

  void fill(bool closing = true) {
    for (const auto& [name, value] : file_.root) attribute(h5_.get(), name, value);
    // All groups first and sorted: nothing shows which were made on purpose and which for a dataset.
    std::set<std::string> groups = file_.groups;
    for (const std::string& path : file_.order) groups.insert(parent(path));
    for (const std::string& group : groups) make_group(group);
    for (const std::string& path : file_.order) dataset(path, file_.datasets.at(path));
    for (const auto& [path, list] : file_.group_attributes) {
      H5Handle group(check(H5Gopen2(h5_.get(), ("/" + path).c_str(), H5P_DEFAULT), "group"), H5Gclose);
      for (const auto& [name, value] : list) attribute(group.get(), name, value);
    }
    if (H5Fflush(h5_.get(), H5F_SCOPE_GLOBAL) < 0) fail_h5_write(target_, "flush");
    attribute(h5_.get(), "complete", uint8_t{1});
    if (H5Fflush(h5_.get(), H5F_SCOPE_GLOBAL) < 0) fail_h5_write(target_, "flush");
    if (closing) close();
  }

  void close() {
    FOVEA_CHECK(H5Fget_obj_count(h5_.get(), H5F_OBJ_ALL) == 1, "{}: open HDF5 objects at close", target_);
    if (!h5_.reset()) fail_h5_write(target_, "close");
  }

  static std::string parent(const std::string& path) {
    const size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
  }

  // Makes the group and those above it.
  void make_group(const std::string& path) {
    if (path.empty() || made_.contains(path)) return;
    make_group(parent(path));
    H5Handle list(check(H5Pcreate(H5P_GROUP_CREATE), "group list"), H5Pclose);
    check(H5Pset_obj_track_times(list.get(), false), "times");
    H5Handle group(check(H5Gcreate2(h5_.get(), ("/" + path).c_str(), H5P_DEFAULT, list.get(), H5P_DEFAULT), "group"),
                   H5Gclose);
    made_.insert(path);
  }

  H5Handle string_type(int64_t bytes) const {
    H5Handle type(check(H5Tcopy(H5T_C_S1), "string type"), H5Tclose);
    check(H5Tset_size(type.get(), static_cast<size_t>(bytes)), "string length");
    check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "string padding");
    check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "character set");
    return type;
  }

  // IEEE binary16, for which HDF5 has no name before 1.14.4.
  H5Handle half_type() const {
    H5Handle type(check(H5Tcopy(H5T_IEEE_F32LE), "type"), H5Tclose);
    check(H5Tset_fields(type.get(), 15, 10, 5, 0, 10), "fields of float16");
    check(H5Tset_size(type.get(), 2), "size of float16");
    check(H5Tset_ebias(type.get(), 15), "bias of float16");
    return type;
  }

  H5Handle disk_type(const PendingDataset& data) const {
    const auto copy = [&](hid_t id) { return H5Handle(check(H5Tcopy(id), "type"), H5Tclose); };
    switch (data.type) {
      case ElementType::kF16:
        return half_type();
      case ElementType::kF32:
        return copy(H5T_IEEE_F32LE);
      case ElementType::kF64:
        return copy(H5T_IEEE_F64LE);
      case ElementType::kI32:
        return copy(H5T_STD_I32LE);
      case ElementType::kI64:
        return copy(H5T_STD_I64LE);
      case ElementType::kU8:
        return copy(H5T_STD_U8LE);
      case ElementType::kU32:
        return copy(H5T_STD_U32LE);
      case ElementType::kU64:
        return copy(H5T_STD_U64LE);
      case ElementType::kString:
        break;
    }
    return string_type(data.cell);
  }

  static H5Handle make_space(const std::vector<int64_t>& extents, const std::string& target) {
    if (extents.empty()) return H5Handle(checked(H5Screate(H5S_SCALAR), target, "dataspace"), H5Sclose);
    const std::vector<hsize_t> sizes(extents.begin(), extents.end());
    return H5Handle(
        checked(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr), target, "dataspace"),
        H5Sclose);
  }

  H5Handle layout(const PendingDataset& data) const {
    H5Handle list(check(H5Pcreate(H5P_DATASET_CREATE), "dataset list"), H5Pclose);
    check(H5Pset_obj_track_times(list.get(), false), "times");
    check(H5Pset_fill_time(list.get(), H5D_FILL_TIME_NEVER), "fill time");
    if (data.extents.empty() || data.values.size() <= kContiguousBytes) return list;
    const std::vector<int64_t> chunk = chunk_extents(data.extents, data.cell);
    const std::vector<hsize_t> sizes(chunk.begin(), chunk.end());
    check(H5Pset_chunk(list.get(), static_cast<int>(sizes.size()), sizes.data()), "chunks");
    const bool floats =
        data.type == ElementType::kF16 || data.type == ElementType::kF32 || data.type == ElementType::kF64;
    int level = file_.compress;
    if (level < 0) level = floats || !file_.compress_by_default ? 0 : 4;
    if (level > 0 && data.cell > 1 && data.type != ElementType::kString) {
      check(H5Pset_shuffle(list.get()), "shuffle");
    }
    if (level > 0) check(H5Pset_deflate(list.get(), static_cast<unsigned>(level)), "deflate");
    check(H5Pset_fletcher32(list.get()), "fletcher32");
    return list;
  }

  void dataset(const std::string& path, PendingDataset& data) {
    const H5Handle type = disk_type(data);
    const H5Handle space = make_space(data.extents, target_);
    const H5Handle list = layout(data);
    H5Handle set(check(H5Dcreate2(h5_.get(), ("/" + path).c_str(), type.get(), space.get(), H5P_DEFAULT, list.get(),
                                  H5P_DEFAULT),
                       path),
                 H5Dclose);
    attribute(set.get(), "axes", data.axes);
    for (const auto& [name, value] : data.attributes) attribute(set.get(), name, value);
    if (data.values.size() > 0) write_values(set, type, space, data, path);
    data.values.clear();
    if (!set.reset()) fail_h5_write(target_, path);
  }

  // In blocks of whole chunks; their size depends on the shape only, so that the file's layout does too.
  void write_values(const H5Handle& set, const H5Handle& type, const H5Handle& space, const PendingDataset& data,
                    const std::string& path) const {
    std::vector<std::byte> buffer;
    const int64_t rows = data.extents.empty() ? 1 : data.extents[0];
    const int64_t row_bytes = data.values.size() / rows;
    const int64_t chunk_rows = data.extents.empty() ? 1 : chunk_extents(data.extents, data.cell)[0];
    const int64_t block = std::max<int64_t>(1, kBlockBytes / (chunk_rows * row_bytes)) * chunk_rows;
    for (int64_t begin = 0; begin < rows; begin += block) {
      const int64_t count = std::min(block, rows - begin);
      const auto bytes = data.values.view(begin * row_bytes, count * row_bytes, buffer);
      if (const int code = disk_ ? take_write_fault() : 0; code != 0) {
        fail(ErrorKind::kIo, "{}: cannot write: {}", target_, system_message(code));
      }
      H5Handle part;
      if (!data.extents.empty()) {
        std::vector<hsize_t> start(data.extents.size(), 0), size(data.extents.begin(), data.extents.end());
        start[0] = static_cast<hsize_t>(begin);
        size[0] = static_cast<hsize_t>(count);
        check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr), path);
        part = H5Handle(check(H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr), path), H5Sclose);
      }
      const hid_t memory = data.extents.empty() ? H5S_ALL : part.get();
      const hid_t selection = data.extents.empty() ? H5S_ALL : space.get();
      check(H5Dwrite(set.get(), type.get(), memory, selection, H5P_DEFAULT, bytes.data()), path);
    }
  }

  void write_attribute(hid_t object, const std::string& name, hid_t type, const std::vector<int64_t>& extents,
                       const void* data) const {
    const H5Handle space = make_space(extents, target_);
    H5Handle made(check(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT), name), H5Aclose);
    check(H5Awrite(made.get(), type, data), name);
  }

  void attribute(hid_t object, const std::string& name, const AttributeValue& value) const {
    if (const auto* text = std::get_if<std::string>(&value)) {
      const H5Handle type = string_type(std::max<int64_t>(1, static_cast<int64_t>(text->size())));
      write_attribute(object, name, type.get(), {}, text->c_str());
    } else if (const auto* integer = std::get_if<int64_t>(&value)) {
      write_attribute(object, name, H5T_STD_I64LE, {}, integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      write_attribute(object, name, H5T_IEEE_F64LE, {}, number);
    } else if (const auto* list = std::get_if<std::vector<int32_t>>(&value)) {
      write_attribute(object, name, H5T_STD_I32LE, {static_cast<int64_t>(list->size())}, list->data());
    } else if (const auto* bits = std::get_if<uint64_t>(&value)) {
      write_attribute(object, name, H5T_STD_U64LE, {}, bits);
    } else {
      write_attribute(object, name, H5T_STD_U8LE, {}, &std::get<uint8_t>(value));
    }
  }

  PendingFile& file_;
  const std::string& target_;
  bool disk_ = false;
  H5Handle h5_;
  std::set<std::string> made_;
};

}  // namespace

int64_t PendingFile::value_bytes() const {
  int64_t bytes = 0;
  for (const auto& [path, data] : datasets) bytes += data.values.size();
  return bytes;
}

std::vector<int64_t> chunk_extents(const std::vector<int64_t>& extents, int64_t cell) {
  std::vector<int64_t> chunk = extents;
  for (size_t axis = 0; axis < extents.size(); ++axis) {
    int64_t inner = cell;
    for (size_t d = axis + 1; d < extents.size(); ++d) inner *= extents[d];
    const int64_t limit = axis == 0 ? kChunkBytes : kMaxItemBytes;
    chunk[axis] = std::clamp<int64_t>(inner > 0 ? limit / inner : 1, 1, std::max<int64_t>(1, extents[axis]));
    if (inner <= kMaxItemBytes) break;
  }
  return chunk;
}

void build_h5_file(PendingFile& file, const std::string& path, const std::string& target) {
  const H5Session session;
  Builder(file, target).on_disk(path);
}

std::vector<std::byte> build_h5_image(PendingFile& file, const std::string& target) {
  const H5Session session;
  return Builder(file, target).in_memory();
}

}  // namespace fovea::io
