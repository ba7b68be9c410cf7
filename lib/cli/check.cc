#include "cli/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/man.h"
#include "cli/resolve.h"
#include "cli/value.h"

namespace fovea::cli {
namespace {

class Checker {
 public:
  explicit Checker(const Program& program) : program_(program), view_(program) {}

  std::vector<std::string> run() {
    place_ = program_.name;
    check_line("summary", program_.summary);
    std::set<std::string> verbs;
    for (const auto& command : view_.commands) {
      place_ = program_.name + " " + command.command->name;
      if (!verbs.insert(command.command->name).second) report("declared twice");
      check_line("summary", command.command->summary);
      check_table(command.table());
      check_help(short_help(view_, command));
      check_help(long_help(view_, command));
      check_examples(command.command->examples);
    }
    place_ = program_.name;
    check_help(short_help(view_));
    check_help(long_help(view_));
    check_examples(program_.examples);
    man_page(view_);  // resolves every reference
    return std::move(problems_);
  }

 private:
  void report(const std::string& text) { problems_.push_back(place_ + ": " + text); }

  void check_line(const std::string& what, const std::string& text) {
    if (text.empty() || text.find('\n') != std::string::npos) report(what + ": expected one line");
  }
  void check_sentence(const std::string& what, const std::string& text) {
    check_line(what, text);
    if (!text.ends_with('.')) report(what + ": no full stop at the end of '" + text + "'");
  }

  void check_table(const OptionTable& table) {
    std::set<std::string> names;
    std::set<char> short_names;
    int varying = 0;
    for (const Option& option : table.options()) {
      const OptionRecord& record = option.record();
      const std::string what = record.operand ? record.long_name : "--" + record.long_name;
      check_sentence(what, record.line);
      if (record.operand)
        varying += record.max_count != record.min_count ? 1 : 0;
      else
        check_name(record, names, short_names);
      check_default(option, what);
      for (const auto& other : record.needs) check_rule(table, what, other);
      for (const auto& other : record.excludes) check_rule(table, what, other);
      for (const auto& condition : record.only_with) check_rule(table, what, condition.other);
      for (const auto& other : record.not_with) check_rule(table, what, other);
    }
    if (varying > 1) report("more than one operand takes a varying number");
  }

  void check_name(const OptionRecord& record, std::set<std::string>& names, std::set<char>& short_names) {
    const std::string what = "--" + record.long_name;
    const bool kebab = std::all_of(record.long_name.begin(), record.long_name.end(),
                                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    if (!kebab) report(what + ": not in kebab-case");
    if (!names.insert(record.long_name).second) report(what + ": declared twice");
    if (const std::string negated = negated_name(record); !negated.empty() && !names.insert(negated).second) {
      report(what + ": its negation is another option");
    }
    const bool valued = record.kind != ValueKind::kBool && record.kind != ValueKind::kCount;
    if (valued == record.value_name.empty()) report(what + ": value name and kind do not fit");
    const bool number = valued && record.kind != ValueKind::kText;
    if (number && !record.optional && !record.required && record.source.empty())
      report(what + ": its default has no source");
    if (record.short_name == 0) return;
    if (!short_names.insert(record.short_name).second) report(fmt::format("-{}: declared twice", record.short_name));
    const auto known = short_meanings_.emplace(record.short_name, record.long_name).first;
    if (known->second != record.long_name) {
      report(fmt::format("-{} is {} here and --{} elsewhere", record.short_name, what, known->second));
    }
  }

  // A default must be something that one could have typed.
  void check_default(const Option& option, const std::string& what) {
    const OptionRecord& record = option.record();
    const bool special = !record.default_text.empty() || record.required || record.operand;
    if (special) return;
    for (const Value& value : option.binding().get()) {
      try {
        const Value again = parse_value(record, value_text(record, value), what);
        if (again != value) report(what + ": its default changes when it is typed");
      } catch (const Error& error) {
        report(fmt::format("default: {}", error.what()));
      }
    }
  }

  void check_rule(const OptionTable& table, const std::string& what, const std::string& other) {
    if (table.find(other) == nullptr) report(fmt::format("{}: a rule names --{}, which is no option", what, other));
  }

  void check_help(const std::string& text) {
    bool examples = false;  // command lines may not be broken
    for (const auto& line : split(text, '\n')) {
      examples = examples || line == "Examples:";
      if (!examples && text_width(line) > kColumns) report("help line of more than 79 columns: " + line);
    }
  }

  void check_examples(const std::vector<Example>& examples) {
    for (const Example& example : examples) {
      check_line("example", example.shows);
      bool ours = false;
      for (const auto& part : split(example.line, '|')) ours = check_command_line(part) || ours;
      if (!ours) report("example without " + program_.name + ": " + example.line);
    }
  }

  // Plain words only: examples with quotes or variables are not parsed.
  bool check_command_line(const std::string& line) {
    std::vector<std::string> words;
    for (const auto& word : split(trim(line), ' ')) {
      if (word.starts_with('>') || word.starts_with("2>")) break;
      if (!word.empty()) words.push_back(word);
    }
    if (words.empty() || words[0] != program_.name) return false;
    if (line.find_first_of("'\"$`") != std::string::npos || words.size() < 2 || words[1].starts_with('-')) return true;
    const auto found = std::find_if(program_.commands.begin(), program_.commands.end(),
                                    [&](const Command& command) { return command.name == words[1]; });
    if (found == program_.commands.end()) {
      report("example with an unknown verb: " + line);
      return true;
    }
    try {
      const auto job = found->make_job();
      const auto parsed = parse_words(job->table, {words.begin() + 2, words.end()});
      Resolved resolved = resolve(job->table, parsed, {}, found->name);
      check_rules(job->table, resolved);
      if (!resolved.warnings.empty()) report(fmt::format("example '{}': {}", line, resolved.warnings[0]));
    } catch (const Error& error) {
      report(fmt::format("example '{}': {}", line, error.what()));
    }
    return true;
  }

  const Program& program_;
  ProgramView view_;
  std::string place_;
  std::map<char, std::string> short_meanings_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> check_program(const Program& program) { return Checker(program).run(); }

}  // namespace fovea::cli
