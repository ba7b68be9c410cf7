// Options as data. Each option is one record bound to one member of a command's options struct; parser, help, man page,
// completions, JSON and configuration files are all rendered from these records (style.md section 3).
//
//   struct TrainOptions { int64_t epochs = 20; std::string output; std::vector<std::string> inputs; };
//   void declare(cli::OptionTable& table, TrainOptions& options) {
//     table.group("Training");
//     table.add("epochs", options.epochs, "N", "Passes over the training set.").range(1, 1e6).source("[ours]");
//     table.output(options.output, "Checkpoint to write.").required();
//     table.operand("DATA", options.inputs, "Image sets.", 1, -1);
//   }
//
// The value that the member has before parsing is the default.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace fovea::cli {

enum class Completion { kNone, kFile, kDirectory, kChoices };

enum class ValueKind { kBool, kCount, kInteger, kUnsigned, kReal, kText };
using Value = std::variant<bool, int64_t, uint64_t, double, std::string>;

// A bound of a numeric range.
struct Bound {
  double value = 0;
  bool inclusive = true;
};

// "Only with": the option has an effect only if `other` has one of `values` (if empty: if `other` is given or true).
struct Condition {
  std::string other;
  std::vector<std::string> values;
};

struct OptionRecord {
  std::string long_name;     // kebab-case without dashes; for an operand its name in capitals
  char short_name = 0;       // 0: none
  std::string value_name;    // empty for switches and counts
  std::string group;         // heading in the help
  std::string line;          // one sentence with a full stop
  std::string long_text;     // further sentences, for --help and the man page
  std::string source;        // "[paper §4.2]", "[ours]"
  std::string default_text;  // replaces the default in the help, e.g. "all processors"
  std::string env;           // environment variable; empty: none
  ValueKind kind = ValueKind::kText;
  bool list = false;                    // repeatable, and comma-separated unless it names files
  bool optional = false;                // absent is a value of its own
  bool narrow = false;                  // stored in an int
  bool size = false, duration = false;  // 512M; 10m
  std::optional<Bound> low, high;
  std::vector<std::string> choices;
  Completion completion = Completion::kNone;
  bool required = false;
  bool affects_content = true;  // false: not in `parameters`, not in `command_line`
  bool input_path = false;      // recorded by its base name
  bool output_path = false;     // no two of a command may name one file
  bool common = false;          // from common.h: one section in the help for all
  bool in_config = true;        // may stand in a configuration file
  bool operand = false;
  int min_count = 0, max_count = -1;  // operands only; -1: any number
  std::vector<std::string> needs, excludes;
  std::vector<Condition> only_with;
  std::vector<std::string> not_with;
};

// The words that may be chosen, without the empty one that stands for "not said".
std::vector<std::string> offered_choices(const OptionRecord& record);

// The other half of a switch: "no-x" of "x", "x" of "no-x"; empty for other kinds and for switches like --help.
std::string negated_name(const OptionRecord& record);

// Access to the bound member.
struct Binding {
  std::function<void(const std::vector<Value>&)> set;  // one value for scalars, any number for lists
  std::function<std::vector<Value>()> get;             // empty for an absent optional
};

class Option {
 public:
  Option(OptionRecord record, Binding binding) : record_(std::move(record)), binding_(std::move(binding)) {}

  Option& short_name(char c) { return record_.short_name = c, *this; }
  Option& text(std::string long_text) { return record_.long_text = std::move(long_text), *this; }
  Option& source(std::string s) { return record_.source = std::move(s), *this; }
  Option& default_text(std::string text) { return record_.default_text = std::move(text), *this; }
  // Inclusive ends.
  Option& range(double low, double high) {
    return record_.low = Bound{low, true}, record_.high = Bound{high, true}, *this;
  }
  Option& at_least(double low) { return record_.low = Bound{low, true}, *this; }
  Option& at_most(double high) { return record_.high = Bound{high, true}, *this; }
  // Exclusive ends; they replace the end that range() set.
  Option& above(double low) { return record_.low = Bound{low, false}, *this; }
  Option& below(double high) { return record_.high = Bound{high, false}, *this; }
  Option& choices(std::vector<std::string> values);                               // completes with them
  Option& env(std::string name) { return record_.env = std::move(name), *this; }  // instead of FOVEA_<OPTION>; "": none
  Option& completes(Completion kind) { return record_.completion = kind, *this; }
  Option& required() { return record_.required = true, *this; }
  Option& no_effect_on_content() { return record_.affects_content = false, *this; }
  Option& is_output_path();  // completes with files
  Option& is_input_path();   // completes with files; a list of them is not split at commas
  Option& needs(std::string other_long_name) { return record_.needs.push_back(std::move(other_long_name)), *this; }
  Option& excludes(std::string other_long_name) {
    return record_.excludes.push_back(std::move(other_long_name)), *this;
  }
  // Given without this condition, the option is reported as ignored (a warning).
  Option& only_with(std::string other_long_name, std::vector<std::string> values = {});
  // Given together with this one, the option is reported as ignored (a warning).
  Option& not_with(std::string other_long_name) {
    return record_.not_with.push_back(std::move(other_long_name)), *this;
  }
  Option& as_size();      // int64_t members: "512M", in bytes
  Option& as_duration();  // double members: "10m", in seconds
  Option& not_in_config() { return record_.in_config = false, *this; }

  const OptionRecord& record() const { return record_; }
  OptionRecord& record() { return record_; }
  const Binding& binding() const { return binding_; }

 private:
  OptionRecord record_;
  Binding binding_;
};

namespace detail {

template <typename T>
struct Shape {
  using Item = T;
  static constexpr bool kList = false, kOptional = false;
};
template <typename T>
struct Shape<std::vector<T>> {
  using Item = T;
  static constexpr bool kList = true, kOptional = false;
};
template <typename T>
struct Shape<std::optional<T>> {
  using Item = T;
  static constexpr bool kList = false, kOptional = true;
};

template <typename T>
constexpr ValueKind kind_of() {
  if constexpr (std::is_same_v<T, bool>)
    return ValueKind::kBool;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return ValueKind::kUnsigned;
  else if constexpr (std::is_integral_v<T>)
    return ValueKind::kInteger;
  else if constexpr (std::is_same_v<T, double>)
    return ValueKind::kReal;
  else
    return ValueKind::kText;
}

template <typename T>
using Stored = std::conditional_t<std::is_same_v<T, int>, int64_t, T>;

template <typename T>
Binding bind(T& member) {
  using Item = typename Shape<T>::Item;
  static_assert(std::is_same_v<Item, bool> || std::is_same_v<Item, int> || std::is_same_v<Item, int64_t> ||
                    std::is_same_v<Item, uint64_t> || std::is_same_v<Item, double> || std::is_same_v<Item, std::string>,
                "options are bool, int, int64_t, uint64_t, double or std::string, or a vector or optional of one");
  const auto read = [](const Value& value) { return static_cast<Item>(std::get<Stored<Item>>(value)); };
  Binding binding;
  binding.set = [&member, read](const std::vector<Value>& values) {
    if constexpr (Shape<T>::kList) {
      member.clear();
      for (const auto& value : values) member.push_back(read(value));
    } else if constexpr (Shape<T>::kOptional) {
      member = values.empty() ? T{} : T{read(values.back())};
    } else if (!values.empty()) {
      member = read(values.back());
    }
  };
  binding.get = [&member] {
    std::vector<Value> values;
    if constexpr (Shape<T>::kList) {
      for (const auto& item : member) values.emplace_back(static_cast<Stored<Item>>(item));
    } else if constexpr (Shape<T>::kOptional) {
      if (member) values.emplace_back(static_cast<Stored<Item>>(*member));
    } else {
      values.emplace_back(static_cast<Stored<Item>>(member));
    }
    return values;
  };
  return binding;
}

template <typename T>
OptionRecord describe(std::string long_name, std::string value_name, std::string line) {
  OptionRecord record;
  record.long_name = std::move(long_name);
  record.value_name = std::move(value_name);
  record.line = std::move(line);
  record.kind = kind_of<typename Shape<T>::Item>();
  record.narrow = std::is_same_v<typename Shape<T>::Item, int>;
  record.list = Shape<T>::kList;
  record.optional = Shape<T>::kOptional;
  return record;
}

}  // namespace detail

class OptionTable {
 public:
  OptionTable() = default;
  OptionTable(const OptionTable&) = delete;
  OptionTable& operator=(const OptionTable&) = delete;

  // The heading of the options that follow.
  void group(std::string title) { group_ = std::move(title); }

  // A switch: --x and --no-x. An std::optional<bool> knows "not said" as well.
  Option& add(std::string long_name, bool& value, std::string line) {
    return add_value(std::move(long_name), value, {}, std::move(line));
  }
  Option& add(std::string long_name, std::optional<bool>& value, std::string line) {
    return add_value(std::move(long_name), value, {}, std::move(line));
  }

  // T: int, int64_t, uint64_t, double, std::string; std::vector of one (repeatable, comma lists); std::optional of one.
  template <typename T>
  Option& add(std::string long_name, T& value, std::string value_name, std::string line) {
    return add_value(std::move(long_name), value, std::move(value_name), std::move(line));
  }

  // A switch that counts how often it stands: -v -v.
  Option& add_count(std::string long_name, int& value, std::string line);

  // -o, --output FILE: completes with files, no effect on content.
  Option& output(std::string& value, std::string line);

  // Words that are not options, in this order. Recorded by base name. max = -1: any number. At most one operand
  // of a command may take a varying number.
  Option& operand(std::string name, std::vector<std::string>& value, std::string line, int min, int max);
  Option& operand(std::string name, std::string& value, std::string line, bool required = true);

  const std::deque<Option>& options() const { return options_; }  // operands included, in order of declaration
  std::deque<Option>& options() { return options_; }
  Option* find(std::string_view long_name);
  const Option* find(std::string_view long_name) const;
  std::vector<std::string> long_names() const;  // without operands; negated names of switches included

 private:
  template <typename T>
  Option& add_value(std::string long_name, T& value, std::string value_name, std::string line) {
    return insert(detail::describe<T>(std::move(long_name), std::move(value_name), std::move(line)),
                  detail::bind(value));
  }
  Option& insert(OptionRecord record, Binding binding);

  std::string group_ = "Options";
  std::deque<Option> options_;  // a deque: the references handed out stay valid
};

}  // namespace fovea::cli
