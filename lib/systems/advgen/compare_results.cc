// Reading what eval printed, and the statistics over seeds.
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "io/json.h"
#include "systems/advgen/compare.h"
#include "systems/advgen/report.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kMaxResultBytes = int64_t{1} << 28;
const std::vector<std::string> kMethodOrder = {"plain", "dropout", "noise", "fgsm",      "fgm-l2",
                                               "fast",  "pgd",     "gat",   "gat-bound", "l2l"};

// Files may come in any order; the first row that says something decides, the others must agree.
class Reader {
 public:
  void read(const std::string& path) {
    const auto lines = split(read_text_file(path, kMaxResultBytes), '\n');
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!trim(lines[i]).empty()) add(lines[i], fmt::format("{}:{}", path, i + 1));
    }
  }

  Results finish() {
    for (auto& [key, model] : models_) {
      const auto train = model.values.find("train"), clean = model.values.find(kCleanRow);
      if (train != model.values.end() && clean != model.values.end())
        model.values["gap"] = train->second - clean->second;
      results_.models.push_back(model);
    }
    return std::move(results_);
  }

 private:
  void add(const std::string& line, const std::string& place) {
    const io::Json row = io::parse_json(line, place);
    if (!row.is_object() || !row.contains("part")) {
      throw Error(ErrorKind::kData,
                  fmt::format("{}: expected a row of advgen-train eval, found {}", place, printable(line, 40)),
                  "print it with: advgen-train eval MODEL --data SET --format jsonl");
    }
    const std::string part = io::json_text(row, "part", place);
    if (part != "attack" && part != "train") return;
    if (!row.contains("method") || row["method"].is_null()) {
      throw Error(ErrorKind::kData, fmt::format("{}: method: expected a name, found none", place),
                  "only checkpoints of advgen-train say how they were trained");
    }
    const std::string attack = part == "train" ? "train" : io::json_text(row, "attack", place);
    ComparedModel& model = model_of(row, place);
    if (!model.values.emplace(attack, io::json_number(row, "accuracy", place)).second) {
      fail_data(place + ": attack", "each attack once", "a second row of " + printable(attack));
    }
    model.suspicious = io::json_text(row, "suspicious", place);
    if (part == "attack") check_same(row, attack, place);
  }

  ComparedModel& model_of(const io::Json& row, const std::string& place) {
    const std::string name = io::json_text(row, "model", place), method = io::json_text(row, "method", place);
    const int64_t seed = io::json_int(row, "train_seed", place);
    ComparedModel& model = models_[{rank(method), method, seed}];
    if (!model.name.empty() && model.name != name) {
      fail_data(place + ": model", fmt::format("one model of method {} and seed {}", printable(method), seed),
                fmt::format("{} and {}", printable(model.name), printable(name)));
    }
    model.name = name;
    model.method = method;
    model.seed = seed;
    return model;
  }

  // Numbers of different experiments must not stand in one table.
  void check_same(const io::Json& row, const std::string& attack, const std::string& place) {
    const std::string norm = io::json_text(row, "norm", place);
    const int64_t images = io::json_int(row, "images", place);
    if (results_.norm.empty()) results_.norm = norm, results_.images = images;
    if (norm != results_.norm) fail_data(place + ": norm", results_.norm + " as in the rows before", norm);
    if (images != results_.images)
      fail_data(place + ": images", fmt::format("{} as in the rows before", results_.images), std::to_string(images));
    const auto same = [&](const char* key, std::map<std::string, int64_t>& known) {
      if (!row.contains(key) || row[key].is_null()) return;
      const int64_t value = io::json_int(row, key, place);
      const int64_t expected = known.emplace(attack, value).first->second;
      if (value != expected)
        fail_data(fmt::format("{}: {} of {}", place, key, attack), fmt::format("{} as in the rows before", expected),
                  std::to_string(value));
    };
    same("steps", results_.steps);
    same("restarts", results_.restarts);
    if (attack == kCleanRow || attack == kGeneratorRow || !row.contains("epsilon") || row["epsilon"].is_null()) return;
    const double epsilon = io::json_number(row, "epsilon", place);
    if (results_.epsilon == 0) results_.epsilon = epsilon;
    if (epsilon != results_.epsilon && epsilon != 0) {
      fail_data(place + ": epsilon", format_number(results_.epsilon) + " as in the rows before",
                format_number(epsilon));
    }
  }

  static size_t rank(const std::string& method) {
    return static_cast<size_t>(std::find(kMethodOrder.begin(), kMethodOrder.end(), method) - kMethodOrder.begin());
  }

  Results results_;
  std::map<std::tuple<size_t, std::string, int64_t>, ComparedModel> models_;
};

}  // namespace

Results read_results(const std::vector<std::string>& paths) {
  Reader reader;
  for (const std::string& path : paths) reader.read(path);
  Results results = reader.finish();
  if (results.models.empty()) fail_data(join(paths, ", "), "rows of advgen-train eval", "none");
  return results;
}

std::vector<std::string> methods_of(const Results& results) {
  std::vector<std::string> out;
  for (const ComparedModel& model : results.models) {
    if (out.empty() || out.back() != model.method) out.push_back(model.method);
  }
  return out;
}

std::vector<std::string> quantities_of(const Results& results) {
  std::vector<std::string> order{kCleanRow};
  order.insert(order.end(), report_attacks().begin(), report_attacks().end());
  for (const char* name : {kTransferRow, kWorstRow, "train", "gap"}) order.emplace_back(name);
  std::vector<std::string> out;
  for (const std::string& name : order) {
    const auto has = [&](const ComparedModel& model) { return model.values.count(name) > 0; };
    if (std::any_of(results.models.begin(), results.models.end(), has)) out.push_back(name);
  }
  return out;
}

std::vector<double> values_of(const Results& results, const std::string& method, const std::string& quantity) {
  std::vector<double> out;
  for (const ComparedModel& model : results.models) {
    const auto value = model.values.find(quantity);
    if (model.method == method && value != model.values.end()) out.push_back(value->second);
  }
  return out;
}

PairedDifference paired_difference(const Results& results, const std::string& method, const std::string& baseline,
                                   const std::string& quantity) {
  std::map<int64_t, double> base;
  for (const ComparedModel& model : results.models) {
    const auto value = model.values.find(quantity);
    if (model.method == baseline && value != model.values.end()) base[model.seed] = value->second;
  }
  PairedDifference out;
  for (const ComparedModel& model : results.models) {
    const auto value = model.values.find(quantity);
    if (model.method != method || value == model.values.end()) continue;
    const auto partner = base.find(model.seed);
    if (partner != base.end()) out.differences.push_back(value->second - partner->second);
  }
  if (!out.differences.empty()) out.moments = eval::mean_deviation(out.differences);
  out.interval = eval::mean_interval(out.differences);
  return out;
}

}  // namespace fovea::advgen
