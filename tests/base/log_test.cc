#include "base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/child.h"
#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "base/text.h"

using namespace fovea;

namespace {
// What `body` writes to stderr.
template <typename Body>
std::string stderr_of(const TemporaryFolder& folder, Body&& body) {
  const std::string path = folder / "stderr";
  run_in_child([&] {
    dup2(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    body();
    return 0;
  });
  return read_text_file(path, 1 << 20);
}

void say_everything() {
  log::debug("d {}", 1);
  log::info("i {}", 2);
  log::warning("w {}", 3);
  log::error("e {}", 4);
}
}  // namespace

TEST_CASE("log: levels by default, quiet and verbose") {
  const TemporaryFolder folder;
  const auto lines = [&](bool quiet, int verbose) {
    return stderr_of(folder, [&] {
      log::configure({"bn-train", quiet, verbose, ""});
      say_everything();
    });
  };
  CHECK(lines(false, 0) == "bn-train: info: i 2\nbn-train: warning: w 3\nbn-train: error: e 4\n");
  CHECK(lines(true, 0) == "bn-train: error: e 4\n");
  CHECK(lines(false, 1).starts_with("bn-train: debug: d 1\n"));
}

TEST_CASE("log: every line of a message has the prefix, a hint has none") {
  const TemporaryFolder folder;
  CHECK(stderr_of(folder, [] {
          log::configure({"t", false, 0, ""});
          log::info("a\nb\n");
          log::write_hint("h");
        }) == "t: info: a\nt: info: b\nhint: h\n");
}

TEST_CASE("log: the file has everything with times, and is appended to") {
  const TemporaryFolder folder;
  for (int i = 0; i < 2; ++i) {
    CHECK(stderr_of(folder, [&] {
            log::configure({"t", true, 0, folder / "log"});
            say_everything();
          }) == "t: error: e 4\n");
  }
  const auto lines = split(read_text_file(folder / "log", 1 << 20), '\n');
  REQUIRE(lines.size() == 11);  // twice a heading and four lines, and the end
  CHECK(lines[0].find("t: start: fovea ") != std::string::npos);
  CHECK(lines[1].ends_with(" t: debug: d 1"));
  CHECK(lines[1][4] == '-');
  CHECK(lines[1][10] == 'T');
}

TEST_CASE("log: a log file that cannot be made is an error, its folder is not made") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(log::configure({"t", false, 0, folder / "missing/log"}), Error);
  CHECK(folder.entries() == 0);
}

TEST_CASE("log: formatting braces in a message do no harm") {
  const TemporaryFolder folder;
  CHECK(stderr_of(folder, [] { log::write(log::Level::kError, "{} {0:x} %v"); }).ends_with("error: {} {0:x} %v\n"));
}
