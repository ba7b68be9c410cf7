#include "base/hash.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace fovea;

namespace {
std::vector<std::byte> bytes(std::string_view text) {
  std::vector<std::byte> out(text.size());
  std::memcpy(out.data(), text.data(), text.size());
  return out;
}
}  // namespace

// XXH3-128 of the empty input with seed 0, from the xxHash specification's reference implementation.
TEST_CASE("content_hash: the known hash of nothing") { CHECK(content_hash({}) == "99aa06d3014798d86001c324468d497f"); }

TEST_CASE("ContentHash: pieces give the hash of the whole") {
  const auto whole = bytes("the quick brown fox");
  ContentHash hash;
  hash.update(std::span(whole).subspan(0, 5));
  hash.update(std::span(whole).subspan(5));
  CHECK(hash.hex() == content_hash(whole));
  CHECK(hash.hex().size() == 32);
}

TEST_CASE("ContentHash: texts are told apart by their lengths") {
  ContentHash a, b;
  a.update("ab");
  a.update("c");
  b.update("a");
  b.update("bc");
  CHECK(a.hex() != b.hex());
}
