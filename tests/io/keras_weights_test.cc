#include "io/keras_weights.h"

#include <hdf5.h>

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

namespace {

class H5File {
 public:
  explicit H5File(const std::string& path) : id_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~H5File() { H5Fclose(id_); }
  H5File(const H5File&) = delete;
  H5File& operator=(const H5File&) = delete;

  void group(const std::string& name) {
    H5Gclose(H5Gcreate2(id_, name.c_str(), with_parents(), H5P_DEFAULT, H5P_DEFAULT));
  }
  // NumPy's fixed-length byte strings ('S9'), as Keras 2 with h5py writes them.
  void fixed_names(const std::string& object, const char* attribute, const std::vector<std::string>& names) {
    size_t length = 1;
    for (const std::string& name : names) length = std::max(length, name.size());
    std::string cells;
    for (const std::string& name : names) cells += name + std::string(length - name.size(), '\0');
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, length);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    write_attribute(object, attribute, type, names.size(), cells.data());
    H5Tclose(type);
  }
  // Variable-length UTF-8 strings, as newer versions write them.
  void variable_names(const std::string& object, const char* attribute, const std::vector<std::string>& names) {
    std::vector<const char*> cells;
    for (const std::string& name : names) cells.push_back(name.c_str());
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    write_attribute(object, attribute, type, names.size(), cells.data());
    H5Tclose(type);
  }
  void array(const std::string& name, const std::vector<hsize_t>& shape, const std::vector<float>& values,
             hid_t type = H5T_IEEE_F32LE) {
    const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t set = H5Dcreate2(id_, name.c_str(), type, space, with_parents(), H5P_DEFAULT, H5P_DEFAULT);
    REQUIRE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0);
    H5Dclose(set);
    H5Sclose(space);
  }

 private:
  static hid_t with_parents() {
    static const hid_t list = [] {
      const hid_t made = H5Pcreate(H5P_LINK_CREATE);
      H5Pset_create_intermediate_group(made, 1);
      return made;
    }();
    return list;
  }
  void write_attribute(const std::string& object, const char* name, hid_t type, hsize_t count, const void* data) {
    const hid_t at = H5Oopen(id_, object.c_str(), H5P_DEFAULT);
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t attribute = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    REQUIRE(H5Awrite(attribute, type, data) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Oclose(at);
  }
  hid_t id_;
};

}  // namespace

TEST_CASE("keras: weights at the root and under model_weights, in the order of the lists") {
  const TempFolder folder;
  for (const bool nested : {false, true}) {
    for (const bool variable : {false, true}) {
      CAPTURE(nested);
      CAPTURE(variable);
      const std::string path = folder.file("w.h5"), root = nested ? "/model_weights" : "";
      {
        H5File file(path);
        const auto names = variable ? &H5File::variable_names : &H5File::fixed_names;
        for (const char* layer : {"z_conv", "a_dense", "pool"}) file.group(root + "/" + layer);
        (file.*names)(nested ? root : "/", "layer_names", {"z_conv", "pool", "a_dense"});
        (file.*names)(root + "/z_conv", "weight_names", {"z_conv/kernel:0", "z_conv/bias:0"});
        (file.*names)(root + "/a_dense", "weight_names", {"a_dense/kernel:0"});
        file.array(root + "/z_conv/z_conv/kernel:0", {1, 1, 2, 1}, {1, 2});
        file.array(root + "/z_conv/z_conv/bias:0", {1}, {3}, H5T_IEEE_F64LE);
        file.array(root + "/a_dense/a_dense/kernel:0", {2, 2}, {4, 5, 6, 7});
        file.array("/optimizer_weights/m", {1}, {99});
      }
      const auto tensors = read_keras_weights(path);
      REQUIRE(tensors.size() == 3);
      CHECK(tensors[0].name == "z_conv/z_conv/kernel:0");
      CHECK(tensors[0].shape == std::vector<int64_t>{1, 1, 2, 1});
      CHECK(tensors[1].values == std::vector<float>{3});
      CHECK(tensors[2].values == std::vector<float>{4, 5, 6, 7});
    }
  }
}

TEST_CASE("keras: split name lists are joined") {
  const TempFolder folder;
  const std::string path = folder.file("w.h5");
  {
    H5File file(path);
    for (const char* layer : {"b", "a"}) {
      file.group(layer);
      file.fixed_names(layer, "weight_names0", {std::string(layer) + "/w"});
      file.array(std::string("/") + layer + "/" + layer + "/w", {1}, {1});
    }
    file.fixed_names("/", "layer_names0", {"b"});
    file.fixed_names("/", "layer_names1", {"a"});
  }
  const auto tensors = read_keras_weights(path);
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "b/b/w");
  CHECK(tensors[1].name == "a/a/w");
}

TEST_CASE("keras: broken files are refused") {
  const TempFolder folder;
  const std::string path = folder.file("w.h5");
  {
    H5File file(path);
    file.array("/x", {1}, {1});
  }
  expect_error(ErrorKind::kData, "layer_names", [&] { read_keras_weights(path); });
  {
    H5File file(path);
    file.fixed_names("/", "layer_names", {"a"});
  }
  expect_error(ErrorKind::kData, "group a: missing", [&] { read_keras_weights(path); });
  {
    H5File file(path);
    file.group("a");
    file.fixed_names("/", "layer_names", {"a"});
    file.fixed_names("/a", "weight_names", {"w"});
  }
  expect_error(ErrorKind::kData, "missing", [&] { read_keras_weights(path); });
  {
    H5File file(path);
    file.group("a");
    file.fixed_names("/", "layer_names", {"a"});
    file.fixed_names("/a", "weight_names", {"w"});
    file.array("/a/w", {1}, {1}, H5T_STD_I32LE);
  }
  expect_error(ErrorKind::kData, "an array of floats", [&] { read_keras_weights(path); });
  save(path, to_bytes("no HDF5 at all"));
  expect_error(ErrorKind::kData, "HDF5", [&] { read_keras_weights(path); });
  expect_error(ErrorKind::kNoInput, "absent", [&] { read_keras_weights(folder.file("absent")); });
}

TEST_CASE("keras: any HDF5 file of float arrays can be listed") {
  const TempFolder folder;
  const std::string path = folder.file("w.h5");
  {
    H5File file(path);
    file.array("/b/weight", {2}, {1, 2});
    file.array("/a", {1}, {3}, H5T_IEEE_F64LE);
    file.array("/count", {1}, {4}, H5T_STD_I64LE);
  }
  const auto tensors = read_h5_arrays(path);
  REQUIRE(tensors.size() == 2);
  CHECK(tensors[0].name == "a");
  CHECK(tensors[1].name == "b/weight");
  CHECK(tensors[1].values == std::vector<float>{1, 2});
  {
    H5File file(path);
    file.array("/count", {1}, {4}, H5T_STD_I64LE);
  }
  expect_error(ErrorKind::kData, "arrays of floats", [&] { read_h5_arrays(path); });
}
