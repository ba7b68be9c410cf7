#include "cli/resolve.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/value.h"

namespace fovea::cli {
namespace {

constexpr int64_t kLongestConfig = int64_t{1} << 20;

// An empty variable counts as unset: the usual way to switch one off.
const char* environment(const OptionRecord& record) {
  if (record.env.empty()) return nullptr;
  const char* value = std::getenv(record.env.c_str());
  return value != nullptr && *value != '\0' ? value : nullptr;
}

std::vector<std::string> config_keys(const OptionTable& table) {
  std::vector<std::string> keys;
  for (const Option& option : table.options()) {
    if (option.record().in_config) keys.push_back(option.record().long_name);
  }
  return keys;
}

void check_entry(const ConfigEntry& entry, const std::vector<std::string>& keys) {
  if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) return;
  const std::string near = nearest(entry.key, keys);
  throw Error(ErrorKind::kUsage, fmt::format("{}: unknown key '{}'", entry.place, printable(entry.key)),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

void check_config(const Program& program, const std::vector<ConfigEntry>& entries) {
  std::map<std::string, std::vector<std::string>> keys;  // by verb; "" has those of all
  std::vector<std::string> verbs;
  for (const Command& command : program.commands) {
    verbs.push_back(command.name);
    keys[command.name] = config_keys(command.make_job()->table);
    keys[""].insert(keys[""].end(), keys[command.name].begin(), keys[command.name].end());
  }
  for (const ConfigEntry& entry : entries) {
    const auto known = keys.find(entry.section);
    if (known == keys.end()) {
      const std::string near = nearest(entry.section, verbs);
      throw Error(ErrorKind::kUsage, fmt::format("{}: unknown section '{}'", entry.place, printable(entry.section)),
                  near.empty() ? fmt::format("sections are the verbs {}", alternatives(verbs))
                               : fmt::format("did you mean '{}'?", near));
    }
    check_entry(entry, known->second);
  }
}

// The section of the verb wins over the lines before the first section.
const ConfigEntry* find_entry(const std::vector<ConfigEntry>& entries, const std::string& verb,
                              const std::string& key) {
  const ConfigEntry* found = nullptr;
  for (const ConfigEntry& entry : entries) {
    if (entry.key != key) continue;
    if (entry.section == verb) return &entry;
    if (entry.section.empty()) found = &entry;
  }
  return found;
}

void set_from_config(const Option& option, const ConfigEntry& entry) {
  const OptionRecord& record = option.record();
  const std::string place = entry.place + ": " + entry.key;
  if (entry.array && !record.list) fail(ErrorKind::kUsage, "{}: expected one value, found an array", place);
  if (!entry.array) return option.binding().set(parse_values(record, entry.words, place));
  std::vector<Value> values;  // an array is already split
  for (const auto& word : entry.words) values.push_back(parse_value(record, word, place));
  option.binding().set(values);
}

void set_from_words(const Option& option, const std::vector<std::string>& words) {
  const OptionRecord& record = option.record();
  if (record.kind == ValueKind::kCount) {
    option.binding().set({Value(static_cast<int64_t>(words.size()))});
  } else {
    option.binding().set(parse_values(record, words, "--" + record.long_name));
  }
}

void distribute_operands(const OptionTable& table, const std::vector<std::string>& words, Resolved& resolved) {
  int missing = 0;
  for (const Option& option : table.options()) {
    if (option.record().operand) missing += option.record().min_count;
  }
  int spare = std::max(0, static_cast<int>(words.size()) - missing);
  size_t next = 0;
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (!record.operand) continue;
    const int room = record.max_count < 0 ? spare : std::min(spare, record.max_count - record.min_count);
    const size_t take = std::min(words.size() - next, static_cast<size_t>(record.min_count + room));
    spare -= room;
    std::vector<Value> values(words.begin() + static_cast<ptrdiff_t>(next),
                              words.begin() + static_cast<ptrdiff_t>(next + take));
    next += take;
    if (values.empty()) continue;
    option.binding().set(values);
    resolved.origin[record.long_name] = Origin::kCommandLine;
  }
  if (next < words.size()) {
    const bool none = std::none_of(table.options().begin(), table.options().end(),
                                   [](const Option& option) { return option.record().operand; });
    throw Error(ErrorKind::kUsage, fmt::format("unexpected operand '{}'", printable(words[next])),
                none ? "this command takes options only" : "");
  }
}

bool is_false(const Option& option) {
  const auto values = option.binding().get();
  return option.record().kind == ValueKind::kBool && !values.empty() && !std::get<bool>(values.back());
}

bool in_force(const OptionTable& table, const Resolved& resolved, const std::string& name) {
  const Option* option = table.find(name);
  FOVEA_CHECK(option != nullptr, "a rule names --{}, which is no option of the command", name);
  return resolved.of(name) != Origin::kDefault && !is_false(*option);
}

// The file that a name leads to, whether it is there or not.
std::string file_of(const std::string& path) {
  if (path == "-") return "/dev/stdout";
  std::error_code failed;
  const auto found = std::filesystem::weakly_canonical(std::filesystem::absolute(path, failed), failed);
  return failed ? path : found.string();
}

// Two outputs into one file would leave the later one alone, and standard input has one reader.
void check_files(const OptionTable& table) {
  std::map<std::string, std::string> written;
  std::string reader;
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (!record.output_path && !record.input_path) continue;
    const std::string name = (record.operand ? "" : "--") + record.long_name;
    for (const Value& value : option.binding().get()) {
      const auto* path = std::get_if<std::string>(&value);
      if (path == nullptr || path->empty() || *path == "/dev/null") continue;
      if (record.input_path && *path == "-") {
        if (!reader.empty()) fail(ErrorKind::kUsage, "{} and {}: only one input can be standard input", reader, name);
        reader = name;
      } else if (record.output_path) {
        const auto [other, fresh] = written.emplace(file_of(*path), name);
        if (!fresh) fail(ErrorKind::kUsage, "{} and {}: both would write {}", other->second, name, printable(*path));
      }
    }
  }
}

void check_required(const OptionTable& table, const Resolved& resolved) {
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (record.operand) {
      const size_t count = resolved.of(record.long_name) == Origin::kDefault ? 0 : option.binding().get().size();
      if (count < static_cast<size_t>(record.min_count)) {
        fail(ErrorKind::kUsage, "missing operand {}: {}", record.long_name, record.line);
      }
    } else if (record.required && resolved.of(record.long_name) == Origin::kDefault) {
      fail(ErrorKind::kUsage, "missing option --{} {}: {}", record.long_name, record.value_name, record.line);
    }
  }
}

bool condition_holds(const OptionTable& table, const Resolved& resolved, const Condition& condition) {
  const Option* other = table.find(condition.other);
  FOVEA_CHECK(other != nullptr, "a rule names --{}, which is no option of the command", condition.other);
  const auto values = other->binding().get();
  if (condition.values.empty()) {
    if (other->record().kind == ValueKind::kBool) return !is_false(*other) && !values.empty();
    return resolved.of(condition.other) != Origin::kDefault;
  }
  return std::any_of(values.begin(), values.end(), [&](const Value& value) {
    return std::find(condition.values.begin(), condition.values.end(), value_text(other->record(), value)) !=
           condition.values.end();
  });
}

void warn_ignored(const OptionTable& table, Resolved& resolved, const OptionRecord& record) {
  const Origin origin = resolved.of(record.long_name);
  if (origin == Origin::kDefault || origin == Origin::kConfig) return;  // a file may serve several cases
  for (const Condition& condition : record.only_with) {
    if (condition_holds(table, resolved, condition)) continue;
    const std::string wish = condition.values.empty() ? "" : " " + alternatives(condition.values);
    resolved.warnings.push_back(
        fmt::format("--{} is ignored: it is used with --{}{} only", record.long_name, condition.other, wish));
  }
  for (const auto& other : record.not_with) {
    if (condition_holds(table, resolved, {other, {}}))
      resolved.warnings.push_back(fmt::format("--{} is ignored: it is not used with --{}", record.long_name, other));
  }
}

const char* origin_name(Origin origin) {
  switch (origin) {
    case Origin::kCommandLine:
      return "command line";
    case Origin::kEnvironment:
      return "environment";
    case Origin::kConfig:
      return "configuration file";
    case Origin::kDefault:
      break;
  }
  return "default";
}

std::string toml_value(const OptionRecord& record, const Value& value) {
  const std::string text = value_text(record, value);
  const bool quoted = record.kind == ValueKind::kText || record.size || record.duration;
  return quoted ? toml_quote(text) : text;
}

}  // namespace

Origin Resolved::of(std::string_view long_name) const {
  const auto found = origin.find(long_name);
  return found == origin.end() ? Origin::kDefault : found->second;
}

std::vector<ConfigEntry> load_config(const Program& program, const ParsedWords& parsed) {
  std::string path;
  if (const auto flag = parsed.words.find("config"); flag != parsed.words.end()) {
    path = flag->second.back();
  } else if (const char* variable = std::getenv("FOVEA_CONFIG"); variable != nullptr) {
    path = variable;
  }
  if (path.empty()) return {};
  auto entries = parse_config(read_text_file(path, kLongestConfig), path);
  check_config(program, entries);
  return entries;
}

Resolved resolve(OptionTable& table, const ParsedWords& parsed, const std::vector<ConfigEntry>& config,
                 const std::string& verb) {
  Resolved resolved;
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (record.operand) continue;
    if (const auto words = parsed.words.find(record.long_name); words != parsed.words.end()) {
      set_from_words(option, words->second);
      resolved.origin[record.long_name] = Origin::kCommandLine;
    } else if (const char* variable = environment(record); variable != nullptr) {
      option.binding().set(parse_values(record, {variable}, record.env));
      resolved.origin[record.long_name] = Origin::kEnvironment;
    } else if (const ConfigEntry* entry = record.in_config ? find_entry(config, verb, record.long_name) : nullptr) {
      // A file that repeats the default says nothing: the output of --print-config names every option.
      const auto before = option.binding().get();
      set_from_config(option, *entry);
      if (option.binding().get() != before) resolved.origin[record.long_name] = Origin::kConfig;
    }
  }
  distribute_operands(table, parsed.operands, resolved);
  return resolved;
}

void check_rules(const OptionTable& table, Resolved& resolved) {
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    warn_ignored(table, resolved, record);
    if (!in_force(table, resolved, record.long_name)) continue;
    for (const auto& other : record.needs) {
      if (!in_force(table, resolved, other)) fail(ErrorKind::kUsage, "--{}: needs --{}", record.long_name, other);
    }
    for (const auto& other : record.excludes) {
      if (in_force(table, resolved, other))
        fail(ErrorKind::kUsage, "--{}: cannot be used with --{}", record.long_name, other);
    }
  }
  check_required(table, resolved);
  check_files(table);
}

std::string render_config(const OptionTable& table, const Resolved& resolved, const std::string& verb) {
  std::string out = fmt::format("[{}]\n", verb);
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (!record.in_config) continue;
    std::string text;
    const auto values = option.binding().get();
    for (const Value& value : values) text += (text.empty() ? "" : ", ") + toml_value(record, value);
    if (record.list) text = "[" + text + "]";
    // Absent values and untouched special defaults (an empty file name) have no TOML: they stay comments.
    const bool absent = values.empty() && !record.list;
    const bool untouched_text =
        resolved.of(record.long_name) == Origin::kDefault && (text == "\"\"" || record.required);
    out += fmt::format("{}{} = {}  # {}\n", absent || untouched_text ? "# " : "", record.long_name, absent ? "" : text,
                       origin_name(resolved.of(record.long_name)));
  }
  return out;
}

}  // namespace fovea::cli
