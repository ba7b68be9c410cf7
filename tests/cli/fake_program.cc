#include "cli/fake_program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <new>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/signals.h"

namespace fake {
namespace {

using fovea::Error;
using fovea::ErrorKind;
using namespace fovea::cli;

void declare_train(OptionTable& table, TrainOptions& o) {
  table.operand("DATA", o.inputs, "Image sets.", 0, -1);
  table.group("Training");
  table.add("epochs", o.epochs, "N", "Passes over the training set.")
      .short_name('e')
      .range(1, 1e6)
      .source("[paper §4.1]");
  table.add("momentum", o.momentum, "X", "Momentum of the optimiser.")
      .range(0, 1)
      .below(1)
      .source("[ours]")
      .only_with("optimizer", {"sgd"});
  table.add("learning-rate", o.learning_rate, "X", "First learning rate.").above(0).source("[ours]").env("FAKE_RATE");
  table.add("optimizer", o.optimizer, "NAME", "Update rule.").choices({"sgd", "adam", "rmsprop"}).source("[ours]");
  table.add("data", o.data, "FILE", "More image sets.").is_input_path();
  table.add("scales", o.scales, "X", "Scales of the pyramid.").above(0).source("[ours]").text("See {opt:sizes} too.");
  table.add("sizes", o.sizes, "N", "Sizes of the pyramid.").at_least(1).source("[ours]").excludes("scales");
  table.add("clip", o.clip, "X", "Largest norm of the gradient.").above(0).needs("warmup");
  table.add("init", o.init, "FILE", "Take weights from FILE.").is_input_path().excludes("resume");
  table.add("flip", o.flip, "Mirror images at random.").not_with("scales");
  table.add("shuffle", o.shuffle, "Visit items in random order.");
  table.add("cache", o.cache, "SIZE", "Memory for decoded images.").as_size().source("[ours]").no_effect_on_content();
  table.add("warmup", o.warmup, "TIME", "Rise of the learning rate.").as_duration().source("[ours]");
  table.add("mode", o.mode, "NAME", "What the test wants to happen.").env("");
  table.output(o.output, "Checkpoint to write.").required();
}

void die_writing(const std::string& path) {
  fovea::AtomicFile file(path);
  file.write("half");
  kill(getpid(), SIGTERM);
}

int train(const TrainOptions& o, const Invocation& call) {
  if (o.mode == "diverge") throw Error(ErrorKind::kDiverged, "step 12: loss is not finite");
  if (o.mode == "data") throw Error(ErrorKind::kData, "a\nb.h5: /boxes: expected 4, found 5", "run it again");
  if (o.mode == "memory") throw std::bad_alloc();
  if (o.mode == "bug") throw std::out_of_range("vector");
  if (o.mode == "negative") {
    fovea::write_stdout("0.4\n");
    throw Error(ErrorKind::kNegative, "ap: expected >= 0.5, found 0.4");
  }
  if (o.mode == "write") die_writing(o.output);
  if (o.mode == "interrupt") {
    const fovea::signals::GracefulScope scope;
    kill(getpid(), SIGINT);
    throw Error(ErrorKind::kStopped, "stopped at step 3; the checkpoint is valid");
  }
  fovea::log::debug("only with -v");
  fovea::write_stdout(call.parameters_json + "\n" + call.command_line_json + "\n");
  fovea::write_stdout(fmt::format(
      "threads={} format={} shard={}/{} every={}s/{}it given-epochs={} verbose={} tool={}\n", fovea::thread_count(),
      call.common.format, call.common.shard.index, call.common.shard.count, call.common.checkpoint_every.seconds,
      call.common.checkpoint_every.steps, call.was_given("epochs"), call.common.verbose, call.tool_and_verb()));
  return 0;
}

struct ShowOptions {
  std::string file, second;
};

void declare_show(OptionTable& table, ShowOptions& o) {
  table.operand("FILE", o.file, "File to show.");
  table.operand("OTHER", o.second, "File to compare with.", false);
}

int show(const ShowOptions& o, const Invocation&) {
  if (o.second == "write") die_writing(o.file);
  fovea::write_stdout(o.file + "|" + o.second + "\n");
  return 0;
}

std::string drain(std::array<int, 2> descriptors, std::string& second) {
  std::string first;
  std::array<pollfd, 2> polled = {{{descriptors[0], POLLIN, 0}, {descriptors[1], POLLIN, 0}}};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    poll(polled.data(), 2, -1);
    for (size_t i = 0; i < 2; ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t got = read(polled[i].fd, buffer.data(), buffer.size());
      if (got <= 0) {
        close(polled[i].fd);
        polled[i].fd = -1;
      } else {
        (i == 0 ? first : second).append(buffer.data(), static_cast<size_t>(got));
      }
    }
  }
  return first;
}

}  // namespace

Program program() {
  Program p;
  p.name = "bn-fake";
  p.summary = "Train nothing, quickly.";
  p.description = "A tool for tests.\n\nIts main option is {opt:epochs}.";
  p.commands = {
      command("train", "Train a network.", "Longer text about {opt:learning-rate}.",
              {{"bn-fake train --epochs 3 -o net.ckpt.h5 a.h5", "Trains for three passes."}}, declare_train, train,
              CommonSet::kTraining | CommonSet::kFormat | CommonSet::kShard),
      command("show", "Print a file.", "", {{"bn-fake show a.h5", "Prints it."}}, declare_show, show,
              CommonSet::kFormat),
  };
  p.examples = {{"bn-fake train -o - a.h5 | bn-fake show -", "A pipe."}};
  p.files = {{"net.ckpt.h5", "A checkpoint."}};
  p.see_also = {"fovea-files(5)"};
  p.info = [](const std::string& path) { return fovea::write_stdout("info " + path + "\n"), 0; };
  p.version_details = [] { return std::string("details\n"); };
  return p;
}

Outcome run(const std::vector<std::string>& arguments, const char* stdout_path) {
  std::array<int, 2> out{}, err{};
  if (pipe(out.data()) != 0 || pipe(err.data()) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    const int target = stdout_path == nullptr ? out[1] : open(stdout_path, O_WRONLY);
    dup2(target, 1);
    dup2(err[1], 2);
    for (const int descriptor : {out[0], out[1], err[0], err[1]}) close(descriptor);
    std::vector<std::string> words = {"bn-fake"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    _exit(fovea::cli::run(program(), static_cast<int>(words.size()), argv.data()));
  }
  close(out[1]);
  close(err[1]);
  Outcome outcome;
  outcome.out = drain({out[0], err[0]}, outcome.err);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome;
}

}  // namespace fake
