#include "cli/man.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/value.h"

namespace fovea::cli {
namespace {

std::string upper_case(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

std::string bold(std::string_view text) { return "\\fB" + roff_escape(text) + "\\fR"; }

// References become bold. They are resolved around the escaping, which would damage the font changes.
std::string inline_text(std::string_view text, const ProgramView& view) {
  constexpr char kBegin = '\x01', kEnd = '\x02';
  const std::string marked =
      resolve_references(text, view, [](const std::string& name) { return kBegin + name + kEnd; });
  std::string out;
  for (const char c : roff_escape(marked)) {
    if (c == kBegin)
      out += "\\fB";
    else if (c == kEnd)
      out += "\\fR";
    else
      out += c;
  }
  return out;
}

// Paragraphs; lines that start with a space are literal.
std::string block(std::string_view text, const ProgramView& view) {
  std::string out;
  bool literal = false;
  for (const auto& line : split(text, '\n')) {
    const bool indented = line.starts_with(' ');
    if (indented != literal && !(line.empty() && literal)) {
      out += indented ? ".nf\n" : ".fi\n";
      literal = indented;
    }
    if (line.empty()) {
      if (!literal) out += ".PP\n";
    } else {
      out += inline_text(line, view) + "\n";
    }
  }
  if (literal) out += ".fi\n";
  while (out.ends_with(".PP\n")) out.resize(out.size() - 4);
  return out;
}

struct Section {
  std::string title, body;
};

std::vector<Section> read_prose(const std::string& prose) {
  std::vector<Section> sections;
  for (const auto& line : split(prose, '\n')) {
    if (line.starts_with("# ")) {
      sections.push_back({line.substr(2), ""});
      continue;
    }
    if (sections.empty()) {
      if (trim(line).empty()) continue;
      fail_data("man page prose", "a line '# TITLE' first", "'" + printable(line) + "'");
    }
    if (!sections.back().body.empty() || !trim(line).empty()) sections.back().body += line + "\n";
  }
  for (const Section& section : sections) {
    for (const char* own : {"NAME", "SYNOPSIS", "COMMANDS", "COMMON OPTIONS", "EXIT STATUS", "ENVIRONMENT"}) {
      if (section.title == own) fail_data("man page prose", "no section that is generated", section.title);
    }
  }
  return sections;
}

std::string option_entry(const Option& option, const ProgramView& view) {
  const OptionRecord& record = option.record();
  std::string spelling =
      record.operand ? "\\fI" + roff_escape(option_spelling(record)) + "\\fR" : bold(option_spelling(record));
  if (!record.operand && !record.value_name.empty()) {
    // Values in italics: "--epochs" bold, "N" italic.
    const std::string whole = option_spelling(record);
    const size_t at = whole.rfind(" " + record.value_name);
    spelling = bold(whole.substr(0, at)) + " \\fI" + roff_escape(whole.substr(at + 1)) + "\\fR";
  }
  std::string text = record.line;
  if (!record.long_text.empty()) text += " " + record.long_text;
  if (const std::string facts = option_facts(option); !facts.empty()) text += " " + facts;
  return ".TP\n" + spelling + "\n" + inline_text(text, view) + "\n";
}

std::string synopsis(const ProgramView& view) {
  std::string out;
  for (const auto& command : view.commands) {
    const std::string line = usage_line(view.program.name, command);
    const size_t split_at = view.program.name.size() + 1 + command.command->name.size();
    out += bold(line.substr(0, split_at)) + roff_escape(line.substr(split_at)) + "\n.br\n";
  }
  return out + bold(view.program.name) +
         roff_escape(" --help | --version | --info FILE | --help-json | --generate KIND") + "\n";
}

std::string commands(const ProgramView& view) {
  std::string out;
  for (const auto& command : view.commands) {
    out += ".SS " + roff_escape(command.command->name) + "\n" + inline_text(command.command->summary, view) + "\n";
    if (!command.command->description.empty()) out += ".PP\n" + block(command.command->description, view);
    std::string shared;
    for (const Option& option : command.table().options()) {
      if (option.record().operand) out += option_entry(option, view);
    }
    for (const Option& option : command.table().options()) {
      if (option.record().common)
        shared += " " + bold("--" + option.record().long_name);
      else if (!option.record().operand)
        out += option_entry(option, view);
    }
    out += ".PP\nAlso:" + shared + ".\n";
  }
  return out;
}

std::string common_options(const ProgramView& view) {
  std::string out, group;
  for (const Option* option : view.common()) {
    if (option->record().group != group) out += ".SS " + roff_escape(group = option->record().group) + "\n";
    out += option_entry(*option, view);
  }
  return out;
}

std::string exit_status() {
  std::string out;
  for (const auto& [code, meaning] : exit_codes()) out += fmt::format(".TP\n.B {}\n{}\n", code, roff_escape(meaning));
  return out;
}

std::string environment(const ProgramView& view) {
  std::map<std::string, std::string> variables;
  for (const auto& command : view.commands) {
    for (const Option& option : command.table().options()) {
      if (!option.record().env.empty()) variables[option.record().env] = "--" + option.record().long_name;
    }
  }
  std::string out =
      "A variable that is set and not empty stands for an option; the command line wins over it, and it wins\n"
      "over a configuration file.\n";
  for (const auto& [name, option] : variables) out += ".TP\n" + bold(name) + "\nAs " + bold(option) + ".\n";
  out += ".TP\n" + bold("FOVEA_MODELS") + "\nFurther directories with network texts, separated by colons.\n";
  out += ".TP\n" + bold("FOVEA_ISA") + "\nThe highest instruction set to use: baseline, v3 or v4.\n";
  out += ".TP\n" + bold("NO_COLOR") + ", " + bold("TERM") + "\nSwitch colours and the rewritten progress line off.\n";
  return out;
}

std::string examples(const ProgramView& view) {
  std::vector<Example> all = view.program.examples;
  for (const auto& command : view.commands) {
    all.insert(all.end(), command.command->examples.begin(), command.command->examples.end());
  }
  std::string out;
  for (const Example& example : all) {
    out += ".TP\n" + bold(example.line) + "\n" + inline_text(example.shows, view) + "\n";
  }
  return out;
}

std::string files(const ProgramView& view) {
  std::string out;
  for (const FileNote& note : view.program.files)
    out += ".TP\n\\fI" + roff_escape(note.name) + "\\fR\n" + inline_text(note.text, view) + "\n";
  return out;
}

std::string see_also(const ProgramView& view) {
  std::string out;
  for (const auto& page : view.program.see_also) out += (out.empty() ? "" : ", ") + bold(page);
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string roff_escape(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '"')
      out += "\\(dq";
    else
      out += c;
  }
  return out;
}

std::string man_page(const ProgramView& view, const std::string& prose) {
  const Program& program = view.program;
  std::vector<Section> sections = read_prose(prose);
  const auto take = [&](const std::string& title, const std::string& own) {
    const auto found =
        std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.title == title; });
    if (found == sections.end()) return own;
    std::string body = block(found->body, view);
    sections.erase(found);
    return body;
  };
  std::string out = ".\\\" Generated from the option tables; do not edit.\n";
  out += fmt::format(".TH {} 1 \"\" \"fovea {}\" \"Fovea\"\n.nh\n.ad l\n", roff_escape(upper_case(program.name)),
                     version());
  const auto add = [&](const std::string& title, const std::string& body) {
    if (!body.empty()) out += ".SH " + roff_escape(title) + "\n" + body;
  };
  std::string summary = program.summary;
  if (summary.ends_with('.')) summary.pop_back();
  add("NAME", roff_escape(program.name) + " \\- " + roff_escape(summary) + "\n");
  add("SYNOPSIS", synopsis(view));
  add("DESCRIPTION", take("DESCRIPTION", block(program.description, view)));
  add("COMMANDS", commands(view));
  add("COMMON OPTIONS", common_options(view));
  add("EXIT STATUS", exit_status());
  add("ENVIRONMENT", environment(view));
  const std::string file_text = take("FILES", files(view)), example_text = take("EXAMPLES", examples(view)),
                    also = take("SEE ALSO", see_also(view));
  for (const Section& section : sections) add(section.title, block(section.body, view));
  add("FILES", file_text);
  add("EXAMPLES", example_text);
  add("SEE ALSO", also);
  return out;
}

}  // namespace fovea::cli
