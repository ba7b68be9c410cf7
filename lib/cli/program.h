// A tool as data: name, commands, examples, files. apps/x.cc fills in a Program and calls cli::run.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/option.h"

namespace fovea::cli {

// A command line that a reader can copy. Tests run all of them (tests/docs/examples.sh).
struct Example {
  std::string line;   // "bn-train train --data digits.h5 -o net.ckpt.h5"
  std::string shows;  // one sentence
};

// For the FILES section.
struct FileNote {
  std::string name, text;
};

// One call of one command: the options struct, its table and the function. Made afresh for every use.
class Job {
 public:
  virtual ~Job() = default;
  virtual int run(const Invocation& invocation) const = 0;
  OptionTable table;
  CommonOptions common;
};

struct Command {
  std::string name, summary, description;
  std::vector<Example> examples;
  CommonSet which_common = CommonSet::kBasic;
  std::function<std::unique_ptr<Job>()> make_job;
};

namespace detail {
template <typename Options>
class TypedJob : public Job {
 public:
  using Declare = void (*)(OptionTable&, Options&);
  using Run = int (*)(const Options&, const Invocation&);
  TypedJob(Declare declare, Run function, CommonSet which_common) : run_(function) {
    declare(table, options_);
    declare_common(table, common, which_common);
  }
  int run(const Invocation& invocation) const override { return run_(options_, invocation); }

 private:
  Options options_;
  Run run_;
};
}  // namespace detail

// `run` returns an exit code, 0 when done; failures are Error.
template <typename Options>
Command command(std::string name, std::string summary, std::string description, std::vector<Example> examples,
                void (*declare)(OptionTable&, Options&), int (*run)(const Options&, const Invocation&),
                CommonSet which_common = CommonSet::kBasic) {
  Command made;
  made.name = std::move(name);
  made.summary = std::move(summary);
  made.description = std::move(description);
  made.examples = std::move(examples);
  made.which_common = which_common;
  made.make_job = [declare, run, which_common]() -> std::unique_ptr<Job> {
    return std::make_unique<detail::TypedJob<Options>>(declare, run, which_common);
  };
  return made;
}

// Texts may name options as {opt:threads}; a name that no command has is an internal error (and a failing test).
struct Program {
  std::string name, summary, description;
  std::vector<Command> commands;
  std::vector<Example> examples;
  std::vector<FileNote> files;
  std::vector<std::string> see_also;                 // "rcnn-detect(1)"
  std::function<int(const std::string& path)> info;  // --info FILE; from a higher room
  std::function<std::string()> version_details;      // further lines of --version
};

// Parses, applies the process-wide options, runs the command, finishes stdout, and returns the exit code of the
// process. The only place that catches and prints errors. Dies of SIGINT if that is what stopped the command.
int run(const Program& program, int argc, char** argv);

}  // namespace fovea::cli
