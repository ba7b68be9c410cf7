#include "cli/record.h"

#include <map>

#include "base/file.h"
#include "cli/json_text.h"

namespace fovea::cli {
namespace {

Value recorded(const OptionRecord& record, const Value& value) {
  const auto* path = std::get_if<std::string>(&value);
  return record.input_path && path != nullptr && !path->empty() ? Value(recorded_path(*path)) : value;
}

}  // namespace

std::string parameters_json(const OptionTable& table) {
  std::map<std::string, std::string> members;
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (!record.affects_content) continue;
    std::string text;
    for (const Value& value : option.binding().get())
      text += (text.empty() ? "" : ",") + json_value(recorded(record, value));
    if (record.list) text = "[" + text + "]";
    members[record.long_name] = text.empty() ? "null" : text;
  }
  std::string out = "{";
  for (const auto& [key, text] : members) out += (out.size() > 1 ? "," : "") + json_quote(key) + ":" + text;
  return out + "}";
}

std::string command_line_json(const std::string& tool, const std::string& verb, const OptionTable& table,
                              const ParsedWords& parsed) {
  std::vector<std::string> words = {tool};
  if (!verb.empty()) words.push_back(verb);
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    const auto found = parsed.words.find(record.long_name);
    if (!record.affects_content || found == parsed.words.end()) continue;
    for (const auto& word : found->second) {
      if (record.kind == ValueKind::kBool) {
        const bool off = word == "false" || word == "off" || word == "no" || word == "0";
        words.push_back("--" + (off ? negated_name(record) : record.long_name));
        continue;
      }
      words.push_back("--" + record.long_name);
      if (record.kind != ValueKind::kCount) words.push_back(std::get<std::string>(recorded(record, Value(word))));
    }
  }
  for (const auto& operand : parsed.operands) words.push_back(recorded_path(operand));
  return json_array(words);
}

}  // namespace fovea::cli
