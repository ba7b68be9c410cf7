// The only file that includes CLI11, whose types stay in here. What it is not trusted with, and why (2.1.2):
// "--x=" takes the next word as value; words like "[a,b]" are split; numbers may be octal; the configuration file wins
// over the environment. So it sees every option as "one word each time" and no operands, environment or files at all.
#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace fovea::cli {
namespace {

bool takes_value(const OptionRecord& record) {
  return record.kind != ValueKind::kBool && record.kind != ValueKind::kCount;
}

// "--x=word" -> "--x" "word" for options with a value, so that empty words survive.
std::vector<std::string> split_equals(const OptionTable& table, const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  bool options_over = false, value_next = false;
  for (const auto& argument : arguments) {
    const auto equals = argument.find('=');
    if (value_next || options_over || !argument.starts_with("--") || argument == "--") {
      options_over = options_over || (!value_next && argument == "--");
      value_next = false;
      out.push_back(argument);
      continue;
    }
    const Option* option =
        table.find(std::string_view(argument).substr(2, equals == std::string::npos ? equals : equals - 2));
    const bool valued = option != nullptr && !option->record().operand && takes_value(option->record());
    if (valued && equals != std::string::npos) {
      out.push_back(argument.substr(0, equals));
      out.push_back(argument.substr(equals + 1));
    } else {
      value_next = valued;
      out.push_back(argument);
    }
  }
  return out;
}

CLI::Option* declare(CLI::App& app, const OptionRecord& record) {
  const std::string short_part = record.short_name != 0 ? fmt::format("-{},", record.short_name) : "";
  if (const std::string negated = negated_name(record); !negated.empty()) {
    return app.add_flag(fmt::format("{}--{},!--{}", short_part, record.long_name, negated));
  }
  if (!takes_value(record)) return app.add_flag(fmt::format("{}--{}", short_part, record.long_name));
  return app.add_option(fmt::format("{}--{}", short_part, record.long_name))
      ->type_size(1)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

[[noreturn]] void fail_unknown(const OptionTable& table, std::string_view word) {
  word = word.substr(0, word.find('='));
  std::string hint;
  if (word.starts_with("--")) {
    if (const std::string near = nearest(word.substr(2), table.long_names()); !near.empty()) {
      hint = fmt::format("did you mean '--{}'?", near);
    }
  } else {
    word = word.substr(0, 2);  // of "-xyz" the x is the unknown one
    hint = fmt::format("a file of that name is written ./{}", printable(word));
  }
  throw Error(ErrorKind::kUsage, fmt::format("unknown option '{}'", printable(word)), std::move(hint));
}

// CLI11 runs out of words only behind the last one.
[[noreturn]] void fail_missing_value(const OptionTable& table, const std::string& last) {
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    const bool named = last == "--" + record.long_name ||
                       (!last.starts_with("--") && record.short_name != 0 && last.back() == record.short_name);
    if (named) fail(ErrorKind::kUsage, "--{}: expected a value {}, found nothing", record.long_name, record.value_name);
  }
  fail(ErrorKind::kUsage, "{}: expected a value, found nothing", printable(last));
}

std::vector<std::string> operands_of(const OptionTable& table, const std::vector<std::string>& rest) {
  std::vector<std::string> operands;
  bool options_over = false;
  for (const auto& word : rest) {
    if (!options_over && word == "--") {
      options_over = true;
    } else if (!options_over && word.size() > 1 && word.starts_with('-')) {
      fail_unknown(table, word);
    } else {
      operands.push_back(word);
    }
  }
  return operands;
}

}  // namespace

ParsedWords parse_words(const OptionTable& table, const std::vector<std::string>& arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::pair<const OptionRecord*, CLI::Option*>> declared;
  for (const Option& option : table.options()) {
    if (!option.record().operand) declared.emplace_back(&option.record(), declare(app, option.record()));
  }
  const std::vector<std::string> words = split_equals(table, arguments);
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch&) {
    fail_missing_value(table, words.back());
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::kUsage, "{}", error.what());
  }
  ParsedWords parsed;
  parsed.operands = operands_of(table, app.remaining());
  for (const auto& [record, option] : declared) {
    if (option->count() > 0) parsed.words[record->long_name] = option->results();
  }
  return parsed;
}

}  // namespace fovea::cli
