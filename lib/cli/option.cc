#include "cli/option.h"

#include "base/error.h"

namespace fovea::cli {
namespace {

// "learning-rate" -> "FOVEA_LEARNING_RATE"
std::string environment_name(std::string_view long_name) {
  std::string name = "FOVEA_";
  for (const char c : long_name) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

}  // namespace

std::vector<std::string> offered_choices(const OptionRecord& record) {
  std::vector<std::string> out = record.choices;
  std::erase(out, "");
  return out;
}

std::string negated_name(const OptionRecord& record) {
  if (record.kind != ValueKind::kBool || !record.in_config) return {};
  return record.long_name.starts_with("no-") ? record.long_name.substr(3) : "no-" + record.long_name;
}

Option& Option::choices(std::vector<std::string> values) {
  record_.choices = std::move(values);
  record_.completion = Completion::kChoices;
  return *this;
}

Option& Option::is_output_path() {
  record_.output_path = true;
  record_.completion = Completion::kFile;
  return *this;
}

Option& Option::is_input_path() {
  record_.input_path = true;
  record_.completion = Completion::kFile;
  return *this;
}

Option& Option::only_with(std::string other_long_name, std::vector<std::string> values) {
  record_.only_with.push_back({std::move(other_long_name), std::move(values)});
  return *this;
}

Option& Option::as_size() {
  FOVEA_CHECK(record_.kind == ValueKind::kInteger && !record_.narrow, "--{}: sizes are int64_t", record_.long_name);
  record_.size = true;
  return *this;
}

Option& Option::as_duration() {
  FOVEA_CHECK(record_.kind == ValueKind::kReal, "--{}: durations are double", record_.long_name);
  record_.duration = true;
  return *this;
}

Option& OptionTable::insert(OptionRecord record, Binding binding) {
  FOVEA_CHECK(find(record.long_name) == nullptr, "--{}: declared twice", record.long_name);
  record.group = group_;
  if (!record.operand) record.env = environment_name(record.long_name);
  return options_.emplace_back(std::move(record), std::move(binding));
}

Option& OptionTable::add_count(std::string long_name, int& value, std::string line) {
  OptionRecord record = detail::describe<int>(std::move(long_name), {}, std::move(line));
  record.kind = ValueKind::kCount;
  return insert(std::move(record), detail::bind(value)).range(0, 9);
}

Option& OptionTable::output(std::string& value, std::string line) {
  return add("output", value, "FILE", std::move(line)).short_name('o').is_output_path().no_effect_on_content();
}

Option& OptionTable::operand(std::string name, std::vector<std::string>& value, std::string line, int min, int max) {
  OptionRecord record = detail::describe<std::vector<std::string>>(std::move(name), {}, std::move(line));
  record.operand = true;
  record.in_config = false;
  record.min_count = min;
  record.max_count = max;
  return insert(std::move(record), detail::bind(value)).is_input_path();
}

Option& OptionTable::operand(std::string name, std::string& value, std::string line, bool required) {
  OptionRecord record = detail::describe<std::string>(std::move(name), {}, std::move(line));
  record.operand = true;
  record.in_config = false;
  record.min_count = required ? 1 : 0;
  record.max_count = 1;
  return insert(std::move(record), detail::bind(value)).is_input_path();
}

Option* OptionTable::find(std::string_view long_name) {
  for (Option& option : options_) {
    if (option.record().long_name == long_name) return &option;
  }
  return nullptr;
}

const Option* OptionTable::find(std::string_view long_name) const {
  return const_cast<OptionTable*>(this)->find(long_name);
}

std::vector<std::string> OptionTable::long_names() const {
  std::vector<std::string> names;
  for (const Option& option : options_) {
    if (option.record().operand) continue;
    names.push_back(option.record().long_name);
    if (const std::string negated = negated_name(option.record()); !negated.empty()) names.push_back(negated);
  }
  return names;
}

}  // namespace fovea::cli
