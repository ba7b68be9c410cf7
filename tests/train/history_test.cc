#include "train/history.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"

using namespace fovea;

TEST_CASE("history: columns are the union of rows, absent values are NaN") {
  train::History history;
  history.add(0, {{"a", 1}});
  history.add(10, {{"b", 2}});
  CHECK(history.names() == std::vector<std::string>{"a", "b"});
  CHECK(history.column("a")[0] == 1);
  CHECK(std::isnan(history.column("a")[1]));
  CHECK(std::isnan(history.column("b")[0]));
  CHECK(history.column("b")[1] == 2);
  CHECK_THROWS_WITH_AS(history.column("c"), "the training log has no column 'c'; it has a, b", Error);
}

TEST_CASE("history: the last value, where it is there and finite") {
  train::History history;
  CHECK(!history.last("a").has_value());
  history.add(0, {{"a", 1}, {"b", 2}});
  history.add(10, {{"a", 3}, {"c", NAN}});
  CHECK(history.last("a") == 3.0);
  CHECK(!history.last("b").has_value());
  CHECK(!history.last("c").has_value());
}

TEST_CASE("history: truncation drops rows beyond a step") {
  train::History history;
  for (int64_t step : {0, 10, 20}) history.add(step, {{"a", static_cast<double>(step)}});
  history.truncate(10);
  CHECK(history.steps() == std::vector<int64_t>{0, 10});
  CHECK(history.column("a").size() == 2);
}

TEST_CASE("history: first step that reaches a target") {
  train::History history;
  history.add(0, {{"acc", 0.1}});
  history.add(100, {{"acc", 0.95}});
  CHECK(history.first_step_reaching("acc", 0.9) == 100);
  CHECK(history.first_step_reaching("acc", 0.97) == -1);
}

TEST_CASE("history: a metrics line has shortest numbers and null for what is not finite") {
  CHECK(train::metrics_line(5, {{"loss", 0.1}, {"x", NAN}}) == "{\"step\":5,\"loss\":0.1,\"x\":null}\n");
}

TEST_CASE("history: a metrics file is cut at the resumed step, and reads back") {
  const auto folder = std::filesystem::temp_directory_path() / ("fovea-history-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "m.jsonl";
  {
    train::MetricsFile file(path, -1);
    for (int64_t step : {0, 10, 20}) file.write(step, {{"loss", static_cast<double>(step)}});
  }
  {
    train::MetricsFile file(path, 10);
    file.write(15, {{"loss", 1.5}});
  }
  CHECK(read_text_file(path, 1000) ==
        "{\"step\":0,\"loss\":0}\n{\"step\":10,\"loss\":10}\n{\"step\":15,\"loss\":1.5}\n");
  CHECK(train::read_metrics(path).column("loss") == std::vector<double>{0, 10, 1.5});
  write_file(path, "{\"step\":1}\nnonsense\n");
  try {
    train::read_metrics(path);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()).starts_with(path + ":2"));
  }
  std::filesystem::remove_all(folder);
}
