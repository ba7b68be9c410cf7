#include "cli/program.h"

#include <chrono>
#include <csignal>
#include <new>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/check.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/record.h"
#include "cli/resolve.h"

namespace fovea::cli {
namespace {

constexpr int64_t kLongestProse = int64_t{1} << 20;

// Says where the help is, unless the error brought a better hint of its own; then both.
Error with_help(const Error& error, const std::string& tool, const std::string& verb) {
  if (error.kind() != ErrorKind::kUsage) return error;
  const std::string way = fmt::format("try '{}{}{} --help'", tool, verb.empty() ? "" : " ", verb);
  const std::string& hint = error.hint();
  return {error.kind(), error.what(), hint.empty() ? way : hint + (hint.ends_with('?') ? " " : "; ") + way};
}

int print_version(const Program& program) {
  std::string text = fmt::format("{} (fovea) {}\n", program.name, version());
  if (program.version_details) text += program.version_details();
  if (!text.ends_with('\n')) text += '\n';
  write_stdout(text);
  return 0;
}

int print_info(const Program& program, const std::string& path) {
  if (!program.info) fail(ErrorKind::kUnavailable, "--info: this program cannot describe files");
  return program.info(path);
}

int generate(const Program& program, const std::string& kind) {
  const ProgramView view(program);
  if (kind == "man") {
    write_stdout(man_page(view));
  } else if (kind.starts_with("man:")) {
    write_stdout(man_page(view, read_text_file(kind.substr(4), kLongestProse)));
  } else if (kind == "bash") {
    write_stdout(bash_completion(view));
  } else if (kind == "zsh") {
    write_stdout(zsh_completion(view));
  } else if (kind == "fish") {
    write_stdout(fish_completion(view));
  } else if (kind == "check") {
    const auto problems = check_program(program);
    for (const auto& problem : problems) write_stdout(problem + "\n");
    return problems.empty() ? 0 : static_cast<int>(ErrorKind::kNegative);
  } else {
    fail(ErrorKind::kUsage, "--generate: expected man, man:FILE, bash, zsh, fish or check, found '{}'",
         printable(kind));
  }
  return 0;
}

enum class Wish { kNone, kShortHelp, kLongHelp, kVersion };

// Help needs nothing else on the line to be right.
Wish early_wish(const std::vector<std::string>& arguments) {
  for (const auto& argument : arguments) {
    if (argument == "--") break;
    if (argument == "-h") return Wish::kShortHelp;
    if (argument == "--help") return Wish::kLongHelp;
    if (argument == "--version") return Wish::kVersion;
  }
  return Wish::kNone;
}

int run_own_options(const Program& program, const std::vector<std::string>& arguments) {
  switch (early_wish(arguments)) {
    case Wish::kVersion:
      return print_version(program);
    case Wish::kShortHelp:
      return write_stdout(short_help(ProgramView(program))), 0;
    case Wish::kLongHelp:
      return write_stdout(long_help(ProgramView(program))), 0;
    case Wish::kNone:
      break;
  }
  OptionTable table;
  OwnOptions options;
  declare_own(table, options);
  const ParsedWords parsed = parse_words(table, arguments);
  resolve(table, parsed, {}, "");
  if (options.help_json) return write_stdout(help_json(ProgramView(program))), 0;
  if (!options.generate.empty()) return generate(program, options.generate);
  if (!options.info.empty()) return print_info(program, options.info);
  fail(ErrorKind::kUsage, "missing command");
}

// Of the ranks of a training the first speaks; the others say what went wrong with them alone.
void apply(const Program& program, const Command& command, const CommonOptions& common) {
  const bool shared = ranks::several() && has(command.which_common, CommonSet::kCheckpoints);
  if (has(command.which_common, CommonSet::kCheckpoints)) signals::set_resumable();
  const bool follows = shared && !ranks::first();
  const std::string name = shared ? fmt::format("{}[{}]", program.name, ranks::place().rank) : program.name;
  log::configure({name, common.quiet, common.verbose, common.log_file, follows});
  set_thread_count(common.threads.value_or(0));
  set_max_memory(common.max_memory);
  set_progress_mode(follows || common.progress == "never" ? ProgressMode::kNever
                    : common.progress == "always"         ? ProgressMode::kAlways
                                                          : ProgressMode::kAuto);
  if (shared && !common.dry_run) ranks::join();
}

Invocation describe(const Program& program, const Command& command, const Job& job, const ParsedWords& parsed,
                    const Resolved& resolved) {
  Invocation invocation;
  invocation.tool = program.name;
  invocation.verb = command.name;
  invocation.version = version();
  invocation.parameters_json = parameters_json(job.table);
  invocation.command_line_json = command_line_json(program.name, command.name, job.table, parsed);
  invocation.common = job.common;
  for (const auto& [name, origin] : resolved.origin) {
    if (origin != Origin::kDefault) invocation.given.insert(name);
  }
  return invocation;
}

int run_command(const Program& program, const Command& command, const std::vector<std::string>& arguments) {
  const auto print_help = [&](bool in_full) {
    const ProgramView view(program);
    const auto index = static_cast<size_t>(&command - program.commands.data());
    write_stdout(in_full ? long_help(view, view.commands[index]) : short_help(view, view.commands[index]));
    return 0;
  };
  switch (early_wish(arguments)) {
    case Wish::kVersion:
      return print_version(program);
    case Wish::kShortHelp:
      return print_help(false);
    case Wish::kLongHelp:
      return print_help(true);
    case Wish::kNone:
      break;
  }
  const std::unique_ptr<Job> job = command.make_job();
  const ParsedWords parsed = parse_words(job->table, arguments);
  if (parsed.has("help")) return print_help(false);  // inside a cluster of short options
  Resolved resolved = resolve(job->table, parsed, load_config(program, parsed), command.name);
  if (!job->common.info.empty()) return print_info(program, job->common.info);
  if (job->common.print_config) return write_stdout(render_config(job->table, resolved, command.name)), 0;
  check_rules(job->table, resolved);
  finish_common(job->common);
  apply(program, command, job->common);
  for (const auto& warning : resolved.warnings) log::warning("{}", warning);
  const Invocation invocation = describe(program, command, *job, parsed, resolved);
  log::debug("command line: {}", invocation.command_line_json);
  log::debug("parameters: {}", invocation.parameters_json);
  log::debug("threads: {}, memory limit: {}", thread_count(), format_bytes(static_cast<double>(max_memory())));
  return job->run(invocation);
}

int dispatch(const Program& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> verbs;
  for (const Command& command : program.commands) verbs.push_back(command.name);
  std::string verb;
  try {
    if (arguments.empty()) {
      throw Error(ErrorKind::kUsage, "missing command", fmt::format("commands are {}", join(verbs, ", ")));
    }
    if (arguments[0].starts_with('-')) return run_own_options(program, arguments);
    for (const Command& command : program.commands) {
      if (command.name != arguments[0]) continue;
      verb = command.name;
      return run_command(program, command, {arguments.begin() + 1, arguments.end()});
    }
    const std::string near = nearest(arguments[0], verbs);
    throw Error(
        ErrorKind::kUsage, fmt::format("unknown command '{}'", printable(arguments[0])),
        near.empty() ? fmt::format("commands are {}", join(verbs, ", ")) : fmt::format("did you mean '{}'?", near));
  } catch (const Error& error) {
    throw with_help(error, program.name, verb);
  }
}

// Runs `work`, and turns what it throws into one line, perhaps a hint, and the exit code.
template <typename Work>
int guarded(Work&& work) {
  try {
    return work();
  } catch (const Error& error) {
    // What stops all ranks is said once: the first one ends the job meanwhile.
    if (ranks::several() && !ranks::first()) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto line = printable(error.what(), SIZE_MAX);
    if (error.kind() == ErrorKind::kStopped) {
      log::info("{}", line);
    } else {
      log::error("{}", line);
    }
    if (!error.hint().empty()) log::write_hint(printable(error.hint(), SIZE_MAX));
    return static_cast<int>(error.kind());
  } catch (const std::bad_alloc&) {
    log::error("out of memory");
    return static_cast<int>(ErrorKind::kSystem);
  } catch (const std::system_error& error) {
    log::error("{}", printable(error.what(), SIZE_MAX));
    return static_cast<int>(ErrorKind::kSystem);
  } catch (const std::exception& error) {
    log::error("internal error: unexpected exception: {}", printable(error.what(), SIZE_MAX));
    log::write_hint("this is a bug in fovea; please report it with the command line");
    return static_cast<int>(ErrorKind::kInternal);
  }
}

}  // namespace

int run(const Program& program, int argc, char** argv) {
  guard_standard_streams();
  signals::install();
  log::configure({program.name, false, 0, ""});
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  int code = guarded([&] { return dispatch(program, arguments); });
  // Data written before a failure (the table of a check that failed) still goes out; one error is enough.
  if (code == 0) {
    code = guarded([] { return finish_stdout(), 0; });
  } else {
    try {
      finish_stdout();
    } catch (const Error&) {
    }
  }
  if (ranks::joined() && code != 0 && code != static_cast<int>(ErrorKind::kStopped)) ranks::abandon(code);
  ranks::leave();
  if (code == static_cast<int>(ErrorKind::kStopped) && signals::stop_requested() == SIGINT) signals::die_of(SIGINT);
  return code;
}

}  // namespace fovea::cli
