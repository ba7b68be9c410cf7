#include "base/progress.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <csignal>

#include "base/child.h"
#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/temporary_folder.h"

using namespace fovea;

TEST_CASE("progress_text: counts, rate, time left, detail") {
  CHECK(progress_text("train", "step", 1200, 5000, 310, "loss 0.231") ==
        "train: step 1200/5000 (24%) 310 steps/s ETA 12s | loss 0.231");
  CHECK(progress_text("read", "image", 7, 0, 0, "") == "read: image 7");
  CHECK(progress_text("read", "image", 10, 10, 2.5, "") == "read: image 10/10 (100%) 2.50 images/s");
}

TEST_CASE("Progress: silent in a log, except when asked by SIGUSR2") {
  const TemporaryFolder folder;
  const std::string path = folder / "stderr";
  CHECK(run_in_child([&] {
          dup2(open(path.c_str(), O_WRONLY | O_CREAT, 0600), 2);
          signals::install();
          log::configure({"t", false, 0, ""});
          Progress progress("train", "step", 10);
          Progress inner("inner", "item", 3);
          for (int i = 0; i < 5; ++i) progress.update(i);
          kill(getpid(), SIGUSR2);
          inner.update(1);
          progress.update(6, "loss 1");
          return 0;
        }) == 0);
  const std::string text = read_text_file(path, 1000);
  CHECK(text.starts_with("t: info: train: step 6/10 (60%)"));
  CHECK(text.ends_with("| loss 1\n"));
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\n') == text.size() - 1);
}
