#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace fovea::cli {
namespace {

std::string function_name(std::string tool) {
  for (char& c : tool) c = c == '-' ? '_' : c;
  return "_" + tool;
}

// Inside a specification of _arguments, brackets, colons and backslashes have meaning.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("[]:\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string action(const OptionRecord& record) {
  switch (record.completion) {
    case Completion::kFile:
      return "_files";
    case Completion::kDirectory:
      return "_files -/";
    case Completion::kChoices:
      return "(" + join(offered_choices(record), " ") + ")";
    case Completion::kNone:
      break;
  }
  return " ";
}

std::string specifications(const Option& option) {
  const OptionRecord& record = option.record();
  if (record.operand) {
    const std::string many = record.max_count == 1 ? (record.min_count == 1 ? "" : ":") : "*";
    return "        " + shell_quote(fmt::format("{}:{}:_files", many, escaped(record.long_name))) + " \\\n";
  }
  const bool repeated = record.list || record.kind == ValueKind::kCount;
  std::string exclusive, out;
  std::vector<std::string> names = {"--" + record.long_name};
  if (record.short_name != 0) names.push_back(fmt::format("-{}", record.short_name));
  const std::string negated = negated_name(record);
  if (!repeated) exclusive = "(" + join(names, " ") + (negated.empty() ? "" : " --" + negated) + ")";
  const bool valued = record.kind != ValueKind::kBool && record.kind != ValueKind::kCount;
  const std::string value = valued ? fmt::format(":{}:{}", escaped(record.value_name), action(record)) : "";
  for (const auto& name : names) {
    const char* sign = !valued ? "" : name.starts_with("--") ? "=" : "+";
    out += "        " +
           shell_quote(
               fmt::format("{}{}{}{}[{}]{}", exclusive, repeated ? "*" : "", name, sign, escaped(record.line), value)) +
           " \\\n";
  }
  if (!negated.empty()) {
    out += "        " + shell_quote(fmt::format("{}--{}[{}]", exclusive, negated, escaped("Not: " + record.line))) +
           " \\\n";
  }
  return out;
}

}  // namespace

std::string zsh_completion(const ProgramView& view) {
  const std::string& tool = view.program.name;
  const std::string function = function_name(tool);
  std::string out =
      fmt::format("#compdef {}\n# Generated from the option tables; do not edit.\n{}() {{\n", tool, function);
  out += "  local -a verbs\n  verbs=(\n";
  for (const auto& command : view.commands) {
    out += "    " + shell_quote(escaped(command.command->name) + ":" + command.command->summary) + "\n";
  }
  out += "  )\n  if ((CURRENT == 2)); then\n    _describe -t commands command verbs\n    compadd -- " +
         join(own_option_words(), " ") +
         "\n    return\n  fi\n  local verb=$words[2]\n  shift words\n  ((CURRENT--))\n  case $verb in\n";
  for (const auto& command : view.commands) {
    out += fmt::format("    {})\n      _arguments -s -S \\\n", command.command->name);
    for (const Option& option : command.table().options()) out += specifications(option);
    out.resize(out.size() - 3);  // the last " \\\n"
    out += "\n      ;;\n";
  }
  return out + fmt::format("  esac\n}}\n{} \"$@\"\n", function);
}

}  // namespace fovea::cli
