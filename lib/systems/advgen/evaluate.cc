#include "systems/advgen/evaluate.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "eval/figure.h"
#include "systems/advgen/adversary_model.h"
#include "systems/advgen/epsilon.h"
#include "systems/advgen/loss_surface.h"
#include "systems/advgen/report_measure.h"
#include "systems/advgen/report_tables.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::advgen {
namespace {

constexpr double kLargestL2 = 1000;

double parse_radius(const std::string& text, const char* option, ops::Norm norm) {
  return parse_epsilon(text, option, norm == ops::Norm::kLinf ? 1 : kLargestL2);
}

// Ascending, without 0 (which is the clean accuracy) and without repetitions.
std::vector<double> parse_curve(const EvalOptions& options, ops::Norm norm, double epsilon) {
  std::vector<double> out;
  for (const std::string& text : options.curve) {
    if (text != "0") out.push_back(parse_radius(text, "curve", norm));
  }
  if (out.empty() && options.checks) out = {epsilon / 2, 2 * epsilon};
  if (!out.empty()) out.push_back(epsilon);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// In the order of the report, each once.
std::vector<std::string> chosen_attacks(const EvalOptions& options) {
  if (options.attacks.empty()) return report_attacks();
  std::vector<std::string> out;
  for (const std::string& name : report_attacks()) {
    if (std::find(options.attacks.begin(), options.attacks.end(), name) != options.attacks.end()) out.push_back(name);
  }
  return out;
}

ReportEffort parse_effort(const EvalOptions& options, uint64_t seed) {
  ReportEffort effort;
  effort.norm = options.norm == "l2" ? ops::Norm::kL2 : ops::Norm::kLinf;
  const bool is_linf = effort.norm == ops::Norm::kLinf;
  effort.epsilon =
      options.epsilon.empty() ? (is_linf ? 8.0 / 255 : 0.5) : parse_radius(options.epsilon, "eps", effort.norm);
  effort.attacks = chosen_attacks(options);
  effort.steps = options.steps;
  effort.strong_steps = options.strong_steps;
  effort.restarts = options.restarts;
  effort.queries = options.queries;
  effort.draws = options.draws;
  effort.batch = options.batch;
  effort.seed = seed;
  effort.checks = options.checks;
  effort.smallest = options.smallest || options.what == "smallest";
  if (effort.has(kPgdRow) || !options.curve.empty()) effort.curve = parse_curve(options, effort.norm, effort.epsilon);
  effort.step_curve = options.step_curve;
  std::sort(effort.step_curve.begin(), effort.step_curve.end());
  return effort;
}

// Files with one base name are told apart by their paths.
std::string model_name(const std::string& path, const std::vector<std::string>& all) {
  const auto same = std::count_if(all.begin(), all.end(),
                                  [&](const std::string& other) { return base_name(other) == base_name(path); });
  return same > 1 ? path : base_name(path);
}

struct Subject {
  std::string name;
  AdversaryModel loaded;
  std::optional<Victim> victim;
  std::optional<ReportImages> images;
};

class Evaluation {
 public:
  Evaluation(const EvalOptions& options, ReportEffort effort)
      : options_(options),
        effort_(std::move(effort)),
        source_(open_split(options.data, options.split, options.limit, options.skip_bad_images)) {
    open(options.models, subjects_);
    open(options.transfer, surrogates_);
    if (options.gap)
      gap_source_.emplace(open_split(options.data, options.gap_split, options.gap_limit, options.skip_bad_images));
    if (gap_source_) check_labels(subjects_[0].loaded.model.labels, subjects_[0].victim->classes(), *gap_source_);
  }

  Report run() {
    Report report;
    report.effort = effort_;
    report.data_name = source_.name();
    report.split = source_.has_splits() ? options_.split : "";
    progress_.emplace("eval", "image", passes() * source_.size());
    const ReportProgress tick = [this](int64_t images, const std::string& what) {
      progress_->update(done_ += images, now_ + " " + what);
    };
    for (Subject& subject : subjects_) {
      now_ = subject.name;
      const Generator* own = subject.loaded.generator ? &*subject.loaded.generator : nullptr;
      report.models.push_back(measure(*subject.victim, own, *subject.images, effort_, tick));
      describe(subject, report.models.back());
    }
    transfer(report, tick);
    progress_.reset();
    for (const ModelReport& model : report.models) {
      report.checks.push_back(effort_.checks ? masking_checks(model) : std::vector<Check>{});
    }
    return report;
  }

  // A row of four images for each model, out to twice the radius.
  eval::Figure loss_figure() const {
    constexpr int64_t kPictures = 4;
    eval::Figure figure{"Cross-entropy around pictures", "dark: high; the picture is in the middle", {}};
    for (const Subject& subject : subjects_) {
      for (const LossSurface& surface : loss_surfaces(*subject.victim, *subject.images, effort_.norm,
                                                      2 * effort_.epsilon, kPictures, effort_.seed)) {
        figure.panels.push_back(surface_panel(subject.name, surface, effort_.norm));
      }
    }
    figure.columns = kPictures;
    figure.panel_width = figure.panel_height = 300;
    return figure;
  }

 private:
  void open(const std::vector<std::string>& paths, std::deque<Subject>& out) {
    std::vector<std::string> all = options_.models;
    all.insert(all.end(), options_.transfer.begin(), options_.transfer.end());
    for (const std::string& path : paths) {
      out.push_back({model_name(path, all), load_adversary_model(path), std::nullopt, std::nullopt});
      Subject& subject = out.back();
      train::Model& model = subject.loaded.model;
      check_same_classes(subjects_.front().loaded.model, model);
      subject.victim.emplace(model.network, model.preprocess, subject.name);
      check_labels(model.labels, subject.victim->classes(), source_);
      subject.images.emplace(source_, model.preprocess, effort_.batch);
    }
  }

  bool has_transfer() const { return subjects_.size() + surrogates_.size() > 1; }

  int64_t passes() const {
    int64_t passes = has_transfer() ? static_cast<int64_t>(subjects_.size() + surrogates_.size()) : 0;
    for (const Subject& subject : subjects_) passes += measured_passes(effort_, subject.loaded.generator.has_value());
    return passes;
  }

  void describe(const Subject& subject, ModelReport& model) {
    model.name = subject.name;
    if (subject.loaded.adversary) {
      const Adversary& adversary = *subject.loaded.adversary;
      model.method = adversary.method;
      model.trained_norm = adversary.norm;
      model.trained_epsilon = adversary.epsilon;
      model.train_seed = adversary.seed;
    }
    if (!gap_source_) return;
    const ReportImages images(*gap_source_, subject.loaded.model.preprocess, effort_.batch);
    model.train_accuracy = clean_row(*subject.victim, images).accuracy();
    model.train_images = images.size();
  }

  // Every model and surrogate attacks every other model.
  void transfer(Report& report, const ReportProgress& tick) {
    if (!has_transfer()) return;
    TransferMatrix& matrix = report.transfer;
    std::vector<TransferTarget> targets;
    for (const Subject& subject : subjects_) {
      targets.push_back({subject.name, &*subject.victim, &*subject.images});
      matrix.targets.push_back(subject.name);
    }
    const auto attack_from = [&](const Subject& source, int own_index) {
      now_ = source.name;
      const auto rows = transfer_rows(*source.victim, *source.images, effort_, targets, tick);
      matrix.sources.push_back(source.name);
      for (size_t t = 0; t < rows.size(); ++t) {
        matrix.accuracy.emplace_back(rows[t].accuracy());
        if (static_cast<int>(t) != own_index) add_transfer(report.models[t], rows[t]);
      }
    };
    for (size_t s = 0; s < subjects_.size(); ++s) attack_from(subjects_[s], static_cast<int>(s));
    for (const Subject& surrogate : surrogates_) attack_from(surrogate, -1);
  }

  const EvalOptions& options_;
  ReportEffort effort_;
  data::ImageSource source_;
  std::optional<data::ImageSource> gap_source_;
  std::deque<Subject> subjects_, surrogates_;  // a deque: victims point into it
  std::optional<Progress> progress_;
  int64_t done_ = 0;
  std::string now_;
};

void warn_of_masking(const Report& report) {
  for (size_t m = 0; m < report.models.size(); ++m) {
    for (const Check& c : report.checks[m]) {
      if (!c.suspicious) continue;
      log::warning("GRADIENT MASKING? {}: {} ({}): {} {}, {} {}", report.models[m].name, c.id, c.statement,
                   c.first_name, format_number(*c.first), c.second_name, format_number(*c.second));
    }
  }
}

int judge(const std::string& text, const std::optional<Requirement>& requirement, const Report& report) {
  if (!requirement) return 0;
  int code = 0;
  for (const ModelReport& model : report.models) {
    if (requirement->holds(requirement_table(model))) continue;
    log::error("--require {}: not fulfilled by {}", text, model.name);
    code = static_cast<int>(ErrorKind::kNegative);
  }
  return code;
}

void summarise(const Report& report) {
  for (const ModelReport& model : report.models) {
    const auto worst = model.worst();
    if (worst) {
      log::info("{}: clean {:.1f} %, worst case {:.1f} % at {}", model.name, 100 * model.at(kCleanRow).accuracy(),
                100 * worst->accuracy(), ball_text(report.effort.norm, report.effort.epsilon));
    }
  }
}

}  // namespace

void declare_eval(cli::OptionTable& table, EvalOptions& options) {
  table.operand("MODEL", options.models, "Checkpoints of classifiers, of any tool.", 1, -1);
  table.group("Data");
  table.add("data", options.data, "FILE", "Labelled images: a fovea.images or fovea.adversarial file.")
      .required()
      .is_input_path();
  table.add("split", options.split, "NAME", "Which split of --data, if it has splits; empty: all.");
  table.add("limit", options.limit, "N", "Only the first N images; 0: all.").at_least(0).source("[ours]");
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
  table.add("gap", options.gap, "Measure training accuracy too, for the generalisation gap.");
  table.add("gap-split", options.gap_split, "NAME", "The split that the models were trained on.").only_with("gap");
  table.add("gap-limit", options.gap_limit, "N", "Only its first N images; 0: all.")
      .at_least(0)
      .source("[ours]")
      .only_with("gap");
  table.group("Attacks");
  table.add("norm", options.norm, "NORM", "Shape of the ball.").choices({"linf", "l2"});
  table.add("eps", options.epsilon, "E", "Its radius; pixels are in 0..1, fractions welcome.")
      .default_text("8/255; 0.5 for l2")
      .source("[ours]");
  table.add("attacks", options.attacks, "LIST", "Which attacks; the clean accuracy always.")
      .choices(report_attacks())
      .default_text("all");
  table.add("steps", options.steps, "N", "Steps of pgd, of the curves and of transfer.").range(1, 1e6).source("[ours]");
  table.add("strong-steps", options.strong_steps, "N", "Steps of pgd-ce and pgd-margin.")
      .range(1, 1e6)
      .source("[ours]");
  table.add("restarts", options.restarts, "N", "Restarts of pgd-ce and pgd-margin.")
      .range(1, 1e4)
      .text("A published figure wants at least 100 steps and 10 restarts.")
      .source("[ours]");
  table.add("queries", options.queries, "N", "Queries of square, for each image.")
      .range(1, 1e7)
      .text("The authors use 10000.")
      .source("[ours]");
  table.add("draws", options.draws, "N", "Draws of noise.").range(1, 1e6).source("[ours]");
  table
      .add("transfer", options.transfer, "MODEL",
           "Further models to make pictures on; the MODELs attack each other too.")
      .is_input_path();
  table.add("batch", options.batch, "N", "Images at a time; the memory needed, not the result, depends on it.")
      .range(1, 65536)
      .source("[ours]");
  table.group("Curves and checks");
  table.add("curve", options.curve, "LIST", "Sizes to measure pgd at, e.g. 0,1/255,2/255.")
      .default_text("half, once and twice --eps");
  table.add("step-curve", options.step_curve, "LIST", "Numbers of steps to measure pgd at.")
      .range(1, 1e6)
      .source("[ours]")
      .default_text("none");
  table.add("smallest-eps", options.smallest,
            "Search the smallest epsilon at which pgd fools each image, by bisection.");
  table.add("checks", options.checks, "Look for signs of gradient masking.");
  table.group("Report");
  table.add("what", options.what, "TABLE", "What to print.")
      .choices({"attacks", "checks", "transfer", "smallest"})
      .text("smallest: a row for each image, with --smallest-eps implied.");
  table.add("report", options.report, "FILE", "Write the whole report as Markdown.")
      .is_output_path()
      .no_effect_on_content();
  table.add("draw", options.curves, "FILE", "Draw the curves (.svg or .png).").is_output_path().no_effect_on_content();
  table
      .add("draw-loss", options.loss_figure, "FILE",
           "Draw the loss of four images over their gradient and a random direction (.svg or .png).")
      .is_output_path()
      .no_effect_on_content();
  table.add("require", options.require, "TEST", "Exit 1 unless every model fulfils this, e.g. 'pgd>=0.3'.")
      .text("Names: clean, an attack, transfer, worst, train, gap, suspicious (how many checks are).");
}

int evaluate(const EvalOptions& options, const cli::Invocation& invocation) {
  const ReportEffort effort = parse_effort(options, invocation.common.seed);
  std::optional<Requirement> requirement;
  if (!options.require.empty()) requirement.emplace(options.require, requirement_names());
  if (!options.curves.empty()) {
    eval::figure_format(options.curves);
    if (effort.curve.empty() && effort.step_curve.empty()) {
      fail(ErrorKind::kUsage,
           "--draw: expected --curve or --step-curve, or pgd among --attacks, found nothing to draw");
    }
  }
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  if (!options.loss_figure.empty()) eval::figure_format(options.loss_figure);
  for (const std::string& path : {options.report, options.curves, options.loss_figure}) {
    if (!path.empty()) probe_output(path, policy.no_clobber);
  }
  Evaluation evaluation(options, effort);
  const Report report = evaluation.run();
  warn_of_masking(report);
  if (!options.curves.empty()) eval::write_figure(curve_figure(report), options.curves, policy);
  if (!options.loss_figure.empty()) eval::write_figure(evaluation.loss_figure(), options.loss_figure, policy);
  if (!options.report.empty()) {
    const std::string figure =
        options.curves.empty() || directory_name(options.curves) != directory_name(options.report)
            ? options.curves
            : base_name(options.curves);
    write_file(options.report, markdown(report, figure), policy);
  }
  print_table(options.what == "checks"     ? check_table(report)
              : options.what == "transfer" ? transfer_table(report)
              : options.what == "smallest" ? smallest_table(report)
                                           : attack_table(report),
              invocation);
  summarise(report);
  return judge(options.require, requirement, report);
}

}  // namespace fovea::advgen
