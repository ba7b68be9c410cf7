#include <fmt/format.h>

#include "base/text.h"
#include "cli/completion.h"

namespace fovea::cli {
namespace {

std::string function_name(std::string tool) {
  for (char& c : tool) c = c == '-' ? '_' : c;
  return "_" + tool;
}

std::string pattern(const OptionRecord& record) {
  return record.short_name != 0 ? fmt::format("-{} | --{}", record.short_name, record.long_name)
                                : "--" + record.long_name;
}

// What may follow an option with a value.
std::string value_cases(const OptionTable& table) {
  std::string out;
  for (const Option& option : table.options()) {
    const OptionRecord& record = option.record();
    if (record.operand || record.kind == ValueKind::kBool || record.kind == ValueKind::kCount) continue;
    std::string action = "values=''";
    if (record.completion == Completion::kChoices) action = "values=" + shell_quote(join(offered_choices(record), " "));
    if (record.completion == Completion::kFile) action = "files=-f";
    if (record.completion == Completion::kDirectory) action = "files=-d";
    out += fmt::format("        {}) {} has_value=yes ;;\n", pattern(record), action);
  }
  return out;
}

std::string option_words(const OptionTable& table) {
  std::string out;
  for (const auto& name : table.long_names()) out += (out.empty() ? "--" : " --") + name;
  for (const Option& option : table.options()) {
    if (option.record().short_name != 0) out += fmt::format(" -{}", option.record().short_name);
  }
  return out;
}

bool takes_operands(const OptionTable& table) {
  for (const Option& option : table.options()) {
    if (option.record().operand) return true;
  }
  return false;
}

constexpr const char* kHead = R"(# bash completion for {0}. Generated from the option tables; do not edit.
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local verb=${{COMP_WORDS[1]-}} options='' values='' files='' has_value='' operands=''
  COMPREPLY=()
  # bash splits --name=word at the sign
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]] && ((COMP_CWORD > 1)); then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W {2} -- "$current")
    return
  fi
  case $verb in
)";

constexpr const char* kTail = R"(    *) return ;;
  esac
  if [[ -n $files || (-z $has_value && -n $operands && $current != -*) ]]; then
    compopt -o filenames 2> /dev/null
    mapfile -t COMPREPLY < <(compgen "${files:--f}" -- "$current")
  elif [[ -n $has_value ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  fi
}
)";

}  // namespace

std::vector<std::string> own_option_words() {
  OptionTable table;
  OwnOptions values;
  declare_own(table, values);
  std::vector<std::string> words;
  for (const auto& name : table.long_names()) words.push_back("--" + name);
  return words;
}

std::string shell_quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash_completion(const ProgramView& view) {
  const std::string& tool = view.program.name;
  std::vector<std::string> first;
  for (const auto& command : view.commands) first.push_back(command.command->name);
  for (const auto& word : own_option_words()) first.push_back(word);
  std::string out = fmt::format(fmt::runtime(kHead), tool, function_name(tool), shell_quote(join(first, " ")));
  for (const auto& command : view.commands) {
    out +=
        fmt::format("    {})\n      options={}\n{}", command.command->name, shell_quote(option_words(command.table())),
                    takes_operands(command.table()) ? "      operands=yes\n" : "");
    out += "      case $previous in\n" + value_cases(command.table()) + "      esac\n      ;;\n";
  }
  return out + kTail + fmt::format("complete -F {} {}\n", function_name(tool), tool);
}

}  // namespace fovea::cli
