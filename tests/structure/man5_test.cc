// man/fovea-files.5 is what the schema table says today. FOVEA_UPDATE=1 rewrites it.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/file.h"
#include "io/schema.h"
#include "source_path.h"

using namespace fovea;

TEST_CASE("man5: the committed page of file formats is the generated one") {
  const std::string path = source_path("man/fovea-files.5");
  if (std::getenv("FOVEA_UPDATE") != nullptr) write_file(path, io::render_man5());
  CHECK(read_text_file(path, 1 << 20) == io::render_man5());
}
