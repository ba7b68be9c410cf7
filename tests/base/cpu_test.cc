#include "base/cpu.h"

#include <doctest/doctest.h>

#include "base/text.h"

using namespace fovea;

TEST_CASE("isa_level: its name is one that FOVEA_ISA takes") {
  const std::string name = isa_name(isa_level());
  CHECK((name == "baseline" || name == "v3" || name == "v4"));
  CHECK(cpu_summary().starts_with(name));
}
