#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace fovea::cli {
namespace {

// fish knows two escapes inside single quotes.
std::string fish_quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string option_line(const std::string& start, const OptionRecord& record) {
  std::string out = start + " -l " + record.long_name;
  if (record.short_name != 0) out += fmt::format(" -s {}", record.short_name);
  if (record.kind != ValueKind::kBool && record.kind != ValueKind::kCount) {
    switch (record.completion) {
      case Completion::kFile:
        out += " -r -F";
        break;
      case Completion::kDirectory:
        out += " -x -a '(__fish_complete_directories)'";
        break;
      case Completion::kChoices:
        out += " -x -a " + fish_quote(join(offered_choices(record), " "));
        break;
      case Completion::kNone:
        out += " -x";
        break;
    }
  }
  return out + " -d " + fish_quote(record.line) + "\n";
}

}  // namespace

std::string fish_completion(const ProgramView& view) {
  const std::string& tool = view.program.name;
  std::string out = fmt::format("# fish completion for {}. Generated from the option tables; do not edit.\n", tool);
  out += fmt::format("complete -c {} -f\n", tool);
  const std::string no_verb = fmt::format("complete -c {} -n __fish_use_subcommand", tool);
  OptionTable own;
  OwnOptions values;
  declare_own(own, values);
  for (const Option& option : own.options()) out += option_line(no_verb, option.record());
  for (const auto& command : view.commands) {
    out += fmt::format("{} -a {} -d {}\n", no_verb, command.command->name, fish_quote(command.command->summary));
  }
  for (const auto& command : view.commands) {
    const std::string start =
        fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}'", tool, command.command->name);
    for (const Option& option : command.table().options()) {
      const OptionRecord& record = option.record();
      if (record.operand) {
        out += start + " -F\n";
        continue;
      }
      out += option_line(start, record);
      if (const std::string negated = negated_name(record); !negated.empty()) {
        out += fmt::format("{} -l {} -d {}\n", start, negated, fish_quote("Not: " + record.line));
      }
    }
  }
  return out;
}

}  // namespace fovea::cli
