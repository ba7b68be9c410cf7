#include "cli/help.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/check.h"
#include "cli/fake_program.h"

using namespace fovea;
using namespace fovea::cli;

TEST_CASE("help: no line is wider than 79 columns, and the short one fits a screen") {
  const Program program = fake::program();
  const ProgramView view(program);
  for (const auto& text :
       {short_help(view), long_help(view), short_help(view, view.commands[0]), long_help(view, view.commands[0])}) {
    for (const auto& line : split(text, '\n')) CHECK_MESSAGE(text_width(line) <= 79, line);
  }
  CHECK(split(short_help(view, view.commands[0]), '\n').size() <= 30);
}

TEST_CASE("help: defaults, ranges, rules and sources are there") {
  const Program program = fake::program();
  const ProgramView view(program);
  const std::string text = long_help(view, view.commands[0]);
  for (const char* part :
       {"-e, --epochs N", "Default: 20 [paper §4.1].", "--[no-]shuffle", "Default: 512M [ours].",
        "One of: sgd, adam, rmsprop.", "Not together with", "DATA...", "Longer text about --learning-rate.",
        "-o, --output FILE", "--no-clobber\n", "Examples:\n  bn-fake train"}) {
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  }
  CHECK(text.find("--no-no-clobber") == std::string::npos);
  CHECK(short_help(view, view.commands[0]).find("bn-fake train [options] -o FILE [DATA...]") != std::string::npos);
  CHECK(short_help(view, view.commands[1]).find("bn-fake show [options] FILE [OTHER]") != std::string::npos);
}

TEST_CASE("help_json: valid JSON with every option") {
  const Program program = fake::program();
  const auto json = nlohmann::json::parse(help_json(ProgramView(program)));
  CHECK(json["name"] == "bn-fake");
  CHECK(json["commands"].size() == 2);
  const auto& train = json["commands"][0];
  CHECK(train["options"][0]["name"] == "epochs");
  CHECK(train["options"][0]["default"] == 20);
  CHECK(train["options"][0]["range"] == "1 <= x <= 1000000");
  CHECK(train["operands"][0]["name"] == "DATA");
  CHECK(train["options"].size() + 1 == program.commands[0].make_job()->table.options().size());
}

TEST_CASE("resolve_references: an unknown option is an internal error") {
  const Program program = fake::program();
  const ProgramView view(program);
  CHECK(resolve_references("see {opt:epochs}, {opt:generate}.", view) == "see --epochs, --generate.");
  CHECK_THROWS_AS(resolve_references("{opt:epoch}", view), Error);
  CHECK_THROWS_AS(resolve_references("{opt:epochs", view), Error);
}

TEST_CASE("wrap: paragraphs, literal lines, wide characters") {
  CHECK(wrap("a b\nc\n\n  d  e\nf", 2) == "  a b c\n\n    d  e\n  f\n");
  const std::string text = wrap(std::string(40, 'x') + " " + std::string(40, 'y'), 4);
  CHECK(text == "    " + std::string(40, 'x') + "\n    " + std::string(40, 'y') + "\n");
  CHECK(text_width("\xC3\xA9\xC2\xA7") == 2);
}

namespace {

struct Odd {
  double rate = 2;
  std::string name = "x", other;
  int count = 0;
};

void declare_odd(OptionTable& table, Odd& o) {
  table.add("rate", o.rate, "X", "No full stop").range(0, 1);
  table.add("Name", o.name, "", "Name.").choices({"a"}).short_name('o').needs("nothing");
  table.operand("A", o.other, "A.", false);
  table.operand("B", o.other, "B.", false);
}

}  // namespace

TEST_CASE("check_program: the fake tool is right, a wrong one is told all its faults") {
  CHECK(check_program(fake::program()).empty());
  Program program = fake::program();
  program.commands.push_back(command<Odd>("odd", "Odd.", "", {{"bn-fake odd --rat 3", "Fails."}, {"ls", "Nothing."}},
                                          declare_odd, [](const Odd&, const Invocation&) { return 0; }));
  std::string all;
  try {
    all = join(check_program(program), "\n");
  } catch (const Error& error) {
    all = error.what();
  }
  for (const char* part : {"no full stop", "expected 0 <= x <= 1, found 2", "has no source", "kebab-case",
                           "value name and kind", "-o is --Name here and --output elsewhere", "a rule names --nothing",
                           "more than one operand", "unknown option '--rat'", "example without bn-fake: ls"}) {
    CHECK_MESSAGE(all.find(part) != std::string::npos, part);
  }
}
