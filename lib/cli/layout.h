// Plain text in columns, and the view of a program that all renderers share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/program.h"

namespace fovea::cli {

constexpr size_t kColumns = 79;

size_t text_width(std::string_view utf8);

// Words of `text` in lines of at most kColumns, each after `indent` spaces; blank lines separate paragraphs, and lines
// that start with a space stay as they are. Ends with a newline.
std::string wrap(std::string_view text, size_t indent);

// `left` in column `indent`, `text` wrapped in column `column`; on the next line if `left` is too long.
std::string two_columns(std::string_view left, std::string_view text, size_t indent, size_t column);

// A program with the tables of all its commands.
struct CommandView {
  const Command* command;
  std::unique_ptr<Job> job;
  const OptionTable& table() const { return job->table; }
};
struct ProgramView {
  explicit ProgramView(const Program& program);
  const Program& program;
  std::vector<CommandView> commands;
  // The options marked common, each once, from the first command that has it.
  std::vector<const Option*> common() const;
  // By long name, in any command or among the tool's own options.
  const Option* find(std::string_view long_name) const;

 private:
  std::unique_ptr<OptionTable> own_;
  std::shared_ptr<void> own_values_;
};

// Options of a tool without a verb: --help --version --info --help-json --generate.
struct OwnOptions {
  bool help = false, show_version = false, help_json = false;
  std::string info, generate;
};
void declare_own(OptionTable& table, OwnOptions& options);

// Replaces {opt:name} by style("--name"). An unknown name is an internal error.
std::string resolve_references(std::string_view text, const ProgramView& view,
                               const std::function<std::string(const std::string&)>& style = {});

// "--[no-]deterministic", "-o, --output FILE", "DATA..."
std::string option_spelling(const OptionRecord& record);
// "bn-train train [options] --data FILE -o FILE DATA..."
std::string usage_line(const std::string& tool, const CommandView& command);
// "Default: 0.1 [ours]. Range: 0 <= x < 1. Environment: FOVEA_X." and the rules, as sentences.
std::string option_facts(const Option& option);

struct ExitCode {
  int code;
  const char* meaning;
};
const std::vector<ExitCode>& exit_codes();

}  // namespace fovea::cli
