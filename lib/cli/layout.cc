#include "cli/layout.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/value.h"

namespace fovea::cli {

size_t text_width(std::string_view utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string wrap(std::string_view text, size_t indent) {
  const std::string margin(indent, ' ');
  std::string out, line;
  const auto flush = [&] {
    if (!line.empty()) out += margin + line + "\n";
    line.clear();
  };
  for (const auto& source : split(text, '\n')) {
    if (source.empty() || source.starts_with(' ')) {
      flush();
      out += source.empty() ? "\n" : margin + source + "\n";
      continue;
    }
    for (const auto& word : split(source, ' ')) {
      if (word.empty()) continue;
      if (!line.empty() && indent + text_width(line) + 1 + text_width(word) > kColumns) flush();
      line += (line.empty() ? "" : " ") + word;
    }
  }
  flush();
  return out;
}

std::string two_columns(std::string_view left, std::string_view text, size_t indent, size_t column) {
  std::string wrapped = wrap(text, column);
  const size_t used = indent + text_width(left);
  if (used + 1 > column) return std::string(indent, ' ') + std::string(left) + "\n" + wrapped;
  return std::string(indent, ' ') + std::string(left) + std::string(column - used, ' ') +
         wrapped.substr(std::min(column, wrapped.size()));
}

ProgramView::ProgramView(const Program& the_program) : program(the_program), own_(std::make_unique<OptionTable>()) {
  for (const Command& command : program.commands) commands.push_back({&command, command.make_job()});
  auto values = std::make_shared<OwnOptions>();
  declare_own(*own_, *values);
  own_values_ = std::move(values);
}

std::vector<const Option*> ProgramView::common() const {
  std::vector<const Option*> found;
  std::vector<std::string> groups;
  std::set<std::string> names;
  for (const auto& command : commands) {
    for (const Option& option : command.table().options()) {
      if (!option.record().common || !names.insert(option.record().long_name).second) continue;
      found.push_back(&option);
      if (std::find(groups.begin(), groups.end(), option.record().group) == groups.end())
        groups.push_back(option.record().group);
    }
  }
  const auto rank = [&](const Option* option) {
    return std::find(groups.begin(), groups.end(), option->record().group);
  };
  std::stable_sort(found.begin(), found.end(), [&](const Option* a, const Option* b) { return rank(a) < rank(b); });
  return found;
}

const Option* ProgramView::find(std::string_view long_name) const {
  for (const auto& command : commands) {
    if (const Option* option = command.table().find(long_name)) return option;
  }
  return own_->find(long_name);
}

void declare_own(OptionTable& table, OwnOptions& options) {
  table.group("Help");
  table.add("help", options.help, "Print the long help (-h: the short one) and stop.").short_name('h');
  table.add("version", options.show_version, "Print the version and stop.");
  table.add("info", options.info, "FILE", "Describe any file of these tools and stop.").completes(Completion::kFile);
  table.add("help-json", options.help_json, "Print all commands and options as JSON and stop.");
  table.add("generate", options.generate, "KIND", "Print man, bash, zsh or fish support, or check.")
      .text(
          "A man page (man, or man:FILE with prose from FILE), the completions of a shell, or, with check, a list of "
          "what is wrong in the tables behind all of them.");
  for (Option& option : table.options()) option.env("").not_in_config().no_effect_on_content();
}

std::string resolve_references(std::string_view text, const ProgramView& view,
                               const std::function<std::string(const std::string&)>& style) {
  constexpr std::string_view kOpen = "{opt:";
  std::string out;
  for (;;) {
    const auto begin = text.find(kOpen);
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const auto end = text.find('}', begin);
    FOVEA_CHECK(end != std::string_view::npos, "unclosed reference: {}", printable(text.substr(begin)));
    const std::string name(text.substr(begin + kOpen.size(), end - begin - kOpen.size()));
    FOVEA_CHECK(view.find(name) != nullptr, "{}: the text names --{}, which is no option", view.program.name, name);
    out += style ? style("--" + name) : "--" + name;
    text.remove_prefix(end + 1);
  }
}

std::string option_spelling(const OptionRecord& record) {
  if (record.operand) return record.long_name + (record.max_count == 1 ? "" : "...");
  const std::string short_part = record.short_name != 0 ? fmt::format("-{}, ", record.short_name) : "";
  if (record.kind == ValueKind::kBool) {
    return short_part + (negated_name(record).starts_with("no-") ? "--[no-]" : "--") + record.long_name;
  }
  return short_part + "--" + record.long_name + (record.value_name.empty() ? "" : " " + record.value_name) +
         (record.list ? "..." : "");
}

std::string usage_line(const std::string& tool, const CommandView& command) {
  std::string out = tool + " " + command.command->name + " [options]";
  for (const Option& option : command.table().options()) {
    const OptionRecord& record = option.record();
    if (record.operand || !record.required) continue;
    out += record.short_name != 0 ? fmt::format(" -{} {}", record.short_name, record.value_name)
                                  : fmt::format(" --{} {}", record.long_name, record.value_name);
  }
  for (const Option& option : command.table().options()) {
    const OptionRecord& record = option.record();
    if (!record.operand) continue;
    out += record.min_count == 0 ? " [" + option_spelling(record) + "]" : " " + option_spelling(record);
  }
  return out;
}

std::string option_facts(const Option& option) {
  const OptionRecord& record = option.record();
  std::vector<std::string> facts;
  const auto add = [&](std::string fact) { facts.push_back(std::move(fact)); };
  if (record.required) add("Required.");
  if (const std::string value = shown_default(option); !value.empty() && record.in_config) {
    add(fmt::format("Default: {}{}.", value, record.source.empty() ? "" : " " + record.source));
  }
  if (record.low || record.high) {
    if (record.kind != ValueKind::kCount) add(fmt::format("Range: {}.", expectation(record)));
  }
  if (!record.choices.empty()) add(fmt::format("One of: {}.", join(offered_choices(record), ", ")));
  if (record.list && !record.operand) add(record.input_path ? "May be repeated." : "A list by commas or repetition.");
  if (record.optional && record.default_text.empty() && record.kind != ValueKind::kBool && !record.required)
    add("Not set by default.");
  for (const auto& other : record.needs) add(fmt::format("Needs --{}.", other));
  for (const auto& other : record.excludes) add(fmt::format("Not together with --{}.", other));
  for (const auto& condition : record.only_with) {
    add(fmt::format("Used with --{}{} only.", condition.other,
                    condition.values.empty() ? "" : " " + alternatives(condition.values)));
  }
  for (const auto& other : record.not_with) add(fmt::format("Not used with --{}.", other));
  return join(facts, " ");
}

const std::vector<ExitCode>& exit_codes() {
  static const std::vector<ExitCode> codes = {
      {0, "Done."},
      {1, "The check ran and failed."},
      {3, "Training met a non-finite loss; the last good checkpoint is kept."},
      {64, "Usage: unknown option, bad value, contradictory options."},
      {65, "Data: wrong schema, corrupt, truncated, inconsistent, out of range."},
      {66, "An input file is missing or unreadable."},
      {69, "Built without a needed optional part."},
      {70, "A broken invariant inside the program; please report it."},
      {71, "Out of memory, or threads cannot be started."},
      {73, "An output cannot be created."},
      {74, "Reading or writing failed, for example on a full disk."},
      {75, "Stopped by a signal or --max-time; a checkpoint that is there is whole: run again with --resume."},
      {130, "Interrupted (SIGINT); 141 is a closed pipe, 143 SIGTERM."},
  };
  return codes;
}

}  // namespace fovea::cli
