#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/json_text.h"
#include "cli/value.h"

namespace fovea::cli {
namespace {

constexpr size_t kWidestLeft = 30;

size_t column_for(const std::vector<std::string>& lefts) {
  size_t widest = 0;
  for (const auto& left : lefts) {
    if (text_width(left) + 4 <= kWidestLeft) widest = std::max(widest, text_width(left));
  }
  return std::max<size_t>(widest + 4, 12);
}

// Options without a short name start where the long names of the others do.
std::string aligned_spelling(const OptionRecord& record) {
  return (record.operand || record.short_name != 0 ? "" : "    ") + option_spelling(record);
}

std::string usage(const std::string& line) { return two_columns("Usage:", line, 0, 7); }

std::string command_list(const ProgramView& view) {
  std::vector<std::string> names;
  for (const auto& command : view.commands) names.push_back(command.command->name);
  std::string out = "\nCommands:\n";
  for (const auto& command : view.commands) {
    out += two_columns(command.command->name, command.command->summary, 2, column_for(names));
  }
  return out;
}

std::string own_options() {
  OptionTable table;
  OwnOptions values;
  declare_own(table, values);
  std::vector<std::string> lefts;
  for (const Option& option : table.options()) lefts.push_back(aligned_spelling(option.record()));
  std::string out = "\nOptions:\n";
  for (const Option& option : table.options()) {
    out += two_columns(aligned_spelling(option.record()), option.record().line, 2, column_for(lefts));
  }
  return out;
}

std::string examples(const std::vector<Example>& list, const ProgramView& view) {
  if (list.empty()) return {};
  std::string out = "\nExamples:\n";
  for (const Example& example : list) {
    out += "  " + example.line + "\n";
    out += wrap(resolve_references(example.shows, view), 6);
  }
  return out;
}

std::string short_options(const CommandView& command, bool operands) {
  std::vector<std::string> lefts;
  for (const Option& option : command.table().options()) {
    if (!option.record().common) lefts.push_back(aligned_spelling(option.record()));
  }
  std::string out;
  for (const Option& option : command.table().options()) {
    if (option.record().common || option.record().operand != operands) continue;
    out += two_columns(aligned_spelling(option.record()), option.record().line, 2, column_for(lefts));
  }
  return out.empty() ? "" : (operands ? "\nOperands:\n" : "\nOptions:\n") + out;
}

std::string long_option(const Option& option, const ProgramView& view) {
  const OptionRecord& record = option.record();
  std::string text = record.line;
  if (!record.long_text.empty()) text += " " + resolve_references(record.long_text, view);
  if (const std::string facts = option_facts(option); !facts.empty()) text += " " + facts;
  return "  " + aligned_spelling(record) + "\n" + wrap(text, 10);
}

std::string long_options(const CommandView& command, const ProgramView& view) {
  std::string out, operands, group;
  for (const Option& option : command.table().options()) {
    if (option.record().operand) {
      operands += long_option(option, view);
      continue;
    }
    if (option.record().group != group) out += "\n" + (group = option.record().group) + ":\n";
    out += long_option(option, view);
  }
  return (operands.empty() ? "" : "\nOperands:\n" + operands) + out;
}

std::string json_member(const char* key, const std::string& json) {
  return fmt::format("{}:{}", json_quote(key), json);
}

std::string json_option(const Option& option) {
  const OptionRecord& record = option.record();
  std::vector<std::string> values;
  for (const Value& value : option.binding().get()) values.push_back(json_value(value));
  const std::string initial = record.list ? "[" + join(values, ",") + "]" : values.empty() ? "null" : values[0];
  static constexpr const char* kKinds[] = {"switch", "count", "integer", "unsigned", "number", "text"};
  static constexpr const char* kCompletions[] = {"none", "file", "directory", "choices"};
  std::vector<std::string> members = {
      json_member("name", json_quote(record.long_name)),
      json_member("short", record.short_name != 0 ? json_quote(std::string(1, record.short_name)) : "null"),
      json_member("kind", json_quote(kKinds[static_cast<size_t>(record.kind)])),
      json_member("value_name", json_quote(record.value_name)),
      json_member("group", json_quote(record.group)),
      json_member("line", json_quote(record.line)),
      json_member("text", json_quote(record.long_text)),
      json_member("source", json_quote(record.source)),
      json_member("default", initial),
      json_member("list", record.list ? "true" : "false"),
      json_member("required", record.required || record.min_count > 0 ? "true" : "false"),
      json_member("affects_content", record.affects_content ? "true" : "false"),
      json_member("common", record.common ? "true" : "false"),
      json_member("choices", json_array(record.choices)),
      json_member("completion", json_quote(kCompletions[static_cast<size_t>(record.completion)])),
      json_member("env", record.env.empty() ? "null" : json_quote(record.env)),
      json_member("range", record.low || record.high ? json_quote(expectation(record)) : "null"),
  };
  if (record.operand) {
    members.push_back(json_member("min", fmt::format("{}", record.min_count)));
    members.push_back(json_member("max", record.max_count < 0 ? "null" : fmt::format("{}", record.max_count)));
  }
  return "{" + join(members, ",") + "}";
}

std::string json_examples(const std::vector<Example>& list) {
  std::vector<std::string> items;
  for (const Example& example : list) {
    items.push_back(fmt::format("{{\"line\":{},\"shows\":{}}}", json_quote(example.line), json_quote(example.shows)));
  }
  return "[" + join(items, ",") + "]";
}

}  // namespace

std::string short_help(const ProgramView& view) {
  const std::string& tool = view.program.name;
  return usage(tool + " COMMAND [options] [operands]") + wrap(view.program.summary, 0) + command_list(view) +
         own_options() + fmt::format("\n'{} COMMAND -h' lists the options of a command.\n", tool);
}

std::string long_help(const ProgramView& view) {
  std::string out = short_help(view);
  out += "\n" + wrap(resolve_references(view.program.description, view), 0);
  out += "\nExit status:\n";
  for (const auto& [code, meaning] : exit_codes()) out += two_columns(fmt::format("{:>3}", code), meaning, 2, 7);
  return out + examples(view.program.examples, view);
}

std::string short_help(const ProgramView& view, const CommandView& command) {
  const std::string& tool = view.program.name;
  std::string out = usage(usage_line(tool, command)) + wrap(command.command->summary, 0);
  out += short_options(command, true) + short_options(command, false);
  std::string common;
  for (const Option& option : command.table().options()) {
    if (option.record().common) common += (common.empty() ? "--" : " --") + option.record().long_name;
  }
  return out + "\n" + two_columns("Also:", common, 0, 6) +
         fmt::format("'{} {} --help' explains everything.\n", tool, command.command->name);
}

std::string long_help(const ProgramView& view, const CommandView& command) {
  std::string out = usage(usage_line(view.program.name, command)) + wrap(command.command->summary, 0);
  if (!command.command->description.empty())
    out += "\n" + wrap(resolve_references(command.command->description, view), 0);
  out += long_options(command, view);
  out += "\n" + wrap(
                    "Every option can be set by an environment variable as well: --log-file by FOVEA_LOG_FILE. "
                    "The command line wins over the environment, that over --config, that over the default.",
                    0);
  return out + examples(command.command->examples, view);
}

std::string help_json(const ProgramView& view) {
  const Program& program = view.program;
  std::vector<std::string> commands;
  for (const auto& command : view.commands) {
    std::vector<std::string> options, operands;
    for (const Option& option : command.table().options()) {
      (option.record().operand ? operands : options).push_back(json_option(option));
    }
    commands.push_back(
        fmt::format("{{\"name\":{},\"summary\":{},\"description\":{},\"usage\":{},\"operands\":[{}],\"options\":[\n{}],"
                    "\"examples\":{}}}",
                    json_quote(command.command->name), json_quote(command.command->summary),
                    json_quote(resolve_references(command.command->description, view)),
                    json_quote(usage_line(program.name, command)), join(operands, ",\n"), join(options, ",\n"),
                    json_examples(command.command->examples)));
  }
  std::vector<std::string> codes;
  for (const auto& [code, meaning] : exit_codes()) codes.push_back(fmt::format("\"{}\":{}", code, json_quote(meaning)));
  return fmt::format(
      "{{\"name\":{},\"summary\":{},\"description\":{},\"commands\":[\n{}],\n\"examples\":{},\"exit_codes\":{{{}}}}}\n",
      json_quote(program.name), json_quote(program.summary), json_quote(resolve_references(program.description, view)),
      join(commands, ",\n"), json_examples(program.examples), join(codes, ","));
}

}  // namespace fovea::cli
