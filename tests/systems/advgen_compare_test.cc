// advgen-train compare: statistics over seeds worked out by hand, and what is refused.
#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "systems/advgen/compare.h"

using namespace fovea;
using namespace fovea::advgen;
using doctest::Approx;

namespace {

std::string row(const std::string& method, int seed, const std::string& part, const std::string& attack,
                double accuracy, const std::string& more = "") {
  return fmt::format(
             R"({{"model":"{0}-{1}","method":"{0}","train_seed":{1},"part":"{2}","attack":"{3}","norm":"linf","epsilon":{4},"steps":20,"restarts":1,"accuracy":{5},"low":0,"high":1,"images":100,"seed":1,"suspicious":"none"{6}}})",
             method, seed, part, attack, attack == "clean" ? 0.0 : 0.1, accuracy, more) +
         "\n";
}

std::string model(const std::string& method, int seed, double clean, double pgd, double train) {
  return row(method, seed, "attack", "clean", clean) + row(method, seed, "attack", "pgd", pgd) +
         row(method, seed, "train", "clean", train) + row(method, seed, "curve", "pgd", 0.5);
}

// Gaps: plain 0.10, 0.12, 0.14; gat 0.07, 0.08, 0.12; dropout 0.09, 0.14, 0.10.
std::string three_methods() {
  return model("gat", 1, 0.90, 0.10, 0.97) + model("gat", 2, 0.90, 0.20, 0.98) + model("gat", 3, 0.85, 0.30, 0.97) +
         model("plain", 1, 0.90, 0.0, 1.00) + model("plain", 2, 0.87, 0.0, 0.99) + model("plain", 3, 0.86, 0.0, 1.00) +
         model("dropout", 1, 0.90, 0.0, 0.99) + model("dropout", 2, 0.85, 0.0, 0.99) +
         model("dropout", 3, 0.89, 0.0, 0.99);
}

Results read(const TemporaryFolder& folder, const std::string& text) {
  write_file(folder / "r.jsonl", text);
  return read_results({folder / "r.jsonl"});
}

std::string refusal(const std::string& text) {
  const TemporaryFolder folder;
  try {
    read(folder, text);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    return error.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("compare: means, deviations and paired differences over seeds") {
  const TemporaryFolder folder;
  const Results results = read(folder, three_methods());
  CHECK(methods_of(results) == std::vector<std::string>{"plain", "dropout", "gat"});
  CHECK(quantities_of(results) == std::vector<std::string>{"clean", "pgd", "train", "gap"});
  const auto gap = eval::mean_deviation(values_of(results, "plain", "gap"));
  CHECK(gap.mean == Approx(0.12));
  CHECK(*gap.deviation == Approx(0.02));

  // -0.03, -0.04, -0.02: mean -0.03, deviation 0.01, half width 4.3027 * 0.01 / sqrt(3) = 0.02484
  const PairedDifference difference = paired_difference(results, "gat", "plain", "gap");
  REQUIRE(difference.differences.size() == 3);
  CHECK(difference.moments->mean == Approx(-0.03));
  CHECK(*difference.moments->deviation == Approx(0.01));
  CHECK(difference.interval->low == Approx(-0.05484).epsilon(1e-3));
  CHECK(difference.interval->high == Approx(-0.00516).epsilon(1e-3));
}

TEST_CASE("compare: the words follow from the intervals") {
  const TemporaryFolder folder;
  const Results results = read(folder, three_methods());
  const auto sentences = comparison_sentences(results, "plain");
  REQUIRE(sentences.size() == 8);
  CHECK(contains(sentences[0], "gat against plain: lower (-3.00 points over 3 seeds"));
  CHECK(contains(sentences[0], "supports the paper's claim"));
  // -0.02, -0.06, +0.02: the interval covers 0
  CHECK(contains(sentences[1], "gat against dropout: no difference shown (-2.00 points"));
  CHECK(contains(sentences[2], "Test accuracy of gat against plain: "));
  CHECK(contains(sentences[3], "Test accuracy of gat against dropout: "));
  CHECK(contains(sentences[4], "PGD-20 at Linf"));
  CHECK(contains(sentences[7], "gat: 20.0 % (deviation 10.0) of 88.3 % clean"));
  const auto reversed =
      comparison_sentences(read(folder, model("gat", 1, 0.8, 0, 1) + model("gat", 2, 0.79, 0, 1) +
                                            model("plain", 1, 0.9, 0, 1) + model("plain", 2, 0.89, 0, 1)),
                           "plain");
  CHECK(contains(reversed[0], "higher (+10.00 points"));
  CHECK(contains(reversed[0], "contradicts"));
}

TEST_CASE("compare: one seed shows no difference") {
  const TemporaryFolder folder;
  const Results results =
      read(folder, model("gat", 1, 0.9, 0.1, 0.9) + model("plain", 1, 0.9, 0, 1.0) + model("plain", 2, 0.9, 0, 1.0));
  CHECK_FALSE(paired_difference(results, "gat", "plain", "gap").interval);
  CHECK(contains(comparison_sentences(results, "plain")[0], "no difference shown, 1 pair of equal seed"));
}

TEST_CASE("compare: one table of all, and Markdown") {
  const TemporaryFolder folder;
  const Results results = read(folder, three_methods());
  const eval::Table table = comparison_table(results, "plain");
  CHECK(table.rows.size() == 12);
  CHECK(std::get<std::string>(table.rows[0][0]) == "plain");
  CHECK(std::get<int64_t>(table.rows[0][5]) == 0);
  const std::string text = comparison_markdown(results, "plain");
  CHECK(contains(text, "| gat | 88.3 ± 2.9 | 20.0 ± 10.0 | 97.3 ± 0.6 | 9.0 ± 2.6 |"));
  CHECK(contains(text, "-3.0 (-5.5 .. -0.5)"));
  CHECK(!contains(text, "masking"));
}

TEST_CASE("compare: results that don't belong together are refused") {
  CHECK(contains(refusal(""), "expected rows of advgen-train eval"));
  CHECK(contains(refusal("{\"a\":1}\n"), "r.jsonl:1"));
  CHECK(contains(refusal("nonsense\n"), "r.jsonl:1"));
  const std::string good = row("plain", 1, "attack", "pgd", 0.5);
  CHECK(contains(refusal(good + good), "second row of pgd"));
  auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = row("plain", 2, "attack", "pgd", 0.5);
    other.replace(other.find(from), from.size(), to);
    return refusal(good + other);
  };
  CHECK(contains(changed("\"images\":100", "\"images\":99"), "images"));
  CHECK(contains(changed("\"norm\":\"linf\"", "\"norm\":\"l2\""), "norm"));
  CHECK(contains(changed("\"steps\":20", "\"steps\":40"), "steps of pgd"));
  CHECK(contains(changed("\"epsilon\":0.1", "\"epsilon\":0.2"), "epsilon"));
  CHECK(contains(changed("\"method\":\"plain\"", "\"method\":null"), "method"));
  CHECK(contains(refusal(row("plain", 1, "attack", "pgd", 0.5) +
                         [&] {
                           std::string other = row("plain", 1, "attack", "fgsm", 0.5);
                           return other.replace(other.find("plain-1"), 7, "plain-x");
                         }()),
                 "one model of method plain and seed 1"));
}
