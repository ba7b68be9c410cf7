#include "base/memory.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;

TEST_CASE("require_memory: within the limit nothing, beyond it a data error that names both") {
  set_max_memory(1 << 20);
  CHECK_NOTHROW(require_memory(1 << 20, "x.h5"));
  try {
    require_memory(int64_t{16} << 40, "x.h5: /box");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()) == "x.h5: /box: needs 16.0 TiB, the limit is 1.0 MiB");
  }
  CHECK_THROWS_AS(require_memory(-1, "x"), Error);
  set_max_memory(0);
  CHECK(max_memory() == default_max_memory());
  CHECK(default_max_memory() > 0);
}

TEST_CASE("checked_multiply: overflow and negative extents are data errors") {
  CHECK(checked_multiply(3, 5, "x") == 15);
  CHECK(checked_multiply(0, INT64_MAX, "x") == 0);
  CHECK_THROWS_AS(checked_multiply(INT64_MAX, 2, "x"), Error);
  CHECK_THROWS_AS(checked_multiply(-1, 2, "x"), Error);
}

TEST_CASE("peak_resident_bytes: plausible") { CHECK(peak_resident_bytes() > 1 << 20); }
