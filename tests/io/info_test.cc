#include "io/info.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"
#include "io/json.h"

namespace fovea::io {
namespace {

TEST_CASE("info: root attributes and datasets as JSON") {
  const TemporaryFolder folder;
  const std::string hash = test::write_images(folder / "a.h5", 3);
  const Json info = parse_json(info_json(folder / "a.h5"), "info");
  CHECK(info["file"] == "a.h5");
  CHECK(info["schema"] == "fovea.images");
  CHECK(info["content_hash"] == hash);
  CHECK(info["parameters"]["epochs"] == 2);
  CHECK(info["inputs"][0]["role"] == "images");
  CHECK(info["complete"] == true);
  CHECK(info["attributes"]["channel_order"] == "RGB");
  CHECK(info["datasets"][0]["name"] == "id");
  CHECK(info["datasets"][6]["name"] == "pixels");
  CHECK(info["datasets"][6]["extents"] == Json({3, 8, 8, 3}));
  CHECK(info["datasets"][6]["axes"] == "image,y,x,channel");
}

}  // namespace
}  // namespace fovea::io
