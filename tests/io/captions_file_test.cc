#include "io/captions_file.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"
#include "io/info.h"
#include "io/merge.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::bytes_of;
using test::error_of;

TEST_CASE("captions_file: what was written comes back, attention on demand") {
  const TemporaryFolder folder;
  const std::string hash = test::write_captions(folder / "a.h5", 6);
  const CaptionsReader reader(folder / "a.h5");
  CHECK(reader.attributes().content_hash == hash);
  CHECK(reader.layout().kind == "soft");
  CHECK(reader.layout().beam == 2);
  CHECK(reader.layout().grid == std::array<int32_t, 2>{2, 3});
  CHECK(reader.image_ids().size() == 6);
  CHECK(reader.find("image4") == 4);
  CHECK(reader.find("image9") == -1);
  CHECK(reader.begin(0) == reader.begin(1));  // an image without captions
  CHECK(reader.begin(6) == reader.captions());
  const int64_t second = reader.begin(5) + 1;
  const GeneratedCaption caption = reader.caption(second);
  CHECK(caption.text == "a caf\u00e9");
  CHECK(caption.tokens == std::vector<int32_t>{2, 4, 0});
  CHECK(caption.beam_rank == 1);
  CHECK(caption.logprob == -7.5);
  CHECK(caption.gate == std::vector<float>{0.25F, 0.5F, 1.0F});
  REQUIRE(caption.attention.size() == 18);
  CHECK(caption.attention[0] == 0.75F);
  CHECK(caption.attention[6] == 0.75F);
  CHECK(caption.attention[7] == 0.05F);
  CHECK(verify_file(folder / "a.h5").attributes.schema == "fovea.captions");
  CHECK(info_json(folder / "a.h5").find("generated captions") != std::string::npos);
}

TEST_CASE("captions_file: no attention, no gate, no image") {
  const TemporaryFolder folder;
  CaptionsLayout layout;
  layout.vocabulary = {"<end>", "<unk>"};
  layout.kind = "none";
  CaptionsWriter(folder / "a.h5", test::root_attributes(), layout).finish();
  const CaptionsReader reader(folder / "a.h5");
  CHECK(reader.captions() == 0);
  CHECK(reader.layout().places() == 0);
  CHECK_FALSE(reader.layout().gate);
}

TEST_CASE("captions_file: shards in any order give the whole file, byte for byte") {
  const TemporaryFolder folder;
  test::write_captions(folder / "whole.h5", 20);
  test::write_captions(folder / "0.h5", 7, 0, {0, 3});
  test::write_captions(folder / "1.h5", 0, 7, {1, 3});
  test::write_captions(folder / "2.h5", 13, 7, {2, 3});
  merge_files({folder / "2.h5", folder / "0.h5", folder / "1.h5"}, folder / "out.h5");
  CHECK((bytes_of(folder / "out.h5") == bytes_of(folder / "whole.h5")));
}

TEST_CASE("captions_file: an id again, and an empty one") {
  const TemporaryFolder folder;
  CaptionsLayout layout;
  layout.vocabulary = {"<end>", "<unk>"};
  CaptionsWriter writer(folder / "a.h5", test::root_attributes(), layout);
  writer.add("a", {});
  CHECK(std::string(error_of([&] { writer.add("a", {}); }).what()) ==
        (folder / "a.h5") + ": image_id[1]: expected unique names, found \"a\" again");
  CHECK(error_of([&] { writer.add("", {}); }).kind() == ErrorKind::kData);
}

}  // namespace
}  // namespace fovea::io
