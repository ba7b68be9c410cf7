#include "cli/program.h"

#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "base/version.h"
#include "cli/fake_program.h"

using fake::run;

TEST_CASE("run: help and version go to stdout with 0 and need nothing else to be right") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"-h"},
                                                                                         {"--help"},
                                                                                         {"--version"},
                                                                                         {"--help-json"},
                                                                                         {"train", "-h"},
                                                                                         {"train", "--help"},
                                                                                         {"train", "--bad", "--help"},
                                                                                         {"train", "-qh"}}) {
    const auto outcome = run(arguments);
    CHECK(outcome.code == 0);
    CHECK_FALSE(outcome.out.empty());
    CHECK(outcome.err.empty());
  }
  CHECK(run({"--version"}).out == std::string("bn-fake (fovea) ") + fovea::version() + "\ndetails\n");
  CHECK(run({"train", "--version"}).out == run({"--version"}).out);
}

TEST_CASE("run: a usage error is one line on stderr, a way to the help, 64, and nothing on stdout") {
  const auto outcome = run({"train", "-o", "x", "--momentum", "1.5"});
  CHECK(outcome.code == 64);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        "bn-fake: error: --momentum: expected 0 <= x < 1, found 1.5\nhint: try 'bn-fake train --help'\n");
  CHECK(run({"train", "--epoch", "3"}).err ==
        "bn-fake: error: unknown option '--epoch'\nhint: did you mean '--epochs'? try 'bn-fake train --help'\n");
  CHECK(run({"trian"}).err ==
        "bn-fake: error: unknown command 'trian'\nhint: did you mean 'train'? try 'bn-fake --help'\n");
  CHECK(run({}).err == "bn-fake: error: missing command\nhint: commands are train, show; try 'bn-fake --help'\n");
  CHECK(run({"--frob"}).code == 64);
}

TEST_CASE("run: each failure of a command has its code") {
  const auto mode = [](const std::string& name) { return run({"train", "-o", "x", "--mode", name}); };
  CHECK(mode("diverge").code == 3);
  CHECK(mode("memory").code == 71);
  CHECK(mode("bug").code == 70);
  const auto data = mode("data");
  CHECK(data.code == 65);
  CHECK(data.err == "bn-fake: error: a\\x0ab.h5: /boxes: expected 4, found 5\nhint: run it again\n");
  const auto negative = mode("negative");
  CHECK(negative.code == 1);
  CHECK(negative.out == "0.4\n");  // the table of a failed check is still printed
}

TEST_CASE("run: an interrupt in training ends in death by SIGINT, after the message") {
  const auto outcome = run({"train", "-o", "x", "--mode", "interrupt"});
  CHECK(outcome.signal == SIGINT);
  CHECK(outcome.err == "bn-fake: info: stopped at step 3; the checkpoint is valid\n");
}

TEST_CASE("run: SIGTERM while writing leaves no file; a training that can be resumed says so by its code") {
  const TemporaryFolder folder;
  CHECK(run({"show", folder / "x", "write"}).signal == SIGTERM);
  CHECK(run({"train", "-o", folder / "x", "--mode", "write"}).code == 75);
  CHECK(folder.entries() == 0);
}

TEST_CASE("run: a full device behind stdout is 74, once") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"show", "a"}, {"--generate", "bash"}, {"--version"}}) {
    const auto outcome = run(arguments, "/dev/full");
    CHECK(outcome.code == 74);
    CHECK(outcome.err == "bn-fake: error: stdout: cannot write: No space left on device\n");
  }
}

TEST_CASE("run: the invocation tells what was given") {
  const auto outcome =
      run({"train", "-o", "x", "--epochs", "2", "--threads", "3", "--shard", "1/4", "--checkpoint-every=20it", "a"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.find(
            "threads=3 format=tsv shard=1/4 every=0s/20it given-epochs=true verbose=0 tool=bn-fake train\n") !=
        std::string::npos);
  CHECK(run({"train", "-o", "x"}).out.find("given-epochs=false") != std::string::npos);
  CHECK(run({"train", "-o", "x", "--shard", "4/4"}).code == 64);
  CHECK(run({"train", "-o", "x", "--checkpoint-every", "often"}).code == 64);
}

TEST_CASE("run: quiet, verbose and log files are applied; ignored options are reported") {
  CHECK(run({"train", "-o", "x", "-v"}).err.find("bn-fake: debug: only with -v\n") != std::string::npos);
  const auto ignored = run({"train", "-o", "x", "--optimizer", "adam", "--momentum", "0.5"});
  CHECK(ignored.code == 0);
  CHECK(ignored.err == "bn-fake: warning: --momentum is ignored: it is used with --optimizer sgd only\n");
  CHECK(run({"train", "-o", "x", "-q", "--optimizer", "adam", "--momentum", "0.5"}).err.empty());
  const TemporaryFolder folder;
  CHECK(run({"train", "-o", "x", "-q", "--log-file", folder / "log"}).err.empty());
  CHECK(fovea::read_text_file(folder / "log", 1 << 20).find("bn-fake: debug: only with -v") != std::string::npos);
  CHECK(run({"train", "-o", "x", "--log-file", folder / "missing/log"}).code == 73);
}

TEST_CASE("run: --info and --print-config need no required option") {
  CHECK(run({"--info", "f.h5"}).out == "info f.h5\n");
  CHECK(run({"train", "--info", "f.h5"}).out == "info f.h5\n");
  const auto config = run({"train", "--print-config", "--epochs", "3"});
  CHECK(config.code == 0);
  CHECK(config.out.starts_with("[train]\nepochs = 3  # command line\n"));
  CHECK(run({"train", "--print-config", "--epochs", "0"}).code == 64);
}

TEST_CASE("run: a missing configuration file is 66, a wrong one 64") {
  const TemporaryFolder folder;
  CHECK(run({"train", "-o", "x", "--config", folder / "none.toml"}).code == 66);
  fovea::write_file(folder / "bad.toml", "epoch = 3\n");
  CHECK(run({"train", "-o", "x", "--config", folder / "bad.toml"}).code == 64);
}

TEST_CASE("run: the locale changes nothing") {
  const auto plain = run({"train", "-o", "x", "--momentum", "0.25"}).out;
  setenv("LC_ALL", "tr_TR.UTF-8", 1);
  CHECK(run({"train", "-o", "x", "--momentum", "0.25"}).out == plain);
  unsetenv("LC_ALL");
}
