#include "cli/completion.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "cli/fake_program.h"

using namespace fovea;
using namespace fovea::cli;

namespace {

bool installed(const std::string& shell) { return system(("command -v " + shell + " > /dev/null 2>&1").c_str()) == 0; }

std::string output_of(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), got);
  const int status = pclose(pipe);
  if (status != 0) text += "[status " + std::to_string(WEXITSTATUS(status)) + "]";
  return text;
}

const Program& program() {
  static const Program the_program = fake::program();
  return the_program;
}

}  // namespace

TEST_CASE("bash_completion: verbs, options, choices, files") {
  if (!installed("bash")) return;
  const TemporaryFolder folder;
  write_file(folder / "completion", bash_completion(ProgramView(program())));
  write_file(folder / "a file.h5", "");
  const auto complete = [&](const std::string& words, int position) {
    return output_of("cd '" + folder.path() + "' && bash -c 'source ./completion; COMP_WORDS=(" + words +
                     "); COMP_CWORD=" + std::to_string(position) + "; _bn_fake; printf \"%s|\" \"${COMPREPLY[@]}\"'");
  };
  CHECK(complete("bn-fake tr", 1) == "train|");
  CHECK(complete("bn-fake train --ep", 2) == "--epochs|");
  CHECK(complete("bn-fake train --optimizer s", 3) == "sgd|");
  CHECK(complete("bn-fake train --optimizer = a", 4) == "adam|");
  CHECK(complete("bn-fake train --epochs \"\"", 3) == "|");
  CHECK(complete("bn-fake train a", 2) == "a file.h5|");
  CHECK(complete("bn-fake train -o a", 3) == "a file.h5|");
}

TEST_CASE("zsh_completion: the shell can read it") {
  if (!installed("zsh")) return;
  const TemporaryFolder folder;
  write_file(folder / "_bn-fake", zsh_completion(ProgramView(program())));
  CHECK(output_of("zsh -n '" + (folder / "_bn-fake") + "'").empty());
  CHECK(zsh_completion(ProgramView(program())).find("--optimizer=[Update rule.]:NAME:(sgd adam rmsprop)") !=
        std::string::npos);
}

TEST_CASE("fish_completion: verbs, options, choices") {
  if (!installed("fish")) return;
  const TemporaryFolder folder;
  write_file(folder / "bn-fake.fish", fish_completion(ProgramView(program())));
  const auto complete = [&](const std::string& line) {
    return output_of("HOME='" + folder.path() + "' fish --no-config -c 'source " + (folder / "bn-fake.fish") +
                     "; complete -C \"" + line + "\"'");
  };
  CHECK(complete("bn-fake tr") == "train\tTrain a network.\n");
  CHECK(complete("bn-fake train --ep") == "--epochs\tPasses over the training set.\n");
  CHECK(complete("bn-fake train --optimizer s").starts_with("sgd\t"));
}

TEST_CASE("shell_quote: single quotes survive") { CHECK(shell_quote("it's") == "'it'\\''s'"); }
