#include "systems/advgen/report_tables.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "systems/advgen/epsilon.h"

namespace fovea::advgen {
namespace {

eval::Cell text_or_absent(const std::string& text) { return text.empty() ? eval::Cell() : eval::Cell(text); }

eval::Cell count_or_absent(int64_t count) { return count > 0 ? eval::Cell(count) : eval::Cell(); }

class AttackTable {
 public:
  explicit AttackTable(const Report& report) : report_(report) {
    table_.columns = {{"model"}, {"method"},     {"train_seed"}, {"part"},     {"attack"},
                      {"norm"},  {"epsilon", 5}, {"steps"},      {"restarts"}, {"accuracy"},
                      {"low"},   {"high"},       {"images"},     {"seed"},     {"suspicious"}};
  }

  void add(const ModelReport& model, const std::string& suspicious, const char* part, const AttackRow& row) {
    const eval::Interval interval = row.interval();
    add(model, suspicious, part, row, row.accuracy(), interval, static_cast<int64_t>(row.correct.size()));
  }

  void add_train(const ModelReport& model, const std::string& suspicious) {
    if (!model.train_accuracy) return;
    const AttackRow row{kCleanRow, 0, 0, 0, {}};
    const auto correct =
        static_cast<int64_t>(std::llround(*model.train_accuracy * static_cast<double>(model.train_images)));
    add(model, suspicious, "train", row, *model.train_accuracy, eval::wilson_interval(correct, model.train_images),
        model.train_images);
  }

  eval::Table take() { return std::move(table_); }

 private:
  void add(const ModelReport& model, const std::string& suspicious, const char* part, const AttackRow& row,
           double accuracy, eval::Interval interval, int64_t images) {
    const bool is_clean = row.attack == kCleanRow;
    const bool outside = row.attack == kGeneratorRow && !row.counts;
    table_.rows.push_back({model.name, text_or_absent(model.method),
                           model.train_seed ? eval::Cell(static_cast<int64_t>(*model.train_seed)) : eval::Cell(),
                           std::string(part), row.attack,
                           std::string(report_.effort.norm == ops::Norm::kLinf ? "linf" : "l2"),
                           outside ? eval::Cell() : eval::Cell(is_clean ? 0.0 : row.epsilon),
                           count_or_absent(row.steps), count_or_absent(row.restarts), accuracy, interval.low,
                           interval.high, images, static_cast<int64_t>(report_.effort.seed), suspicious});
  }

  const Report& report_;
  eval::Table table_;
};

}  // namespace

eval::Table attack_table(const Report& report) {
  AttackTable table(report);
  for (size_t m = 0; m < report.models.size(); ++m) {
    const ModelReport& model = report.models[m];
    const auto ids = suspicious_ids(report.checks[m]);
    const std::string suspicious = ids.empty() ? "none" : join(ids, " ");
    for (const AttackRow& row : model.rows) table.add(model, suspicious, "attack", row);
    if (const auto worst = model.worst()) table.add(model, suspicious, "attack", *worst);
    table.add_train(model, suspicious);
    for (const AttackRow& row : model.curve) table.add(model, suspicious, "curve", row);
    for (const AttackRow& row : model.step_curve) table.add(model, suspicious, "step-curve", row);
    for (const AttackRow& row : model.restart_curve) table.add(model, suspicious, "restart-curve", row);
  }
  return table.take();
}

eval::Table smallest_table(const Report& report) {
  eval::Table table;
  table.columns = {{"model"}, {"image"}, {"norm"}, {"steps"}, {"epsilon", 5}};
  for (const ModelReport& model : report.models) {
    if (!model.smallest) continue;
    for (size_t i = 0; i < model.smallest->radius.size(); ++i) {
      const double radius = model.smallest->radius[i];
      table.rows.push_back({model.name, static_cast<int64_t>(i),
                            std::string(report.effort.norm == ops::Norm::kLinf ? "linf" : "l2"), report.effort.steps,
                            std::isinf(radius) ? eval::Cell() : eval::Cell(radius)});
    }
  }
  return table;
}

eval::Table check_table(const Report& report) {
  eval::Table table;
  table.columns = {{"model"},    {"check"},         {"statement"}, {"first_number"},
                   {"first", 5}, {"second_number"}, {"second", 5}, {"verdict"}};
  for (size_t m = 0; m < report.models.size(); ++m) {
    for (const Check& c : report.checks[m]) {
      const char* verdict = !c.was_run() ? "not run" : c.suspicious ? "suspicious" : "ok";
      table.rows.push_back({report.models[m].name, c.id, c.statement, c.first_name, eval::cell(c.first), c.second_name,
                            eval::cell(c.second), std::string(verdict)});
    }
  }
  return table;
}

eval::Table transfer_table(const Report& report) {
  const TransferMatrix& matrix = report.transfer;
  eval::Table table;
  table.columns = {{"made_on"}, {"judged_by"}, {"epsilon", 5}, {"accuracy"}};
  for (size_t s = 0; s < matrix.sources.size(); ++s) {
    for (size_t t = 0; t < matrix.targets.size(); ++t) {
      table.rows.push_back({matrix.sources[s], matrix.targets[t], report.effort.epsilon,
                            eval::cell(matrix.accuracy[s * matrix.targets.size() + t])});
    }
  }
  return table;
}

std::vector<std::string> requirement_names() {
  std::vector<std::string> names{kCleanRow};
  const auto& attacks = report_attacks();
  names.insert(names.end(), attacks.begin(), attacks.end());
  for (const char* name : {kTransferRow, kWorstRow, "train", "gap", "suspicious"}) names.emplace_back(name);
  return names;
}

eval::Table requirement_table(const ModelReport& model) {
  eval::Table table;
  std::vector<eval::Cell> row;
  const auto worst = model.worst();
  for (const std::string& name : requirement_names()) {
    table.columns.push_back({name});
    const AttackRow* found = model.find(name);
    if (found != nullptr)
      row.emplace_back(found->accuracy());
    else if (name == kWorstRow && worst)
      row.emplace_back(worst->accuracy());
    else if (name == "train")
      row.push_back(eval::cell(model.train_accuracy));
    else if (name == "gap" && model.train_accuracy)
      row.emplace_back(*model.train_accuracy - model.at(kCleanRow).accuracy());
    else if (name == "suspicious")
      row.emplace_back(static_cast<int64_t>(suspicious_ids(masking_checks(model)).size()));
    else
      row.emplace_back();
  }
  table.rows.push_back(std::move(row));
  return table;
}

std::string ball_text(ops::Norm norm, double epsilon) {
  return fmt::format("{} {}", norm == ops::Norm::kLinf ? "Linf" : "L2", epsilon_text(epsilon));
}

}  // namespace fovea::advgen
