#include "base/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "base/child.h"
#include "base/error.h"
#include "base/signals.h"
#include "base/temporary_folder.h"

using namespace fovea;

namespace {

ErrorKind kind_of_failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind{0};
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  stat(path.c_str(), &info);
  return info.st_mode & 07777;
}

std::string sniff_text(std::string_view text) { return sniff(std::as_bytes(std::span(text.data(), text.size()))); }

struct FaultOff {
  ~FaultOff() { inject_write_fault(-1, 0); }
};

}  // namespace

TEST_CASE("read_file: whole file, limits and failures") {
  TemporaryFolder folder;
  write_file(folder / "a", std::string(100000, 'x'));
  CHECK(read_text_file(folder / "a", 100000).size() == 100000);
  CHECK(kind_of_failure([&] { read_file(folder / "a", 99999); }) == ErrorKind::kData);
  CHECK(kind_of_failure([&] { read_file(folder / "missing", 10); }) == ErrorKind::kNoInput);
  CHECK(kind_of_failure([&] { read_file(folder.path(), 10); }) == ErrorKind::kData);
  CHECK(kind_of_failure([&] { read_file("/dev/zero", 1000); }) == ErrorKind::kData);  // endless, without a size
  write_file(folder / "empty", "");
  CHECK(read_file(folder / "empty", 0).empty());
}

TEST_CASE("base_name, directory_name: of the usual paths") {
  CHECK(base_name("a/b.h5") == "b.h5");
  CHECK(base_name("a/b/") == "b");
  CHECK(base_name("/") == "/");
  CHECK(directory_name("a/b.h5") == "a");
  CHECK(directory_name("b") == ".");
  CHECK(directory_name("/b") == "/");
}

TEST_CASE("sniff: the common kinds") {
  CHECK(sniff_text("") == "nothing");
  CHECK(sniff_text("\x89HDF\r\n\x1a\n....") == "an HDF5 file");
  CHECK(sniff_text("\xff\xd8\xff\xe0") == "a JPEG image");
  CHECK(sniff_text("\x89PNG\r\n\x1a\n") == "a PNG image");
  CHECK(sniff_text("\x1f\x8b\x08") == "gzip data");
  CHECK(sniff_text("{\"a\": 1}") == "JSON text");
  CHECK(sniff_text("hello\n") == "text");
  CHECK(sniff_text("fovea-net 1\n") == "a network text");
  CHECK(sniff_text(std::string_view("\0\1\2", 3)) == "unknown binary data");
  CHECK(sniff_text(std::string_view("\0\0\x08\x03", 4)) == "an IDX image file");
}

TEST_CASE("AtomicFile: the target appears at commit, whole, and nothing stays beside it") {
  TemporaryFolder folder;
  {
    AtomicFile file(folder / "x");
    CHECK(folder.entries() == 0);  // probing touches nothing
    file.write("half");
    CHECK(folder.entries() == 1);
    CHECK_FALSE(file_exists(folder / "x"));
    CHECK(base_name(file.path()).starts_with(".x."));
    CHECK(base_name(file.path()).ends_with(".tmp"));
    file.write(" done");
    file.commit();
  }
  CHECK(read_text_file(folder / "x", 100) == "half done");
  CHECK(folder.entries() == 1);
}

TEST_CASE("AtomicFile: destroyed without commit, the old target stays and the temporary file goes") {
  TemporaryFolder folder;
  write_file(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
  }
  CHECK(read_text_file(folder / "x", 100) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("AtomicFile: keeps mode bits, follows symbolic links, also dangling ones") {
  TemporaryFolder folder;
  write_file(folder / "x", "old");
  chmod((folder / "x").c_str(), 0666);  // more than the usual umask lets through
  std::filesystem::create_symlink("x", folder / "link");
  std::filesystem::create_symlink("y", folder / "dangling");
  write_file(folder / "link", "new");
  write_file(folder / "dangling", "made");
  CHECK(read_text_file(folder / "x", 100) == "new");
  CHECK(mode_of(folder / "x") == 0666);
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_text_file(folder / "y", 100) == "made");
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK(kind_of_failure([&] { write_file(folder / "loop", "x"); }) == ErrorKind::kCannotCreate);
}

TEST_CASE("AtomicFile: names of all kinds, of any length the directory takes") {
  TemporaryFolder folder;
  const std::string longest = "\xC3\xA9" + std::string(253, 'n');
  for (const std::string& name : {std::string("with space"), std::string("new\nline"), std::string("-dash"), longest}) {
    write_file(folder / name, name);
    CHECK(read_text_file(folder / name, 300) == name);
  }
  CHECK(folder.entries() == 4);
  CHECK(kind_of_failure([&] { AtomicFile file(folder / std::string(256, 'n')); }) == ErrorKind::kCannotCreate);
}

TEST_CASE("AtomicFile: what cannot be created fails at once with 73") {
  TemporaryFolder folder;
  write_file(folder / "x", "old");
  CHECK(kind_of_failure([&] { AtomicFile file(folder / "missing/x"); }) == ErrorKind::kCannotCreate);
  CHECK(kind_of_failure([&] { AtomicFile file(folder / "x/y"); }) == ErrorKind::kCannotCreate);
  CHECK(kind_of_failure([&] { AtomicFile file(folder.path()); }) == ErrorKind::kCannotCreate);
  CHECK(kind_of_failure([&] { AtomicFile file(folder / "new/"); }) == ErrorKind::kCannotCreate);
  CHECK(kind_of_failure([&] { AtomicFile file(folder / "x", {true, 0}); }) == ErrorKind::kCannotCreate);
  CHECK(kind_of_failure([&] { AtomicFile file(""); }) == ErrorKind::kUsage);
}

TEST_CASE("AtomicFile: --no-clobber also holds against a file that appears meanwhile") {
  TemporaryFolder folder;
  AtomicFile file(folder / "x", {true, 0});
  file.write("ours");
  write_file(folder / "x", "theirs");
  CHECK(kind_of_failure([&] { file.commit(); }) == ErrorKind::kCannotCreate);
  CHECK(read_text_file(folder / "x", 100) == "theirs");
}

TEST_CASE("AtomicFile: each failing write is 74, the old target stays and the folder is clean") {
  TemporaryFolder folder;
  write_file(folder / "x", "old");
  const FaultOff off;
  for (int64_t good = 0; good < 4; ++good) {
    inject_write_fault(good, ENOSPC);
    const auto kind = kind_of_failure([&] {
      AtomicFile file(folder / "x", {false, 1 << 20});
      for (int i = 0; i < 3; ++i) file.write(std::string(100000, 'y'));
      file.commit();
    });
    CHECK(kind == ErrorKind::kIo);
    CHECK(read_text_file(folder / "x", 100) == "old");
    CHECK(folder.entries() == 1);
  }
  inject_write_fault(4, ENOSPC);  // three writes and the commit
  CHECK_NOTHROW([&] {
    AtomicFile file(folder / "x");
    for (int i = 0; i < 3; ++i) file.write("z");
    file.commit();
  }());
}

TEST_CASE("AtomicFile: a full device is 74 and names what was needed") {
  try {
    write_file("/dev/full", "x", {false, 3 << 20});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kIo);
    CHECK(std::string(error.what()) == "/dev/full: cannot write: No space left on device (needs about 3.0 MiB)");
  }
}

TEST_CASE("AtomicFile: a FIFO is written straight") {
  TemporaryFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  AtomicFile file(folder / "pipe");
  CHECK(file.is_stream());
  std::string got;
  std::thread reader([&] { got = read_text_file(folder / "pipe", 100); });
  file.write("through");
  file.commit();
  reader.join();
  CHECK(got == "through");
  CHECK(folder.entries() == 1);
}

TEST_CASE("AtomicFile: a signal removes the temporary file and keeps the old target") {
  TemporaryFolder folder;
  write_file(folder / "x", "old");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
    const int code = run_in_child([&] {
      signals::reset_for_test();
      signals::install();
      AtomicFile file(folder / "x"), other(folder / "y");
      file.write(std::string(200000, 'n'));
      other.path();
      kill(getpid(), signal);
      return 0;
    });
    CHECK(code == 128 + signal);
    CHECK(read_text_file(folder / "x", 100) == "old");
    CHECK(folder.entries() == 1);
  }
}

TEST_CASE("write_stdout: a full device fails with 74, a closed one too") {
  const auto finish = [] {
    try {
      write_stdout("data\n");
      finish_stdout();
    } catch (const Error& error) {
      return static_cast<int>(error.kind());
    }
    return 0;
  };
  CHECK(run_in_child([&] {
          dup2(open("/dev/full", O_WRONLY), 1);
          return finish();
        }) == 74);
  CHECK(run_in_child([&] {
          close(1);
          guard_standard_streams();
          return finish();
        }) == 74);
  CHECK(run_in_child([&] {
          dup2(open("/dev/null", O_WRONLY), 1);
          return finish();
        }) == 0);
}

TEST_CASE("guard_standard_streams: a file opened later does not become stdout") {
  CHECK(run_in_child([] {
          close(1);
          close(2);
          guard_standard_streams();
          const int descriptor = dup(0);
          return descriptor > 2 ? 0 : 1;
        }) == 0);
}
