#include "cli/resolve.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "cli/fake_program.h"
#include "cli/record.h"
#include "cli/value.h"

using namespace fovea;
using namespace fovea::cli;

namespace {

struct Call {
  Program program = fake::program();
  std::unique_ptr<Job> job;
  ParsedWords parsed;
  Resolved resolved;

  explicit Call(const std::vector<std::string>& arguments, const std::string& verb = "train") {
    job = program.commands[verb == "train" ? 0 : 1].make_job();
    parsed = parse_words(job->table, arguments);
    resolved = resolve(job->table, parsed, load_config(program, parsed), verb);
  }
  std::string value(const std::string& name) const {
    const Option* option = job->table.find(name);
    std::string out;
    for (const auto& one : option->binding().get()) out += (out.empty() ? "" : ",") + value_text(option->record(), one);
    return out;
  }
};

std::string failure(const std::vector<std::string>& arguments) {
  try {
    Call call(arguments);
    check_rules(call.job->table, call.resolved);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
    return std::string(error.what()) + (error.hint().empty() ? "" : " / " + error.hint());
  }
  return "none";
}

struct Variable {
  std::string name;
  Variable(std::string variable, const char* value) : name(std::move(variable)) { setenv(name.c_str(), value, 1); }
  ~Variable() { unsetenv(name.c_str()); }
};

}  // namespace

TEST_CASE("resolve: flag before environment before file before default") {
  const TemporaryFolder folder;
  const std::string file = folder / "f.toml";
  CHECK(Call({}).value("epochs") == "20");
  write_file(file, "epochs = 4\n[train]\nepochs = 5\n");
  CHECK(Call({"--config", file}).value("epochs") == "5");  // the section before the lines above
  {
    const Variable variable("FOVEA_EPOCHS", "6");
    Call call({"--config", file});
    CHECK(call.value("epochs") == "6");
    CHECK(call.resolved.of("epochs") == Origin::kEnvironment);
    CHECK(Call({"--config", file, "--epochs", "7"}).value("epochs") == "7");
  }
  const Variable empty("FOVEA_EPOCHS", "");
  CHECK(Call({}).value("epochs") == "20");
  const Variable config("FOVEA_CONFIG", file.c_str());
  CHECK(Call({}).value("epochs") == "5");
}

TEST_CASE("resolve: environment names of one's own, lists and switches from the environment") {
  const Variable own("FAKE_RATE", "0.25"), other("FOVEA_LEARNING_RATE", "0.5"), list("FOVEA_SCALES", "2,3"),
      flag("FOVEA_SHUFFLE", "off");
  Call call({});
  CHECK(call.value("learning-rate") == "0.25");
  CHECK(call.value("scales") == "2,3");
  CHECK(call.value("shuffle") == "false");
  const Variable bad("FOVEA_MOMENTUM", "2");
  CHECK(failure({}) == "FOVEA_MOMENTUM: expected 0 <= x < 1, found 2");
}

TEST_CASE("resolve: a misspelt key or section is an error wherever it stands") {
  const TemporaryFolder folder;
  const std::string file = folder / "f.toml";
  const auto with = [&](const std::string& text) {
    write_file(file, text);
    std::string result = failure({"--config", file, "-o", "x"});
    if (const auto at = result.find(file); at == 0) result = result.substr(file.size());
    return result;
  };
  CHECK(with("epoch = 3\n") == ":1: unknown key 'epoch' / did you mean 'epochs'?");
  CHECK(with("[show]\nformt = \"tsv\"\n") == ":2: unknown key 'formt' / did you mean 'format'?");
  CHECK(with("[show]\nepochs = 3\n").starts_with(":2: unknown key 'epochs'"));
  CHECK(with("[trian]\nepochs = 3\n") == ":2: unknown section 'trian' / did you mean 'train'?");
  CHECK(with("[train]\nmomentum = 1.5\n") == ":2: momentum: expected 0 <= x < 1, found 1.5");
  CHECK(with("[train]\nmomentum = [0.1]\n") == ":2: momentum: expected one value, found an array");
  CHECK(with("config = \"x\"\n").starts_with(":1: unknown key 'config'"));
  CHECK(with("[train]\ndata = [\"a,b.h5\", \"c\"]\ncache = \"2G\"\nwarmup = \"3m\"\nshuffle = false\n") == "none");
}

TEST_CASE("check_rules: required, needs, excludes") {
  CHECK(failure({}) == "missing option --output FILE: Checkpoint to write.");
  CHECK(failure({"-o", "x", "--clip", "1"}) == "--clip: needs --warmup");
  CHECK(failure({"-o", "x", "--clip", "1", "--warmup", "3s"}) == "none");
  CHECK(failure({"-o", "x", "--init", "w.h5", "--resume"}) == "--init: cannot be used with --resume");
  CHECK(failure({"-o", "x", "--init", "w.h5", "--no-resume"}) == "none");
  CHECK(failure({"-o", "x", "-q", "-v"}) == "--quiet: cannot be used with --verbose");
}

TEST_CASE("check_rules: an option without effect is reported, not refused") {
  Call call({"-o", "x", "--optimizer", "adam", "--momentum", "0.5"});
  check_rules(call.job->table, call.resolved);
  REQUIRE(call.resolved.warnings.size() == 1);
  CHECK(call.resolved.warnings[0] == "--momentum is ignored: it is used with --optimizer sgd only");
  Call fine({"-o", "x", "--momentum", "0.5"});
  check_rules(fine.job->table, fine.resolved);
  CHECK(fine.resolved.warnings.empty());
  Call replaced({"-o", "x", "--scales", "2", "--flip"});
  check_rules(replaced.job->table, replaced.resolved);
  REQUIRE(replaced.resolved.warnings.size() == 1);
  CHECK(replaced.resolved.warnings[0] == "--flip is ignored: it is not used with --scales");
  Call alone({"-o", "x", "--flip"});
  check_rules(alone.job->table, alone.resolved);
  CHECK(alone.resolved.warnings.empty());
}

TEST_CASE("resolve: operands go to their names, too many or too few are errors") {
  CHECK(Call({"a", "b"}, "show").value("OTHER") == "b");
  CHECK(Call({"a"}, "show").value("FILE") == "a");
  CHECK_THROWS_AS(Call({"a", "b", "c"}, "show"), Error);
  Call none({}, "show");
  CHECK_THROWS_AS(check_rules(none.job->table, none.resolved), Error);
  CHECK(Call({"a", "b,c", "-"}).value("DATA") == "a,b,c,-");
}

TEST_CASE("render_config: read back, it gives the same values") {
  const TemporaryFolder folder;
  const std::string file = folder / "f.toml";
  const std::vector<std::string> arguments = {"-o",
                                              "with \"quotes\"\n",
                                              "--epochs=3",
                                              "--scales",
                                              "2,0.1",
                                              "--cache=3G",
                                              "--warmup=1h30m",
                                              "--no-shuffle",
                                              "--data",
                                              "a,b",
                                              "--seed",
                                              "18446744073709551615",
                                              "--clip=0.1",
                                              "--checkpoint-every",
                                              "50it"};
  Call first(arguments);
  write_file(file, render_config(first.job->table, first.resolved, "train"));
  Call second({"--config", file});
  check_rules(second.job->table, second.resolved);
  for (const Option& option : first.job->table.options()) {
    if (!option.record().in_config) continue;
    CAPTURE(option.record().long_name);
    CHECK(option.binding().get() == second.job->table.find(option.record().long_name)->binding().get());
  }
  CHECK(render_config(first.job->table, first.resolved, "train").find("epochs = 3  # command line\n") !=
        std::string::npos);
}

TEST_CASE("parameters_json: sorted, complete, without what cannot change the content") {
  Call call({"-o", "x", "--seed=18446744073709551615", "--data", "some/where/a.png", "--cache=1G", "dir/b.h5"});
  CHECK(
      parameters_json(call.job->table) ==
      R"({"DATA":["-"],"clip":null,"data":["a.png"],"deterministic":true,"epochs":20,"flip":null,"init":null,"learning-rate":0.1,)"
      R"("mode":"","momentum":0.9,"optimizer":"sgd","scales":[1,0.5],"seed":"18446744073709551615","shuffle":true,)"
      R"("sizes":[],"warmup":90})");
}

TEST_CASE("command_line_json: content options of the command line, paths by base name, HDF5 files by none") {
  const Variable variable("FOVEA_EPOCHS", "6");
  Call call(
      {"dir/b.h5", "-o", "/tmp/x", "--threads=2", "-q", "--no-shuffle", "--init=some/w.npz", "--momentum", "0.5"});
  CHECK(command_line_json("bn-fake", "train", call.job->table, call.parsed) ==
        R"(["bn-fake","train","--momentum","0.5","--init","w.npz","--no-shuffle","-"])");
}
