#include "base/error.h"

#include <doctest/doctest.h>

#include <cerrno>

using namespace fovea;

TEST_CASE("fail_data: place, expected, found, hint") {
  try {
    fail_data("x.h5: /boxes", "float32 [n,4]", "float64 [n,5]", "run it again");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "x.h5: /boxes: expected float32 [n,4], found float64 [n,5]");
    CHECK(error.hint() == "run it again");
    CHECK(error.kind() == ErrorKind::kData);
  }
}

TEST_CASE("FOVEA_CHECK: a broken invariant is internal and names the place below lib/") {
  FOVEA_CHECK(1 + 1 == 2, "arithmetic");
  try {
    FOVEA_CHECK(1 + 1 == 3, "sum of {}", 2);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInternal);
    CHECK(std::string(error.what()).find("internal error: sum of 2") == 0);
    CHECK(std::string(error.what()).find("1 + 1 == 3") != std::string::npos);
  }
}

TEST_CASE("system_message: untranslated") {
  CHECK(system_message(ENOENT) == "No such file or directory");
  CHECK(system_message(987654) == "error 987654");
}
